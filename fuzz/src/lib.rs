//! What the fuzz targets do with octets. Each target in `fuzz_targets/` is one line that calls one function here.
//!
//! Readers must not panic, hang or spend more than their limits; beyond that, each function checks what every reading
//! promises.

mod make;

use std::sync::OnceLock;

use openssl::pkey::PKey;
use openssl::x509::X509;
use sealgate::detect::{RuleSource, Rules};
use sealgate::documents::{self, Sight};
use sealgate::inspect::{Examination, Source, examine_here};
use sealgate::message::{Place, Profile, RawMessage};
use sealgate::mime::{Leaf, Limits, Text, TextKind};
use sealgate::smime::authority::Source as KeySource;
use sealgate::smime::issue::{Authority, KeyKind, Request};
use sealgate::smime::keys::{Secret, write_key_file};
use sealgate::smime::{
    self, Abilities, Algorithms, Capabilities, Certificate, Certificates, Contents, Curve, Opener, Opening, Payload,
    Verification,
};

/// Small, so that a reader that ignores its limits is seen soon.
const LIMITS: Limits = Limits {
    depth: 8,
    parts: 200,
    part_size: 1 << 20,
    message_size: 4 << 20,
};

/// Octets of text that all readings of one input may have. Several readings may show the same octets.
const TEXT: usize = 16 * LIMITS.message_size;

/// Every reading of a message, its documents, and the search.
pub fn message(bytes: &[u8]) {
    check(&examine_here(Source::Message(bytes), rules(), &LIMITS));
}

/// What a client says in a session, in pieces that the first octets tell. However it is cut, the session does the same,
/// unless it ends: octets behind DATA and STARTTLS end it when they come too early.
pub fn session(bytes: &[u8]) {
    let (cuts, octets) = bytes.split_at(bytes.len().min(4));
    let lmtp = cuts.first().is_some_and(|cut| cut % 8 == 0);
    let run = |cuts: &[u8]| sealgate::smtp::rehearse(octets, cuts, lmtp).expect("a session can be had");
    let (cut, single) = (run(cuts), run(&[1]));
    for done in [&cut, &single] {
        assert!(done.replies.ends_with(b"\r\n"));
        for line in done.replies.strip_suffix(b"\r\n").unwrap_or_default().split(|octet| *octet == b'\n') {
            assert!(line.len() <= 512 && line.iter().all(|octet| (b' '..=b'~').contains(octet) || *octet == b'\r'));
        }
        for message in &done.messages {
            let text = without_line_ends(message);
            assert!(!text.contains(&b'\r') && !text.contains(&b'\n') && !text.contains(&0));
            assert!(message.is_empty() || message.ends_with(b"\r\n"));
        }
    }
    if !cut.closed && !single.closed {
        assert!(cut == single, "it depends on the cuts");
    }
}

/// Without the line ends that are whole.
fn without_line_ends(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    let mut rest = message;
    while let Some(found) = rest.windows(2).position(|pair| pair == b"\r\n") {
        out.extend_from_slice(&rest[..found]);
        rest = &rest[found + 2..];
    }
    out.extend_from_slice(rest);
    out
}

/// What a next hop says: one bounded line of visible characters for each reply.
pub fn replies(bytes: &[u8]) {
    for text in sealgate::deliver::replies(bytes) {
        assert!(text.chars().count() <= 500 && !text.contains(char::is_control));
        assert!(text.starts_with(['2', '3', '4', '5']));
    }
}

/// A file of any kind.
pub fn file(bytes: &[u8]) {
    let name = "file";
    check(&examine_here(Source::File { name, bytes }, rules(), &LIMITS));
}

/// A file of one kind: the signature is put in front where it is missing.
pub fn file_of(signature: &[u8], bytes: &[u8]) {
    if bytes.starts_with(signature) {
        file(bytes);
    } else {
        file(&[signature, bytes].concat());
    }
}

/// A picture, or a document with pictures, decoded as it is for OCR; then like [`file_of`].
pub fn pictures(signature: &[u8], bytes: &[u8]) {
    let signed = if bytes.starts_with(signature) {
        bytes.to_vec()
    } else {
        [signature, bytes].concat()
    };
    let sight = Sight {
        pictures: 8,
        pixels: 1 << 20,
        ..Sight::default()
    };
    let documents = documents::read_with(&[leaf("application/octet-stream", signed)], &LIMITS, sight);
    assert!(documents.pictures.len() <= 8, "more pictures than were asked for");
    for picture in &documents.pictures {
        let pixels = u64::from(picture.width) * u64::from(picture.height);
        assert_eq!(picture.gray.len() as u64, pixels, "a picture with holes");
    }
    file_of(signature, bytes);
}

