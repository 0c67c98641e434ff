//! What the small CA is asked for, and what it gives.

use super::super::key::Curve;

/// The key pair to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with so many bits.
    Rsa(u32),
    /// An elliptic curve.
    Ec(Curve),
}

/// What a certificate may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Receiving encrypted mail.
    EncryptMail,
    /// Signing mail, and receiving encrypted mail.
    Mail,
    /// Signing mail, and nothing else.
    SignMail,
    /// Any use: neither key usage nor extended key usage restricts it.
    Unrestricted,
    /// Serving TLS, and nothing else.
    ServeTls,
}

/// Where the address of a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// In subjectAltName, where it belongs (RFC 8550 §3).
    AltName,
    /// In the subject only, as old certificates have it.
    SubjectOnly,
    /// In neither: the certificate of an organisation.
    Nowhere,
}

/// A certificate to issue.
#[derive(Debug, Clone)]
pub struct Request {
    /// The person's or mailbox's name.
    pub common_name: String,
    /// The mail address.
    pub address: String,
    /// Where the address stands.
    pub placement: Placement,
    /// The key pair to make.
    pub key: KeyKind,
    /// What it may be used for.
    pub usage: Usage,
    /// Begin of validity.
    pub not_before: jiff::Timestamp,
    /// End of validity.
    pub not_after: jiff::Timestamp,
    /// The serial number in hexadecimal; random when left out.
    pub serial: Option<String>,
}

/// A certificate with the private key that was made for it.
#[derive(Clone)]
pub struct Issued {
    /// The certificate in PEM.
    pub certificate_pem: String,
    /// The private key in PEM (PKCS#8), not encrypted. Never log it.
    pub key_pem: String,
    /// The serial number in hexadecimal, as [`super::Authority::revocation_list`] takes it.
    pub serial: String,
}

impl Request {
    /// A certificate to receive encrypted mail with.
    pub fn new(
        address: &str,
        key: KeyKind,
        not_before: jiff::Timestamp,
        not_after: jiff::Timestamp,
    ) -> Request {
        Request {
            common_name: address.to_owned(),
            address: address.to_owned(),
            placement: Placement::AltName,
            key,
            usage: Usage::EncryptMail,
            not_before,
            not_after,
            serial: None,
        }
    }
}
