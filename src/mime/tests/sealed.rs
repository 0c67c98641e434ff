//! What is encrypted already, and what only says so.

use openssl::asn1::Asn1Time;
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::extension::SubjectKeyIdentifier;
use openssl::x509::{X509, X509Builder, X509NameBuilder};

use super::{base64, contents};
use crate::message::{ObstacleKind, Sealed};
use crate::mime::Contents;

/// A key with its own certificate.
pub(super) fn identity() -> (PKey<Private>, X509) {
    let key = Rsa::generate(2048).and_then(PKey::from_rsa).expect("a key");
    let mut name = X509NameBuilder::new().expect("a name");
    name.append_entry_by_text("CN", "partner").expect("a common name");
    let name = name.build();
    let mut builder = X509Builder::new().expect("a builder");
    builder.set_version(2).expect("a version");
    builder.set_subject_name(&name).expect("a subject");
    builder.set_issuer_name(&name).expect("an issuer");
    builder.set_pubkey(&key).expect("a public key");
    builder
        .set_not_before(&Asn1Time::days_from_now(0).expect("a time"))
        .expect("a start");
    builder
        .set_not_after(&Asn1Time::days_from_now(9).expect("a time"))
        .expect("an end");
    let context = builder.x509v3_context(None, None);
    let key_identifier = SubjectKeyIdentifier::new()
        .build(&context)
        .expect("a key identifier");
    builder.append_extension(key_identifier).expect("an extension");
    builder
        .sign(&key, openssl::hash::MessageDigest::sha256())
        .expect("a signature");
    (key, builder.build())
}

fn enveloped(cipher: Cipher, flags: CMSOptions) -> Vec<u8> {
    let mut recipients = Stack::new().expect("a stack");
    recipients.push(identity().1).expect("a recipient");
    let text = b"Content-Type: text/plain\r\n\r\nName: Jane Doe, SSN 536-22-8145\r\n".repeat(40);
    let cms =
        CmsContentInfo::encrypt(&recipients, &text, cipher, CMSOptions::BINARY | flags).expect("ciphertext");
    cms.to_der().expect("an encoding")
}

fn message(der: &[u8]) -> String {
    format!(
        "From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
         Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\
         Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=smime.p7m\r\n\r\n{}",
        base64(der)
    )
}

fn sealed(raw: impl AsRef<[u8]>) -> Option<Sealed> {
    contents(raw).structure.sealed
}

/// A DER element.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut element = vec![tag];
    match length {
        0..=127 => element.push(length as u8),
        128..=255 => element.extend([0x81, length as u8]),
        _ => element.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    element.extend_from_slice(content);
    element
}

/// A BER element of indefinite length.
fn ber(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x80], content, &[0, 0]].concat()
}

fn random(length: usize) -> Vec<u8> {
    let mut octets = vec![0; length];
    openssl::rand::rand_bytes(&mut octets).expect("random octets");
    octets
}

const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];
const AES_256_GCM: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 46];
const TRIPLE_DES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3, 7];

/// The parts of an object made by hand, each of which a test may spoil.
struct Handmade {
    kind: u8,
    cipher: &'static [u8],
    key: Vec<u8>,
    ciphertext: Vec<u8>,
    mac: Option<Vec<u8>>,
    recipients: usize,
    behind: Vec<u8>,
}

impl Handmade {
    fn enveloped() -> Self {
        Handmade {
            kind: 3,
            cipher: AES_256_CBC,
            key: random(256),
            ciphertext: random(4_096),
            mac: None,
            recipients: 1,
            behind: Vec::new(),
        }
    }

    fn authenticated() -> Self {
        Handmade {
            kind: 23,
            cipher: AES_256_GCM,
            mac: Some(random(16)),
            ..Self::enveloped()
        }
    }

    fn encode(&self) -> Vec<u8> {
        let rsa = der(0x30, &der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]));
        let recipient = der(
            0x30,
            &[der(2, &[0]), der(0x30, b"issuer"), rsa, der(4, &self.key)].concat(),
        );
        let cipher = der(0x30, &[der(6, self.cipher), der(4, &random(16))].concat());
        let data = der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]);
        let content = der(0x30, &[data, cipher, der(0x80, &self.ciphertext)].concat());
        let recipients = der(0x31, &recipient.repeat(self.recipients));
        let mac = self.mac.as_ref().map(|mac| der(4, mac)).unwrap_or_default();
        let body = der(0x30, &[der(2, &[0]), recipients, content, mac].concat());
        let oid = match self.kind {
            23 => der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 23]),
            kind => der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, kind]),
        };
        [der(0x30, &[oid, der(0xa0, &body)].concat()), self.behind.clone()].concat()
    }
}

