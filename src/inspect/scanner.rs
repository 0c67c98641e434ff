//! Readers for `sealgate scan`: the same jailed children, asked for more than a gateway may know.
//!
//! What the children say here **holds personal information**: it is for a person who searches files of his own.
//! The gateway has an [`super::Inspector`], which has no way to ask for it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::keeper::Program;
use super::ocr::PendingOcr;
use super::plan::Plan;
use super::pool::Pool;
use super::{Examination, NoReader, Settings, Source, StartError, bounds};
use crate::detect::{Rejected, RuleSource, Rules};
use crate::message::{Inspection, Obstacle, ObstacleKind, Place};
use crate::mime::Text;

/// Findings of one file that a scan is told. A gateway needs to know far fewer.
const ENTRIES: usize = 20_000;
/// Octets of text of one file that a scan is shown.
const SHOWN: usize = 16 << 20;

/// What a scan wants to know beyond the inspection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The values that were found.
    pub values: bool,
    /// The texts that were searched.
    pub texts: bool,
    /// What looks like an element and does not count.
    pub rejected: bool,
}

/// What a scan learns of one file.
#[derive(Debug, Default)]
pub struct Examined {
    /// What a gateway would learn.
    pub inspection: Inspection,
    /// What was asked for beyond that.
    pub extras: Extras,
}

/// What a gateway is never told.
#[derive(Default, Serialize, Deserialize)]
pub struct Extras {
    /// For each finding, the value as it is written.
    pub values: Vec<String>,
    /// What was searched.
    pub texts: Vec<Text>,
    /// What looks like an element and does not count.
    pub rejected: Vec<Rejected>,
    /// For each of these, the value as it is written.
    pub rejected_values: Vec<String>,
}

/// A pool of jailed readers for a scan. Cloning shares the pool; with the last clone the children end.
#[derive(Debug, Clone)]
pub struct Scanner {
    pool: Arc<Pool>,
}

impl fmt::Debug for Extras {
    /// How much there is, and nothing of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extras")
            .field("values", &self.values.len())
            .field("texts", &self.texts.len())
            .field("rejected", &self.rejected.len())
            .finish()
    }
}

impl Scanner {
    /// Starts the children and waits until each has entered its jail and compiled the rules.
    ///
    /// # Errors
    /// When a child does not start, or the jail is weaker than it must be.
    pub async fn start(
        asked: Asked,
        settings: &Settings,
        rules: &[RuleSource],
    ) -> Result<Scanner, StartError> {
        Self::start_from(Path::new("/proc/self/exe"), asked, settings, rules).await
    }

    /// Like [`Scanner::start`], for a process that is not `sealgate` itself: `program` is.
    ///
    /// # Errors
    /// Like [`Scanner::start`].
    pub async fn start_from(
        program: &Path,
        asked: Asked,
        settings: &Settings,
        rules: &[RuleSource],
    ) -> Result<Scanner, StartError> {
        let mut plan = Plan::new(settings, &settings.limits())?;
        plan.scan = Some(asked);
        let pool = Pool::start(Program::reader(program), plan, rules).await?;
        Ok(Scanner { pool })
    }

    /// Has pictures read from now on, by OCR. The first call counts.
    pub fn read_pictures_with(&self, ocr: impl Into<PendingOcr>) {
        self.pool.read_pictures_with(ocr.into());
    }

    /// How many files the children read at once.
    pub fn children(&self) -> usize {
        self.pool.children()
    }

    /// Reads a message or a file. What goes wrong while it is read is an obstacle in the answer.
    ///
    /// # Errors
    /// When no child becomes free in time.
    pub async fn examine(&self, source: Source<'_>) -> Result<Examined, NoReader> {
        let (inspection, extras) = self.pool.inspect(source).await?;
        let extras = extras.unwrap_or_default();
        Ok(Examined { inspection, extras })
    }
}

/// What a child says to a scan: as much as fits into an answer, and nothing that was not asked for.
pub(super) fn tell(mut examination: Examination, rules: &Rules, asked: Asked) -> (Inspection, Extras) {
    shorten(&mut examination);
    let mut extras = Extras::default();
    if asked.values {
        let findings = 0..examination.inspection.findings.len();
        let values = findings.map(|finding| examination.value(finding).unwrap_or_default().to_owned());
        extras.values = values.collect();
    }
    if asked.rejected {
        extras.rejected = rules.rejected(&examination.texts);
        extras.rejected.truncate(ENTRIES);
    }
    if asked.rejected && asked.values {
        let value = |rejected: &Rejected| {
            let text = examination.texts.get(rejected.text)?;
            let (start, end) = rejected.place.span;
            text.text.get(start..end).map(str::to_owned)
        };
        let values = extras.rejected.iter().map(|one| value(one).unwrap_or_default());
        extras.rejected_values = values.collect();
    }
    if asked.texts {
        extras.texts = shown(examination.texts);
    }
    (bounded(examination.inspection), extras)
}

/// The bounds on an honest answer to a scan, which the scan applies again.
pub(super) fn bounded(inspection: Inspection) -> Inspection {
    // One more for the obstacle that says that something is not listed.
    bounds::tidy_to(inspection, ENTRIES + 1)
}

/// Values are told by the number of their finding, so what goes must go before they are looked up.
fn shorten(examination: &mut Examination) {
    let inspection = &mut examination.inspection;
    if inspection.findings.len() <= ENTRIES {
        return;
    }
    inspection.findings.truncate(ENTRIES);
    inspection.obstacles.insert(
        0,
        Obstacle {
            kind: ObstacleKind::LimitReached,
            part: Place::MESSAGE.to_owned(),
            detail: format!("more than {ENTRIES} findings were met; the rest is not listed"),
        },
    );
}

/// As much of the texts as fits into an answer.
fn shown(mut texts: Vec<Text>) -> Vec<Text> {
    let mut room = SHOWN;
    for text in &mut texts {
        let end = text.text.floor_char_boundary(room);
        if end < text.text.len() {
            text.text.truncate(end);
            text.text.push_str("\n(the rest was searched and is not shown)");
        }
        room -= end;
    }
    texts.retain(|text| !text.text.is_empty());
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::TextKind;

    #[test]
    fn only_what_was_asked_for_is_told() {
        let rules = Rules::compile(&[]).unwrap();
        let text = Text {
            place: Place {
                part: "1".to_owned(),
                field: None,
                description: "the text".to_owned(),
                span: (0, 5),
            },
            kind: TextKind::Body,
            text: "words".to_owned(),
        };
        let read = || Examination {
            texts: vec![text.clone()],
            ..Examination::default()
        };
        let (_, extras) = tell(read(), &rules, Asked::default());
        assert!(extras.texts.is_empty() && extras.values.is_empty() && extras.rejected.is_empty());
        let asked = Asked {
            texts: true,
            ..Asked::default()
        };
        let (_, extras) = tell(read(), &rules, asked);
        assert_eq!(extras.texts.first().unwrap().text, "words");
    }
}