/// Like [`pictures`], where the first octet chooses one of these beginnings.
pub fn pictures_of_any(beginnings: &[&[u8]], bytes: &[u8]) {
    let (beginning, rest) = chosen(beginnings, bytes);
    pictures(beginning, rest);
}

/// A file whose first octet chooses one of these beginnings.
pub fn file_of_any(beginnings: &[&[u8]], bytes: &[u8]) {
    let (beginning, rest) = chosen(beginnings, bytes);
    file_of(beginning, rest);
}

/// What the first octet chooses. Octets that have a beginning already, like a sample, stay as they are.
fn chosen<'b>(beginnings: &[&'b [u8]], bytes: &'b [u8]) -> (&'b [u8], &'b [u8]) {
    if beginnings.iter().any(|beginning| bytes.starts_with(beginning)) {
        return (&[], bytes);
    }
    let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    (beginnings[usize::from(*first) % beginnings.len()], rest)
}

/// An Office document whose parts are the octets.
pub fn office(bytes: &[u8]) {
    file(&make::office(bytes));
}

/// An older Office document or Outlook message whose streams are the octets.
pub fn streams(bytes: &[u8]) {
    file(&make::compound(bytes));
}

/// A tar archive.
pub fn tar(bytes: &[u8]) {
    file(&make::tar(bytes));
}

/// A message that says that it is encrypted or signed.
pub fn sealed(bytes: &[u8]) {
    message(&make::sealed(bytes));
}

/// Signed mail: a message as it is, or octets that stand where its signature should. Nobody here is trusted, so nothing may
/// ever be valid.
pub fn signed(bytes: &[u8]) {
    let raw = match bytes.first() {
        Some(0x30) => make::signed(bytes),
        _ => bytes.to_vec(),
    };
    let now = "2030-01-01T00:00:00Z".parse().expect("a time");
    match trust().verify(&RawMessage::new(raw), now) {
        Verification::Valid(_) => panic!("trust out of nothing"),
        Verification::Untrusted(signed, _) => {
            if let Some(capabilities) = &signed.capabilities {
                let _ = Abilities::of(capabilities);
            }
        }
        Verification::NotSigned | Verification::Faulty(_) => {}
    }
}

/// Makes the anchor before the first input.
pub fn prepare_trust() {
    trust();
}

/// One anchor that has signed nothing.
fn trust() -> &'static Certificates {
    static TRUST: OnceLock<Certificates> = OnceLock::new();
    TRUST.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("sealgate-fuzz-{}", std::process::id()));
        let [from, to] =
            ["2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"].map(|time| time.parse().expect("a time"));
        let root = Authority::new("Fuzz Root", KeyKind::Ec(Curve::P256), from, to).expect("a root");
        for name in ["recipients", "anchors", "intermediates", "crls"] {
            std::fs::create_dir_all(folder.join(name)).expect("a folder can be made");
        }
        let pem = root.certificate_pem().expect("PEM");
        std::fs::write(folder.join("anchors/root.pem"), pem).expect("a file can be written");
        let settings = smime::Settings {
            recipients: folder.join("recipients"),
            anchors: folder.join("anchors"),
            intermediates: folder.join("intermediates"),
            crls: folder.join("crls"),
            ..smime::Settings::default()
        };
        let certificates = Certificates::load(&settings).expect("the folders can be read");
        let _ = std::fs::remove_dir_all(&folder);
        certificates
    })
}

/// An HTML page, whatever it begins with.
pub fn html(bytes: &[u8]) {
    let leaf = leaf("text/html", [b"<html><body>", bytes].concat());
    let documents = documents::read(&[leaf], &LIMITS);
    let texts: usize = documents.texts.iter().map(|text| text.text.len()).sum();
    assert!(texts <= TEXT, "{texts} octets of text");
}

/// Octets in every charset that fits, and in the one that the first line names.
pub fn charsets(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (label, octets) = bytes.split_at(end);
    let leaf = Leaf {
        charset: std::str::from_utf8(label).ok().map(str::to_owned),
        ..leaf("text/plain", octets.to_vec())
    };
    let documents = documents::read(&[leaf], &LIMITS);
    assert!(documents.texts.len() < 100);
}

