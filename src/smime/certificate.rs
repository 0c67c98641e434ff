//! One X.509 certificate (RFC 5280), parsed once: what it says of itself.
//!
//! Must not know: whether anybody trusts it (that is [`super::trust`]).

use std::fmt;
use std::str::FromStr;

use ::cms::cert::IssuerAndSerialNumber;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc3280::EMAIL_ADDRESS;
use der::Decode;
use openssl::hash::MessageDigest;
use openssl::x509::{X509, X509ExtendedKeyUsage, X509KeyUsage};
use x509_cert::certificate::Version;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, CertificatePolicies, SubjectAltName};
use x509_cert::name::Name;
use x509_cert::time::Time;

use crate::message::{Address, Assurance, CertificateVerdict, Considered};

use super::key::Key;
use super::places::Places;

/// `id-on-SmtpUTF8Mailbox` (RFC 9598 §3): an address whose local part is not ASCII.
pub(super) const SMTP_UTF8_MAILBOX: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.9");

/// An X.509 certificate (RFC 5280), parsed once.
pub struct Certificate {
    x509: X509,
    id: IssuerAndSerialNumber,
    fingerprint: String,
    subject: String,
    issuer: String,
    serial: String,
    not_before: jiff::Timestamp,
    not_after: jiff::Timestamp,
    addresses: Vec<Address>,
    subject_addresses: Vec<Address>,
    names_mailboxes: bool,
    domains: Vec<String>,
    policies: Vec<ObjectIdentifier>,
    key: Key,
    usage: Option<X509KeyUsage>,
    purposes: Option<X509ExtendedKeyUsage>,
    constraints: Constraints,
    places: Places,
}

/// Why bytes are not a certificate.
#[derive(Debug, Clone, thiserror::Error)]
#[error("not a readable X.509 certificate: {0}")]
pub struct CertificateError(String);

/// What basicConstraints says (RFC 5280 §4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Constraints {
    Authority,
    EndEntity,
}

impl Certificate {
    /// Reads one certificate from DER.
    ///
    /// # Errors
    /// When the bytes are not exactly one certificate.
    pub fn from_der(der: &[u8]) -> Result<Certificate, CertificateError> {
        let wrong = |reason: String| CertificateError(reason);
        let parsed = x509_cert::Certificate::from_der(der).map_err(|e| wrong(e.to_string()))?;
        let x509 = X509::from_der(der).map_err(|_| wrong("its parts do not decode".to_owned()))?;
        let tbs = parsed.tbs_certificate();
        let digest = x509
            .digest(MessageDigest::sha256())
            .map_err(|e| wrong(e.to_string()))?;
        let encoding = |e: der::Error| wrong(e.to_string());
        check_extensions(tbs.extensions().map_or(&[], |all| all.as_slice()), tbs.version())?;
        let policies = tbs.get_extension::<CertificatePolicies>().map_err(encoding)?;
        let policies = policies.map(|(_, policies)| policies.0).unwrap_or_default();
        let names = tbs.get_extension::<SubjectAltName>().map_err(encoding)?;
        let names = names.map(|(_, names)| names.0).unwrap_or_default();
        let constraints = tbs.get_extension::<BasicConstraints>().map_err(encoding)?;
        Ok(Certificate {
            id: IssuerAndSerialNumber {
                issuer: tbs.issuer().clone(),
                serial_number: tbs.serial_number().clone(),
            },
            fingerprint: hex(&digest),
            subject: one_line(tbs.subject()),
            issuer: one_line(tbs.issuer()),
            serial: serial(&x509)?,
            not_before: timestamp(tbs.validity().not_before),
            not_after: timestamp(tbs.validity().not_after),
            addresses: names.iter().filter_map(mailbox).collect(),
            subject_addresses: subject_mailboxes(tbs.subject()),
            names_mailboxes: names.iter().any(is_mailbox),
            domains: names.iter().filter_map(domain).collect(),
            policies: policies.iter().map(|policy| policy.policy_identifier).collect(),
            key: Key::of(&x509, tbs.subject_public_key_info()),
            usage: x509.key_usage(),
            purposes: x509.extended_key_usage(),
            constraints: match constraints {
                Some((_, basic)) if basic.ca => Constraints::Authority,
                _ => Constraints::EndEntity,
            },
            places: Places::of(tbs),
            x509,
        })
    }

