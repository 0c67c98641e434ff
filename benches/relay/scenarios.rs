//! What one system costs where it could grow out of proportion: recipients, size, certificates, the queue, time.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use super::Effort;
use super::gateway::Gateway;
use super::load::{Load, Session, run};
use super::place::{mail, mail_to, recipient};
use super::postfix::Postfix;
use super::sink::Sink;
use super::throughput::median;

/// One message to 1, 100 and 1,000 people: who gets a blind copy has one of their own, whom `To` names shares it with fifty.
pub fn recipients(effort: Effort) {
    let sink = Sink::start();
    let gateway = Gateway::start("recipients", sink.address, 1000);
    let mut session = Session::open(gateway.address).expect("a session");
    println!("| recipients | DATA to 250, ms | ms for each further one |\n|---|---|---|");
    let mut first = 0.0;
    for (count, named) in [(1, false), (100, false), (1000, false), (100, true), (1000, true)] {
        let people: Vec<String> = (0..count).map(recipient).collect();
        let data = |number| match named {
            true => mail_to(&people, number, 10_000),
            false => mail(number, 10_000),
        };
        let mut send = |number| milliseconds(session.send(&people, &data(number)).expect("taken"));
        send(0);
        let times: Vec<f64> = (1..=effort.rounds()).map(&mut send).collect();
        let time = median(&times);
        let further = if count == 1 {
            String::new()
        } else {
            format!("{:.3}", (time - first) / (count - 1) as f64)
        };
        first = if count == 1 { time } else { first };
        let how = if named { ", named in To" } else { "" };
        println!("| {count}{how} | {time:.1} | {further} |");
    }
    sink.wait_for_recipients((1 + 2 * (100 + 1000)) * (1 + effort.rounds()));
}

/// One message of 50 MB, then one of 20 MB to several people.
pub fn large(_: Effort) {
    println!("| message | recipients | DATA to 250, s | most memory, MB (process: MB) |\n|---|---|---|---|");
    for (megabytes, people) in [(1, 1), (50, 1), (20, 1), (20, 10), (20, 40)] {
        let sink = Sink::start();
        let gateway = Gateway::start("large", sink.address, people);
        let people: Vec<String> = (0..people).map(recipient).collect();
        let mut session = Session::open(gateway.address).expect("a session");
        let data = mail(1, megabytes * 1_000_000);
        let time = session.send(&people, &data).expect("taken");
        sink.wait_for(people.len());
        let peaks = gateway.tree().peaks();
        let peaks: Vec<String> = peaks
            .iter()
            .map(|(name, peak)| format!("{name}: {peak:.0}"))
            .collect();
        println!(
            "| {megabytes} MB | {} | {:.2} | {} |",
            people.len(),
            time.as_secs_f64(),
            peaks.join(", ")
        );
    }
}

/// The same load with more and more certificates, in the folder and in the register.
pub fn certificates(effort: Effort) {
    println!(
        "| certificates | start, s | messages/s | CPU-s per 1,000 | against the fewest | memory (PSS), MB |\n|---|---|---|---|---|---|"
    );
    let most = effort.of(1_000_000);
    let kinds = [(100, 0), (10_000, 0), (100, most)];
    let sinks = kinds.map(|_| Sink::start());
    let gateways = [0, 1, 2].map(|at: usize| {
        let (files, registered) = kinds[at];
        let mut gateway = Gateway::start(&format!("c{at}"), sinks[at].address, files);
        if registered > 0 {
            register(&gateway, registered);
            gateway.kill_and_restart();
        }
        gateway
    });
    let mut rows = [0, 1, 2].map(|_| (Vec::new(), Vec::new()));
    // The first round warms up.
    for round in 0..=effort.rounds() {
        for ((gateway, sink), row) in gateways.iter().zip(&sinks).zip(&mut rows) {
            let messages = effort.of(2000);
            let before = (sink.messages(), gateway.tree().processor_seconds());
            let start = Instant::now();
            fill(gateway.address, messages);
            sink.wait_for(before.0 + messages);
            if round > 0 {
                row.0.push(messages as f64 / start.elapsed().as_secs_f64());
                row.1
                    .push((gateway.tree().processor_seconds() - before.1) / messages as f64 * 1000.0);
            }
        }
    }
    for (((files, registered), gateway), (rate, cost)) in kinds.iter().zip(&gateways).zip(&rows) {
        let ratios: Vec<f64> = cost
            .iter()
            .zip(&rows[0].1)
            .map(|(own, first)| own / first)
            .collect();
        println!(
            "| {files} in the folder, {registered} in the register | {:.2} | {:.0} | {:.2} | **{:.3}** | {:.0} |",
            gateway.start_time.as_secs_f64(),
            median(rate),
            median(cost),
            median(&ratios),
            gateway.tree().memory()
        );
    }
}

