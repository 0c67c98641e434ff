//! ML-KEM: certificates, sealed mail, and the dates of the policy.

use der::Decode;
use ml_kem::{Decapsulate, DecapsulationKey, KeyExport, MlKem512, MlKem768, MlKem1024, Seed};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use openssl::x509::X509;

use super::super::issue::{Authority, Usage};
use super::super::{Algorithms, Certificate, ContentCipher, Key, KeyEncryption, MlKem, SealError, seal};
use super::interop::der_of;
use super::pki::*;
use super::sealing::{MAIL, split};
use crate::message::ber::Elements;
use crate::message::{CertificateVerdict as Verdict, Demand, Profile, RawMessage};

const LEVELS: [MlKem; 3] = [MlKem::L512, MlKem::L768, MlKem::L1024];

/// The private key, from which the public one follows (FIPS 203 §7.1).
fn seed() -> Seed {
    Seed::from(std::array::from_fn(|place| place as u8))
}

fn public(level: MlKem) -> Vec<u8> {
    match level {
        MlKem::L512 => DecapsulationKey::<MlKem512>::from_seed(seed())
            .encapsulation_key()
            .to_bytes()
            .to_vec(),
        MlKem::L768 => DecapsulationKey::<MlKem768>::from_seed(seed())
            .encapsulation_key()
            .to_bytes()
            .to_vec(),
        MlKem::L1024 => DecapsulationKey::<MlKem1024>::from_seed(seed())
            .encapsulation_key()
            .to_bytes()
            .to_vec(),
    }
}

fn decapsulate(level: MlKem, ciphertext: &[u8]) -> Vec<u8> {
    match level {
        MlKem::L512 => DecapsulationKey::<MlKem512>::from_seed(seed())
            .decapsulate_slice(ciphertext)
            .unwrap()
            .to_vec(),
        MlKem::L768 => DecapsulationKey::<MlKem768>::from_seed(seed())
            .decapsulate_slice(ciphertext)
            .unwrap()
            .to_vec(),
        MlKem::L1024 => DecapsulationKey::<MlKem1024>::from_seed(seed())
            .decapsulate_slice(ciphertext)
            .unwrap()
            .to_vec(),
    }
}

/// A certificate for Ann with this public key in ML-KEM's name. OpenSSL before 3.5 cannot make one, so it is made from
/// another: its key is replaced, and the authority signs it again.
fn with_key(root: &Authority, level: MlKem, public: &[u8]) -> X509 {
    let mut wanted = request(ANN, EC);
    wanted.usage = Usage::Unrestricted;
    let der = x509(&root.issue(&wanted).unwrap()).to_der().unwrap();
    let mut whole = Elements::of(&der).enter(0x30).unwrap();
    let mut tbs = whole.enter(0x30).unwrap();
    let algorithm = whole.take(0x30).unwrap().whole.to_vec();
    let mut fields: Vec<Vec<u8>> = Vec::new();
    while let Some(field) = tbs.next() {
        fields.push(field.whole.to_vec());
    }
    let oid = der::Encode::to_der(&level.oid()).unwrap();
    let bits = element(0x03, &[&[0], public].concat());
    fields[6] = element(0x30, &[element(0x30, &oid), bits].concat());
    let tbs = element(0x30, &fields.concat());
    let mut signer = Signer::new(MessageDigest::sha256(), root.key()).unwrap();
    let signature = signer.sign_oneshot_to_vec(&tbs).unwrap();
    let signature = element(0x03, &[&[0][..], &signature].concat());
    X509::from_der(&element(0x30, &[tbs, algorithm, signature].concat())).unwrap()
}

fn read(x509: &X509) -> Certificate {
    Certificate::from_der(&x509.to_der().unwrap()).unwrap()
}

