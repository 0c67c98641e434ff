//! Verifies signed mail (RFC 8550, RFC 8551 §3.5), and says whose certificate it brings.
//!
//! Must not know: what is done with the answer.
//!
//! The order: find the signature and what it covers (`mail`); take the CMS apart (`cms`); compare the digest and
//! check the signature (`signature`); only then ask whether the signer's certificate is trusted now, for mail, and
//! for the address in `From`. The bytes are a stranger's: they are read by a small reader that copies nothing, and
//! OpenSSL sees no more of them than certificates, and numbers to verify a signature with.
//!
//! The header outside of the signature is not signed. `From` is compared with the certificate, so that nobody's
//! certificate is taken for somebody else's; a signed message that is sent once more by a stranger can bring no more
//! than its signer's own certificate.

mod cms;
pub(super) mod mail;
mod signature;

use std::sync::Arc;

use const_oid::ObjectIdentifier;
use der::Decode;

use crate::message::ber::Elements;
use crate::message::{Address, CertificateVerdict, RawMessage};

use super::asn::{Id, issuer_and_serial};
use super::header::{Header, sole_address};
use super::trust::Trust;
use super::{Capabilities, Certificate};
use cms::{Attribute, SignedData};

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const CAPABILITIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.15");
/// id-aa-encrypKeyPref (RFC 8551 §2.5.3).
const PREFERENCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.11");
/// What Outlook writes in its place: an IssuerAndSerialNumber.
const MICROSOFT_PREFERENCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.16.4");
/// The content octets of the object identifier id-data.
const ID_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];

/// What is said of a message.
#[derive(Debug, Clone)]
pub enum Verification {
    /// Its outermost layer is not signed.
    NotSigned,
    /// It is signed, and the signature or the message around it is not right.
    Faulty(Fault),
    /// The signature is right, and the signer's certificate is not trusted; the verdict says why.
    Untrusted(Box<Signed>, CertificateVerdict),
    /// The signature is right and its certificate is trusted for the address in `From`.
    Valid(Box<Signed>),
}

/// What a right signature says.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The only address in `From`.
    pub author: Address,
    /// The certificate that the signature was made with.
    pub signer: Arc<Certificate>,
    /// The certificate to encrypt to the author with: the one that he prefers (RFC 8551 §2.5.3.1), or the signer's
    /// own. It names the author's address. Of mail with [`Verification::Valid`] it is trusted as well.
    pub encryption: Option<Arc<Certificate>>,
    /// What the author's client says that it opens.
    pub capabilities: Option<Capabilities>,
    /// When it was signed, by the signer's clock.
    pub signed_at: Option<jiff::Timestamp>,
    /// CA certificates that came along.
    pub authorities: Vec<Arc<Certificate>>,
}

/// What is wrong with a signed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is built in a way that is not read, for others could read it in another.
    #[error("it cannot be read for certain: {0}")]
    Unreadable(&'static str),
    /// Nobody signed it.
    #[error("nobody signed it")]
    NoSigner,
    /// Whose word counts cannot be told.
    #[error("several people signed it, and exactly one must")]
    SeveralSigners,
    /// Where the content must be, there is none.
    #[error("what was signed is missing")]
    NoContent,
    /// The content is inside of the signature and beside it.
    #[error("what was signed stands in it twice")]
    TwoContents,
    /// SHA-1, MD5, a key that is too short, or something unknown.
    #[error(
        "it was signed with an algorithm or a key that is too weak or not known (SHA-256 or better is needed)"
    )]
    Algorithm,
    /// The digest is another one.
    #[error("it was changed after it was signed")]
    Changed,
    /// The signature does not fit the certificate.
    #[error("the signature is wrong")]
    Signature,
    /// The certificate did not come along.
    #[error("the signer's certificate is not in it")]
    NoCertificate,
    /// No address, or several.
    #[error("its From does not name exactly one address")]
    NoAuthor,
    /// The certificate is for somebody else.
    #[error("the signer's certificate is not for the address in From")]
    AnotherAuthor,
}

impl Fault {
    /// Whether nothing can be said of the signature, for the message cannot be read.
    pub fn is_unreadable(self) -> bool {
        matches!(self, Fault::Unreadable(_) | Fault::NoContent | Fault::TwoContents)
    }
}

