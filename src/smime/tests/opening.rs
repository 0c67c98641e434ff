//! Mail that others have encrypted to a key of our own.

use std::process::Command;

use super::super::keys::{Secret, write_key_file};
use super::super::{
    Algorithms, ContentCipher, KeyEncryption, Opener, Opening, Payload, Verification, issue::Issued, seal,
};
use super::counterparts::have;
use super::interop::der_of;
use super::pki::*;
use super::sealing::{MAIL, split};
use super::signed::{self, signers, stage};
use crate::message::RawMessage;

const INSIDE: &str = "Content-Type: text/plain; charset=us-ascii\r\n\r\nMargaret Holloway, 536-22-8145\r\n";

/// Everybody's keys at hand.
fn opener() -> Opener {
    Opener::of(recipients().iter().map(|(_, issued)| issued))
}

fn opened(opener: &Opener, mail: &[u8]) -> Result<Vec<u8>, String> {
    match opener.open(&RawMessage::new(mail.to_vec())) {
        Opening::Open(opened) => Ok(opened.message().as_bytes().to_vec()),
        Opening::Closed(why) => Err(why.to_owned()),
        Opening::NotEncrypted => Err("not encrypted".to_owned()),
    }
}

/// A message around CMS from elsewhere.
fn around(der: &[u8]) -> Vec<u8> {
    let base64 = openssl::base64::encode_block(der);
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let head = "From: ann@partner.example\r\nTo: clerk@agency.example\r\nSubject: one\r\nMIME-Version: 1.0\r\n\
                Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\
                Content-Transfer-Encoding: base64\r\n\r\n";
    format!("{head}{}\r\n", lines.join("\r\n")).into_bytes()
}

fn algorithms(issued: &Issued) -> Vec<Algorithms> {
    use ContentCipher::{Aes128Cbc, Aes128Gcm, Aes256Cbc, Aes256Gcm};
    let keys = match certificate(issued).key() {
        super::super::Key::Rsa(_) => vec![KeyEncryption::RsaPkcs1, KeyEncryption::RsaOaep],
        _ => vec![KeyEncryption::Ecdh],
    };
    let each = |content| keys.iter().map(move |key| Algorithms { content, key: *key });
    [Aes128Cbc, Aes256Cbc, Aes128Gcm, Aes256Gcm]
        .into_iter()
        .flat_map(each)
        .collect()
}

#[test]
fn what_this_gateway_seals_another_one_opens_with_its_header() {
    let opener = opener();
    for (name, issued) in recipients() {
        for algorithms in algorithms(issued) {
            let secret = ["Subject".to_owned()];
            let sealed = seal(&RawMessage::new(MAIL), &certificate(issued), algorithms, &secret).unwrap();
            let message = opened(&opener, sealed.message.as_bytes()).unwrap();
            let text = String::from_utf8_lossy(&message);
            assert_eq!(split(&message).1, split(MAIL).1, "{name}, {algorithms:?}");
            assert!(
                text.contains("\r\nSubject: Your file 536-22-8145\r\n"),
                "{name}: {text}"
            );
            assert!(
                text.contains("charset=utf-8") && !text.contains("pkcs7") && !text.contains("HP-Outer"),
                "{text}"
            );
            assert_eq!(text.matches("\r\nSubject:").count(), 1, "{text}");
        }
    }
}

