//! Messages a second, processor time, answers and memory, against Postfix.

use std::net::SocketAddr;
use std::time::Instant;

use super::Effort;
use super::gateway::Gateway;
use super::load::{Load, percentile, run};
use super::postfix::Postfix;
use super::process::{MemoryWatch, Tree};
use super::sink::Sink;

/// People who are written to, each with a certificate.
const PEOPLE: usize = 100;

/// One system under measurement, with a sink of its own.
struct System {
    address: SocketAddr,
    tree: Tree,
    sink: Sink,
    /// The slow one is given less.
    share: usize,
    runs: Vec<Figures>,
}

/// What one run gave.
#[derive(Clone, Copy)]
struct Figures {
    /// Messages a second, from the first connection to the last arrival behind the system.
    through: f64,
    /// Messages a second, to the last `250`.
    accepted: f64,
    /// Processor seconds for 1,000 messages.
    processor: f64,
    /// Milliseconds from the end of data to the reply.
    p50: f64,
    p99: f64,
    /// Milliseconds from MAIL to the same reply.
    whole: f64,
    memory: f64,
}

/// The lines of the table.
type Line = (&'static str, fn(&Figures) -> f64);
const LINES: [Line; 7] = [
    ("messages/s, through", |figures| figures.through),
    ("messages/s, accepted", |figures| figures.accepted),
    ("CPU-s per 1,000", |figures| figures.processor),
    ("DATA to 250, p50 ms", |figures| figures.p50),
    ("DATA to 250, p99 ms", |figures| figures.p99),
    ("MAIL to 250, p50 ms", |figures| figures.whole),
    ("memory (PSS), MB", |figures| figures.memory),
];

/// All systems in turn, round after round; medians, and medians of the ratios of each round.
pub fn compare(effort: Effort) {
    let sinks = [Sink::start(), Sink::start(), Sink::start()];
    let gateway = Gateway::start("gateway", sinks[0].address, PEOPLE);
    let others = Postfix::is_there().then(|| {
        let plain = Postfix::plain("plain", sinks[1].address);
        (plain, Postfix::sealing("sealing", sinks[2].address, PEOPLE))
    });
    let mut places = vec![(gateway.address, gateway.tree(), 1)];
    if let Some((plain, sealing)) = &others {
        places.extend([
            (plain.address, plain.tree(), 1),
            (sealing.address, sealing.tree(), 8),
        ]);
    } else {
        println!("Postfix is not installed or this is not root: nothing to compare with.\n");
    }
    let system = |((address, tree, share), sink)| System {
        address,
        tree,
        sink,
        share,
        runs: Vec::new(),
    };
    let mut systems: Vec<System> = places.into_iter().zip(sinks).map(system).collect();

    println!(
        "| load | measure | Sealgate | Postfix | ratio | Postfix + filter | ratio |\n|---|---|---|---|---|---|---|"
    );
    for (octets, sessions, messages) in [
        (10_000, 1, 500),
        (10_000, 10, 2_000),
        (10_000, 50, 2_000),
        (1_000_000, 10, 100),
    ] {
        for system in &mut systems {
            system.runs.clear();
            // Processes start, caches fill.
            measure(
                system,
                Load {
                    messages: sessions * 2,
                    sessions,
                    octets,
                    people: PEOPLE,
                },
            );
            system.runs.clear();
        }
        for _ in 0..effort.rounds() {
            for system in &mut systems {
                let messages = (effort.of(messages) / system.share).max(sessions);
                measure(
                    system,
                    Load {
                        messages,
                        sessions,
                        octets,
                        people: PEOPLE,
                    },
                );
            }
        }
        let load = format!("{} KB, {sessions} sessions", octets / 1000);
        LINES.iter().for_each(|line| print(&load, line, &systems));
    }
    let sealed = systems[0].sink.sealed();
    println!(
        "\n{sealed} of {} messages left the gateway sealed.",
        systems[0].sink.messages()
    );
}

fn measure(system: &mut System, load: Load) {
    let before = (system.sink.messages(), system.tree.processor_seconds());
    let memory = MemoryWatch::start(system.tree);
    let start = Instant::now();
    let taken = run(system.address, load);
    system.sink.wait_for(before.0 + load.messages);
    let time = start.elapsed();
    let memory = memory.end();
    // The last outcomes are still being written down.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let messages = load.messages as f64;
    system.runs.push(Figures {
        through: messages / time.as_secs_f64(),
        accepted: messages / taken.time.as_secs_f64(),
        processor: (system.tree.processor_seconds() - before.1) / messages * 1000.0,
        p50: taken.percentile(0.5).as_secs_f64() * 1000.0,
        p99: taken.percentile(0.99).as_secs_f64() * 1000.0,
        whole: percentile(&taken.transactions, 0.5).as_secs_f64() * 1000.0,
        memory,
    });
}

fn print(load: &str, (name, value): &Line, systems: &[System]) {
    let values: Vec<Vec<f64>> = systems
        .iter()
        .map(|system| system.runs.iter().map(value).collect())
        .collect();
    let own = &values[0];
    let mut line = format!("| {load} | {name} | {} |", short(median(own)));
    for other in &values[1..] {
        let ratios: Vec<f64> = own.iter().zip(other).map(|(own, other)| own / other).collect();
        line.push_str(&format!(
            " {} | **{:.2}** |",
            short(median(other)),
            median(&ratios)
        ));
    }
    println!("{line}");
}

/// The middle value.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn short(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.0}")
    }
}
