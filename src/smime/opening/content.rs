//! Decrypts the content: AES in CBC or GCM, and triple DES, which old clients still write to a certificate that does not
//! tell them better (RFC 8551 §2.7 lets us read what we would not write).

use openssl::symm::{Cipher, decrypt, decrypt_aead};
use zeroize::Zeroizing;

use super::super::asn::{Algorithm, INTEGER, OCTETS, SEQUENCE};
use super::envelope::Envelope;
use crate::message::ber::Elements;

/// The one size of a nonce in use (RFC 5084 §3.2).
const NONCE: usize = 12;

/// A cipher with its parameters.
pub(super) struct Content<'a> {
    cipher: Cipher,
    iv: &'a [u8],
    /// The size of the tag, where there is one.
    tag: Option<usize>,
    /// For people.
    pub(super) words: &'static str,
}

impl<'a> Content<'a> {
    /// None for ciphers that are not read, and parameters that are not right.
    pub(super) fn of(algorithm: Algorithm<'a>) -> Option<Content<'a>> {
        let (cipher, authenticates, words) = match algorithm.oid.to_string().as_str() {
            "2.16.840.1.101.3.4.1.2" => (Cipher::aes_128_cbc(), false, "AES-128-CBC"),
            "2.16.840.1.101.3.4.1.22" => (Cipher::aes_192_cbc(), false, "AES-192-CBC"),
            "2.16.840.1.101.3.4.1.42" => (Cipher::aes_256_cbc(), false, "AES-256-CBC"),
            "2.16.840.1.101.3.4.1.6" => (Cipher::aes_128_gcm(), true, "AES-128-GCM"),
            "2.16.840.1.101.3.4.1.26" => (Cipher::aes_192_gcm(), true, "AES-192-GCM"),
            "2.16.840.1.101.3.4.1.46" => (Cipher::aes_256_gcm(), true, "AES-256-GCM"),
            "1.2.840.113549.3.7" => (Cipher::des_ede3_cbc(), false, "triple DES"),
            _ => return None,
        };
        let mut fields = Elements::of(algorithm.parameters);
        let (iv, tag) = match authenticates {
            false => (fields.take(OCTETS)?.content, None),
            true => {
                let mut inside = fields.enter(SEQUENCE)?;
                let nonce = inside.take(OCTETS)?.content;
                let size = match inside.take(INTEGER) {
                    None => 12,
                    Some(size) => usize::from(*size.content.first().filter(|_| size.content.len() == 1)?),
                };
                (nonce, Some(size).filter(|size| (12..=16).contains(size)))
            }
        };
        let right_size = match authenticates {
            false => iv.len() == cipher.block_size(),
            true => iv.len() == NONCE && tag.is_some(),
        };
        right_size.then_some(Content {
            cipher,
            iv,
            tag,
            words,
        })
    }

    /// Octets that its key has.
    pub(super) fn key_size(&self) -> usize {
        self.cipher.key_len()
    }

    /// The content. Nothing of it comes out when the tag is wrong.
    pub(super) fn decrypt(&self, key: &[u8], envelope: &Envelope<'_>) -> Option<Zeroizing<Vec<u8>>> {
        if key.len() != self.key_size() {
            return None;
        }
        let plain = match (&envelope.authenticated, self.tag) {
            (None, None) => decrypt(self.cipher, key, Some(self.iv), &envelope.ciphertext),
            (Some((besides, tag)), Some(size)) if tag.len() == size => decrypt_aead(
                self.cipher,
                key,
                Some(self.iv),
                besides,
                &envelope.ciphertext,
                tag,
            ),
            // A cipher that authenticates in a container that does not, or the other way round (RFC 5084 §1).
            _ => return None,
        };
        plain.ok().map(Zeroizing::new)
    }
}
