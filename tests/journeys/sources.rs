//! Where certificates come from, while the gateway runs.

use std::io::{Read, Write};

use jiff::{SignedDuration, Timestamp};
use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509Builder, X509Extension};
use sealgate::smime::issue::{Authority, KeyKind};

use crate::support::gateway::{Gateway, Options};
use crate::support::mail::{send, send_for_id};
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, ERNST};

const SECRET: &str = "From: clerk@agency.example\nSubject: x\n\nMargaret Holloway, SSN 536-22-8145.\n";
const PLAIN: &str = "From: clerk@agency.example\nSubject: x\n\nThe meeting is at noon.\n";
const CLERK: &str = "clerk@agency.example";

/// What a trace says, without its line breaks.
fn trace(gateway: &Gateway, id: &str) -> String {
    let told = gateway.ask(&["trace", id]);
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_certificate_that_is_imported_is_encrypted_to_at_once_and_one_that_is_removed_no_more() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let file = gateway
        .directory
        .path()
        .join(format!("certs/recipients/{ANNA}.pem"));
    let moved = gateway.directory.path().join("anna.pem");
    std::fs::rename(file, &moved).unwrap();
    gateway.reload("were read again");
    let refused = send_for_id(gateway.address, CLERK, &[ANNA], SECRET);
    assert!(trace(&gateway, &refused).contains("no certificate for the address"));
    let told = gateway.ask(&["cert", "import", moved.to_str().unwrap(), "--note", "by hand"]);
    assert!(told.contains("1 imported, 1 of them can be used today"), "{told}");
    assert!(
        gateway
            .ask(&["cert", "check", ANNA])
            .contains("would be encrypted")
    );
    let sealed = send_for_id(gateway.address, CLERK, &[ANNA], SECRET);
    let told = trace(&gateway, &sealed);
    assert!(
        told.contains("AES-256") && told.contains("from: imported"),
        "{told}"
    );
    let listed: serde_json::Value = serde_json::from_str(&gateway.ask(&["cert", "list", "--json"])).unwrap();
    let listed = listed.as_array().unwrap();
    let own = listed
        .iter()
        .find(|one| one["source"] == "register (imported)")
        .unwrap();
    assert_eq!((&own["for"], &own["note"]), (&ANNA.into(), &"by hand".into()));
    gateway.ask(&["cert", "remove", own["fingerprint"].as_str().unwrap()]);
    let refused = send_for_id(gateway.address, CLERK, &[ANNA], SECRET);
    assert!(trace(&gateway, &refused).contains("no certificate for the address"));
}

#[test]
fn a_directory_that_does_not_answer_delays_only_mail_that_cannot_be_sealed_without_it() {
    let mailbox = Mailbox::start();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let directory = format!(
        "[[certificates.ldap]]\nurl = \"ldaps://localhost:{port}\"\nbase = \"dc=partner\"\ndomains = [\"partner.example\"]\n"
    );
    let options = Options {
        deliver: directory,
        ..Options::default()
    };
    let gateway = Gateway::start(mailbox.address, &options);
    let unknown = "somebody@partner.example";
    let later = send(gateway.address, CLERK, &[unknown], SECRET).unwrap_err();
    assert!(later.is_transient(), "{later}");
    assert!(!later.to_string().contains(unknown), "{later}");
    send(gateway.address, CLERK, &[unknown], PLAIN).unwrap();
    send(gateway.address, CLERK, &[ERNST], SECRET).unwrap();
    assert_eq!(mailbox.letters(2).len(), 2);
    assert!(gateway.log().contains("a source of certificates failed"));
    assert!(!gateway.log().contains("somebody"), "{}", gateway.log());
}

/// A certificate of this CA whose revocation list lies at `place`.
fn with_list(ca: &Authority, address: &str, place: &str) -> (String, String) {
    let signer = PKey::private_key_from_pem(ca.key_pem().unwrap().as_bytes()).unwrap();
    let issuer = X509::from_pem(ca.certificate_pem().unwrap().as_bytes()).unwrap();
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let serial = BigNum::from_u32(0x5ea1).unwrap();
    let mut certificate = X509Builder::new().unwrap();
    certificate.set_version(2).unwrap();
    certificate
        .set_serial_number(&Asn1Integer::from_bn(&serial).unwrap())
        .unwrap();
    certificate
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    certificate
        .set_not_after(&Asn1Time::days_from_now(30).unwrap())
        .unwrap();
    certificate.set_issuer_name(issuer.subject_name()).unwrap();
    certificate.set_pubkey(&key).unwrap();
    let names = SubjectAlternativeName::new()
        .email(address)
        .build(&certificate.x509v3_context(None, None));
    certificate.append_extension(names.unwrap()).unwrap();
    // crlDistributionPoints with one full name (RFC 5280 §4.2.1.13); the lengths fit one octet.
    let element = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
    let name = element(0xa0, &element(0xa0, &element(0x86, place.as_bytes())));
    let points = Asn1OctetString::new_from_bytes(&element(0x30, &element(0x30, &name))).unwrap();
    let oid = Asn1Object::from_str("2.5.29.31").unwrap();
    certificate
        .append_extension(X509Extension::new_from_der(&oid, false, &points).unwrap())
        .unwrap();
    certificate.sign(&signer, MessageDigest::sha256()).unwrap();
    let pem = certificate.build().to_pem().unwrap();
    (String::from_utf8(pem).unwrap(), "5ea1".to_owned())
}

#[test]
fn a_certificate_that_its_ca_has_revoked_is_used_no_more_once_the_list_was_fetched() {
    let mailbox = Mailbox::start();
    let web = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("http://localhost:{}/ca.crl", web.local_addr().unwrap().port());
    let (now, hour) = (Timestamp::now(), SignedDuration::from_hours(1));
    let ca = Authority::new("Partner CA", KeyKind::Rsa(2048), now - hour, now + hour * 1_000).unwrap();
    let (certificate, serial) = with_list(&ca, "late@elsewhere.example", &place);
    let list = ca
        .revocation_list(&[&serial], now - hour, now + hour * 24)
        .unwrap();
    std::thread::spawn(move || {
        for stream in web.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                list.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), list.as_bytes()].concat());
        }
    });
    let tables =
        "[certificates.online]\ncrls = true\nhosts = [\"localhost\"]\nfolder = \"fetched\"\n".to_owned();
    let gateway = Gateway::start(
        mailbox.address,
        &Options {
            tables,
            ..Options::default()
        },
    );
    gateway
        .directory
        .write("certs/anchors/partner.pem", ca.certificate_pem().unwrap());
    gateway.directory.write("certs/recipients/late.pem", certificate);
    gateway.reload("were read again");
    // A policy that somebody is just writing is nothing that a CA's list should put in force.
    gateway
        .directory
        .write("policies/policy.toml", "elements = [\"half a wo");
    let first = send_for_id(gateway.address, CLERK, &["late@elsewhere.example"], SECRET);
    assert!(
        trace(&gateway, &first).contains("AES-256"),
        "nobody has looked yet"
    );
    gateway.wait_for_log("what issuers of certificates publish was taken in");
    let second = send_for_id(gateway.address, CLERK, &["late@elsewhere.example"], SECRET);
    let told = trace(&gateway, &second);
    assert!(told.contains("its issuer has revoked it"), "{told}");
    let kept = gateway.directory.path().join("fetched");
    assert!(
        kept.is_dir(),
        "relative paths start at the folder of the settings"
    );
}
