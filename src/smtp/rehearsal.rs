//! A session without a socket and a gateway, for the fuzzer: octets in, what it said and took out.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::BytesMut;

use super::memory::Budget;
use super::quota::{Quotas, Rates};
use super::session::{Event, Rules, Session, Standing};
use super::{Client, Reply};

/// What a session has done with its octets.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// Everything that it said.
    pub replies: Vec<u8>,
    /// Every message that it handed over.
    pub messages: Vec<Vec<u8>>,
    /// Whether it has ended.
    pub closed: bool,
}

/// Feeds a session with `octets`, so many at a time as `cuts` says, over and over; no cuts feed all at once. Nobody may log
/// in, and every message is refused.
///
/// # Errors
/// When a session cannot be had, which is no finding.
pub fn rehearse(octets: &[u8], cuts: &[u8], lmtp: bool) -> Result<Rehearsal, String> {
    let rules = Rules {
        hostname: "gateway.example".to_owned(),
        postmaster: None,
        message_octets: 16 * 1024,
        recipients: 10,
        copied_octets: 64 * 1024,
        errors: 100,
        starttls: true,
        requiretls: true,
        quotas: Arc::new(Quotas::new(&Rates::default(), None)?),
        users: None,
        domains: None,
    };
    let client = Client {
        address: IpAddr::from([192, 0, 2, 1]),
        helo: String::new(),
        tls: false,
        extended: false,
        user: None,
        lmtp,
    };
    let budget = Budget::new(1024 * 1024);
    let mut session = Session::new(Arc::new(rules), budget, client, Standing::Welcome);
    let mut done = Rehearsal::default();
    let mut input = BytesMut::new();
    let mut lengths = cuts.iter().map(|cut| usize::from(*cut).max(1)).cycle();
    let mut rest = octets;
    while !done.closed {
        let length = lengths.next().unwrap_or(rest.len()).min(rest.len());
        let (piece, behind) = rest.split_at(length);
        input.extend_from_slice(piece);
        rest = behind;
        advance(&mut session, &mut input, &mut done);
        if rest.is_empty() {
            break;
        }
    }
    Ok(done)
}

fn advance(session: &mut Session, input: &mut BytesMut, done: &mut Rehearsal) {
    loop {
        let event = session.advance(input);
        done.replies.extend(session.take_output());
        match event {
            Event::Read(_) => return,
            Event::Write => {}
            Event::Sender(_) => session.sender_answered(Ok(())),
            Event::Turn => session.turn_came(!input.is_empty()),
            Event::Message(received) => {
                done.messages.push(received.message.as_bytes().to_vec());
                session.message_answered(Reply::NoRoom);
            }
            Event::Login(_) => session.login_failed(),
            Event::Introduced(introduction) => session.introduced(introduction, Standing::Welcome),
            // What stands behind it in clear is dropped, as the server does.
            Event::StartTls => {
                input.clear();
                session.tls_started();
            }
            Event::Close => {
                done.closed = true;
                return;
            }
        }
    }
}
