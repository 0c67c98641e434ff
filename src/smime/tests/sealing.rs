use openssl::cms::CmsContentInfo;
use proptest::prelude::*;

use super::super::issue::Issued;
use super::super::{Algorithms, Certificate, ContentCipher, KeyEncryption, SealError, SealedMessage, seal};
use super::pki::*;
use crate::message::{Profile, RawMessage};

pub const MAIL: &[u8] = b"From: Clerk <clerk@agency.example>\r\n\
    To: Ann <ann@partner.example>\r\n\
    Subject: Your file 536-22-8145\r\n\
    Date: Tue, 1 Jun 2027 08:00:00 -0400\r\n\
    Message-ID: <1@agency.example>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: 8bit\r\n\
    \r\n\
    S\xc3\xadnead, your number is 536-22-8145.\r\n.\r\n";

/// Sealed by the default profile.
pub fn sealed(mail: &[u8], issued: &Issued, secret: &[&str]) -> Vec<u8> {
    let secret: Vec<String> = secret.iter().map(|name| (*name).to_owned()).collect();
    let sealed = compatible(mail, &certificate(issued), &secret).unwrap();
    sealed.message.as_bytes().to_vec()
}

pub fn compatible(
    mail: &[u8],
    certificate: &Certificate,
    secret: &[String],
) -> Result<SealedMessage, SealError> {
    let algorithms = Algorithms::choose(Profile::Compatible, certificate.key(), None).unwrap();
    seal(&RawMessage::new(mail.to_vec()), certificate, algorithms, secret)
}

/// Header section and body.
pub fn split(mail: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memmem::find(mail, b"\r\n\r\n").unwrap() + 4;
    mail.split_at(end)
}

/// Opens a sealed message with OpenSSL's own CMS, the second implementation.
pub fn open(mail: &[u8], issued: &Issued) -> Vec<u8> {
    let cms = CmsContentInfo::smime_read_cms(mail).unwrap();
    cms.decrypt(&key(issued), &x509(issued)).unwrap()
}

fn der(mail: &[u8]) -> Vec<u8> {
    let text: String = String::from_utf8(split(mail).1.to_vec())
        .unwrap()
        .split("\r\n")
        .collect();
    openssl::base64::decode_block(&text).unwrap()
}

#[test]
fn openssl_opens_what_was_sealed_to_every_kind_of_key() {
    for (name, issued) in recipients() {
        let mail = sealed(MAIL, issued, &["Subject"]);
        let inner = open(&mail, issued);
        assert!(inner.ends_with(split(MAIL).1), "{name}");
        assert!(
            inner.starts_with(b"From: Clerk <clerk@agency.example>\r\n"),
            "{name}"
        );
    }
}

#[test]
fn the_algorithm_is_told_in_words() {
    let words: Vec<String> = recipients()
        .iter()
        .map(|(_, issued)| compatible(MAIL, &certificate(issued), &[]).unwrap().algorithm)
        .collect();
    assert_eq!(
        words,
        [
            "AES-256-CBC, RSA PKCS#1 v1.5",
            "AES-256-CBC, ECDH P-256, AES-256 key wrap",
            "AES-256-CBC, ECDH P-384, AES-256 key wrap",
            "AES-256-CBC, ECDH P-521, AES-256 key wrap",
        ]
    );
}

#[test]
fn the_der_is_exact_and_reads_as_enveloped_data_of_one_recipient() {
    use ::cms::content_info::ContentInfo;
    use ::cms::enveloped_data::EnvelopedData;
    use der::{Decode, Encode};
    for (name, issued) in recipients() {
        let der = der(&sealed(MAIL, issued, &[]));
        let content = ContentInfo::from_der(&der).unwrap();
        assert_eq!(content.to_der().unwrap(), der, "{name}");
        let enveloped: EnvelopedData = content.content.decode_as().unwrap();
        assert_eq!(enveloped.recip_infos.0.len(), 1);
        assert_eq!(
            enveloped.encrypted_content.content_enc_alg.oid.to_string(),
            "2.16.840.1.101.3.4.1.42"
        );
    }
}

#[test]
fn no_two_seals_share_a_key_or_an_iv() {
    let (_, issued) = &recipients()[1];
    let (one, other) = (der(&sealed(MAIL, issued, &[])), der(&sealed(MAIL, issued, &[])));
    let tail = |der: &[u8]| der[der.len() - 64..].to_vec();
    assert_ne!(tail(&one), tail(&other));
}

#[test]
fn a_tampered_key_or_a_strangers_key_opens_nothing() {
    let (_, issued) = &recipients()[1];
    let stranger = root().issue(&request(ANN, EC)).unwrap();
    let mail = sealed(MAIL, issued, &[]);
    let cms = CmsContentInfo::smime_read_cms(&mail).unwrap();
    let opened = cms
        .decrypt_without_cert_check(&key(&stranger))
        .unwrap_or_default();
    assert!(memchr::memmem::find(&opened, b"536-22-8145").is_none());
}

