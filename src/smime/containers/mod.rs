//! Certificates out of the files in which people send them: PEM, DER, PKCS#7 (RFC 2315, RFC 5652) and PKCS#12
//! (RFC 7292), told apart by content.
//!
//! Must not know: where the bytes came from, and whether anybody trusts what is in them. Private keys are counted and
//! passed over: nothing here decrypts one.
//!
//! Only certificates are taken, and those are judged by the signatures of their issuers. So neither the signature
//! around a PKCS#7 nor the MAC of a PKCS#12 is looked at.

mod pkcs12;
mod pkcs7;
mod tlv;

use super::{Certificate, CertificateError};

/// A container larger than this is not read; one with ten thousand certificates is smaller.
const LARGEST: usize = 16 << 20;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// What was in a file.
#[derive(Debug, Default)]
pub struct Contents {
    /// The certificates, in the order in which they stand there.
    pub certificates: Vec<Certificate>,
    /// Private keys that were passed over.
    pub private_keys: usize,
}

/// Why no certificates could be taken out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ContainerError {
    /// It is none of the forms that are read.
    #[error("it holds no certificate (neither PEM, DER, PKCS#7 nor PKCS#12)")]
    Nothing,
    /// It is one of them, and damaged.
    #[error("its {0} is damaged")]
    Damaged(&'static str),
    /// A certificate in it cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// It is a container without any certificate.
    #[error("its {0} holds no certificate")]
    Empty(&'static str),
    /// It is encrypted, and not with the password at hand.
    #[error(
        "its PKCS#12 is encrypted with a password that is not known. Convert it to PEM: \
         openssl pkcs12 -in FILE -nokeys -out certificates.pem"
    )]
    Password,
    /// It is encrypted in a way that is not supported any more.
    #[error(
        "its PKCS#12 is encrypted with an algorithm that is not supported. Convert it to PEM: \
         openssl pkcs12 -legacy -in FILE -nokeys -out certificates.pem"
    )]
    Algorithm,
    /// It is too large.
    #[error("it is larger than {} MiB", LARGEST >> 20)]
    TooLarge,
}

impl Contents {
    /// Reads a file's bytes. The password is tried on an encrypted PKCS#12; without one, the empty password is.
    ///
    /// # Errors
    /// [`ContainerError`] says what is wrong. One damaged certificate spoils the whole file, for a certificate that is
    /// silently missing looks like a recipient without one.
    pub fn read(bytes: &[u8], password: Option<&str>) -> Result<Contents, ContainerError> {
        let mut contents = Contents::default();
        // A container may hold PEM as its content, and is a container all the same.
        let is_der = bytes.first() == Some(&tlv::SEQUENCE) && tlv::definite(bytes).is_some();
        if !is_der && memchr::memmem::find(bytes, BEGIN).is_some() {
            contents.add_pem(bytes, password)?;
        } else {
            contents.add_der(bytes, password)?;
        }
        Ok(contents)
    }

    /// The certificates of a PKCS#7 and of nothing else: for bytes that somebody else chooses.
    pub(super) fn of_pkcs7(bytes: &[u8]) -> Result<Vec<Certificate>, ContainerError> {
        match tlv::definite(bytes).filter(|_| bytes.len() <= LARGEST) {
            Some(definite) if pkcs7::is(&definite) => pkcs7::certificates(&definite),
            _ => Err(ContainerError::Nothing),
        }
    }

    /// The certificates in PEM, one after the other.
    pub fn to_pem(certificates: &[Vec<u8>]) -> String {
        let block = |der: &Vec<u8>| {
            let text = openssl::base64::encode_block(der);
            let lines: Vec<&str> = text
                .as_bytes()
                .chunks(64)
                .filter_map(|line| std::str::from_utf8(line).ok())
                .collect();
            format!(
                "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
                lines.join("\n")
            )
        };
        certificates.iter().map(block).collect()
    }

    /// The certificates in one PKCS#7 without signature (RFC 5652 §5.2: "degenerate"), in DER.
    pub fn to_pkcs7(certificates: &[Vec<u8>]) -> Vec<u8> {
        pkcs7::write_all(certificates)
    }

    /// Takes whatever PEM blocks hold certificates (RFC 7468), and counts those that hold private keys.
    fn add_pem(&mut self, bytes: &[u8], password: Option<&str>) -> Result<(), ContainerError> {
        const DAMAGED: ContainerError = ContainerError::Damaged("PEM");
        let mut rest = bytes;
        while let Some((_, block)) = split(rest, BEGIN) {
            let (label, body) = split(block, DASHES).ok_or(DAMAGED)?;
            let (body, after) = split(body, END).ok_or(DAMAGED)?;
            rest = after;
            match label {
                b"CERTIFICATE" | b"X509 CERTIFICATE" => {
                    let der = base64(body).ok_or(DAMAGED)?;
                    self.certificates.push(Certificate::from_der(&der)?);
                }
                b"PKCS7" | b"CMS" | b"PKCS #7 SIGNED DATA" | b"PKCS12" => {
                    self.add_der(&base64(body).ok_or(DAMAGED)?, password)?;
                }
                _ if label.ends_with(b"PRIVATE KEY") => self.private_keys += 1,
                _ => {}
            }
        }
        if self.certificates.is_empty() && self.private_keys == 0 {
            return Err(ContainerError::Nothing);
        }
        Ok(())
    }

    fn add_der(&mut self, bytes: &[u8], password: Option<&str>) -> Result<(), ContainerError> {
        match Certificate::from_der(bytes) {
            Ok(certificate) => {
                self.certificates.push(certificate);
                return Ok(());
            }
            Err(_) if bytes.len() > LARGEST => return Err(ContainerError::TooLarge),
            Err(error) if is_certificate(bytes) => return Err(error.into()),
            Err(_) => {}
        }
        let definite = tlv::definite(bytes).ok_or(ContainerError::Nothing)?;
        if pkcs7::is(&definite) {
            self.certificates.extend(pkcs7::certificates(&definite)?);
            return Ok(());
        }
        if pkcs12::is(&definite) {
            return pkcs12::read(&definite, password, self);
        }
        Err(ContainerError::Nothing)
    }
}

/// Whether it has the shape of a certificate: a sequence that begins with a sequence.
fn is_certificate(bytes: &[u8]) -> bool {
    let outer = tlv::Tlv::only(bytes, tlv::SEQUENCE);
    outer.is_some_and(|outer| {
        outer
            .children()
            .next()
            .is_some_and(|first| first.tag == tlv::SEQUENCE)
    })
}

/// What stands before and after the first occurrence of a mark.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (before, after) = bytes.split_at_checked(memchr::memmem::find(bytes, mark)?)?;
    Some((before, after.get(mark.len()..)?))
}

/// The octets of base64 in lines.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let text: String = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| char::from(*byte))
        .collect();
    openssl::base64::decode_block(&text).ok()
}
