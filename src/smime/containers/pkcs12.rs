//! The certificates of a PKCS#12 (RFC 7292): `.p12` and `.pfx` files.
//!
//! Certificates stand in it plainly or encrypted with a password, mostly the empty one where no secret is inside.
//! Private keys are counted, never decrypted.

use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::sha::Sha1;
use openssl::symm::{Cipher, decrypt};
use zeroize::Zeroizing;

use super::super::Certificate;
use super::tlv::{CONTEXT_0, Fields, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, Tlv, definite};
use super::{ContainerError, Contents};

/// Rounds of key derivation that all of a file may ask for: Windows asks for 2,000, NSS for up to a million.
const ROUNDS: usize = 1_000_000;
/// Safes in a file, and safes inside of safes.
const SAFES: usize = 8;
const DEPTH: usize = 8;

/// 1.2.840.113549.1, with which all that follow begin.
const PKCS: [u8; 7] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01];
const DATA: &[u8] = &[7, 1];
const ENCRYPTED_DATA: &[u8] = &[7, 6];
const KEY_BAG: &[u8] = &[12, 10, 1, 1];
const SHROUDED_KEY_BAG: &[u8] = &[12, 10, 1, 2];
const CERTIFICATE_BAG: &[u8] = &[12, 10, 1, 3];
const SAFE_BAG: &[u8] = &[12, 10, 1, 6];
const X509: &[u8] = &[9, 22, 1];
const SHA1_3DES: &[u8] = &[12, 1, 3];
const PBES2: &[u8] = &[5, 13];
const PBKDF2: &[u8] = &[5, 12];

const DAMAGED: ContainerError = ContainerError::Damaged("PKCS#12");

/// Whether it begins like one: version 3, and a ContentInfo with data (RFC 7292 §4).
pub(super) fn is(bytes: &[u8]) -> bool {
    authenticated_safe(bytes).is_some()
}

/// Adds what is in it.
pub(super) fn read(
    bytes: &[u8],
    password: Option<&str>,
    contents: &mut Contents,
) -> Result<(), ContainerError> {
    let before = contents.certificates.len();
    let keys = contents.private_keys;
    let safes = authenticated_safe(bytes).and_then(definite).ok_or(DAMAGED)?;
    let safes = Tlv::only(&safes, SEQUENCE).ok_or(DAMAGED)?;
    let mut left = ROUNDS;
    for safe in safes.children().take(SAFES) {
        let (kind, value) = typed(safe).ok_or(DAMAGED)?;
        let plain = match kind {
            DATA => definite(value.inner(OCTET_STRING).ok_or(DAMAGED)?.content),
            ENCRYPTED_DATA => Some(decrypted(value, password.unwrap_or_default(), &mut left)?),
            // Encrypted to a public key: nobody sends certificates so.
            _ => return Err(ContainerError::Algorithm),
        };
        bags(&plain.ok_or(DAMAGED)?, DEPTH, contents)?;
    }
    if contents.certificates.len() == before && contents.private_keys == keys {
        return Err(ContainerError::Empty("PKCS#12"));
    }
    Ok(())
}

fn authenticated_safe(bytes: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields(Tlv::only(bytes, SEQUENCE)?.children());
    fields.next(INTEGER).filter(|version| version.content == [3])?;
    let (kind, value) = typed(fields.next(SEQUENCE)?)?;
    (kind == DATA).then_some(value.inner(OCTET_STRING)?.content)
}

/// A type and what belongs to it, as ContentInfo and bags have them. The type without [`PKCS`].
fn typed(sequence: Tlv<'_>) -> Option<(&[u8], Tlv<'_>)> {
    let mut fields = Fields(sequence.children());
    let kind = fields.next(OBJECT_IDENTIFIER)?;
    Some((kind.content.strip_prefix(&PKCS)?, fields.next(CONTEXT_0)?))
}

/// Takes the certificates out of SafeContents (RFC 7292 §4.2).
fn bags(safe: &[u8], depth: usize, contents: &mut Contents) -> Result<(), ContainerError> {
    let safe = Tlv::only(safe, SEQUENCE).ok_or(DAMAGED)?;
    for bag in safe.children() {
        let (kind, value) = typed(bag).ok_or(DAMAGED)?;
        match kind {
            CERTIFICATE_BAG => {
                let (kind, value) = value.inner(SEQUENCE).and_then(typed).ok_or(DAMAGED)?;
                let der = value.inner(OCTET_STRING).filter(|_| kind == X509);
                let der = der.ok_or(DAMAGED)?.content;
                contents.certificates.push(Certificate::from_der(der)?);
            }
            KEY_BAG | SHROUDED_KEY_BAG => contents.private_keys += 1,
            SAFE_BAG => {
                let depth = depth.checked_sub(1).ok_or(DAMAGED)?;
                bags(value.content, depth, contents)?;
            }
            // Revocation lists and secrets.
            _ => {}
        }
    }
    Ok(())
}

