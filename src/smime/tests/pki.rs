//! A small PKI for the tests, in memory or in folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use openssl::asn1::{Asn1Object, Asn1OctetString};
use openssl::hash::MessageDigest;
use openssl::pkey::{HasPublic, PKey, PKeyRef, Private};
use openssl::x509::{X509, X509Builder, X509Extension};

use super::super::issue::{Authority, Issued, KeyKind, Request};
use super::super::{Certificate, Certificates, Choice, Curve, Listed, Settings};
use crate::message::{Address, CertificateVerdict, Demand, Profile};

pub const EC: KeyKind = KeyKind::Ec(Curve::P256);
pub const RSA: KeyKind = KeyKind::Rsa(2048);
pub const ANN: &str = "ann@partner.example";

pub fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

pub fn start() -> jiff::Timestamp {
    at("2026-01-01T00:00:00Z")
}

pub fn end() -> jiff::Timestamp {
    at("2030-01-01T00:00:00Z")
}

/// When the tests take place.
pub fn now() -> jiff::Timestamp {
    at("2027-06-01T12:00:00Z")
}

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub fn request(mailbox: &str, key: KeyKind) -> Request {
    Request::new(mailbox, key, start(), end())
}

pub fn root() -> Authority {
    Authority::new("Test Root", EC, start(), end()).unwrap()
}

pub fn certificate(issued: &Issued) -> Certificate {
    Certificate::from_der(&x509(issued).to_der().unwrap()).unwrap()
}

pub fn x509(issued: &Issued) -> X509 {
    X509::from_pem(issued.certificate_pem.as_bytes()).unwrap()
}

pub fn key(issued: &Issued) -> PKey<Private> {
    PKey::private_key_from_pem(issued.key_pem.as_bytes()).unwrap()
}

/// One certificate of each kind that can be encrypted to, made once: RSA keys take their time.
pub fn recipients() -> &'static [(&'static str, Issued)] {
    static ALL: OnceLock<Vec<(&str, Issued)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let ca = root();
        let make = |kind| ca.issue(&request(ANN, kind)).unwrap();
        vec![
            ("RSA 2048", make(RSA)),
            ("EC P-256", make(EC)),
            ("EC P-384", make(KeyKind::Ec(Curve::P384))),
            ("EC P-521", make(KeyKind::Ec(Curve::P521))),
        ]
    })
}

/// A certificate for any public key, signed by somebody.
pub fn certificate_with_key(key: &PKeyRef<impl HasPublic>) -> Certificate {
    let signer = PKey::private_key_from_pem(recipients()[1].1.key_pem.as_bytes()).unwrap();
    let source = x509(&recipients()[1].1);
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(source.serial_number()).unwrap();
    builder.set_not_before(source.not_before()).unwrap();
    builder.set_not_after(source.not_after()).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.sign(&signer, MessageDigest::sha256()).unwrap();
    Certificate::from_der(&builder.build().to_der().unwrap()).unwrap()
}

/// An element of DER.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let skip = length.iter().take_while(|octet| **octet == 0).count().min(3);
    match content.len() {
        0..=0x7f => [&[tag, content.len() as u8], content].concat(),
        _ => [&[tag, 0x80 | (4 - skip) as u8], &length[skip..], content].concat(),
    }
}

pub fn extension(oid: &str, critical: bool, der: &[u8]) -> X509Extension {
    let oid = Asn1Object::from_str(oid).unwrap();
    let content = Asn1OctetString::new_from_bytes(der).unwrap();
    X509Extension::new_from_der(&oid, critical, &content).unwrap()
}

pub fn untrusted(verdict: CertificateVerdict) -> String {
    match verdict {
        CertificateVerdict::Untrusted(reason) => reason,
        other => panic!("{other:?}"),
    }
}

/// A directory that is removed again.
pub struct Temporary(pub PathBuf);

impl Temporary {
    pub fn new() -> Temporary {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let unique = format!(
            "sealgate-smime-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(unique);
        fs::create_dir_all(&path).unwrap();
        Temporary(path)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The four folders of the settings.
pub struct Folders {
    directory: Temporary,
    pub require_crl: bool,
    /// What else is set.
    pub rules: Settings,
}

impl Folders {
    /// With the root as the only anchor.
    pub fn trusting(root: &Authority) -> Folders {
        let folders = Folders {
            directory: Temporary::new(),
            require_crl: false,
            rules: Settings::default(),
        };
        for folder in ["recipients", "anchors", "intermediates", "crls"] {
            fs::create_dir(folders.path(folder)).unwrap();
            fs::write(folders.path(folder).join("README.md"), "not a certificate").unwrap();
        }
        folders.put("anchors/root.pem", root.certificate_pem().unwrap());
        folders
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        self.directory.write(name, content);
    }

    pub fn recipient(&self, name: &str, issued: &Issued) {
        self.put(&format!("recipients/{name}.pem"), &issued.certificate_pem);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub fn load(&self) -> Result<Certificates, String> {
        Certificates::load(&self.settings())
    }

    pub fn settings(&self) -> Settings {
        Settings {
            recipients: self.path("recipients"),
            anchors: self.path("anchors"),
            intermediates: self.path("intermediates"),
            crls: self.path("crls"),
            require_crl: self.require_crl,
            anchor_domains: self.path("anchors.toml"),
            denied: self.path("denied.toml"),
            ..self.rules.clone()
        }
    }

    pub fn choose(&self, mailbox: &str) -> Choice {
        choose(&self.load().unwrap(), mailbox, now())
    }

    /// Loads anew and gives the verdict on the only certificate for an address.
    pub fn verdict(&self, mailbox: &str) -> CertificateVerdict {
        let choice = self.choose(mailbox);
        assert_eq!(choice.considered.len(), 1, "{mailbox}");
        let verdict = choice.considered[0].verdict.clone();
        assert_eq!(choice.chosen.is_some(), verdict == CertificateVerdict::Chosen);
        verdict
    }

    fn root(&self) -> &Path {
        &self.directory.0
    }
}

pub fn choose(certificates: &Certificates, mailbox: &str, now: jiff::Timestamp) -> Choice {
    choose_by(certificates, mailbox, Profile::Compatible, now)
}

pub fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work)
}

/// Waits until somebody listens there, or the program that should has ended.
pub fn until_it_listens(port: u16, program: &mut std::process::Child) {
    while std::net::TcpStream::connect(("localhost", port)).is_err() {
        let ended = program.try_wait().unwrap();
        assert!(ended.is_none(), "the server ended: {ended:?}");
        std::thread::yield_now();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub fn listed(certificates: &Certificates, profile: Profile) -> Vec<Listed> {
    let mut all = Vec::new();
    wait(certificates.each(|_| profile.into(), now(), |line| all.push(line))).unwrap();
    all
}

pub fn choose_by(
    certificates: &Certificates,
    mailbox: &str,
    demand: impl Into<Demand>,
    now: jiff::Timestamp,
) -> Choice {
    wait(certificates.choose(&address(mailbox), demand, now)).unwrap()
}
