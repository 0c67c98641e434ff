//! Signed mail, by the programs that people sign with, and by those who mean harm.

mod hostile;
mod right;
mod samples;
pub mod signers;

use std::sync::OnceLock;

use super::super::issue::{Authority, Issued, Request, Usage};
use super::super::{Abilities, Certificates, Fault, Signed, Verification};
use super::pki::{ANN, EC, Folders, RSA, end, now, request, root, start};
use crate::message::{CertificateVerdict, RawMessage};

pub const TEXT: &str = "Content-Type: text/plain; charset=utf-8\r\n\r\nHere is my certificate.\r\n";

/// A root that is trusted, a CA below it that nobody knows, and Ann's certificates.
pub struct Stage {
    pub folders: Folders,
    pub certificates: Certificates,
    pub middle: Authority,
    /// For everything, RSA, by the root.
    pub ann: Issued,
    /// For everything, EC, by the root.
    pub ann_ec: Issued,
    /// To sign with only, by the CA in the middle.
    pub ann_signs: Issued,
    /// To receive with only, by the CA in the middle.
    pub ann_receives: Issued,
    pub bob: Issued,
}

pub fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let root = root();
        let middle = root.intermediate("Partner Mail CA", EC, start(), end()).unwrap();
        let folders = Folders::trusting(&root);
        Stage {
            certificates: folders.load().unwrap(),
            folders,
            ann: root.issue(&everything(ANN, RSA)).unwrap(),
            ann_ec: root.issue(&everything(ANN, EC)).unwrap(),
            ann_signs: middle.issue(&with(ANN, Usage::SignMail)).unwrap(),
            ann_receives: middle.issue(&with(ANN, Usage::EncryptMail)).unwrap(),
            bob: root.issue(&everything("bob@partner.example", EC)).unwrap(),
            middle,
        }
    })
}

pub fn everything(mailbox: &str, key: super::super::issue::KeyKind) -> Request {
    Request {
        usage: Usage::Unrestricted,
        ..request(mailbox, key)
    }
}

fn with(mailbox: &str, usage: Usage) -> Request {
    Request {
        usage,
        ..request(mailbox, RSA)
    }
}

/// With a header in front of what a signing program wrote, and the line ends of mail.
pub fn mail(from: &str, signed: &[u8]) -> RawMessage {
    let text = String::from_utf8(signed.to_vec()).unwrap();
    let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    RawMessage::new(format!(
        "From: {from}\r\nTo: enrol@agency.example\r\nSubject: Hello\r\n{text}"
    ))
}

/// multipart/signed around a content and a signature in DER.
pub fn wrap(from: &str, content: &str, cms: &[u8]) -> RawMessage {
    let mut lines = String::new();
    for line in openssl::base64::encode_block(cms).as_bytes().chunks(64) {
        lines.push_str(std::str::from_utf8(line).unwrap());
        lines.push_str("\r\n");
    }
    RawMessage::new(format!(
        "From: {from}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n \
         micalg=sha-256; boundary=\"=_b\"\r\n\r\npreamble\r\n--=_b\r\n{content}\r\n--=_b\r\nContent-Type: \
         application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n{lines}\r\n--=_b--\r\n"
    ))
}

pub fn verify(mail: &RawMessage) -> Verification {
    stage().certificates.verify(mail, now())
}

pub fn valid(mail: &RawMessage) -> Signed {
    match verify(mail) {
        Verification::Valid(signed) => *signed,
        other => panic!("{other:?}"),
    }
}

pub fn fault(mail: &RawMessage) -> Fault {
    match verify(mail) {
        Verification::Faulty(fault) => fault,
        other => panic!("{other:?}"),
    }
}

pub fn untrusted(mail: &RawMessage) -> CertificateVerdict {
    match verify(mail) {
        Verification::Untrusted(_, verdict) => verdict,
        other => panic!("{other:?}"),
    }
}
