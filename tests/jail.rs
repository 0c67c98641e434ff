//! The real reading child, `sealgate inspect-child`, in its real jail.
//!
//! The tests take turns: each looks for its children among the processes that this one started.

#![expect(clippy::panic, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sealgate::detect::{RuleSource, Rules};
use sealgate::inspect::{Inspector, Settings, StartError, inspect_here};
use sealgate::message::{Inspection, ObstacleKind, RawMessage};
use sealgate::mime::Limits;
use tokio::sync::{Mutex, MutexGuard};

/// Names the file for the child's number, and so the process that is to be a gateway.
const NOTE: &str = "SEALGATE_NOTE";

static TURN: Mutex<()> = Mutex::const_new(());

/// An inspector with the real children, and the turn of the test.
struct Gateway {
    inspector: Inspector,
    limits: Limits,
    _turn: MutexGuard<'static, ()>,
}

impl Gateway {
    async fn start(settings: Settings) -> Gateway {
        let turn = TURN.lock().await;
        // Those of the test before are killed, but dying takes a moment.
        while !children().is_empty() {
            tokio::task::yield_now().await;
        }
        let limits = settings.limits();
        let program = Path::new(env!("CARGO_BIN_EXE_sealgate"));
        let started = Inspector::start_from(program, &settings, &limits, &rules()).await;
        Gateway {
            inspector: started.unwrap_or_else(|error| panic!("{error}")),
            limits,
            _turn: turn,
        }
    }

    async fn read(&self, raw: &[u8]) -> Inspection {
        let read = self.inspector.inspect(&RawMessage::new(raw.to_vec())).await;
        read.unwrap_or_else(|error| panic!("{error}"))
    }

    /// What the same reading says outside of the jail.
    fn read_here(&self, raw: &[u8]) -> Inspection {
        match Rules::compile(&rules()) {
            Ok(rules) => inspect_here(raw, &rules, &self.limits),
            Err(mistakes) => panic!("{mistakes:?}"),
        }
    }
}

fn settings(children: usize) -> Settings {
    Settings {
        children,
        deadline_seconds: 60,
        ..Settings::default()
    }
}

/// The rules that the repository ships.
fn rules() -> Vec<RuleSource> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/elements");
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut rules: Vec<RuleSource> = files
        .filter(|file| {
            file.path()
                .extension()
                .is_some_and(|extension| extension == "toml")
        })
        .filter_map(|file| {
            let text = fs::read_to_string(file.path()).ok()?;
            Some(RuleSource {
                file: file.file_name().to_string_lossy().into_owned(),
                text,
            })
        })
        .collect();
    rules.sort_by(|a, b| a.file.cmp(&b.file));
    rules
}

/// The children of this process that read mail, alive.
fn children() -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| process.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            fact(&status, "Name:") == "sealgate-reader"
                && fact(&status, "PPid:") == std::process::id().to_string()
                && !fact(&status, "State:").starts_with('Z')
        })
        .map(Pid::from_raw)
        .collect()
}

fn the_child() -> Pid {
    let children = children();
    assert_eq!(children.len(), 1);
    children.first().copied().unwrap_or(Pid::this())
}

/// What follows `name` at the start of a line.
fn fact<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or("")
        .trim()
}

fn obstacle(inspection: &Inspection) -> (ObstacleKind, &str) {
    match inspection.obstacles.as_slice() {
        [obstacle] => (obstacle.kind, &obstacle.detail),
        others => panic!("not one obstacle: {others:?}"),
    }
}

fn mail(number: usize) -> Vec<u8> {
    let kind = if number.is_multiple_of(3) {
        "message/partial; number=1; total=2; id=a"
    } else {
        "text/plain"
    };
    format!(
        "From: a@example.org\r\nSubject: number {number}\r\nContent-Type: {kind}\r\n\r\n\
         The SSN of Mary Miller is 536-22-{:04}.\r\n",
        1_000 + number
    )
    .into_bytes()
}

