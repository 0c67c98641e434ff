//! Mail from outside: verified, marked, handed on.

use sealgate::smime::Curve;
use sealgate::smime::issue::KeyKind;

use crate::signing;
use crate::support::counterparts::have;
use crate::support::directory::Directory;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::{Session, send, send_for_id};
use crate::support::mailbox::Mailbox;
use crate::support::openers::{all_bytes, openssl};
use crate::support::pki::{NOBODY, Person};
use crate::support::signer::sign;

const CLERK: &str = "clerk@agency.example";
const SSN: &str =
    "From: Clerk <clerk@agency.example>\nSubject: New employee\n\nMargaret Holloway, SSN 536-22-8145.\n";

fn start(outside: &Mailbox, inside: &Mailbox, more: &str) -> Gateway {
    let tables = format!(
        "[inbound]\nlisten = [\"127.0.0.1:0\"]\nfrom = [\"127.0.0.1\"]\nnext_hop = \"{}\"\n{more}\n",
        inside.address
    );
    Gateway::start(
        outside.address,
        &Options {
            tables,
            ..Options::default()
        },
    )
}

#[test]
fn signed_mail_is_marked_and_handed_on_byte_for_byte_and_brings_its_certificate() {
    let name = "signed_mail_is_marked_and_handed_on_byte_for_byte_and_brings_its_certificate";
    if !have(name, &["openssl"]) {
        return;
    }
    let (outside, inside) = (Mailbox::start(), Mailbox::start());
    let gateway = start(&outside, &inside, "");
    let nobody = gateway.pki.newcomer(NOBODY, KeyKind::Ec(Curve::P256));
    let forged = "Authentication-Results: gate.agency.example; smime=pass\n";
    let signed = sign(
        &nobody,
        NOBODY,
        CLERK,
        "SSN 536-22-8145 is no business of the way in.",
        &[],
    );
    send(
        gateway.inbound(),
        NOBODY,
        &[CLERK, "boss@agency.example"],
        &format!("{forged}{signed}"),
    )
    .unwrap();
    let letter = inside.next();
    assert_eq!(letter.recipients, ["boss@agency.example", CLERK]);
    assert_eq!(letter.sender.as_ref().unwrap().to_string(), NOBODY);
    let text = letter.text();
    assert!(text.starts_with("Received: from "), "{text}");
    let came = signed.replace('\n', "\r\n");
    let start = text.find(&came).expect("not a byte of it is changed");
    let above = &text[..start];
    assert_eq!(above.matches("Authentication-Results").count(), 1, "{above}");
    assert!(
        above.contains("smime=pass body.smime-identifier=\"nobody@partner.example\""),
        "{above}"
    );
    send(gateway.address, CLERK, &[NOBODY], SSN).unwrap();
    assert!(
        openssl(&outside.next().bytes, &nobody)
            .unwrap()
            .contains("536-22-8145")
    );
}

#[test]
fn what_cannot_be_verified_is_handed_on_and_says_so() {
    let name = "what_cannot_be_verified_is_handed_on_and_says_so";
    if !have(name, &["openssl"]) {
        return;
    }
    let (outside, inside) = (Mailbox::start(), Mailbox::start());
    let gateway = start(&outside, &inside, "[harvest]\nmode = \"off\"\n");
    let nobody = gateway.pki.newcomer(NOBODY, KeyKind::Ec(Curve::P256));
    let signed = sign(&nobody, NOBODY, CLERK, "one", &[]);
    let cases = [
        ("From: a@partner.example\n\nplain\n".to_owned(), "smime=none"),
        ("no header at all".to_owned(), "smime=none"),
        (signed.replace("\n\none\n", "\n\ntwo\n"), "smime=fail reason="),
        (
            signed.replace("From: nobody@", "From: other@"),
            "smime=fail reason=",
        ),
        (signed.replace("; boundary=", "; x="), "smime=permerror reason="),
        (signed, "smime=pass"),
    ];
    for (mail, expected) in cases {
        send(gateway.inbound(), NOBODY, &[CLERK], &mail).unwrap();
        let text = inside.next().text();
        assert!(text.contains(expected), "{expected} is missing in:\n{text}");
    }
    assert!(
        !gateway.ask(&["cert", "list"]).contains(NOBODY),
        "nothing is harvested"
    );
    assert!(outside.is_empty());
}

#[test]
fn the_way_in_leads_to_own_domains_only() {
    let (outside, inside) = (Mailbox::start(), Mailbox::start());
    let gateway = start(&outside, &inside, "");
    let (mut session, _) = Session::open(gateway.inbound());
    for (command, code) in [
        ("EHLO mx.example", "250"),
        ("MAIL FROM:<someone@elsewhere.example>", "250"),
        ("RCPT TO:<anna@partner.example>", "550"),
        ("RCPT TO:<clerk@evilagency.example>", "550"),
        ("RCPT TO:<clerk@AGENCY.example>", "250"),
        ("RSET", "250"),
    ] {
        session.write(format!("{command}\r\n").as_bytes());
        let reply = session.reply();
        assert!(reply.starts_with(code), "{command}: {reply}");
    }
}

