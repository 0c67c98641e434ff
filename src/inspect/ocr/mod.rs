//! Reads pictures by Tesseract: `docs/ocr.md` tells it in prose.
//!
//! A reading child decodes the pictures of a message and hands out their pixels; this has each read by a process of
//! its own, jailed and then given up; what was read goes back to a reading child, which reads the message again with
//! it. So names and keywords of the message count for a number in its picture, and the other way round.
//!
//! Must not know: messages, rules. The gateway itself sees pixels and Tesseract's table of words, no file.

mod memory;
mod page;
mod pending;
mod role;
mod settings;
mod tsv;
mod walls;
mod worker;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::keeper::{Keeper, Program};
use crate::documents::{Picture, Reading, Seen, Sight};

use memory::Memory;
use page::Page;
use role::Orders;
use worker::{Trouble, Worker};

pub use pending::PendingOcr;
pub use settings::{Mode, Settings};

/// Characters that are never meant where digits stand, and that Tesseract takes `S` for.
const NOT_SEEN: &str = "tessedit_char_blacklist=$€£¥";

/// How long the first try may take: a machine that has just started is slow.
const START_TIME: Duration = Duration::from_secs(30);

/// The mode of segmentation that finds blocks of text.
const UPRIGHT: &str = "3";

/// The same, and finds out which way up the page is.
const TURNED: &str = "1";

/// Reads pictures. Cloning shares the memory of readings and the number of processes.
#[derive(Debug, Clone)]
pub struct Ocr {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    worker: Worker,
    /// As many permits as processes may run.
    free: Semaphore,
    memory: Mutex<Memory>,
    version: String,
    /// Whether Tesseract can tell which way up a page is.
    turns: bool,
}

/// Why pictures are not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoOcr(String);

impl Ocr {
    /// Finds Tesseract and tries it on a blank picture, so that a missing language or a jail in which it cannot work
    /// shows now.
    ///
    /// # Errors
    /// When it is not there, does not work, or its jail is broken and `allow_weak_jail` is not set.
    pub async fn start(settings: &Settings, allow_weak_jail: bool) -> Result<Ocr, NoOcr> {
        Self::start_from(Path::new("/proc/self/exe"), settings, allow_weak_jail).await
    }

    /// Like [`Ocr::start`], for a process that is not `sealgate` itself: `program` is.
    ///
    /// # Errors
    /// Like [`Ocr::start`].
    pub async fn start_from(
        program: &Path,
        settings: &Settings,
        allow_weak_jail: bool,
    ) -> Result<Ocr, NoOcr> {
        if let Some(mistake) = settings.mistakes().into_iter().next() {
            return Err(NoOcr(format!("[ocr] {mistake}")));
        }
        let worker = worker(program, settings)?;
        let trial = worker.with_at_least(START_TIME);
        let mut shared = Shared {
            free: Semaphore::new(settings.workers()),
            settings: settings.clone(),
            worker: trial.clone(),
            memory: Mutex::default(),
            version: String::new(),
            turns: true,
        };
        let blank = blank();
        // At once: mail waits for all of them.
        let (version, turned, upright) = tokio::join!(
            trial.run(&["--version"], &[]),
            shared.attempt(TURNED, &blank),
            shared.attempt(UPRIGHT, &blank)
        );
        let version = version.map_err(broken)?;
        for wall in &version.jail.broken {
            if !allow_weak_jail {
                return Err(NoOcr(format!(
                    "the jail of the OCR processes is incomplete: {wall}"
                )));
            }
            tracing::error!("the jail of the OCR processes is BROKEN, started anyway as told: {wall}");
        }
        for wall in &version.jail.lacking {
            tracing::warn!("the jail of the OCR processes has one wall less: {wall}");
        }
        shared.version = first_line(&version.output);
        shared.turns = turned.is_ok();
        upright.map_err(broken)?;
        shared.worker = worker;
        Ok(Ocr {
            shared: Arc::new(shared),
        })
    }

    /// What Tesseract calls itself: "tesseract 5.3.0".
    pub fn version(&self) -> &str {
        &self.shared.version
    }

    /// How the reader of a message is to treat its pictures, given what was read in them.
    pub(super) fn sight(&self, readings: Vec<Reading>) -> Sight {
        self.shared.settings.sight(readings)
    }

    /// Reads the pictures of one message. Each gets a reading, if only one that says why there is none.
    pub async fn read(&self, pictures: Vec<Picture>) -> Vec<Reading> {
        let deadline = Instant::now() + Duration::from_secs(self.shared.settings.message_seconds);
        let mut tasks = JoinSet::new();
        for picture in pictures {
            let shared = self.shared.clone();
            tasks.spawn(async move {
                let id = picture.id;
                let seen = timeout_at(deadline, shared.read(&picture)).await;
                let seen = seen.unwrap_or_else(|_| {
                    Seen::Nothing(
                        "reading all pictures of the message took longer than [ocr] message_seconds"
                            .to_owned(),
                    )
                });
                Reading { id, seen }
            });
        }
        // A task that panicked leaves no reading, and its picture stays an obstacle.
        let mut readings = Vec::new();
        while let Some(read) = tasks.join_next().await {
            readings.extend(read);
        }
        readings
    }
}

