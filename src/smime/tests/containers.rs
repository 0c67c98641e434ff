//! Certificates out of PKCS#7 and PKCS#12, as OpenSSL and NSS write them, and out of bytes that are neither.

use std::process::Command;

use openssl::nid::Nid;
use openssl::pkcs7::{Pkcs7, Pkcs7Flags};
use openssl::pkcs12::Pkcs12;
use openssl::stack::Stack;
use openssl::x509::X509;

use super::super::issue::Issued;
use super::super::{ContainerError, Contents};
use super::counterparts::have;
use super::pki::*;

/// Ann, and the CA that has issued her certificate.
fn ann() -> (Issued, X509) {
    let root = root();
    let ca = X509::from_pem(root.certificate_pem().unwrap().as_bytes()).unwrap();
    (root.issue(&request(ANN, EC)).unwrap(), ca)
}

fn prints(contents: &Contents) -> Vec<String> {
    contents
        .certificates
        .iter()
        .map(|one| one.fingerprint().to_owned())
        .collect()
}

fn print(x509: &X509) -> String {
    super::super::certificate::hex(&x509.digest(openssl::hash::MessageDigest::sha256()).unwrap())
}

fn pkcs12(people: &(Issued, X509), algorithm: Nid, password: &str) -> Vec<u8> {
    let (ann, ca) = people;
    let (certificate, key) = (x509(ann), key(ann));
    let mut chain = Stack::new().unwrap();
    chain.push(ca.clone()).unwrap();
    let mut builder = Pkcs12::builder();
    builder
        .cert(&certificate)
        .pkey(&key)
        .ca(chain)
        .cert_algorithm(algorithm)
        .key_iter(1);
    builder.build2(password).unwrap().to_der().unwrap()
}

fn pkcs7(people: &(Issued, X509)) -> Vec<u8> {
    let (ann, ca) = people;
    let mut chain = Stack::new().unwrap();
    chain.push(ca.clone()).unwrap();
    let signed = Pkcs7::sign(&x509(ann), &key(ann), &chain, b"", Pkcs7Flags::DETACHED).unwrap();
    signed.to_der().unwrap()
}

fn error(bytes: &[u8], password: Option<&str>) -> String {
    Contents::read(bytes, password).unwrap_err().to_string()
}

