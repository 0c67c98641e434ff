//! Runs [`crate::mime`], [`crate::documents`] and [`crate::detect`] in jailed child processes.
//!
//! The gateway itself never parses a message. A child that dies, hangs or answers nonsense is an obstacle for
//! the message that it was reading, and is replaced.

mod bounds;
mod child;
mod failure;
mod filter;
mod jail;
mod keeper;
mod ocr;
mod pictures;
mod plan;
mod pool;
mod reader;
mod scanner;
mod wire;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use crate::detect::{RuleSource, Rules};
use crate::documents::{self, Picture, Sight};
use crate::message::{Inspection, Place, RawMessage};
use crate::mime::{self, Contents, Leaf, Limits, Text};

use keeper::Program;
use plan::Plan;
use pool::Pool;

pub use ocr::{Mode as OcrMode, NoOcr, Ocr, PendingOcr, Settings as OcrSettings, child as ocr_child};
pub use scanner::{Asked, Examined, Extras, Scanner};

/// How inspection runs: `[inspect]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How many children read at once; 0 takes the number of processors.
    pub children: usize,
    /// Processor seconds that one message may cost.
    pub cpu_seconds: u64,
    /// Seconds by the clock that one message may take.
    pub deadline_seconds: u64,
    /// Mebibytes of memory that one child may have.
    pub memory_mb: u64,
    /// Mebibytes one part may have when it is decoded or unpacked.
    pub part_mb: u64,
    /// Mebibytes all parts of a message may have when they are decoded or unpacked.
    pub message_mb: u64,
    /// How deep parts and messages may nest.
    pub depth: usize,
    /// How many parts a message may have.
    pub parts: usize,
    /// Messages after which a child is replaced by a fresh one, as soon as that is ready.
    pub messages_per_child: u64,
    /// Whether to start although the kernel cannot give the full jail (seccomp, Landlock).
    pub allow_weak_jail: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            children: 0,
            cpu_seconds: 5,
            deadline_seconds: 20,
            memory_mb: 1024,
            part_mb: 64,
            message_mb: 512,
            depth: 32,
            parts: 10_000,
            messages_per_child: 10_000,
            allow_weak_jail: false,
        }
    }
}

impl Settings {
    /// What cannot be meant, each with its cure. Empty when all is well.
    pub fn mistakes(&self) -> Vec<String> {
        let least = [
            ("cpu_seconds", self.cpu_seconds, 1),
            ("deadline_seconds", self.deadline_seconds, 1),
            ("memory_mb", self.memory_mb, 64),
            ("part_mb", self.part_mb, 1),
            ("message_mb", self.message_mb, 1),
            ("messages_per_child", self.messages_per_child, 1),
        ];
        let too_small = least.into_iter().filter(|(_, is, least)| is < least);
        too_small
            .map(|(name, is, least)| format!("[inspect] {name} is {is}; it must be at least {least}"))
            .collect()
    }

    /// What reading may spend on one message.
    pub fn limits(&self) -> Limits {
        let octets = |mebibytes: u64| usize::try_from(mebibytes << 20).unwrap_or(usize::MAX);
        Limits {
            depth: self.depth,
            parts: self.parts,
            part_size: octets(self.part_mb),
            message_size: octets(self.message_mb),
        }
    }
}

/// A pool of jailed readers. Cloning shares the pool; with the last clone the children end.
#[derive(Debug, Clone)]
pub struct Inspector {
    pool: Arc<Pool>,
}

/// Why no reader could be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The child process could not be made or did not answer.
    #[error("the reading child did not start: {0}")]
    Child(String),
    /// The settings cannot be meant.
    #[error("{}", .0.join("; "))]
    Settings(Vec<String>),
    /// The rules do not compile.
    #[error("the rules have mistakes: {}", .0.join("; "))]
    Rules(Vec<String>),
    /// The kernel or the container does not give what the jail needs.
    #[error("the jail is incomplete: {0}; [inspect] allow_weak_jail = true starts anyway")]
    WeakJail(String),
}

/// No child was free to read a message.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "no reader was free within {seconds} s{}; raise [inspect] children, or lower the load",
    .trouble.as_ref().map(|why| format!(", and no new one starts: {why}")).unwrap_or_default()
)]
pub struct NoReader {
    /// How long was waited.
    seconds: f32,
    /// Why the last child did not start.
    trouble: Option<String>,
}

impl Inspector {
    /// Starts the children and waits until each has entered its jail and compiled the rules.
    ///
    /// # Errors
    /// When a child does not start, or the jail is weaker than it must be.
    pub async fn start(
        settings: &Settings,
        limits: &Limits,
        rules: &[RuleSource],
    ) -> Result<Inspector, StartError> {
        // The very file that runs here, even when an upgrade has replaced or deleted it by name.
        Self::start_from(Path::new("/proc/self/exe"), settings, limits, rules).await
    }

    /// Like [`Inspector::start`], for a process that is not `sealgate` itself: `program` is.
    ///
    /// # Errors
    /// Like [`Inspector::start`].
    pub async fn start_from(
        program: &Path,
        settings: &Settings,
        limits: &Limits,
        rules: &[RuleSource],
    ) -> Result<Inspector, StartError> {
        let pool = Pool::start(Program::reader(program), Plan::new(settings, limits)?, rules).await?;
        Ok(Inspector { pool })
    }

