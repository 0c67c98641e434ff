//! Another parser's view of the same message. What it shows and our own reading did not see is read too.
//!
//! `mail-parser` disagrees with us about malformed structure now and then; that is its use here.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use mail_parser::{Message, MessageParser, PartType};

use crate::message::{Obstacle, ObstacleKind, Place};

use super::charset;
use super::{Contents, Leaf};

/// Larger messages are left to our own reading, since the other parser may take much longer than linear time.
const LARGEST: usize = 4 << 20;

/// Messages with more parts are left to our own reading.
const MOST_PARTS: usize = 500;

/// Adds the texts of the other reading that are new. Plain messages are not read again.
pub(super) fn add_missing(raw: &[u8], contents: &mut Contents) {
    if is_plain(raw, contents) {
        return;
    }
    let Some(message) = parse(raw) else {
        return;
    };
    let seen = Seen::of(contents);
    let mut messages = vec![&message];
    while let Some(message) = messages.pop() {
        for part in &message.parts {
            let missing = match &part.body {
                PartType::Text(text) if seen.misses(text) => leaf("text/plain", text),
                PartType::Html(text) if seen.misses(text) => leaf("text/html", text),
                PartType::Message(nested) => {
                    messages.push(nested);
                    continue;
                }
                _ => continue,
            };
            contents.leaves.push(missing);
        }
    }
    drop_nested(message);
}

/// The other parser's view. It panics on some mail that is in order, a forward of a forward for one; then there is
/// no second opinion, as for large messages, and our own reading stands alone.
fn parse(raw: &[u8]) -> Option<Message<'_>> {
    std::panic::catch_unwind(|| MessageParser::default().parse(raw))
        .ok()
        .flatten()
}

/// Whether a second opinion is not worth its price, or not safe to ask for.
fn is_plain(raw: &[u8], contents: &Contents) -> bool {
    let limited = |obstacles: &[Obstacle]| {
        obstacles
            .iter()
            .any(|obstacle| obstacle.kind == ObstacleKind::LimitReached)
    };
    let plain = !contents.structure.multipart && contents.obstacles.is_empty();
    let costly = raw.len() > LARGEST || contents.leaves.len() > MOST_PARTS || limited(&contents.obstacles);
    plain || costly || contents.structure.sealed.is_some()
}

fn leaf(media_type: &str, text: &str) -> Leaf {
    Leaf {
        place: Place {
            part: Place::MESSAGE.to_owned(),
            field: None,
            description: "text that other mail readers show".to_owned(),
            span: (0, 0),
        },
        media_type: media_type.to_owned(),
        charset: Some("utf-8".to_owned()),
        file_name: None,
        bytes: text.as_bytes().to_vec(),
    }
}

/// Lines that our own reading saw, reduced to ASCII letters and digits so that charsets do not matter.
struct Seen(HashSet<u64>);

impl Seen {
    fn of(contents: &Contents) -> Self {
        let mut seen = Seen(HashSet::new());
        for text in &contents.texts {
            seen.add(&text.text);
        }
        for leaf in contents.leaves.iter().filter(|leaf| leaf.bytes.len() <= LARGEST) {
            let readings = charset::read(&leaf.bytes, leaf.charset.as_deref());
            seen.add(&readings.text);
            seen.add(readings.other.as_deref().unwrap_or_default());
        }
        seen
    }

    fn add(&mut self, text: &str) {
        self.0.extend(reduced_lines(text));
    }

    fn misses(&self, text: &str) -> bool {
        reduced_lines(text).any(|line| !self.0.contains(&line))
    }
}

/// Hashes of the lines that hold enough to matter.
fn reduced_lines(text: &str) -> impl Iterator<Item = u64> {
    text.split(['\n', '\r']).filter_map(|line| {
        let mut hasher = DefaultHasher::new();
        let reduced = line.bytes().filter(u8::is_ascii_alphanumeric);
        let count = reduced.inspect(|octet| octet.hash(&mut hasher)).count();
        (count >= 5).then(|| hasher.finish())
    })
}

/// Takes nested messages apart one by one: dropping them as they are would recurse once per level.
fn drop_nested(message: Message<'_>) {
    let mut messages = vec![message];
    while let Some(message) = messages.pop() {
        let nested = message.parts.into_iter().filter_map(|part| match part.body {
            PartType::Message(nested) => Some(nested),
            _ => None,
        });
        messages.extend(nested);
    }
}