    /// SHA-256 of the DER, in lower-case hexadecimal.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Subject distinguished name, in one line (RFC 4514).
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Issuer distinguished name, in one line (RFC 4514).
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Serial number, in lower-case hexadecimal.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Begin of validity.
    pub fn not_before(&self) -> jiff::Timestamp {
        self.not_before
    }

    /// End of validity.
    pub fn not_after(&self) -> jiff::Timestamp {
        self.not_after
    }

    /// Where its issuer publishes something about it.
    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// The public key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The addresses in subjectAltName: the only ones that count (RFC 8550 §3).
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Addresses that stand in the subject only. They never make a certificate usable, but a look-up should
    /// find it by them, so that people read "wrong address" and not "no certificate".
    pub fn subject_addresses(&self) -> &[Address] {
        &self.subject_addresses
    }

    /// Domains whose mail it is for as a whole: a subjectAltName `@partner.example`.
    pub fn domains(&self) -> &[String] {
        &self.domains
    }

    /// Whether subjectAltName names a mailbox, readable here or not.
    pub(super) fn names_mailboxes(&self) -> bool {
        self.names_mailboxes
    }

    /// The policies that it states (RFC 5280 §4.2.1.4).
    pub(super) fn policies(&self) -> &[ObjectIdentifier] {
        &self.policies
    }

    /// Whether key usage and extended key usage allow encrypting mail to it (RFC 8550 §4.4.2, §4.4.4).
    /// An extension that is absent restricts nothing; one that cannot be read allows nothing.
    pub fn may_encrypt_mail(&self) -> bool {
        let needed = match self.key {
            Key::Ec(_) => X509KeyUsage::KEY_AGREEMENT,
            _ => X509KeyUsage::KEY_ENCIPHERMENT,
        };
        self.usage.is_none_or(|usage| usage.contains(needed)) && self.serves_mail()
    }

    /// Whether key usage and extended key usage allow signing mail (RFC 8550 §4.4.2, §4.4.4).
    pub fn may_sign_mail(&self) -> bool {
        let needed = X509KeyUsage::DIGITAL_SIGNATURE | X509KeyUsage::NON_REPUDIATION;
        self.usage.is_none_or(|usage| usage.intersects(needed)) && self.serves_mail()
    }

    /// What is said of it under `verdict`.
    pub fn considered(&self, verdict: CertificateVerdict, assurance: Option<Assurance>) -> Considered {
        Considered {
            fingerprint: self.fingerprint.clone(),
            subject: self.subject.clone(),
            issuer: self.issuer.clone(),
            serial: self.serial.clone(),
            not_after: self.not_after,
            key: self.key.to_string(),
            assurance,
            origin: None,
            verdict,
        }
    }

    /// Whether it says of itself that it signs mail: digitalSignature (RFC 8550 §4.4.2) and e-mail protection. Silence
    /// is not enough for a key of our own, for some readers do not take it for a yes.
    pub fn says_it_signs_mail(&self) -> bool {
        let signs = |usage: X509KeyUsage| usage.contains(X509KeyUsage::DIGITAL_SIGNATURE);
        self.usage.is_some_and(signs) && self.purposes.is_some() && self.serves_mail()
    }

    /// The certificate in DER.
    pub fn to_der(&self) -> Vec<u8> {
        // It was read from DER, so OpenSSL can write it.
        self.x509.to_der().unwrap_or_default()
    }

    /// The certificate in PEM.
    pub fn to_pem(&self) -> String {
        let pem = self.x509.to_pem().unwrap_or_default();
        String::from_utf8_lossy(&pem).into_owned()
    }

    /// Whether extended key usage is absent or names e-mail protection or any purpose.
    pub(super) fn serves_mail(&self) -> bool {
        let mail = X509ExtendedKeyUsage::SMIME | X509ExtendedKeyUsage::ANYEKU;
        self.purposes.is_none_or(|purposes| purposes.intersects(mail))
    }

    /// Whether basicConstraints says that it is a CA (RFC 5280 §6.1.4 (k)).
    pub fn is_authority(&self) -> bool {
        self.constraints == Constraints::Authority
    }

    /// Whether key usage lets it sign revocation lists (RFC 5280 §6.3.3 (f)).
    pub(super) fn may_sign_lists(&self) -> bool {
        self.usage
            .is_none_or(|usage| usage.contains(X509KeyUsage::CRL_SIGN))
    }

