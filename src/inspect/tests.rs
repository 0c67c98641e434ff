//! The pool against children that misbehave.
//!
//! The child of these tests is this test binary again, told to run [`stand_in`] and nothing else. It speaks the
//! real protocol and does to itself what the message says. `tests/jail.rs` runs the real child.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, raise};
use tokio::time::timeout;

use super::jail::JailReport;
use super::scanner::Extras;
use super::wire::{Answer, HELLO_LIMIT, Hello, Welcome, read_frame, write_frame};
use super::*;
use crate::message::{ObstacleKind, Segment, Structure};

mod scan;

const STAND_IN: &str = "SEALGATE_STAND_IN";

/// Guards a test against waiting for ever. No test waits for it unless it fails.
const AGES: Duration = Duration::from_secs(60);

/// An inspection that says `word`.
fn saying(word: impl Into<String>) -> Inspection {
    let segment = Segment {
        part: "1".to_owned(),
        media_type: word.into(),
    };
    Inspection {
        structure: Structure {
            segments: vec![segment],
            ..Structure::default()
        },
        ..Inspection::default()
    }
}

fn said(inspection: &Inspection) -> &str {
    assert_eq!(inspection.obstacles, []);
    &inspection.structure.segments.first().unwrap().media_type
}

fn obstacle(inspection: &Inspection) -> (ObstacleKind, &str) {
    let [obstacle] = inspection.obstacles.as_slice() else {
        panic!("not one obstacle: {:?}", inspection.obstacles)
    };
    (obstacle.kind, &obstacle.detail)
}

/// Not a test of its own: what a child of the other tests runs. Without the variable it is idle.
#[test]
fn stand_in() {
    let Ok(mood) = std::env::var(STAND_IN) else { return };
    child::remember_panics_without_their_words();
    let mut wire = File::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    let mut frame = Vec::new();
    assert!(read_frame(&mut wire, HELLO_LIMIT, &mut frame).unwrap());
    let hello: Hello = serde_json::from_slice(&frame).unwrap();
    let rules = hello.rules.first().map_or("", |rule| rule.text.as_str());
    let mut jail = JailReport::default();
    if mood == "weak" {
        jail.broken.push("seccomp: not here".to_owned());
    }
    let mistakes = if rules == "mistaken" {
        vec!["ssn.toml:3: no".to_owned()]
    } else {
        Vec::new()
    };
    write_frame(&mut wire, &Welcome { jail, mistakes }).unwrap();
    child::serve(&mut wire, 1 << 30, |source, _| {
        let order = std::str::from_utf8(source.bytes()).unwrap();
        let extras = (order == "tell-all").then(|| Extras {
            values: vec!["536-22-8145".to_owned()],
            ..Extras::default()
        });
        (bounds::tidy(behave(order, rules)), extras, Vec::new())
    })
    .unwrap();
}

fn behave(raw: &str, rules: &str) -> Inspection {
    let (order, word) = raw.split_once(' ').unwrap_or((raw, ""));
    let wire = std::io::stdin();
    match order {
        "say" => return saying(word),
        "tell-all" => return saying("all"),
        "pid" => return saying(std::process::id().to_string()),
        "rules" => return saying(rules),
        "rules-when" => {
            let directory = Path::new(word);
            File::create(directory.join("begun")).unwrap();
            wait_for(&directory.join("go"));
            return saying(rules);
        }
        "panic" => panic!("{word}"),
        "abort" => std::process::abort(),
        "abort-twice" => {
            let directory = Path::new(word);
            if ["first", "second"]
                .iter()
                .any(|time| File::create_new(directory.join(time)).is_ok())
            {
                std::process::abort();
            }
            return saying("the third time");
        }
        "exit" => std::process::exit(3),
        "costly" => raise(Signal::SIGXCPU).unwrap(),
        "forbidden" => raise(Signal::SIGSYS).unwrap(),
        "garbage" => drop(nix::unistd::write(wire, b"\x05\0\0\0{{{{{").unwrap()),
        "long" => drop(nix::unistd::write(wire, &[0xff; 64]).unwrap()),
        "stutter" => {
            let mut wire = File::from(wire.as_fd().try_clone_to_owned().unwrap());
            let answer = Answer {
                number: 1,
                inspection: saying("early"),
                extras: None,
                pictures: Vec::new(),
                leaving: false,
            };
            write_frame(&mut wire, &answer).unwrap();
            return saying("late");
        }
        _ => {}
    }
    loop {
        std::thread::park();
    }
}

