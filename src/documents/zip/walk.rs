//! From the first octet of an archive to the last: every entry that the directory names, every one that it does
//! not name, and what stands between.

use std::collections::BTreeSet;

use super::super::{Visit, package::Part};
use super::records::{self, CENTRAL, End, Header, LOCAL};
use super::unpack;
use crate::message::ObstacleKind;
use crate::mime::{TextKind, charset, is_harmless};

/// More entries than this are not looked at.
pub(super) const MOST_ENTRIES: usize = 10_000;
/// Files that are named in obstacles, each; then they are only counted.
const MOST_NAMED: usize = 10;
/// Octets between entries that are no more than what programs leave there.
const SHORT_GAP: usize = 64;

pub(super) struct Walk<'w, 'v> {
    visit: &'w mut Visit<'v>,
    bytes: &'v [u8],
    end: Option<End>,
    /// Whether the archive begins with the first octet.
    whole: bool,
    /// Entries are kept, to be read as one document.
    keep: bool,
    parts: Vec<Part>,
    /// Names and comments.
    names: BTreeSet<String>,
    entries: usize,
    encrypted: usize,
}

impl<'w, 'v> Walk<'w, 'v> {
    pub fn new(visit: &'w mut Visit<'v>, end: Option<End>, whole: bool, keep: bool) -> Self {
        let bytes = visit.bytes();
        Walk {
            visit,
            bytes,
            end,
            whole,
            keep,
            parts: Vec::new(),
            names: BTreeSet::new(),
            entries: 0,
            encrypted: 0,
        }
    }

    /// Reads the entries of the directory in the order in which they stand, and the gaps between them.
    pub fn run(&mut self, mut directory: Vec<Header>) {
        directory.sort_by_key(|header| header.offset);
        let mut at = 0;
        let mut last = None;
        for header in directory {
            let start = usize::try_from(header.offset).unwrap_or(usize::MAX);
            if last == Some(start) {
                self.again(&header);
                continue;
            }
            last = Some(start);
            at = self.gap(at, start);
            if start < at {
                let what = "is a damaged ZIP archive: its files overlap";
                self.visit.obstacle(ObstacleKind::Malformed, what);
            }
            let Some(behind) = self.entry(start, Some(header)) else {
                return;
            };
            at = at.max(behind);
        }
        let directory = self.end.map_or(self.bytes.len(), |end| end.directory);
        self.gap(at, directory);
        if let Some(end) = self.end {
            self.gap(end.end, self.bytes.len());
        }
    }

    /// What was kept; hands names and comments out.
    pub fn finish(mut self) -> Vec<Part> {
        if let Some(end) = self.end {
            self.name(self.bytes.get(end.comment.0..end.comment.1).unwrap_or_default());
        }
        let names: Vec<String> = self.names.into_iter().collect();
        self.visit
            .text_in("names and comments", TextKind::Header, names.join("\n"));
        self.parts
    }

    /// A second record of the directory for content that was read.
    fn again(&mut self, header: &Header) {
        self.name(&header.name);
        self.name(&header.comment);
        self.visit.obstacle(
            ObstacleKind::Malformed,
            "is a damaged ZIP archive: it names one file more than once",
        );
    }

    /// Looks for entries between `at` and `to` that the directory does not name; answers where to go on.
    fn gap(&mut self, mut at: usize, to: usize) -> usize {
        let to = to.min(self.bytes.len());
        let mut loose = at;
        while let Some(found) = self.record(at, to) {
            if self
                .bytes
                .get(found..)
                .is_some_and(|rest| rest.starts_with(CENTRAL))
            {
                let length = self.stray_record(found);
                self.loose(loose, found);
                at = found.saturating_add(length);
                loose = at;
                continue;
            }
            self.loose(loose, found);
            if self.end.is_some() {
                self.ambiguous("holds a file that its directory does not name");
            }
            let Some(behind) = self.entry(found, None) else {
                return to;
            };
            at = behind.max(found + 4);
            loose = at;
        }
        self.loose(loose, to);
        at.max(to)
    }

    /// The next local header or stray directory record that holds together.
    fn record(&self, from: usize, to: usize) -> Option<usize> {
        let gap = self.bytes.get(from..to)?;
        let mut marks = memchr::memmem::find_iter(gap, b"PK").map(|at| from + at);
        marks.find(|at| {
            let rest = self.bytes.get(*at..).unwrap_or_default();
            let local = || records::local(self.bytes, *at).is_some_and(|header| is_plausible(&header));
            let central =
                || records::central(self.bytes, *at).is_some_and(|(header, _)| is_plausible(&header));
            (rest.starts_with(LOCAL) && local()) || (rest.starts_with(CENTRAL) && central())
        })
    }

    /// A directory record outside of the directory: the files it names are found by themselves.
    fn stray_record(&mut self, at: usize) -> usize {
        if self.end.is_some() {
            self.ambiguous("has more than one directory");
        }
        let Some((header, length)) = records::central(self.bytes, at) else {
            return 4;
        };
        self.name(&header.name);
        self.name(&header.comment);
        length
    }