/// Verifies a message as it came.
pub(super) fn verify(trust: &Trust, raw: &RawMessage, now: jiff::Timestamp) -> Verification {
    verify_inside(trust, raw, raw.as_bytes(), now)
}

/// Verifies `entity`, which stood inside of the message: what was decrypted of it.
pub(super) fn verify_inside(
    trust: &Trust,
    raw: &RawMessage,
    entity: &[u8],
    now: jiff::Timestamp,
) -> Verification {
    let signed = match read(raw, entity) {
        Ok(Some(signed)) => signed,
        Ok(None) => return Verification::NotSigned,
        Err(fault) => return Verification::Faulty(fault),
    };
    signed.judge(trust, now)
}

/// A signature that is right, before anybody was asked whether to trust it.
struct Claim {
    author: Address,
    signer: Arc<Certificate>,
    /// All certificates that came along, the signer's among them.
    certificates: Vec<Arc<Certificate>>,
    preferred: Preferred,
    capabilities: Option<Capabilities>,
    signed_at: Option<jiff::Timestamp>,
}

/// What the signer says of the certificate to encrypt with.
enum Preferred {
    Nothing,
    /// This one, if it came along.
    One(Option<Arc<Certificate>>),
}

fn read(raw: &RawMessage, entity: &[u8]) -> Result<Option<Claim>, Fault> {
    let header = Header::of(entity);
    let Some(signed) = mail::signed(header)? else {
        return Ok(None);
    };
    let (content, cms) = match &signed {
        mail::Signed::Detached { content, cms } => (Some(*content), cms),
        mail::Signed::Opaque { cms } => (None, cms),
    };
    let Some(data) = cms::read(cms)? else {
        return match content {
            // Encrypted or compressed, as it should be labelled.
            None => Ok(None),
            Some(_) => Err(Fault::Unreadable("the second part is no S/MIME signature")),
        };
    };
    let content = match (content, &data.content) {
        (Some(_), Some(_)) => return Err(Fault::TwoContents),
        (Some(beside), None) => beside,
        (None, Some(inside)) => inside,
        (None, None) => return Err(Fault::NoContent),
    };
    let outer = Header::of(raw.as_bytes());
    if !outer.is_regular() || !header.is_regular() {
        return Err(Fault::Unreadable("its header can be read in more than one way"));
    }
    let author = mail::only(outer, "from")?.and_then(|field| sole_address(&field));
    claim(author.ok_or(Fault::NoAuthor)?, &data, content).map(Some)
}

/// Checks the signature. RFC 5652 §5.6: the attributes hold the content's digest, and they are what was signed.
fn claim(author: Address, data: &SignedData<'_>, content: &[u8]) -> Result<Claim, Fault> {
    let readable = |der: &&[u8]| Certificate::from_der(der).ok().map(Arc::new);
    let certificates: Vec<Arc<Certificate>> = data.certificates.iter().filter_map(readable).collect();
    let signer = certificates.iter().find(|one| data.signer.id.names(one));
    let signer = Arc::clone(signer.ok_or(Fault::NoCertificate)?);
    let attributes = match &data.signer.attributes {
        Some(set) => {
            let attributes = cms::attributes(set)?;
            check_digest(&attributes, &signature::digest(&data.signer, content)?)?;
            // What was signed has the tag of a SET in place of the implicit one (RFC 5652 §5.4).
            let signed = [&[0x31], set.whole.get(1..).unwrap_or_default()].concat();
            signature::check(&data.signer, &signer, &signed)?;
            attributes
        }
        // The attributes of another message must not pass for a content (RFC 5652 §5.4 has two readings then).
        None if content.first() == Some(&0x31) => return Err(Fault::Signature),
        None => {
            signature::check(&data.signer, &signer, content)?;
            Vec::new()
        }
    };
    let find = |oid| attributes.iter().find(|attribute| attribute.oid == oid);
    let capabilities = find(CAPABILITIES).map(|all| Capabilities(all.value.whole.to_vec()));
    Ok(Claim {
        author,
        signer,
        preferred: preferred(&attributes, &certificates),
        certificates,
        capabilities,
        signed_at: find(SIGNING_TIME).and_then(|time| moment(time.value.whole)),
    })
}

