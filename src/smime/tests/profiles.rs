//! Profiles: what is sealed by each, and which certificates each takes.

use ::cms::authenveloped_data::AuthEnvelopedData;
use ::cms::content_info::{CmsVersion, ContentInfo};
use ::cms::enveloped_data::RecipientInfo;
use der::{Decode, Encode};

use super::super::issue::{Issued, KeyKind, Request};
use super::super::{Algorithms, SealError, SealedMessage, seal};
use super::interop::{der_of, people};
use super::pki::*;
use super::sealing::{MAIL, split};
use crate::message::{CertificateVerdict as Verdict, Profile, RawMessage};

fn sealed_by(profile: Profile, issued: &Issued, mail: &[u8]) -> SealedMessage {
    let certificate = certificate(issued);
    let algorithms = Algorithms::choose(profile, certificate.key(), None).unwrap();
    seal(&RawMessage::new(mail.to_vec()), &certificate, algorithms, &[]).unwrap()
}

#[test]
fn each_profile_and_key_has_its_algorithms_in_words() {
    let words = |profile| -> Vec<String> {
        let able = people()
            .iter()
            .filter(|person| Algorithms::choose(profile, certificate(&person.issued).key(), None).is_some());
        able.map(|person| sealed_by(profile, &person.issued, MAIL).algorithm)
            .collect()
    };
    let ecdh = |content: &str| {
        ["P-256", "P-384", "P-521"].map(|curve| format!("{content}, ECDH {curve}, AES-256 key wrap"))
    };
    let rsa = |words: &str, count| vec![words.to_owned(); count];
    let expected = [
        rsa("AES-256-CBC, RSA PKCS#1 v1.5", 2),
        ecdh("AES-256-CBC").to_vec(),
    ];
    assert_eq!(words(Profile::Compatible), expected.concat());
    let expected = [
        rsa("AES-256-GCM, RSA-OAEP SHA-256", 2),
        ecdh("AES-256-GCM").to_vec(),
    ];
    assert_eq!(words(Profile::Modern), expected.concat());
    let expected = [
        rsa("AES-256-GCM, RSA-OAEP SHA-256", 1),
        ecdh("AES-256-GCM").to_vec(),
    ];
    assert_eq!(words(Profile::Strict), expected.concat());
}

#[test]
fn gcm_makes_exact_auth_enveloped_data_with_a_nonce_of_12_and_a_tag_of_16_octets() {
    for person in people() {
        let mail = sealed_by(Profile::Modern, &person.issued, MAIL).message;
        let der = der_of(mail.as_bytes());
        let info = ContentInfo::from_der(&der).unwrap();
        assert_eq!(info.to_der().unwrap(), der);
        assert_eq!(info.content_type.to_string(), "1.2.840.113549.1.9.16.1.23");
        let data: AuthEnvelopedData = info.content.decode_as().unwrap();
        assert_eq!(data.version, CmsVersion::V0);
        assert_eq!(data.mac.as_bytes().len(), 16);
        assert!(data.auth_attrs.is_none() && data.unauth_attrs.is_none());
        let algorithm = data.auth_encrypted_content_info.content_enc_alg;
        assert_eq!(algorithm.oid.to_string(), "2.16.840.1.101.3.4.1.46");
        let parameters = algorithm.parameters.unwrap().to_der().unwrap();
        // SEQUENCE { OCTET STRING of 12, INTEGER 16 }
        assert_eq!(parameters[..4], [0x30, 17, 0x04, 12]);
        assert_eq!(parameters[16..], [0x02, 1, 16]);
    }
}

#[test]
fn oaep_names_sha_256_twice_and_nothing_else() {
    let mail = sealed_by(Profile::Modern, &people()[0].issued, MAIL).message;
    let info = ContentInfo::from_der(&der_of(mail.as_bytes())).unwrap();
    let data: AuthEnvelopedData = info.content.decode_as().unwrap();
    let Some(RecipientInfo::Ktri(recipient)) = data.recip_infos.0.get(0) else {
        panic!("no RSA recipient");
    };
    assert_eq!(recipient.key_enc_alg.oid.to_string(), "1.2.840.113549.1.1.7");
    let sha256 = "300d06096086480165030402010500";
    let mgf1 = format!("301a06092a864886f70d010108{sha256}");
    let expected = format!("302fa00f{sha256}a11c{mgf1}");
    let parameters = recipient
        .key_enc_alg
        .parameters
        .as_ref()
        .unwrap()
        .to_der()
        .unwrap();
    assert_eq!(super::super::certificate::hex(&parameters), expected);
}

