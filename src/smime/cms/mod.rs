//! Writes CMS EnvelopedData (RFC 5652 §6) in DER: AES-256-CBC content for one recipient.
//!
//! Must not know: mail. ASN.1 types by RustCrypto, primitives by OpenSSL.
//!
//! The ciphertext's length follows from the content's, so the DER around it is written first and the content
//! is encrypted piece by piece behind it: no second copy of a large body ever exists.

mod recipient;

use std::io::{self, Write};

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_AES_256_CBC, ID_DATA, ID_ENVELOPED_DATA};
use der::asn1::{Any, OctetString};
use der::{Encode, Tag, TagNumber};
use openssl::error::ErrorStack;
use openssl::symm::{Cipher, Crypter, Mode};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::{Certificate, SealError};

const KEY_SIZE: usize = 32;
const BLOCK: usize = 16;
/// Octets encrypted at a time.
const PIECE: usize = 16 * 1024;

/// A key that content is encrypted with; wiped when it is dropped.
type ContentKey = Zeroizing<[u8; KEY_SIZE]>;

/// An envelope that is ready to be written: everything is known but the ciphertext.
pub(super) struct Envelope {
    /// DER up to the first octet of the ciphertext.
    head: Vec<u8>,
    content_size: usize,
    crypter: Crypter,
    algorithm: &'static str,
}

impl Envelope {
    /// Makes a fresh content key for `content_size` octets and encrypts it to the certificate.
    pub(super) fn new(certificate: &Certificate, content_size: usize) -> Result<Envelope, SealError> {
        let mut key = ContentKey::default();
        let mut iv = [0; BLOCK];
        openssl::rand::rand_priv_bytes(key.as_mut()).map_err(crypto)?;
        openssl::rand::rand_bytes(&mut iv).map_err(crypto)?;
        let recipient = recipient::encrypt_key(certificate, &key)?;
        let cipher = Cipher::aes_256_cbc();
        Ok(Envelope {
            head: head(&recipient, &iv, ciphertext_size(content_size)).map_err(encoding)?,
            content_size,
            crypter: Crypter::new(cipher, Mode::Encrypt, key.as_ref(), Some(&iv)).map_err(crypto)?,
            algorithm: recipient.algorithm,
        })
    }

    /// How many octets [`Envelope::write`] will write.
    pub(super) fn size(&self) -> usize {
        self.head.len() + ciphertext_size(self.content_size)
    }

    /// For people: `AES-256-CBC, RSA PKCS#1 v1.5`.
    pub(super) fn algorithm(&self) -> String {
        format!("AES-256-CBC, {}", self.algorithm)
    }

    /// Encrypts the content, given in parts that together have the announced size.
    pub(super) fn write(mut self, content: &[&[u8]], out: &mut impl Write) -> Result<(), SealError> {
        let given: usize = content.iter().map(|part| part.len()).sum();
        if given != self.content_size {
            return Err(SealError::Crypto(
                "the content has not the announced size".to_owned(),
            ));
        }
        let mut buffer = vec![0; PIECE + BLOCK];
        out.write_all(&self.head).map_err(writing)?;
        for piece in content.iter().flat_map(|part| part.chunks(PIECE)) {
            let size = self.crypter.update(piece, &mut buffer).map_err(crypto)?;
            out.write_all(buffer.get(..size).unwrap_or_default())
                .map_err(writing)?;
        }
        let size = self.crypter.finalize(&mut buffer).map_err(crypto)?;
        out.write_all(buffer.get(..size).unwrap_or_default())
            .map_err(writing)
    }
}

/// PKCS#7 padding always adds 1 to 16 octets (RFC 5652 §6.3).
fn ciphertext_size(content_size: usize) -> usize {
    (content_size / BLOCK + 1) * BLOCK
}

/// Everything before the ciphertext: `ContentInfo { EnvelopedData { version, recipientInfos,
/// EncryptedContentInfo { type, algorithm, [0] …`
fn head(recipient: &recipient::Recipient, iv: &[u8; BLOCK], ciphertext: usize) -> der::Result<Vec<u8>> {
    let algorithm = AlgorithmIdentifierOwned {
        oid: ID_AES_256_CBC,
        parameters: Some(Any::encode_from(&OctetString::new(&iv[..])?)?),
    };
    let content = start(context(0, false), ciphertext, &[])?;
    let mut encrypted = oid(ID_DATA)?;
    algorithm.encode_to_vec(&mut encrypted)?;
    let encrypted = nest(Tag::Sequence, &[&encrypted, &content], ciphertext)?;
    let recipients = nest(Tag::Set, &[&recipient.info], 0)?;
    let version = recipient.envelope_version.to_der()?;
    let enveloped = nest(Tag::Sequence, &[&version, &recipients, &encrypted], ciphertext)?;
    let explicit = nest(context(0, true), &[&enveloped], ciphertext)?;
    nest(Tag::Sequence, &[&oid(ID_ENVELOPED_DATA)?, &explicit], ciphertext)
}

/// Tag and length in front of `parts`, to which `later` octets will be added.
fn nest(tag: Tag, parts: &[&[u8]], later: usize) -> der::Result<Vec<u8>> {
    start(
        tag,
        parts.iter().map(|part| part.len()).sum::<usize>() + later,
        parts,
    )
}

fn start(tag: Tag, length: usize, parts: &[&[u8]]) -> der::Result<Vec<u8>> {
    let mut der = der::Header::new(tag, length.try_into()?).to_der()?;
    parts.iter().for_each(|part| der.extend_from_slice(part));
    Ok(der)
}

fn context(number: u32, constructed: bool) -> Tag {
    Tag::ContextSpecific {
        constructed,
        number: TagNumber(number),
    }
}

fn oid(oid: ObjectIdentifier) -> der::Result<Vec<u8>> {
    oid.to_der()
}

fn crypto(error: ErrorStack) -> SealError {
    SealError::Crypto(error.to_string())
}

fn encoding(error: der::Error) -> SealError {
    SealError::Crypto(error.to_string())
}

fn writing(error: io::Error) -> SealError {
    SealError::Crypto(error.to_string())
}
