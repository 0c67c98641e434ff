//! The server as its clients meet it: without sockets in [`session`], with them in the others.

mod balancer;
mod chunking;
mod dialogue;
mod limits;
mod login;
mod service;
mod session;
mod slow;
mod smuggling;
mod tls;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::message::{Address, Boxed, Envelope, MessageId, RawMessage};

use super::{Accept, Client, Reply, Server, Settings, Turn};

/// Long enough for the slowest machine: it ends a test that would hang, and is waited for in no other.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn id() -> MessageId {
    MessageId::new(1_790_000_000_000, 1)
}

/// Waits for what comes soon, but not at once: the server has to notice something first.
fn soon(mut happens: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happens() {
        assert!(start.elapsed() < PATIENCE, "it did not happen");
        std::thread::yield_now();
    }
}

/// What the gateway was given.
#[derive(Clone, Debug)]
struct Taken {
    client: Client,
    envelope: Envelope,
    message: RawMessage,
}

impl Taken {
    fn recipients(&self) -> Vec<String> {
        self.envelope.recipients.iter().map(Address::to_string).collect()
    }
}

/// Takes everything and remembers it, unless it is told otherwise.
#[derive(Default)]
struct Recorder {
    taken: Mutex<Vec<Taken>>,
    /// The answers to the next messages, first one last.
    answers: Mutex<Vec<Reply>>,
    /// Senders at this domain get this reply.
    refused: Option<(&'static str, Reply)>,
    /// Messages for this local part are held: the test hears of each, and says when it is answered.
    held: Option<(&'static str, Sender<oneshot::Sender<()>>)>,
}

impl Recorder {
    fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    fn texts(&self) -> Vec<String> {
        let text = |taken: Taken| String::from_utf8(taken.message.as_bytes().to_vec()).unwrap();
        self.taken().into_iter().map(text).collect()
    }

    /// A recorder that holds messages for `local`, and where to hear of them.
    fn holding(local: &'static str) -> (Recorder, Receiver<oneshot::Sender<()>>) {
        let (sender, receiver) = channel();
        (
            Recorder {
                held: Some((local, sender)),
                ..Recorder::default()
            },
            receiver,
        )
    }
}

impl Accept for Recorder {
    fn sender(&self, _: &Client, sender: Option<&Address>) -> Result<(), Reply> {
        match (&self.refused, sender) {
            (Some((domain, _)), Some(sender)) if *domain == "panic.example" && sender.domain() == *domain => {
                panic!("a sender that the gateway cannot bear")
            }
            (Some((domain, reply)), Some(sender)) if sender.domain() == *domain => Err(reply.clone()),
            _ => Ok(()),
        }
    }

    fn message(&self, client: Client, envelope: Envelope, message: RawMessage, _: Turn) -> Boxed<'_, Reply> {
        Box::pin(async move {
            assert!(
                !message.as_bytes().starts_with(b"panic"),
                "a message that the gateway cannot bear"
            );
            if let Some((local, tell)) = &self.held
                && envelope
                    .recipients
                    .iter()
                    .any(|recipient| recipient.local() == *local)
            {
                let (go, wait) = oneshot::channel();
                tell.send(go).unwrap();
                let _ = wait.await;
            }
            self.taken.lock().unwrap().push(Taken {
                client,
                envelope,
                message,
            });
            self.answers
                .lock()
                .unwrap()
                .pop()
                .unwrap_or(Reply::Accepted(id()))
        })
    }
}

/// A server on loopback in its own runtime.
struct Gateway {
    address: SocketAddr,
    recorder: Arc<Recorder>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

fn settings() -> Settings {
    Settings {
        listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
        timeout_seconds: 60,
        ..Settings::default()
    }
}

impl Gateway {
    fn start(settings: &Settings, recorder: Recorder) -> Gateway {
        Gateway::start_draining(settings, recorder, PATIENCE)
    }

    fn start_draining(settings: &Settings, recorder: Recorder, drain: Duration) -> Gateway {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let recorder = Arc::new(recorder);
        let bind = Server::bind(
            settings,
            "gateway.example",
            Arc::clone(&recorder) as Arc<dyn Accept>,
        );
        let server = runtime.block_on(bind).unwrap().with_drain(drain).without_pauses();
        let address = server.addresses()[0];
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            runtime.block_on(server.run(async { drop(stopped.await) }));
        });
        Gateway {
            address,
            recorder,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn simple() -> Gateway {
        Gateway::start(&settings(), Recorder::default())
    }

    /// Connects and reads the greeting.
    fn connect(&self) -> Peer<TcpStream> {
        let mut peer = Peer::connect(self.address);
        peer.expect("220 gateway.example ESMTP Sealgate");
        peer
    }

    /// Connects and says EHLO.
    fn greeted(&self) -> Peer<TcpStream> {
        let mut peer = self.connect();
        peer.send("EHLO client.example\r\n");
        while peer.line().starts_with("250-") {}
        peer
    }

    fn tell_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until `run` has returned.
    fn join(&mut self) {
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// A client that says exactly what the test tells it to.
struct Peer<S> {
    stream: S,
}

impl Peer<TcpStream> {
    fn connect(address: SocketAddr) -> Peer<TcpStream> {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Peer { stream }
    }
}

impl<S: Read + Write> Peer<S> {
    fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).unwrap();
        self.stream.flush().unwrap();
    }

    /// One reply line without its CRLF; an empty text at the end.
    fn line(&mut self) -> String {
        let mut line = Vec::new();
        let mut octet = [0];
        while !line.ends_with(b"\r\n") {
            if self.stream.read(&mut octet).unwrap() == 0 {
                assert!(line.is_empty(), "the end within a line");
                return String::new();
            }
            line.push(octet[0]);
        }
        String::from_utf8(line).unwrap().trim_end().to_owned()
    }

    /// The next reply begins so.
    fn expect(&mut self, start: &str) -> String {
        let line = self.line();
        assert!(line.starts_with(start), "expected {start:?}, got {line:?}");
        line
    }

    /// Sends a line and expects a reply that begins so.
    fn ask(&mut self, line: &str, start: &str) -> String {
        self.send(format!("{line}\r\n"));
        self.expect(start)
    }

    /// The server has closed.
    fn expect_end(&mut self) {
        assert_eq!(self.line(), "", "the session has ended");
    }

    /// MAIL, RCPT and DATA, each answered with yes.
    fn begin(&mut self, recipient: &str) {
        self.ask("MAIL FROM:<ann@client.example>", "250 2.1.0");
        self.ask(&format!("RCPT TO:<{recipient}>"), "250 2.1.5");
        self.ask("DATA", "354 ");
    }
}
