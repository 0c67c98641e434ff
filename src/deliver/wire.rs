//! A connection that speaks in commands and replies, with a limit of time for every step.
//!
//! It knows lines and octets, and not what they mean.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_openssl::SslStream;

use super::reply::{Nonsense, Replies, Reply, one_line};
use super::report::Failure;
use super::target::Security;
use super::tls::Connector;

/// Octets that are gathered before they are written.
const GATHER: usize = 32 * 1024;
/// How long a host that broke off may take to say why.
const PARTING: Duration = Duration::from_secs(1);
/// Steps that a whole call may take the time of, up to the end of the body.
const STEPS: u32 = 30;
/// The reply to the final dot may take this many time-outs, or ten minutes (RFC 5321 §4.5.3.2.6): who hangs up
/// earlier makes duplicates.
const PATIENCE: u32 = 10;
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// How long things may take.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    step: Duration,
    end: Instant,
}

impl Pace {
    /// A pace for one call of `deliver`, which begins now.
    pub(super) fn new(step: Duration) -> Pace {
        Pace {
            step,
            end: Instant::now() + step * STEPS,
        }
    }

    /// The longest time that a call takes at this pace.
    pub(super) fn longest(step: Duration) -> Duration {
        step * STEPS + patience(step) + 2 * PARTING
    }

    /// When a step that begins now must have ended.
    pub(super) fn step(&self) -> Instant {
        (Instant::now() + self.step).min(self.end)
    }

    /// When the reply to the final dot must be here. The end of the call does not shorten it.
    pub(super) fn verdict(&self) -> Instant {
        Instant::now() + patience(self.step)
    }
}

fn patience(step: Duration) -> Duration {
    (step * PATIENCE).min(TEN_MINUTES)
}

/// Why a session cannot go on. The text begins with a status code (RFC 3463), or is the host's own reply.
#[derive(Debug)]
pub(super) enum Broken {
    /// No connection, a connection lost, nonsense, or 421.
    Lost(String),
    /// There is no TLS, or none that is good enough.
    NoTls(Failure, String),
}

impl Broken {
    /// The reason, in one short line whatever the host or a library said.
    pub(super) fn into_text(self) -> String {
        let (Broken::Lost(text) | Broken::NoTls(_, text)) = self;
        one_line(&text)
    }
}

/// The connection.
pub(super) struct Wire {
    stream: Stream,
    replies: Replies,
    outbox: Vec<u8>,
    /// `host:port`, for messages.
    peer: String,
    /// The pace of the call that uses the wire now.
    pub(super) pace: Pace,
}

impl Wire {
    /// Connects to one address of `peer`.
    pub(super) async fn connect(address: SocketAddr, peer: &str, pace: Pace) -> Result<Wire, Broken> {
        let failed = |why: String| Broken::Lost(format!("4.4.1 no connection to {peer}: {why}"));
        let socket = timeout_at(pace.step(), TcpStream::connect(address))
            .await
            .map_err(|_| failed("it does not answer".to_owned()))?
            .map_err(|why| failed(why.to_string()))?;
        // Commands are small and each waits for its reply: gathering them in the kernel only delays.
        socket.set_nodelay(true).map_err(|why| failed(why.to_string()))?;
        Ok(Wire {
            stream: Stream::Plain(socket),
            replies: Replies::default(),
            outbox: Vec::new(),
            peer: peer.to_owned(),
            pace,
        })
    }

    /// Puts TLS over the connection. What the host said before it is no part of the session (RFC 3207 §4.2).
    pub(super) async fn secure(
        self,
        connector: &Connector,
        security: &Security,
        host: &str,
    ) -> Result<Wire, Broken> {
        let failed =
            |failure, why: &str| Broken::NoTls(failure, format!("4.7.5 no TLS with {}: {why}", self.peer));
        let Stream::Plain(socket) = self.stream else {
            return Err(failed(Failure::Validation, "it is there already"));
        };
        let stream = timeout_at(self.pace.step(), connector.connect(security, host, socket))
            .await
            .map_err(|_| failed(Failure::Validation, "the handshake took too long"))?
            .map_err(|(failure, why)| failed(failure, &why))?;
        Ok(Wire {
            stream: Stream::Tls(Box::new(stream)),
            replies: Replies::default(),
            outbox: Vec::new(),
            ..self
        })
    }

