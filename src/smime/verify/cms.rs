//! Takes SignedData apart (RFC 5652 §5), one signer, nothing left over. Copies only what was sent in pieces.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_DATA, ID_SIGNED_DATA};

use super::super::asn::{
    Algorithm, CONTEXT_0, CONTEXT_1, INTEGER, Id, OCTETS, SEQUENCE, SET, algorithm, id, octets, oid,
};
use super::Fault;
use crate::message::ber::{Element, Elements};

/// Certificates that are looked at; chains have three or four.
const CERTIFICATES: usize = 16;
/// Attributes of a signer.
const ATTRIBUTES: usize = 64;

/// SignedData with its only signer.
pub(super) struct SignedData<'a> {
    /// The content, when it is inside.
    pub content: Option<Vec<u8>>,
    /// The DER of the certificates that came along.
    pub certificates: Vec<&'a [u8]>,
    pub signer: Signer<'a>,
}

/// SignerInfo (RFC 5652 §5.3).
pub(super) struct Signer<'a> {
    pub id: Id<'a>,
    pub digest: Algorithm<'a>,
    /// All octets of the signed attributes, with the implicit tag; `None` when there are none.
    pub attributes: Option<Element<'a>>,
    pub algorithm: Algorithm<'a>,
    pub signature: &'a [u8],
}

/// One signed attribute.
pub(super) struct Attribute<'a> {
    pub oid: ObjectIdentifier,
    /// Its only value.
    pub value: Element<'a>,
}

/// Reads a whole CMS object. `Ok(None)` when it is of another kind than SignedData.
pub(super) fn read(cms: &[u8]) -> Result<Option<SignedData<'_>>, Fault> {
    let broken = Fault::Unreadable("its CMS does not decode");
    let mut all = Elements::of(cms);
    let mut info = all.enter(SEQUENCE).ok_or(broken)?;
    if oid(&mut info).ok_or(broken)? != ID_SIGNED_DATA {
        return Ok(None);
    }
    // Line ends behind it are of no meaning when it came without an encoding.
    if !all.rest().iter().all(u8::is_ascii_whitespace) {
        return Err(broken);
    }
    let mut data = info
        .enter(CONTEXT_0)
        .and_then(|mut inside| inside.enter(SEQUENCE))
        .ok_or(broken)?;
    signed_data(&mut data).map(Some)
}

fn signed_data<'a>(data: &mut Elements<'a>) -> Result<SignedData<'a>, Fault> {
    let broken = Fault::Unreadable("its CMS does not decode");
    data.take(INTEGER).ok_or(broken)?;
    data.take(SET).ok_or(broken)?;
    let content = content(&mut data.enter(SEQUENCE).ok_or(broken)?)?;
    let certificates = match data.take(CONTEXT_0) {
        Some(set) => certificates(set.content)?,
        None => Vec::new(),
    };
    data.take(CONTEXT_1);
    let mut signers = data.enter(SET).ok_or(broken)?;
    let first = signers.enter(SEQUENCE).ok_or(Fault::NoSigner)?;
    if !signers.is_empty() {
        return Err(Fault::SeveralSigners);
    }
    if !data.is_empty() {
        return Err(broken);
    }
    Ok(SignedData {
        content,
        certificates,
        signer: signer(first).ok_or(broken)?,
    })
}

/// EncapsulatedContentInfo; only plain data is mail.
fn content(info: &mut Elements<'_>) -> Result<Option<Vec<u8>>, Fault> {
    let broken = Fault::Unreadable("its CMS does not decode");
    if oid(info).ok_or(broken)? != ID_DATA {
        return Err(Fault::Unreadable("what was signed is no mail"));
    }
    let content = match info.enter(CONTEXT_0) {
        None => None,
        Some(mut inside) => {
            let octets = octets(inside.next().ok_or(broken)?, 4).ok_or(broken)?;
            if !inside.is_empty() {
                return Err(broken);
            }
            Some(octets)
        }
    };
    if info.is_empty() { Ok(content) } else { Err(broken) }
}

/// X.509 certificates; other kinds (RFC 5652 §10.2.2) have tags of their own and are passed over.
fn certificates(set: &[u8]) -> Result<Vec<&[u8]>, Fault> {
    let mut found = Vec::new();
    let mut all = Elements::of(set);
    while let Some(one) = all.next() {
        if one.tag == SEQUENCE {
            found.push(one.whole);
        }
        if found.len() > CERTIFICATES {
            return Err(Fault::Unreadable("it brings too many certificates"));
        }
    }
    match all.is_empty() {
        true => Ok(found),
        false => Err(Fault::Unreadable("its CMS does not decode")),
    }
}

fn signer<'a>(mut info: Elements<'a>) -> Option<Signer<'a>> {
    info.take(INTEGER)?;
    let id = id(&mut info)?;
    let digest = algorithm(&mut info)?;
    let attributes = info.take(CONTEXT_0);
    let algorithm = algorithm(&mut info)?;
    let signature = info.take(OCTETS)?.content;
    // Unsigned attributes say nothing that could be relied on.
    info.take(CONTEXT_1);
    info.is_empty().then_some(Signer {
        id,
        digest,
        attributes,
        algorithm,
        signature,
    })
}

/// The signed attributes, each with its only value.
///
/// # Errors
/// When one stands there twice or has not exactly one value (RFC 5652 §11.1 and §11.2, RFC 8551 §2.5): readers
/// would differ in which counts. The same when they are not DER, which is what was signed (RFC 5652 §5.4).
pub(super) fn attributes<'a>(set: &Element<'a>) -> Result<Vec<Attribute<'a>>, Fault> {
    let broken = Fault::Unreadable("its signed attributes do not decode");
    if set.whole.get(1) == Some(&0x80) {
        return Err(broken);
    }
    let mut found: Vec<Attribute<'a>> = Vec::new();
    let mut all = Elements::of(set.content);
    while !all.is_empty() {
        let mut one = all.enter(SEQUENCE).ok_or(broken)?;
        let oid = oid(&mut one).ok_or(broken)?;
        let mut values = one.enter(SET).ok_or(broken)?;
        let value = values.next().ok_or(broken)?;
        if !values.is_empty() || !one.is_empty() || found.len() >= ATTRIBUTES {
            return Err(broken);
        }
        if found.iter().any(|known| known.oid == oid) {
            return Err(Fault::Unreadable("a signed attribute stands there twice"));
        }
        found.push(Attribute { oid, value });
    }
    Ok(found)
}