#[test]
fn the_outside_says_which_kind_of_cms_it_holds() {
    let person = &people()[2].issued;
    for (profile, kind) in [
        (Profile::Compatible, "enveloped-data"),
        (Profile::Modern, "authEnveloped-data"),
        (Profile::Strict, "authEnveloped-data"),
    ] {
        let mail = sealed_by(profile, person, MAIL).message;
        let header = String::from_utf8(split(mail.as_bytes()).0.to_vec()).unwrap();
        let expected =
            format!("Content-Type: application/pkcs7-mime; smime-type={kind};\r\n name=\"smime.p7m\"\r\n");
        assert!(header.contains(&expected), "{header}");
        assert!(header.lines().all(|line| line.len() <= 78));
    }
}

#[test]
fn gcm_takes_no_more_memory_than_the_message_has_octets() {
    let mut mail = b"From: a@b.example\r\n\r\n".to_vec();
    mail.extend((0..3_000_001u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8));
    let sealed = sealed_by(Profile::Modern, &people()[2].issued, &mail).message;
    // What was reserved is what was written: nothing grew, nothing was copied.
    let der = der_of(sealed.as_bytes());
    let info = ContentInfo::from_der(&der).unwrap();
    let data: AuthEnvelopedData = info.content.decode_as().unwrap();
    let content = data.auth_encrypted_content_info.encrypted_content.unwrap();
    assert!(content.as_bytes().len() > mail.len() && content.as_bytes().len() < mail.len() + 200);
}

#[test]
fn an_algorithm_for_another_kind_of_key_is_an_error() {
    let rsa = Algorithms::choose(Profile::Modern, certificate(&people()[0].issued).key(), None).unwrap();
    let elliptic = Algorithms::choose(Profile::Modern, certificate(&people()[2].issued).key(), None).unwrap();
    for (person, algorithms) in [(0, elliptic), (2, rsa)] {
        let certificate = certificate(&people()[person].issued);
        let result = seal(&RawMessage::new(MAIL), &certificate, algorithms, &[]);
        assert!(matches!(result, Err(SealError::Crypto(_))));
    }
}

#[test]
fn strict_does_not_take_a_short_rsa_key_and_says_so() {
    let root = root();
    let folders = Folders::trusting(&root);
    let issue = |mailbox, key| root.issue(&request(mailbox, key)).unwrap();
    folders.recipient("short", &issue("short@p.example", RSA));
    folders.recipient("long", &issue("long@p.example", KeyKind::Rsa(3072)));
    folders.recipient("curve", &issue("curve@p.example", EC));
    let certificates = folders.load().unwrap();
    let verdicts = |profile| {
        ["short", "long", "curve"].map(|name| {
            let choice = choose_by(&certificates, &format!("{name}@p.example"), profile, now());
            assert_eq!(
                choice.chosen.is_some(),
                choice.considered[0].verdict == Verdict::Chosen
            );
            choice.considered[0].verdict.clone()
        })
    };
    let chosen = Verdict::Chosen;
    assert_eq!(
        verdicts(Profile::Compatible),
        [chosen.clone(), chosen.clone(), chosen.clone()]
    );
    assert_eq!(
        verdicts(Profile::Modern),
        [chosen.clone(), chosen.clone(), chosen.clone()]
    );
    assert_eq!(
        verdicts(Profile::Strict),
        [Verdict::BelowProfile, chosen.clone(), chosen]
    );
    let listed: Vec<Verdict> = listed(&certificates, Profile::Strict)
        .into_iter()
        .map(|listed| listed.considered.verdict)
        .filter(|verdict| *verdict == Verdict::BelowProfile)
        .collect();
    assert_eq!(listed.len(), 1);
}

#[test]
fn strict_takes_an_older_certificate_that_suffices_before_a_newer_one_that_does_not() {
    let root = root();
    let folders = Folders::trusting(&root);
    let older = root.issue(&request(ANN, EC)).unwrap();
    let newer = Request {
        not_before: at("2027-01-01T00:00:00Z"),
        ..request(ANN, RSA)
    };
    let newer = root.issue(&newer).unwrap();
    folders.recipient("older", &older);
    folders.recipient("newer", &newer);
    let certificates = folders.load().unwrap();
    let chosen = |profile| {
        let choice = choose_by(&certificates, ANN, profile, now());
        choice.chosen.unwrap().serial().to_owned()
    };
    assert_eq!(chosen(Profile::Modern), newer.serial);
    assert_eq!(chosen(Profile::Strict), older.serial);
}

#[test]
fn what_is_wrong_anyway_is_told_before_the_profile() {
    let root = root();
    let folders = Folders::trusting(&root);
    let expired = Request {
        not_after: at("2027-01-01T00:00:00Z"),
        ..request(ANN, RSA)
    };
    folders.recipient("expired", &root.issue(&expired).unwrap());
    let choice = choose_by(&folders.load().unwrap(), ANN, Profile::Strict, now());
    assert_eq!(choice.considered[0].verdict, Verdict::Expired);
}
