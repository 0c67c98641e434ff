//! What a scan works with: policy, rules and readers.

use std::path::{Path, PathBuf};

use crate::config::{Bundle, Settings};
use crate::detect::RuleSource;
use crate::inspect::{self, Asked, Ocr, OcrMode, OcrSettings, PendingOcr, Scanner, StartError};
use crate::policy::Policy;

use super::Arguments;
use crate::cli::config::explain;

/// Where an installed gateway has its policies.
const INSTALLED: &str = "/etc/sealgate/policies";

/// What a scan works with.
pub struct Setup {
    /// What counts.
    pub policy: Policy,
    /// What is searched for.
    pub rules: Vec<RuleSource>,
    /// Who reads.
    pub scanner: Scanner,
    /// Octets that a file may have.
    pub largest: u64,
}

impl Setup {
    /// Loads the policies and starts the readers.
    ///
    /// # Errors
    /// What is wrong and how to mend it.
    pub async fn of(arguments: &Arguments) -> Result<Setup, String> {
        let (policies, mut inspect, mut ocr) = settings(arguments.config.as_deref())?;
        if arguments.no_ocr {
            ocr.mode = OcrMode::Off;
        }
        inspect.allow_weak_jail |= arguments.allow_weak_jail;
        let asked = Asked {
            values: arguments.reveal,
            texts: arguments.show_text,
            rejected: arguments.explain,
        };
        Self::start(arguments.policies.clone().or(policies), &inspect, &ocr, asked).await
    }

    /// Loads the policies of a directory, or else the installed or the built-in ones, and starts the readers.
    ///
    /// # Errors
    /// What is wrong and how to mend it.
    pub async fn start(
        policies: Option<PathBuf>,
        inspect: &inspect::Settings,
        ocr: &OcrSettings,
        asked: Asked,
    ) -> Result<Setup, String> {
        let bundle = bundle(policies)?;
        let scanner = Scanner::start(asked, inspect, &bundle.rules).await;
        let scanner = scanner.map_err(in_words)?;
        match ocr.mode {
            OcrMode::Off => {}
            OcrMode::Required => match Ocr::start(ocr, inspect.allow_weak_jail).await {
                Ok(ocr) => scanner.read_pictures_with(ocr),
                Err(why) => return Err(format!("pictures cannot be read: {why}")),
            },
            // Files without pictures need not wait for a trial. Where it fails, pictures stay obstacles, and the result says
            // so.
            OcrMode::WhenInstalled => {
                let (settings, weak) = (ocr.clone(), inspect.allow_weak_jail);
                let trial = async move { Ocr::start(&settings, weak).await.ok() };
                scanner.read_pictures_with(PendingOcr::when_needed(ocr.clone(), trial));
            }
        }
        Ok(Setup {
            policy: bundle.policy,
            rules: bundle.rules,
            scanner,
            largest: inspect.limits().message_size as u64,
        })
    }
}

fn settings(file: Option<&Path>) -> Result<(Option<PathBuf>, inspect::Settings, OcrSettings), String> {
    let Some(file) = file else {
        return Ok((None, inspect::Settings::default(), OcrSettings::patient()));
    };
    let settings = Settings::load(file).map_err(|mistakes| explain(&mistakes))?;
    Ok((Some(settings.policies), settings.inspect, settings.ocr))
}

fn bundle(policies: Option<PathBuf>) -> Result<Bundle, String> {
    let installed = Path::new(INSTALLED);
    let folder = policies.or_else(|| installed.is_dir().then(|| installed.to_owned()));
    match folder {
        Some(folder) => Bundle::load(&folder),
        None => Bundle::built_in(),
    }
    .map_err(|mistakes| explain(&mistakes))
}

fn in_words(error: StartError) -> String {
    match error {
        StartError::WeakJail(why) => format!(
            "the jail that hostile files are read in is incomplete: {why}\n--allow-weak-jail reads all the same; \
             do that with files of your own only"
        ),
        other => other.to_string(),
    }
}