fn wait_for(path: &Path) {
    while !path.exists() {
        std::thread::yield_now();
    }
}

fn stand_in_program(mood: &str) -> Program {
    Program {
        path: std::env::current_exe().unwrap(),
        arguments: ["inspect::tests::stand_in", "--exact"].map(OsString::from).into(),
        environment: vec![(STAND_IN.into(), mood.into())],
    }
}

fn plan(children: usize) -> Plan {
    let mut plan = Plan::new(&Settings::default(), &Limits::default()).unwrap();
    plan.children = children;
    plan.deadline = AGES;
    plan
}

fn rules(text: &str) -> [RuleSource; 1] {
    [RuleSource {
        file: "ssn.toml".to_owned(),
        text: text.to_owned(),
    }]
}

async fn pool(plan: Plan) -> Inspector {
    let pool = Pool::start(stand_in_program("willing"), plan, &rules("old"))
        .await
        .unwrap();
    Inspector { pool }
}

async fn ask(inspector: &Inspector, order: &str) -> Inspection {
    inspector
        .inspect(&RawMessage::new(order.as_bytes().to_vec()))
        .await
        .unwrap()
}

/// A directory of one test, removed at its end.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl std::ops::Deref for Directory {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

fn fresh_directory() -> Directory {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("sealgate-inspect-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    Directory(path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_messages_over_two_children_get_each_its_own_answer() {
    let inspector = pool(plan(2)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..1_000 {
        let inspector = inspector.clone();
        tasks.spawn(async move { (number, ask(&inspector, &format!("say {number}")).await) });
    }
    let mut answered = 0;
    while let Some(done) = tasks.join_next().await {
        let (number, inspection) = done.unwrap();
        assert_eq!(said(&inspection), number.to_string());
        answered += 1;
    }
    assert_eq!(answered, 1_000);
}

#[tokio::test]
async fn a_kept_child_reads_many_messages() {
    let inspector = pool(plan(1)).await;
    let first = ask(&inspector, "pid").await;
    for _ in 0..100 {
        assert_eq!(said(&ask(&inspector, "pid").await), said(&first));
    }
}

#[tokio::test]
async fn a_large_message_and_an_empty_one_arrive_whole() {
    let inspector = pool(plan(1)).await;
    let word = "x".repeat(20 << 20);
    assert_eq!(said(&ask(&inspector, &format!("say {word}")).await), &word[..200]);
    let mut short = plan(1);
    short.deadline = Duration::from_millis(300);
    let inspector = pool(short).await;
    // An empty message is an unknown order: the stand-in hangs, so it did arrive.
    assert_eq!(obstacle(&ask(&inspector, "").await).0, ObstacleKind::TimedOut);
}

#[tokio::test]
async fn every_way_to_die_is_an_obstacle_for_one_message_and_the_next_is_read() {
    let inspector = pool(plan(1)).await;
    for (order, kind, words) in [
        ("abort", ObstacleKind::ReaderDied, "memory_mb"),
        ("exit", ObstacleKind::ReaderDied, "exit status: 3"),
        ("costly", ObstacleKind::TimedOut, "cpu_seconds"),
        ("forbidden", ObstacleKind::ReaderDied, "may be an attack"),
        ("garbage", ObstacleKind::ReaderDied, "made no sense"),
        ("long", ObstacleKind::ReaderDied, "made no sense"),
    ] {
        let inspection = ask(&inspector, order).await;
        let (is, detail) = obstacle(&inspection);
        assert_eq!(is, kind, "{order}");
        assert!(detail.contains(words), "{order}: {detail}");
        assert_eq!(inspection.findings, []);
        assert_eq!(said(&ask(&inspector, "say well").await), "well");
    }
}

#[tokio::test]
async fn two_children_that_died_of_something_else_cost_the_message_nothing() {
    let inspector = pool(plan(1)).await;
    let directory = fresh_directory();
    let inspection = ask(&inspector, &format!("abort-twice {}", directory.display())).await;
    assert_eq!(said(&inspection), "the third time");
}

#[tokio::test]
async fn children_that_were_killed_while_free_are_not_lent() {
    let inspector = pool(plan(3)).await;
    for pid in inspector.pool.free_ids() {
        let pid = i32::try_from(pid).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        wait_for_zombie(pid);
    }
    assert_eq!(said(&ask(&inspector, "say well").await), "well");
}

fn wait_for_zombie(pid: i32) {
    let is_zombie = |stat: String| {
        stat.rsplit_once(") ")
            .is_some_and(|(_, state)| state.starts_with('Z'))
    };
    while !std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(is_zombie) {
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_stuck_child_is_killed_at_the_deadline_and_the_next_message_is_read() {
    let mut plan = plan(1);
    plan.deadline = Duration::from_secs(3);
    let inspector = pool(plan).await;
    let first = said(&ask(&inspector, "pid").await).to_owned();
    let inspection = ask(&inspector, "hang").await;
    let (kind, detail) = obstacle(&inspection);
    assert_eq!(kind, ObstacleKind::TimedOut);
    assert!(
        detail.contains("longer than 3 s; raise [inspect] deadline_seconds"),
        "{detail}"
    );
    assert_ne!(said(&ask(&inspector, "pid").await), first);
    wait_until_gone(&first).await;
}

#[tokio::test]
async fn when_no_child_becomes_free_in_time_the_message_is_not_read_and_not_blamed() {
    let mut plan = plan(1);
    plan.deadline = Duration::from_millis(300);
    let inspector = pool(plan).await;
    let hang = RawMessage::new("hang");
    let (one, two) = tokio::join!(inspector.inspect(&hang), inspector.inspect(&hang));
    let (read, unread) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(obstacle(&read.unwrap()).0, ObstacleKind::TimedOut);
    let unread = unread.unwrap_err().to_string();
    assert!(unread.contains("no reader was free within 0.3 s"), "{unread}");
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_stale_answer_behind() {
    let inspector = pool(plan(1)).await;
    let directory = fresh_directory();
    let order = format!("rules-when {}", directory.display());
    tokio::select! {
        _ = ask(&inspector, &order) => panic!("nothing told it to go on"),
        () = async { while !directory.join("begun").exists() { tokio::task::yield_now().await } } => {}
    }
    File::create(directory.join("go")).unwrap();
    assert_eq!(said(&ask(&inspector, "say mine").await), "mine");
}

#[tokio::test]
async fn an_answer_too_many_is_not_taken_for_the_next_message() {
    let inspector = pool(plan(1)).await;
    ask(&inspector, "stutter").await;
    let next = ask(&inspector, "say mine").await;
    assert_eq!(
        obstacle(&next),
        (ObstacleKind::ReaderDied, "the reader's answer made no sense")
    );
    assert_eq!(said(&ask(&inspector, "say mine").await), "mine");
}

#[tokio::test]
async fn a_panic_names_its_place_but_not_its_words_and_the_child_goes() {
    let inspector = pool(plan(1)).await;
    let first = said(&ask(&inspector, "pid").await).to_owned();
    let inspection = ask(&inspector, "panic 536-22-8145").await;
    let (kind, detail) = obstacle(&inspection);
    assert_eq!(kind, ObstacleKind::ReaderDied);
    assert!(detail.contains("src/inspect/tests.rs:"), "{detail}");
    assert!(!detail.contains("8145"), "{detail}");
    assert_ne!(said(&ask(&inspector, "pid").await), first);
}

#[tokio::test]
async fn a_child_retires_after_its_share_without_a_message_failing() {
    let mut plan = plan(2);
    plan.messages_per_child = 5;
    let inspector = pool(plan).await;
    let mut seen = std::collections::BTreeSet::new();
    let all = async {
        while seen.len() < 6 {
            seen.insert(said(&ask(&inspector, "pid").await).to_owned());
        }
    };
    timeout(AGES, all).await.unwrap();
    assert!(inspector.pool.free_ids().len() <= 2);
}

#[tokio::test]
async fn new_rules_take_over_at_once_and_a_message_under_way_ends_by_the_old_ones() {
    let inspector = pool(plan(2)).await;
    let directory = fresh_directory();
    let order = format!("rules-when {}", directory.display());
    let under_way = tokio::spawn({
        let inspector = inspector.clone();
        async move { ask(&inspector, &order).await }
    });
    while !directory.join("begun").exists() {
        tokio::task::yield_now().await;
    }
    inspector.reload(&rules("new")).await.unwrap();
    File::create(directory.join("go")).unwrap();
    assert_eq!(said(&under_way.await.unwrap()), "old");
    for _ in 0..20 {
        let (one, two) = tokio::join!(ask(&inspector, "rules"), ask(&inspector, "rules"));
        assert_eq!((said(&one), said(&two)), ("new", "new"));
    }
    assert_eq!(inspector.pool.free_ids().len(), 2);
}

#[tokio::test]
async fn rules_with_mistakes_change_nothing() {
    let inspector = pool(plan(1)).await;
    let error = inspector.reload(&rules("mistaken")).await.unwrap_err();
    assert_eq!(error.to_string(), "the rules have mistakes: ssn.toml:3: no");
    assert_eq!(said(&ask(&inspector, "rules").await), "old");
}

#[tokio::test]
async fn a_weak_jail_is_refused_unless_it_is_allowed() {
    let weak = || stand_in_program("weak");
    let error = Pool::start(weak(), plan(1), &[]).await.unwrap_err();
    assert!(
        matches!(&error, StartError::WeakJail(why) if why == "seccomp: not here"),
        "{error}"
    );
    let mut allowed = plan(1);
    allowed.allow_weak_jail = true;
    Pool::start(weak(), allowed, &[]).await.unwrap();
}

#[tokio::test]
async fn a_program_that_is_no_child_is_told_from_one() {
    for (path, arguments) in [
        ("/nonexistent/sealgate", &[][..]),
        ("/bin/true", &[]),
        ("/bin/sh", &["-c", "cat >&0"]),
        (
            "/bin/sh",
            &["-c", "printf '\\002\\000\\000\\000{}' >&0; exec sleep 100"],
        ),
    ] {
        let arguments = arguments.iter().map(OsString::from).collect();
        let program = Program {
            path: path.into(),
            arguments,
            environment: Vec::new(),
        };
        let error = Pool::start(program, plan(1), &[]).await.unwrap_err();
        assert!(matches!(error, StartError::Child(_)), "{error}");
    }
}

#[tokio::test]
async fn when_no_child_starts_any_more_callers_learn_why_and_later_get_a_child() {
    let directory = fresh_directory();
    let path = directory.join("sealgate");
    let exe = std::env::current_exe().unwrap();
    std::os::unix::fs::symlink(&exe, &path).unwrap();
    let program = Program {
        path: path.clone(),
        ..stand_in_program("willing")
    };
    let mut plan = plan(1);
    plan.deadline = Duration::from_secs(1);
    let inspector = Inspector {
        pool: Pool::start(program, plan, &[]).await.unwrap(),
    };
    std::fs::remove_file(&path).unwrap();
    let refused = inspector
        .inspect(&RawMessage::new("abort"))
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("no new one starts"), "{refused}");

    std::os::unix::fs::symlink(&exe, &path).unwrap();
    let order = RawMessage::new("say well");
    let recovered = async { while inspector.inspect(&order).await.is_err() {} };
    timeout(AGES, recovered).await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_too_large_never_reaches_a_child() {
    let mut plan = plan(1);
    plan.limits.message_size = 8;
    let inspector = pool(plan).await;
    let inspection = ask(&inspector, "abort and more").await;
    assert_eq!(obstacle(&inspection).0, ObstacleKind::LimitReached);
}

#[tokio::test]
async fn with_the_last_inspector_its_children_end() {
    let inspector = pool(plan(2)).await;
    let pids = inspector.pool.free_ids();
    assert_eq!(pids.len(), 2);
    drop(inspector);
    for pid in pids {
        wait_until_gone(&pid.to_string()).await;
    }
}

async fn wait_until_gone(pid: &str) {
    let running = || Path::new("/proc").join(pid).exists();
    let gone = async {
        while running() {
            tokio::task::yield_now().await;
        }
    };
    timeout(AGES, gone).await.unwrap();
}
