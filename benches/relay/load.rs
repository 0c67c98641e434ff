//! The mail server in front: sessions that send one message after the other, and how long the answers took.

use std::io::{BufRead, BufReader, Error, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::place::{mail, recipient};

/// An open SMTP session.
pub struct Session {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Session {
    pub fn open(server: SocketAddr) -> Result<Session> {
        let writer = TcpStream::connect(server)?;
        writer.set_nodelay(true)?;
        let reader = BufReader::new(writer.try_clone()?);
        let mut session = Session { reader, writer };
        session.expect('2')?;
        session.writer.write_all(b"EHLO mail.agency.example\r\n")?;
        session.expect('2')?;
        Ok(session)
    }

    /// Sends a message whose end of data is on it; answers the time from that end to the reply.
    pub fn send(&mut self, recipients: &[String], data: &[u8]) -> Result<Duration> {
        self.send_from("clerk@agency.example", recipients, data)
    }

    pub fn send_from(&mut self, sender: &str, recipients: &[String], data: &[u8]) -> Result<Duration> {
        let mut commands = format!("MAIL FROM:<{sender}>\r\n");
        for recipient in recipients {
            commands.push_str(&format!("RCPT TO:<{recipient}>\r\n"));
        }
        commands.push_str("DATA\r\n");
        self.writer.write_all(commands.as_bytes())?;
        for _ in 0..=recipients.len() {
            self.expect('2')?;
        }
        self.expect('3')?;
        self.writer.write_all(data)?;
        let end = Instant::now();
        self.expect('2')?;
        Ok(end.elapsed())
    }

    fn expect(&mut self, class: char) -> Result<()> {
        let mut line = String::new();
        loop {
            line.clear();
            self.reader.read_line(&mut line)?;
            if !line.starts_with(class) {
                return Err(Error::other(format!("unexpected reply: {line:?}")));
            }
            if line.get(3..4) != Some("-") {
                return Ok(());
            }
        }
    }
}

/// Who goes without a word may not have heard the last answer.
impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.writer.write_all(b"QUIT\r\n");
    }
}

/// What is sent.
#[derive(Clone, Copy)]
pub struct Load {
    pub messages: usize,
    pub sessions: usize,
    pub octets: usize,
    /// Recipients in turn, one for each message.
    pub people: usize,
}

/// How it was taken.
pub struct Taken {
    /// From the first connection to the last `250`.
    pub time: Duration,
    /// From the end of data to the reply, for each message, sorted.
    pub answers: Vec<Duration>,
    /// From MAIL to the same reply, sorted.
    pub transactions: Vec<Duration>,
}

impl Taken {
    /// The time within which that share of all messages was answered.
    pub fn percentile(&self, share: f64) -> Duration {
        percentile(&self.answers, share)
    }
}

/// The one of these sorted times that this share of all does not exceed.
pub fn percentile(times: &[Duration], share: f64) -> Duration {
    let last = times.len().saturating_sub(1);
    times[(last as f64 * share).round() as usize]
}

/// Messages that a load sends in turn.
const MAILS: usize = 64;
/// Loads that were sent so far.
static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Sends a load over its sessions.
pub fn run(server: SocketAddr, load: Load) -> Taken {
    // Made before the clock starts; the text is the same but for two lines. No load sends what another has sent: after a crash
    // in between, the gateway would take it for mail that comes again.
    let first = RUNS.fetch_add(1, Ordering::Relaxed) * MAILS;
    let mails = (first..first + MAILS).map(|number| mail(number, load.octets));
    let mails: Arc<Vec<Vec<u8>>> = Arc::new(mails.collect());
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let sessions: Vec<_> = (0..load.sessions)
        .map(|_| {
            let (mails, next) = (Arc::clone(&mails), Arc::clone(&next));
            std::thread::spawn(move || session(server, load, &mails, &next))
        })
        .collect();
    let mut taken = Taken {
        time: Duration::ZERO,
        answers: Vec::with_capacity(load.messages),
        transactions: Vec::with_capacity(load.messages),
    };
    for session in sessions {
        let own = session.join().expect("a session does not panic");
        for (transaction, answer) in own.expect("the server takes every message") {
            taken.transactions.push(transaction);
            taken.answers.push(answer);
        }
    }
    taken.time = start.elapsed();
    taken.answers.sort();
    taken.transactions.sort();
    taken
}

/// For each message, how long its transaction took and how long its answer.
fn session(
    server: SocketAddr,
    load: Load,
    mails: &[Vec<u8>],
    next: &AtomicUsize,
) -> Result<Vec<(Duration, Duration)>> {
    let mut session = Session::open(server)?;
    let mut times = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= load.messages {
            return Ok(times);
        }
        let to = [recipient(number % load.people)];
        let start = Instant::now();
        let answer = session.send(&to, &mails[number % mails.len()])?;
        times.push((start.elapsed(), answer));
    }
}