#[test]
fn mail_that_was_taken_in_is_handed_on_after_the_gateway_is_killed() {
    let outside = Mailbox::start();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let tables =
        format!("[inbound]\nlisten = [\"127.0.0.1:0\"]\nfrom = [\"127.0.0.1\"]\nnext_hop = \"{port}\"\n");
    let options = Options {
        tables,
        ..Options::default()
    };
    let mut gateway = Gateway::start(outside.address, &options);
    send(
        gateway.inbound(),
        NOBODY,
        &[CLERK],
        "From: nobody@partner.example\n\nHello.\n",
    )
    .unwrap();
    gateway.kill_and_restart();
    let inside = Mailbox::start_at(port);
    // It may be on its way already.
    let _ = gateway.command(&["queue", "retry", "--all"]);
    assert_eq!(inside.next().recipients, [CLERK]);
    assert!(outside.is_empty());
}

/// Keys to decrypt with for the clerk, and the secret that seals them.
fn with_decryption(directory: &Directory) {
    signing::folders(directory);
    std::fs::create_dir(directory.path().join("decrypt")).unwrap();
}

/// A message to a certificate, by the `openssl` program.
fn encrypt(to: &Person, content: &str) -> String {
    let directory = Directory::new();
    let certificate = directory.write("certificate.pem", &to.certificate);
    let content = directory.write("content", content.replace("\r\n", "\n"));
    let mut command = std::process::Command::new("openssl");
    command
        .args(["cms", "-encrypt", "-crlfeol", "-aes256", "-in"])
        .arg(content)
        .arg(certificate);
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let sealed = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
    format!("From: {NOBODY}\nTo: {CLERK}\nSubject: Sealed\nSealgate-Decrypted: forged\n{sealed}")
}

#[test]
fn mail_encrypted_to_an_own_key_rests_encrypted_and_is_handed_on_decrypted_and_verified() {
    let name = "mail_encrypted_to_an_own_key_rests_encrypted_and_is_handed_on_decrypted_and_verified";
    if !have(name, &["openssl"]) {
        return;
    }
    let outside = Mailbox::start();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let tables = format!(
        "[inbound]\nlisten = [\"127.0.0.1:0\"]\nfrom = [\"127.0.0.1\"]\nnext_hop = \"{port}\"\ndecrypt_keys = \"decrypt\"\n"
    );
    let options = Options {
        settings: signing::KEYS.to_owned(),
        tables,
        prepare: with_decryption,
        ..Options::default()
    };
    let mut gateway = Gateway::start(outside.address, &options);
    let clerk = gateway.pki.newcomer(CLERK, KeyKind::Rsa(2048));
    let nobody = gateway.pki.newcomer(NOBODY, KeyKind::Ec(Curve::P256));
    let directory = Directory::new();
    let file = directory.write("clerk.pem", format!("{}{}", clerk.key, clerk.certificate));
    gateway.ask(&["cert", "own", "import", "--decrypt", file.to_str().unwrap()]);
    gateway.reload("were read again");
    let signed = sign(&nobody, NOBODY, CLERK, "Margaret Holloway, SSN 536-22-8145.", &[]);
    let entity = signed.split_once("sig@partner.example>\n").unwrap().1;
    let id = send_for_id(gateway.inbound(), NOBODY, &[CLERK], &encrypt(&clerk, entity));
    gateway.kill_and_restart();
    for (file, bytes) in all_bytes(&gateway.data()) {
        assert!(
            memchr::memmem::find(&bytes, b"536-22-8145").is_none(),
            "{file} holds it in clear"
        );
        assert!(
            memchr::memmem::find(&bytes, b"Holloway").is_none(),
            "{file} holds it in clear"
        );
    }
    let inside = Mailbox::start_at(port);
    let text = inside.next().text();
    assert!(text.contains("Margaret Holloway, SSN 536-22-8145."), "{text}");
    assert!(text.starts_with("Sealgate-Decrypted: "), "{text}");
    assert_eq!(text.matches("Sealgate-Decrypted").count(), 1, "{text}");
    assert!(
        text.contains("smime=pass body.smime-identifier=\"nobody@partner.example\""),
        "{text}"
    );
    assert!(
        text.contains("Subject: Sealed\r\n") && text.contains("multipart/signed"),
        "{text}"
    );
    assert!(gateway.ask(&["trace", &id]).contains("decrypted (AES-256-CBC)"));
    assert!(
        gateway.ask(&["cert", "list"]).contains(NOBODY),
        "the signer inside is harvested"
    );
    // What nobody here can open goes on as it is.
    send(
        gateway.inbound(),
        NOBODY,
        &[CLERK],
        &encrypt(&nobody, "Content-Type: text/plain\n\nx\n"),
    )
    .unwrap();
    let text = inside.next().text();
    assert!(
        text.contains("pkcs7-mime") && !text.contains("Sealgate-Decrypted"),
        "{text}"
    );
}
