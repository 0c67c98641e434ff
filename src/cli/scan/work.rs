//! Reads files side by side and shows them in their order.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};

use crate::inspect::{Examined, Scanner, Source};
use crate::message::{Inspection, Obstacle, ObstacleKind, Place};

use super::files::STANDARD_INPUT;
use super::mailbox::{Pieces, join};
use super::report::Report;
use super::setup::Setup;

/// Files, for each reader, that may be ahead of the one that is shown next.
const AHEAD: usize = 16;

/// Whose turn it is. Waiting for a reader has a deadline; waiting here has none.
#[derive(Clone)]
struct Turns {
    scanner: Scanner,
    largest: u64,
    /// Pieces that may be in memory.
    loaded: Arc<Semaphore>,
    /// Pieces that may be with a reader.
    reading: Arc<Semaphore>,
}

/// Reads all files and shows each, in their order, until `show` says that nobody looks any more. `false` then.
pub async fn through(files: Vec<PathBuf>, setup: &Setup, mut show: impl FnMut(Report) -> bool) -> bool {
    let readers = setup.scanner.children();
    let turns = Turns {
        scanner: setup.scanner.clone(),
        largest: setup.largest,
        loaded: Arc::new(Semaphore::new(readers * 2)),
        reading: Arc::new(Semaphore::new(readers)),
    };
    let mut files = files.into_iter();
    let mut under_way: VecDeque<(PathBuf, JoinHandle<Report>)> = VecDeque::new();
    loop {
        let free = (readers * AHEAD).saturating_sub(under_way.len());
        for file in files.by_ref().take(free) {
            let task = tokio::spawn(turns.clone().read(file.clone()));
            under_way.push_back((file, task));
        }
        let Some((file, task)) = under_way.pop_front() else {
            return true;
        };
        let report = task.await.unwrap_or_else(|_| Report {
            file,
            error: Some("reading it failed by a mistake in Sealgate".to_owned()),
            ..Report::default()
        });
        if !show(report) {
            return false;
        }
    }
}

impl Turns {
    async fn read(self, file: PathBuf) -> Report {
        let mut tasks = JoinSet::new();
        let mut error = self.hand_out(&file, &mut tasks).await.err();
        let mut learned = Vec::new();
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(piece) => learned.push(piece),
                Err(failure) => error = Some(failure.to_string()),
            }
        }
        learned.sort_by_key(|(before, _)| *before);
        let mut examined = Examined::default();
        for (before, piece) in learned {
            join(&mut examined, piece, before);
        }
        Report {
            file,
            examined,
            error,
        }
    }

    /// Has the pieces of a file read, side by side. A file that breaks off is read as far as it goes.
    async fn hand_out(&self, file: &Path, tasks: &mut JoinSet<(usize, Examined)>) -> Result<(), String> {
        let mut source = open(file.to_owned(), self.largest).await?;
        let name = file.file_name().unwrap_or_default();
        let name: Arc<str> = name.to_string_lossy().into();
        loop {
            let loaded = Arc::clone(&self.loaded).acquire_owned().await;
            let (next, rest) = next_piece(source).await?;
            source = rest;
            let Some(piece) = next else { return Ok(()) };
            let (turns, name) = (self.clone(), Arc::clone(&name));
            tasks.spawn(async move {
                let _loaded = loaded;
                (piece.before, turns.examine(&name, &piece.bytes).await)
            });
        }
    }

    async fn examine(&self, name: &str, bytes: &[u8]) -> Examined {
        let _turn = self.reading.acquire().await;
        let source = Source::File { name, bytes };
        let examined = self.scanner.examine(source).await;
        examined.unwrap_or_else(|error| Examined {
            inspection: Inspection {
                obstacles: vec![Obstacle {
                    kind: ObstacleKind::ReaderDied,
                    part: Place::MESSAGE.to_owned(),
                    detail: error.to_string(),
                }],
                ..Inspection::default()
            },
            ..Examined::default()
        })
    }
}

type Opened = Pieces<BufReader<Box<dyn Read + Send>>>;

async fn open(file: PathBuf, largest: u64) -> Result<Opened, String> {
    let opened = spawn_blocking(move || -> std::io::Result<Box<dyn Read + Send>> {
        if file.as_os_str() == STANDARD_INPUT {
            return Ok(Box::new(std::io::stdin()));
        }
        Ok(Box::new(File::open(file)?))
    });
    let source = opened.await.map_err(|error| error.to_string())?;
    Ok(Pieces::of(BufReader::new(source.map_err(in_words)?), largest))
}

async fn next_piece(mut source: Opened) -> Result<(Option<super::mailbox::Piece>, Opened), String> {
    let read = spawn_blocking(move || (source.next(), source));
    let (next, source) = read.await.map_err(|error| error.to_string())?;
    Ok((next.map_err(in_words)?, source))
}

fn in_words(error: std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "the user that runs this may not read it".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