#[test]
fn openssls_enveloped_data_is_sealed() {
    for cipher in [
        Cipher::aes_128_cbc(),
        Cipher::aes_192_cbc(),
        Cipher::aes_256_cbc(),
    ] {
        for flags in [CMSOptions::empty(), CMSOptions::USE_KEYID] {
            let read = contents(message(&enveloped(cipher, flags)));
            assert_eq!(read.structure.sealed, Some(Sealed::EnvelopedData));
            assert_eq!((read.leaves.len(), read.obstacles.len()), (0, 0));
            assert!(
                read.texts
                    .iter()
                    .any(|text| text.place.field.as_deref() == Some("Subject"))
            );
        }
    }
}

#[test]
fn enveloped_data_of_indefinite_length_in_pieces_is_sealed() {
    let whole = Handmade::enveloped();
    let pieces: Vec<u8> = whole
        .ciphertext
        .chunks(1_000)
        .flat_map(|piece| der(4, piece))
        .collect();
    let rsa = der(0x30, &der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]));
    let recipient = der(
        0x30,
        &[der(2, &[0]), der(0x30, b"issuer"), rsa, der(4, &whole.key)].concat(),
    );
    let cipher = der(0x30, &[der(6, AES_256_CBC), der(4, &random(16))].concat());
    let data = der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]);
    let content = ber(0x30, &[data, cipher, ber(0xa0, &pieces)].concat());
    let body = ber(0x30, &[der(2, &[0]), der(0x31, &recipient), content].concat());
    let oid = der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3]);
    let object = ber(0x30, &[oid, ber(0xa0, &body)].concat());
    assert_eq!(sealed(message(&object)), Some(Sealed::EnvelopedData));
    let cut = &object[..object.len() - 2];
    assert_eq!(sealed(message(cut)), None, "the end marks are missing");
}

#[test]
fn authenticated_enveloped_data_is_sealed() {
    assert_eq!(
        sealed(message(&Handmade::authenticated().encode())),
        Some(Sealed::AuthEnvelopedData)
    );
    assert_eq!(
        sealed(message(&Handmade::enveloped().encode())),
        Some(Sealed::EnvelopedData)
    );
}

/// Not sealed, and not silent either.
fn refused(read: &Contents) -> bool {
    read.structure.sealed.is_none() && (!read.obstacles.is_empty() || !read.leaves.is_empty())
}

#[test]
fn look_alikes_are_not_sealed() {
    let text = b"Name: Jane Doe, SSN 536-22-8145, card 4539 1488 0343 6467.\r\n".repeat(8);
    let text = &text[..text.len() / 16 * 16];
    let good = Handmade::enveloped;
    for (name, object) in [
        ("plain text", text.to_vec()),
        (
            "text as ciphertext",
            Handmade {
                ciphertext: text.to_vec(),
                ..good()
            }
            .encode(),
        ),
        (
            "text inside ciphertext",
            Handmade {
                ciphertext: [&random(1_024), text, &random(1_024)].concat(),
                ..good()
            }
            .encode(),
        ),
        (
            "a document as ciphertext",
            Handmade {
                ciphertext: [0, 1, 2, 3].repeat(1_024),
                ..good()
            }
            .encode(),
        ),
        (
            "text behind it",
            Handmade {
                behind: text.to_vec(),
                ..good()
            }
            .encode(),
        ),
        (
            "one octet behind it",
            Handmade {
                behind: vec![0],
                ..good()
            }
            .encode(),
        ),
        (
            "3DES",
            Handmade {
                cipher: TRIPLE_DES,
                ..good()
            }
            .encode(),
        ),
        (
            "no cipher",
            Handmade {
                cipher: &[5, 0],
                ..good()
            }
            .encode(),
        ),
        (
            "GCM without a MAC",
            Handmade {
                cipher: AES_256_GCM,
                ..good()
            }
            .encode(),
        ),
        (
            "CBC with half a block",
            Handmade {
                ciphertext: random(4_095),
                ..good()
            }
            .encode(),
        ),
        (
            "no ciphertext",
            Handmade {
                ciphertext: Vec::new(),
                ..good()
            }
            .encode(),
        ),
        (
            "no recipients",
            Handmade {
                recipients: 0,
                ..good()
            }
            .encode(),
        ),
        (
            "a key of nothing",
            Handmade {
                key: Vec::new(),
                ..good()
            }
            .encode(),
        ),
        (
            "no MAC",
            Handmade {
                mac: None,
                ..Handmade::authenticated()
            }
            .encode(),
        ),
        ("compressed data", Handmade { kind: 9, ..good() }.encode()),
        ("data", Handmade { kind: 1, ..good() }.encode()),
        ("cut short", good().encode()[..2_000].to_vec()),
        (
            "OpenSSL's 3DES",
            enveloped(Cipher::des_ede3_cbc(), CMSOptions::empty()),
        ),
    ] {
        assert!(refused(&contents(message(&object))), "{name}");
    }
}

