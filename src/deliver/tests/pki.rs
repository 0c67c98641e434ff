//! Certificates for one test each.

use std::path::PathBuf;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslContext, SslContextBuilder, SslMethod, SslVerifyMode};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Name};

/// A CA of which one file in the temporary directory tells.
pub struct Ca {
    certificate: X509,
    key: PKey<Private>,
    pub file: PathBuf,
}

impl Ca {
    /// `name` keeps the files of two tests apart.
    pub fn new(name: &str) -> Ca {
        let key = new_key();
        let certificate = issue(name, &key, None, 30);
        let file = std::env::temp_dir().join(format!("sealgate-{}-{name}.pem", std::process::id()));
        std::fs::write(&file, certificate.to_pem().unwrap()).unwrap();
        Ca {
            certificate,
            key,
            file,
        }
    }

    /// The same server, which sends the CA's certificate along.
    pub fn server_with_chain(&self, san: &SubjectAlternativeName, days: i64) -> SslContext {
        let key = new_key();
        let mut context = builder(&issue("server", &key, Some((self, san)), days), &key);
        context.add_extra_chain_cert(self.certificate.clone()).unwrap();
        context.build()
    }

    pub fn certificate(&self) -> &X509 {
        &self.certificate
    }

    /// A server that has a certificate for `san`, valid for `days`.
    pub fn server(&self, san: &SubjectAlternativeName, days: i64) -> SslContext {
        let key = new_key();
        identity(&issue("server", &key, Some((self, san)), days), &key)
    }
}

impl Drop for Ca {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// A server with a certificate that nobody vouches for and that names another host.
pub fn stranger() -> SslContext {
    let key = new_key();
    identity(&issue("stranger", &key, None, 30), &key)
}

pub fn stranger_who_wants_a_certificate() -> SslContext {
    let key = new_key();
    let mut context = builder(&issue("stranger", &key, None, 30), &key);
    context.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    context.build()
}

pub fn loopback() -> SubjectAlternativeName {
    let mut san = SubjectAlternativeName::new();
    san.dns("localhost").ip("127.0.0.1");
    san
}

fn identity(certificate: &X509, key: &PKey<Private>) -> SslContext {
    builder(certificate, key).build()
}

fn builder(certificate: &X509, key: &PKey<Private>) -> SslContextBuilder {
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_certificate(certificate).unwrap();
    context.set_private_key(key).unwrap();
    context
}

fn new_key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn issue(name: &str, key: &PKey<Private>, issuer: Option<(&Ca, &SubjectAlternativeName)>, days: i64) -> X509 {
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let mut subject = X509Name::builder().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(if issuer.is_some() { 2 } else { 1 }).unwrap();
    builder
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_pubkey(key).unwrap();
    builder
        .set_not_before(&Asn1Time::from_unix(now - 30 * 86_400).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::from_unix(now + days * 86_400).unwrap())
        .unwrap();
    match issuer {
        None => {
            builder.set_issuer_name(&subject).unwrap();
            builder
                .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
                .unwrap();
            builder.sign(key, MessageDigest::sha256()).unwrap();
        }
        Some((ca, san)) => {
            builder.set_issuer_name(ca.certificate.subject_name()).unwrap();
            let names = san
                .build(&builder.x509v3_context(Some(&ca.certificate), None))
                .unwrap();
            builder.append_extension(names).unwrap();
            builder.sign(&ca.key, MessageDigest::sha256()).unwrap();
        }
    }
    builder.build()
}
