//! Proves that personal information did not reach the disk: looks through every file that the gateway wrote.

use std::path::{Path, PathBuf};

use memchr::memmem::Finder;

/// What a look through a directory showed.
pub struct Disk {
    files: usize,
    octets: usize,
    secrets: usize,
    leaks: Vec<PathBuf>,
    harmless_was_seen: bool,
}

impl Disk {
    /// Reads every file below `directory` and looks for each secret. `harmless` is what must be there: not to find it
    /// would mean that this search finds nothing.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn search(directory: &Path, secrets: &[&str], harmless: &str) -> Result<Disk, String> {
        let mut disk = Disk {
            files: 0,
            octets: 0,
            secrets: secrets.len(),
            leaks: Vec::new(),
            harmless_was_seen: false,
        };
        let secrets: Vec<Finder> = secrets.iter().map(Finder::new).collect();
        let harmless = Finder::new(harmless);
        disk.look(directory, &secrets, &harmless)
            .map_err(|error| format!("{}: {error}", directory.display()))?;
        Ok(disk)
    }

    /// Whether no secret was found by a search that finds.
    pub fn is_clean(&self) -> bool {
        self.leaks.is_empty() && self.harmless_was_seen
    }

    /// What was shown, in one sentence or two.
    pub fn told(&self) -> String {
        if !self.leaks.is_empty() {
            let files: Vec<String> = self.leaks.iter().map(|file| file.display().to_string()).collect();
            return format!(
                "NOT AS EXPECTED: personal information stands on the disk, in {}",
                files.join(", ")
            );
        }
        if !self.harmless_was_seen {
            return "NOT AS EXPECTED: the search of the disk did not even find the harmless mail, so it proves nothing"
                .to_owned();
        }
        format!(
            "On the disk: none of the {} names and numbers of these mails stands in any of the {} files ({} KB) that the \
             gateway wrote; the harmless text of mail 1 does, so the search finds what is there.",
            self.secrets,
            self.files,
            self.octets.div_ceil(1024)
        )
    }

    fn look(&mut self, directory: &Path, secrets: &[Finder], harmless: &Finder) -> std::io::Result<()> {
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                self.look(&path, secrets, harmless)?;
                continue;
            }
            let octets = std::fs::read(&path)?;
            self.files += 1;
            self.octets += octets.len();
            self.harmless_was_seen |= harmless.find(&octets).is_some();
            if secrets.iter().any(|secret| secret.find(&octets).is_some()) {
                self.leaks.push(path);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples::TemporaryDirectory;

    #[test]
    fn a_secret_anywhere_below_is_told_and_a_search_that_finds_nothing_at_all_is_no_proof() {
        let ground = TemporaryDirectory::new();
        let directory = ground.settings().directory;
        let below = directory.join("bodies");
        std::fs::create_dir_all(&below).unwrap();
        let search = || Disk::search(&directory, &["536-22-8145", "Holloway"], "Thursday").unwrap();
        assert!(
            !search().is_clean(),
            "nothing was found, not even the harmless text"
        );
        std::fs::write(directory.join("store"), b"\0on Thursday\0").unwrap();
        assert!(search().is_clean(), "{}", search().told());
        std::fs::write(below.join("1"), b"x Holloway x").unwrap();
        let found = search();
        assert!(!found.is_clean());
        assert!(found.told().contains("bodies/1"), "{}", found.told());
        assert!(!found.told().contains("Holloway"));
    }
}
