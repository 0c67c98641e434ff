//! The certificates of a PKCS#7 or CMS SignedData (RFC 5652 §5.1): `.p7b` and `.p7c` files, `userSMIMECertificate`.

use super::super::Certificate;
use super::ContainerError;
use super::tlv::{CONTEXT_0, Fields, INTEGER, OBJECT_IDENTIFIER, SEQUENCE, Tlv, write};

/// `id-signedData`, 1.2.840.113549.1.7.2.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const SET: u8 = 0x31;
const NAME: &str = "PKCS#7";

/// `id-data`, 1.2.840.113549.1.7.1.
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];

/// Whether it begins like one.
pub(super) fn is(bytes: &[u8]) -> bool {
    content(bytes).is_some()
}

/// All X.509 certificates in it, in their order. Certificates of other kinds are passed over.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>, ContainerError> {
    let content = content(bytes).ok_or(ContainerError::Damaged(NAME))?;
    let found = set(content).ok_or(ContainerError::Damaged(NAME))?;
    let found = found.ok_or(ContainerError::Empty(NAME))?;
    // Whatever is cut short is found out here: children stop at the first that is no element.
    if found.children().map(|one| one.whole.len()).sum::<usize>() != found.content.len() {
        return Err(ContainerError::Damaged(NAME));
    }
    let x509 = found.children().filter(|one| one.tag == SEQUENCE);
    let certificates = x509
        .map(|one| Certificate::from_der(one.whole))
        .collect::<Result<Vec<_>, _>>()?;
    match certificates.is_empty() {
        true => Err(ContainerError::Empty(NAME)),
        false => Ok(certificates),
    }
}

/// What a ContentInfo of the right type holds.
fn content(bytes: &[u8]) -> Option<Tlv<'_>> {
    let mut fields = Fields(Tlv::only(bytes, SEQUENCE)?.children());
    let kind = fields.next(OBJECT_IDENTIFIER)?;
    let content = fields.next(CONTEXT_0)?;
    (kind.content == SIGNED_DATA).then_some(content)
}

/// The certificates of a SignedData, if it has any; `None` when it is none.
fn set(content: Tlv<'_>) -> Option<Option<Tlv<'_>>> {
    let mut fields = Fields(content.inner(SEQUENCE)?.children());
    fields.next(INTEGER)?;
    fields.next(SET)?;
    fields.next(SEQUENCE)?;
    Some(fields.next(CONTEXT_0))
}

/// A SignedData that nobody has signed, around certificates in DER.
pub(super) fn write_all(certificates: &[Vec<u8>]) -> Vec<u8> {
    let element = |tag: u8, content: &[u8]| {
        let mut out = Vec::with_capacity(content.len() + 6);
        write(tag, content, &mut out);
        out
    };
    // DER sorts the members of a set (X.690 §11.6).
    let mut sorted = certificates.to_vec();
    sorted.sort();
    let signed = [
        element(INTEGER, &[1]),
        element(SET, &[]),
        element(SEQUENCE, &element(OBJECT_IDENTIFIER, DATA)),
        element(CONTEXT_0, &sorted.concat()),
        element(SET, &[]),
    ];
    let content = element(CONTEXT_0, &element(SEQUENCE, &signed.concat()));
    element(
        SEQUENCE,
        &[element(OBJECT_IDENTIFIER, SIGNED_DATA), content].concat(),
    )
}
