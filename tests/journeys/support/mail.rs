//! Sending, as mail software does: lettre for well-formed sessions, raw sockets for the rest.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use lettre::Transport;
use lettre::address::Envelope;
use lettre::transport::smtp::{Error, SmtpTransport};

/// Sends with lettre, an independent client. LF line ends in `text` become CRLF.
pub fn send(to: SocketAddr, sender: &str, recipients: &[&str], text: &str) -> Result<String, Error> {
    let address = |text: &&str| text.parse().expect("a test's address is one");
    let sender = if sender.is_empty() {
        None
    } else {
        Some(address(&sender))
    };
    let envelope = Envelope::new(sender, recipients.iter().map(address).collect()).expect("an envelope");
    let transport = SmtpTransport::builder_dangerous(to.ip().to_string())
        .port(to.port())
        .timeout(Some(Duration::from_secs(120)))
        .build();
    let raw = text.replace("\r\n", "\n").replace('\n', "\r\n");
    transport
        .send_raw(&envelope, raw.as_bytes())
        .map(|response| response.message().collect::<Vec<_>>().join(" "))
}

/// Sends and takes the gateway's id out of its reply.
pub fn send_for_id(to: SocketAddr, sender: &str, recipients: &[&str], text: &str) -> String {
    let reply = send(to, sender, recipients, text).expect("the gateway takes the message");
    reply
        .split_whitespace()
        .last()
        .expect("the reply ends with the id")
        .to_owned()
}

/// A session by hand.
pub struct Session {
    stream: BufReader<TcpStream>,
}

impl Session {
    /// Connects and reads the greeting.
    pub fn open(to: SocketAddr) -> (Session, String) {
        let stream = TcpStream::connect(to).expect("the gateway listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(120)))
            .expect("a time-out can be set");
        let mut session = Session {
            stream: BufReader::new(stream),
        };
        let greeting = session.reply();
        (session, greeting)
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("the gateway reads");
    }

    /// Reads one reply, all lines of it; empty when the connection is closed.
    pub fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).unwrap_or(0) == 0 {
                return reply;
            }
            reply.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return reply;
            }
        }
    }

    /// Sends a line and reads the reply.
    pub fn say(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    /// Ends the client's side, and waits until the gateway has ended its own.
    pub fn hang_up(mut self) {
        let _ = self.stream.get_ref().shutdown(Shutdown::Write);
        let _ = std::io::copy(&mut self.stream, &mut std::io::sink());
    }

    /// Sends a whole message after a greeting; answers the reply to the final dot.
    pub fn message(&mut self, sender: &str, recipients: &[&str], data: &[u8]) -> String {
        self.say("EHLO test.agency.example");
        self.say(&format!("MAIL FROM:<{sender}>"));
        for recipient in recipients {
            self.say(&format!("RCPT TO:<{recipient}>"));
        }
        self.say("DATA");
        self.write(data);
        self.write(b"\r\n.\r\n");
        self.reply()
    }
}
