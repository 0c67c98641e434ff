//! A directory of the run's own, and the mail and certificates that are measured with.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name};

/// A folder below the system's temporary one, gone at the end.
pub struct Place(PathBuf);

impl Place {
    pub fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("sealgate-bench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary directory can be made");
        Place(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        std::fs::write(&path, content).expect("a file can be written");
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The address of a recipient who has a certificate.
pub fn recipient(number: usize) -> String {
    format!("r{number}@partner.example")
}

/// Writes `certs/` for that many recipients. They share one RSA-2048 key, which nobody who encrypts can tell;
/// making ten thousand keys would take longer than the measurement.
pub fn write_certificates(place: &Place, recipients: usize) {
    let (root, root_key, key) = keys();
    place.write("certs/anchors/root.pem", root.to_pem().expect("PEM"));
    for folder in ["intermediates", "crls", "recipients"] {
        std::fs::create_dir_all(place.path().join("certs").join(folder)).expect("a folder can be made");
    }
    for number in 0..recipients {
        let address = recipient(number);
        let certificate = certificate(&address, key, Some((root, root_key)));
        let name = format!("certs/recipients/{address}.pem");
        place.write(&name, certificate.to_pem().expect("PEM"));
    }
}

type Keys = (X509, PKey<Private>, PKey<Private>);

/// The CA with its key, and the recipients' key; made once.
fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let new = || PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
        let (root_key, key) = (new(), new());
        (certificate("Bench Root", &root_key, None), root_key, key)
    })
}

/// The private key of all recipients.
pub fn private_key() -> &'static PKey<Private> {
    &keys().2
}

/// A certificate for `name`: of a CA without an issuer, of a recipient with one.
fn certificate(name: &str, key: &PKey<Private>, issuer: Option<(&X509, &PKey<Private>)>) -> X509 {
    let mut subject = X509Name::builder().expect("a name");
    subject.append_entry_by_text("CN", name).expect("a name");
    let subject = subject.build();
    let mut serial = BigNum::new().expect("a number");
    serial.rand(100, MsbOption::ONE, false).expect("a number");
    let mut builder = X509Builder::new().expect("a certificate");
    let days = |days| Asn1Time::days_from_now(days).expect("a time");
    builder.set_version(2).expect("a certificate");
    builder
        .set_serial_number(&Asn1Integer::from_bn(&serial).expect("a number"))
        .and_then(|()| builder.set_subject_name(&subject))
        .and_then(|()| builder.set_issuer_name(issuer.map_or(&subject, |(root, _)| root.subject_name())))
        .and_then(|()| builder.set_not_before(&days(0)))
        .and_then(|()| builder.set_not_after(&days(365)))
        .and_then(|()| builder.set_pubkey(key))
        .expect("a certificate");
    if issuer.is_some() {
        let context = builder.x509v3_context(None, None);
        let address = SubjectAlternativeName::new()
            .email(name)
            .build(&context)
            .expect("an extension");
        let usage = KeyUsage::new()
            .critical()
            .key_encipherment()
            .build()
            .expect("an extension");
        let purpose = ExtendedKeyUsage::new()
            .email_protection()
            .build()
            .expect("an extension");
        for extension in [address, usage, purpose] {
            builder.append_extension(extension).expect("an extension");
        }
    } else {
        let ca = BasicConstraints::new()
            .critical()
            .ca()
            .build()
            .expect("an extension");
        let usage = KeyUsage::new()
            .critical()
            .key_cert_sign()
            .crl_sign()
            .build()
            .expect("an extension");
        builder.append_extension(ca).expect("an extension");
        builder.append_extension(usage).expect("an extension");
    }
    let signer = issuer.map_or(key, |(_, key)| key);
    builder
        .sign(signer, MessageDigest::sha256())
        .expect("a signature");
    builder.build()
}

/// A message of about `size` octets, whose text names a person with a Social Security number; the number and
/// the Message-ID are its own. Dots are stuffed already and the end of data is on it.
pub fn mail(number: usize, size: usize) -> Vec<u8> {
    const LINES: [&str; 3] = [
        "Thank you for sending the quarterly figures; we have looked at them and have two remarks.\r\n",
        "The meeting is at the main office on Tuesday, and the agenda follows by separate mail.\r\n",
        "Please let us know whether the new form works for your department, or what is missing.\r\n",
    ];
    let (group, serial) = (10 + number % 80, 1000 + number % 8999);
    let mut mail = format!(
        "From: Clerk <clerk@agency.example>\r\nTo: Partner <r0@partner.example>\r\n\
         Subject: Quarterly report\r\nDate: Thu, 01 Oct 2026 10:00:00 -0400\r\n\
         Message-ID: <{number}.{size}@agency.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n\
         Employee: John Castellano, Social Security number 536-{group}-{serial}.\r\n\r\n"
    );
    let lines = LINES.iter().cycle();
    for line in lines.take((size.saturating_sub(mail.len())) / 88) {
        mail.push_str(line);
    }
    mail.push_str(".\r\n");
    mail.into_bytes()
}

/// The same, to people whom it names.
pub fn mail_to(people: &[String], number: usize, size: usize) -> Vec<u8> {
    let text = String::from_utf8(mail(number, size)).expect("text");
    let to = format!("To: {}\r\n", people.join(",\r\n "));
    text.replacen("To: Partner <r0@partner.example>\r\n", &to, 1)
        .into_bytes()
}