#[test]
fn all_certificates_of_a_pkcs7_are_taken_from_der_and_from_pem() {
    let people = ann();
    let der = pkcs7(&people);
    let base64 = openssl::base64::encode_block(&der);
    let pem = format!("A note before\r\n-----BEGIN PKCS7-----\r\n{base64}\r\n-----END PKCS7-----\r\n");
    let mut expected = vec![print(&x509(&people.0)), print(&people.1)];
    expected.sort();
    for bytes in [der.as_slice(), pem.as_bytes()] {
        let mut found = prints(&Contents::read(bytes, None).unwrap());
        found.sort();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_pkcs12_gives_its_certificates_with_the_right_password_and_never_a_key() {
    let people = ann();
    for algorithm in [Nid::AES_256_CBC, Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC] {
        for password in ["", "correct horse \u{e9}\u{1f511}"] {
            // Its MAC is made of the password, too, which nobody looks at.
            let der = pkcs12(&people, algorithm, password);
            let contents = Contents::read(&der, Some(password)).unwrap();
            assert_eq!(prints(&contents), [print(&x509(&people.0)), print(&people.1)]);
            assert_eq!(contents.private_keys, 1);
            assert_eq!(Contents::read(&der, None).is_ok(), password.is_empty());
            let told = error(&der, Some("wrong"));
            assert!(
                told.contains("password") && told.contains("openssl pkcs12 -in"),
                "{told}"
            );
        }
    }
}

#[test]
fn pem_with_a_key_gives_the_certificates_and_counts_the_key() {
    let (ann, _) = ann();
    let both = format!("{}{}", ann.key_pem, ann.certificate_pem);
    let contents = Contents::read(both.as_bytes(), None).unwrap();
    assert_eq!((contents.certificates.len(), contents.private_keys), (1, 1));
    let folders = Folders::trusting(&root());
    folders.put("recipients/key.pem", &ann.key_pem);
    let told = folders.load().err().unwrap();
    assert!(
        told.contains("key.pem: it holds a private key and no certificate"),
        "{told}"
    );
}

#[test]
fn the_folder_reads_containers_and_names_the_one_that_it_cannot_read() {
    let people = ann();
    let folders = Folders::trusting(&root());
    folders.put("recipients/chain.p7b", pkcs7(&people));
    folders.put("recipients/backup.pfx", pkcs12(&people, Nid::AES_128_CBC, ""));
    assert_eq!(wait(folders.load().unwrap().fingerprints("")).unwrap().len(), 2);
    folders.put(
        "recipients/secret.p12",
        pkcs12(&people, Nid::AES_128_CBC, "secret"),
    );
    let told = folders.load().err().unwrap();
    assert!(
        told.contains("secret.p12: ") && told.contains("openssl pkcs12"),
        "{told}"
    );
}

#[test]
fn what_openssl_writes_with_its_commands_is_read() {
    let name = "what_openssl_writes_with_its_commands_is_read";
    if !have(name, &["openssl"]) {
        return;
    }
    let people = ann();
    let folder = Temporary::new();
    let ann = folder.write("ann.pem", &people.0.certificate_pem);
    let ca = folder.write("ca.pem", people.1.to_pem().unwrap());
    let key = folder.write("key.pem", &people.0.key_pem);
    let run = |arguments: &[&str]| {
        let out = Command::new("openssl").args(arguments).output().unwrap();
        assert!(
            out.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        out.stdout
    };
    let [ann, ca, key] = [&ann, &ca, &key].map(|path| path.to_str().unwrap());
    let bag = run(&["crl2pkcs7", "-nocrl", "-certfile", ann, "-certfile", ca]);
    assert_eq!(Contents::read(&bag, None).unwrap().certificates.len(), 2);
    // Written as a stream: every length is indefinite.
    let stream = [
        "cms",
        "-sign",
        "-stream",
        "-outform",
        "DER",
        "-nodetach",
        "-in",
        ann,
    ];
    let signed = run(&[&stream[..], &["-signer", ann, "-inkey", key, "-certfile", ca]].concat());
    assert_eq!(signed[1], 0x80, "an indefinite length");
    assert_eq!(Contents::read(&signed, None).unwrap().certificates.len(), 2);
    let export = ["pkcs12", "-export", "-nokeys", "-in", ann, "-passout", "pass:"];
    let plain = run(&[&export[..], &["-certpbe", "NONE", "-nomac"]].concat());
    assert_eq!(
        prints(&Contents::read(&plain, Some("any")).unwrap()),
        [print(&x509(&people.0))]
    );
    let aes = run(&[&export[..], &["-certpbe", "AES-192-CBC", "-iter", "5000"]].concat());
    assert_eq!(Contents::read(&aes, None).unwrap().certificates.len(), 1);
    let old = run(&[&export[..], &["-legacy", "-certpbe", "PBE-SHA1-RC2-40"]].concat());
    assert!(
        error(&old, None).contains("openssl pkcs12 -legacy"),
        "{}",
        error(&old, None)
    );
    let slow = run(&[&export[..], &["-certpbe", "AES-256-CBC", "-iter", "1000001"]].concat());
    assert!(matches!(
        Contents::read(&slow, None),
        Err(ContainerError::Algorithm)
    ));
}

#[test]
fn no_bytes_make_a_container_panic_and_none_that_are_cut_short_are_taken_for_whole() {
    let people = ann();
    let containers = [
        pkcs7(&people),
        pkcs12(&people, Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC, ""),
        pkcs12(&people, Nid::AES_256_CBC, ""),
    ];
    for whole in &containers {
        for end in 0..whole.len() {
            assert!(
                Contents::read(&whole[..end], None).is_err(),
                "{end} octets of {}",
                whole.len()
            );
        }
        for place in 0..whole.len() {
            for change in [1, 0x80] {
                let mut changed = whole.clone();
                changed[place] ^= change;
                if let Ok(contents) = Contents::read(&changed, None) {
                    assert!(contents.certificates.len() <= 2);
                }
            }
        }
    }
    for wrong in [
        &b""[..],
        b"-----BEGIN ",
        b"-----BEGIN PKCS7-----",
        b"-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n",
        b"-----BEGIN PKCS7-----\n====\n-----END ",
        &[0x30, 0x80],
        &[0x30; 4096],
    ] {
        assert!(Contents::read(wrong, None).is_err());
    }
}
