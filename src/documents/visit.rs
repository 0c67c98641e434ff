//! A visit to one leaf: what its reader may spend, and where it puts what it finds.
//!
//! All visits of a message share one budget, so that a container in a container buys nothing.

use std::hash::{DefaultHasher, Hasher};
use std::io::Read;

use super::{Documents, Picture, Reading, Sight};
use crate::message::{Obstacle, ObstacleKind, Place};
use crate::mime::{self, Leaf, Limits, Text, TextKind, is_harmless, printable};

/// A leaf on its way through the readers.
pub(super) struct Visit<'v> {
    /// What is read.
    pub leaf: &'v Leaf,
    shared: &'v mut Shared,
    /// How many documents enclose this one.
    depth: usize,
    /// Files inside this leaf that were handed out.
    files: usize,
}

/// What all visits of a message share.
pub(super) struct Shared {
    /// What was found so far.
    pub found: Documents,
    limits: Limits,
    /// Octets that may still be unpacked.
    octets: usize,
    /// Files inside documents that may still be opened.
    files: usize,
    sight: Sight,
    /// Pictures that were met.
    pictures: u64,
    /// Pixels of pictures that are too small to show anything.
    tiny: u64,
    /// Octets of pictures that may still be handed out.
    picture_octets: usize,
}

/// Octets that all pictures together may have when they are handed out.
const PICTURE_OCTETS: usize = 64 << 20;

impl Shared {
    /// Nothing found yet, for a message whose leaves have `octets` in all.
    pub fn new(limits: &Limits, octets: usize, sight: Sight) -> Self {
        Shared {
            found: Documents::default(),
            limits: *limits,
            octets: limits.message_size.saturating_sub(octets),
            files: limits.parts,
            sight,
            pictures: 0,
            tiny: 0,
            picture_octets: PICTURE_OCTETS,
        }
    }
}

impl<'v> Visit<'v> {
    /// A visit to a leaf of the message itself.
    pub fn new(leaf: &'v Leaf, shared: &'v mut Shared) -> Self {
        Visit {
            leaf,
            shared,
            depth: 0,
            files: 0,
        }
    }

