//! Certificates written field by field, so that any one of them can be wrong.

use der::Encode;
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Builder, X509Name};

use super::super::super::issue::Authority;
use super::super::pki::{ANN, end, extension, start};

pub const BASIC: &str = "2.5.29.19";
pub const USAGE: &str = "2.5.29.15";
pub const PURPOSE: &str = "2.5.29.37";
pub const NAMES: &str = "2.5.29.17";
pub const CONSTRAINTS: &str = "2.5.29.30";
pub const POLICIES: &str = "2.5.29.32";

pub const SIGNS: u8 = 0x80;
pub const ENCIPHERS: u8 = 0x20;
pub const AGREES: u8 = 0x08;
pub const CERTIFIES: u8 = 0x04;
pub const LISTS: u8 = 0x02;

pub const MAIL: &str = "1.3.6.1.5.5.7.3.4";
pub const TLS: &str = "1.3.6.1.5.5.7.3.1";

/// Who signs.
pub struct Ca {
    pub x509: X509,
    pub key: PKey<Private>,
}

impl Ca {
    pub fn of(authority: &Authority) -> Ca {
        Ca {
            x509: X509::from_pem(authority.certificate_pem().unwrap().as_bytes()).unwrap(),
            key: PKey::private_key_from_pem(authority.key_pem().unwrap().as_bytes()).unwrap(),
        }
    }
}

/// Everything that a certificate says.
pub struct Spec {
    pub version: i32,
    pub serial: i32,
    pub validity: [jiff::Timestamp; 2],
    pub common_name: String,
    pub email: Option<String>,
    pub key: PKey<Public>,
    pub digest: MessageDigest,
    pub extensions: Vec<(&'static str, bool, Vec<u8>)>,
}

impl Spec {
    /// A right one for a person.
    pub fn person(mailbox: &str) -> Spec {
        Spec::new("Ann", &elliptic(Nid::X9_62_PRIME256V1))
            .with(BASIC, true, sequence(&[]))
            .with(USAGE, true, usage(AGREES))
            .with(PURPOSE, false, purposes(&[MAIL]))
            .names(&[rfc822(mailbox)])
    }

    /// A right one for a CA.
    pub fn ca(name: &str, key: &PKey<Private>) -> Spec {
        Spec::new(name, key)
            .with(BASIC, true, authority(None))
            .with(USAGE, true, usage(CERTIFIES | LISTS))
    }

    fn new(common_name: &str, key: &PKey<Private>) -> Spec {
        Spec {
            version: 3,
            serial: 77,
            validity: [start(), end()],
            common_name: common_name.to_owned(),
            email: None,
            key: public(key),
            digest: MessageDigest::sha256(),
            extensions: Vec::new(),
        }
    }

    /// With this extension in place of the one of its kind.
    pub fn with(mut self, oid: &'static str, critical: bool, der: Vec<u8>) -> Spec {
        self = self.without(oid);
        self.also(oid, critical, der)
    }

    /// With this extension, whatever stands there already.
    pub fn also(mut self, oid: &'static str, critical: bool, der: Vec<u8>) -> Spec {
        self.extensions.push((oid, critical, der));
        self
    }

    pub fn without(mut self, oid: &str) -> Spec {
        self.extensions.retain(|(known, _, _)| *known != oid);
        self
    }

    pub fn names(self, names: &[Vec<u8>]) -> Spec {
        let names = sequence(&names.concat());
        self.with(NAMES, false, names)
    }

    pub fn sign(&self, ca: &Ca) -> X509 {
        self.sign_as(ca.x509.subject_name().to_owned().unwrap(), &ca.key)
    }

    /// Signed with its own key.
    pub fn sign_self(&self, key: &PKey<Private>) -> X509 {
        self.sign_as(self.subject(), key)
    }