/// Opens KEMRecipientInfo by the words of RFC 9629 §2.2, with nothing of what wrote it.
fn open(der: &[u8], level: MlKem) -> Vec<u8> {
    use cms::content_info::ContentInfo;
    use cms::enveloped_data::{EnvelopedData, RecipientInfo};
    let info = ContentInfo::from_der(der).unwrap();
    let enveloped: EnvelopedData = info.content.decode_as().unwrap();
    assert_eq!(enveloped.version, cms::content_info::CmsVersion::V3);
    let Some(RecipientInfo::Ori(other)) = enveloped.recip_infos.0.get(0) else {
        panic!("another kind of recipient");
    };
    assert_eq!(other.ori_type.to_string(), "1.2.840.113549.1.9.16.13.3");
    let value = der::Encode::to_der(&other.ori_value).unwrap();
    let mut fields = Elements::of(&value).enter(0x30).unwrap();
    assert_eq!(fields.take(0x02).unwrap().content, [0]);
    fields.take(0x30).unwrap();
    let kem = fields.take(0x30).unwrap().content;
    assert_eq!(
        kem,
        der::Encode::to_der(&level.oid()).unwrap(),
        "without parameters"
    );
    let ciphertext = fields.take(0x04).unwrap().content;
    fields.take(0x30).unwrap();
    let length = fields.take(0x02).unwrap();
    let wrap = fields.take(0x30).unwrap();
    let wrapped = fields.take(0x04).unwrap().content;
    assert!(fields.is_empty());
    assert_eq!(length.content, [32]);
    let info = element(0x30, &[wrap.whole, length.whole].concat());
    let hmac = |key: &[u8], text: &[u8]| {
        let key = PKey::hmac(key).unwrap();
        Signer::new(MessageDigest::sha256(), &key)
            .unwrap()
            .sign_oneshot_to_vec(text)
            .unwrap()
    };
    let extracted = hmac(&[0; 32], &decapsulate(level, ciphertext));
    let kek = hmac(&extracted, &[&info[..], &[1]].concat());
    let kek = openssl::aes::AesKey::new_decrypt(&kek).unwrap();
    let mut key = [0; 32];
    openssl::aes::unwrap_key(&kek, None, &mut key, wrapped).unwrap();
    let content = &enveloped.encrypted_content;
    let iv = content
        .content_enc_alg
        .parameters
        .as_ref()
        .unwrap()
        .value()
        .to_vec();
    let ciphertext = content.encrypted_content.as_ref().unwrap().as_bytes();
    openssl::symm::decrypt(openssl::symm::Cipher::aes_256_cbc(), &key, Some(&iv), ciphertext).unwrap()
}

#[test]
fn mail_to_every_parameter_set_opens_by_the_words_of_the_standard() {
    let root = root();
    for level in LEVELS {
        let certificate = read(&with_key(&root, level, &public(level)));
        assert_eq!(certificate.key(), &Key::MlKem(level));
        let algorithms = Algorithms::choose(Profile::Compatible, certificate.key(), None).unwrap();
        let sealed = seal(&RawMessage::new(MAIL), &certificate, algorithms, &[]).unwrap();
        assert_eq!(
            sealed.algorithm,
            format!("AES-256-CBC, {level}, AES-256 key wrap")
        );
        let inner = open(&der_of(sealed.message.as_bytes()), level);
        assert!(inner.ends_with(split(MAIL).1), "{level}");
        let again = seal(&RawMessage::new(MAIL), &certificate, algorithms, &[]).unwrap();
        assert_ne!(
            sealed.message, again.message,
            "each encapsulation has its own randomness"
        );
    }
}

