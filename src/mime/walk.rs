//! The walk through a message: entity by entity, every reading of each.
//!
//! An entity is a header section and a body. Its labels say how readers may take the body, and each way is
//! followed. Where two ways would show people different content, an obstacle says so.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::message::ObstacleKind;

use super::base64;
use super::content_type::Class;
use super::header::{self, Header};
use super::labels::Labels;
use super::lookalike;
use super::message_id;
use super::multipart::{self, Split};
use super::output::{Output, named};
use super::place::Position;
use super::quoted;
use super::runs::legible;
use super::sealed::{self, SealedBody};
use super::transfer::{self, Encoding};
use super::{Contents, Limits};

/// A walk in progress.
pub(super) struct Walk {
    pub(super) out: Output,
    deepest: usize,
    /// Addresses of lines that are delimiters of some multipart.
    delimiters: HashSet<usize>,
}

/// Reads a whole message.
pub(super) fn read(raw: &[u8], limits: &Limits) -> Contents {
    let out = Output::new(limits, raw.len());
    let mut walk = Walk {
        out,
        deepest: limits.depth,
        delimiters: HashSet::new(),
    };
    walk.message(raw);
    walk.out.contents
}

impl Walk {
    fn message(&mut self, raw: &[u8]) {
        let top = Position::top();
        let header = header::parse(raw, self.out.budget.fields_left());
        let labels = self.header(&header, &top);
        self.out.contents.structure.message_id = message_id::of(&header);
        if let Some(sealed) = sealed::verify(&header, &labels) {
            return self.sealed(&sealed, &top);
        }
        self.bodies(raw, &header, &labels, &top);
        let headless = header.fields.is_empty() && header.strays.is_empty();
        if let Some(message) = lookalike::message(header.body).filter(|_| headless) {
            self.out
                .ambiguous(&top.header, "empty lines stand before its header section");
            self.again(|walk| walk.entity(message, &top));
        }
    }

    /// Reads a header section and the body that follows it.
    fn entity(&mut self, bytes: &[u8], at: &Position) {
        if !self.out.budget.part() || !self.out.budget.work(bytes.len()) {
            self.out.limit(&at.header, "the message has too many parts");
            return self.shown_text(bytes, at);
        }
        let header = header::parse(bytes, self.out.budget.fields_left());
        let labels = self.header(&header, at);
        self.bodies(bytes, &header, &labels, at);
    }

    /// Reads the body, and what is the body to readers that see the header section end earlier.
    fn bodies(&mut self, bytes: &[u8], header: &Header<'_>, labels: &Labels, at: &Position) {
        self.body(header.body, labels, at);
        for (end, start) in &header.other_ends {
            if !self.out.budget.work(bytes.len()) {
                return self
                    .out
                    .limit(&at.header, "its header section can end in too many places");
            }
            let shorter = header::parse(
                bytes.get(..*end).unwrap_or_default(),
                self.out.budget.fields_left(),
            );
            let labels = Labels::read(&shorter, at.digest);
            self.out.structure(&labels, labels.may_be(Class::Multipart), at);
            self.again(|walk| walk.body(bytes.get(*start..).unwrap_or_default(), &labels, at));
        }
    }

    fn sealed(&mut self, sealed: &SealedBody<'_>, at: &Position) {
        self.out.contents.structure.sealed = Some(sealed.kind);
        self.out.beside(
            sealed.clear.as_bytes(),
            "the unencrypted parts of the envelope",
            at,
        );
        for (number, part) in (1..).zip(&sealed.parts) {
            let header = header::parse(part, self.out.budget.fields_left());
            self.header(&header, &at.part(number, false));
        }
    }

    /// Follows every way to take a body.
    fn body(&mut self, body: &[u8], labels: &Labels, at: &Position) {
        for class in &labels.classes {
            match class {
                Class::Multipart => self.multiparts(body, labels, at),
                Class::Message => self.nested(body, labels, at),
                Class::ExternalBody => self.external(body, labels, at),
                Class::Leaf => self.leaf(body, labels, at),
            }
        }
    }

    fn external(&mut self, body: &[u8], labels: &Labels, at: &Position) {
        let detail = format!(
            "The content of {} is kept elsewhere and only referred to.",
            named(&at.content)
        );
        self.out
            .obstacle(ObstacleKind::UnknownContent, &at.content, detail);
        self.leaf(body, labels, at);
        if begins_with_field(body) {
            self.again(|walk| walk.messages(body, at));
        }
    }