    /// Octets that belong to no entry. In front of an archive that is not the whole file they are another reader's.
    fn loose(&mut self, from: usize, to: usize) {
        let octets = self.bytes.get(from..to).unwrap_or_default();
        let empty = octets.iter().all(|octet| *octet == 0);
        if octets.len() < SHORT_GAP || empty || (from == 0 && !self.whole) {
            return;
        }
        if self.visit.spend(octets.len()) {
            self.visit.file(None, octets.to_vec());
        }
    }

    fn ambiguous(&mut self, what: &str) {
        self.visit.obstacle(ObstacleKind::AmbiguousStructure, what);
    }

    fn name(&mut self, name: &[u8]) {
        let name = charset::read(name, None).text;
        // Beyond so many, names are only the archive's way to be large.
        if self.names.len() <= MOST_ENTRIES && !name.trim().is_empty() {
            self.names.insert(name);
        }
    }

    /// Reads the entry whose local header stands at `at`, and answers where it ends; `None` when no more can be read.
    fn entry(&mut self, at: usize, central: Option<Header>) -> Option<usize> {
        self.entries += 1;
        if self.entries > MOST_ENTRIES || self.visit.room() == 0 {
            let what = "holds more than may be unpacked";
            self.visit.obstacle(ObstacleKind::LimitReached, what);
            return None;
        }
        let Some(local) = records::local(self.bytes, at) else {
            let what = "is a damaged ZIP archive: a file is not where its directory says";
            self.visit.obstacle(ObstacleKind::Malformed, what);
            central.iter().for_each(|header| self.name(&header.name));
            return Some(at);
        };
        let start = usize::try_from(local.offset).unwrap_or(usize::MAX);
        let Some(central) = central else {
            return Some(self.read(start, &local));
        };
        self.name(&central.comment);
        let behind = self.read(start, &central);
        if !disagree(&central, &local) {
            return Some(behind);
        }
        self.ambiguous("describes a file in two ways that differ");
        Some(self.read(start, &local).min(behind))
    }

    /// Reads one description of an entry, and answers where it ends.
    fn read(&mut self, start: usize, header: &Header) -> usize {
        let names = [Some(&header.name), header.other_name.as_ref()];
        names.into_iter().flatten().for_each(|name| self.name(name));
        let name = charset::read(&header.name, None).text;
        let spoken = match is_harmless(&name, 60) {
            true => format!("the file '{name}'"),
            false => "a file".to_owned(),
        };
        let packed = usize::try_from(header.packed).unwrap_or(usize::MAX);
        if header.is_encrypted() {
            self.encrypted(&spoken);
            return start.saturating_add(packed).min(self.bytes.len());
        }
        let Some(content) = unpack::unpack(self.visit, &spoken, header, start) else {
            let what = format!("is a ZIP archive in which {spoken} is packed by a method that is not read");
            self.visit.obstacle(ObstacleKind::UnknownContent, &what);
            return start.saturating_add(packed).min(self.bytes.len());
        };
        if !content.bytes.is_empty() {
            self.hand_out(name, content.bytes);
        }
        start.saturating_add(content.taken).min(self.bytes.len())
    }

    fn encrypted(&mut self, spoken: &str) {
        self.encrypted += 1;
        let what = match self.encrypted > MOST_NAMED {
            true => "is a ZIP archive in which further files have a password".to_owned(),
            false => format!("is a ZIP archive in which {spoken} has a password"),
        };
        self.visit.obstacle(ObstacleKind::EncryptedContainer, &what);
    }

    fn hand_out(&mut self, name: String, bytes: Vec<u8>) {
        if self.keep {
            self.parts.push(Part { name, bytes });
            return;
        }
        // The name is told with the file.
        self.names.remove(&name);
        self.visit.file(Some(&name), bytes);
    }
}

/// Whether what looks like a header is one: chance does not make a name and a method.
fn is_plausible(header: &Header) -> bool {
    let method = matches!(header.method, 0..=20 | 93..=99);
    method && (1..=4_096).contains(&header.name.len())
}

/// Whether two descriptions of an entry lead to different files. Programs leave fields of the local header empty
/// when they do not know them yet.
fn disagree(central: &Header, local: &Header) -> bool {
    let differ = |local: u64, central: u64| local != central && local != 0;
    let sizes = differ(local.packed, central.packed) || differ(local.unpacked, central.unpacked);
    let sums = differ(local.checksum.into(), central.checksum.into());
    let slashes = |name: &[u8]| {
        name.iter()
            .map(|octet| if *octet == b'\\' { b'/' } else { *octet })
            .collect::<Vec<u8>>()
    };
    local.method != central.method
        || local.is_encrypted() != central.is_encrypted()
        || (!local.has_descriptor() && (sizes || sums))
        || slashes(&local.name) != slashes(&central.name)
}
