//! Signatures, verified by another implementation: Debian's python3-dkim.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};

use openssl::rsa::Rsa;

use super::*;

#[allow(dead_code, reason = "journeys use the rest of it")]
#[allow(
    clippy::duplicate_mod,
    reason = "shared with the journeys, which are a crate of their own"
)]
#[path = "../../tests/journeys/support/counterparts.rs"]
mod counterparts;
#[allow(dead_code, reason = "journeys use the rest of it")]
#[allow(
    clippy::duplicate_mod,
    reason = "shared with the journeys, which are a crate of their own"
)]
#[path = "../../tests/journeys/support/directory.rs"]
mod directory;

use counterparts::{announce, have};
use directory::Directory;

const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);
const MAIL: &str = "Received: from a by b\r\nFrom: \"Ann, of <HR>\"  <ann@Mail.agency.example>\r\nTo: bob@partner.example,\r\n\
    \teve@partner.example\r\nSubject:  lunch \r\nDate: Mon, 28 Sep 2026 14:03:01 +0000\r\nMIME-Version: 1.0\r\n\r\n\
    At  noon?\t\r\n\r\n.\r\n  Ann\r\n\r\n\r\n";

/// Verifies each signature of the message on its input; a TXT record is the one argument for every name.
const VERIFIER: &str = "
import sys, dkim
message = sys.stdin.buffer.read()
records = dict(zip(sys.argv[1::2], sys.argv[2::2]))
def txt(name, timeout=5):
    name = name.decode() if isinstance(name, bytes) else name
    return records.get(name.rstrip('.'), '').encode()
verifier = dkim.DKIM(message, minkey=1024)
count = sum(1 for name, _ in verifier.headers if name.lower() == b'dkim-signature')
for index in range(count):
    if not verifier.verify(idx=index, dnsfunc=txt):
        sys.exit('signature %d is wrong' % index)
print(count)
";

fn verified(message: &[u8], records: &[(String, String)]) -> Result<String, String> {
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-c", VERIFIER]);
    for (name, record) in records {
        command.args([name, record]);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(message).unwrap();
    let out = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match out.status.success() {
        true => Ok(text(&out.stdout)),
        false => Err(text(&out.stderr)),
    }
}

fn have_verifier(test: &str) -> bool {
    let works = Command::new("/usr/bin/python3")
        .args(["-c", "import dkim, nacl"])
        .output();
    if works.is_ok_and(|out| out.status.success()) {
        return true;
    }
    have(test, &["python3-dkim"])
}

fn key(directory: &Directory, domain: &str, selector: &str, secret: &PKey<Private>) -> KeySettings {
    let file = directory.path().join(format!("{domain}-{selector}.pem"));
    let mut options = std::fs::OpenOptions::new();
    let mut handle = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&file)
        .unwrap();
    handle
        .write_all(&secret.private_key_to_pem_pkcs8().unwrap())
        .unwrap();
    KeySettings {
        domain: domain.to_owned(),
        selector: selector.to_owned(),
        file,
    }
}

fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

fn record(secret: &PKey<Private>) -> String {
    match secret.id() {
        Id::ED25519 => format!(
            "v=DKIM1; k=ed25519; p={}",
            encode_block(&secret.raw_public_key().unwrap())
        ),
        _ => format!(
            "v=DKIM1; k=rsa; p={}",
            encode_block(&secret.public_key_to_der().unwrap())
        ),
    }
}

