//! Whole messages: structure, documents and detection, in this process and in the jailed child.

use std::hint::black_box;
use std::path::Path;

use sealgate::inspect::{Inspector, Settings, inspect_here};
use sealgate::message::RawMessage;
use sealgate::mime::Limits;

use super::{mail, shortest};

const COUNT: usize = 2_000;
const SMALL: usize = 10 << 10;
const LARGE: usize = 25 << 20;

/// Prints messages of 10 KB a second.
pub fn small() {
    let texts = mail::texts();
    let rules = mail::rules();
    // Each is another part of the labelled mail.
    let messages: Vec<RawMessage> = (0..COUNT)
        .map(|number| {
            let (start, end) = texts.split_at(number * 7 % texts.len());
            RawMessage::new(mail::message(&[end, start].concat(), SMALL))
        })
        .collect();
    let octets: usize = messages.iter().map(|message| message.as_bytes().len()).sum();
    println!(
        "## Whole messages of {:.1} KB\n",
        octets as f64 / COUNT as f64 / 1024.0
    );
    println!("| | messages/s |\n|---|---:|");
    let time = shortest(3, || {
        for message in &messages {
            black_box(inspect_here(message.as_bytes(), &rules, &Limits::default()));
        }
    });
    println!(
        "| in process, one thread | {:.0} |",
        COUNT as f64 / time.as_secs_f64()
    );
    for children in [1, 0] {
        let runtime = runtime();
        let inspector = runtime.block_on(start(children));
        let lanes = if children == 0 { 16 } else { 1 };
        let time = shortest(3, || runtime.block_on(all(&inspector, &messages, lanes)));
        let who = if children == 1 {
            "one jailed child"
        } else {
            "a jailed child for each processor"
        };
        println!("| {who} | {:.0} |", COUNT as f64 / time.as_secs_f64());
    }
}

/// Prints seconds for one message of 25 MB.
pub fn large() {
    let message = RawMessage::new(mail::message(&mail::texts(), LARGE));
    let rules = mail::rules();
    println!(
        "## One message of {:.1} MB\n",
        message.as_bytes().len() as f64 / 1048576.0
    );
    println!("| | seconds |\n|---|---:|");
    let time = shortest(3, || {
        drop(black_box(inspect_here(
            message.as_bytes(),
            &rules,
            &Limits::default(),
        )))
    });
    println!("| in process, one thread | {:.2} |", time.as_secs_f64());
    let runtime = runtime();
    let inspector = runtime.block_on(start(1));
    let time = shortest(3, || {
        let read = runtime
            .block_on(inspector.inspect(&message))
            .expect("a child is free");
        drop(black_box(read));
    });
    println!("| one jailed child | {:.2} |", time.as_secs_f64());
}

/// Asks for all messages, `lanes` at a time.
async fn all(inspector: &Inspector, messages: &[RawMessage], lanes: usize) {
    let mut tasks = tokio::task::JoinSet::new();
    for lane in messages.chunks(messages.len().div_ceil(lanes)) {
        let (inspector, lane) = (inspector.clone(), lane.to_vec());
        tasks.spawn(async move {
            for message in &lane {
                black_box(inspector.inspect(message).await.expect("a child is free"));
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a lane ends well");
    }
}

async fn start(children: usize) -> Inspector {
    let settings = Settings {
        children,
        allow_weak_jail: true,
        ..Settings::default()
    };
    let program = Path::new(env!("CARGO_BIN_EXE_sealgate"));
    let started = Inspector::start_from(program, &settings, &settings.limits(), &mail::rule_files()).await;
    started.unwrap_or_else(|error| panic!("{error}"))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("the runtime starts")
}
