//! Drives a [`Session`] over a socket: reads, writes, waits, starts TLS. What is said is not decided here.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use openssl::ssl::{Ssl, SslAcceptor};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_openssl::SslStream;

use crate::message::Address;

use super::memory::Budget;
use super::network::Network;
use super::session::{Event, Received, Rules, Session, Standing, Wait};
use super::stop::Stop;
use super::{Accept, Client, Reply};

/// Room for reading commands. A thousand idle sessions cost four megabytes.
const COMMAND_BUFFER: usize = 4 * 1024;
/// Room for reading message text: large enough that system calls do not count.
const DATA_BUFFER: usize = 64 * 1024;
/// The longest wait for strangers and for the TLS handshake: neither has work that takes time.
const SHORT_WAIT: Duration = Duration::from_secs(30);
/// How long a closed session may take to notice. Closing at once, with octets unread, would make the kernel
/// reset the connection and throw our last reply away.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_OCTETS: usize = 256 * 1024;

/// What all sessions of a server share.
pub(super) struct Shared {
    pub(super) rules: Arc<Rules>,
    pub(super) accept: Arc<dyn Accept>,
    pub(super) budget: Budget,
    pub(super) tls: Option<SslAcceptor>,
    pub(super) relay_from: Vec<Network>,
    pub(super) timeout: Duration,
}

/// Why a conversation over one stream ended.
enum End {
    Closed,
    Gone,
    StartTls,
}

/// What came from the client, or did not.
enum Heard {
    Octets,
    Nothing,
    Silence,
    Stop,
}

/// Serves one connection to its end. `stop` becoming true ends it as soon as no transaction is under way.
pub(super) async fn serve(
    mut stream: TcpStream,
    peer: SocketAddr,
    shared: &Shared,
    mut stop: Stop,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let address = peer.ip().to_canonical();
    let standing = if !shared.relay_from.iter().any(|network| network.contains(address)) {
        tracing::info!(%address, "a client outside of relay_from was refused");
        Standing::Stranger
    } else if has_spoken(&stream)? {
        tracing::info!(%address, "a client that spoke before the greeting was refused");
        Standing::Early
    } else {
        Standing::Welcome
    };
    let client = Client {
        address,
        helo: String::new(),
        tls: false,
        extended: false,
    };
    let session = Session::new(Arc::clone(&shared.rules), shared.budget.clone(), client, standing);
    let wait = if standing == Standing::Welcome {
        shared.timeout
    } else {
        shared.timeout.min(SHORT_WAIT)
    };
    let mut driver = Driver {
        session,
        shared,
        stop: &mut stop,
        wait,
    };
    match driver.converse(&mut stream).await? {
        End::Closed => close(&mut stream).await,
        End::Gone => Ok(()),
        End::StartTls => driver.converse_under_tls(stream).await,
    }
}

struct Driver<'a> {
    session: Session,
    shared: &'a Shared,
    stop: &'a mut Stop,
    wait: Duration,
}