#[test]
fn the_outside_is_an_smime_message_in_short_lines() {
    let mail = sealed(MAIL, &recipients()[1].1, &[]);
    let text = String::from_utf8(mail.clone()).unwrap();
    assert!(text.lines().all(|line| line.len() <= 78));
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    assert!(text.ends_with("\r\n"));
    let header = String::from_utf8(split(&mail).0.to_vec()).unwrap();
    assert_eq!(
        header,
        "From: Clerk <clerk@agency.example>\r\n\
         To: Ann <ann@partner.example>\r\n\
         Subject: [...]\r\n\
         Date: Tue, 1 Jun 2027 08:00:00 -0400\r\n\
         Message-ID: <1@agency.example>\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: application/pkcs7-mime; smime-type=enveloped-data;\r\n name=\"smime.p7m\"\r\n\
         Content-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n"
    );
}

#[test]
fn the_inside_is_the_message_with_its_header_protected() {
    let (_, issued) = &recipients()[1];
    let inner = open(&sealed(MAIL, issued, &[]), issued);
    let expected = "From: Clerk <clerk@agency.example>\r\n\
        To: Ann <ann@partner.example>\r\n\
        Subject: Your file 536-22-8145\r\n\
        Date: Tue, 1 Jun 2027 08:00:00 -0400\r\n\
        Message-ID: <1@agency.example>\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: text/plain; hp=\"cipher\"; charset=utf-8\r\n\
        Content-Transfer-Encoding: 8bit\r\n\
        HP-Outer: From: Clerk <clerk@agency.example>\r\n\
        HP-Outer: To: Ann <ann@partner.example>\r\n\
        HP-Outer: Subject: [...]\r\n\
        HP-Outer: Date: Tue, 1 Jun 2027 08:00:00 -0400\r\n\
        HP-Outer: Message-ID: <1@agency.example>\r\n\r\n";
    assert_eq!(String::from_utf8_lossy(split(&inner).0), expected);
    assert_eq!(split(&inner).1, split(MAIL).1);
}

#[test]
fn a_message_without_any_field_is_refused_and_one_without_a_body_is_not() {
    let (_, issued) = &recipients()[1];
    for mail in [
        &b""[..],
        b"\r\n",
        b"\r\nbody",
        b"no field at all\r\n\r\nbody",
        b" x: y\r\n\r\n",
    ] {
        let result = compatible(mail, &certificate(issued), &[]);
        assert!(
            matches!(result, Err(SealError::NoHeader)),
            "{}",
            String::from_utf8_lossy(mail)
        );
    }
    let inner = open(&sealed(b"Subject: x", issued, &[]), issued);
    assert!(inner.ends_with(b"\r\n\r\n"));
    assert!(memchr::memmem::find(&inner, b"Subject: x\r\n").is_some());
}

#[test]
fn a_key_that_cannot_be_encrypted_to_is_an_error() {
    let certificate = certificate_with_key(&openssl::pkey::PKey::generate_ed25519().unwrap());
    assert!(!certificate.key().is_strong());
    for key in [
        KeyEncryption::RsaPkcs1,
        KeyEncryption::RsaOaep,
        KeyEncryption::Ecdh,
    ] {
        let content = ContentCipher::Aes256Cbc;
        let result = seal(
            &RawMessage::new(MAIL),
            &certificate,
            Algorithms { content, key },
            &[],
        );
        assert!(matches!(result, Err(SealError::Crypto(_))));
    }
}

#[test]
fn ten_megabytes_come_back_to_the_octet() {
    let (_, issued) = &recipients()[1];
    let mut mail = b"From: a@b.example\r\n\r\n".to_vec();
    mail.extend((0..10_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8));
    let inner = open(&sealed(&mail, issued, &[]), issued);
    assert!(inner.ends_with(&mail[21..]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_body_comes_back_to_the_octet(body in proptest::collection::vec(any::<u8>(), 0..5_000)) {
        let (_, issued) = &recipients()[1];
        let mut mail = b"From: a@b.example\r\nContent-Type: x/y\r\n\r\n".to_vec();
        mail.extend_from_slice(&body);
        let inner = open(&sealed(&mail, issued, &[]), issued);
        prop_assert_eq!(split(&inner).1, &body[..]);
    }

    #[test]
    fn any_bytes_are_sealed_or_refused_and_nothing_of_them_is_lost(
        head in proptest::collection::vec(prop_oneof![
            Just(b"\r\n".to_vec()), Just(b"\n".to_vec()), Just(b"\r".to_vec()), Just(b": ".to_vec()),
            Just(b"Subject:".to_vec()), Just(b"To: ".to_vec()), Just(b" ".to_vec()), Just(b"<a@b.c>".to_vec()),
            Just(b"(\"\\".to_vec()), Just(b"Content-Type: a/b;".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..6),
        ], 0..40),
    ) {
        let (_, issued) = &recipients()[1];
        let mail: Vec<u8> = head.concat();
        let secret = ["To".to_owned()];
        if let Ok(sealed) = compatible(&mail, &certificate(issued), &secret) {
            let inner = open(sealed.message.as_bytes(), issued);
            let empty_line = [&b"\n\n"[..], b"\n\r\n"].iter().filter_map(|end| {
                memchr::memmem::find(&mail, end).map(|at| at + end.len())
            }).min();
            let body = empty_line.map_or(&b""[..], |at| &mail[at..]);
            prop_assert!(inner.ends_with(body));
        }
    }
}
