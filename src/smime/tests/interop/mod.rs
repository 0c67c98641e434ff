//! What other programs open, and that none of them opens what was changed: `docs/interop.md` is made here.
//!
//! A program that is not installed is skipped by name. With `SEALGATE_WRITE_INTEROP=1`, the table is written anew,
//! for which all programs must be there.

mod clients;
mod spoil;
mod table;
mod verify;

use std::sync::OnceLock;

use super::super::issue::{Issued, KeyKind};
use super::super::{Algorithms, Certificate, ContentCipher, Curve, Key, KeyEncryption, Payload, seal};
use super::counterparts::announce;
use super::pki::*;
use super::sealing::{MAIL, split};
use crate::message::{Profile, RawMessage};
use clients::Client;

pub use clients::der_of;

/// Somebody to seal to, and a stranger whose certificate has the same issuer and serial number but another key.
pub struct Person {
    pub issued: Issued,
    pub stranger: Issued,
}

/// A sealed message as a client gets it.
pub struct Letter<'a> {
    pub der: Vec<u8>,
    pub mail: Vec<u8>,
    pub owner: &'a Issued,
}

/// Each kind of key, made once.
pub fn people() -> &'static [Person] {
    static ALL: OnceLock<Vec<Person>> = OnceLock::new();
    ALL.get_or_init(|| {
        let curves = [Curve::P256, Curve::P384, Curve::P521].map(KeyKind::Ec);
        let kinds = [KeyKind::Rsa(2048), KeyKind::Rsa(3072)].into_iter().chain(curves);
        let ca = root();
        let person = |(number, kind): (usize, KeyKind)| {
            let mut request = request(ANN, kind);
            request.serial = Some(format!("5EA1{number:02}"));
            Person {
                issued: ca.issue(&request).unwrap(),
                stranger: ca.issue(&request).unwrap(),
            }
        };
        kinds.enumerate().map(person).collect()
    })
}

fn letter(person: &Person, algorithms: Algorithms) -> Letter<'_> {
    let sealed = seal(
        &RawMessage::new(MAIL),
        &certificate(&person.issued),
        algorithms,
        &[],
    )
    .unwrap();
    let mail = sealed.message.as_bytes().to_vec();
    Letter {
        der: clients::der_of(&mail),
        mail,
        owner: &person.issued,
    }
}

/// Every content cipher with every way to encrypt its key.
fn all_algorithms() -> Vec<(&'static Person, Algorithms)> {
    use ContentCipher::{Aes128Cbc, Aes128Gcm, Aes256Cbc, Aes256Gcm};
    let mut all = Vec::new();
    for content in [Aes128Cbc, Aes256Cbc, Aes128Gcm, Aes256Gcm] {
        for (number, person) in people().iter().enumerate() {
            let key = match number {
                0 => KeyEncryption::RsaPkcs1,
                1 => KeyEncryption::RsaOaep,
                _ => KeyEncryption::Ecdh,
            };
            all.push((person, Algorithms { content, key }));
        }
    }
    all
}

fn present(test: &str) -> Vec<Client> {
    let (present, missing): (Vec<Client>, Vec<Client>) = clients::all()
        .into_iter()
        .partition(|client| client.missing().is_empty());
    for client in missing {
        let missing = client.missing();
        announce(&format!(
            "SKIPPED {test}, {}: {missing:?} not installed",
            client.name
        ));
        let nothing_may_be = std::env::var_os("SEALGATE_SKIP_NOTHING").is_some();
        assert!(!nothing_may_be || client.optional, "{test} needs {missing:?}");
    }
    present
}

fn opened(answer: &Option<Vec<u8>>) -> bool {
    answer.as_ref().is_some_and(|text| text.ends_with(split(MAIL).1))
}