#[test]
fn another_implementation_verifies_both_signatures_and_finds_every_change() {
    let test = "another_implementation_verifies_both_signatures_and_finds_every_change";
    if !have_verifier(test) {
        return;
    }
    announce("");
    let directory = Directory::new();
    let (old, new) = (rsa(2048), PKey::generate_ed25519().unwrap());
    let settings = Settings {
        keys: vec![
            key(&directory, "agency.example", "r1", &old),
            key(&directory, "agency.example", "e1", &new),
            key(&directory, "example", "far", &old),
            key(&directory, "other.example", "x", &old),
        ],
    };
    assert_eq!(settings.mistakes(), Vec::<String>::new());
    let dkim = Dkim::load(&settings).unwrap();
    let records = [
        ("r1._domainkey.agency.example".to_owned(), record(&old)),
        ("e1._domainkey.agency.example".to_owned(), record(&new)),
    ];
    let mut odd = MAIL.to_owned();
    // As SMTP carries it: every line has its end.
    odd.truncate(odd.len() - 11);
    for mail in [
        MAIL,
        &odd,
        "From: a@agency.example\r\n\r\n",
        "From: a@agency.example\r\nTo: b@c.example",
    ] {
        let signed = dkim.sign(&RawMessage::new(mail.to_owned()), NOW).unwrap();
        assert_eq!(
            verified(signed.as_bytes(), &records).as_deref(),
            Ok("2"),
            "{mail}"
        );
        assert!(signed.as_bytes().ends_with(mail.as_bytes()));
        assert!(
            signed
                .as_bytes()
                .split(|octet| *octet == b'\n')
                .all(|line| line.len() < 100)
        );
    }
    let signed = dkim.sign(&RawMessage::new(MAIL.to_owned()), NOW).unwrap();
    let signed = String::from_utf8(signed.as_bytes().to_vec()).unwrap();
    // White space may change on the way.
    let relaxed = signed
        .replace("At  noon?\t", "At noon?")
        .replace("Subject:  lunch ", "SUBJECT: lunch");
    assert_eq!(verified(relaxed.as_bytes(), &records).as_deref(), Ok("2"));
    for (from, to) in [
        ("noon", "nine"),
        ("lunch", "Lunch"),
        ("eve@", "adam@"),
        ("Subject:", "Subject: second\r\nSubject:"),
        ("To: bob", "Reply-To: evil@evil.example\r\nTo: bob"),
        ("From: \"Ann", "From: evil@evil.example\r\nFrom: \"Ann"),
    ] {
        let changed = signed.replacen(from, to, 1);
        assert_ne!(changed, signed);
        assert!(verified(changed.as_bytes(), &records).is_err(), "{from} → {to}");
    }
}

#[test]
fn only_the_domain_of_the_one_author_signs() {
    let directory = Directory::new();
    let settings = Settings {
        keys: vec![key(
            &directory,
            "agency.example",
            "e1",
            &PKey::generate_ed25519().unwrap(),
        )],
    };
    let dkim = Dkim::load(&settings).unwrap();
    for from in [
        "From: a@partner.example\r\n",
        "From: a@evilagency.example\r\n",
        "From: a@agency.example\r\nFrom: b@partner.example\r\n",
        "From: nobody\r\n",
        "Sender: a@agency.example\r\n",
        "",
    ] {
        let mail = RawMessage::new(format!("{from}\r\nhello\r\n"));
        assert_eq!(dkim.sign(&mail, NOW).unwrap(), mail, "{from}");
    }
}

#[test]
fn a_key_that_cannot_be_used_is_a_mistake_with_a_cure() {
    let directory = Directory::new();
    let small = key(&directory, "agency.example", "small", &rsa(512));
    let curve = openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1).unwrap();
    let curve = PKey::from_ec_key(openssl::ec::EcKey::generate(&curve).unwrap()).unwrap();
    let curve = key(&directory, "agency.example", "curve", &curve);
    let open = key(
        &directory,
        "agency.example",
        "open",
        &PKey::generate_ed25519().unwrap(),
    );
    std::fs::set_permissions(&open.file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let missing = KeySettings {
        file: "/nonexistent.pem".into(),
        ..small.clone()
    };
    let named = KeySettings {
        selector: "a b".to_owned(),
        ..small.clone()
    };
    let text = KeySettings {
        file: directory.write("text.pem", "no key"),
        ..small.clone()
    };
    std::fs::set_permissions(&text.file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let settings = Settings {
        keys: vec![small, curve, open, missing, named, text],
    };
    let mistakes = settings.mistakes();
    for (mistake, words) in mistakes.iter().zip([
        "2048 are usual",
        "RSA or Ed25519",
        "chmod o-rwx",
        "cannot be read",
        "names in the DNS",
        "in PEM form",
    ]) {
        assert!(mistake.contains(words), "{mistake}");
    }
    assert_eq!(mistakes.len(), 6);
}