    /// Adds a command to what [`Wire::send`] sends.
    pub(super) fn queue(&mut self, command: &str) {
        self.outbox.extend_from_slice(command.as_bytes());
        self.outbox.extend_from_slice(b"\r\n");
    }

    /// Sends what was queued.
    pub(super) async fn send(&mut self) -> Result<(), Broken> {
        if self.unasked() {
            return Err(self.nonsense("a reply that nothing asked for"));
        }
        self.flush().await
    }

    /// Sends one command and reads its reply.
    pub(super) async fn ask(&mut self, command: &str) -> Result<Reply, Broken> {
        self.queue(command);
        self.send().await?;
        self.reply().await
    }

    /// Sends octets of a body, at the latest with the next [`Wire::send`].
    pub(super) async fn write(&mut self, piece: &[u8]) -> Result<(), Broken> {
        if self.outbox.len() + piece.len() > GATHER {
            self.flush().await?;
        }
        self.outbox.extend_from_slice(piece);
        Ok(())
    }

    /// The next reply, within one time-out from now.
    pub(super) async fn reply(&mut self) -> Result<Reply, Broken> {
        self.reply_until(self.pace.step()).await
    }

    /// The next reply. A 421 says that there will be no other (RFC 5321 §3.8).
    pub(super) async fn reply_until(&mut self, end: Instant) -> Result<Reply, Broken> {
        loop {
            match self.replies.next() {
                Ok(Some(reply)) if reply.code == 421 => return Err(Broken::Lost(reply.text())),
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => {}
                Err(Nonsense(what)) => return Err(self.nonsense(what)),
            }
            let inbox: &mut BytesMut = &mut self.replies.inbox;
            match timeout_at(end, self.stream.read_buf(inbox)).await {
                Ok(Ok(0)) => return Err(self.lost("it closed the connection")),
                Ok(Ok(_)) => {}
                Ok(Err(why)) => return Err(self.lost(&why.to_string())),
                Err(_) => return Err(self.lost("its reply took too long")),
            }
        }
    }

    /// What a host that broke off in the middle of a body had to say, if it said it.
    pub(super) async fn parting_words(&mut self) -> Option<Result<Reply, Broken>> {
        match timeout_at(Instant::now() + PARTING, self.reply()).await {
            Ok(Err(Broken::Lost(text))) if !text.starts_with("421") => None,
            Ok(words) => Some(words),
            Err(_) => None,
        }
    }

    /// Whether bytes have arrived that no command asked for.
    pub(super) fn unasked(&self) -> bool {
        self.replies.unasked()
    }

    /// Whether an idle connection is open and silent, as it should be.
    pub(super) async fn is_quiet(&self) -> bool {
        let mut byte = [0; 1];
        let peek = |cx: &mut Context<'_>| {
            let mut buffer = ReadBuf::new(&mut byte);
            Poll::Ready(self.stream.socket().poll_peek(cx, &mut buffer).is_pending())
        };
        std::future::poll_fn(peek).await && !self.unasked()
    }

    /// Says goodbye and does not wait for the answer, which changes nothing.
    pub(super) async fn quit(mut self) {
        self.queue("QUIT");
        let _ = tokio::time::timeout(PARTING, self.flush()).await;
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        let end = self.pace.step();
        let work = async {
            self.stream.write_all(&self.outbox).await?;
            self.stream.flush().await
        };
        let written = timeout_at(end, work).await;
        self.outbox.clear();
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => Err(self.lost(&why.to_string())),
            Err(_) => Err(self.lost("it takes no more data")),
        }
    }

    fn lost(&self, why: &str) -> Broken {
        Broken::Lost(format!("4.4.2 connection to {} lost: {why}", self.peer))
    }

    fn nonsense(&self, what: &str) -> Broken {
        Broken::Lost(format!("4.5.0 {} does not speak SMTP: it sent {what}", self.peer))
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<SslStream<TcpStream>>),
}

impl Stream {
    fn socket(&self) -> &TcpStream {
        match self {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => stream.get_ref(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
