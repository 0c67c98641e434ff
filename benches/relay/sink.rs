//! The next hop of every system under measurement: takes all mail, keeps none, counts it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long mail may stay away before a run counts as failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A listening sink; it lasts until the program ends.
pub struct Sink {
    pub address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    messages: AtomicUsize,
    recipients: AtomicUsize,
    octets: AtomicU64,
    sealed: AtomicUsize,
}

impl Sink {
    pub fn start() -> Sink {
        Sink::start_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// At an address that nobody listens at.
    pub fn start_at(address: SocketAddr) -> Sink {
        let listener = TcpListener::bind(address).expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let counts = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // A client that hangs up ends its session, and nothing else.
                    let _ = serve(stream, &counts);
                });
            }
        });
        Sink { address, counts }
    }

    /// How many messages have come.
    pub fn messages(&self) -> usize {
        self.counts.messages.load(Ordering::Acquire)
    }

    /// Waits until mail to so many recipients has come since the sink was started.
    pub fn wait_for_recipients(&self, recipients: usize) {
        let start = Instant::now();
        while self.counts.recipients.load(Ordering::Acquire) < recipients {
            assert!(
                start.elapsed() < PATIENCE,
                "mail to some of {recipients} recipients does not arrive"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// How many of them were S/MIME.
    pub fn sealed(&self) -> usize {
        self.counts.sealed.load(Ordering::Acquire)
    }

    /// Waits until `messages` have come since the sink was started.
    pub fn wait_for(&self, messages: usize) {
        let mut last = (self.messages(), Instant::now());
        while self.messages() < messages {
            std::thread::sleep(Duration::from_millis(1));
            if self.messages() != last.0 {
                last = (self.messages(), Instant::now());
            }
            let missing = messages.saturating_sub(last.0);
            assert!(last.1.elapsed() < PATIENCE, "{missing} messages do not arrive");
        }
    }
}

fn serve(stream: TcpStream, counts: &Counts) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::with_capacity(64 * 1024, stream);
    let mut line = Vec::new();
    let mut replies: Vec<u8> = b"220 sink.example ESMTP\r\n".to_vec();
    let mut recipients = 0;
    loop {
        // What was pipelined is answered in one piece.
        if reader.buffer().is_empty() {
            writer.write_all(&replies)?;
            replies.clear();
        }
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_slice() {
            b"EHLO" => replies.extend_from_slice(b"250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n"),
            b"DATA" => {
                replies.extend_from_slice(b"354 go on\r\n");
                writer.write_all(&replies)?;
                replies.clear();
                receive(&mut reader, counts)?;
                counts.recipients.fetch_add(recipients, Ordering::Release);
                recipients = 0;
                replies.extend_from_slice(b"250 taken\r\n");
            }
            b"RCPT" => {
                recipients += 1;
                replies.extend_from_slice(b"250 fine\r\n");
            }
            b"QUIT" => return writer.write_all(b"221 bye\r\n"),
            _ => replies.extend_from_slice(b"250 fine\r\n"),
        }
    }
}

/// Reads up to the end of data. Looks only for that end and at the beginning, so that it costs little.
fn receive(reader: &mut BufReader<TcpStream>, counts: &Counts) -> std::io::Result<()> {
    let mut window = b"\r\n".to_vec();
    let (mut sealed, mut octets) = (false, 0_u64);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let kept = window.len();
        window.extend_from_slice(buffer);
        sealed |= octets < 8192 && memchr::memmem::find(&window, b"pkcs7-mime").is_some();
        let end = memchr::memmem::find(&window, b"\r\n.\r\n").map(|end| end + 5 - kept);
        let read = end.unwrap_or(buffer.len());
        octets += read as u64;
        reader.consume(read);
        if end.is_some() {
            break;
        }
        // The end may be cut in two, and so may be the words that are looked for.
        window.drain(..window.len().saturating_sub(12));
    }
    counts.octets.fetch_add(octets, Ordering::Relaxed);
    counts.sealed.fetch_add(usize::from(sealed), Ordering::Relaxed);
    counts.messages.fetch_add(1, Ordering::Release);
    Ok(())
}

/// Hands one message from standard input to an SMTP server: the way back into Postfix for its filter.
pub fn reinject(server: &str, sender: &str, recipient: &str) -> std::io::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let server: SocketAddr = server.parse().map_err(std::io::Error::other)?;
    let mut session = super::load::Session::open(server)?;
    let recipients = [recipient.to_owned()];
    session.send_from(sender, &recipients, format!("{text}\r\n.\r\n").as_bytes())?;
    Ok(())
}
