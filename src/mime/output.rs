//! What a walk has found so far, within its budget: texts, leaves, obstacles, structure.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, RandomState};

use crate::message::{Obstacle, ObstacleKind, Place, Segment};

use super::budget::Budget;
use super::charset;
use super::labels::Labels;
use super::lookalike::uuencoded;
use super::place::Position;
use super::runs::legible;
use super::undeclared;
use super::words;
use super::{Contents, Leaf, Limits, Text, TextKind};

/// Collects contents.
pub(super) struct Output {
    /// What was found.
    pub contents: Contents,
    /// What may still be spent.
    pub budget: Budget,
    part_size: usize,
    /// How many second readings enclose the present one; they repeat nothing that was seen before.
    second: usize,
    /// How many layers of encoding without a label enclose the present text.
    unwrapped: usize,
    seen: Seen,
}

/// By what the contents are told apart. They are looked at when a second reading asks for the first time: most messages have
/// none, and pay nothing for it.
#[derive(Default)]
struct Seen {
    /// With a key of its own, so that nobody can make what passes for something else.
    keyed: RandomState,
    hashes: HashSet<u64>,
    /// So many texts and leaves are in it.
    texts: usize,
    leaves: usize,
}

impl Seen {
    /// Whether this is none of the contents so far, nor anything that was asked for.
    fn is_new(&mut self, contents: &Contents, content: &impl Hash) -> bool {
        for text in contents.texts.iter().skip(self.texts) {
            self.hashes.insert(self.keyed.hash_one(text_key(text)));
        }
        for leaf in contents.leaves.iter().skip(self.leaves) {
            let key = leaf_key(&leaf.bytes, &leaf.media_type, leaf.charset.as_deref());
            self.hashes.insert(self.keyed.hash_one(key));
        }
        (self.texts, self.leaves) = (contents.texts.len(), contents.leaves.len());
        self.hashes.insert(self.keyed.hash_one(content))
    }
}

fn text_key(text: &Text) -> impl Hash {
    (&text.place.field, &text.text)
}

fn leaf_key(bytes: &[u8], media_type: &str, charset: Option<&str>) -> impl Hash {
    (bytes, media_type, charset)
}

/// More layers of encoding than this are followed only where labels name them.
const MOST_UNWRAPPED: usize = 3;

/// More obstacles than this tell nobody anything.
const MOST_OBSTACLES: usize = 500;

impl Output {
    /// Nothing found yet, in a message of `length` octets.
    pub fn new(limits: &Limits, length: usize) -> Self {
        Output {
            contents: Contents::default(),
            budget: Budget::new(limits, length),
            part_size: limits.part_size,
            second: 0,
            unwrapped: 0,
            seen: Seen::default(),
        }
    }

    /// Enters or leaves a second reading of octets that were read before.
    pub fn enter_second_reading(&mut self) {
        self.second += 1;
    }

    /// Ends what [`Output::enter_second_reading`] began.
    pub fn leave_second_reading(&mut self) {
        self.second = self.second.saturating_sub(1);
    }

    /// Adds a header field's text.
    pub fn field(&mut self, place: &Place, text: String) {
        self.text(Text {
            place: place.clone(),
            kind: TextKind::Header,
            text,
        });
    }

    /// Adds a text that stands beside the parts and fields of an entity. It may have been a header section, so
    /// its encoded words are decoded as well.
    pub fn beside(&mut self, bytes: &[u8], description: &str, at: &Position) {
        if bytes.trim_ascii().is_empty() {
            return;
        }
        let place = at.beside(description);
        let text = charset::unlabelled(bytes).into_owned();
        let encoded = text.contains("=?") && self.budget.field(bytes.len());
        let decoded = encoded
            .then(|| words::decode(bytes).text)
            .filter(|decoded| *decoded != text);
        for text in [Some(text), decoded].into_iter().flatten() {
            self.text(Text {
                place: place.clone(),
                kind: TextKind::Body,
                text,
            });
        }
        self.undeclared(bytes, false, at);
        self.uuencoded(bytes, at);
    }

    /// Adds what stands encoded in a text without a label that says so. `quoted` tells that a label for
    /// quoted-printable is near.
    fn undeclared(&mut self, bytes: &[u8], quoted: bool, at: &Position) {
        if self.unwrapped >= MOST_UNWRAPPED || !undeclared::is_text(bytes) {
            return;
        }
        if !self.budget.work(bytes.len()) {
            return self.limit(&at.header, "it can be read in too many ways");
        }
        self.unwrapped += 1;
        self.enter_second_reading();
        for found in undeclared::read(bytes, quoted) {
            if is_document(&found) {
                self.leaf(&found, &Labels::unlabelled(), at);
            } else {
                let wide = charset::is_wide(&found).then(|| charset::read(&found, None).text.into_bytes());
                let shown = wide.map_or_else(|| legible(&found), Cow::Owned);
                self.beside(&shown, "encoded text that no label declares", at);
            }
        }
        self.leave_second_reading();
        self.unwrapped -= 1;
    }

