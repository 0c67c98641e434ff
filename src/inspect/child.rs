//! The child: greets, enters the jail, then answers one message after the other until its gateway hangs up.
//!
//! Standard input is a socket to the gateway, used in both directions. Standard output and standard error are
//! `/dev/null`, so nothing that a library prints can spoil an answer or reveal a message.
//!
//! A reader that panics on a message answers with an obstacle that names the line in Sealgate, and then ends:
//! whatever it left behind must not touch the next message. Running out of memory or stack ends it without an
//! answer; the gateway sees that.

use std::cell::Cell;
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::jail::JailReport;
use super::pictures::{SIGHT_LIMIT, announced, sight, write_pixels};
use super::scanner::{self, Extras};
use super::wire::{Answer, HELLO_LIMIT, Hello, Welcome, question, read_frame, write_frame};
use super::{Source, bounds, examine_with, jail};
use crate::detect::Rules;
use crate::documents::{Picture, Sight};
use crate::message::{Inspection, Obstacle, ObstacleKind, Place};

/// Room that the buffer keeps between messages. More goes back, so that one giant does not bloat a child.
const KEPT_ROOM: usize = 1 << 20;

/// The longest label of a question: its kind, and the length and octets of a name.
const LABEL_ROOM: usize = 3 + u16::MAX as usize;

thread_local! {
    /// Where the last panic was, `src/mime/fold.rs:41`. Never what it said: that may quote the message.
    static PANICKED_AT: Cell<Option<String>> = const { Cell::new(None) };
}

/// Plays the child until the gateway hangs up.
///
/// # Errors
/// When standard input is not a gateway, the rules have mistakes, or the gateway stops listening.
pub(super) fn run() -> Result<()> {
    remember_panics_without_their_words();
    jail::outlive_stop_signals();
    close_inherited_files();
    // `ps -o comm` would show "exe", the last name of the path that the gateway starts.
    let _ = nix::sys::prctl::set_name(c"sealgate-reader");
    let mut wire = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let hello = greeting(&mut wire)?;
    // What libraries ask of the system once must be asked while there is one.
    Rules::prepare();
    let jail = jail::enter(hello.memory_mb, wire.as_raw_fd());
    let rules = compile(&mut wire, &hello, jail)?;
    serve(&mut wire, hello.limits.message_size, |source, sight| {
        // Without a budget the gateway's deadline still holds.
        let _ = jail::grant_processor_time(hello.cpu_seconds);
        let (examination, pictures) = examine_with(source, &rules, &hello.limits, sight);
        match hello.scan {
            None => (bounds::tidy(examination.inspection), None, pictures),
            Some(asked) => {
                let (inspection, extras) = scanner::tell(examination, &rules, asked);
                (inspection, Some(extras), pictures)
            }
        }
    })
}

/// What a child says of one message: what was learned, what a scan asked for, and pictures to be read.
pub(super) type Told = (Inspection, Option<Extras>, Vec<Picture>);

/// Answers questions with `read` until the gateway hangs up or `read` panics. What it says is within bounds already.
///
/// # Errors
/// When a message is longer than `limit` or than the memory that is left, or the gateway stops listening.
pub(super) fn serve(
    wire: &mut (impl Read + Write),
    limit: usize,
    read: impl Fn(Source<'_>, Sight) -> Told,
) -> Result<()> {
    let mut frame = Vec::new();
    let (mut number, mut eyes) = (0, Sight::default());
    let limit = limit.saturating_add(LABEL_ROOM).max(SIGHT_LIMIT);
    while read_frame(wire, limit, &mut frame)? {
        if let Some(told) = sight(&frame)? {
            eyes = told;
            continue;
        }
        number += 1;
        let source = question(&frame)?;
        let attempt = catch_unwind(AssertUnwindSafe(|| read(source, std::mem::take(&mut eyes))));
        let leaving = attempt.is_err();
        let (inspection, extras, pictures) = attempt.unwrap_or_else(|_| (panicked(), None, Vec::new()));
        write_frame(
            wire,
            &Answer {
                number,
                inspection,
                extras,
                pictures: announced(&pictures),
                leaving,
            },
        )?;
        write_pixels(wire, &pictures)?;
        if leaving {
            break;
        }
        frame.clear();
        frame.shrink_to(KEPT_ROOM);
    }
    Ok(())
}

/// Keeps the place of a panic and silences the rest.
pub(super) fn remember_panics_without_their_words() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line()));
        PANICKED_AT.set(place);
    }));
}

