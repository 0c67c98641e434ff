//! A key's file: PEM with the sealed private key, its certificate, and CA certificates.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use openssl::pkey::PKey;
use openssl::x509::X509;
use zeroize::Zeroizing;

use super::super::Certificate;
use super::{Secret, SoftwareKey, open, private_file, seal};

/// Octets that a key's file may have.
const LARGEST: u64 = 1024 * 1024;
const SEALED: &str = "ENCRYPTED PRIVATE KEY";

/// What a key's file holds.
pub struct KeyFile {
    /// Its place.
    pub path: PathBuf,
    /// The sealed private key in DER; `None` where it is in an HSM.
    pub sealed: Option<Vec<u8>>,
    /// The certificates, in the order of the file.
    pub certificates: Vec<Certificate>,
}

impl KeyFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Names the file: also when its private key lies in it without being sealed.
    pub fn read(path: &Path) -> Result<KeyFile, String> {
        let wrong = |what: String| format!("{}: {what}", path.display());
        let content = Zeroizing::new(private_file(path, LARGEST)?);
        let text = std::str::from_utf8(&content).map_err(|_| wrong("is no PEM file".to_owned()))?;
        if text.contains("PRIVATE KEY-----") && !text.contains(SEALED) {
            return Err(wrong(
                "its private key is not sealed; take it in with 'sealgate cert own import', and delete this file"
                    .to_owned(),
            ));
        }
        let damaged = |_| wrong("a PEM block in it is damaged".to_owned());
        let stack = X509::stack_from_pem(text.as_bytes()).map_err(damaged)?;
        let parse = |x509: &X509| {
            let der = x509.to_der().map_err(|error| error.to_string())?;
            Certificate::from_der(&der).map_err(|error| error.to_string())
        };
        let certificates = stack.iter().map(parse).collect::<Result<_, _>>().map_err(wrong)?;
        Ok(KeyFile {
            path: path.to_owned(),
            sealed: block(text, SEALED).map_err(wrong)?,
            certificates,
        })
    }

    /// Opens the private key; `None` where there is none in the file.
    ///
    /// # Errors
    /// Names the file.
    pub fn open(&self, secret: Option<&Secret>) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        let wrong = |what: &str| format!("{}: {what}", self.path.display());
        let Some(sealed) = &self.sealed else {
            return Ok(None);
        };
        let secret =
            secret.ok_or_else(|| wrong("it is sealed; name the file with the secret: [keys] secret_file"))?;
        open(sealed, secret).map(Some).map_err(|error| wrong(&error))
    }

    /// Finds the certificate of the private key among the others. Gives it, and the CAs above it without roots.
    ///
    /// # Errors
    /// Names the file, when none is there.
    pub fn own_and_chain(
        self,
        belongs: impl Fn(&Certificate) -> bool,
    ) -> Result<(Certificate, Vec<Certificate>), String> {
        let wrong = |what: &str| format!("{}: {what}", self.path.display());
        let (mut own, mut others): (Vec<_>, Vec<_>) = self.certificates.into_iter().partition(belongs);
        if own.is_empty() {
            return Err(wrong(match others.is_empty() {
                true => {
                    "holds no certificate; put the one that the CA has sent into it: sealgate cert request --answer FILE"
                }
                false => "none of its certificates belongs to the private key",
            }));
        }
        others.retain(|certificate| certificate.subject() != certificate.issuer());
        Ok((own.remove(0), others))
    }
}

/// The one PEM block with this label, decoded.
fn block(text: &str, label: &str) -> Result<Option<Vec<u8>>, String> {
    let begin = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let Some((_, rest)) = text.split_once(&begin) else {
        return Ok(None);
    };
    if rest.contains(&begin) {
        return Err("holds two private keys; one to a file is wanted".to_owned());
    }
    let (body, _) = rest.split_once(&end).ok_or("its private key is cut off")?;
    let body: String = body.split_whitespace().collect();
    let der = openssl::base64::decode_block(&body).map_err(|_| "its private key is damaged")?;
    Ok(Some(der))
}

/// Writes a key's file that did not exist: the private key, sealed, and certificates behind it. Only the owner may
/// read it.
///
/// # Errors
/// Names the file, when there is one already or it cannot be written.
pub fn write_key_file(path: &Path, pkcs8: &[u8], secret: &Secret, certificates: &str) -> Result<(), String> {
    // Whatever cannot be read again is not written.
    SoftwareKey::from_pkcs8(pkcs8)?;
    let cannot = |error: std::io::Error| format!("{}: cannot be written: {error}", path.display());
    let sealed = seal(pkcs8, secret)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(cannot)?;
    file.write_all(sealed.as_bytes()).map_err(cannot)?;
    file.write_all(certificates.as_bytes()).map_err(cannot)?;
    file.sync_all().map_err(cannot)
}

/// PKCS#8 in DER from an OpenSSL key.
///
/// # Errors
/// When OpenSSL cannot write it.
pub fn pkcs8_of(key: &PKey<openssl::pkey::Private>) -> Result<Zeroizing<Vec<u8>>, String> {
    let der = key.private_key_to_pkcs8().map_err(|error| error.to_string())?;
    Ok(Zeroizing::new(der))
}