/// OpenSSL knows ML-KEM from 3.5 on, and KEMRecipientInfo from 3.6 on; the feature `vendored` brings it.
#[cfg(feature = "vendored")]
#[test]
fn openssl_opens_mail_to_an_ml_kem_key_in_every_profile() {
    use openssl::pkey::KeyType;
    let root = root();
    let kinds = [KeyType::ML_KEM_512, KeyType::ML_KEM_768, KeyType::ML_KEM_1024];
    for (level, kind) in LEVELS.into_iter().zip(kinds) {
        let x509 = with_key(&root, level, &public(level));
        let key = PKey::private_key_from_seed(None, kind, None, seed().as_slice()).unwrap();
        for profile in [Profile::Compatible, Profile::Modern] {
            let algorithms = Algorithms::choose(profile, &Key::MlKem(level), None).unwrap();
            let sealed = seal(&RawMessage::new(MAIL), &read(&x509), algorithms, &[]).unwrap();
            let cms = openssl::cms::CmsContentInfo::smime_read_cms(sealed.message.as_bytes()).unwrap();
            let inner = cms.decrypt(&key, &x509).unwrap();
            assert!(inner.ends_with(split(MAIL).1), "{level}, {profile:?}");
        }
    }
}

#[test]
fn no_cipher_of_128_bits_stands_beside_an_ml_kem_key() {
    use super::super::Abilities;
    let says = Abilities {
        aes_128_cbc: true,
        aes_128_gcm: true,
        ..Abilities::default()
    };
    for profile in [Profile::Compatible, Profile::Modern, Profile::Strict] {
        let chosen = Algorithms::choose(profile, &Key::MlKem(MlKem::L512), Some(&says)).unwrap();
        assert!(
            matches!(
                chosen.content,
                ContentCipher::Aes256Cbc | ContentCipher::Aes256Gcm
            ),
            "{chosen:?}"
        );
        assert_eq!(chosen.key, KeyEncryption::MlKem);
    }
}

#[test]
fn a_damaged_key_is_not_encrypted_to() {
    let root = root();
    let whole = public(MlKem::L768);
    let cut = &whole[1..];
    let mut beyond = whole.clone();
    // A coefficient that is not below 3329 (FIPS 203 §7.2).
    beyond[..2].copy_from_slice(&[0xff, 0xff]);
    for (what, key) in [("cut", cut), ("beyond the modulus", &beyond), ("empty", &[])] {
        let certificate = read(&with_key(&root, MlKem::L768, key));
        assert!(matches!(certificate.key(), Key::Other(_)), "{what}");
        let ec = Algorithms {
            content: ContentCipher::Aes256Cbc,
            key: KeyEncryption::MlKem,
        };
        let refused = seal(&RawMessage::new(MAIL), &certificate, ec, &[]);
        assert!(matches!(refused, Err(SealError::Crypto(_))), "{what}");
    }
}

#[test]
fn a_path_that_openssl_cannot_check_is_refused_and_says_why() {
    // From 3.5 on, OpenSSL can; see the tests that need `vendored`.
    if openssl::version::number() >= 0x3050_0000 {
        return;
    }
    let root = root();
    let folders = Folders::trusting(&root);
    let quantum = with_key(&root, MlKem::L768, &public(MlKem::L768));
    folders.put(
        "recipients/quantum.pem",
        String::from_utf8(quantum.to_pem().unwrap()).unwrap(),
    );
    assert!(untrusted(folders.verdict(ANN)).contains("feature `vendored`"));
}

