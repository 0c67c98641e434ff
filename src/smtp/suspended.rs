//! Senders whom an administrator has suspended: a file that records who did it, when and why, and when it ended.
//!
//! ```toml
//! [[suspended]]
//! sender = "ann@agency.example"      # or "@unit.agency.example": everybody there
//! reason = "sends what a virus tells it to"
//! by = "root"
//! at = "2026-03-01T08:00:00Z"
//! ```

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::Timestamp;

use crate::message::{Address, Pattern};

const HEAD: &str =
    "# Senders who may not send; written by `sealgate sender`. Ended suspensions stay as a record.\n\n";

/// The record, in the order of entry.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Suspended {
    #[serde(default)]
    suspended: Vec<Suspension>,
}

/// One entry.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// An address, or `@domain` for everybody in it.
    #[serde(serialize_with = "as_text")]
    pub sender: Pattern,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Who ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// When it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

impl Suspended {
    /// Reads the record. No file is an empty one.
    ///
    /// # Errors
    /// Names the file, when it cannot be read.
    pub fn load(file: &Path) -> Result<Suspended, String> {
        let wrong = |what: String| format!("{}: {what}", file.display());
        match fs::read_to_string(file) {
            Ok(text) => toml::from_str(&text).map_err(|error| wrong(error.to_string())),
            // Below a file there is none either; what is wrong with the folder is told elsewhere.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Ok(Suspended::default())
            }
            Err(error) => Err(wrong(format!("the file cannot be read: {error}"))),
        }
    }

    /// Adds an entry. Nothing is written yet.
    ///
    /// # Errors
    /// When the sender is suspended already.
    pub fn suspend(&mut self, sender: Pattern, reason: &str, by: &str, at: Timestamp) -> Result<(), String> {
        if self.in_force().any(|entry| entry.sender == sender) {
            return Err(format!("{sender} is suspended already"));
        }
        self.suspended.push(Suspension {
            sender,
            reason: reason.to_owned(),
            by: by.to_owned(),
            at,
            ended_by: None,
            ended_at: None,
        });
        Ok(())
    }

    /// Ends the suspension of exactly this sender or domain. Nothing is written yet.
    ///
    /// # Errors
    /// When there is none.
    pub fn resume(&mut self, sender: &Pattern, by: &str, at: Timestamp) -> Result<(), String> {
        let mut open = self.suspended.iter_mut().filter(|entry| entry.ended_at.is_none());
        let entry = open.find(|entry| entry.sender == *sender);
        let entry = entry.ok_or_else(|| format!("{sender} is not suspended"))?;
        entry.ended_by = Some(by.to_owned());
        entry.ended_at = Some(at);
        Ok(())
    }

    /// Writes the record: the old one or the new one is there at any moment, never a half.
    ///
    /// # Errors
    /// Names the file that could not be written.
    pub fn save(&self, file: &Path) -> Result<(), String> {
        let wrong = |error: &dyn std::fmt::Display| format!("{}: cannot be written: {error}", file.display());
        let text = toml::to_string(self).map_err(|error| wrong(&error))?;
        replace(file, [HEAD, &text].concat().as_bytes()).map_err(|error| wrong(&error))
    }

    /// The entries that count.
    pub fn in_force(&self) -> impl Iterator<Item = &Suspension> {
        self.suspended.iter().filter(|entry| entry.ended_at.is_none())
    }

    /// Whether this sender may not send.
    pub(super) fn holds(&self, sender: &Address) -> bool {
        self.in_force().any(|entry| entry.sender.matches(sender))
    }
}

fn as_text<S: serde::Serializer>(pattern: &Pattern, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(pattern)
}

fn replace(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let aside = file.with_extension("toml.new");
    let _ = fs::remove_file(&aside);
    let mut new = fs::OpenOptions::new();
    // The gateway, which may run as another user than the administrator, reads it.
    let mut new = new.write(true).create_new(true).mode(0o644).open(&aside)?;
    new.write_all(content)?;
    new.sync_all()?;
    fs::rename(&aside, file)?;
    fs::File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspension_lasts_until_it_is_ended_and_is_remembered() {
        let file = std::env::temp_dir().join(format!("sealgate-suspended-{}.toml", std::process::id()));
        let mut record = Suspended::load(&file).unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let pattern = |text: &str| text.parse::<Pattern>().unwrap();
        record
            .suspend(pattern("Ann@agency.example"), "floods", "root", at)
            .unwrap();
        record
            .suspend(pattern("@unit.agency.example"), "floods", "root", at)
            .unwrap();
        assert!(
            record
                .suspend(pattern("ann@agency.example"), "floods", "root", at)
                .is_err()
        );
        record.save(&file).unwrap();
        let mut record = Suspended::load(&file).unwrap();
        let holds = |record: &Suspended, text: &str| record.holds(&text.parse().unwrap());
        assert!(holds(&record, "ANN@agency.example") && holds(&record, "x@unit.agency.example"));
        assert!(!holds(&record, "bob@agency.example"));
        record.resume(&pattern("ann@agency.example"), "root", at).unwrap();
        assert!(record.resume(&pattern("ann@agency.example"), "root", at).is_err());
        record.save(&file).unwrap();
        let record = Suspended::load(&file).unwrap();
        assert!(!holds(&record, "ann@agency.example"));
        assert_eq!((record.suspended.len(), record.in_force().count()), (2, 1));
        fs::write(&file, "[[suspended]]\nsender = 5\n").unwrap();
        assert!(Suspended::load(&file).is_err());
        fs::remove_file(&file).unwrap();
    }
}
