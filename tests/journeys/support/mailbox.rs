//! An SMTP server that keeps what it gets, and can be told to refuse.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealgate::message::{Address, Boxed, DsnRequest, Envelope, MessageId, RawMessage, TlsWish};
use sealgate::smtp::{Accept, Client, Reply, Server, Settings, Turn};
use tokio::sync::oneshot;

use super::directory::Directory;

/// How long a letter may take. Generous: a test that waits this long has failed anyway.
const PATIENCE: Duration = Duration::from_secs(60);

/// A letter as it came over the wire.
pub struct Letter {
    pub sender: Option<Address>,
    pub recipients: Vec<String>,
    pub bytes: Vec<u8>,
    /// What the sender asked of notices about each recipient, in the order of the envelope.
    pub dsn: Vec<DsnRequest>,
    /// What the sender asked of TLS.
    pub tls: TlsWish,
}

impl Letter {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

pub struct Mailbox {
    pub address: SocketAddr,
    letters: Mutex<Receiver<Letter>>,
    answers: Arc<Mutex<Vec<Reply>>>,
    _stop: oneshot::Sender<()>,
}

impl Mailbox {
    /// Listens on a free port of 127.0.0.1.
    pub fn start() -> Mailbox {
        Mailbox::start_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    pub fn start_at(listen: SocketAddr) -> Mailbox {
        Mailbox::start_with(Settings {
            listen: vec![listen],
            ..Settings::default()
        })
    }

    /// The same with the certificate that `tls::prepare` has made, and REQUIRETLS or not.
    pub fn start_secured(certificate: &Directory, requiretls: bool) -> Mailbox {
        Mailbox::start_with(Settings {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            tls_certificate: Some(certificate.path().join("tls.pem")),
            tls_key: Some(certificate.path().join("tls.key")),
            requiretls,
            ..Settings::default()
        })
    }

    fn start_with(settings: Settings) -> Mailbox {
        let (keep, letters) = channel();
        let answers = Arc::new(Mutex::new(Vec::new()));
        let keeper = Keeper {
            keep: Mutex::new(keep),
            answers: Arc::clone(&answers),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let server = Server::bind(&settings, "mailbox.example", Arc::new(keeper))
                    .await
                    .expect("a free port");
                tell.send(server.addresses()[0]).expect("the test still runs");
                server.run(async move { drop(stopped.await) }).await;
            });
        });
        let address = told.recv().expect("the mailbox starts");
        Mailbox {
            address,
            letters: Mutex::new(letters),
            answers,
            _stop: stop,
        }
    }

    /// The next letter.
    pub fn next(&self) -> Letter {
        self.letters
            .lock()
            .expect("no test panicked here")
            .recv_timeout(PATIENCE)
            .expect("a letter arrives")
    }

    /// The next `count` letters, in the order of their recipients.
    pub fn letters(&self, count: usize) -> Vec<Letter> {
        let mut letters: Vec<Letter> = (0..count).map(|_| self.next()).collect();
        letters.sort_by(|a, b| a.recipients.cmp(&b.recipients));
        letters
    }

    /// A letter that is waiting now. Only telling after something later has arrived.
    pub fn try_next(&self) -> Option<Letter> {
        let letters = self.letters.lock().expect("no test panicked here");
        letters.try_recv().ok()
    }

    /// Whether nothing is waiting now. Only telling after something later has arrived.
    pub fn is_empty(&self) -> bool {
        self.try_next().is_none()
    }

    /// Gives this answer to the next message instead of taking it.
    pub fn refuse_next(&self, reply: Reply) {
        self.answers.lock().expect("no test panicked here").push(reply);
    }
}

struct Keeper {
    keep: Mutex<Sender<Letter>>,
    answers: Arc<Mutex<Vec<Reply>>>,
}

impl Accept for Keeper {
    fn sender(&self, _client: &Client, _sender: Option<&Address>) -> Result<(), Reply> {
        Ok(())
    }

    fn message(&self, _: Client, envelope: Envelope, message: RawMessage, _: Turn) -> Boxed<'_, Reply> {
        Box::pin(async move {
            if let Some(reply) = self.answers.lock().expect("no test panicked here").pop() {
                return reply;
            }
            let mut recipients: Vec<String> = envelope.recipients.iter().map(ToString::to_string).collect();
            recipients.sort();
            let letter = Letter {
                sender: envelope.sender,
                dsn: envelope.dsn,
                tls: envelope.tls,
                recipients,
                bytes: message.as_bytes().to_vec(),
            };
            let _ = self.keep.lock().expect("no test panicked here").send(letter);
            Reply::Accepted(MessageId::new(0, 0))
        })
    }
}