fn greeting(wire: &mut File) -> Result<Hello> {
    let mut frame = Vec::new();
    if !read_frame(wire, HELLO_LIMIT, &mut frame)? {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&frame)?)
}

/// Compiles the rules inside the jail, and tells the gateway how that went.
fn compile(wire: &mut File, hello: &Hello, jail: JailReport) -> Result<Rules> {
    let compiled = Rules::compile(&hello.rules);
    let mistakes = compiled.as_ref().err().into_iter().flatten();
    let mistakes = mistakes.map(ToString::to_string).collect();
    write_frame(wire, &Welcome { jail, mistakes })?;
    compiled.map_err(|_| Error::from(ErrorKind::InvalidInput))
}

/// The gateway opens its own files so that no child inherits them; this is for those of whoever started it.
pub(super) fn close_inherited_files() {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else {
        return;
    };
    let numbers: Vec<i32> = open
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|number| *number > 2)
        .collect();
    for number in numbers {
        // The directory itself is in the list, and closed by now.
        let _ = nix::unistd::close(number);
    }
}

fn panicked() -> Inspection {
    let place = PANICKED_AT
        .take()
        .unwrap_or_else(|| "an unknown place".to_owned());
    let detail =
        format!("the reader stopped at {place}: a mistake in Sealgate, please report it with this place");
    let part = Place::MESSAGE.to_owned();
    Inspection {
        obstacles: vec![Obstacle {
            kind: ObstacleKind::ReaderDied,
            part,
            detail,
        }],
        ..Inspection::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counting(source: Source<'_>) -> Inspection {
        let raw = source.bytes();
        let part = Place::MESSAGE.to_owned();
        let detail = format!("{} octets", raw.len());
        Inspection {
            obstacles: vec![Obstacle {
                kind: ObstacleKind::Image,
                part,
                detail,
            }],
            ..Inspection::default()
        }
    }

    /// What the gateway would have sent, and a place for the answers.
    struct Script<'a> {
        sent: &'a [u8],
        answers: Vec<u8>,
    }

    impl Read for Script<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.sent.read(buffer)
        }
    }

    impl Write for Script<'_> {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            self.answers.write(octets)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    proptest! {
        #[test]
        fn a_child_answers_each_whole_message_once_and_in_order(messages: Vec<Vec<u8>>) {
            let mut sent = Vec::new();
            for message in &messages {
                sent.extend(u32::try_from(message.len() + 1).unwrap().to_le_bytes());
                sent.push(0);
                sent.extend(message);
            }
            let mut script = Script { sent: &sent, answers: Vec::new() };
            serve(&mut script, 1 << 20, |source, _| (counting(source), None, Vec::new())).unwrap();
            let (mut answers, mut frame) = (script.answers.as_slice(), Vec::new());
            for (place, message) in messages.iter().enumerate() {
                prop_assert!(read_frame(&mut answers, 1 << 20, &mut frame).unwrap());
                let answer: Answer = serde_json::from_slice(&frame).unwrap();
                prop_assert_eq!(answer.number, place as u64 + 1);
                prop_assert_eq!(answer.inspection, counting(Source::Message(message)));
            }
            prop_assert!(!read_frame(&mut answers, 1 << 20, &mut frame).unwrap());
        }
    }
}
