//! Signs mail (RFC 8551 §3.5): multipart/signed, or signed-data where that is asked for or nothing else can be.
//!
//! Must not know: which key signs for whom (that is [`super::keys`]), and what happens to what was signed.

mod scheme;
mod sender;
mod seven_bit;

use std::borrow::Cow;
use std::sync::Arc;

use openssl::hash::Hasher;

use crate::message::{Profile, Signature, SignatureForm};

use super::armor::{Armor, armored_size};
use super::cms::{SignedData, Statement};
use super::keys::OwnKey;
use super::{Certificate, Payload};

pub use scheme::{Hash, Scheme};
pub use sender::{author, is_signed};

const OPAQUE_TYPE: &[u8] =
    b"Content-Type: application/pkcs7-mime; smime-type=signed-data;\r\n name=\"smime.p7m\"\r\n\
    Content-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\
    \r\n";
const SIGNATURE_TYPE: &[u8] = b"Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\
    Content-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\
    \r\n";

/// Who signs, and what else the signature says.
#[derive(Clone)]
pub struct Signer {
    /// The key.
    pub key: Arc<OwnKey>,
    /// The certificate that answers should be encrypted to, if the sender has one.
    pub answer_to: Option<Arc<Certificate>>,
    /// When it is signed.
    pub at: jiff::Timestamp,
}

/// A message could not be signed. Nothing is known of whether it would work a second time.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the message could not be signed: {0}")]
pub struct SignError(pub String);

/// What was signed, with its signature: a MIME entity.
pub struct Signed<'a> {
    parts: Vec<Cow<'a, [u8]>>,
    signature: Signature,
}

impl Signed<'_> {
    /// The entity, in parts that stand behind each other.
    pub(super) fn parts(&self) -> Vec<&[u8]> {
        self.parts.iter().map(|part| part.as_ref()).collect()
    }

    /// By which key, and how.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }
}

impl Signer {
    /// Signs a message. Where the form is detached and the message cannot be brought into seven bits without
    /// touching what must not change, it is signed in the opaque form instead.
    ///
    /// # Errors
    /// When the key cannot sign now.
    pub fn sign<'a>(
        &self,
        payload: &'a Payload<'_>,
        form: SignatureForm,
        profile: Profile,
    ) -> Result<Signed<'a>, SignError> {
        let certificate = self.key.certificate();
        let scheme = Scheme::choose(profile, certificate.key())
            .ok_or_else(|| SignError("the key is of a kind that cannot sign mail".to_owned()))?;
        let [header, body] = payload.parts();
        let (form, content) = match form {
            SignatureForm::Opaque => (form, vec![Cow::Borrowed(header), Cow::Borrowed(body)]),
            SignatureForm::Detached if seven_bit::is_ready(header, body) => {
                (form, vec![Cow::Borrowed(header), Cow::Borrowed(body)])
            }
            SignatureForm::Detached => match seven_bit::encode(&[header, body].concat()) {
                Some(encoded) => (form, vec![Cow::Owned(encoded)]),
                None => (
                    SignatureForm::Opaque,
                    vec![Cow::Borrowed(header), Cow::Borrowed(body)],
                ),
            },
        };
        let digest = digest(scheme.hash(), &content).map_err(|error| SignError(error.to_string()))?;
        let more = self.key.chain().iter().chain(self.answer_to.as_deref());
        let statement = Statement {
            certificate,
            more: more.collect(),
            scheme,
            at: self.at,
            reads_gcm: profile != Profile::Compatible,
            answer_to: self.answer_to.as_deref(),
        };
        let size: usize = content.iter().map(|part| part.len()).sum();
        let inside = (form == SignatureForm::Opaque).then_some(size);
        let sign = |message: &[u8]| self.key.sign(scheme, message);
        let signed = SignedData::new(&statement, &digest, inside, sign).map_err(SignError)?;
        let (parts, words) = match form {
            SignatureForm::Opaque => (opaque(&signed, &content, size), "opaque"),
            SignatureForm::Detached => (detached(&signed, content, scheme), "detached"),
        };
        Ok(Signed {
            parts: parts.map_err(|error| SignError(error.to_string()))?,
            signature: Signature {
                certificate: certificate.fingerprint().to_owned(),
                algorithm: format!("{scheme}, {words}"),
            },
        })
    }
}

fn digest(hash: Hash, content: &[Cow<'_, [u8]>]) -> Result<Vec<u8>, openssl::error::ErrorStack> {
    let mut hasher = Hasher::new(hash.openssl())?;
    content.iter().try_for_each(|part| hasher.update(part))?;
    Ok(hasher.finish()?.to_vec())
}

/// RFC 8551 §3.5.2.
fn opaque<'a>(
    signed: &SignedData,
    content: &[Cow<'a, [u8]>],
    size: usize,
) -> std::io::Result<Vec<Cow<'a, [u8]>>> {
    let mut entity = Vec::with_capacity(OPAQUE_TYPE.len() + armored_size(signed.size(size)));
    entity.extend_from_slice(OPAQUE_TYPE);
    let content: Vec<&[u8]> = content.iter().map(|part| part.as_ref()).collect();
    armor(signed, &content, &mut entity)?;
    Ok(vec![Cow::Owned(entity)])
}

/// RFC 8551 §3.5.3. The boundary is random, and `=_` stands in no encoded text.
fn detached<'a>(
    signed: &SignedData,
    content: Vec<Cow<'a, [u8]>>,
    scheme: Scheme,
) -> std::io::Result<Vec<Cow<'a, [u8]>>> {
    let mut random = [0; 16];
    openssl::rand::rand_bytes(&mut random)?;
    let boundary = format!("=_{}", super::certificate::hex(&random));
    let micalg = scheme.hash().micalg();
    let head = format!(
        "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg={micalg}; \
         boundary=\"{boundary}\"\r\n\r\nThis is an S/MIME signed message.\r\n\r\n--{boundary}\r\n"
    );
    let mut tail = format!("\r\n--{boundary}\r\n").into_bytes();
    tail.extend_from_slice(SIGNATURE_TYPE);
    armor(signed, &[], &mut tail)?;
    tail.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let mut parts = vec![Cow::Owned(head.into_bytes())];
    parts.extend(content);
    parts.push(Cow::Owned(tail));
    Ok(parts)
}

fn armor(signed: &SignedData, content: &[&[u8]], out: &mut Vec<u8>) -> std::io::Result<()> {
    let mut armor = Armor::new(out);
    signed.write(content, &mut armor)?;
    armor.finish();
    Ok(())
}