#[tokio::test]
async fn the_jailed_child_says_what_the_same_reading_says_outside() {
    let gateway = Gateway::start(settings(2)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100 {
        let inspector = gateway.inspector.clone();
        let raw = RawMessage::new(mail(number));
        tasks.spawn(async move { (number, inspector.inspect(&raw).await) });
    }
    while let Some(done) = tasks.join_next().await {
        let Ok((number, inspection)) = done else {
            panic!("a caller panicked")
        };
        assert_eq!(
            inspection,
            Ok(gateway.read_here(&mail(number))),
            "message {number}"
        );
    }
}

#[tokio::test]
async fn hostile_and_strange_mail_is_read_with_the_calls_that_the_jail_permits() {
    // What it may call is tried here, and not how long it may take: programs for tests are slow.
    let patient = Settings {
        cpu_seconds: 60,
        ..settings(1)
    };
    let gateway = Gateway::start(patient).await;
    let child = the_child();
    let nested = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(400);
    let encoded = format!(
        "Content-Type: text/html; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        "PGI+NTM2LTIyLTgxNDU8L2I+\r\n".repeat(200_000)
    );
    let zip = b"Content-Type: application/zip; name=a.zip\r\n\r\nPK\x03\x04\x14\0\0\0\x08\0\xff\xff\xff\xff";
    let folded = format!("Subject: {}\r\n\r\n", "=?utf-8?q?=35=33=36?=\r\n ".repeat(50_000));
    for raw in [
        &b""[..],
        b"\0\0\0\0",
        b"\r\n\r\n\r\n",
        nested.as_bytes(),
        encoded.as_bytes(),
        zip,
        folded.as_bytes(),
        &[0xff; 1 << 20],
        &b"536-22-8145 ".repeat(20_000),
    ] {
        let inspection = gateway.read(raw).await;
        let died = |kind| matches!(kind, ObstacleKind::ReaderDied | ObstacleKind::TimedOut);
        assert!(
            inspection.obstacles.iter().all(|obstacle| !died(obstacle.kind)),
            "{:?}",
            inspection.obstacles
        );
    }
    assert_eq!(the_child(), child);
}

#[tokio::test]
async fn the_kernel_confirms_the_walls() {
    let _gateway = Gateway::start(settings(1)).await;
    let child = the_child();
    let proc = |file: &str| fs::read_to_string(format!("/proc/{child}/{file}")).unwrap_or_default();
    let status = proc("status");
    assert_eq!(fact(&status, "Seccomp:"), "2");
    assert_eq!(fact(&status, "NoNewPrivs:"), "1");
    assert_eq!(fact(&status, "Threads:"), "1");
    let limits = proc("limits");
    let limit = |name| {
        fact(&limits, name)
            .split_whitespace()
            .take(2)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(limit("Max address space"), "1073741824 1073741824");
    for name in [
        "Max core file size",
        "Max file size",
        "Max processes",
        "Max open files",
        "Max locked memory",
    ] {
        assert_eq!(limit(name), "0 0", "{name}");
    }
    let environment = proc("environ");
    let mut variables = environment.split_terminator('\0');
    assert!(
        variables.all(|variable| variable.starts_with("MALLOC_")),
        "{environment}"
    );
    let command = proc("cmdline");
    assert_eq!(command, "sealgate-reader\0inspect-child\0");
}

#[tokio::test]
async fn a_message_that_takes_too_much_memory_kills_its_reader_and_the_next_is_read() {
    // The program of a test, which is not optimised, takes 66 of them before it reads anything; a real one 48.
    let gateway = Gateway::start(Settings {
        memory_mb: 96,
        ..settings(1)
    })
    .await;
    let inspection = gateway.read(&vec![b'x'; 100 << 20]).await;
    let (kind, detail) = obstacle(&inspection);
    assert_eq!(kind, ObstacleKind::ReaderDied);
    assert!(detail.contains("memory_mb"), "{detail}");
    assert_eq!(gateway.read(&mail(1)).await, gateway.read_here(&mail(1)));
}

#[tokio::test]
async fn a_stopped_child_times_out_and_a_fresh_one_reads_on() {
    let gateway = Gateway::start(Settings {
        deadline_seconds: 3,
        ..settings(1)
    })
    .await;
    let child = the_child();
    assert_eq!(kill(child, Signal::SIGSTOP), Ok(()));
    let inspection = gateway.read(&mail(1)).await;
    let (kind, detail) = obstacle(&inspection);
    assert_eq!(kind, ObstacleKind::TimedOut);
    assert!(detail.contains("longer than 3 s"), "{detail}");
    // On a busy machine the fresh child may need longer than the deadline to start.
    let expected = gateway.read_here(&mail(2));
    while gateway.read(&mail(2)).await != expected {}
    assert_ne!(the_child(), child);
}

#[tokio::test]
async fn a_child_that_is_killed_while_it_reads_costs_the_message_nothing() {
    let gateway = Gateway::start(settings(1)).await;
    let child = the_child();
    assert_eq!(kill(child, Signal::SIGSTOP), Ok(()));
    let raw = mail(3);
    let reading = gateway.read(&raw);
    tokio::pin!(reading);
    tokio::select! {
        biased;
        early = &mut reading => panic!("a stopped child answered: {early:?}"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(kill(child, Signal::SIGKILL), Ok(()));
    assert_eq!(reading.await, gateway.read_here(&raw));
}

#[tokio::test]
async fn children_outlive_the_signals_that_stop_a_gateway() {
    let gateway = Gateway::start(settings(1)).await;
    let child = the_child();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT] {
        assert_eq!(kill(child, signal), Ok(()));
    }
    assert_eq!(gateway.read(&mail(1)).await, gateway.read_here(&mail(1)));
    assert_eq!(the_child(), child);
}

#[tokio::test]
async fn rules_with_a_mistake_are_told_and_change_nothing() {
    let gateway = Gateway::start(settings(1)).await;
    let broken = RuleSource {
        file: "broken.toml".to_owned(),
        text: "this is = = no TOML".to_owned(),
    };
    let here = Rules::compile(std::slice::from_ref(&broken)).is_err();
    let reloaded = gateway.inspector.reload(&[broken]).await;
    assert_eq!(matches!(reloaded, Err(StartError::Rules(_))), here);
}

#[test]
fn a_child_ends_in_peace_when_its_gateway_hangs_up() -> std::io::Result<()> {
    let _turn = TURN.blocking_lock();
    let (mut gateway, theirs) = UnixStream::pair()?;
    let mut child = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .arg("inspect-child")
        .stdin(OwnedFd::from(theirs))
        .spawn()?;
    let limits = r#"{"depth":9,"parts":9,"part_size":9,"message_size":9}"#;
    let hello = format!(r#"{{"memory_mb":512,"cpu_seconds":5,"limits":{limits},"rules":[]}}"#);
    gateway.write_all(&u32::try_from(hello.len()).unwrap_or(0).to_le_bytes())?;
    gateway.write_all(hello.as_bytes())?;
    // The first octet of the welcome: it is in its jail.
    gateway.read_exact(&mut [0])?;
    drop(gateway);
    assert_eq!(child.wait()?.signal(), None);
    Ok(())
}

/// Not a test of its own: the gateway of the next one. Without the variable it is idle.
#[tokio::test]
async fn gateway_with_a_stopped_child() {
    let Some(note) = std::env::var_os(NOTE) else {
        return;
    };
    let _gateway = Gateway::start(settings(1)).await;
    let child = the_child();
    assert_eq!(kill(child, Signal::SIGSTOP), Ok(()));
    assert!(fs::write(&note, format!("{child}\n")).is_ok());
    std::future::pending().await
}

/// A stopped child reads nothing, so it is not the end of its input that ends it.
#[test]
fn when_the_gateway_is_killed_not_even_a_stuck_child_stays() -> std::io::Result<()> {
    let note = std::env::temp_dir().join(format!("sealgate-jail-{}", std::process::id()));
    let mut gateway = Command::new(std::env::current_exe()?)
        .args(["gateway_with_a_stopped_child", "--exact"])
        .env(NOTE, &note)
        .stdout(Stdio::null())
        .spawn()?;
    let child = loop {
        let pid = fs::read_to_string(&note).unwrap_or_default();
        if let Some(pid) = pid.strip_suffix('\n') {
            break pid.to_owned();
        }
        assert_eq!(gateway.try_wait()?, None);
        std::thread::yield_now();
    };
    fs::remove_file(&note)?;
    gateway.kill()?;
    gateway.wait()?;
    let state = || {
        let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
        fact(&status, "State:").to_owned()
    };
    // Gone, or dead and not yet waited for by whoever inherited it. For ever if the jail is wrong.
    while !(state().is_empty() || state().starts_with('Z')) {
        std::thread::yield_now();
    }
    Ok(())
}

#[test]
fn started_by_hand_the_role_ends_at_once() {
    let _turn = TURN.blocking_lock();
    let by_hand = Command::new(env!("CARGO_BIN_EXE_sealgate"))
        .arg("inspect-child")
        .stdin(Stdio::null())
        .output();
    let Ok(output) = by_hand else {
        panic!("the program does not start")
    };
    assert!(!output.status.success());
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_slice()),
        (&b""[..], &b""[..])
    );
}
