//! `[ocr]` in the settings.

use std::path::PathBuf;

use crate::documents::{Reading, Sight};

/// How pictures are read: `[ocr]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether pictures are read.
    pub mode: Mode,
    /// The program: a name that is looked for in the usual folders, or a path.
    pub program: PathBuf,
    /// The folder with Tesseract's language data, when it is not where Tesseract looks for it.
    pub tessdata: Option<PathBuf>,
    /// Languages, as Tesseract names them: "eng" or "eng+spa".
    pub languages: String,
    /// How many pictures are read at once; 0 takes half of the processors.
    pub workers: usize,
    /// Seconds by the clock that one picture may take.
    pub picture_seconds: u64,
    /// Seconds by the clock that all pictures of a message may take.
    pub message_seconds: u64,
    /// Mebibytes of memory that reading one picture may take.
    pub memory_mb: u64,
    /// Millions of pixels that a picture may have.
    pub megapixels: u64,
    /// How many pictures of a message are read.
    pub pictures: usize,
    /// Whether a picture that was read well is no obstacle any more.
    pub clears_pictures: bool,
}

/// Whether pictures are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// When Tesseract is there and works.
    #[default]
    WhenInstalled,
    /// Always: without Tesseract the gateway does not start.
    Required,
    /// Never.
    Off,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            mode: Mode::default(),
            program: PathBuf::from("tesseract"),
            tessdata: None,
            languages: "eng".to_owned(),
            workers: 0,
            picture_seconds: 10,
            message_seconds: 20,
            memory_mb: 1024,
            megapixels: 50,
            pictures: 32,
            clears_pictures: true,
        }
    }
}

impl Settings {
    /// For a person who waits for the result: every processor works, and no mail server loses its patience.
    pub fn patient() -> Settings {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Settings {
            workers: processors,
            picture_seconds: 60,
            message_seconds: 600,
            ..Settings::default()
        }
    }

    /// What cannot be meant, each with its cure. Empty when all is well.
    pub fn mistakes(&self) -> Vec<String> {
        let mut list = Vec::new();
        let least = [
            ("picture_seconds", self.picture_seconds, 1, 600),
            ("message_seconds", self.message_seconds, 1, 600),
            ("memory_mb", self.memory_mb, 256, 1 << 20),
            ("megapixels", self.megapixels, 1, 400),
            ("pictures", self.pictures as u64, 1, 1000),
        ];
        for (name, is, least, most) in least {
            if is < least || is > most {
                list.push(format!("`{name}` is {is}; it must be from {least} to {most}"));
            }
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '/');
        if self.languages.is_empty() || !self.languages.chars().all(fits) {
            list.push(
                "`languages` takes Tesseract's names of languages with a + between, like \"eng+spa\""
                    .to_owned(),
            );
        }
        list
    }

    /// How a message is read by the reader of messages, given what was read in its pictures.
    pub(in crate::inspect) fn sight(&self, readings: Vec<Reading>) -> Sight {
        Sight {
            pictures: self.pictures,
            pixels: self.megapixels.saturating_mul(1_000_000),
            clears: self.clears_pictures,
            readings,
        }
    }

    /// How many pictures are read at once.
    pub(super) fn workers(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        match self.workers {
            0 => processors().div_ceil(2),
            workers => workers,
        }
    }
}