#[test]
fn what_openssl_encrypts_is_opened_in_every_form_that_it_writes() {
    let name = "what_openssl_encrypts_is_opened_in_every_form_that_it_writes";
    if !have(name, &["openssl"]) {
        return;
    }
    let opener = opener();
    let folder = Temporary::new();
    folder.write("content", INSIDE.as_bytes());
    let rsa: &[&[&str]] = &[
        &["-aes128"],
        &["-aes192"],
        &["-aes256"],
        &["-des3"],
        &["-aes-128-gcm"],
        &["-aes-256-gcm"],
        &["-aes256", "-keyid"],
        &["-aes256", "-stream"],
        &["-aes256", "-keyopt", "rsa_padding_mode:oaep"],
        &[
            "-aes256",
            "-keyopt",
            "rsa_padding_mode:oaep",
            "-keyopt",
            "rsa_oaep_md:sha256",
        ],
        &[
            "-aes256",
            "-keyopt",
            "rsa_padding_mode:oaep",
            "-keyopt",
            "rsa_oaep_md:sha512",
            "-keyopt",
            "rsa_mgf1_md:sha1",
        ],
    ];
    let ec: &[&[&str]] = &[
        &["-aes128"],
        &["-aes256"],
        &["-aes-256-gcm"],
        &["-aes256", "-keyid"],
        &["-aes256", "-keyopt", "ecdh_kdf_md:sha1"],
        &["-aes256", "-keyopt", "ecdh_kdf_md:sha384"],
        &[
            "-aes256",
            "-keyopt",
            "ecdh_kdf_md:sha512",
            "-keyopt",
            "ecdh_cofactor_mode:1",
        ],
    ];
    for (number, (kind, issued)) in recipients().iter().enumerate() {
        folder.write("own.pem", issued.certificate_pem.as_bytes());
        for options in if number == 0 { rsa } else { ec } {
            let mut command = Command::new("openssl");
            command.current_dir(&folder.0);
            // The options of a recipient's key stand behind -recip.
            let (before, behind): (Vec<&str>, Vec<&str>) =
                match options.iter().position(|one| *one == "-keyopt") {
                    Some(at) => (options[..at].to_vec(), options[at..].to_vec()),
                    None => (options.to_vec(), Vec::new()),
                };
            command.args([
                "cms", "-encrypt", "-binary", "-in", "content", "-outform", "DER", "-out", "cms",
            ]);
            let output = command
                .args(before)
                .args(["-recip", "own.pem"])
                .args(behind)
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{kind} {options:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            let der = std::fs::read(folder.0.join("cms")).unwrap();
            let message =
                opened(&opener, &around(&der)).unwrap_or_else(|why| panic!("{kind} {options:?}: {why}"));
            let text = String::from_utf8(message).unwrap();
            assert!(
                text.ends_with(INSIDE) && text.contains("Subject: one\r\n"),
                "{kind} {options:?}: {text}"
            );
        }
    }
}

#[test]
fn mail_to_somebody_else_and_mail_that_is_not_encrypted_stays_as_it_is() {
    let rsa = &recipients()[0].1;
    let ec = &recipients()[1].1;
    let sealed = seal(&RawMessage::new(MAIL), &certificate(rsa), algorithms(rsa)[0], &[]).unwrap();
    let other = Opener::of([ec]);
    let why = opened(&other, sealed.message.as_bytes()).unwrap_err();
    assert!(why.contains("none of the keys"), "{why}");
    for mail in [
        MAIL,
        b"",
        b"Content-Type: application/pkcs7-mime\r\n\r\nMAsGCSqGSIb3DQEHAw==\r\n",
    ] {
        assert_eq!(opened(&other, mail).unwrap_err(), "not encrypted");
    }
}

#[test]
fn a_changed_or_cut_message_is_never_taken_for_another_one() {
    let opener = opener();
    for (name, issued) in recipients() {
        for algorithms in algorithms(issued) {
            let sealed = seal(&RawMessage::new(MAIL), &certificate(issued), algorithms, &[]).unwrap();
            let der = der_of(sealed.message.as_bytes());
            let authenticated = matches!(
                algorithms.content,
                ContentCipher::Aes128Gcm | ContentCipher::Aes256Gcm
            );
            let whole = split(MAIL).1;
            for place in (0..der.len()).step_by(3) {
                let mut changed = der.clone();
                changed[place] ^= 1;
                let answer = opened(&opener, &around(&changed));
                if authenticated && let Ok(message) = answer {
                    // A tolerated change of the container, such as of the version, changes nothing inside.
                    assert!(message.ends_with(whole), "{name}, {algorithms:?}, octet {place}");
                }
                assert!(
                    opened(&opener, &around(&der[..place])).is_err(),
                    "{name}, cut at {place}"
                );
            }
        }
    }
}

#[test]
fn a_certificate_that_is_named_again_and_again_costs_a_few_attempts_only() {
    let issued = &recipients()[0].1;
    let certificate = certificate(issued);
    let many = [&certificate; 60];
    let raw = RawMessage::new(MAIL);
    let sealed = Payload::to_seal(&raw, &[])
        .unwrap()
        .seal(None, &many, algorithms(issued)[0])
        .unwrap();
    let mut der = der_of(sealed.message.as_bytes());
    // Every content key but the last one, in the order they stand, is damaged.
    let places: Vec<usize> = memchr::memmem::find_iter(&der, &[0x04, 0x82, 0x01, 0x00])
        .map(|at| at + 4)
        .collect();
    assert_eq!(places.len(), 60);
    places[..59].iter().for_each(|place| der[place + 9] ^= 1);
    assert_eq!(
        opened(&opener(), &around(&der)).unwrap_err(),
        "it does not decrypt"
    );
}

#[test]
fn a_wrong_padding_of_rsa_is_not_told_apart_from_a_wrong_content() {
    let issued = &recipients()[0].1;
    let opener = opener();
    let gcm = Algorithms {
        content: ContentCipher::Aes256Gcm,
        key: KeyEncryption::RsaPkcs1,
    };
    let sealed = seal(&RawMessage::new(MAIL), &certificate(issued), gcm, &[]).unwrap();
    let der = der_of(sealed.message.as_bytes());
    // The encrypted key: an OCTET STRING of 256 octets.
    let key = memchr::memmem::find(&der, &[0x04, 0x82, 0x01, 0x00]).unwrap() + 4;
    let mut wrong_padding = der.clone();
    wrong_padding[key + 100] ^= 1;
    let mut wrong_content = der.clone();
    let last = der.len() - 40;
    wrong_content[last] ^= 1;
    let answers = [wrong_padding, wrong_content].map(|der| opened(&opener, &around(&der)).unwrap_err());
    assert_eq!(answers[0], "it does not decrypt");
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_signature_inside_is_verified() {
    let own = &recipients()[1].1;
    let cms = signers::library(&stage().ann, signed::TEXT);
    let signed = signed::wrap(ANN, signed::TEXT, &cms);
    let payload = Payload::to_seal(&signed, &[]).unwrap();
    let sealed = payload
        .seal(None, &[&certificate(own)], algorithms(own)[0])
        .unwrap();
    let Opening::Open(opened) = Opener::of([own]).open(&sealed.message) else {
        panic!("stays closed");
    };
    let verification = stage()
        .certificates
        .verify_opened(&sealed.message, &opened, now());
    assert!(matches!(verification, Verification::Valid(_)), "{verification:?}");
    assert!(
        matches!(signed::verify(opened.message()), Verification::Valid(_)),
        "as its reader gets it"
    );
}

#[test]
fn a_folder_of_keys_is_read_and_one_that_lies_open_is_refused() {
    let folder = Temporary::new();
    folder.write("secret", b"a secret that is long enough\n");
    let secret_file = folder.0.join("secret");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&secret_file, private).unwrap();
    let issued = &recipients()[1].1;
    let secret = Secret::passphrase(&secret_file).unwrap();
    let pkcs8 = key(issued).private_key_to_pkcs8().unwrap();
    std::fs::create_dir(folder.0.join("keys")).unwrap();
    write_key_file(
        &folder.0.join("keys/own.pem"),
        &pkcs8,
        &secret,
        &issued.certificate_pem,
    )
    .unwrap();
    let opener = Opener::load(&folder.0.join("keys"), Some(&secret_file)).unwrap();
    assert_eq!(opener.certificates().count(), 1);
    let lies_open = format!("{}{}", issued.key_pem, issued.certificate_pem);
    folder.write("keys/open.pem", lies_open.as_bytes());
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.0.join("keys/open.pem"), private).unwrap();
    let error = Opener::load(&folder.0.join("keys"), Some(&secret_file)).unwrap_err();
    assert!(
        error.contains("open.pem") && error.contains("not sealed"),
        "{error}"
    );
}
