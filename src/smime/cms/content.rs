//! The ciphers of the content: names, sizes, parameters (RFC 3565, RFC 5084).

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{
    ID_AES_128_CBC, ID_AES_128_GCM, ID_AES_128_WRAP, ID_AES_256_CBC, ID_AES_256_GCM, ID_AES_256_WRAP,
};
use der::asn1::{Any, OctetString};
use der::{Sequence, Tag};
use openssl::cipher::CipherRef;
use openssl::symm::Cipher;
use spki::AlgorithmIdentifierOwned;

use super::super::ContentCipher;

/// The block of AES, which CBC fills up.
pub(super) const BLOCK: usize = 16;
/// The whole tag of GCM.
pub(super) const TAG_SIZE: usize = 16;
/// The only size of a nonce that GCM takes as it is (RFC 5084 §3.2 recommends it).
const NONCE: usize = 12;

/// GCMParameters (RFC 5084 §3.2). The size of the tag is written out, for it is not the default of 12.
#[derive(Sequence)]
struct GcmParameters {
    nonce: OctetString,
    icv_len: u8,
}

impl ContentCipher {
    /// Whether it proves that nothing was changed, and so makes AuthEnvelopedData.
    pub(super) fn authenticates(self) -> bool {
        matches!(self, ContentCipher::Aes128Gcm | ContentCipher::Aes256Gcm)
    }

    pub(super) fn key_size(self) -> usize {
        match self {
            ContentCipher::Aes128Cbc | ContentCipher::Aes128Gcm => 16,
            ContentCipher::Aes256Cbc | ContentCipher::Aes256Gcm => 32,
        }
    }

    pub(super) fn iv_size(self) -> usize {
        if self.authenticates() { NONCE } else { BLOCK }
    }

    /// PKCS#7 padding always adds 1 to 16 octets (RFC 5652 §6.3); GCM adds none.
    pub(super) fn ciphertext_size(self, content_size: usize) -> usize {
        match self.authenticates() {
            true => content_size,
            false => (content_size / BLOCK + 1) * BLOCK,
        }
    }

    pub(super) fn openssl(self) -> Cipher {
        match self {
            ContentCipher::Aes128Cbc => Cipher::aes_128_cbc(),
            ContentCipher::Aes256Cbc => Cipher::aes_256_cbc(),
            ContentCipher::Aes128Gcm => Cipher::aes_128_gcm(),
            ContentCipher::Aes256Gcm => Cipher::aes_256_gcm(),
        }
    }

    pub(super) fn identifier(self, iv: &[u8]) -> der::Result<AlgorithmIdentifierOwned> {
        let parameters = match self.authenticates() {
            true => Any::encode_from(&GcmParameters {
                nonce: OctetString::new(iv)?,
                icv_len: TAG_SIZE as u8,
            })?,
            false => Any::new(Tag::OctetString, iv)?,
        };
        Ok(AlgorithmIdentifierOwned {
            oid: self.oid(),
            parameters: Some(parameters),
        })
    }

    /// AES key wrap with a key as long as the content's (RFC 5753 §8: no step is weaker than the next).
    pub(super) fn wrap(self) -> (ObjectIdentifier, &'static CipherRef, &'static str) {
        use openssl::cipher::Cipher;
        match self.key_size() {
            16 => (ID_AES_128_WRAP, Cipher::aes_128_wrap(), "AES-128 key wrap"),
            _ => (ID_AES_256_WRAP, Cipher::aes_256_wrap(), "AES-256 key wrap"),
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            ContentCipher::Aes128Cbc => "AES-128-CBC",
            ContentCipher::Aes256Cbc => "AES-256-CBC",
            ContentCipher::Aes128Gcm => "AES-128-GCM",
            ContentCipher::Aes256Gcm => "AES-256-GCM",
        }
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            ContentCipher::Aes128Cbc => ID_AES_128_CBC,
            ContentCipher::Aes256Cbc => ID_AES_256_CBC,
            ContentCipher::Aes128Gcm => ID_AES_128_GCM,
            ContentCipher::Aes256Gcm => ID_AES_256_GCM,
        }
    }
}