/// RFC 5652 §11.1, §11.2: both attributes must be there.
fn check_digest(attributes: &[Attribute<'_>], digest: &[u8]) -> Result<(), Fault> {
    let content = |oid, tag| {
        let attribute = attributes.iter().find(|attribute| attribute.oid == oid);
        attribute
            .filter(|found| found.value.tag == tag)
            .map(|found| found.value.content)
    };
    if content(CONTENT_TYPE, 0x06) != Some(ID_DATA) {
        return Err(Fault::Unreadable("what was signed is no mail"));
    }
    match content(MESSAGE_DIGEST, 0x04) {
        None => Err(Fault::Unreadable("its signed attributes do not decode")),
        Some(own) if own != digest => Err(Fault::Changed),
        Some(_) => Ok(()),
    }
}

/// SMIMEEncryptionKeyPreference (RFC 8551 §2.5.3) and what Outlook has in its place.
fn preferred(attributes: &[Attribute<'_>], certificates: &[Arc<Certificate>]) -> Preferred {
    let named = |attribute: &Attribute<'_>| {
        let element = attribute.value;
        let id = match element.tag {
            0xa0 if attribute.oid == PREFERENCE => issuer_and_serial(element.content),
            0xa1 if attribute.oid == PREFERENCE => {
                let key_id = Elements::of(element.content).take(0x04);
                key_id.map(|key_id| Id::KeyId(key_id.content))
            }
            0x82 if attribute.oid == PREFERENCE => Some(Id::KeyId(element.content)),
            0x30 if attribute.oid == MICROSOFT_PREFERENCE => issuer_and_serial(element.content),
            _ => None,
        };
        let find = |id: Id<'_>| certificates.iter().find(|one| id.names(one)).cloned();
        id.and_then(find)
    };
    let find = |oid| attributes.iter().find(|attribute| attribute.oid == oid);
    match find(PREFERENCE).or_else(|| find(MICROSOFT_PREFERENCE)) {
        None => Preferred::Nothing,
        Some(attribute) => Preferred::One(named(attribute)),
    }
}

/// UTCTime or GeneralizedTime.
fn moment(der: &[u8]) -> Option<jiff::Timestamp> {
    let time = x509_cert::time::Time::from_der(der).ok()?;
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    jiff::Timestamp::from_second(seconds).ok()
}

impl Claim {
    fn judge(self, trust: &Trust, now: jiff::Timestamp) -> Verification {
        let authority = |one: &&Arc<Certificate>| one.is_authority();
        let authorities: Vec<Arc<Certificate>> =
            self.certificates.iter().filter(authority).cloned().collect();
        let verdict = trust.judge_signer(&self.signer, &self.author, &authorities, now);
        if verdict == CertificateVerdict::WrongAddress {
            return Verification::Faulty(Fault::AnotherAuthor);
        }
        let is_trusted = verdict == CertificateVerdict::Usable;
        let usable = |one: &Arc<Certificate>| {
            let judged = trust.judge_with(one, &self.author, &authorities, now);
            judged.verdict == CertificateVerdict::Usable
                // Of mail that waits for approval, everything but the path must be right.
                || (!is_trusted && matches!(judged.verdict, CertificateVerdict::Untrusted(_)))
        };
        let encryption = match &self.preferred {
            Preferred::One(one) => one.clone().filter(|one| usable(one)),
            Preferred::Nothing if usable(&self.signer) => Some(Arc::clone(&self.signer)),
            Preferred::Nothing => newest(self.certificates.iter().filter(|one| usable(one))),
        };
        let signed = Box::new(Signed {
            author: self.author.clone(),
            signer: Arc::clone(&self.signer),
            encryption,
            capabilities: self.capabilities,
            signed_at: self.signed_at,
            authorities,
        });
        match is_trusted {
            true => Verification::Valid(signed),
            false => Verification::Untrusted(signed, verdict),
        }
    }
}

/// RFC 8551 §2.5.3.1 leaves the choice; the newest is what a client would use itself.
fn newest<'a>(all: impl Iterator<Item = &'a Arc<Certificate>>) -> Option<Arc<Certificate>> {
    all.max_by_key(|one| one.not_before()).cloned()
}
