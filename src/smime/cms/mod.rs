//! Writes CMS in DER: EnvelopedData (RFC 5652 §6), or AuthEnvelopedData (RFC 5083) where the cipher authenticates;
//! and SignedData, in [`signed`].
//!
//! Must not know: mail, profiles. ASN.1 types by RustCrypto, primitives by OpenSSL.
//!
//! The ciphertext's length follows from the content's, so the DER around it is written first and the content
//! is encrypted piece by piece behind it: no second copy of a large body ever exists.

mod agreement;
mod content;
mod encapsulation;
mod recipient;
mod signed;

use std::io::{self, Write};

use ::cms::content_info::CmsVersion;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_CT_AUTH_ENVELOPED_DATA, ID_DATA, ID_ENVELOPED_DATA};
use der::{Encode, Tag, TagNumber};
use openssl::error::ErrorStack;
use openssl::symm::{Crypter, Mode};
use zeroize::Zeroizing;

use super::{Algorithms, Certificate, ContentCipher, SealError};
use content::{BLOCK, TAG_SIZE};

pub(super) use agreement::derive;
pub(super) use signed::{SignedData, Statement};

/// Octets encrypted at a time.
const PIECE: usize = 16 * 1024;

/// A key that content is encrypted with; wiped when it is dropped.
type ContentKey = Zeroizing<Vec<u8>>;

/// The key that one content is encrypted with, and the octets that its encryption begins with. For one content only: two
/// that have both in common give each other away.
struct ContentEncryption {
    cipher: ContentCipher,
    key: ContentKey,
    iv: Vec<u8>,
    /// Octets of the content.
    content_size: usize,
    /// DER between the last octet of the ciphertext and the tag; empty where there is no tag.
    behind: Vec<u8>,
}

impl ContentEncryption {
    fn fresh(cipher: ContentCipher, content_size: usize) -> Result<ContentEncryption, SealError> {
        let mut key = ContentKey::new(vec![0; cipher.key_size()]);
        let mut iv = vec![0; cipher.iv_size()];
        openssl::rand::rand_priv_bytes(&mut key).map_err(crypto)?;
        openssl::rand::rand_bytes(&mut iv).map_err(crypto)?;
        Ok(ContentEncryption {
            cipher,
            key,
            iv,
            content_size,
            behind: before_tag(cipher).map_err(encoding)?,
        })
    }

    /// What stands in front of the ciphertext for these recipients, and their algorithm in words.
    fn head(&self, certificates: &[&Certificate], algorithms: Algorithms) -> Result<Head, SealError> {
        let encrypt = |certificate: &&Certificate| recipient::encrypt_key(certificate, algorithms, &self.key);
        let recipients = certificates.iter().map(encrypt).collect::<Result<Vec<_>, _>>()?;
        let first = recipients.first().ok_or_else(nobody)?;
        let head = head(
            &recipients,
            self.cipher,
            &self.iv,
            self.content_size,
            &self.behind,
        );
        Ok(Head {
            der: head.map_err(encoding)?,
            cipher: self.cipher,
            algorithm: first.algorithm.clone(),
        })
    }

    /// Octets of the ciphertext with what follows it.
    fn size(&self) -> usize {
        self.cipher.ciphertext_size(self.content_size) + tag_size(self.cipher, &self.behind)
    }

    /// Encrypts the content, given in parts that together have the announced size, and writes what belongs behind it.
    fn encrypt(&self, content: &[&[u8]], out: &mut impl Write) -> Result<(), SealError> {
        let given: usize = content.iter().map(|part| part.len()).sum();
        if given != self.content_size {
            return Err(SealError::Crypto(
                "the content has not the announced size".to_owned(),
            ));
        }
        let crypter = Crypter::new(self.cipher.openssl(), Mode::Encrypt, &self.key, Some(&self.iv));
        let mut crypter = crypter.map_err(crypto)?;
        let mut buffer = vec![0; PIECE + BLOCK];
        for piece in content.iter().flat_map(|part| part.chunks(PIECE)) {
            let size = crypter.update(piece, &mut buffer).map_err(crypto)?;
            out.write_all(buffer.get(..size).unwrap_or_default())
                .map_err(writing)?;
        }
        let size = crypter.finalize(&mut buffer).map_err(crypto)?;
        out.write_all(buffer.get(..size).unwrap_or_default())
            .map_err(writing)?;
        if self.cipher.authenticates() {
            let mut tag = [0; TAG_SIZE];
            crypter.get_tag(&mut tag).map_err(crypto)?;
            out.write_all(&self.behind).map_err(writing)?;
            out.write_all(&tag).map_err(writing)?;
        }
        Ok(())
    }
}

/// What stands in front of a ciphertext: who can open it, and with what.
pub(super) struct Head {
    /// DER up to the first octet of the ciphertext.
    der: Vec<u8>,
    cipher: ContentCipher,
    algorithm: String,
}

impl Head {
    /// For people: `AES-256-CBC, RSA PKCS#1 v1.5`.
    pub(super) fn algorithm(&self) -> String {
        format!("{}, {}", self.cipher.words(), self.algorithm)
    }

    /// The parameter of Content-Type that names the kind of CMS (RFC 8551 §3.2.2).
    pub(super) fn smime_type(&self) -> &'static str {
        match self.cipher.authenticates() {
            true => "authEnveloped-data",
            false => "enveloped-data",
        }
    }
}