#[test]
fn text_beside_the_ciphertext_unseals() {
    let object = Handmade::enveloped().encode();
    let good = message(&object);
    assert_eq!(sealed(&good), Some(Sealed::EnvelopedData));
    for (name, raw) in [
        ("text behind the base64", format!("{good}\r\nSSN 536-22-8145\r\n")),
        ("full-width text behind it", format!("{good}５３６-22-8145\r\n")),
        (
            "text before it",
            good.replace("\r\n\r\n", "\r\n\r\nSSN: 536-22-8145\r\n"),
        ),
        (
            "another type",
            good.replace("From:", "Content-Type: text/plain\r\nFrom:"),
        ),
        (
            "another encoding",
            good.replace("From:", "Content-Transfer-Encoding: 7bit\r\nFrom:"),
        ),
        ("a line that is no field", good.replace("From:", "hello\r\nFrom:")),
        (
            "another label",
            good.replace("application/pkcs7-mime", "text/plain"),
        ),
        ("empty lines in front", format!("\r\n{good}")),
    ] {
        let read = contents(raw);
        assert!(refused(&read), "{name}");
    }
    let part = good
        .split_once("MIME-Version: 1.0\r\n")
        .map(|(_, rest)| rest)
        .expect("a part");
    let mixed = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n{part}\r\n--b--\r\n"
    );
    let read = contents(mixed);
    assert_eq!(read.structure.sealed, None);
    assert!(read.has(ObstacleKind::EncryptedContainer));
}

#[test]
fn an_octet_stream_called_p7m_is_sealed_by_its_content() {
    let good = message(&Handmade::enveloped().encode())
        .replace("application/pkcs7-mime", "application/octet-stream");
    assert_eq!(sealed(&good), Some(Sealed::EnvelopedData));
    assert_eq!(sealed(good.replace(".p7m", ".bin")), None);
}

/// An OpenPGP message: a key packet and an encrypted packet, in new format.
fn packets(body: &[u8]) -> Vec<u8> {
    let key = [&[3], random(200).as_slice()].concat();
    let body = [&[1], body].concat();
    let length = |octets: &[u8]| [&[255][..], &(octets.len() as u32).to_be_bytes()].concat();
    [&[0xc1][..], &length(&key), &key, &[0xd2], &length(&body), &body].concat()
}

fn pgp(packets: &[u8], preamble: &str, behind: &str) -> String {
    format!(
        "From: a@b.example\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"b\"\r\n\r\n{preamble}\
         --b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n\
         --b\r\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\r\n\r\n\
         -----BEGIN PGP MESSAGE-----\r\nVersion: x\r\n\r\n{}=abcd\r\n-----END PGP MESSAGE-----\r\n\r\n{behind}--b--\r\n",
        base64(packets)
    )
}

#[test]
fn pgp_mime_is_sealed_when_its_packets_are() {
    let good = packets(&random(3_000));
    let customary = "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\r\n";
    let read = contents(pgp(&good, customary, ""));
    assert_eq!(read.structure.sealed, Some(Sealed::PgpMime));
    assert!(read.structure.multipart && read.leaves.is_empty() && read.obstacles.is_empty());
    assert!(read.holds("Version: x"), "the armor's own header is searched");
    let text = b"Name: Jane Doe, SSN 536-22-8145. ".repeat(20);
    for (name, raw) in [
        ("text as packets", pgp(&text, "", "")),
        ("text in the packet", pgp(&packets(&text), "", "")),
        ("no key", pgp(&packets(&random(3_000))[206..], "", "")),
        (
            "something behind",
            pgp(&[good.clone(), vec![0xd2, 1, 1]].concat(), "", ""),
        ),
        ("a preamble", pgp(&good, "SSN 536-22-8145\r\n", "")),
        ("a third part", pgp(&good, "", "--b\r\n\r\nSSN 536-22-8145\r\n")),
        ("an epilogue", pgp(&good, "", "") + "SSN 536-22-8145\r\n"),
        (
            "text in front of the armor",
            pgp(&good, "", "").replace("-----BEGIN", "SSN 536-22-8145\r\n-----BEGIN"),
        ),
        (
            "another protocol",
            pgp(&good, "", "").replace("protocol=\"application/pgp", "protocol=\"application/x"),
        ),
        (
            "a talkative control part",
            pgp(&good, "", "").replace("Version: 1\r\n", "Version: 1\r\nSSN 536-22-8145\r\n"),
        ),
    ] {
        let read = contents(raw);
        assert!(refused(&read), "{name}");
    }
}