    /// Inspects a message. What goes wrong while it is read is an obstacle in the answer.
    ///
    /// Waiting for a free child may take the deadline, and so may reading. When this future is dropped before
    /// its end, the child that was reading is replaced.
    ///
    /// # Errors
    /// When no child becomes free in time. That says nothing of the message: try again later.
    pub async fn inspect(&self, raw: &RawMessage) -> Result<Inspection, NoReader> {
        let (inspection, _) = self.pool.inspect(Source::Message(raw.as_bytes())).await?;
        Ok(inspection)
    }

    /// Has pictures read from now on, by OCR. The first call counts.
    pub fn read_pictures_with(&self, ocr: impl Into<PendingOcr>) {
        self.pool.read_pictures_with(ocr.into());
    }

    /// Takes other rules. When this returns, every inspection that begins is by the new rules; those that are
    /// under way end by the old ones.
    ///
    /// # Errors
    /// When no child starts with them, for example because they have mistakes. The old rules then stay.
    pub async fn reload(&self, rules: &[RuleSource]) -> Result<(), StartError> {
        self.pool.reload(rules).await
    }
}

/// What is read: a message, or a file that may be one.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A message as SMTP hands it over.
    Message(&'a [u8]),
    /// A file of any kind: a message, a mailbox or a document.
    File {
        /// Its name, which is a hint and never proof.
        name: &'a str,
        /// Its content.
        bytes: &'a [u8],
    },
}

impl<'a> Source<'a> {
    /// Its octets.
    pub fn bytes(&self) -> &'a [u8] {
        match self {
            Source::Message(bytes) | Source::File { bytes, .. } => bytes,
        }
    }
}

/// Everything that one reading learned, texts included. **It holds personal information**: it is for tools that
/// a person runs on files of his own, never for the gateway.
#[derive(Debug, Default)]
pub struct Examination {
    /// What the gateway would learn.
    pub inspection: Inspection,
    /// What was read.
    pub texts: Vec<Text>,
    /// For each finding of the inspection, the text that its span points into.
    pub text_of_finding: Vec<usize>,
}

impl Examination {
    /// The value of a finding as it is written.
    pub fn value(&self, finding: usize) -> Option<&str> {
        let (start, end) = self.inspection.findings.get(finding)?.place.span;
        let text = self.texts.get(*self.text_of_finding.get(finding)?)?;
        text.text.get(start..end)
    }
}

/// The whole reading of one message, in this process: what the child does.
pub fn inspect_here(raw: &[u8], rules: &Rules, limits: &Limits) -> Inspection {
    examine_here(Source::Message(raw), rules, limits).inspection
}

/// The whole reading of a message or file, in this process, with all that was read.
pub fn examine_here(source: Source<'_>, rules: &Rules, limits: &Limits) -> Examination {
    examine_with(source, rules, limits, Sight::default()).0
}

/// Like [`examine_here`], with the pictures that are to be read, or with what was read in them.
fn examine_with(
    source: Source<'_>,
    rules: &Rules,
    limits: &Limits,
    sight: Sight,
) -> (Examination, Vec<Picture>) {
    let contents = open(source, limits);
    let mut texts = contents.texts;
    let mut obstacles = contents.obstacles;
    let documents = documents::read_with(&contents.leaves, limits, sight);
    texts.extend(documents.texts);
    obstacles.extend(documents.obstacles);
    let mut structure = contents.structure;
    structure.segments.extend(documents.segments);
    let located = rules.locate(&texts);
    let text_of_finding = located.iter().map(|located| located.text).collect();
    let mut inspection = Inspection {
        findings: located.into_iter().map(|located| located.finding).collect(),
        obstacles,
        structure,
    };
    // A name with a number in it is no name to repeat in notices and records.
    if inspection
        .secret_fields()
        .iter()
        .any(|field| field.eq_ignore_ascii_case("message-id"))
    {
        inspection.structure.message_id = None;
    }
    let examination = Examination {
        inspection,
        texts,
        text_of_finding,
    };
    (examination, documents.pictures)
}

/// A message is read by its structure; any other file is one leaf, a mailbox of many messages too. A file that is
/// called a message (`.eml`) is read as SMTP would hand it over, however odd its beginning is. A text that only begins
/// like a message is read both ways.
fn open(source: Source<'_>, limits: &Limits) -> Contents {
    let (name, bytes) = match source {
        Source::Message(raw) => return mime::read(raw, limits),
        Source::File { name, bytes } => (name, bytes),
    };
    let several = bytes.starts_with(b"From ") || mime::counted_message(bytes).is_some();
    let called = name.to_ascii_lowercase().ends_with(".eml");
    let message = !several && (called || mime::is_message(bytes));
    let mut contents = if message {
        mime::read(bytes, limits)
    } else {
        Contents::default()
    };
    if !message || !(is_named_like_mail(name) || mime::is_written_by_program(bytes)) {
        let media_type = if message {
            "text/plain"
        } else {
            "application/octet-stream"
        };
        contents.leaves.push(file_as_leaf(name, media_type, bytes));
    }
    contents
}

fn is_named_like_mail(name: &str) -> bool {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| matches!(ending.as_str(), "eml" | "emlx" | "mht" | "mhtml" | "nws" | "msg"))
}

fn file_as_leaf(name: &str, media_type: &str, bytes: &[u8]) -> Leaf {
    let place = Place {
        part: "1".to_owned(),
        field: None,
        description: "the file".to_owned(),
        span: (0, 0),
    };
    Leaf {
        place,
        media_type: media_type.to_owned(),
        charset: None,
        file_name: Some(name.to_owned()),
        bytes: bytes.to_vec(),
    }
}

/// The role `sealgate inspect-child`: enters the jail, then reads messages from its gateway until that hangs
/// up. Must be called before the process has a second thread.
pub fn child() -> ExitCode {
    match child::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests;
