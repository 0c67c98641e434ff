//! Mail whose sender requires TLS on the whole way (RFC 8689), from end to end.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode};
use sealgate::message::{Ret, TlsWish};
use sealgate::smtp::Reply;

use crate::support::directory::Directory;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::Session;
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, NOBODY};
use crate::support::tls;

const CLERK: &str = "clerk@agency.example";
const PLAIN: &str = "From: clerk@agency.example\r\nSubject: Lunch\r\n\r\nAt noon?\r\n";
const SSN: &str = "From: clerk@agency.example\r\nSubject: x\r\n\r\nMargaret Holloway, SSN 536-22-8145.\r\n";

/// A session under STARTTLS, by hand.
struct Secured(BufReader<SslStream<TcpStream>>);

impl Secured {
    fn open(to: SocketAddr) -> Secured {
        let mut socket = TcpStream::connect(to).expect("the gateway listens");
        let mut octet = [0];
        for command in ["", "EHLO client.example\r\n", "STARTTLS\r\n"] {
            socket.write_all(command.as_bytes()).expect("the gateway reads");
            // One octet at a time, so that nothing of the handshake is taken.
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") || line.get(3) == Some(&b'-') {
                if line.ends_with(b"\r\n") {
                    line.clear();
                }
                std::io::Read::read_exact(&mut socket, &mut octet).expect("the gateway answers");
                line.push(octet[0]);
            }
            assert!(line.starts_with(b"2"), "{}", String::from_utf8_lossy(&line));
        }
        let mut builder = SslConnector::builder(SslMethod::tls_client()).expect("OpenSSL");
        builder.set_verify(SslVerifyMode::NONE);
        let client = builder
            .build()
            .configure()
            .expect("OpenSSL")
            .verify_hostname(false);
        let stream = client.connect("localhost", socket).expect("a handshake");
        Secured(BufReader::new(stream))
    }

    fn say(&mut self, line: &str) -> String {
        let stream = self.0.get_mut();
        stream
            .write_all(format!("{line}\r\n").as_bytes())
            .expect("the gateway reads");
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("the gateway answers");
            reply.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return reply;
            }
        }
    }

    /// Sends a message that requires TLS; answers the gateway's name for it.
    fn send(&mut self, recipient: &str, text: &str) -> String {
        let offers = self.say("EHLO client.example");
        assert!(offers.contains("REQUIRETLS"), "{offers}");
        for (command, code) in [
            (format!("MAIL FROM:<{CLERK}> RET=FULL REQUIRETLS"), "250"),
            (format!("RCPT TO:<{recipient}>"), "250"),
            ("DATA".to_owned(), "354"),
        ] {
            let answer = self.say(&command);
            assert!(answer.starts_with(code), "{command}: {answer}");
        }
        let answer = self.say(&format!("{text}."));
        assert!(answer.starts_with("250"), "{answer}");
        answer.split_whitespace().last().unwrap_or_default().to_owned()
    }
}

/// A gateway whose mail goes under verified TLS, and own mail to another host in clear.
fn gateway(partner: &Mailbox, certificate: &Directory, own: &Mailbox) -> Gateway {
    let deliver = format!(
        "tls = \"verify\"\nca_file = \"{}\"\n[[deliver.route]]\ndomain = \"agency.example\"\nnext_hop = \"{}\"\n",
        certificate.path().join("tls.pem").display(),
        own.address
    );
    let options = Options {
        deliver,
        smtp: tls::SETTINGS.to_owned(),
        prepare: tls::prepare,
        ..Options::default()
    };
    Gateway::start(partner.address, &options)
}

fn certificate() -> Directory {
    let directory = Directory::new();
    tls::prepare(&directory);
    directory
}

#[test]
fn what_a_sender_requires_of_tls_holds_for_sealed_mail_too_and_survives_a_restart() {
    let (certificate, own) = (certificate(), Mailbox::start());
    let partner = Mailbox::start_secured(&certificate, true);
    let mut gateway = gateway(&partner, &certificate, &own);
    partner.refuse_next(Reply::TryLater {
        text: "greylisted".to_owned(),
    });
    let id = Secured::open(gateway.addresses()[0]).send(ANNA, SSN);
    while !gateway.ask(&["queue", "list"]).contains("greylisted") {}
    assert!(gateway.ask(&["queue", "show", "1"]).contains("(REQUIRETLS)"));
    let json = gateway.ask(&["queue", "list", "--json"]);
    assert!(json.contains("\"tls\": \"required\""), "{json}");
    gateway.kill_and_restart();
    gateway.ask(&["queue", "retry", "--all"]);
    let letter = partner.next();
    assert_eq!(
        (letter.tls, letter.dsn[0].ret),
        (TlsWish::Required, Some(Ret::Headers))
    );
    assert!(letter.text().contains("application/pkcs7-mime") && !letter.text().contains("536-22"));
    let told = gateway.ask(&["trace", &id]);
    assert!(told.contains("required on the whole way (REQUIRETLS)"), "{told}");
    assert!(
        gateway
            .ask(&["trace", &id, "--json"])
            .contains("\"tls\": \"required\"")
    );
    // Mail that asks for nothing goes on as before.
    let (mut session, _) = Session::open(gateway.address);
    let answer = session.message(CLERK, &[NOBODY], PLAIN.as_bytes());
    assert!(answer.starts_with("250"), "{answer}");
    assert_eq!(partner.next().tls, TlsWish::AsConfigured);
    gateway.wait_until_the_queue_is_empty();
    assert!(own.is_empty());
}

#[test]
fn a_next_hop_that_promises_nothing_gets_nothing_and_the_sender_is_told() {
    let (certificate, own) = (certificate(), Mailbox::start());
    let partner = Mailbox::start_secured(&certificate, false);
    let gateway = gateway(&partner, &certificate, &own);
    let (mut session, _) = Session::open(gateway.address);
    assert!(!session.say("EHLO client.example").contains("REQUIRETLS"));
    let answer = session.say(&format!("MAIL FROM:<{CLERK}> REQUIRETLS"));
    assert!(answer.starts_with("530 5.7.10 "), "{answer}");
    Secured::open(gateway.addresses()[0]).send(ANNA, PLAIN);
    // The own mail server has no TLS at all: the notice goes there rather than nowhere.
    let notice = own.next();
    let text = notice.text();
    assert_eq!(
        (&notice.sender, &notice.recipients[..]),
        (&None, &[CLERK.to_owned()][..])
    );
    for words in ["Action: failed", "Status: 5.7.30", "REQUIRETLS"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    assert!(!text.contains("At noon?") && !text.contains("Lunch"), "{text}");
    gateway.wait_until_the_queue_is_empty();
    assert!(partner.is_empty());
}