/// A content that was encrypted once, for several CMS whose recipients do not know of each other. Everyone who opens one has
/// the key of all, and reads the same in each; who else can is said in none.
pub struct Encrypted {
    encryption: ContentEncryption,
    /// The ciphertext with what follows it.
    octets: Vec<u8>,
}

impl Encrypted {
    /// Encrypts the content with a fresh key.
    pub(super) fn new(cipher: ContentCipher, content: &[&[u8]]) -> Result<Encrypted, SealError> {
        let size = content.iter().map(|part| part.len()).sum();
        let encryption = ContentEncryption::fresh(cipher, size)?;
        let mut octets = Vec::with_capacity(encryption.size());
        encryption.encrypt(content, &mut octets)?;
        Ok(Encrypted { encryption, octets })
    }

    /// What goes in front of it for these recipients.
    pub(super) fn head(
        &self,
        certificates: &[&Certificate],
        algorithms: Algorithms,
    ) -> Result<Head, SealError> {
        match algorithms.content == self.encryption.cipher {
            true => self.encryption.head(certificates, algorithms),
            false => Err(SealError::Crypto(
                "the content was encrypted with another cipher".to_owned(),
            )),
        }
    }

    /// How many octets [`Encrypted::write`] will write.
    pub(super) fn size(&self, head: &Head) -> usize {
        head.der.len() + self.octets.len()
    }

    pub(super) fn write(&self, head: &Head, out: &mut impl Write) -> Result<(), SealError> {
        out.write_all(&head.der).map_err(writing)?;
        out.write_all(&self.octets).map_err(writing)
    }
}

/// An envelope that is ready to be written: everything is known but the ciphertext and its tag.
pub(super) struct Envelope {
    head: Head,
    encryption: ContentEncryption,
}

impl Envelope {
    /// Makes a fresh content key for `content_size` octets and encrypts it to each of the certificates.
    pub(super) fn new(
        certificates: &[&Certificate],
        algorithms: Algorithms,
        content_size: usize,
    ) -> Result<Envelope, SealError> {
        let encryption = ContentEncryption::fresh(algorithms.content, content_size)?;
        let head = encryption.head(certificates, algorithms)?;
        Ok(Envelope { head, encryption })
    }

    /// How many octets [`Envelope::write`] will write.
    pub(super) fn size(&self) -> usize {
        self.head.der.len() + self.encryption.size()
    }

    /// What stands in front of the ciphertext.
    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// Encrypts the content, given in parts that together have the announced size.
    pub(super) fn write(self, content: &[&[u8]], out: &mut impl Write) -> Result<(), SealError> {
        out.write_all(&self.head.der).map_err(writing)?;
        self.encryption.encrypt(content, out)
    }
}

/// Everything before the ciphertext: `ContentInfo { EnvelopedData { version, recipientInfos,
/// EncryptedContentInfo { type, algorithm, [0] …`. In AuthEnvelopedData, the tag stands behind the latter. No
/// attributes are authenticated: the content is plain data (RFC 5083 §2.1).
fn head(
    recipients: &[recipient::Recipient],
    cipher: ContentCipher,
    iv: &[u8],
    content_size: usize,
    behind: &[u8],
) -> der::Result<Vec<u8>> {
    let ciphertext = cipher.ciphertext_size(content_size);
    let all = ciphertext + tag_size(cipher, behind);
    let (kind, version) = match cipher.authenticates() {
        true => (ID_CT_AUTH_ENVELOPED_DATA, CmsVersion::V0),
        false => (ID_ENVELOPED_DATA, version_of(recipients)),
    };
    let content = start(context(0, false), ciphertext, &[])?;
    let mut encrypted = oid(ID_DATA)?;
    cipher.identifier(iv)?.encode_to_vec(&mut encrypted)?;
    let encrypted = nest(Tag::Sequence, &[&encrypted, &content], ciphertext)?;
    let mut infos: Vec<&[u8]> = recipients
        .iter()
        .map(|recipient| recipient.info.as_slice())
        .collect();
    // The order of a SET OF in DER (X.690 §11.6) is that of its encodings.
    infos.sort_unstable();
    let recipients = nest(Tag::Set, &infos, 0)?;
    let enveloped = nest(Tag::Sequence, &[&version.to_der()?, &recipients, &encrypted], all)?;
    let explicit = nest(context(0, true), &[&enveloped], all)?;
    nest(Tag::Sequence, &[&oid(kind)?, &explicit], all)
}

/// The version with all of them (RFC 5652 §6.1): the highest that one of them asks for.
fn version_of(recipients: &[recipient::Recipient]) -> CmsVersion {
    let any = |version| {
        recipients
            .iter()
            .any(|recipient| recipient.envelope_version == version)
    };
    match (any(CmsVersion::V3), any(CmsVersion::V2)) {
        (true, _) => CmsVersion::V3,
        (false, true) => CmsVersion::V2,
        (false, false) => CmsVersion::V0,
    }
}

fn nobody() -> SealError {
    SealError::Crypto("there is nobody to encrypt to".to_owned())
}

/// Tag and length of the octet string that holds the authentication tag.
fn before_tag(cipher: ContentCipher) -> der::Result<Vec<u8>> {
    match cipher.authenticates() {
        true => start(Tag::OctetString, TAG_SIZE, &[]),
        false => Ok(Vec::new()),
    }
}

/// What stands behind the ciphertext.
fn tag_size(cipher: ContentCipher, before_tag: &[u8]) -> usize {
    match cipher.authenticates() {
        true => before_tag.len() + TAG_SIZE,
        false => 0,
    }
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
