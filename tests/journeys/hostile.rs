//! Mail and peers that mean harm, or are just broken: a clear answer, nothing lost, the next message served.

use std::io::Write;
use std::net::TcpStream;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::gateway::{Gateway, Options};
use crate::support::mail::{Session, send};
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, NOBODY};

const CLERK: &str = "clerk@agency.example";
const PLAIN: &str = "From: clerk@agency.example\nSubject: Lunch\n\nAt noon?\n";

#[test]
fn a_message_over_the_limit_gets_552_and_the_session_goes_on() {
    let mailbox = Mailbox::start();
    let smtp = "message_mb = 1".to_owned();
    let gateway = Gateway::start(
        mailbox.address,
        &Options {
            smtp,
            ..Options::default()
        },
    );
    let (mut session, _) = Session::open(gateway.address);
    assert!(session.say("EHLO test").contains("SIZE 1048576"));
    assert!(
        session
            .say(&format!("MAIL FROM:<{CLERK}> SIZE=1048577"))
            .starts_with("552 ")
    );
    let data = "x".repeat(70).repeat(20_000);
    assert!(
        session
            .message(CLERK, &[ANNA], data.as_bytes())
            .starts_with("552 ")
    );
    assert!(
        session
            .message(CLERK, &[ANNA], PLAIN.replace('\n', "\r\n").as_bytes())
            .starts_with("250 ")
    );
    assert_eq!(mailbox.next().recipients, [ANNA]);
}

#[test]
fn when_memory_is_full_the_answer_is_452_and_room_comes_back() {
    let mailbox = Mailbox::start();
    let smtp = "memory_mb = 2\nmessage_mb = 2".to_owned();
    let gateway = Gateway::start(
        mailbox.address,
        &Options {
            smtp,
            ..Options::default()
        },
    );
    let line = format!("{}\r\n", "x".repeat(70));
    let (mut second, _) = Session::open(gateway.address);
    let mut message = || second.message(CLERK, &[ANNA], line.repeat(20_000).as_bytes());
    // Once the gateway has read most of a message that is not at its end, there is no room for another one. Until then
    // there is: what was written may still stand in the buffers of the system, and the other may be the first to fill
    // the memory, so that this one is refused.
    let first = (0..20).find_map(|_| {
        let (mut first, _) = Session::open(gateway.address);
        first.say("EHLO test");
        first.say(&format!("MAIL FROM:<{CLERK}>"));
        first.say(&format!("RCPT TO:<{ANNA}>"));
        first.say("DATA");
        first.write(line.repeat(25_000).as_bytes());
        (0..20).any(|_| message().starts_with("452 ")).then_some(first)
    });
    assert!(first.is_some());
    drop(first);
    let mut reply = message();
    while reply.starts_with("452 ") {
        reply = message();
    }
    assert!(reply.starts_with("250 "), "{reply}");
    assert_eq!(mailbox.next().recipients, [ANNA]);
}

#[test]
fn a_large_message_for_many_is_split_by_the_client_or_refused_with_the_reason() {
    let mailbox = Mailbox::start();
    let smtp = "memory_mb = 2\nmessage_mb = 2".to_owned();
    let gateway = Gateway::start(
        mailbox.address,
        &Options {
            smtp,
            ..Options::default()
        },
    );
    // One certificate, eight spellings of its address: eight copies of a megabyte.
    let annas: Vec<String> = (0..8_u8)
        .map(|bits| {
            let letter = |at: u8, letter: char| {
                if bits >> at & 1 == 1 {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                }
            };
            format!(
                "{}{}{}a@partner.example",
                letter(0, 'a'),
                letter(1, 'n'),
                letter(2, 'n')
            )
        })
        .collect();
    let annas: Vec<&str> = annas.iter().map(String::as_str).collect();
    let (mut session, _) = Session::open(gateway.address);
    session.say("EHLO test");
    session.say(&format!("MAIL FROM:<{CLERK}> SIZE=1000000"));
    for anna in &annas[..2] {
        assert!(session.say(&format!("RCPT TO:<{anna}>")).starts_with("250 "));
    }
    let reply = session.say(&format!("RCPT TO:<{}>", annas[2]));
    assert!(reply.starts_with("452 4.5.3 "), "{reply}");
    // A client that does not tell the size learns it at the end, and for good: it would send the same again.
    let secret = "Subject: x\r\n\r\nMargaret Holloway, SSN 536-22-8145\r\n";
    let large = format!("{secret}{}", format!("{}\r\n", "x".repeat(70)).repeat(14_000));
    let (mut session, _) = Session::open(gateway.address);
    let reply = session.message(CLERK, &annas, large.as_bytes());
    assert!(
        reply.starts_with("550 5.3.4 ") && reply.contains("fewer at a time"),
        "{reply}"
    );
    // In clear they share the bytes.
    let reply = session.message(CLERK, &annas, large.replace("SSN 536-22-8145", "noon").as_bytes());
    assert!(reply.starts_with("250 "), "{reply}");
    assert_eq!(mailbox.next().recipients.len(), 8);
}