#[test]
fn each_client_opens_what_the_kept_table_says_it_opens() {
    let test = "each_client_opens_what_the_kept_table_says_it_opens";
    let all = all_algorithms();
    let letters: Vec<Letter> = all
        .iter()
        .map(|(person, algorithms)| letter(person, *algorithms))
        .collect();
    let rows: Vec<String> = all
        .iter()
        .map(|(person, algorithms)| table::row(certificate(&person.issued).key(), *algorithms))
        .collect();
    let seen: Vec<table::Column> = present(test)
        .into_iter()
        .map(|client| table::Column {
            client: client.name,
            opens: (client.open)(&letters).iter().map(opened).collect(),
        })
        .collect();
    table::keep_or_compare(&rows, &seen);
}

#[test]
fn every_client_opens_the_default_profile_to_an_rsa_key() {
    let test = "every_client_opens_the_default_profile_to_an_rsa_key";
    let letters: Vec<Letter> = people()
        .iter()
        .filter(|person| matches!(certificate(&person.issued).key(), Key::Rsa(_)))
        .map(|person| letter(person, chosen(person, Profile::Compatible)))
        .collect();
    for client in present(test) {
        let answers = (client.open)(&letters);
        assert!(answers.iter().all(opened), "{}", client.name);
    }
}

#[test]
fn each_of_several_recipients_opens_the_one_cms_they_share() {
    let test = "each_of_several_recipients_opens_the_one_cms_they_share";
    let raw = RawMessage::new(MAIL);
    let payload = Payload::to_seal(&raw, &[]).unwrap();
    // Another authority, so that the two RSA keys and the third, of the same kind, are told apart by more than a serial.
    let third = root().issue(&request(ANN, KeyKind::Rsa(2048))).unwrap();
    let owners = [&people()[0].issued, &people()[1].issued, &third];
    let certificates = owners.map(certificate);
    let to: Vec<&Certificate> = certificates.iter().collect();
    let sealed = payload
        .seal(None, &to, chosen(&people()[0], Profile::Compatible))
        .unwrap();
    let mail = sealed.message.as_bytes();
    let letters = owners.map(|owner| Letter {
        der: clients::der_of(mail),
        mail: mail.to_vec(),
        owner,
    });
    for client in present(test) {
        let answers = (client.open)(&letters);
        assert!(
            answers.iter().all(opened),
            "{}: {:?}",
            client.name,
            answers.iter().map(opened).collect::<Vec<_>>()
        );
    }
}

fn chosen(person: &Person, profile: Profile) -> Algorithms {
    Algorithms::choose(profile, certificate(&person.issued).key(), None).unwrap()
}

#[test]
fn no_client_opens_a_tampered_or_truncated_message_or_one_to_another_key() {
    let test = "no_client_opens_a_tampered_or_truncated_message_or_one_to_another_key";
    let mut names = Vec::new();
    let mut letters = Vec::new();
    for (profile, number) in [
        (Profile::Compatible, 0),
        (Profile::Compatible, 2),
        (Profile::Strict, 1),
        (Profile::Strict, 2),
        (Profile::Strict, 3),
    ] {
        let person = &people()[number];
        let algorithms = chosen(person, profile);
        let whole = letter(person, algorithms);
        for (what, spoilt) in spoil::all(&whole, algorithms, person) {
            names.push((format!("{what}, {algorithms:?}"), algorithms));
            letters.push(spoilt);
        }
    }
    for client in present(test) {
        let answers = (client.open)(&letters);
        assert_eq!(answers.len(), names.len());
        for ((name, _), answer) in names.iter().zip(&answers) {
            assert!(!opened(answer), "{}: {name}", client.name);
        }
        // CBC alone cannot tell that content was changed; where GCM is understood, nothing at all may come out.
        let authenticated = names
            .iter()
            .zip(&answers)
            .filter(|((_, algorithms), _)| matches!(algorithms.content, ContentCipher::Aes256Gcm));
        for ((name, _), answer) in authenticated {
            assert!(answer.is_none(), "{}: {name}", client.name);
        }
    }
}