    fn sign_as(&self, issuer: X509Name, key: &PKey<Private>) -> X509 {
        let time = |at: jiff::Timestamp| Asn1Time::from_unix(at.as_second()).unwrap();
        let mut serial = BigNum::from_u32(self.serial.unsigned_abs()).unwrap();
        serial.set_negative(self.serial < 0);
        let mut builder = X509Builder::new().unwrap();
        builder.set_version(self.version - 1).unwrap();
        builder
            .set_serial_number(&Asn1Integer::from_bn(&serial).unwrap())
            .unwrap();
        builder.set_not_before(&time(self.validity[0])).unwrap();
        builder.set_not_after(&time(self.validity[1])).unwrap();
        builder.set_subject_name(&self.subject()).unwrap();
        builder.set_issuer_name(&issuer).unwrap();
        builder.set_pubkey(&self.key).unwrap();
        for (oid, critical, der) in &self.extensions {
            builder.append_extension(extension(oid, *critical, der)).unwrap();
        }
        builder.sign(key, self.digest).unwrap();
        builder.build()
    }

    fn subject(&self) -> X509Name {
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_nid(Nid::COMMONNAME, &self.common_name)
            .unwrap();
        if let Some(email) = &self.email {
            name.append_entry_by_nid(Nid::PKCS9_EMAILADDRESS, email).unwrap();
        }
        name.build()
    }
}

pub fn elliptic(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

pub fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

pub fn public(key: &PKey<Private>) -> PKey<Public> {
    PKey::public_key_from_der(&key.public_key_to_der().unwrap()).unwrap()
}

/// One element of DER; none here is longer than a two-octet length says.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut all = vec![tag];
    match content.len() {
        0..=127 => all.push(length[1]),
        128..=255 => all.extend([0x81, length[1]]),
        _ => all.extend([0x82, length[0], length[1]]),
    }
    all.extend_from_slice(content);
    all
}

pub fn sequence(content: &[u8]) -> Vec<u8> {
    tlv(0x30, content)
}

pub fn oid(text: &str) -> Vec<u8> {
    const_oid::ObjectIdentifier::new(text).unwrap().to_der().unwrap()
}

/// basicConstraints of a CA.
pub fn authority(path_length: Option<u8>) -> Vec<u8> {
    let length = path_length.map_or_else(Vec::new, |length| tlv(2, &[length]));
    sequence(&[tlv(1, &[0xff]), length].concat())
}

pub fn usage(bits: u8) -> Vec<u8> {
    tlv(3, &[0, bits])
}

pub fn purposes(list: &[&str]) -> Vec<u8> {
    sequence(&list.iter().flat_map(|purpose| oid(purpose)).collect::<Vec<_>>())
}

pub fn policies(list: &[&str]) -> Vec<u8> {
    let each = list.iter().map(|policy| sequence(&oid(policy)));
    sequence(&each.collect::<Vec<_>>().concat())
}

pub fn rfc822(text: &str) -> Vec<u8> {
    tlv(0x81, text.as_bytes())
}

pub fn dns(text: &str) -> Vec<u8> {
    tlv(0x82, text.as_bytes())
}

pub fn uri(text: &str) -> Vec<u8> {
    tlv(0x86, text.as_bytes())
}

/// SmtpUTF8Mailbox (RFC 9598 §3), in a string of the type `tag`.
pub fn utf8_mailbox(tag: u8, text: &str) -> Vec<u8> {
    let value = tlv(0xa0, &tlv(tag, text.as_bytes()));
    tlv(0xa0, &[oid("1.3.6.1.5.5.7.8.9"), value].concat())
}

/// Name constraints on mailboxes: what is permitted and what is excluded.
pub fn constraints(permitted: &[&str], excluded: &[&str]) -> Vec<u8> {
    let trees = |tag, names: &[&str]| {
        let all: Vec<u8> = names.iter().flat_map(|name| sequence(&rfc822(name))).collect();
        if all.is_empty() {
            Vec::new()
        } else {
            tlv(tag, &all)
        }
    };
    sequence(&[trees(0xa0, permitted), trees(0xa1, excluded)].concat())
}

/// With the address where old certificates have it.
pub fn in_subject(spec: Spec) -> Spec {
    Spec {
        email: Some(ANN.to_owned()),
        ..spec
    }
}