impl Driver<'_> {
    async fn converse_under_tls(&mut self, stream: TcpStream) -> io::Result<()> {
        let Some(acceptor) = &self.shared.tls else {
            return Ok(());
        };
        let mut stream = SslStream::new(Ssl::new(acceptor.context())?, stream)?;
        let handshake = Pin::new(&mut stream).accept();
        timeout(self.wait.min(SHORT_WAIT), handshake)
            .await?
            .map_err(io::Error::other)?;
        self.session.tls_started();
        match self.converse(&mut stream).await? {
            End::Closed => close(&mut stream).await,
            End::Gone | End::StartTls => Ok(()),
        }
    }

    /// Does what the session's events say. The input ends with this function, so that no octet read in clear
    /// can be taken for one read under TLS.
    async fn converse(&mut self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<End> {
        let mut input = BytesMut::new();
        let mut deadline = Instant::now() + self.wait;
        loop {
            match self.session.advance(&mut input) {
                Event::Write => self.write(stream).await?,
                Event::Read(wait) => {
                    self.write(stream).await?;
                    // A command has one deadline, so that nobody can hold a session with an octet now and then.
                    if wait != Wait::Line {
                        deadline = Instant::now() + self.wait;
                    }
                    match self.read(stream, &mut input, wait, deadline).await? {
                        Heard::Octets => {}
                        Heard::Nothing => return Ok(End::Gone),
                        Heard::Silence => self.session.time_out(),
                        Heard::Stop => self.session.stop(),
                    }
                }
                Event::Sender(sender) => {
                    let answer = ask_sender(self.shared, self.session.client(), sender.as_ref());
                    self.session.sender_answered(answer);
                }
                Event::Message(received) => {
                    self.write(stream).await?;
                    let reply = hand_over(self.shared, *received).await;
                    self.session.message_answered(reply);
                }
                Event::StartTls => {
                    self.write(stream).await?;
                    return Ok(End::StartTls);
                }
                Event::Close => {
                    self.write(stream).await?;
                    return Ok(End::Closed);
                }
            }
        }
    }

    async fn read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        input: &mut BytesMut,
        wait: Wait,
        deadline: Instant,
    ) -> io::Result<Heard> {
        make_room(input, wait);
        tokio::select! {
            biased;
            () = self.stop.told(), if self.session.is_idle() => Ok(Heard::Stop),
            read = timeout_at(deadline, stream.read_buf(input)) => match read {
                Err(_) => Ok(Heard::Silence),
                Ok(Ok(0)) => Ok(Heard::Nothing),
                Ok(Ok(_)) => Ok(Heard::Octets),
                Ok(Err(error)) => Err(error),
            },
        }
    }

    async fn write(&mut self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let output = self.session.take_output();
        if output.is_empty() {
            return Ok(());
        }
        timeout(self.wait, async {
            stream.write_all(&output).await?;
            stream.flush().await
        })
        .await?
    }
}

/// A session that has received a large message gives the room for it back.
fn make_room(input: &mut BytesMut, wait: Wait) {
    let room = if wait == Wait::Data {
        DATA_BUFFER
    } else {
        COMMAND_BUFFER
    };
    if input.is_empty() && input.capacity() > room {
        *input = BytesMut::new();
    }
    input.reserve(room.saturating_sub(input.len()).max(1));
}

/// Whether octets have come already. Only the kernel knows this early: the runtime has not yet been told.
fn has_spoken(stream: &TcpStream) -> io::Result<bool> {
    let probe = std::net::TcpStream::from(stream.as_fd().try_clone_to_owned()?);
    Ok(probe.peek(&mut [0]).is_ok_and(|octets| octets > 0))
}

/// A panic in there is the gateway's fault, not the end of its service.
fn ask_sender(shared: &Shared, client: &Client, sender: Option<&Address>) -> Result<(), Reply> {
    catch_unwind(AssertUnwindSafe(|| shared.accept.sender(client, sender))).unwrap_or_else(|_| {
        tracing::error!("asking whether a sender may send has panicked; the client keeps the message");
        Err(our_fault())
    })
}

/// Runs as a task of its own, so that a panic ends in an answer, and so that a client that goes away cannot
/// stop the gateway in the middle of its work.
async fn hand_over(shared: &Shared, received: Received) -> Reply {
    let accept = Arc::clone(&shared.accept);
    let Received {
        client,
        envelope,
        message,
        hold,
    } = received;
    let work = tokio::spawn(async move {
        let reply = accept.message(client, envelope, message).await;
        drop(hold);
        reply
    });
    work.await.unwrap_or_else(|_| {
        tracing::error!("taking a message has panicked; the client keeps the message");
        our_fault()
    })
}

fn our_fault() -> Reply {
    Reply::TryLater {
        text: "the gateway could not do its work; try again later".to_owned(),
    }
}

/// Ends our side, and reads on for a moment until the client has ended its own.
async fn close(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    let mut rest = [0; COMMAND_BUFFER];
    let mut read = 0;
    let linger = async {
        stream.shutdown().await?;
        while read < LINGER_OCTETS {
            match stream.read(&mut rest).await? {
                0 => break,
                octets => read += octets,
            }
        }
        Ok(())
    };
    timeout(LINGER, linger).await.unwrap_or(Ok(()))
}
