//! STARTTLS with a certificate made for the test.

use std::path::PathBuf;

use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode};
use openssl::x509::{X509, X509NameBuilder};

use super::*;

/// A directory that goes away with the test.
pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn new(name: &str) -> Files {
        let directory = std::env::temp_dir().join(format!("sealgate-smtp-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        Files(directory)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Option<PathBuf> {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        Some(path)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn certificate(key: &PKey<Private>) -> X509 {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "gateway.example").unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(key).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(2).unwrap())
        .unwrap();
    builder.sign(key, MessageDigest::sha256()).unwrap();
    builder.build()
}

pub(super) fn with_tls(files: &Files) -> Settings {
    let key = key();
    Settings {
        tls_certificate: files.write("chain.pem", &certificate(&key).to_pem().unwrap()),
        tls_key: files.write("key.pem", &key.private_key_to_pem_pkcs8().unwrap()),
        ..settings()
    }
}

pub(super) fn secured(peer: Peer<TcpStream>) -> Peer<SslStream<TcpStream>> {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
    builder.set_verify(SslVerifyMode::NONE);
    let configuration = builder.build().configure().unwrap().verify_hostname(false);
    Peer {
        stream: configuration.connect("gateway.example", peer.stream).unwrap(),
    }
}

#[test]
fn a_message_travels_under_tls_and_the_gateway_knows() {
    let files = Files::new("travels");
    let gateway = Gateway::start(&with_tls(&files), Recorder::default());
    let mut peer = gateway.greeted();
    peer.ask("MAIL FROM:<forgotten@client.example>", "250");
    peer.ask("STARTTLS", "220 2.0.0");
    let mut peer = secured(peer);
    peer.ask("MAIL FROM:<ann@client.example>", "503 5.5.1 send EHLO first");
    peer.send("EHLO secured.example\r\n");
    let mut offers = Vec::new();
    while offers.last().is_none_or(|line: &String| line.starts_with("250-")) {
        offers.push(peer.line());
    }
    assert!(offers.iter().all(|line| !line.contains("STARTTLS")), "{offers:?}");
    assert!(
        offers.iter().any(|line| line.contains("REQUIRETLS")),
        "{offers:?}"
    );
    peer.begin("bob@partner.example");
    let text = "a line of a message under TLS\r\n".repeat(20_000);
    peer.send(&text);
    peer.ask(".", "250 2.0.0");
    peer.ask("STARTTLS", "503 5.5.1");
    peer.ask("QUIT", "221 2.0.0");
    peer.expect_end();
    let taken = &gateway.recorder.taken()[0];
    assert!(taken.client.tls);
    assert_eq!(taken.client.helo, "secured.example");
    assert!(taken.message.as_bytes() == text.as_bytes());
}

#[test]
fn commands_sent_in_clear_behind_starttls_are_never_run() {
    let files = Files::new("injected");
    let gateway = Gateway::start(&with_tls(&files), Recorder::default());
    let mut peer = gateway.greeted();
    peer.send(
        "STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nx\r\n.\r\n",
    );
    let reply = peer.line();
    // When the octets come in two pieces, the later ones are no TLS handshake.
    assert!(
        reply.starts_with("554 5.5.0") || reply.starts_with("220"),
        "{reply}"
    );
    let mut rest = Vec::new();
    let _ = peer.stream.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"2"), "{}", rest.escape_ascii());
    assert!(gateway.recorder.taken().is_empty());
}

#[test]
fn a_broken_handshake_ends_that_session_only() {
    let files = Files::new("broken");
    let gateway = Gateway::start(&with_tls(&files), Recorder::default());
    let mut peer = gateway.greeted();
    peer.ask("STARTTLS", "220 2.0.0");
    peer.send("NOOP\r\nNOOP\r\n");
    let mut rest = Vec::new();
    let _ = peer.stream.read_to_end(&mut rest);
    assert!(!rest.windows(3).any(|window| window == b"250"));
    gateway.greeted().ask("QUIT", "221");
}

#[test]
fn where_requiretls_is_turned_off_it_is_not_known() {
    let files = Files::new("off");
    let settings = Settings {
        requiretls: false,
        ..with_tls(&files)
    };
    let gateway = Gateway::start(&settings, Recorder::default());
    let mut peer = gateway.greeted();
    peer.ask("STARTTLS", "220 2.0.0");
    let mut peer = secured(peer);
    peer.send("EHLO secured.example\r\n");
    loop {
        let offer = peer.line();
        assert!(!offer.contains("REQUIRETLS"), "{offer}");
        if offer.starts_with("250 ") {
            break;
        }
    }
    peer.ask("MAIL FROM:<ann@client.example> REQUIRETLS", "555 5.5.4");
}

#[test]
fn without_a_certificate_starttls_is_not_offered() {
    let gateway = Gateway::simple();
    let mut peer = gateway.connect();
    peer.send("EHLO c\r\n");
    for offer in [
        "250-gateway.example",
        "250-PIPELINING",
        "250-SIZE 52428800",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-DSN",
        "250-ENHANCEDSTATUSCODES",
    ] {
        peer.expect(offer);
    }
    peer.expect("250 CHUNKING");
    peer.ask("STARTTLS", "502 5.5.1");
}

#[test]
fn mistakes_in_the_tls_files_are_named() {
    let files = Files::new("mistakes");
    let good = with_tls(&files);
    assert!(good.mistakes().is_empty());
    let other_key = files.write("other.pem", &key().private_key_to_pem_pkcs8().unwrap());
    let cipher = openssl::symm::Cipher::aes_128_cbc();
    let locked = key()
        .private_key_to_pem_pkcs8_passphrase(cipher, b"secret")
        .unwrap();
    let locked = files.write("locked.pem", &locked);
    let cases = [
        (
            Settings {
                tls_key: other_key,
                ..good.clone()
            },
            "tls_key is not the key of the first certificate",
        ),
        (
            Settings {
                tls_key: locked,
                ..good.clone()
            },
            "without a passphrase",
        ),
        (
            Settings {
                tls_key: good.tls_certificate.clone(),
                ..good.clone()
            },
            "holds no private key",
        ),
        (
            Settings {
                tls_certificate: good.tls_key.clone(),
                ..good.clone()
            },
            "holds no certificate in PEM form",
        ),
        (
            Settings {
                tls_key: Some("/nowhere".into()),
                ..good.clone()
            },
            "tls_key \"/nowhere\" cannot be read: ",
        ),
        (
            Settings {
                tls_key: None,
                ..good.clone()
            },
            "tls_certificate is set without tls_key",
        ),
        (
            Settings {
                tls_certificate: None,
                ..good.clone()
            },
            "tls_key is set without tls_certificate",
        ),
    ];
    for (settings, message) in cases {
        let mistakes = settings.mistakes();
        assert!(
            mistakes.len() == 1 && mistakes[0].contains(message),
            "{mistakes:?}"
        );
    }
}