/// What an EncryptedData (RFC 5652 §8) holds, if the password opens it.
fn decrypted(value: Tlv<'_>, password: &str, left: &mut usize) -> Result<Vec<u8>, ContainerError> {
    let (algorithm, ciphertext) = encrypted(value).ok_or(DAMAGED)?;
    let mut fields = Fields(algorithm.children());
    let kind = fields.next(OBJECT_IDENTIFIER).ok_or(DAMAGED)?.content;
    let parameters = fields.next(SEQUENCE).ok_or(DAMAGED)?;
    let keys = match kind.strip_prefix(&PKCS) {
        Some(PBES2) => vec![Key::by_pbes2(parameters, password, left)?],
        // Some programs take the empty password for two zero octets, and some for none.
        Some(SHA1_3DES) if password.is_empty() => {
            vec![
                Key::by_3des(parameters, &[0, 0], left)?,
                Key::by_3des(parameters, &[], left)?,
            ]
        }
        Some(SHA1_3DES) => vec![Key::by_3des(parameters, &wide(password), left)?],
        _ => return Err(ContainerError::Algorithm),
    };
    // A wrong key shows: the padding or the shape is wrong.
    let open = |key: &Key| {
        let plain = decrypt(key.cipher, &key.key, Some(&key.vector), &ciphertext).ok()?;
        definite(&plain).filter(|plain| Tlv::only(plain, SEQUENCE).is_some())
    };
    keys.iter().find_map(open).ok_or(ContainerError::Password)
}

/// Algorithm and ciphertext.
fn encrypted(value: Tlv<'_>) -> Option<(Tlv<'_>, Vec<u8>)> {
    let mut fields = Fields(value.inner(SEQUENCE)?.children());
    fields.next(INTEGER)?;
    let mut fields = Fields(fields.next(SEQUENCE)?.children());
    fields.next(OBJECT_IDENTIFIER)?;
    let algorithm = fields.next(SEQUENCE)?;
    let octets = fields.0.next()?;
    match octets.tag {
        // [0] IMPLICIT OCTET STRING, whole or in pieces.
        0x80 => Some((algorithm, octets.content.to_vec())),
        CONTEXT_0 => {
            let pieces = octets.children().flat_map(|piece| piece.content.iter().copied());
            Some((algorithm, pieces.collect()))
        }
        _ => None,
    }
}

/// What opens a safe.
struct Key {
    cipher: Cipher,
    key: Zeroizing<Vec<u8>>,
    vector: Vec<u8>,
}

impl Key {
    /// PBES2 (RFC 8018 §6.2) with PBKDF2.
    fn by_pbes2(parameters: Tlv<'_>, password: &str, left: &mut usize) -> Result<Key, ContainerError> {
        let mut fields = Fields(parameters.children());
        let derivation = fields.next(SEQUENCE).ok_or(DAMAGED)?;
        let scheme = fields.next(SEQUENCE).ok_or(DAMAGED)?;
        let mut fields = Fields(scheme.children());
        let cipher = fields
            .next(OBJECT_IDENTIFIER)
            .and_then(|kind| cipher(kind.content));
        let cipher = cipher.ok_or(ContainerError::Algorithm)?;
        let vector = fields.next(OCTET_STRING).ok_or(DAMAGED)?.content.to_vec();
        if cipher.iv_len() != Some(vector.len()) {
            return Err(DAMAGED);
        }
        let mut fields = Fields(derivation.children());
        let kind = fields.next(OBJECT_IDENTIFIER).ok_or(DAMAGED)?;
        if kind.content.strip_prefix(&PKCS) != Some(PBKDF2) {
            return Err(ContainerError::Algorithm);
        }
        let mut fields = Fields(fields.next(SEQUENCE).ok_or(DAMAGED)?.children());
        let salt = fields.next(OCTET_STRING).ok_or(DAMAGED)?.content;
        let rounds = rounds(fields.next(INTEGER), left)?;
        // A key length may stand before the function; ciphers here have only one.
        let function = fields.0.find(|field| field.tag == SEQUENCE);
        let digest = match function {
            None => Some(MessageDigest::sha1()),
            Some(function) => Fields(function.children())
                .next(OBJECT_IDENTIFIER)
                .and_then(|kind| digest(kind.content)),
        };
        let digest = digest.ok_or(ContainerError::Algorithm)?;
        let mut key = Zeroizing::new(vec![0; cipher.key_len()]);
        pbkdf2_hmac(password.as_bytes(), salt, rounds, digest, &mut key)
            .map_err(|_| ContainerError::Algorithm)?;
        Ok(Key { cipher, key, vector })
    }

