//! What next hops have taken, noted at once.
//!
//! An outcome waits for its turn with the writer. A process that is killed meanwhile has delivered mail that it knows nothing of,
//! and would deliver it again. So each delivery is noted first, with one write into a small file: that outlives the
//! process, though not a power cut. The next start settles what stands there.
//!
//! A note ends a delivery, so it must not be taken for another's: it names the delivery, and the message with its random part, and
//! counts for no delivery of another name. What is not a whole line is no note.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::lock;
use crate::message::DecisionId;
use crate::queue::Delivery;

/// Octets of a file after which notes go into the other one.
const LONG: u64 = 64 * 1024;
const NAMES: [&str; 2] = ["delivered.0", "delivered.1"];

/// The two files, of which one is written to.
pub(super) struct Notes {
    files: Mutex<[Notebook; 2]>,
}

struct Notebook {
    file: File,
    length: u64,
    /// Notes in it that are still needed.
    open: usize,
}

/// Some notes, needed until this is dropped: when they are in the database, or could not be brought there, so that the
/// deliveries are tried again in any case.
#[must_use]
pub(super) struct Noted<'a> {
    notes: &'a Notes,
    place: usize,
    count: usize,
}

impl Notes {
    /// Begins with empty files: what stood there must have been settled, and that be durable or at least in the log.
    ///
    /// # Errors
    /// When they cannot be made.
    pub(super) fn begin(directory: &Path) -> io::Result<Notes> {
        let [first, second] = paths(directory).map(|path| {
            let file = lock::private().create(true).append(true).open(path)?;
            file.set_len(0)?;
            Ok::<_, io::Error>(Notebook {
                file,
                length: 0,
                open: 0,
            })
        });
        Ok(Notes {
            files: Mutex::new([first?, second?]),
        })
    }

    /// Notes that these were taken; `None` when that cannot be noted, which makes them come twice at worst.
    pub(super) fn note<'a>(&self, taken: impl Iterator<Item = &'a Delivery>) -> Option<Noted<'_>> {
        let (mut lines, mut count) = (String::new(), 0);
        for delivery in taken {
            let decision = delivery.message.decision(delivery.place);
            lines.push_str(&format!("{} {decision}\n", delivery.id));
            count += 1;
        }
        if count == 0 {
            return None;
        }
        let mut files = self.files();
        let place = current(&mut files)?;
        let notebook = files.get_mut(place)?;
        notebook.file.write_all(lines.as_bytes()).ok()?;
        notebook.length += lines.len() as u64;
        notebook.open += count;
        Some(Noted {
            notes: self,
            place,
            count,
        })
    }

    fn files(&self) -> MutexGuard<'_, [Notebook; 2]> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        if let Some(notebook) = self.notes.files().get_mut(self.place) {
            notebook.open = notebook.open.saturating_sub(self.count);
        }
    }
}

/// The file to write to: the shorter one, unless the other is needed no more and can be begun anew.
fn current(files: &mut [Notebook; 2]) -> Option<usize> {
    for notebook in files.iter_mut() {
        if notebook.length > LONG && notebook.open == 0 && notebook.file.set_len(0).is_ok() {
            notebook.length = 0;
        }
    }
    let shortest = files
        .iter()
        .enumerate()
        .min_by_key(|(_, notebook)| notebook.length);
    shortest.map(|(place, _)| place)
}

/// What was noted by who was here before, as far as it can be read.
pub(super) fn read(directory: &Path) -> Vec<(i64, DecisionId)> {
    let texts = paths(directory).map(|path| std::fs::read(path).unwrap_or_default());
    let lines = texts
        .iter()
        .flat_map(|text| text.split_inclusive(|octet| *octet == b'\n'));
    lines.filter_map(parse).collect()
}

fn parse(line: &[u8]) -> Option<(i64, DecisionId)> {
    let line = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let (id, decision) = line.split_once(' ')?;
    Some((id.parse().ok()?, decision.parse().ok()?))
}

fn paths(directory: &Path) -> [PathBuf; 2] {
    NAMES.map(|name| directory.join(name))
}
