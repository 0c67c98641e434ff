//! Public keys of certificates: which of them can be encrypted to, and how people call them.

use std::fmt;

use const_oid::ObjectIdentifier;
use openssl::ec::Asn1Flag;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::x509::X509;
use spki::SubjectPublicKeyInfoOwned;

use super::kem;

/// The shortest RSA modulus that is strong enough, in bits (RFC 8551 §4.3).
const RSA_SHORTEST: u32 = 2048;
/// The longest RSA modulus that OpenSSL encrypts to.
const RSA_LONGEST: u32 = 16_384;

/// The public key of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// RSA with a modulus of so many bits and a sane exponent.
    Rsa(u32),
    /// An elliptic curve that mail clients know.
    Ec(Curve),
    /// A lattice that withstands quantum computers (FIPS 203, RFC 9935).
    MlKem(MlKem),
    /// Anything that is not encrypted to, in words.
    Other(String),
}

/// The curves of RFC 5753 §7.1 that mail clients share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

/// The parameter sets of ML-KEM (FIPS 203 §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MlKem {
    /// As strong as AES-128.
    L512,
    /// As strong as AES-192.
    L768,
    /// As strong as AES-256.
    L1024,
}

impl Key {
    /// Whether it withstands a quantum computer.
    pub fn is_post_quantum(&self) -> bool {
        matches!(self, Key::MlKem(_))
    }

    /// Whether it can be encrypted to and is long enough.
    pub fn is_strong(&self) -> bool {
        match self {
            Key::Rsa(bits) => (RSA_SHORTEST..=RSA_LONGEST).contains(bits),
            Key::Ec(_) | Key::MlKem(_) => true,
            Key::Other(_) => false,
        }
    }

    /// `info` is the same key as the certificate has it: OpenSSL before 3.5 does not know all kinds.
    pub(super) fn of(x509: &X509, info: &SubjectPublicKeyInfoOwned) -> Key {
        if let Some(level) = MlKem::of(info.algorithm.oid) {
            return match kem::is_key(level, info.subject_public_key.raw_bytes()) {
                true => Key::MlKem(level),
                false => Key::Other("an ML-KEM key that is damaged".to_owned()),
            };
        }
        match x509.public_key() {
            Ok(key) => Key::of_public(&key),
            Err(_) => Key::Other("a key that cannot be read".to_owned()),
        }
    }

    pub(super) fn of_public(key: &PKey<Public>) -> Key {
        match key.id() {
            Id::RSA => rsa(key),
            Id::EC => elliptic(key),
            Id::RSA_PSS => Key::Other("RSA-PSS, for signatures only".to_owned()),
            Id::ED25519 | Id::ED448 => Key::Other("EdDSA, for signatures only".to_owned()),
            Id::X25519 | Id::X448 => Key::Other("X25519 or X448".to_owned()),
            _ => Key::Other("a kind of key that is not known here".to_owned()),
        }
    }
}

impl MlKem {
    /// By the identifier of the algorithm (RFC 9935 §3).
    fn of(oid: ObjectIdentifier) -> Option<MlKem> {
        [MlKem::L512, MlKem::L768, MlKem::L1024]
            .into_iter()
            .find(|level| level.oid() == oid)
    }

    /// Of the key, and of the mechanism (RFC 9936 §2.1).
    pub(super) fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            MlKem::L512 => "2.16.840.1.101.3.4.4.1",
            MlKem::L768 => "2.16.840.1.101.3.4.4.2",
            MlKem::L1024 => "2.16.840.1.101.3.4.4.3",
        })
    }
}

impl Curve {
    pub(super) fn nid(self) -> Nid {
        match self {
            Curve::P256 => Nid::X9_62_PRIME256V1,
            Curve::P384 => Nid::SECP384R1,
            Curve::P521 => Nid::SECP521R1,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Rsa(bits) => write!(f, "RSA {bits}"),
            Key::Ec(curve) => write!(f, "EC {curve}"),
            Key::MlKem(level) => level.fmt(f),
            Key::Other(words) => f.write_str(words),
        }
    }
}

impl fmt::Display for MlKem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MlKem::L512 => "ML-KEM-512",
            MlKem::L768 => "ML-KEM-768",
            MlKem::L1024 => "ML-KEM-1024",
        })
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
        })
    }
}

/// An exponent of 1 or an even one would leave the content key readable.
fn rsa(key: &PKey<Public>) -> Key {
    match key.rsa() {
        Ok(rsa) if rsa.e().is_odd() && rsa.e().num_bits() > 1 => Key::Rsa(key.bits()),
        _ => Key::Other("RSA with an unsafe exponent".to_owned()),
    }
}

fn elliptic(key: &PKey<Public>) -> Key {
    let Ok(elliptic) = key.ec_key() else {
        return Key::Other("an EC key that cannot be read".to_owned());
    };
    // OpenSSL recognizes a known curve that is written out, but mail clients want the name (RFC 5480 §2.1.1).
    if elliptic.group().asn1_flag() == Asn1Flag::EXPLICIT_CURVE {
        return Key::Other("EC with explicit parameters".to_owned());
    }
    let named = elliptic.group().curve_name();
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        if named == Some(curve.nid()) {
            return Key::Ec(curve);
        }
    }
    let name = named.and_then(|nid| nid.short_name().ok());
    Key::Other(format!("EC {}", name.unwrap_or("on an unknown curve")))
}
