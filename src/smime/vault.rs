//! The gateway's own key for what must wait on its disk: sealed by its certificate, opened by its key.
//!
//! The key is made at the first start, in a file that only the gateway's user may read. Who has the disk without
//! this file has nothing; a backup that shall be restored needs it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use openssl::cms::CmsContentInfo;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use super::cms::Envelope;
use super::issue::{Authority, KeyKind};
use super::{Algorithms, Certificate, ContentCipher, Curve, KeyEncryption, files};
use crate::message::{RawMessage, Secret};

/// The key for what waits: `[vault]` in the settings.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// PEM file with the private key and its certificate. Without one, `vault.pem` in the data directory is used, and made
    /// at the first start.
    pub key: Option<std::path::PathBuf>,
}

/// Seals and opens what waits.
pub struct Vault {
    certificate: Certificate,
    key: PKey<Private>,
}

/// The vault cannot do it.
#[derive(Debug, thiserror::Error)]
#[error("the vault: {0}")]
pub struct VaultError(String);

impl Vault {
    /// Opens the key in `file` (PEM: a private key and its certificate), or makes both when there is no file.
    /// On return a new file is durable and readable by its owner only.
    ///
    /// # Errors
    /// When the file cannot be read or made, holds no pair that fits together, or others may read it.
    pub fn open(file: &Path) -> Result<Vault, VaultError> {
        let at = |what: String| VaultError(format!("{}: {what}", file.display()));
        let pem = match fs::read(file) {
            Ok(pem) => pem,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                make(file).map_err(|error| at(format!("the key cannot be made: {error}")))?
            }
            Err(error) => return Err(at(format!("cannot be read: {error}"))),
        };
        let mode = fs::metadata(file)
            .map_err(|error| at(error.to_string()))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            return Err(at(format!(
                "others may read it (mode {:o}); do: chmod 600",
                mode & 0o777
            )));
        }
        let key = PKey::private_key_from_pem(&pem)
            .map_err(|_| at("it holds no private key in PEM without a password".to_owned()))?;
        let x509 = X509::from_pem(&pem).map_err(|_| at("it holds no certificate in PEM".to_owned()))?;
        if !x509.public_key().is_ok_and(|own| own.public_eq(&key)) {
            return Err(at("the certificate is not that of the key".to_owned()));
        }
        let der = x509.to_der().map_err(|error| at(error.to_string()))?;
        let certificate = Certificate::from_der(&der).map_err(|error| at(error.to_string()))?;
        let vault = Vault { certificate, key };
        // Better now than when somebody's mail waits in it.
        let opened = vault
            .seal(&RawMessage::new(&b"x"[..]))
            .and_then(|sealed| vault.unseal(&sealed));
        opened.map_err(|error| at(format!("the key does not serve: {error}")))?;
        Ok(vault)
    }

    /// SHA-256 of the vault's certificate: it names the key.
    pub fn fingerprint(&self) -> &str {
        self.certificate.fingerprint()
    }

    /// A secret of those who have the vault's key, to tell what they wrote from what others did.
    ///
    /// # Errors
    /// When OpenSSL fails.
    pub fn secret(&self) -> Result<Secret, VaultError> {
        let der = self.key.private_key_to_der();
        let der = zeroize::Zeroizing::new(der.map_err(|error| VaultError(error.to_string()))?);
        Ok(Secret::of(&openssl::sha::sha256(&der)))
    }

    /// Seals a message as it is, in AuthEnvelopedData: what was changed on the disk does not open.
    ///
    /// # Errors
    /// When OpenSSL fails.
    pub fn seal(&self, raw: &RawMessage) -> Result<RawMessage, VaultError> {
        let failed = |error: super::SealError| VaultError(error.to_string());
        let key = match self.certificate.key() {
            super::Key::Ec(_) => KeyEncryption::Ecdh,
            _ => KeyEncryption::RsaOaep,
        };
        let algorithms = Algorithms {
            content: ContentCipher::Aes256Gcm,
            key,
        };
        let envelope = Envelope::new(&[&self.certificate], algorithms, raw.len()).map_err(failed)?;
        let mut sealed = Vec::with_capacity(envelope.size());
        envelope.write(&[raw.as_bytes()], &mut sealed).map_err(failed)?;
        Ok(RawMessage::new(sealed))
    }

    /// Opens what [`Vault::seal`] made. OpenSSL's CMS reader is good enough here: these bytes are our own.
    ///
    /// # Errors
    /// When it is damaged, or was sealed to another key.
    pub fn unseal(&self, sealed: &RawMessage) -> Result<RawMessage, VaultError> {
        let open = || -> Result<Vec<u8>, openssl::error::ErrorStack> {
            let cms = CmsContentInfo::from_der(sealed.as_bytes())?;
            cms.decrypt(&self.key, self.certificate.x509())
        };
        let opened = open().map_err(|_| {
            VaultError("a copy cannot be opened: it is damaged, or was sealed to another key".to_owned())
        });
        opened.map(RawMessage::new)
    }
}

/// Makes a key and its certificate and writes both, so that a crash leaves either nothing or all of it.
fn make(file: &Path) -> Result<Vec<u8>, String> {
    let now = jiff::Timestamp::now();
    // Nothing looks at its dates: it says no more than whose key this is.
    let end = now + jiff::SignedDuration::from_hours(24 * 365 * 50);
    let kind = KeyKind::Ec(Curve::P256);
    let owner = Authority::new("Sealgate vault", kind, now, end).map_err(|error| error.to_string())?;
    let pem = owner
        .key_pem()
        .and_then(|key| Ok(key + &owner.certificate_pem()?));
    let pem = pem.map_err(|error| error.to_string())?.into_bytes();
    files::replace(file, &pem, 0o600)?;
    Ok(pem)
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({})", self.certificate.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::pki::Temporary;
    use super::*;

    #[test]
    fn what_was_sealed_opens_with_the_same_file_and_with_no_other() {
        let folder = Temporary::new();
        let vault = Vault::open(&folder.0.join("vault.pem")).unwrap();
        let raw = RawMessage::new(b"From: a@b\r\n\r\nSSN 536-22-8145\r\n".repeat(5000));
        let sealed = vault.seal(&raw).unwrap();
        assert!(memchr::memmem::find(sealed.as_bytes(), b"8145").is_none());
        let again = Vault::open(&folder.0.join("vault.pem")).unwrap();
        assert_eq!(again.fingerprint(), vault.fingerprint());
        assert_eq!(again.unseal(&sealed).unwrap(), raw);
        let other = Vault::open(&folder.0.join("other.pem")).unwrap();
        assert!(other.unseal(&sealed).is_err());
        let mut spoilt = sealed.as_bytes().to_vec();
        let middle = spoilt.len() / 2;
        spoilt[middle] ^= 1;
        assert!(vault.unseal(&RawMessage::new(spoilt)).is_err());
    }

    #[test]
    fn a_vault_that_others_may_read_is_not_used() {
        let folder = Temporary::new();
        let file = folder.0.join("vault.pem");
        Vault::open(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Vault::open(&file).unwrap_err().to_string().contains("chmod 600"));
        fs::remove_file(&file).unwrap();
        folder.write("vault.pem", "nothing");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(
            Vault::open(&file)
                .unwrap_err()
                .to_string()
                .contains("no private key")
        );
    }
}