    /// The bits of its public key (RFC 5280 §4.1.2.7).
    pub(super) fn public_octets(&self) -> Vec<u8> {
        let parsed = x509_cert::Certificate::from_der(&self.to_der());
        let octets = |parsed: x509_cert::Certificate| {
            let info = parsed.tbs_certificate().subject_public_key_info();
            info.subject_public_key.raw_bytes().to_vec()
        };
        parsed.map(octets).unwrap_or_default()
    }

    /// OpenSSL's view of it, for path validation.
    pub(super) fn x509(&self) -> &X509 {
        &self.x509
    }

    /// How CMS names it (RFC 5652 §10.2.4).
    pub(super) fn id(&self) -> &IssuerAndSerialNumber {
        &self.id
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.fingerprint)
    }
}

/// A distinguished name in one line, for people. Control characters are escaped by RFC 4514 already; the ones
/// beyond ASCII, which can turn a line of a log around, are replaced.
pub(super) fn one_line(name: &Name) -> String {
    let direction =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.to_string()
        .chars()
        .map(|c| if c.is_control() || direction(c) { '?' } else { c })
        .collect()
}

/// The mailbox of a subjectAltName, when it is one and can be written as an address.
fn mailbox(name: &GeneralName) -> Option<Address> {
    match name {
        GeneralName::Rfc822Name(text) => Address::from_str(text.as_str()).ok(),
        GeneralName::OtherName(other) if other.type_id == SMTP_UTF8_MAILBOX => {
            let text = other.value.decode_as::<String>().ok()?;
            // An ASCII local part belongs into rfc822Name, where every name constraint is looked for (RFC 9598 §3).
            let address = Address::from_str(&text).ok()?;
            (!address.local().is_ascii()).then_some(address)
        }
        _ => None,
    }
}

fn is_mailbox(name: &GeneralName) -> bool {
    match name {
        GeneralName::Rfc822Name(_) => true,
        GeneralName::OtherName(other) => other.type_id == SMTP_UTF8_MAILBOX,
        _ => false,
    }
}

/// The domain of an rfc822Name `@domain`, as gateways' certificates have it. A name without any `@` is a host and
/// stands for nobody.
fn domain(name: &GeneralName) -> Option<String> {
    let GeneralName::Rfc822Name(text) = name else {
        return None;
    };
    let domain = text.as_str().strip_prefix('@')?;
    // Whatever is no domain in an address is none here.
    let somebody = Address::from_str(&format!("x@{domain}")).ok()?;
    Some(somebody.domain().to_owned())
}

/// Two extensions of one kind could be read one way here and another way by OpenSSL (RFC 5280 §4.2); before
/// version 3 there are none (§4.1.2.9).
fn check_extensions(all: &[x509_cert::ext::Extension], version: Version) -> Result<(), CertificateError> {
    let mut kinds: Vec<_> = all.iter().map(|extension| extension.extn_id).collect();
    kinds.sort();
    if kinds
        .windows(2)
        .any(|pair| matches!(pair, [one, other] if one == other))
    {
        return Err(CertificateError("an extension stands in it twice".to_owned()));
    }
    if version != Version::V3 && !all.is_empty() {
        return Err(CertificateError(
            "it has extensions and is not of version 3".to_owned(),
        ));
    }
    Ok(())
}

/// `emailAddress` attributes of the subject (RFC 2985 §5.2.1), which old certificates carry.
fn subject_mailboxes(subject: &Name) -> Vec<Address> {
    let text = |value: &der::Any| String::from_utf8(value.value().to_vec()).ok();
    subject
        .iter()
        .filter(|attribute| attribute.oid == EMAIL_ADDRESS)
        .filter_map(|attribute| text(&attribute.value)?.parse().ok())
        .collect()
}

/// "No well-defined expiration" is written 99991231235959Z (RFC 5280 §4.1.2.5), two days beyond what a
/// timestamp here can hold.
fn timestamp(time: Time) -> jiff::Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX)
}

fn serial(x509: &X509) -> Result<String, CertificateError> {
    let number = x509.serial_number().to_bn();
    let text = number.and_then(|number| Ok(number.to_hex_str()?.to_lowercase()));
    text.map_err(|e| CertificateError(e.to_string()))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
