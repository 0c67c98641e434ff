//! What one system costs where it could grow out of proportion: recipients, size, certificates, the queue, time.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::Effort;
use super::gateway::Gateway;
use super::load::{Load, Session, run};
use super::place::{mail, mail_to, recipient};
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
    sink.wait_for((1 + 2 * (100 + 1000)) * (1 + effort.rounds()));
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

/// The same load with more and more certificates in the folder.
pub fn certificates(effort: Effort) {
    println!(
        "| certificates | start, s | messages/s | CPU-s per 1,000 | memory (PSS), MB |\n|---|---|---|---|---|"
    );
    let counts = [100, 1000, 10_000];
    let sinks = counts.map(|_| Sink::start());
    let gateways =
        [0, 1, 2].map(|at| Gateway::start(&format!("c{}", counts[at]), sinks[at].address, counts[at]));
    let mut rows = [0, 1, 2].map(|_| (Vec::new(), Vec::new()));
    for _ in 0..effort.rounds() {
        for ((gateway, sink), row) in gateways.iter().zip(&sinks).zip(&mut rows) {
            let messages = effort.of(1000);
            let before = (sink.messages(), gateway.tree().processor_seconds());
            let start = Instant::now();
            run(
                gateway.address,
                Load {
                    messages,
                    sessions: 10,
                    octets: 10_000,
                    people: 100,
                },
            );
            sink.wait_for(before.0 + messages);
            row.0.push(messages as f64 / start.elapsed().as_secs_f64());
            row.1
                .push((gateway.tree().processor_seconds() - before.1) / messages as f64 * 1000.0);
        }
    }
    for ((count, gateway), (rate, cost)) in counts.iter().zip(&gateways).zip(&rows) {
        let start = gateway.start_time.as_secs_f64();
        let memory = gateway.tree().memory();
        println!(
            "| {count} | {start:.2} | {:.0} | {:.2} | {memory:.0} |",
            median(rate),
            median(cost)
        );
    }
}

/// Mail piles up while the next hop is down.
pub fn queue(effort: Effort) {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a port");
    let mut gateway = Gateway::start("queue", nobody, 100);
    let step = effort.of(4000);
    println!("| queued before | messages/s accepted | against the empty queue |\n|---|---|---|");
    let mut first = 0.0;
    for round in 0..6 {
        let load = Load {
            messages: step,
            sessions: 10,
            octets: 10_000,
            people: 100,
        };
        let rate = step as f64 / run(gateway.address, load).time.as_secs_f64();
        first = if round == 0 { rate } else { first };
        println!("| {} | {rate:.0} | {:.2} |", round * step, rate / first);
    }
    let empty = gateway.start_time;
    gateway.kill_and_restart();
    let full = gateway.start_time;
    println!(
        "\nstart with an empty store: {empty:.2?}; after kill -9 with {} queued: {full:.2?}",
        6 * step
    );
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
