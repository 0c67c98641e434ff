//! Drives a [`Session`] over a socket: reads, writes, waits, starts TLS. What is said is not decided here.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use openssl::ssl::{Ssl, SslAcceptor};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_openssl::SslStream;

use crate::message::{Address, MessageId};

use super::auth::{Claim, Permit, Verdict};
use super::caller::{self, Caller, DoorKind};
use super::limits::{State, Ticket};
use super::memory::Budget;
use super::network::Network;
use super::rates::{self, Rate};
use super::reply::Answer;
#[cfg(test)]
use super::session::Standing;
use super::session::{Event, Received, Rules, Session, Wait};
use super::stop::Stop;
use super::turns::{Turn, Turns};
use super::{Accept, Client, Reply};

/// Room for reading commands. A thousand idle sessions cost four megabytes.
const COMMAND_BUFFER: usize = 4 * 1024;
/// Room for reading message text that comes fast: large enough that system calls do not count.
const DATA_BUFFER: usize = 64 * 1024;
/// The longest wait for strangers and for the TLS handshake: neither has work that takes time.
const SHORT_WAIT: Duration = Duration::from_secs(30);
/// How long message text may come slowly before its rate counts.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a closed session may take to notice. Closing at once, with octets unread, would make the kernel
/// reset the connection and throw our last reply away.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_OCTETS: usize = 256 * 1024;
/// The pause before a false password is answered: who tries many has to wait for each.
const LOGIN_PAUSE: Duration = Duration::from_secs(2);

/// What all sessions of a server share.
pub(super) struct Shared {
    pub(super) rules: Arc<Rules>,
    pub(super) accept: Arc<dyn Accept>,
    pub(super) budget: Budget,
    pub(super) tls: Option<SslAcceptor>,
    pub(super) relay_from: Vec<Network>,
    /// Balancers that speak the PROXY protocol.
    pub(super) proxy_from: Vec<Network>,
    /// Balancers that may send XCLIENT.
    pub(super) xclient_from: Vec<Network>,
    /// Who may send message text now.
    pub(super) turns: Turns,
    pub(super) timeout: Duration,
    /// Octets of a message that must come in a second; 0 is no limit.
    pub(super) octets_per_second: u64,
    /// False passwords, by address.
    pub(super) login_failures: Rate,
    pub(super) login_pause: Duration,
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
    TooSlow,
    PlaceNeeded,
    Stop,
}

/// Serves one connection to its end. `stop` becoming true ends it as soon as no transaction is under way.
pub(super) async fn serve(
    mut stream: TcpStream,
    caller: Caller,
    shared: &Shared,
    mut stop: Stop,
    ticket: &Ticket,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let standing = caller.standing(&stream, shared)?;
    let client = Client {
        address: caller.address,
        helo: String::new(),
        tls: caller.kind == DoorKind::Tls,
        extended: false,
        user: None,
        lmtp: caller.kind == DoorKind::Lmtp,
    };
    let session = Session::new(Arc::clone(&shared.rules), shared.budget.clone(), client, standing);
    let mut driver = Driver {
        session: match caller.may_introduce {
            true => session.of_balancer(),
            false => session,
        },
        shared,
        stop: &mut stop,
        ticket,
        text: None,
        turn: None,
        room: COMMAND_BUFFER,
        unheard: None,
    };
    if caller.kind == DoorKind::Tls {
        return driver.converse_under_tls(stream).await;
    }
    match driver.converse(&mut stream).await? {
        End::Closed => driver.close(&mut stream).await,
        End::Gone => Ok(()),
        End::StartTls => {
            let mut stream = driver.secured(stream).await?;
            driver.session.tls_started();
            driver.converse_and_close(&mut stream).await
        }
    }
}

/// Serves a client in clear over any stream.
#[cfg(test)]
pub(super) async fn serve_stream(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    client: Client,
    shared: &Shared,
    mut stop: Stop,
    ticket: &Ticket,
) -> io::Result<()> {
    let (rules, budget) = (Arc::clone(&shared.rules), shared.budget.clone());
    let mut driver = Driver {
        session: Session::new(rules, budget, client, Standing::Welcome),
        shared,
        stop: &mut stop,
        ticket,
        text: None,
        turn: None,
        room: COMMAND_BUFFER,
        unheard: None,
    };
    driver.converse(stream).await.map(drop)
}

struct Driver<'a> {
    session: Session,
    shared: &'a Shared,
    stop: &'a mut Stop,
    ticket: &'a Ticket,
    /// When the message text under way began, and how much of it has come.
    text: Option<(Instant, u64)>,
    /// Its right to send it, while that lasts.
    turn: Option<Turn>,
    /// Octets to read at once.
    room: usize,
    /// The message of whose being taken the client has not heard yet, as far as one can tell.
    unheard: Option<MessageId>,
}

impl Drop for Driver<'_> {
    fn drop(&mut self) {
        if let Some(message) = self.unheard {
            self.shared.accept.unheard(message);
        }
    }
}

impl Shared {
    pub(super) const LOGIN_PAUSE: Duration = LOGIN_PAUSE;
}

