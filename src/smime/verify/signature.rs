//! Checks one signature (RFC 5652 §5.6). RSA by PKCS#1 v1.5 and PSS, ECDSA; SHA-256, SHA-384, SHA-512.
//! Everything weaker is refused, SHA-1 and MD5 above all: two messages could share a signature.

use const_oid::ObjectIdentifier;
use openssl::error::ErrorStack;
use openssl::hash::{Hasher, MessageDigest};
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};

use super::super::Certificate;
use super::super::asn::Algorithm;
use super::Fault;
use super::cms::Signer;
use crate::message::ber::Elements;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const SHA_256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.3");
const MGF1: ObjectIdentifier = oid("1.2.840.113549.1.1.8");
const PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
/// rsaEncryption names no hash: that of the digest is meant (RFC 3370 §3.2).
const RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
const NAMED: [(ObjectIdentifier, Hash, Kind); 6] = [
    (oid("1.2.840.113549.1.1.11"), Hash::Sha256, Kind::Rsa),
    (oid("1.2.840.113549.1.1.12"), Hash::Sha384, Kind::Rsa),
    (oid("1.2.840.113549.1.1.13"), Hash::Sha512, Kind::Rsa),
    (oid("1.2.840.10045.4.3.2"), Hash::Sha256, Kind::Elliptic),
    (oid("1.2.840.10045.4.3.3"), Hash::Sha384, Kind::Elliptic),
    (oid("1.2.840.10045.4.3.4"), Hash::Sha512, Kind::Elliptic),
];

/// The hashes that are good enough.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    /// With so many octets of salt.
    Pss(u16),
    Elliptic,
}

impl Hash {
    fn of(oid: ObjectIdentifier) -> Result<Hash, Fault> {
        match oid {
            SHA_256 => Ok(Hash::Sha256),
            SHA_384 => Ok(Hash::Sha384),
            SHA_512 => Ok(Hash::Sha512),
            _ => Err(Fault::Algorithm),
        }
    }

    fn openssl(self) -> MessageDigest {
        match self {
            Hash::Sha256 => MessageDigest::sha256(),
            Hash::Sha384 => MessageDigest::sha384(),
            Hash::Sha512 => MessageDigest::sha512(),
        }
    }
}

/// The digest of the content by the signer's algorithm.
pub(super) fn digest(signer: &Signer<'_>, content: &[u8]) -> Result<Vec<u8>, Fault> {
    let hash = Hash::of(signer.digest.oid)?.openssl();
    let digest = || -> Result<Vec<u8>, ErrorStack> {
        let mut hasher = Hasher::new(hash)?;
        hasher.update(content)?;
        Ok(hasher.finish()?.to_vec())
    };
    digest().map_err(|_| Fault::Algorithm)
}

/// Checks that the certificate's key made the signature over `signed`.
///
/// # Errors
/// When it did not, or by an algorithm that is not good enough.
pub(super) fn check(signer: &Signer<'_>, certificate: &Certificate, signed: &[u8]) -> Result<(), Fault> {
    let hash = Hash::of(signer.digest.oid)?;
    let kind = kind(&signer.algorithm, hash)?;
    let key = certificate.x509().public_key().map_err(|_| Fault::Algorithm)?;
    let fits = match kind {
        Kind::Elliptic => key.id() == Id::EC,
        Kind::Rsa | Kind::Pss(_) => key.id() == Id::RSA,
    };
    if !fits || !certificate.key().is_strong() {
        return Err(Fault::Algorithm);
    }
    match verify(&key, hash.openssl(), kind, signer.signature, signed) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(Fault::Signature),
    }
}

fn kind(algorithm: &Algorithm<'_>, hash: Hash) -> Result<Kind, Fault> {
    match algorithm.oid {
        RSA => Ok(Kind::Rsa),
        PSS => pss(algorithm.parameters, hash).ok_or(Fault::Algorithm),
        // The hash is named twice; two hashes would be two readings.
        named => NAMED
            .iter()
            .find(|(oid, own, _)| *oid == named && *own == hash)
            .map(|(_, _, kind)| *kind)
            .ok_or(Fault::Algorithm),
    }
}

/// RSASSA-PSS-params (RFC 4055 §3.1): the same hash twice, and the length of the salt. Defaults mean SHA-1.
fn pss(parameters: &[u8], hash: Hash) -> Option<Kind> {
    let mut fields = Elements::of(parameters).enter(0x30)?;
    let named = algorithm_in(fields.enter(0xa0)?)?;
    let mut mask = fields.enter(0xa1)?.enter(0x30)?;
    let is_mgf1 = object(&mut mask)? == MGF1;
    let below = algorithm_in(mask)?;
    let salt = match fields.enter(0xa2) {
        None => 20,
        Some(mut salt) => match salt.take(0x02)?.content {
            [octet] if *octet < 0x80 => u16::from(*octet),
            [0, octet] => u16::from(*octet),
            _ => return None,
        },
    };
    // The trailer is 1, if it is there (RFC 4055 §3.1).
    let trailer = fields.enter(0xa3);
    let usual = trailer.is_none_or(|mut trailer| trailer.take(0x02).is_some_and(|one| one.content == [1]));
    let same = Hash::of(named).ok()? == hash && Hash::of(below).ok()? == hash;
    (is_mgf1 && same && usual && fields.is_empty()).then_some(Kind::Pss(salt))
}

/// The algorithm of the identifier that comes next.
fn algorithm_in(mut fields: Elements<'_>) -> Option<ObjectIdentifier> {
    object(&mut fields.enter(0x30)?)
}

fn object(fields: &mut Elements<'_>) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_bytes(fields.take(0x06)?.content).ok()
}

fn verify(
    key: &PKey<Public>,
    hash: MessageDigest,
    kind: Kind,
    signature: &[u8],
    signed: &[u8],
) -> Result<bool, ErrorStack> {
    let mut verifier = Verifier::new(hash, key)?;
    match kind {
        Kind::Rsa => verifier.set_rsa_padding(Padding::PKCS1)?,
        Kind::Pss(salt) => {
            verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
            verifier.set_rsa_mgf1_md(hash)?;
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::custom(i32::from(salt)))?;
        }
        Kind::Elliptic => {}
    }
    verifier.verify_oneshot(signature, signed)
}
