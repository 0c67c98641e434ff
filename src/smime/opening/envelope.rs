//! Takes EnvelopedData (RFC 5652 §6) and AuthEnvelopedData (RFC 5083) apart, whoever wrote them: DER, or BER in pieces.

use const_oid::db::rfc5911::{ID_CT_AUTH_ENVELOPED_DATA, ID_DATA, ID_ENVELOPED_DATA};

use super::super::asn::{
    Algorithm, BITS, CONTEXT_0, CONTEXT_1, INTEGER, Id, KEY_ID, OCTETS, OCTETS_IN_PIECES, SEQUENCE, SET,
    algorithm, id, issuer_and_serial, octets, oid,
};
use crate::message::ber::{Element, Elements};

/// Recipients of one message that are looked at.
const RECIPIENTS: usize = 2000;
/// Pieces within pieces.
const DEPTH: usize = 4;

/// An encrypted content with what is needed to open it.
pub(super) struct Envelope<'a> {
    pub(super) recipients: Vec<Recipient<'a>>,
    pub(super) cipher: Algorithm<'a>,
    pub(super) ciphertext: Vec<u8>,
    /// Of AuthEnvelopedData: what is authenticated beside the content, and the tag.
    pub(super) authenticated: Option<(Vec<u8>, &'a [u8])>,
}

/// The content key, encrypted to one recipient.
pub(super) struct Recipient<'a> {
    pub(super) id: Id<'a>,
    pub(super) way: Way<'a>,
    pub(super) algorithm: Algorithm<'a>,
    pub(super) key: &'a [u8],
}

/// How.
pub(super) enum Way<'a> {
    /// KeyTransRecipientInfo.
    Transport,
    /// KeyAgreeRecipientInfo: the sender's ephemeral point and what else goes into the derivation.
    Agreement { point: &'a [u8], more: Option<&'a [u8]> },
}

/// Reads a whole CMS object; none when it is of another kind, or does not decode.
pub(super) fn read(cms: &[u8]) -> Option<Envelope<'_>> {
    let mut all = Elements::of(cms);
    let mut info = all.enter(SEQUENCE)?;
    let authenticates = match oid(&mut info)? {
        ID_ENVELOPED_DATA => false,
        ID_CT_AUTH_ENVELOPED_DATA => true,
        _ => return None,
    };
    if !all.rest().iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    let mut data = info.enter(CONTEXT_0)?.enter(SEQUENCE)?;
    data.take(INTEGER)?;
    data.take(CONTEXT_0);
    let recipients = recipients(data.enter(SET)?)?;
    let mut content = data.enter(SEQUENCE)?;
    if oid(&mut content)? != ID_DATA {
        return None;
    }
    let cipher = algorithm(&mut content)?;
    let ciphertext = ciphertext(content.next()?)?;
    let authenticated = match authenticates {
        false => None,
        true => {
            let attributes = data.take(CONTEXT_1).map_or_else(Vec::new, |attributes| {
                // RFC 5083 §2.2: with the tag of a SET in place of the implicit one.
                [&[SET], attributes.whole.get(1..).unwrap_or_default()].concat()
            });
            Some((attributes, data.take(OCTETS)?.content))
        }
    };
    content.is_empty().then_some(Envelope {
        recipients,
        cipher,
        ciphertext,
        authenticated,
    })
}

/// `[0] IMPLICIT OCTET STRING`, whole or in pieces.
fn ciphertext(element: Element<'_>) -> Option<Vec<u8>> {
    let tag = match element.tag {
        KEY_ID => OCTETS,
        CONTEXT_0 => OCTETS_IN_PIECES,
        _ => return None,
    };
    octets(Element { tag, ..element }, DEPTH)
}

fn recipients(mut set: Elements<'_>) -> Option<Vec<Recipient<'_>>> {
    let mut found = Vec::new();
    while !set.is_empty() {
        let info = set.next()?;
        let read = match info.tag {
            SEQUENCE => transport(Elements::of(info.content)).into_iter().collect(),
            CONTEXT_1 => agreement(Elements::of(info.content)).unwrap_or_default(),
            // Passwords, shared keys, and what is yet to come: not ours to open.
            _ => Vec::new(),
        };
        found.extend(read);
        if found.len() > RECIPIENTS {
            return None;
        }
    }
    Some(found)
}

fn transport(mut info: Elements<'_>) -> Option<Recipient<'_>> {
    info.take(INTEGER)?;
    let id = id(&mut info)?;
    let algorithm = algorithm(&mut info)?;
    let key = info.take(OCTETS)?.content;
    Some(Recipient {
        id,
        way: Way::Transport,
        algorithm,
        key,
    })
}

/// Only agreements with an ephemeral key of the sender's, the one way that mail is encrypted in (RFC 5753 §3.1).
fn agreement(mut info: Elements<'_>) -> Option<Vec<Recipient<'_>>> {
    info.take(INTEGER)?;
    let mut originator = info.enter(CONTEXT_0)?.enter(CONTEXT_1)?;
    originator.take(SEQUENCE)?;
    let (unused, point) = originator.take(BITS)?.content.split_first()?;
    if *unused != 0 {
        return None;
    }
    let more = match info.enter(CONTEXT_1) {
        None => None,
        Some(mut inside) => Some(inside.take(OCTETS)?.content),
    };
    let algorithm = algorithm(&mut info)?;
    let mut keys = info.enter(SEQUENCE)?;
    let mut found = Vec::new();
    while !keys.is_empty() {
        let mut one = keys.enter(SEQUENCE)?;
        let id = match one.next()? {
            Element {
                tag: SEQUENCE,
                content,
                ..
            } => issuer_and_serial(content)?,
            Element {
                tag: CONTEXT_0,
                content,
                ..
            } => Id::KeyId(Elements::of(content).take(OCTETS)?.content),
            _ => return None,
        };
        found.push(Recipient {
            id,
            way: Way::Agreement { point, more },
            algorithm,
            key: one.take(OCTETS)?.content,
        });
        if found.len() > RECIPIENTS {
            return None;
        }
    }
    Some(found)
}

/// AlgorithmIdentifier in the parameters of another one.
pub(super) fn inner(parameters: &[u8]) -> Option<Algorithm<'_>> {
    algorithm(&mut Elements::of(parameters))
}