impl Driver<'_> {
    async fn converse_under_tls(&mut self, stream: TcpStream) -> io::Result<()> {
        let mut stream = self.secured(stream).await?;
        self.converse_and_close(&mut stream).await
    }

    async fn converse_and_close(&mut self, stream: &mut SslStream<TcpStream>) -> io::Result<()> {
        match self.converse(stream).await? {
            End::Closed => self.close(stream).await,
            End::Gone | End::StartTls => Ok(()),
        }
    }

    /// The stream after the handshake.
    async fn secured(&self, stream: TcpStream) -> io::Result<SslStream<TcpStream>> {
        let Some(acceptor) = &self.shared.tls else {
            return Err(io::Error::other("TLS is not set up"));
        };
        let mut stream = SslStream::new(Ssl::new(acceptor.context())?, stream)?;
        let handshake = Pin::new(&mut stream).accept();
        timeout(self.wait().min(SHORT_WAIT), handshake)
            .await?
            .map_err(io::Error::other)?;
        Ok(stream)
    }

    /// How long the client may be silent.
    fn wait(&self) -> Duration {
        match self.session.may_relay() {
            true => self.shared.timeout,
            false => self.shared.timeout.min(SHORT_WAIT),
        }
    }

    /// Does what the session's events say. The input ends with this function, so that no octet read in clear
    /// can be taken for one read under TLS.
    async fn converse(&mut self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<End> {
        let mut input = BytesMut::new();
        let mut deadline = Instant::now() + self.wait();
        loop {
            match self.session.advance(&mut input) {
                Event::Write => self.write(stream).await?,
                Event::Read(wait) => {
                    self.write(stream).await?;
                    // A command has one deadline, so that nobody can hold a session with an octet now and then.
                    if wait != Wait::Line {
                        deadline = Instant::now() + self.wait();
                    }
                    match self.read(stream, &mut input, wait, deadline).await? {
                        Heard::Octets => self.unheard = None,
                        Heard::Nothing => return Ok(End::Gone),
                        Heard::Silence => self.session.time_out(),
                        Heard::TooSlow => self.session.too_slow(),
                        Heard::PlaceNeeded => self.session.make_room(),
                        Heard::Stop => self.session.stop(),
                    }
                }
                Event::Sender(sender) => match self.permit(sender.as_ref()).await {
                    Permit::Yes => {
                        let answer = ask_sender(self.shared, self.session.client(), sender.as_ref());
                        self.session.sender_answered(answer);
                    }
                    Permit::No => self.session.sender_not_permitted(Answer::NOT_YOUR_ADDRESS),
                    Permit::Unknown => self.session.sender_not_permitted(Answer::ADDRESSES_UNKNOWN),
                },
                Event::Turn => {
                    let more = self.wait_for_turn(stream, &mut input).await?;
                    self.session.turn_came(more);
                }
                Event::Message(received) => {
                    self.write(stream).await?;
                    // Chunks come without asking, and slow text outlasts its turn.
                    let turn = match self.turn.take() {
                        Some(turn) => turn,
                        None => self.shared.turns.wait().await,
                    };
                    let work = hand_over(self.shared, *received, turn.clone());
                    let reply = turn.of(work).await;
                    if let Reply::Accepted(message) = reply {
                        self.unheard = Some(message);
                    }
                    self.session.message_answered(reply);
                }
                Event::Login(claim) => self.check(*claim).await,
                Event::Introduced(introduction) => {
                    let standing = caller::introduced(&introduction, self.shared);
                    self.session.introduced(introduction, standing);
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

    /// Checks a claim beside the sessions, since it costs processor time. What is said of a false one does not depend on
    /// whether there is such a user, and comes late.
    async fn check(&mut self, claim: Claim) {
        let address = self.session.client().address;
        let key = rates::owner(address).to_string();
        let failures = &self.shared.login_failures;
        if failures.is_reached(&key, std::time::Instant::now()) {
            tracing::warn!(%address, "a login was not looked at: too many from there have failed");
            return self.session.login_blocked();
        }
        // Counted from here, so that the answer tells nothing of how long somebody was looked for.
        let end = Instant::now() + self.shared.login_pause;
        let verdict = match &self.shared.rules.users {
            Some(users) => claim.weigh(users).await,
            None => Verdict::False,
        };
        match verdict {
            Verdict::True(claim) => {
                tracing::info!(%address, "a user has logged in");
                self.session.login_proved(claim);
            }
            Verdict::Unknown(_) => self.session.login_unknown(),
            Verdict::False => {
                failures.add(&key, std::time::Instant::now());
                tracing::warn!(%address, "a login has failed");
                sleep_until(end).await;
                self.session.login_failed();
            }
        }
    }

    /// Waits until message text may come. Answers whether octets have come meanwhile, which are in `input` then.
    async fn wait_for_turn(
        &mut self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        input: &mut BytesMut,
    ) -> io::Result<bool> {
        self.turn = self.shared.turns.now();
        if self.turn.is_some() {
            return Ok(false);
        }
        // What it was told of MAIL and RCPT must not wait as well.
        self.write(stream).await?;
        self.turn = Some(self.shared.turns.wait().await);
        tokio::select! {
            biased;
            read = stream.read_buf(input) => Ok(read? > 0),
            () = std::future::ready(()) => Ok(false),
        }
    }

    /// Whether the user, if there is one, may send from this address (RFC 6409 §6.1). It is asked for each message, so that
    /// a user who was taken out of the file, or of the directory, ends soon. One that a balancer named must be in there,
    /// too, if there is one.
    async fn permit(&self, sender: Option<&Address>) -> Permit {
        let client = self.session.client();
        let (Some(users), Some(name)) = (&self.shared.rules.users, &client.user) else {
            return Permit::Yes;
        };
        let permit = users.may_send(name, sender).await;
        if permit == Permit::No {
            tracing::warn!(address = %client.address, user = name, "a user may not send from another's address");
        }
        permit
    }

    async fn read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        input: &mut BytesMut,
        wait: Wait,
        deadline: Instant,
    ) -> io::Result<Heard> {
        let rate_deadline = self.rate_deadline(wait);
        let last = rate_deadline.unwrap_or(deadline).min(deadline);
        self.make_room(input, wait);
        let state = match wait {
            Wait::Data => State::Busy,
            _ if self.session.is_idle() => State::Idle,
            _ => State::Within,
        };
        self.ticket.is(state);
        let before = input.len();
        let Driver {
            session,
            stop,
            ticket,
            ..
        } = self;
        let reading = async {
            tokio::select! {
                biased;
                () = stop.told(), if session.is_idle() => Ok(Heard::Stop),
                () = ticket.is_needed(), if state != State::Busy => Ok(Heard::PlaceNeeded),
                read = timeout_at(last, stream.read_buf(input)) => match read {
                    Err(_) if rate_deadline.is_some_and(|rate| rate < deadline) => Ok(Heard::TooSlow),
                    Err(_) => Ok(Heard::Silence),
                    Ok(Ok(0)) => Ok(Heard::Nothing),
                    Ok(Ok(_)) => Ok(Heard::Octets),
                    Ok(Err(error)) => Err(error),
                },
            }
        };
        let heard = Turn::lent(&mut self.turn, reading).await;
        self.ticket.is(State::Busy);
        let octets = input.len() - before;
        if let (Wait::Data, Some((_, sum))) = (wait, &mut self.text) {
            *sum = sum.saturating_add(octets as u64);
        }
        // Who fills the room that there is gets more: slow clients cost little, and fast ones few system calls.
        self.room = match octets >= self.room.saturating_sub(before) {
            true => self.room.saturating_mul(4).min(DATA_BUFFER),
            false => self.room,
        };
        heard
    }

    /// When message text that came at the lowest rate that is borne would have reached what has come.
    fn rate_deadline(&mut self, wait: Wait) -> Option<Instant> {
        if wait != Wait::Data || self.shared.octets_per_second == 0 {
            self.text = None;
            return None;
        }
        let (start, octets) = *self.text.get_or_insert_with(|| (Instant::now(), 0));
        let seconds = octets / self.shared.octets_per_second;
        // More than a month is for ever.
        Some(start + PATIENCE + Duration::from_secs(seconds.min(3_000_000)))
    }

    /// A session that has received a large message gives the room for it back.
    fn make_room(&mut self, input: &mut BytesMut, wait: Wait) {
        if wait != Wait::Data {
            self.room = COMMAND_BUFFER;
        }
        if input.is_empty() && input.capacity() > self.room {
            *input = BytesMut::new();
        }
        input.reserve(self.room.saturating_sub(input.len()).max(1));
    }

    /// Closes. A client that has said QUIT with its message and closes in turn has heard both answers.
    async fn close(&mut self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
        if close(stream).await? {
            self.unheard = None;
        }
        Ok(())
    }

    async fn write(&mut self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let output = self.session.take_output();
        if output.is_empty() {
            return Ok(());
        }
        let writing = timeout(self.wait(), async {
            stream.write_all(&output).await?;
            stream.flush().await
        });
        Turn::lent(&mut self.turn, writing).await?
    }
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
async fn hand_over(shared: &Shared, received: Received, turn: Turn) -> Reply {
    let accept = Arc::clone(&shared.accept);
    let Received {
        client,
        envelope,
        message,
        hold,
    } = received;
    let work = tokio::spawn(async move {
        let reply = accept.message(client, envelope, message, turn).await;
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

/// Ends our side, and reads on for a moment until the client has ended its own. Answers whether it has.
async fn close(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<bool> {
    let mut rest = [0; COMMAND_BUFFER];
    let mut read = 0;
    let linger = async {
        stream.shutdown().await?;
        while read < LINGER_OCTETS {
            match stream.read(&mut rest).await? {
                0 => return Ok(true),
                octets => read += octets,
            }
        }
        Ok(false)
    };
    timeout(LINGER, linger).await.unwrap_or(Ok(false))
}