    /// The octets to read.
    pub fn bytes(&self) -> &'v [u8] {
        &self.leaf.bytes
    }

    /// Adds a text of the leaf, unless it is blank.
    pub fn text(&mut self, kind: TextKind, text: String) {
        self.add(self.leaf.place.description.clone(), kind, text);
    }

    /// Adds a text that stands in one place of the leaf: "the notes of slide 3".
    pub fn text_in(&mut self, place: &str, kind: TextKind, text: String) {
        self.add(format!("{place} of {}", self.leaf.place.description), kind, text);
    }

    fn add(&mut self, description: String, kind: TextKind, text: String) {
        if text.trim().is_empty() {
            return;
        }
        let place = Place {
            description,
            span: (0, text.len()),
            ..self.leaf.place.clone()
        };
        self.shared.found.texts.push(Text { place, kind, text });
    }

    /// Adds an obstacle, once; the detail goes on after "Attachment 'list.pdf'": "is a PDF document".
    pub fn obstacle(&mut self, kind: ObstacleKind, detail: &str) {
        let part = self.leaf.place.part.clone();
        let mut what = self.leaf.place.description.clone();
        if let Some(first) = what.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let detail = format!("{what} {detail}.");
        let obstacle = Obstacle { kind, part, detail };
        if !self.shared.found.obstacles.contains(&obstacle) {
            self.shared.found.obstacles.push(obstacle);
        }
    }

    /// A document that is recognised and not read. What is legible in its octets is searched all the same.
    pub fn unread(&mut self, kind: ObstacleKind, what: &str) {
        self.text(TextKind::Body, printable(self.bytes()));
        self.obstacle(kind, what);
    }

    /// How many octets the next part of this document may have when it is unpacked.
    pub fn room(&self) -> usize {
        self.shared.limits.part_size.min(self.shared.octets)
    }

    /// Unpacks a part of this document. What goes over a limit or does not unpack is cut there and is an obstacle;
    /// `name` is how people call the part: "sheet 2", "a stream".
    pub fn unpack(&mut self, name: &str, source: impl Read) -> Vec<u8> {
        let room = self.room();
        let mut unpacked = Vec::new();
        let read = source.take(room as u64 + 1).read_to_end(&mut unpacked);
        if unpacked.len() > room {
            unpacked.truncate(room);
            self.obstacle(
                ObstacleKind::LimitReached,
                &format!("holds more than may be unpacked ({name})"),
            );
        } else if read.is_err() {
            self.obstacle(
                ObstacleKind::Malformed,
                &format!("is damaged: {name} does not unpack"),
            );
        }
        self.spend(unpacked.len());
        unpacked
    }

    /// Takes octets that were unpacked by other means from the budget; `false` when it does not hold them.
    pub fn spend(&mut self, octets: usize) -> bool {
        let enough = octets <= self.shared.octets;
        self.shared.octets = self.shared.octets.saturating_sub(octets);
        enough
    }

    /// Reads a file inside this document like a part of the message. `name` is its file name, if it has one.
    pub fn file(&mut self, name: Option<&str>, bytes: Vec<u8>) {
        self.labelled_file(name, "application/octet-stream", bytes);
    }

    /// Like [`Visit::file`], with the media type that the document claims for it.
    pub fn labelled_file(&mut self, name: Option<&str>, media_type: &str, bytes: Vec<u8>) {
        if self.depth + 1 >= self.shared.limits.depth || self.shared.files == 0 {
            return self.obstacle(
                ObstacleKind::LimitReached,
                "nests too deep or holds too many files",
            );
        }
        self.shared.files -= 1;
        self.files += 1;
        if let Some(name) = name {
            self.text_in("a file name", TextKind::Header, name.to_owned());
        }
        let leaf = Leaf {
            place: self.place_of_file(name),
            media_type: media_type.to_ascii_lowercase(),
            charset: None,
            file_name: name.map(str::to_owned),
            bytes,
        };
        let mut visit = Visit {
            leaf: &leaf,
            shared: self.shared,
            depth: self.depth + 1,
            files: 0,
        };
        super::read_leaf(&mut visit);
    }

    /// Reads a message inside this document: its header fields, its parts and their documents.
    pub fn message(&mut self, raw: &[u8]) {
        if self.depth + 1 >= self.shared.limits.depth || self.shared.files == 0 {
            return self.obstacle(
                ObstacleKind::LimitReached,
                "nests too deep or holds too many messages",
            );
        }
        self.shared.files -= 1;
        self.files += 1;
        let limits = Limits {
            depth: self.shared.limits.depth - self.depth - 1,
            parts: self.shared.files,
            part_size: self.shared.limits.part_size,
            message_size: self.shared.octets.max(raw.len()),
        };
        let contents = mime::read(raw, &limits);
        let (prefix, around) = (
            format!("{}.{}", self.leaf.place.part, self.files),
            self.leaf.place.description.clone(),
        );
        let nested = |place: &mut Place| {
            place.part = if place.part == Place::MESSAGE {
                prefix.clone()
            } else {
                format!("{prefix}.{}", place.part)
            };
            place.description = format!("{} in {around}", place.description);
        };
        let found = &mut self.shared.found;
        found.texts.extend(contents.texts.into_iter().map(|mut text| {
            nested(&mut text.place);
            text
        }));
        found
            .obstacles
            .extend(contents.obstacles.into_iter().map(|mut obstacle| {
                obstacle.part = format!("{prefix}.{}", obstacle.part);
                obstacle
            }));
        found.segments.extend(contents.structure.segments);
        for mut leaf in contents.leaves {
            nested(&mut leaf.place);
            self.spend(leaf.bytes.len());
            let mut visit = Visit {
                leaf: &leaf,
                shared: self.shared,
                depth: self.depth + 1,
                files: 0,
            };
            super::read_leaf(&mut visit);
        }
    }

    /// How pictures are read.
    pub fn sight(&self) -> &Sight {
        &self.shared.sight
    }

    /// A name for the next picture: the same whenever the same message is read, and another one for other octets.
    pub fn name_of_picture(&mut self, source: &[u8], number: usize) -> u64 {
        self.shared.pictures = self.shared.pictures.saturating_add(1);
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.shared.pictures);
        hasher.write_usize(number);
        hasher.write(source);
        hasher.finish()
    }

    /// Counts the pixels of a tiny picture, and tells how many all of them have.
    pub fn tiny_pictures(&mut self, pixels: u64) -> u64 {
        self.shared.tiny = self.shared.tiny.saturating_add(pixels);
        self.shared.tiny
    }

    /// What was read in a picture, if it was handed out before.
    pub fn reading(&self, id: u64) -> Option<Reading> {
        let mut readings = self.shared.sight.readings.iter();
        readings.find(|reading| reading.id == id).cloned()
    }

    /// Whether the picture that was named last may be handed out. Those that were read before count, so that the same
    /// ones are left out whenever the message is read.
    pub fn has_room_for_picture(&self) -> bool {
        let most = u64::try_from(self.shared.sight.pictures).unwrap_or(u64::MAX);
        self.shared.picture_octets > 0 && self.shared.pictures <= most
    }

    /// Hands a picture out to be read.
    pub fn hand_picture_out(&mut self, picture: Picture) {
        self.shared.picture_octets = self.shared.picture_octets.saturating_sub(picture.gray.len());
        self.shared.found.pictures.push(picture);
    }

    fn place_of_file(&self, name: Option<&str>) -> Place {
        let around = &self.leaf.place.description;
        let description = match name.filter(|name| is_harmless(name, 60)) {
            Some(name) => format!("file '{name}' in {around}"),
            None => format!("file {} in {around}", self.files),
        };
        Place {
            part: format!("{}.{}", self.leaf.place.part, self.files),
            field: None,
            description,
            span: (0, 0),
        }
    }
}
