//! What signed and encrypted CMS have in common (RFC 5652 §10), read from BER without a copy.

use const_oid::ObjectIdentifier;
use der::Encode;

use super::Certificate;
use crate::message::ber::{Element, Elements};

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BITS: u8 = 0x03;
pub(super) const OBJECT: u8 = 0x06;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const OCTETS_IN_PIECES: u8 = 0x24;
pub(super) const CONTEXT_0: u8 = 0xa0;
pub(super) const CONTEXT_1: u8 = 0xa1;
pub(super) const CONTEXT_2: u8 = 0xa2;
pub(super) const KEY_ID: u8 = 0x80;

/// Which certificate is meant.
#[derive(Clone, Copy)]
pub(super) enum Id<'a> {
    /// The DER of the issuer's name, and the octets of the serial number.
    IssuerAndSerial(&'a [u8], &'a [u8]),
    /// The subject key identifier.
    KeyId(&'a [u8]),
}

/// AlgorithmIdentifier.
#[derive(Clone, Copy)]
pub(super) struct Algorithm<'a> {
    pub oid: ObjectIdentifier,
    /// All octets of the parameters.
    pub parameters: &'a [u8],
}

/// SignerIdentifier and RecipientIdentifier (RFC 5652 §5.3, §6.2.1), which comes next. A key identifier in pieces is not read.
pub(super) fn id<'a>(fields: &mut Elements<'a>) -> Option<Id<'a>> {
    let found = fields.next()?;
    match found.tag {
        SEQUENCE => issuer_and_serial(found.content),
        KEY_ID => Some(Id::KeyId(found.content)),
        _ => None,
    }
}

impl Id<'_> {
    /// Whether this certificate is meant.
    pub(super) fn names(self, certificate: &Certificate) -> bool {
        match self {
            Id::IssuerAndSerial(issuer, serial) => {
                let own = certificate.id();
                own.serial_number.as_bytes() == serial && own.issuer.to_der().is_ok_and(|own| own == issuer)
            }
            Id::KeyId(wanted) => {
                let own = certificate.x509().subject_key_id();
                own.is_some_and(|own| own.as_slice() == wanted)
            }
        }
    }
}

/// An OCTET STRING, which BER may cut into pieces.
pub(super) fn octets(element: Element<'_>, depth: usize) -> Option<Vec<u8>> {
    match element.tag {
        OCTETS => Some(element.content.to_vec()),
        OCTETS_IN_PIECES => {
            let mut whole = Vec::with_capacity(element.content.len());
            let mut pieces = Elements::of(element.content);
            while let Some(piece) = pieces.next() {
                whole.extend_from_slice(&octets(piece, depth.checked_sub(1)?)?);
            }
            pieces.is_empty().then_some(whole)
        }
        _ => None,
    }
}

/// IssuerAndSerialNumber (RFC 5652 §10.2.4), from its content.
pub(super) fn issuer_and_serial(content: &[u8]) -> Option<Id<'_>> {
    let mut fields = Elements::of(content);
    let issuer = fields.take(SEQUENCE)?;
    let serial = fields.take(INTEGER)?;
    fields
        .is_empty()
        .then_some(Id::IssuerAndSerial(issuer.whole, serial.content))
}

/// The AlgorithmIdentifier that comes next.
pub(super) fn algorithm<'a>(fields: &mut Elements<'a>) -> Option<Algorithm<'a>> {
    let mut inside = fields.enter(SEQUENCE)?;
    let oid = oid(&mut inside)?;
    let parameters = inside.rest();
    Some(Algorithm { oid, parameters })
}

/// The object identifier that comes next.
pub(super) fn oid(fields: &mut Elements<'_>) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_bytes(fields.take(OBJECT)?.content).ok()
}