/// The normaliser and the search on any text.
pub fn search(bytes: &[u8]) {
    let (kind, rest) = match bytes.split_first() {
        Some((0, rest)) => (TextKind::Table, rest),
        Some((1, rest)) => (TextKind::Header, rest),
        _ => (TextKind::Body, bytes),
    };
    let text = String::from_utf8_lossy(rest).into_owned();
    let texts = vec![Text {
        place: place(),
        kind,
        text,
    }];
    let located = rules().locate(&texts);
    for one in &located {
        let (start, end) = one.finding.place.span;
        let value = texts.get(one.text).and_then(|text| text.text.get(start..end));
        assert!(
            value.is_some_and(|value| !value.is_empty()),
            "a span without a value"
        );
        let shown = one
            .finding
            .evidence
            .as_str()
            .chars()
            .filter(|c| c.is_alphanumeric());
        assert!(shown.count() <= 4, "evidence that shows too much");
    }
    let _ = rules().rejected(&texts);
}

/// The rule loader: it tells mistakes, and never panics. A rule that it takes must search without trouble.
pub fn rule_file(bytes: &[u8]) {
    let source = RuleSource {
        file: "fuzzed.toml".to_owned(),
        text: String::from_utf8_lossy(bytes).into_owned(),
    };
    match Rules::compile(&[source]) {
        Ok(rules) => {
            let _ = rules.prove();
        }
        Err(mistakes) => assert!(!mistakes.is_empty()),
    }
}

fn check(examination: &Examination) {
    let texts: usize = examination.texts.iter().map(|text| text.text.len()).sum();
    assert!(texts <= TEXT, "{texts} octets of text");
    for number in 0..examination.inspection.findings.len() {
        let value = examination.value(number);
        assert!(
            value.is_some_and(|value| !value.is_empty()),
            "a finding without a value"
        );
    }
    for obstacle in &examination.inspection.obstacles {
        assert!(!obstacle.detail.is_empty(), "an obstacle without a reason");
    }
}

fn leaf(media_type: &str, bytes: Vec<u8>) -> Leaf {
    Leaf {
        place: place(),
        media_type: media_type.to_owned(),
        charset: None,
        file_name: None,
        bytes,
    }
}

fn place() -> Place {
    Place {
        part: "1".to_owned(),
        field: None,
        description: "the text".to_owned(),
        span: (0, 0),
    }
}

/// The rules that the repository ships.
/// Compiles the rules before the first input, which their time must not count for.
pub fn prepare() {
    rules();
}

fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/elements");
        let files = std::fs::read_dir(directory).expect("policies/elements is there");
        let mut sources: Vec<RuleSource> = files
            .map(|file| file.expect("policies/elements can be read"))
            .map(|file| RuleSource {
                file: file.file_name().to_string_lossy().into_owned(),
                text: std::fs::read_to_string(file.path()).expect("a rule can be read"),
            })
            .collect();
        sources.sort_by(|a, b| a.file.cmp(&b.file));
        Rules::compile(&sources).expect("the shipped rules compile")
    })
}

/// A file with certificates. What was read from it can be written and read again.
pub fn certificates(bytes: &[u8]) {
    let Ok(contents) = Contents::read(bytes, None) else {
        return;
    };
    let der: Vec<Vec<u8>> = contents.certificates.iter().map(|one| one.to_der()).collect();
    for written in [Contents::to_pem(&der).into_bytes(), Contents::to_pkcs7(&der)] {
        if !der.is_empty() {
            let again = Contents::read(&written, None).expect("what was written can be read");
            assert_eq!(again.certificates.len(), der.len());
        }
    }
}

/// A PKCS#12, and one whose only safe are these octets.
pub fn pkcs12(bytes: &[u8]) {
    certificates(bytes);
    let element = |tag: u8, content: &[u8]| {
        let length = u32::try_from(content.len()).expect("a small input").to_be_bytes();
        [&[tag, 0x84][..], &length, content].concat()
    };
    let data = element(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]);
    let info = |content: &[u8]| {
        element(
            0x30,
            &[data.clone(), element(0xa0, &element(4, content))].concat(),
        )
    };
    let safes = element(0x30, &info(bytes));
    certificates(&element(0x30, &[element(2, &[3]), info(&safes)].concat()));
}

