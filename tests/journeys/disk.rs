//! Personal information never rests on the disk in clear, and what was acknowledged survives a crash.

use rusqlite::Connection;

use crate::support::gateway::{Gateway, Options};
use crate::support::mail::send;
use crate::support::mailbox::Mailbox;
use crate::support::openers::{all_bytes, openssl};
use crate::support::pki::{ANNA, NOBODY};

const CLERK: &str = "clerk@agency.example";
/// In the Subject, in the text, in HTML, in an attachment, in the name of a header field: each with a number of its own.
const SECRETS: [&str; 5] = [
    "536-22-8145",
    "412-63-9074",
    "601-37-5528",
    "219-48-3307",
    "528-61-4409",
];

fn mail() -> String {
    let [subject, text, html, attachment, name] = SECRETS;
    let attachment = openssl::base64::encode_block(format!("Ellen Marquez, SSN {attachment}\r\n").as_bytes());
    format!(
        "From: clerk@agency.example\r\nTo: anna@partner.example\r\nSubject: Ellen Marquez SSN {subject}\r\n\
         X-SSN-{name}: Ellen Marquez\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: text/plain\r\n\r\nEllen Marquez, SSN {text}\r\n--b\r\nContent-Type: text/html\r\n\r\n\
         <p>Ellen Marquez, SSN {html}</p>\r\n--b\r\nContent-Type: text/plain; name=list.txt\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{attachment}\r\n--b--\r\n"
    )
}

/// Every way in which a secret could stand in a file.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let digits = secret.replace('-', "");
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut spellings = vec![secret.as_bytes().to_vec(), digits.into_bytes(), utf16];
    for offset in 0..3 {
        // Base64 looks different at each of three offsets; the middle of it does not depend on what is around.
        let padded = format!("{}{secret}", "x".repeat(offset));
        let encoded = openssl::base64::encode_block(padded.as_bytes());
        spellings.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
    }
    spellings
}

fn assert_nothing_in_clear(gateway: &Gateway, when: &str) {
    let files = all_bytes(&gateway.data());
    assert!(
        files
            .iter()
            .any(|(name, bytes)| name.ends_with(".db") && !bytes.is_empty()),
        "the store was looked at"
    );
    for (name, bytes) in files {
        for secret in SECRETS {
            for spelling in spellings(secret) {
                let found = bytes.windows(spelling.len()).any(|window| window == spelling);
                assert!(!found, "{when}: a secret stands in {name}");
            }
        }
        assert!(
            !bytes.windows(13).any(|window| window == b"Ellen Marquez"),
            "{when}: a name stands in {name}"
        );
    }
}

#[test]
fn no_file_under_the_data_directory_ever_holds_personal_information_in_clear() {
    let mailbox = Mailbox::start();
    let options = Options::default();
    // The next hop is away at first, so that everything has to wait on the disk.
    let away = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    let mut gateway = Gateway::start(away, &options);
    for _ in 0..3 {
        send(gateway.address, CLERK, &[ANNA, NOBODY], &mail()).unwrap();
    }
    assert_nothing_in_clear(&gateway, "while mail waits");
    let large = mail().replace(
        "--b--",
        &format!("--b\r\n\r\n{}\r\n--b--", "filler line\r\n".repeat(60_000)),
    );
    send(gateway.address, CLERK, &[ANNA], &large).unwrap();
    assert_nothing_in_clear(&gateway, "while a large body waits in its file");
    gateway.kill_and_restart();
    assert_nothing_in_clear(&gateway, "after a crash");
    let log = gateway.log();
    assert!(
        SECRETS.iter().all(|secret| !log.contains(secret)) && !log.contains("Marquez"),
        "the log: {log}"
    );
    drop(mailbox);
}

#[test]
fn what_was_acknowledged_is_delivered_after_the_gateway_is_killed() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut gateway = Gateway::start(port, &Options::default());
    for _ in 0..5 {
        send(gateway.address, CLERK, &[ANNA], &mail()).unwrap();
    }
    gateway.kill_and_restart();
    let mailbox = Mailbox::start_at(port);
    gateway.ask(&["queue", "retry", "--all"]);
    for letter in mailbox.letters(5) {
        let inside = openssl(&letter.bytes, gateway.pki.person(ANNA)).unwrap();
        assert!(SECRETS[..3].iter().all(|secret| inside.contains(secret)));
    }
}

#[test]
fn a_store_that_cannot_be_written_means_451_or_452_and_nothing_kept() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    // Another connection holds the database's write lock for good.
    let database = all_bytes(&gateway.data())
        .into_iter()
        .map(|(name, _)| name)
        .find(|name| name.ends_with(".db"));
    let holder = Connection::open(database.expect("the store has a database")).expect("the database opens");
    holder.execute_batch("BEGIN EXCLUSIVE").expect("the lock is held");
    let (mut session, _) = crate::support::mail::Session::open(gateway.address);
    let reply = session.message(CLERK, &[ANNA], mail().as_bytes());
    assert!(reply.starts_with("451 ") || reply.starts_with("452 "), "{reply}");
    holder.close().expect("the lock is given up");
    let reply = session.message(CLERK, &[ANNA], mail().as_bytes());
    assert!(reply.starts_with("250 "), "{reply}");
    mailbox.next();
    gateway.wait_until_the_queue_is_empty();
    assert!(mailbox.is_empty(), "the refused message was kept");
}
