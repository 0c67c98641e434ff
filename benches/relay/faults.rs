//! What is left when things break: the gateway killed in the middle of everything (`crash`), and a long time with faults of
//! all kinds (`soak`, half an hour; `--quick`: two minutes).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Effort;
use super::gateway::Gateway;
use super::keeper::{Keeper, Mood};
use super::load::Session;
use super::place::{mail, recipient};

const OCTETS: usize = 10_000;
const SESSIONS: usize = 10;
/// How long the last messages may take to arrive.
const PATIENCE: Duration = Duration::from_secs(600);

/// Senders that try again until each message is acknowledged, as a mail server does.
struct Senders {
    /// Where the gateway listens now.
    address: Arc<Mutex<SocketAddr>>,
    acknowledged: Arc<Mutex<BTreeSet<usize>>>,
    /// How often a message was sent anew.
    again: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Senders {
    /// Sends `messages` messages, at least `pause` apart in each session.
    fn start(address: SocketAddr, messages: usize, pause: Duration) -> Senders {
        let mut senders = Senders {
            address: Arc::new(Mutex::new(address)),
            acknowledged: Arc::default(),
            again: Arc::default(),
            stop: Arc::default(),
            threads: Vec::new(),
        };
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..SESSIONS {
            let next = Arc::clone(&next);
            let (address, acknowledged) = (Arc::clone(&senders.address), Arc::clone(&senders.acknowledged));
            let (again, stop) = (Arc::clone(&senders.again), Arc::clone(&senders.stop));
            senders.threads.push(std::thread::spawn(move || {
                let mut session = None;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= messages || stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let to = [recipient(number % 100)];
                    let data = mail(number, OCTETS);
                    while !send(&mut session, &address, &to, &data) {
                        again.fetch_add(1, Ordering::Relaxed);
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    acknowledged.lock().expect("no thread panics").insert(number);
                    std::thread::sleep(pause);
                }
            }));
        }
        senders
    }

    fn taken(&self) -> usize {
        self.acknowledged.lock().expect("no thread panics").len()
    }

    fn gateway_is_at(&self, address: SocketAddr) {
        *self.address.lock().expect("no thread panics") = address;
    }

    /// Lets everybody end; what was begun is sent to its end.
    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn send(session: &mut Option<Session>, address: &Mutex<SocketAddr>, to: &[String], data: &[u8]) -> bool {
    if session.is_none() {
        let now = *address.lock().expect("no thread panics");
        *session = Session::open(now).ok();
    }
    let sent = session
        .as_mut()
        .is_some_and(|session| session.send(to, data).is_ok());
    if !sent {
        *session = None;
    }
    sent
}

/// 10,000 messages, and `kill -9` fifty times while they are taken, sealed, stored and delivered.
pub fn crash(effort: Effort) {
    let (messages, kills) = (effort.of(10_000), effort.of(50));
    let keeper = Keeper::start(OCTETS);
    let mut gateway = Gateway::start("crash", keeper.address, 100);
    let mut senders = Senders::start(gateway.address, messages, Duration::ZERO);
    let mut starts = Vec::new();
    for kill in 1..=kills {
        // Spread over the whole run, and never at the same stage of it.
        while senders.taken() < messages * kill / (kills + 1) {
            std::thread::sleep(Duration::from_millis(1 + kill as u64 % 3));
        }
        gateway.kill_and_restart();
        senders.gateway_is_at(gateway.address);
        starts.push(gateway.start_time);
    }
    while senders.taken() < messages {
        std::thread::sleep(Duration::from_millis(5));
    }
    senders.end();
    starts.sort();
    report(
        &senders,
        &keeper,
        &format!("{kills} × kill -9, restart p50 {:.2?}", starts[starts.len() / 2]),
    );
}

/// Faults in turn, each for some seconds with a rest behind it, under a steady load.
pub fn soak(effort: Effort) {
    let minutes = if effort.rounds() > 2 { 30 } else { 2 };
    let keeper = Keeper::start(OCTETS);
    let mut gateway = Gateway::start("soak", keeper.address, 100);
    let mut senders = Senders::start(gateway.address, usize::MAX, Duration::from_millis(100));
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    let rest = || std::thread::sleep(Duration::from_secs(3));
    let mut faults = 0;
    while Instant::now() < end {
        match faults % 6 {
            0 => keeper.be(Mood::Down),
            1 => keeper.be(Mood::Busy),
            2 => keeper.be(Mood::Cruel),
            3 => gateway.tree().kill_children(),
            4 => gateway.reload(),
            _ => {
                gateway.kill_and_restart();
                senders.gateway_is_at(gateway.address);
            }
        }
        faults += 1;
        rest();
        keeper.be(Mood::Well);
        rest();
    }
    senders.end();
    report(&senders, &keeper, &format!("{minutes} minutes, {faults} faults"));
}

/// Waits for what is under way, and says what became of everything that was acknowledged.
fn report(senders: &Senders, keeper: &Keeper, what: &str) {
    let acknowledged = senders.acknowledged.lock().expect("no thread panics").clone();
    let start = Instant::now();
    let mut missing = keeper.missing(acknowledged.iter().copied());
    while !missing.is_empty() && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
        missing = keeper.missing(missing);
    }
    println!("{what}\n");
    println!(
        "| acknowledged | sent again by the sender | arrived | lost | wrong | duplicates | last one after |"
    );
    println!("|---|---|---|---|---|---|---|");
    println!(
        "| {} | {} | {} | {} | {} | {} | {:.1?} |",
        acknowledged.len(),
        senders.again.load(Ordering::Relaxed),
        keeper.different(),
        missing.len(),
        keeper.wrong().len(),
        keeper.duplicates(),
        start.elapsed(),
    );
    for wrong in keeper.wrong().iter().take(5) {
        println!("wrong: {wrong}");
    }
    for number in missing.iter().take(5) {
        println!("lost: message {number}");
    }
}