#[test]
fn a_stuck_or_killed_reader_costs_its_message_only_and_the_message_does_not_leave_in_clear() {
    let mailbox = Mailbox::start();
    let inspect = "children = 1\ndeadline_seconds = 2".to_owned();
    let gateway = Gateway::start(
        mailbox.address,
        &Options {
            inspect,
            ..Options::default()
        },
    );
    let reader = readers(gateway.pid());
    assert_eq!(reader.len(), 1, "one jailed reader");
    signal(reader[0], Signal::SIGSTOP);
    let id = crate::support::mail::send_for_id(gateway.address, CLERK, &[NOBODY], PLAIN);
    let notice = mailbox.next();
    assert_eq!(notice.recipients, [CLERK], "unread means not cleared");
    assert!(gateway.ask(&["trace", &id]).contains("took longer"));
    send(gateway.address, CLERK, &[NOBODY], PLAIN).unwrap();
    assert_eq!(
        mailbox.next().recipients,
        [NOBODY],
        "the next message is served by a fresh reader"
    );
    for reader in readers(gateway.pid()) {
        signal(reader, Signal::SIGKILL);
    }
    send(gateway.address, CLERK, &[NOBODY], PLAIN).unwrap();
    mailbox.next();
    send(gateway.address, CLERK, &[NOBODY], PLAIN).unwrap();
    assert_eq!(mailbox.next().recipients, [NOBODY]);
}

#[test]
fn bodies_of_any_bytes_and_broken_sessions_neither_stop_nor_stall_the_gateway() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..60 {
        let length = usize::try_from(random() % 4000).unwrap();
        let noise: Vec<u8> = (0..length).map(|_| random().to_le_bytes()[0]).collect();
        if round % 3 == 0 {
            let mut stream = TcpStream::connect(gateway.address).unwrap();
            let _ = stream.write_all(&noise);
            continue;
        }
        let (mut session, _) = Session::open(gateway.address);
        session.say("EHLO x");
        session.say(&format!("MAIL FROM:<{CLERK}>"));
        session.say(&format!("RCPT TO:<{NOBODY}>"));
        assert!(session.say("DATA").starts_with("354 "));
        if round % 3 == 2 {
            session.write(b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n");
        }
        session.write(&noise);
    }
    for nasty in [
        "",
        "\r\n",
        ":\r\n:\r\n\r\n",
        "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n----\r\n--\r\n",
        "Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n",
        "Content-Transfer-Encoding: base64\r\nContent-Type: text/html; charset=utf-7\r\n\r\n====\r\n<<<<&#x;&#1114112;",
    ] {
        let (mut session, _) = Session::open(gateway.address);
        let reply = session.message(CLERK, &[NOBODY], nasty.as_bytes());
        assert!(
            reply.starts_with("250 ") || reply.starts_with("550 "),
            "{nasty:?}: {reply}"
        );
    }
    let id = crate::support::mail::send_for_id(gateway.address, CLERK, &[ANNA], PLAIN);
    let mut letter = mailbox.next();
    while !letter.text().contains(&id) {
        letter = mailbox.next();
    }
    assert_eq!(letter.recipients, [ANNA]);
}

/// The jailed readers whose parent is `pid`. Soon after its start it tries OCR in other processes, too.
fn readers(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task");
    let tasks = std::fs::read_dir(path).expect("the process runs");
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<u32>>()
        })
        .filter(|pid| {
            let words = std::fs::read_to_string(format!("/proc/{pid}/cmdline"));
            words.is_ok_and(|words| words.contains("inspect-child"))
        })
        .collect()
}

fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).expect("a process number");
    kill(Pid::from_raw(pid), signal).expect("the reader can be signalled");
}
