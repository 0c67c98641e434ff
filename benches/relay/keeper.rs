//! A next hop that opens what it gets, remembers which messages came and how often, and can be made to fail.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use openssl::cms::CmsContentInfo;

use super::place::{mail, private_key};

/// How it answers.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Mood {
    /// It takes everything.
    Well = 0,
    /// It hangs up at once.
    Down = 1,
    /// It answers every message with 451.
    Busy = 2,
    /// It takes the whole message and hangs up instead of answering.
    Cruel = 3,
}

/// A listening keeper; it lasts until the program ends.
pub struct Keeper {
    pub address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    mood: AtomicU8,
    /// How often each message came whole, by its number.
    came: Mutex<HashMap<usize, usize>>,
    /// What was taken and is not what was sent.
    wrong: Mutex<Vec<String>>,
}

impl Keeper {
    pub fn start(octets: usize) -> Keeper {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // A client that hangs up ends its session, and nothing else.
                    let _ = serve(stream, &state, octets);
                });
            }
        });
        Keeper { address, state }
    }

    pub fn be(&self, mood: Mood) {
        self.state.mood.store(mood as u8, Ordering::Release);
    }

    /// How many different messages came.
    pub fn different(&self) -> usize {
        self.state.came.lock().expect("no thread panics").len()
    }

    /// How many came more than once, counted each time.
    pub fn duplicates(&self) -> usize {
        let came = self.state.came.lock().expect("no thread panics");
        came.values().map(|times| times - 1).sum()
    }

    /// Which of these never came.
    pub fn missing(&self, numbers: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let came = self.state.came.lock().expect("no thread panics");
        numbers
            .into_iter()
            .filter(|number| !came.contains_key(number))
            .collect()
    }

    /// What came and is not what was sent.
    pub fn wrong(&self) -> Vec<String> {
        self.state.wrong.lock().expect("no thread panics").clone()
    }
}

fn serve(stream: TcpStream, state: &State, octets: usize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mood = || state.mood.load(Ordering::Acquire);
    if mood() == Mood::Down as u8 {
        return Ok(());
    }
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    writer.write_all(b"220 keeper.example ESMTP\r\n")?;
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_slice() {
            b"DATA" => {
                writer.write_all(b"354 go on\r\n")?;
                let text = receive(&mut reader)?;
                if mood() == Mood::Busy as u8 {
                    writer.write_all(b"451 4.3.2 not now\r\n")?;
                    continue;
                }
                note(state, &text, octets);
                if mood() == Mood::Cruel as u8 {
                    return Ok(());
                }
                writer.write_all(b"250 taken\r\n")?;
            }
            b"QUIT" => return writer.write_all(b"221 bye\r\n"),
            _ => writer.write_all(b"250 fine\r\n")?,
        }
    }
}

fn receive(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        let start = text.len();
        if reader.take(1 << 20).read_until(b'\n', &mut text)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match text.get(start..) {
            Some(b".\r\n") => {
                text.truncate(start);
                return Ok(text);
            }
            Some([b'.', ..]) => drop(text.remove(start)),
            _ => {}
        }
    }
}

/// Opens a message and compares it with the one of its number. Notices are not counted.
fn note(state: &State, text: &[u8], octets: usize) {
    let text = String::from_utf8_lossy(text);
    let number = text
        .split_once("\r\nMessage-ID: <")
        .and_then(|(_, rest)| rest.split_once('.'));
    let Some(number) = number.and_then(|(number, _)| number.parse().ok()) else {
        return;
    };
    let sent = mail(number, octets);
    let sent = sent.strip_suffix(b".\r\n").unwrap_or(&sent);
    let body = memchr::memmem::find(sent, b"\r\n\r\n").map_or(sent, |end| &sent[end..]);
    match open(&text) {
        Some(inside) if inside.ends_with(body) => {
            *state
                .came
                .lock()
                .expect("no thread panics")
                .entry(number)
                .or_default() += 1;
        }
        _ => state
            .wrong
            .lock()
            .expect("no thread panics")
            .push(format!("message {number}")),
    }
}

fn open(text: &str) -> Option<Vec<u8>> {
    let (_, body) = text.split_once("\r\n\r\n")?;
    let base64: String = body.split_whitespace().collect();
    let cms = CmsContentInfo::from_der(&openssl::base64::decode_block(&base64).ok()?).ok()?;
    cms.decrypt_without_cert_check(private_key()).ok()
}