    fn text(&mut self, mut text: Text) {
        if !text.text.trim().is_empty() && self.is_new(&text_key(&text)) {
            text.place.span = (0, text.text.len());
            self.contents.texts.push(text);
        }
    }

    /// Adds a leaf, cut at the limits.
    pub fn leaf(&mut self, bytes: &[u8], labels: &Labels, at: &Position) {
        let kept = bytes.get(..self.part_size).unwrap_or(bytes);
        if kept.len() < bytes.len() {
            self.limit(&at.content, "it is too large");
        }
        if !self.budget.bytes(kept.len()) {
            return self.limit(&at.content, "the parts together are too large");
        }
        if !self.is_new(&leaf_key(kept, &labels.media_type, labels.charset.as_deref())) {
            return;
        }
        self.contents.leaves.push(Leaf {
            place: at.content(labels),
            media_type: labels.media_type.clone(),
            charset: labels.charset.clone(),
            file_name: labels.file_name.clone(),
            bytes: kept.to_vec(),
        });
        for charset in &labels.other_charsets {
            if self.budget.bytes(kept.len()) {
                self.contents.leaves.push(Leaf {
                    place: at.content(labels),
                    media_type: labels.media_type.clone(),
                    charset: Some(charset.clone()),
                    file_name: labels.file_name.clone(),
                    bytes: kept.to_vec(),
                });
            }
        }
        self.undeclared(kept, labels.quoted_near, at);
        // What shows a page leaves no lines, and so no uuencoded file, in it.
        if labels.media_type == "text/html" {
            self.uuencoded(kept, at);
        }
    }

    fn uuencoded(&mut self, text: &[u8], at: &Position) {
        for (name, file) in uuencoded(text) {
            let labels = Labels {
                file_name: Some(name),
                ..Labels::unlabelled()
            };
            self.leaf(&file, &labels, at);
        }
    }

    /// Whether this is to be added. A second reading repeats nothing; two parts of the first may well hold the same.
    fn is_new(&mut self, content: &impl Hash) -> bool {
        self.second == 0 || self.seen.is_new(&self.contents, content)
    }

    /// Records what the labels of an entity say about segments and multiparts.
    pub fn structure(&mut self, labels: &Labels, multipart: bool, at: &Position) {
        let structure = &mut self.contents.structure;
        structure.multipart |= multipart;
        for segment in &labels.segments {
            let segment = Segment {
                part: at.header.clone(),
                media_type: (*segment).to_owned(),
            };
            if !structure.segments.contains(&segment) {
                structure.segments.push(segment);
            }
        }
    }

    /// Readers may show people different things.
    pub fn ambiguous(&mut self, part: &str, why: &str) {
        let detail = format!("Mail readers may disagree about {}: {why}.", named(part));
        self.obstacle(ObstacleKind::AmbiguousStructure, part, detail);
    }

    /// A limit was met.
    pub fn limit(&mut self, part: &str, why: &str) {
        let detail = format!("Reading {} ended early: {why}.", named(part));
        self.obstacle(ObstacleKind::LimitReached, part, detail);
    }

    /// Adds an obstacle once.
    pub fn obstacle(&mut self, kind: ObstacleKind, part: &str, detail: String) {
        let obstacle = Obstacle {
            kind,
            part: part.to_owned(),
            detail,
        };
        let obstacles = &mut self.contents.obstacles;
        let full = obstacles.len() >= MOST_OBSTACLES;
        let first_of_kind = || obstacles.iter().all(|known| known.kind != kind);
        if (!full || first_of_kind()) && !obstacles.contains(&obstacle) {
            obstacles.push(obstacle);
        }
    }
}

/// A part as people name it.
pub(super) fn named(part: &str) -> String {
    if part == Place::MESSAGE {
        "the message".to_owned()
    } else {
        format!("part {part}")
    }
}

/// Whether octets begin like a file that people read: ZIP and so Office, PDF, OLE, gzip.
fn is_document(bytes: &[u8]) -> bool {
    let beginnings: [&[u8]; 4] = [b"PK\x03\x04", b"%PDF-", b"\xd0\xcf\x11\xe0", b"\x1f\x8b\x08"];
    beginnings.iter().any(|beginning| bytes.starts_with(beginning))
}