/// Files certificates that nobody in this measurement is written to under. They share one key and have fingerprints that are
/// none, which is only looked at when one is found.
fn register(gateway: &Gateway, count: usize) {
    let place = gateway.place.path();
    let pem = std::fs::read(
        place
            .join("certs/recipients")
            .join(format!("{}.pem", recipient(0))),
    );
    let certificate = openssl::x509::X509::from_pem(&pem.expect("a certificate")).expect("a certificate");
    let der = certificate.to_der().expect("a certificate");
    let db = rusqlite::Connection::open(place.join("data/sealgate.db")).expect("the store");
    db.execute_batch("BEGIN").expect("the store");
    let mut insert = db
        .prepare(
            "INSERT INTO certificates (tenant, fingerprint, der, origin, state, first_seen, last_seen, note)
             VALUES ('default', ?, ?, 'harvested', 'in-use', 0, 0, '')",
        )
        .expect("the register");
    let mut file = db
        .prepare("INSERT INTO certificate_keys (tenant, key, certificate) VALUES ('default', ?, ?)")
        .expect("the register");
    for number in 0..count {
        // Spread over the index as fingerprints are.
        let hash = openssl::sha::sha256(&number.to_be_bytes());
        let fingerprint: String = hash.iter().map(|octet| format!("{octet:02x}")).collect();
        let id = insert.insert((&fingerprint, &der)).expect("a row");
        let address = format!("{}@elsewhere.example", &fingerprint[..12]);
        file.execute((address, id)).expect("a row");
    }
    drop((insert, file));
    db.execute_batch("COMMIT").expect("the store");
}

/// Mail piles up while the next hop is down; then it is back.
pub fn queue(effort: Effort) {
    let all = effort.of(50_000);
    let step = effort.of(2_000);
    let hop = free_address();
    let mut gateway = Gateway::start("queue", hop, 100);
    let empty = gateway.start_time;
    let first = fill(gateway.address, step);
    fill(gateway.address, all - 2 * step);
    let last = fill(gateway.address, step);
    println!(
        "Accepted with the empty queue: {first:.0} messages/s; with {} in it: {last:.0}, ratio **{:.2}**.",
        all - step,
        last / first
    );
    gateway.kill_and_restart();
    println!(
        "Start: {empty:.2?} with an empty store, {:.2?} after kill -9 with {all} messages queued.",
        gateway.start_time
    );
    let own = drain(hop, all, || drop(gateway.command(&["queue", "retry", "--all"])));
    drop(gateway);
    println!("Delivered from the full queue: {own:.0} messages/s.");
    if Postfix::is_there() {
        let hop = free_address();
        let postfix = Postfix::plain("drain", hop);
        let accepted = fill(postfix.address, all);
        let other = drain(hop, all, || postfix.flush());
        println!(
            "Postfix: {accepted:.0} messages/s accepted, {other:.0} delivered; ratio of deliveries **{:.2}**.",
            own / other
        );
    }
}

fn free_address() -> SocketAddr {
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    nobody.expect("a port")
}

/// Sends that many; answers how many a second were taken.
fn fill(server: SocketAddr, messages: usize) -> f64 {
    let load = Load {
        messages,
        sessions: 10,
        octets: 10_000,
        people: 100,
    };
    messages as f64 / run(server, load).time.as_secs_f64()
}

/// Opens the next hop and has everything delivered; answers how many a second.
fn drain(hop: SocketAddr, messages: usize, flush: impl FnOnce()) -> f64 {
    let sink = Sink::start_at(hop);
    let start = Instant::now();
    flush();
    sink.wait_for(messages);
    messages as f64 / start.elapsed().as_secs_f64()
}

/// What a gateway costs that nobody uses, with and without open sessions.
pub fn idle(effort: Effort) {
    let sink = Sink::start();
    let gateway = Gateway::start("idle", sink.address, 100);
    let seconds = if effort.rounds() > 2 { 30 } else { 10 };
    println!("start: {:.2?}\n", gateway.start_time);
    println!("| open sessions | CPU-ms a second | memory (PSS), MB |\n|---|---|---|");
    for count in [0, 100] {
        let open = |_| Session::open(gateway.address).expect("a session");
        let sessions: Vec<Session> = (0..count).map(open).collect();
        let before = gateway.tree().processor_seconds();
        std::thread::sleep(Duration::from_secs(seconds));
        let used = (gateway.tree().processor_seconds() - before) * 1000.0 / seconds as f64;
        println!(
            "| {} | {used:.2} | {:.0} |",
            sessions.len(),
            gateway.tree().memory()
        );
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