impl Shared {
    async fn read(&self, picture: &Picture) -> Seen {
        let digest = memory::digest(picture);
        let known = self.memory().recall(&digest);
        let page = match known {
            Some(page) => page,
            None => match self.see(picture).await {
                Ok(page) => {
                    self.memory().remember(digest, &page);
                    page
                }
                Err(trouble) => {
                    tracing::warn!(%trouble, "a picture was not read");
                    return Seen::Nothing(sentence(&trouble));
                }
            },
        };
        Seen::Text {
            lines: page.lines,
            table: page.table,
            legible: page.legible,
        }
    }

    /// Upright first; when that is illegible, the way that Tesseract thinks is up.
    async fn see(&self, picture: &Picture) -> Result<Page, Trouble> {
        let Ok(_turn) = self.free.acquire().await else {
            return Err(Trouble::Failed("the gateway is stopping".to_owned()));
        };
        let input = pixels(picture);
        let upright = self.attempt(UPRIGHT, &input).await?;
        if upright.legible || !self.turns {
            return Ok(upright);
        }
        // The first page stands when the second try fails: it was read to its end.
        Ok(match self.attempt(TURNED, &input).await {
            Ok(turned) if turned.legible || turned.characters() > upright.characters() => turned,
            _ => upright,
        })
    }

    /// Runs Tesseract with a mode of segmentation.
    async fn attempt(&self, mode: &str, input: &[u8]) -> Result<Page, Trouble> {
        let arguments = [
            "stdin",
            "stdout",
            "-l",
            &self.settings.languages,
            "--psm",
            mode,
            "-c",
            NOT_SEEN,
            "-c",
            "tessedit_create_tsv=1",
        ];
        let printed = self.worker.run(&arguments, input).await?;
        let words = tsv::words(&printed.output)
            .ok_or_else(|| Trouble::Failed("the OCR process printed no table of words".to_owned()))?;
        Ok(Page::of(&words, mode == UPRIGHT))
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn worker(sealgate: &Path, settings: &Settings) -> Result<Worker, NoOcr> {
    let keeper = Keeper::new().map_err(|error| NoOcr(error.to_string()))?;
    let orders = Orders {
        memory_mb: settings.memory_mb,
        // Above the time by the clock: that one is told from a crash.
        cpu_seconds: settings.picture_seconds.saturating_add(2),
        tessdata: settings.tessdata.clone(),
        program: installed(&settings.program)?,
        arguments: Vec::new(),
    };
    let sealgate = Program {
        path: sealgate.to_owned(),
        ..Program::default()
    };
    let time = Duration::from_secs(settings.picture_seconds);
    Ok(Worker::new(keeper, sealgate, orders, time))
}

/// Where the program is. Links are followed now, since the jail permits the file they lead to.
fn installed(program: &Path) -> Result<PathBuf, NoOcr> {
    let folders: &[&str] = match program.components().count() {
        1 => &["/usr/bin", "/usr/local/bin", "/bin", "/opt/homebrew/bin"],
        _ => &["/"],
    };
    let mut places = folders.iter().map(|folder| Path::new(folder).join(program));
    let found = places.find_map(|place| place.canonicalize().ok().filter(|place| place.is_file()));
    found.ok_or_else(|| NoOcr(format!("{} is not installed", program.display())))
}

fn broken(trouble: Trouble) -> NoOcr {
    NoOcr(format!(
        "Tesseract is installed and does not work: {trouble}; run it by hand, and see that its language data is there"
    ))
}

fn first_line(output: &[u8]) -> String {
    let output = String::from_utf8_lossy(output);
    let line = output.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn sentence(trouble: &Trouble) -> String {
    match trouble {
        Trouble::TooSlow(_) => "reading it took longer than [ocr] picture_seconds".to_owned(),
        Trouble::Failed(_) => "reading it failed".to_owned(),
    }
}

/// The picture in the plainest format there is: netpbm's gray map.
fn pixels(picture: &Picture) -> Vec<u8> {
    let mut file = format!("P5\n{} {}\n255\n", picture.width, picture.height).into_bytes();
    file.extend(&picture.gray);
    file
}

/// A small white picture.
fn blank() -> Vec<u8> {
    pixels(&Picture {
        id: 0,
        width: 64,
        height: 64,
        gray: vec![255; 64 * 64],
    })
}

/// The role `sealgate ocr-child`. Must be called before the process has a second thread.
pub fn child() -> ExitCode {
    match role::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
