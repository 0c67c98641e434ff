//! Thousands of clients that do nothing, or next to it, and what a normal sender notices of them.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Effort;
use super::gateway::Gateway;
use super::load::Session;
use super::place::{mail, recipient};
use super::sink::Sink;

const CLIENTS: usize = 2_000;
/// Senders who work meanwhile, each with a new connection for every message.
const SENDERS: usize = 10;

/// Clients that hold on to what they get; they hang up when it goes out of scope.
struct Crowd {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Crowd {
    /// Every other one sends an octet now and then; all others are silent. They come from `addresses` addresses.
    fn gather(server: SocketAddr, addresses: usize) -> Crowd {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let mut clients: Vec<Option<TcpStream>> = (0..CLIENTS)
            .map(|number| connect(server, number % addresses).ok())
            .collect();
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for (number, place) in clients.iter_mut().enumerate() {
                    let gone = match place {
                        Some(client) => number % 2 == 0 && client.write_all(b"N").is_err(),
                        None => true,
                    };
                    // Who was turned away comes again, as nuisances do.
                    if gone && number % 2 == 0 {
                        *place = connect(server, number % addresses).ok();
                    }
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        Crowd {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// From an address of its own in the loopback network.
fn connect(server: SocketAddr, address: usize) -> std::io::Result<TcpStream> {
    let local = SocketAddr::from(([127, 0, 1 + (address / 250) as u8, 1 + (address % 250) as u8], 0));
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.bind(&local.into())?;
    socket.connect_timeout(&server.into(), Duration::from_secs(2))?;
    Ok(socket.into())
}

/// How long normal senders wait, from the connection to the `250`, without a crowd, and with one.
pub fn crowd(effort: Effort) {
    let sink = Sink::start();
    let gateway = Gateway::start("crowd", sink.address, 100);
    println!(
        "| {CLIENTS} idle or slow clients | p50 ms | p99 ms | most ms | memory (PSS), MB |\n|---|---|---|---|---|"
    );
    let mut sent = 0;
    for (what, addresses) in [("none", 0), ("from 1 address", 1), ("from 50 addresses", 50)] {
        let crowd = (addresses > 0).then(|| Crowd::gather(gateway.address, addresses));
        let messages = effort.of(2_000);
        let times = serve(gateway.address, messages);
        sent += messages;
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
        println!(
            "| {what} | {:.1} | {:.1} | {:.1} | {:.0} |",
            at(0.5),
            at(0.99),
            at(1.0),
            gateway.tree().memory()
        );
        drop(crowd);
    }
    sink.wait_for(sent);
}

/// Sorted times of each message.
fn serve(server: SocketAddr, messages: usize) -> Vec<Duration> {
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            std::thread::spawn(move || {
                let send = |number| {
                    let start = Instant::now();
                    let mut session = Session::open(server).expect("a normal sender gets a session");
                    let data = mail(number, 10_000);
                    session
                        .send(&[recipient(number % 100)], &data)
                        .expect("a normal sender's mail is taken");
                    start.elapsed()
                };
                (sender..messages).step_by(SENDERS).map(send).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut times: Vec<Duration> = senders
        .into_iter()
        .flat_map(|sender| sender.join().expect("a sender does not panic"))
        .collect();
    times.sort();
    times
}
