//! CA certificates that came with signed mail. They stand between an anchor and the certificates of people, vouch for
//! nothing by themselves, and are kept as files, so that what they lead to can be judged after a restart, too.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::super::Certificate;
use super::super::files::replace;

/// Certificates kept at most: every one is offered whenever a path is looked for.
const MOST: usize = 500;

/// The certificates, and the folder that holds them.
#[derive(Default)]
pub(super) struct Learned {
    folder: Option<PathBuf>,
    known: RwLock<Arc<Vec<Arc<Certificate>>>>,
}

impl Learned {
    /// Reads the folder. A file that cannot be read is passed over: it can only make a certificate unusable.
    pub(super) fn load(folder: Option<&Path>) -> Learned {
        let files = folder
            .and_then(|folder| fs::read_dir(folder).ok())
            .into_iter()
            .flatten();
        let mut files: Vec<PathBuf> = files.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort();
        let read = |file: &PathBuf| {
            let wanted = file.extension().is_some_and(|ending| ending == "der");
            let der = wanted.then(|| fs::read(file).ok()).flatten()?;
            Certificate::from_der(&der).ok().map(Arc::new)
        };
        let known = files.iter().filter_map(read).take(MOST).collect();
        Learned {
            folder: folder.map(Path::to_owned),
            known: RwLock::new(Arc::new(known)),
        }
    }

    pub(super) fn all(&self) -> Arc<Vec<Arc<Certificate>>> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many of their beginnings and ends are over: verdicts are kept until that changes.
    pub(super) fn moments_past(&self, now: i64) -> usize {
        let known = self.all();
        let moments = known.iter().flat_map(|one| [one.not_before(), one.not_after()]);
        moments.filter(|moment| moment.as_second() <= now).count()
    }

    /// Adds one, unless it is known or there are too many; true when it is new.
    pub(super) fn add(&self, certificate: &Arc<Certificate>) -> bool {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let is_known = known
            .iter()
            .any(|one| one.fingerprint() == certificate.fingerprint());
        if is_known || known.len() >= MOST {
            return false;
        }
        let more = known.iter().cloned().chain([Arc::clone(certificate)]).collect();
        *known = Arc::new(more);
        drop(known);
        if let Err(error) = self.keep(certificate) {
            tracing::warn!(%error, "a CA certificate that came with signed mail could not be kept");
        }
        true
    }

    fn keep(&self, certificate: &Certificate) -> Result<(), String> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        fs::create_dir_all(folder)
            .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
        let name = folder.join(certificate.fingerprint());
        replace(&name.with_extension("der"), &certificate.to_der(), 0o644)
    }
}
