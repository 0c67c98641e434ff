//! One storage of a compound file, and which of its streams were read.

use std::collections::HashSet;

use super::container::{Container, Kind};

/// The streams of one storage.
pub(super) struct Storage {
    pub name: String,
    streams: Vec<(String, usize)>,
    storages: Vec<String>,
    read: HashSet<usize>,
}

impl Storage {
    /// All storages of a file, the root first.
    pub fn all(container: &Container<'_>) -> Vec<Storage> {
        let mut storages: Vec<Storage> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for entry in container
            .entries
            .iter()
            .filter(|entry| entry.kind == Kind::Storage)
        {
            places.insert(entry.number, storages.len());
            storages.push(Storage {
                name: entry.name.clone(),
                streams: Vec::new(),
                storages: Vec::new(),
                read: HashSet::new(),
            });
        }
        for entry in container.entries.iter().filter(|entry| entry.number != 0) {
            let place = places.get(&entry.parent).copied().unwrap_or(0);
            if let Some(storage) = storages.get_mut(place) {
                match entry.kind {
                    Kind::Stream => storage.streams.push((entry.name.clone(), entry.number)),
                    Kind::Storage => storage.storages.push(entry.name.clone()),
                }
            }
        }
        storages
    }

    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub fn has_storage(&self, name: &str) -> bool {
        self.storages
            .iter()
            .any(|storage| storage.eq_ignore_ascii_case(name))
    }

    /// Whether the name of any stream begins so.
    pub fn has_any(&self, beginning: &str) -> bool {
        self.streams.iter().any(|(name, _)| name.starts_with(beginning))
    }

    /// Reads a stream; none when there is none of that name.
    pub fn take(&mut self, container: &mut Container<'_>, name: &str) -> Option<Vec<u8>> {
        let number = self.find(name)?;
        self.read.insert(number);
        Some(container.stream(number))
    }

    /// Reads all streams whose names begin so.
    pub fn take_all(&mut self, container: &mut Container<'_>, beginning: &str) -> Vec<(String, Vec<u8>)> {
        let mut taken = Vec::new();
        for (name, number) in self
            .streams
            .iter()
            .filter(|(name, _)| name.starts_with(beginning))
        {
            self.read.insert(*number);
            taken.push((name.clone(), container.stream(*number)));
        }
        taken
    }

    /// Reads all streams that nobody has read so far.
    pub fn rest(&mut self, container: &mut Container<'_>) -> Vec<(String, Vec<u8>)> {
        let streams = self
            .streams
            .iter()
            .filter(|(_, number)| !self.read.contains(number));
        let rest = streams.map(|(name, number)| (name.clone(), container.stream(*number)));
        rest.collect()
    }

    /// Names are equal whatever their case ([MS-CFB] §2.6.4).
    fn find(&self, name: &str) -> Option<usize> {
        let fits = |stream: &&(String, usize)| stream.0.eq_ignore_ascii_case(name);
        self.streams.iter().find(fits).map(|(_, number)| *number)
    }
}
