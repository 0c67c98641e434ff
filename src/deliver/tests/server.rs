//! A next hop that follows a script and tells afterwards what it heard.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use openssl::ssl::{Ssl, SslContext};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_openssl::SslStream;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

enum Step {
    Say(Vec<u8>),
    Hear(String),
    HearTogether(Vec<String>),
    HearBody,
    HearOctets(usize),
    Secure(SslContext),
    WaitForEnd,
    StandStill(Arc<Notify>),
}

/// What one connection does, step by step. At its end the server closes the connection.
#[derive(Default)]
pub struct Script(Vec<Step>);

impl Script {
    /// A server that says nothing at first.
    pub fn silent() -> Script {
        Script::default()
    }

    /// A server that greets and answers EHLO; `extensions` are separated by `|`.
    pub fn greeting(extensions: &str) -> Script {
        Script::silent().say("220 hop ESMTP").ehlo(extensions)
    }

    pub fn ehlo(self, extensions: &str) -> Script {
        let lines: String = extensions
            .split('|')
            .map(|line| format!("250-{line}\r\n"))
            .collect();
        self.hear("EHLO gate.example")
            .say(&format!("250-hop\r\n{lines}250 HELP"))
    }

    /// Sends a line.
    pub fn say(self, line: &str) -> Script {
        self.say_raw(format!("{line}\r\n").as_bytes())
    }

    pub fn say_raw(mut self, bytes: &[u8]) -> Script {
        self.0.push(Step::Say(bytes.to_vec()));
        self
    }

    /// Reads one line, which must be this one, and nothing may stand behind it.
    pub fn hear(mut self, line: &str) -> Script {
        self.0.push(Step::Hear(line.to_owned()));
        self
    }

    /// Reads one line and answers it.
    pub fn answer(self, line: &str, reply: &str) -> Script {
        self.hear(line).say(reply)
    }

    /// Reads lines that must all be there before one of them is answered.
    pub fn hear_together(mut self, lines: &[&str]) -> Script {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        self.0.push(Step::HearTogether(lines));
        self
    }

    /// Reads up to the final dot.
    pub fn hear_body(mut self) -> Script {
        self.0.push(Step::HearBody);
        self
    }

    pub fn hear_octets(mut self, count: usize) -> Script {
        self.0.push(Step::HearOctets(count));
        self
    }

    /// Takes part in a TLS handshake, which may fail.
    pub fn secure(mut self, identity: &SslContext) -> Script {
        self.0.push(Step::Secure(identity.clone()));
        self
    }

    /// Waits until the client hangs up.
    pub fn wait_for_end(mut self) -> Script {
        self.0.push(Step::WaitForEnd);
        self
    }

    /// Reads and says nothing until the test says so.
    pub fn stand_still(mut self, end: &Arc<Notify>) -> Script {
        self.0.push(Step::StandStill(end.clone()));
        self
    }

    /// Both scripts on one connection.
    pub fn then(mut self, rest: Script) -> Script {
        self.0.extend(rest.0);
        self
    }

    /// A transaction for `b@partner.example`, up to `DATA` and its answer.
    pub fn envelope(self) -> Script {
        self.answer("MAIL FROM:<a@agency.example>", "250 2.1.0 ok")
            .answer("RCPT TO:<b@partner.example>", "250 2.1.5 ok")
            .answer("DATA", "354 go")
    }

    /// A whole transaction for `b@partner.example`.
    pub fn mail(self) -> Script {
        self.envelope().hear_body().say("250 2.0.0 queued")
    }
}

/// What one connection heard.
#[derive(Default, Debug)]
pub struct Heard {
    pub lines: Vec<String>,
    /// Each body as it stood on the wire, with the final dot.
    pub bodies: Vec<Vec<u8>>,
    /// Whether a handshake succeeded.
    pub tls: bool,
}

pub struct Server {
    pub address: SocketAddr,
    task: JoinHandle<Vec<Heard>>,
}

impl Server {
    /// Plays one script for each connection, in order, and then listens no more.
    pub async fn start(scripts: impl IntoIterator<Item = Script>) -> Server {
        Server::start_at("127.0.0.1:0".parse().unwrap(), scripts).await
    }

    pub async fn start_at(address: SocketAddr, scripts: impl IntoIterator<Item = Script>) -> Server {
        let scripts: Vec<Script> = scripts.into_iter().collect();
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut plays = Vec::new();
            for script in scripts {
                let (socket, _) = listener.accept().await.unwrap();
                plays.push(tokio::spawn(play(socket, script)));
            }
            let mut heard = Vec::new();
            for play in plays {
                heard.push(play.await.unwrap());
            }
            heard
        });
        Server { address, task }
    }

    /// What was heard, once all scripts were played.
    pub async fn heard(self) -> Vec<Heard> {
        let end = tokio::time::timeout(Duration::from_secs(60), self.task).await;
        end.expect("not all scripts were played").unwrap()
    }
}

async fn play(socket: TcpStream, script: Script) -> Heard {
    let mut heard = Heard::default();
    let mut inbox = Vec::new();
    let mut stream: Box<dyn Stream> = Box::new(socket);
    for step in script.0 {
        match step {
            // The client may have hung up; what it makes of that is what the test looks at.
            Step::Say(bytes) => drop(stream.write_all(&bytes).await),
            Step::Hear(line) => {
                read_until(&mut stream, &mut inbox, |inbox| inbox.ends_with(b"\r\n")).await;
                take_lines(&mut inbox, &mut heard, &[line]);
            }
            Step::HearTogether(lines) => {
                let count = lines.len();
                read_until(&mut stream, &mut inbox, |inbox| lines_in(inbox) >= count).await;
                take_lines(&mut inbox, &mut heard, &lines);
            }
            Step::HearBody => {
                read_until(&mut stream, &mut inbox, |inbox| {
                    inbox == b".\r\n" || inbox.ends_with(b"\r\n.\r\n")
                })
                .await;
                heard.bodies.push(std::mem::take(&mut inbox));
            }
            Step::HearOctets(count) => {
                read_until(&mut stream, &mut inbox, |inbox| inbox.len() >= count).await;
                inbox.clear();
            }
            Step::Secure(context) => {
                let mut tls = SslStream::new(Ssl::new(&context).unwrap(), stream).unwrap();
                heard.tls = Pin::new(&mut tls).accept().await.is_ok();
                stream = Box::new(tls);
            }
            Step::StandStill(end) => end.notified().await,
            Step::WaitForEnd => {
                let _ = stream.read_to_end(&mut inbox).await;
                let rest = String::from_utf8_lossy(&inbox).into_owned();
                heard.lines.extend(rest.lines().map(str::to_owned));
            }
        }
    }
    heard
}

async fn read_until(stream: &mut Box<dyn Stream>, inbox: &mut Vec<u8>, enough: impl Fn(&[u8]) -> bool) {
    while !enough(inbox) {
        let count = stream.read_buf(inbox).await.unwrap_or(0);
        assert_ne!(
            count,
            0,
            "the client hung up after {:?}",
            String::from_utf8_lossy(inbox)
        );
    }
}

fn lines_in(inbox: &[u8]) -> usize {
    inbox.iter().filter(|byte| **byte == b'\n').count()
}

fn take_lines(inbox: &mut Vec<u8>, heard: &mut Heard, expected: &[String]) {
    let text = String::from_utf8(std::mem::take(inbox)).unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines, expected);
    heard.lines.extend(lines.into_iter().map(str::to_owned));
}