#[cfg(feature = "vendored")]
#[test]
fn an_ml_kem_certificate_is_judged_preferred_and_required_by_date() {
    let root = root();
    let folders = Folders::trusting(&root);
    let quantum = with_key(&root, MlKem::L768, &public(MlKem::L768));
    let fingerprint = read(&quantum).fingerprint().to_owned();
    folders.put(
        "recipients/quantum.pem",
        String::from_utf8(quantum.to_pem().unwrap()).unwrap(),
    );
    let mut newer = request(ANN, EC);
    newer.not_before = at("2027-05-01T00:00:00Z");
    folders.recipient("newer", &root.issue(&newer).unwrap());
    let bob = "bob@partner.example";
    folders.recipient("bob", &root.issue(&request(bob, EC)).unwrap());
    let certificates = folders.load().unwrap();
    let ask = |who: &str, demand: Demand| {
        let who: crate::message::Address = who.parse().unwrap();
        let choice = futures_util::FutureExt::now_or_never(certificates.choose(&who, demand, now()));
        choice.unwrap().unwrap()
    };
    let (past, future) = (Some(at("2027-01-01T00:00:00Z")), Some(at("2029-01-01T00:00:00Z")));
    let chosen = |demand: Demand| {
        let choice = ask(ANN, demand);
        let verdict = |one: &&crate::message::Considered| one.fingerprint == fingerprint;
        let own = choice.considered.iter().find(verdict).unwrap();
        assert!(
            matches!(own.verdict, Verdict::Chosen | Verdict::Usable),
            "{:?}",
            own.verdict
        );
        own.verdict == Verdict::Chosen
    };
    let none = Demand::default;
    assert!(!chosen(none()), "without a policy, the newest wins");
    assert!(chosen(Demand {
        post_quantum_first: past,
        ..none()
    }));
    assert!(!chosen(Demand {
        post_quantum_first: future,
        post_quantum_only: future,
        ..none()
    }));
    assert!(chosen(Demand {
        post_quantum_only: past,
        ..none()
    }));
    let only = ask(
        bob,
        Demand {
            post_quantum_only: past,
            ..none()
        },
    );
    assert!(only.chosen.is_none());
    assert_eq!(only.considered[0].verdict, Verdict::NotPostQuantum);
}

#[cfg(feature = "vendored")]
#[test]
fn the_path_to_an_ml_kem_certificate_is_as_strict_as_to_any_other() {
    let root = root();
    let stranger = Authority::new("Test Root", EC, start(), end()).unwrap();
    let weak = Authority::new("Weak", super::super::issue::KeyKind::Rsa(1024), start(), end()).unwrap();
    let short = root
        .intermediate("Short", super::super::issue::KeyKind::Rsa(1024), start(), end())
        .unwrap();
    let ended = root
        .intermediate("Ended", EC, start(), at("2027-01-01T00:00:00Z"))
        .unwrap();
    let folders = Folders::trusting(&root);
    folders.put("anchors/weak.pem", weak.certificate_pem().unwrap());
    folders.put("intermediates/short.pem", short.certificate_pem().unwrap());
    folders.put("intermediates/ended.pem", ended.certificate_pem().unwrap());
    let folders = std::cell::RefCell::new(folders);
    let verdict = |x509: &X509| {
        let folders = folders.borrow_mut();
        folders.put(
            "recipients/ann.pem",
            String::from_utf8(x509.to_pem().unwrap()).unwrap(),
        );
        folders.verdict(ANN)
    };
    let key = public(MlKem::L768);
    assert_eq!(verdict(&with_key(&root, MlKem::L768, &key)), Verdict::Chosen);
    for (what, authority) in [
        ("another key", &stranger),
        ("a weak anchor", &weak),
        ("a weak CA", &short),
        ("a CA that has ended", &ended),
    ] {
        let answer = verdict(&with_key(authority, MlKem::L768, &key));
        assert!(matches!(answer, Verdict::Untrusted(_)), "{what}: {answer:?}");
    }
}

#[test]
fn from_the_day_on_that_it_is_required_no_other_key_is_sealed_to() {
    let root = root();
    let folders = Folders::trusting(&root);
    folders.recipient("ann", &root.issue(&request(ANN, EC)).unwrap());
    let certificates = folders.load().unwrap();
    let ask = |from: &str| {
        let demand = Demand {
            post_quantum_only: Some(at(from)),
            ..Demand::default()
        };
        let choice =
            futures_util::FutureExt::now_or_never(certificates.choose(&ANN.parse().unwrap(), demand, now()));
        choice.unwrap().unwrap().considered[0].verdict.clone()
    };
    assert_eq!(ask("2027-06-01T12:00:01Z"), Verdict::Chosen);
    assert_eq!(ask("2027-06-01T12:00:00Z"), Verdict::NotPostQuantum);
}