    /// Follows a multipart, with and without its transfer encoding: RFC 2045 §6.4 forbids one, so readers differ.
    fn multiparts(&mut self, body: &[u8], labels: &Labels, at: &Position) {
        let mut readings = vec![Cow::Borrowed(body)];
        readings.extend(self.decodings(body, labels, at));
        let delimiters = labels
            .boundaries
            .iter()
            .map(|boundary| [b"--", boundary.as_slice()].concat());
        let delimiters: Vec<Vec<u8>> = delimiters.collect();
        let splits = |bytes: &Cow<'_, [u8]>| {
            let mut lines = delimiters.iter();
            lines.any(|line| memchr::memmem::find(bytes, line).is_some())
        };
        let (mut readings, whole): (Vec<_>, Vec<_>) = readings.into_iter().partition(splits);
        if readings.is_empty() {
            readings = whole;
        } else {
            // A reader that sees no part shows what it decodes; of an ordinary multipart that is noise.
            for decoded in whole.iter().filter(|bytes| matches!(bytes, Cow::Owned(_))) {
                self.noise(decoded, at);
            }
        }
        if labels.encodings.contains(&Encoding::Base64) {
            self.noise(&base64::base64_lines(body), at);
        }
        if readings.len() > 1 && labels.encodings.contains(&Encoding::Base64) {
            self.out.ambiguous(
                &at.header,
                "its parts differ with and without its transfer encoding",
            );
        }
        self.each(&readings, |walk, bytes| walk.multipart(bytes, labels, at));
    }

    fn multipart(&mut self, body: &[u8], labels: &Labels, at: &Position) {
        if at.depth >= self.deepest {
            return self.too_deep(body, at);
        }
        if !self
            .out
            .budget
            .work(body.len().saturating_mul(labels.boundaries.len()))
        {
            self.out.limit(&at.header, "its parts nest too often");
            return self.shown_text(body, at);
        }
        let most = self.out.budget.parts_left();
        let split = multipart::split(body, &labels.boundaries, most);
        if !split.parts.is_empty() {
            return self.parts(&split, labels, at);
        }
        // Nobody sees a part; some show the whole, and some guess a boundary.
        self.shown_text(body, at);
        self.hidden_part(body, at);
        let mut guess = multipart::split(body, &multipart::guessed_boundary(body), most);
        guess.loose.extend(split.loose);
        if !guess.parts.is_empty() || !guess.loose.is_empty() {
            self.out.ambiguous(&at.header, "it is a multipart without parts");
            self.again(|walk| walk.parts(&guess, labels, at));
        }
    }

    fn parts(&mut self, split: &Split<'_>, labels: &Labels, at: &Position) {
        self.delimiters.extend(&split.addresses);
        self.outside(split.preamble, "the text before the parts", at);
        for epilogue in &split.epilogues {
            self.outside(epilogue, "the text after the parts", at);
        }
        if split.boundaries_used > 1 {
            self.out
                .ambiguous(&at.header, "it can be split at more than one boundary");
        }
        if split.reopened {
            self.out.ambiguous(&at.header, "parts follow its end");
        }
        if split.overflow {
            self.out.limit(&at.header, "it has too many parts");
        }
        let digest = labels.media_type == "multipart/digest";
        for (number, part) in (1..).zip(&split.parts) {
            self.entity(part, &at.part(number, digest));
        }
        self.loose_parts(split, at, digest);
    }

    /// Text outside of the parts. Some readers take it for one when it begins with a header section.
    fn outside(&mut self, bytes: &[u8], description: &str, at: &Position) {
        self.out.beside(bytes, description, at);
        self.hidden_part(bytes, at);
    }

    fn hidden_part(&mut self, bytes: &[u8], at: &Position) {
        if let Some(part) = lookalike::message(bytes) {
            self.again(|walk| walk.entity(part, &at.part(0, false)));
        }
    }

    /// Reads what lenient readers see after lines that only begin with a delimiter, unless those lines turned out
    /// to be delimiters of a nested multipart.
    fn loose_parts(&mut self, split: &Split<'_>, at: &Position, digest: bool) {
        let unclaimed = split
            .loose
            .iter()
            .filter(|loose| !self.delimiters.contains(&loose.address));
        let unclaimed: Vec<_> = unclaimed.collect();
        if unclaimed.is_empty() {
            return;
        }
        self.out
            .ambiguous(&at.header, "a line looks like a boundary to some readers only");
        let parts = unclaimed.iter().filter_map(|loose| loose.part);
        for (number, part) in (split.parts.len() + 1..).zip(parts) {
            self.again(|walk| walk.entity(part, &at.part(number, digest)));
        }
    }

    /// Follows a part that is labelled as a message, with and without its transfer encoding.
    fn nested(&mut self, body: &[u8], labels: &Labels, at: &Position) {
        let mut readings: Vec<Cow<'_, [u8]>> = self.decodings(body, labels, at);
        readings.push(Cow::Borrowed(body));
        let is_message = |bytes: &Cow<'_, [u8]>| lookalike::message(bytes).is_some();
        if readings.iter().any(is_message) {
            readings.retain(is_message);
        } else if readings.iter().any(|bytes| begins_with_field(bytes)) {
            readings.retain(|bytes| begins_with_field(bytes));
        } else {
            readings.truncate(1);
        }
        self.each(&readings, |walk, bytes| walk.messages(bytes, at));
    }

    /// Reads the message, or the mailbox of messages, that is the content of a part.
    pub(super) fn messages(&mut self, bytes: &[u8], at: &Position) {
        if at.depth >= self.deepest {
            return self.too_deep(bytes, at);
        }
        for (number, message) in (1..).zip(lookalike::messages(bytes, self.out.budget.parts_left())) {
            self.entity(message, &at.message(number));
        }
    }

    /// Reads a part with content, once for each transfer encoding that readers may undo.
    fn leaf(&mut self, body: &[u8], labels: &Labels, at: &Position) {
        let mut readings = self.decodings(body, labels, at);
        if labels.encodings.contains(&Encoding::Identity) || readings.is_empty() {
            let joined = labels.joins_lines.then(|| transfer::join_lines(body));
            readings.push(joined.map_or(Cow::Borrowed(body), Cow::Owned));
        }
        self.each(&readings, |walk, bytes| walk.content(bytes, labels, at));
        // Some readers take every message/* for a message, and its transfer encoding for a mistake.
        if labels.media_type.starts_with("message/") && lookalike::message(body).is_some() {
            self.again(|walk| walk.messages(body, at));
        }
        // Text between lines of base64 is decoded by no reader, and skipped by some.
        if labels.encodings.contains(&Encoding::Base64) {
            let strays = base64::stray_lines(body);
            if !strays.is_empty() && self.out.budget.work(body.len().saturating_mul(20)) {
                self.out
                    .ambiguous(&at.content, "other text stands inside its base64");
                self.again(|walk| walk.shown_text(&strays, at));
                for reading in base64::other_readings(body) {
                    self.noise(&reading, &at.inside());
                }
            }
        }
        if labels.encodings.contains(&Encoding::QuotedPrintable)
            && let Some(reading) = quoted::other_reading(body)
        {
            self.noise(&reading, &at.inside());
        }
    }

    /// The body with each of its transfer encodings undone, where that changes it.
    fn decodings(&mut self, body: &[u8], labels: &Labels, at: &Position) -> Vec<Cow<'static, [u8]>> {
        let mut decodings = Vec::new();
        for encoding in labels.encodings.iter().filter(|encoding| encoding.changes(body)) {
            // Decoding costs several times what searching does.
            if self.out.budget.work(body.len().saturating_mul(4)) {
                decodings.push(Cow::Owned(encoding.undo(body)));
            } else {
                self.out
                    .limit(&at.header, "its transfer encodings nest too often");
            }
        }
        decodings
    }

    /// A text that some reader may show in place of a part.
    fn shown_text(&mut self, bytes: &[u8], at: &Position) {
        if !self.out.budget.raw(bytes.len()) {
            return self.out.limit(&at.content, "it can be read in too many ways");
        }
        let labels = Labels {
            media_type: "text/plain".to_owned(),
            ..Labels::default()
        };
        self.out.leaf(bytes, &labels, at);
    }

    /// Octets that few readers make of a body.
    fn noise(&mut self, bytes: &[u8], at: &Position) {
        self.again(|walk| {
            walk.out
                .beside(&legible(bytes), "the body, decoded in another way", at)
        });
    }

    fn too_deep(&mut self, bytes: &[u8], at: &Position) {
        self.out.limit(&at.header, "it nests too deep");
        self.shown_text(bytes, at);
    }

    /// Reads the first of several readings, and of the others what is new.
    fn each(&mut self, readings: &[Cow<'_, [u8]>], read: impl Fn(&mut Self, &[u8])) {
        let Some((first, others)) = readings.split_first() else {
            return;
        };
        read(self, first);
        for other in others {
            self.again(|walk| read(walk, other));
        }
    }

    /// Reads octets that were read before in another way.
    fn again(&mut self, read: impl FnOnce(&mut Self)) {
        self.out.enter_second_reading();
        read(self);
        self.out.leave_second_reading();
    }
}

fn begins_with_field(bytes: &[u8]) -> bool {
    let line = bytes.split(|octet| *octet == b'\n').next().unwrap_or_default();
    line.contains(&b':')
}
