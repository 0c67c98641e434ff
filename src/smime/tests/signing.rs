//! What is signed, as OpenSSL's own CMS sees it.

use std::sync::Arc;

use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;

use super::super::issue::{Authority, Issued, KeyKind, Usage};
use super::super::keys::{KeyRing, OwnKey, Secret, Settings, seal};
use super::super::signing::{Signed, Signer};
use super::super::{Algorithms, Curve, Payload};
use super::pki::*;
use super::sealing::{MAIL, open, split};
use crate::message::{Profile, RawMessage, SignatureForm};

pub const CLERK: &str = "clerk@agency.example";

/// A CA that issues to the agency's own people.
pub struct Agency {
    pub root: Authority,
    pub folder: Temporary,
}

impl Agency {
    pub fn new() -> Agency {
        let agency = Agency {
            root: root(),
            folder: Temporary::new(),
        };
        agency.private("secret", "a secret that is long enough");
        std::fs::create_dir(agency.folder.0.join("keys")).unwrap();
        agency
    }

    /// A file that only its owner may read.
    pub fn private(&self, name: &str, content: &str) {
        use std::os::unix::fs::PermissionsExt;
        let file = self.folder.write(name, content);
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub fn issue(&self, address: &str, kind: KeyKind) -> Issued {
        let mut request = request(address, kind);
        request.usage = Usage::SignMail;
        self.root.issue(&request).unwrap()
    }

    /// Puts a key with its certificate into the folder.
    pub fn keep(&self, file: &str, issued: &Issued) {
        let secret = Secret::passphrase(&self.folder.0.join("secret")).unwrap();
        let sealed = seal(&key(issued).private_key_to_pkcs8().unwrap(), &secret).unwrap();
        self.private(&format!("keys/{file}"), &(sealed + &issued.certificate_pem));
    }

    pub fn settings(&self) -> Settings {
        Settings {
            folder: Some(self.folder.0.join("keys")),
            secret_file: Some(self.folder.0.join("secret")),
            ..Settings::default()
        }
    }

    pub fn ring(&self) -> KeyRing {
        KeyRing::load(&self.settings()).unwrap()
    }

    pub fn key_for(&self, address: &str) -> Arc<OwnKey> {
        let choice = self.ring().choose(&super::pki::address(address), |_| None, now());
        choice.chosen.unwrap()
    }

    pub fn signer(&self, kind: KeyKind) -> Signer {
        self.keep("clerk.pem", &self.issue(CLERK, kind));
        Signer {
            key: self.key_for(CLERK),
            answer_to: None,
            at: now(),
        }
    }

    /// What OpenSSL verifies a signature with.
    fn verify(&self, entity: &[u8]) -> Result<Vec<u8>, String> {
        let fault = |error: openssl::error::ErrorStack| error.to_string();
        let mut store = X509StoreBuilder::new().unwrap();
        let root = openssl::x509::X509::from_pem(self.root.certificate_pem().unwrap().as_bytes()).unwrap();
        store.add_cert(root).unwrap();
        let mut param = openssl::x509::verify::X509VerifyParam::new().unwrap();
        param.set_time(now().as_second());
        store.set_param(&param).unwrap();
        let (mut cms, content) = match memchr::memmem::find(entity, b"multipart/signed") {
            Some(_) => {
                let (content, signature) = halves(entity);
                (
                    CmsContentInfo::from_der(&signature).map_err(fault)?,
                    Some(content),
                )
            }
            None => (CmsContentInfo::smime_read_cms(entity).map_err(fault)?, None),
        };
        let mut out = Vec::new();
        let none = Stack::new().unwrap();
        let options = CMSOptions::BINARY;
        cms.verify(
            Some(&none),
            Some(&store.build()),
            content.as_deref(),
            Some(&mut out),
            options,
        )
        .map_err(fault)?;
        Ok(content.unwrap_or(out))
    }
}

/// The content and the signature of multipart/signed.
pub fn halves(entity: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let text = String::from_utf8_lossy(split(entity).0).into_owned();
    let boundary = text
        .split("boundary=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let delimiter = format!("\r\n--{boundary}");
    let parts: Vec<&[u8]> = cut(entity, delimiter.as_bytes());
    let signature = String::from_utf8(split(parts[2]).1.to_vec()).unwrap();
    let signature = openssl::base64::decode_block(&signature.split_whitespace().collect::<String>()).unwrap();
    (parts[1][2..].to_vec(), signature)
}

fn cut<'a>(text: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut begin = 0;
    for at in memchr::memmem::find_iter(text, by) {
        parts.push(&text[begin..at]);
        begin = at + by.len();
    }
    parts.push(&text[begin..]);
    parts
}

fn whole(signed: &Signed<'_>) -> Vec<u8> {
    signed.parts().concat()
}

fn kinds() -> [KeyKind; 4] {
    let curve = KeyKind::Ec;
    [RSA, curve(Curve::P256), curve(Curve::P384), curve(Curve::P521)]
}

#[test]
fn every_key_and_profile_signs_what_openssl_verifies_in_both_forms() {
    let raw = RawMessage::new(MAIL);
    let payload = Payload::to_seal(&raw, &[]).unwrap();
    for kind in kinds() {
        let agency = Agency::new();
        let signer = agency.signer(kind);
        for profile in [Profile::Compatible, Profile::Modern, Profile::Strict] {
            for form in [SignatureForm::Detached, SignatureForm::Opaque] {
                let signed = signer.sign(&payload, form, profile).unwrap();
                let entity = whole(&signed);
                let content = agency.verify(&entity);
                let content =
                    content.unwrap_or_else(|error| panic!("{kind:?} {profile:?} {form:?}: {error}"));
                let text = String::from_utf8_lossy(&content).into_owned();
                assert!(text.contains("Subject: Your file 536-22-8145\r\n"), "{text}");
                assert!(text.contains("hp=\"cipher\""), "{text}");
                assert!(signed.signature().algorithm.starts_with(match (kind, profile) {
                    (KeyKind::Rsa(_), Profile::Compatible) => "RSA PKCS#1 v1.5 with SHA-256, ",
                    (KeyKind::Rsa(_), Profile::Modern) => "RSA-PSS with SHA-256, ",
                    (KeyKind::Rsa(_), Profile::Strict) => "RSA-PSS with SHA-384, ",
                    (KeyKind::Ec(Curve::P256), _) => "ECDSA with SHA-256, ",
                    (KeyKind::Ec(Curve::P384), _) => "ECDSA with SHA-384, ",
                    (KeyKind::Ec(Curve::P521), _) => "ECDSA with SHA-512, ",
                }));
            }
        }
    }
}

#[test]
fn one_changed_octet_of_what_was_signed_is_noticed() {
    let agency = Agency::new();
    let signer = agency.signer(EC);
    let raw = RawMessage::new(MAIL);
    let payload = Payload::to_seal(&raw, &[]).unwrap();
    let signed = whole(
        &signer
            .sign(&payload, SignatureForm::Detached, Profile::Compatible)
            .unwrap(),
    );
    assert!(agency.verify(&signed).is_ok());
    for word in ["8145", "Clerk", "HP-Outer"] {
        let mut changed = signed.clone();
        let at = memchr::memmem::find(&changed, word.as_bytes()).unwrap();
        changed[at] ^= 1;
        assert!(agency.verify(&changed).is_err(), "{word}");
    }
}

#[test]
fn detached_content_is_seven_bits_with_whole_line_ends() {
    let agency = Agency::new();
    let signer = agency.signer(EC);
    let raw = RawMessage::new(MAIL);
    let payload = Payload::to_seal(&raw, &[]).unwrap();
    let entity = whole(
        &signer
            .sign(&payload, SignatureForm::Detached, Profile::Compatible)
            .unwrap(),
    );
    assert!(entity.is_ascii());
    assert_eq!(
        memchr::memchr_iter(b'\n', &entity).count(),
        memchr::memmem::find_iter(&entity, b"\r\n").count()
    );
    let head = String::from_utf8(split(&entity).0.to_vec()).unwrap();
    assert!(
        head.starts_with(
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg=sha-256; boundary=\"=_"
        ),
        "{head}"
    );
    let content = String::from_utf8(halves(&entity).0).unwrap();
    assert!(
        content.contains("Content-Transfer-Encoding: quoted-printable\r\n"),
        "{content}"
    );
    assert!(
        content.ends_with("S=C3=ADnead, your number is 536-22-8145.\r\n=2E\r\n"),
        "{content}"
    );
}

#[test]
fn what_cannot_be_brought_into_seven_bits_is_signed_in_the_opaque_form() {
    let agency = Agency::new();
    let signer = agency.signer(EC);
    let raw = RawMessage::new(&b"From: clerk@agency.example\r\nSubject: S\xc3\xadnead\r\n\r\nbody\r\n"[..]);
    let payload = Payload::to_seal(&raw, &[]).unwrap();
    let signed = signer
        .sign(&payload, SignatureForm::Detached, Profile::Compatible)
        .unwrap();
    assert_eq!(signed.signature().algorithm, "ECDSA with SHA-256, opaque");
    let content = agency.verify(&whole(&signed)).unwrap();
    assert!(memchr::memmem::find(&content, b"Subject: S\xc3\xadnead\r\n").is_some());
}

#[test]
fn a_signed_message_is_sealed_around_its_signature_and_the_outside_stays_the_same() {
    let agency = Agency::new();
    let signer = agency.signer(EC);
    let (_, ann) = &recipients()[0];
    let certificate = certificate(ann);
    let algorithms = Algorithms::choose(Profile::Compatible, certificate.key(), None).unwrap();
    let raw = RawMessage::new(MAIL);
    let payload = Payload::to_seal(&raw, &[]).unwrap();
    let signed = signer
        .sign(&payload, SignatureForm::Detached, Profile::Compatible)
        .unwrap();
    let with = payload.seal(Some(&signed), &[&certificate], algorithms).unwrap();
    let without = payload.seal(None, &[&certificate], algorithms).unwrap();
    let (with, without) = (with.message.as_bytes(), without.message.as_bytes());
    assert_eq!(split(with).0, split(without).0);
    let inner = open(with, ann);
    assert_eq!(inner, whole(&signed));
    let content = agency.verify(&inner).unwrap();
    let content = String::from_utf8(content).unwrap();
    // RFC 9788 §2: the payload with the header is what was signed, and its mark says that it was encrypted.
    assert!(
        content.contains("Content-Type: text/plain; hp=\"cipher\"; charset=utf-8\r\n"),
        "{content}"
    );
    assert!(content.contains("HP-Outer: Subject: [...]\r\n"), "{content}");
    assert_eq!(content.matches("hp=").count(), 1);
}

#[test]
fn mail_signed_in_clear_keeps_its_header_outside_and_inside() {
    let agency = Agency::new();
    let signer = agency.signer(EC);
    let raw = RawMessage::new(
        &b"Received: by x; Tue, 1 Jun 2027 08:00:00 -0400\r\n\
        DKIM-Signature: v=1; b=abc\r\n\
        From: clerk@agency.example\r\n\
        Subject: Open house\r\n\
        Bcc: hidden@x.example\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: text/plain\r\n\r\nWelcome.\r\n"[..],
    );
    let payload = Payload::to_sign(&raw).unwrap();
    let signed = signer
        .sign(&payload, SignatureForm::Detached, Profile::Compatible)
        .unwrap();
    let mail = payload.in_clear(&signed);
    let (outside, _) = split(mail.as_bytes());
    let outside = String::from_utf8(outside.to_vec()).unwrap();
    assert!(
        outside.starts_with(
            "Received: by x; Tue, 1 Jun 2027 08:00:00 -0400\r\nFrom: clerk@agency.example\r\n\
             Subject: Open house\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed;"
        ),
        "{outside}"
    );
    let entity =
        &mail.as_bytes()[memchr::memmem::find(mail.as_bytes(), b"Content-Type: multipart").unwrap()..];
    let content = String::from_utf8(agency.verify(entity).unwrap()).unwrap();
    assert_eq!(
        content,
        "DKIM-Signature: v=1; b=abc\r\nFrom: clerk@agency.example\r\nSubject: Open house\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; hp=\"clear\"\r\n\r\nWelcome.\r\n"
    );
}

#[test]
fn the_signature_says_what_may_be_answered_with_and_to_which_certificate() {
    let agency = Agency::new();
    let own = agency.root.issue(&request(CLERK, RSA)).unwrap();
    let mut signer = agency.signer(EC);
    let raw = RawMessage::new(MAIL);
    let payload = Payload::to_seal(&raw, &[]).unwrap();
    let attributes = |signer: &Signer, profile| {
        let entity = whole(&signer.sign(&payload, SignatureForm::Detached, profile).unwrap());
        let folder = Temporary::new();
        folder.write("p7s", halves(&entity).1);
        let output = std::process::Command::new("openssl")
            .args([
                "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "p7s",
            ])
            .current_dir(&folder.0)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let told = attributes(&signer, Profile::Compatible);
    for words in [
        "contentType",
        "messageDigest",
        "signingTime",
        "Jun  1 12:00:00 2027 GMT",
        "S/MIME Capabilities",
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
    assert!(
        told.contains("aes-256-cbc") && !told.contains("aes-256-gcm"),
        "{told}"
    );
    assert!(!told.contains("id-smime-aa-encrypKeyPref"), "{told}");
    signer.answer_to = Some(Arc::new(certificate(&own)));
    let told = attributes(&signer, Profile::Modern);
    assert!(told.contains("aes-256-gcm"), "{told}");
    assert!(told.contains("id-smime-aa-encrypKeyPref"), "{told}");
    assert_eq!(told.matches("d.certificate:").count(), 2, "{told}");
}
