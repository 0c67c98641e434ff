//! Recipients' certificates: fields, keys, extensions and names.

use openssl::bn::BigNum;
use openssl::dsa::Dsa;
use openssl::ec::{Asn1Flag, EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::Rsa;

use super::super::pki::*;
use super::spec::*;
use super::{Row, leaf, row};

/// Fields, keys and extensions.
pub fn rows() -> Vec<Row> {
    let mut rows = vec![
        leaf("ended a year ago", "Expired", |ann| {
            between(ann, "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z")
        }),
        leaf("ends this second", "Expired", |ann| {
            between(ann, "2026-01-01T00:00:00Z", "2027-06-01T12:00:00Z")
        }),
        leaf("ended before the year 2000", "Expired", |ann| {
            between(ann, "1998-01-01T00:00:00Z", "1999-01-01T00:00:00Z")
        }),
        leaf("ends before it begins", "Expired", |ann| {
            between(ann, "2027-05-01T00:00:00Z", "2027-04-01T00:00:00Z")
        }),
        leaf("begins next second", "NotYetValid", |ann| {
            between(ann, "2027-06-01T12:00:01Z", "2028-01-01T00:00:00Z")
        }),
        leaf("begins after 2050", "NotYetValid", |ann| {
            between(ann, "2051-01-01T00:00:00Z", "2052-01-01T00:00:00Z")
        }),
        leaf("keyUsage for signatures only", "WrongUsage", |ann| {
            ann.with(USAGE, true, usage(SIGNS))
        }),
        leaf(
            "keyUsage not critical, and for signatures only",
            "WrongUsage",
            |ann| ann.with(USAGE, false, usage(SIGNS)),
        ),
        leaf("keyUsage without a bit", "WrongUsage", |ann| {
            ann.with(USAGE, true, usage(0))
        }),
        leaf("keyUsage keyEncipherment on an EC key", "WrongUsage", |ann| {
            ann.with(USAGE, true, usage(ENCIPHERS))
        }),
        leaf("keyUsage keyAgreement on an RSA key", "WrongUsage", |ann| {
            of(ann.with(USAGE, true, usage(AGREES)), &rsa(2048))
        }),
        leaf("keyUsage dataEncipherment on an RSA key", "WrongUsage", |ann| {
            of(ann.with(USAGE, true, usage(0x10)), &rsa(2048))
        }),
        leaf("keyUsage for CAs", "WrongUsage", |ann| {
            ann.with(USAGE, true, usage(CERTIFIES | LISTS))
        }),
        leaf("keyUsage that is no bit string", "Wrong", |ann| {
            ann.with(USAGE, true, tlv(4, &[0, 8]))
        }),
        leaf("extendedKeyUsage for TLS servers", "WrongUsage", |ann| {
            ann.with(PURPOSE, false, purposes(&[TLS]))
        }),
        leaf("extendedKeyUsage for TLS, critical", "WrongUsage", |ann| {
            ann.with(PURPOSE, true, purposes(&[TLS]))
        }),
        leaf("extendedKeyUsage for code", "WrongUsage", |ann| {
            ann.with(PURPOSE, false, purposes(&["1.3.6.1.5.5.7.3.3"]))
        }),
        leaf("extendedKeyUsage for time stamps", "WrongUsage", |ann| {
            ann.with(PURPOSE, false, purposes(&["1.3.6.1.5.5.7.3.8"]))
        }),
        leaf("extendedKeyUsage of an unknown kind", "WrongUsage", |ann| {
            ann.with(PURPOSE, false, purposes(&["1.3.6.1.4.1.99999.1"]))
        }),
        leaf("extendedKeyUsage that is no list", "Wrong", |ann| {
            ann.with(PURPOSE, false, tlv(4, &[1]))
        }),
        leaf("signed with SHA-1", "untrusted: ", |ann| {
            signed(ann, MessageDigest::sha1())
        }),
        leaf(
            "an unknown critical extension",
            "untrusted: unhandled critical extension",
            |ann| ann.with("1.3.6.1.4.1.99999.7", true, tlv(5, &[])),
        ),
        leaf("version 1 with extensions", "unreadable: ", |ann| Spec {
            version: 1,
            ..ann
        }),
        leaf("version 2 with extensions", "unreadable: ", |ann| Spec {
            version: 2,
            ..ann
        }),
        leaf("two subjectAltNames extensions", "twice", |ann| {
            ann.also(NAMES, false, sequence(&rfc822("eve@partner.example")))
        }),
        leaf("two keyUsage extensions", "twice", |ann| {
            ann.also(USAGE, true, usage(SIGNS))
        }),
        leaf("two extendedKeyUsage extensions", "twice", |ann| {
            ann.also(PURPOSE, false, purposes(&[TLS]))
        }),
        leaf("two basicConstraints extensions", "twice", |ann| {
            ann.also(BASIC, true, authority(None))
        }),
        leaf("two unknown extensions of one kind", "twice", |ann| {
            let extra = "1.3.6.1.4.1.99999.8";
            ann.with(extra, false, tlv(5, &[]))
                .also(extra, false, tlv(5, &[]))
        }),
        leaf("basicConstraints that is no sequence", "unreadable: ", |ann| {
            ann.with(BASIC, true, tlv(4, &[1]))
        }),
        leaf("certificatePolicies that are no list", "unreadable: ", |ann| {
            ann.with(POLICIES, false, tlv(4, &[1]))
        }),
        row(
            "version 1, and so without any extension",
            ANN,
            "no certificate",
            |lab| {
                let ann = Spec {
                    version: 1,
                    extensions: Vec::new(),
                    ..Spec::person(ANN)
                };
                lab.recipient(&ann.sign(&lab.root));
            },
        ),
    ];
    rows.extend(keys());
    rows.extend(damaged());
    rows
}

fn keys() -> Vec<Row> {
    type Make = fn() -> PKey<Public>;
    let weak: [(&'static str, Make); 17] = [
        ("RSA 512", || public(&rsa(512))),
        ("RSA 1024", || public(&rsa(1024))),
        ("RSA 1536", || public(&rsa(1536))),
        ("RSA 2047", || public(&rsa(2047))),
        ("RSA with the exponent 1", || exponent(1)),
        ("RSA with the exponent 2", || exponent(2)),
        ("RSA with the exponent 65536", || exponent(65_536)),
        ("RSA with the exponent 0", || exponent(0)),
        ("DSA", || {
            public(&PKey::from_dsa(Dsa::generate(1024).unwrap()).unwrap())
        }),
        ("Ed25519", || public(&PKey::generate_ed25519().unwrap())),
        ("Ed448", || public(&PKey::generate_ed448().unwrap())),
        ("X25519", || public(&PKey::generate_x25519().unwrap())),
        ("X448", || public(&PKey::generate_x448().unwrap())),
        ("EC P-224", || public(&elliptic(Nid::SECP224R1))),
        ("EC secp256k1", || public(&elliptic(Nid::SECP256K1))),
        ("EC brainpoolP256r1", || public(&elliptic(Nid::BRAINPOOL_P256R1))),
        ("EC P-256 with explicit parameters", || public(&explicit())),
    ];
    let row = |(what, make): (&'static str, Make)| {
        leaf(what, "WeakKey", move |ann| Spec {
            key: make(),
            ..ann.with(USAGE, true, usage(AGREES | ENCIPHERS))
        })
    };
    weak.into_iter().map(row).collect()
}

/// Bytes that were changed after signing.
fn damaged() -> Vec<Row> {
    fn change(what: &'static str, answer: &'static str, change: fn(&mut Vec<u8>)) -> Row {
        row(what, ANN, answer, move |lab| {
            let mut der = Spec::person(ANN).sign(&lab.root).to_der().unwrap();
            change(&mut der);
            lab.der("recipients/ann.crt", &der);
        })
    }
    vec![
        change("a signature with a bit changed", "signature", |der| {
            *der.last_mut().unwrap() ^= 1
        }),
        change("a serial number changed after signing", "signature", |der| {
            let place = memchr::memmem::find(der, &[2, 1, 77]).unwrap();
            der[place + 2] = 78;
        }),
        change("an address changed after signing", "no certificate", |der| {
            let place = memchr::memmem::find(der, b"ann@").unwrap();
            der[place] = b'b';
        }),
        change("octets behind its end", "unreadable: ", |der| der.push(0)),
        change("its last octet missing", "unreadable: ", |der| {
            der.pop();
        }),
        change("nothing", "unreadable: ", Vec::clear),
        change("its length written in the long way", "unreadable: ", |der| {
            let content = der.split_off(4);
            *der = vec![0x30, 0x83, 0, der[2], der[3]];
            der.extend(content);
        }),
    ]
}

fn between(spec: Spec, from: &str, to: &str) -> Spec {
    Spec {
        validity: [at(from), at(to)],
        ..spec
    }
}

pub fn of(spec: Spec, key: &PKey<Private>) -> Spec {
    Spec {
        key: public(key),
        ..spec
    }
}

fn signed(spec: Spec, digest: MessageDigest) -> Spec {
    Spec { digest, ..spec }
}

/// A public key with this exponent; nobody needs the private one.
pub fn exponent(e: u32) -> PKey<Public> {
    let modulus = Rsa::generate(2048).unwrap().n().to_owned().unwrap();
    let key = Rsa::from_public_components(modulus, BigNum::from_u32(e).unwrap()).unwrap();
    PKey::from_rsa(key).unwrap()
}

fn explicit() -> PKey<Private> {
    let mut group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    group.set_asn1_flag(Asn1Flag::EXPLICIT_CURVE);
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}