/// One certificate, one request, one list of capabilities: whatever the octets can be taken for. A certificate that can be
/// read can be written again and judged; what its key allows can be sealed to it, or refused, and nobody vouches for it.
pub fn der(bytes: &[u8]) {
    let _ = KeySource::from_request(bytes);
    let abilities = Abilities::of(&Capabilities(bytes.to_vec()));
    let Ok(certificate) = Certificate::from_der(bytes) else {
        return;
    };
    let again = Certificate::from_der(&certificate.to_der()).expect("what was written can be read");
    assert_eq!(certificate.fingerprint(), again.fingerprint());
    let _ = (
        certificate.addresses().len(),
        certificate.subject_addresses().len(),
        certificate.domains().len(),
    );
    let _ = (
        certificate.not_before(),
        certificate.not_after(),
        certificate.serial(),
        certificate.issuer(),
    );
    let _ = trust().objection(&certificate);
    let raw = RawMessage::new(b"From: a@b.example\r\nSubject: s\r\n\r\ntext\r\n".to_vec());
    for profile in [Profile::Compatible, Profile::Modern, Profile::Strict] {
        if let Some(algorithms) = Algorithms::choose(profile, certificate.key(), Some(&abilities)) {
            let payload = Payload::to_seal(&raw, &[]).expect("a message can be sealed");
            let _ = payload.seal(None, &[&certificate], algorithms);
        }
    }
}

/// A key of our own, and messages to it that open: to RSA and to a curve, with and without authentication.
fn own() -> &'static (Opener, Vec<Vec<u8>>) {
    static OWN: OnceLock<(Opener, Vec<Vec<u8>>)> = OnceLock::new();
    OWN.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("sealgate-fuzz-keys-{}", std::process::id()));
        let secret_file = folder.join("secret");
        std::fs::create_dir_all(folder.join("keys")).expect("a folder can be made");
        std::fs::write(&secret_file, "a secret that is long enough\n").expect("a file can be written");
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&secret_file, private).expect("a mode can be set");
        let secret = Secret::passphrase(&secret_file).expect("a secret");
        let [from, to] = ["2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"].map(|time| time.parse().expect("a time"));
        let root = Authority::new("Fuzz Root", KeyKind::Ec(Curve::P256), from, to).expect("a root");
        let raw = RawMessage::new(b"From: a@b.example\r\nSubject: s\r\n\r\ntext\r\n".to_vec());
        let mut messages = Vec::new();
        for (number, kind) in [KeyKind::Rsa(2048), KeyKind::Ec(Curve::P256)].into_iter().enumerate() {
            let issued = root.issue(&Request::new("a@b.example", kind, from, to)).expect("a certificate");
            let key = PKey::private_key_from_pem(issued.key_pem.as_bytes()).expect("a key");
            let pkcs8 = key.private_key_to_pkcs8().expect("PKCS#8");
            let file = folder.join(format!("keys/{number}.pem"));
            write_key_file(&file, &pkcs8, &secret, &issued.certificate_pem).expect("a file can be written");
            let x509 = X509::from_pem(issued.certificate_pem.as_bytes()).expect("PEM");
            let certificate = Certificate::from_der(&x509.to_der().expect("DER")).expect("a certificate");
            for profile in [Profile::Compatible, Profile::Modern] {
                let algorithms = Algorithms::choose(profile, certificate.key(), None).expect("algorithms");
                let payload = Payload::to_seal(&raw, &[]).expect("a message can be sealed");
                let sealed = payload.seal(None, &[&certificate], algorithms).expect("sealed");
                let text = String::from_utf8_lossy(sealed.message.as_bytes()).into_owned();
                let base64: String = text.split_once("\r\n\r\n").expect("a body").1.split_whitespace().collect();
                messages.push(openssl::base64::decode_block(&base64).expect("base64"));
            }
        }
        let opener = Opener::load(&folder.join("keys"), Some(&secret_file)).expect("the keys can be read");
        let _ = std::fs::remove_dir_all(&folder);
        (opener, messages)
    })
}

/// Makes the keys before the first input.
pub fn prepare_opener() {
    own();
}

/// Encrypted mail: a message as it is, CMS from nowhere, or CMS to our own key with some octets changed. What opens can
/// travel.
pub fn opening(bytes: &[u8]) {
    let (opener, messages) = own();
    let (kind, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let raw = match messages.get(usize::from(*kind)) {
        Some(template) => {
            let mut der = template.clone();
            for change in rest.chunks_exact(3) {
                let place = usize::from(u16::from_be_bytes([change[0], change[1]])) % der.len();
                der[place] ^= change[2];
            }
            make::sealed(&[&[0], &der[..]].concat())
        }
        None if *kind == 0x30 => make::sealed(&[&[0], bytes].concat()),
        None => bytes.to_vec(),
    };
    if let Opening::Open(opened) = opener.open(&RawMessage::new(raw)) {
        let message = opened.message().as_bytes();
        assert!(!message.windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r'), "a bare LF came out");
    }
}
