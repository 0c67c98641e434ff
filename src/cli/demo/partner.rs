//! The partner's side: opens what arrives with OpenSSL's CMS, which is not the code that sealed it.

use openssl::cms::CmsContentInfo;
use openssl::pkey::PKey;
use openssl::x509::X509;

use super::pki::Person;

/// What is inside a sealed message: the whole MIME entity that was sealed.
///
/// # Errors
/// Why it could not be opened.
pub fn open(message: &[u8], person: &Person) -> Result<Vec<u8>, String> {
    let words = |error: openssl::error::ErrorStack| error.to_string();
    let key = PKey::private_key_from_pem(person.key.as_bytes()).map_err(words)?;
    let certificate = X509::from_pem(person.certificate.as_bytes()).map_err(words)?;
    let cms = CmsContentInfo::smime_read_cms(message).map_err(words)?;
    cms.decrypt(&key, &certificate).map_err(words)
}

/// The part of a message behind its header section.
pub fn body(message: &[u8]) -> &[u8] {
    let end = message.windows(4).position(|window| window == b"\r\n\r\n");
    end.and_then(|end| message.get(end + 4..)).unwrap_or_default()
}

/// The value of the first `Subject` field.
pub fn subject(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let mut header = text.split("\r\n\r\n").next().unwrap_or_default().split("\r\n");
    let value = header.find_map(|line| line.strip_prefix("Subject:"));
    value.unwrap_or_default().trim().to_owned()
}