    /// `pbeWithSHAAnd3-KeyTripleDES-CBC` (RFC 7292 appendix C), which Windows writes unless asked for AES.
    fn by_3des(parameters: Tlv<'_>, password: &[u8], left: &mut usize) -> Result<Key, ContainerError> {
        let mut fields = Fields(parameters.children());
        let salt = fields.next(OCTET_STRING).ok_or(DAMAGED)?.content;
        let rounds = rounds(fields.next(INTEGER), left)?;
        Ok(Key {
            cipher: Cipher::des_ede3_cbc(),
            key: Zeroizing::new(derive(1, password, salt, rounds, 24)),
            vector: derive(2, password, salt, rounds, 8),
        })
    }
}

/// A text as the key derivation takes it: UTF-16, big endian, with a zero behind it (RFC 7292 appendix B.1).
fn wide(password: &str) -> Zeroizing<Vec<u8>> {
    let units = password.encode_utf16().chain([0]);
    Zeroizing::new(units.flat_map(u16::to_be_bytes).collect())
}

/// The key derivation of PKCS#12 with SHA-1 (RFC 7292 appendix B.2).
fn derive(purpose: u8, password: &[u8], salt: &[u8], rounds: usize, length: usize) -> Vec<u8> {
    /// Octets that SHA-1 works on at a time.
    const BLOCK: usize = 64;
    let stretch = |text: &[u8]| -> Vec<u8> {
        let long = text.len().div_ceil(BLOCK) * BLOCK;
        text.iter().copied().cycle().take(long).collect()
    };
    let mut material = Zeroizing::new([stretch(salt), stretch(password)].concat());
    let mut derived = Vec::new();
    while derived.len() < length {
        let mut hash = Sha1::new();
        hash.update(&[purpose; BLOCK]);
        hash.update(&material);
        let mut round = hash.finish();
        for _ in 1..rounds {
            round = openssl::sha::sha1(&round);
        }
        derived.extend_from_slice(&round);
        for block in material.chunks_mut(BLOCK) {
            // block + round, repeated, + 1, without what overflows.
            let addend = round.iter().copied().cycle().take(BLOCK).collect::<Vec<u8>>();
            let mut carry = 1;
            for (octet, add) in block.iter_mut().rev().zip(addend.iter().rev()) {
                let sum = u16::from(*octet) + u16::from(*add) + carry;
                *octet = sum.to_be_bytes()[1];
                carry = sum >> 8;
            }
        }
    }
    derived.truncate(length);
    derived
}

/// Takes what is asked for from what is left.
fn rounds(field: Option<Tlv<'_>>, left: &mut usize) -> Result<usize, ContainerError> {
    let octets = field.ok_or(DAMAGED)?.content;
    let long = octets.len() > 4 || octets.first().is_none_or(|first| *first >= 0x80);
    let rounds = octets
        .iter()
        .fold(0_usize, |number, octet| number << 8 | usize::from(*octet));
    match left.checked_sub(rounds).filter(|_| !long && rounds > 0) {
        None => Err(ContainerError::Algorithm),
        Some(rest) => {
            *left = rest;
            Ok(rounds)
        }
    }
}

/// The ciphers of RFC 8018 appendix B.2 and RFC 3565 that are in use.
fn cipher(kind: &[u8]) -> Option<Cipher> {
    const AES: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01];
    const DES_EDE3_CBC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07];
    match kind.strip_prefix(AES) {
        Some([2]) => Some(Cipher::aes_128_cbc()),
        Some([22]) => Some(Cipher::aes_192_cbc()),
        Some([42]) => Some(Cipher::aes_256_cbc()),
        _ => (kind == DES_EDE3_CBC).then(Cipher::des_ede3_cbc),
    }
}

/// `hmacWith…` (RFC 8018 appendix B.1).
fn digest(kind: &[u8]) -> Option<MessageDigest> {
    const HMAC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02];
    match kind.strip_prefix(HMAC)? {
        [7] => Some(MessageDigest::sha1()),
        [8] => Some(MessageDigest::sha224()),
        [9] => Some(MessageDigest::sha256()),
        [10] => Some(MessageDigest::sha384()),
        [11] => Some(MessageDigest::sha512()),
        _ => None,
    }
}
