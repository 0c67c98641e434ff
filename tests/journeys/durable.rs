//! What `250` promises, watched from outside: the system calls of the gateway, as strace tells them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::counterparts::have;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::Session;
use crate::support::mailbox::Mailbox;
use crate::support::pki::ANNA;

const CLERK: &str = "clerk@agency.example";

fn mail(octets: usize) -> String {
    let line = "The quick brown fox jumps over the lazy dog, and the file says so again.\r\n";
    format!(
        "From: clerk@agency.example\r\nTo: anna@partner.example\r\nSubject: file\r\n\r\n\
         Margaret Holloway, SSN 536-22-8145.\r\n{}",
        line.repeat(octets / line.len())
    )
}

/// What was flushed between the end of data and its `250`, in order: `fsync PATH`.
type Steps = Vec<String>;

/// The steps of each message that was taken.
fn steps(trace: &str) -> Vec<Steps> {
    let (mut all, mut now) = (Vec::new(), Vec::new());
    // A call that another thread interrupted is told in two lines.
    let mut begun: HashMap<&str, &str> = HashMap::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if call.contains("354 send") {
            now.clear();
        }
        if call.contains("\"250 2.0.0 Accepted") {
            all.push(std::mem::take(&mut now));
        }
        let done = if call.starts_with("<... ") {
            begun.remove(thread).filter(|_| call.ends_with("= 0"))
        } else if call.ends_with("<unfinished ...>") {
            begun.insert(thread, call);
            None
        } else {
            Some(call).filter(|call| call.ends_with("= 0"))
        };
        let Some(done) = done else { continue };
        if done.starts_with("fsync") || done.starts_with("fdatasync") {
            let path = done.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
            now.extend(path.map(|(path, _)| format!("fsync {path}")));
        }
    }
    all
}

/// Messages of that size, one after the other, while strace looks on.
fn watch(test: &str, octets: usize) -> Option<Vec<Steps>> {
    if !have(test, &["strace"]) {
        return None;
    }
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let trace = gateway.directory.path().join("trace");
    let mut strace = Command::new("strace")
        .args(["-f", "-y", "-s", "120", "-e"])
        .arg("trace=fsync,fdatasync,sendto,write,writev")
        .arg("-o")
        .arg(&trace)
        .arg("-p")
        .arg(gateway.pid().to_string())
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace starts");
    let mut said = BufReader::new(strace.stderr.take().expect("its words")).lines();
    let first = said.next().expect("strace says that it has begun").expect("text");
    assert!(first.contains("attached"), "{first}");
    let (mut session, _) = Session::open(gateway.address);
    for _ in 0..8 {
        let reply = session.message(CLERK, &[ANNA], mail(octets).as_bytes());
        assert!(reply.starts_with("250 2.0.0 Accepted"), "{reply}");
    }
    for letter in mailbox.letters(8) {
        assert!(letter.text().contains("pkcs7-mime"));
    }
    kill(
        Pid::from_raw(i32::try_from(strace.id()).expect("a number")),
        Signal::SIGINT,
    )
    .expect("strace runs");
    strace.wait().expect("strace ends");
    let trace = std::fs::read_to_string(&trace).expect("a trace");
    let steps = steps(&trace);
    assert_eq!(steps.len(), 8, "every 250 is in the trace");
    Some(steps)
}

fn at(steps: &Steps, what: impl Fn(&str) -> bool) -> usize {
    let found = steps.iter().position(|step| what(step));
    found.unwrap_or_else(|| panic!("missing in {steps:?}"))
}

#[test]
fn every_message_is_flushed_to_the_disk_before_its_250() {
    let Some(all) = watch("every_message_is_flushed_to_the_disk_before_its_250", 10_000) else {
        return;
    };
    for steps in all {
        at(&steps, |step| {
            step.starts_with("fsync ") && step.ends_with("/sealgate.db-wal")
        });
    }
}

#[test]
fn a_large_message_is_flushed_as_a_file_and_then_its_folder_before_its_row_and_its_250() {
    let test = "a_large_message_is_flushed_as_a_file_and_then_its_folder_before_its_row_and_its_250";
    let Some(all) = watch(test, 400_000) else { return };
    for steps in all {
        let is_body = |path: &str| {
            Path::new(path)
                .parent()
                .is_some_and(|folder| folder.ends_with("bodies"))
        };
        let file = at(&steps, |step| step.strip_prefix("fsync ").is_some_and(is_body));
        let folder = at(&steps, |step| {
            step.starts_with("fsync ") && step.ends_with("/bodies")
        });
        let row = steps
            .iter()
            .rposition(|step| step.ends_with("/sealgate.db-wal"))
            .expect("a row");
        assert!(file < folder && folder < row, "{steps:?}");
    }
}
