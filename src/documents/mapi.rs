//! Properties of Outlook's messages, as msg files and winmail.dat both hold them ([MS-OXPROPS]).

use std::borrow::Cow;

use super::rtf::compressed;
use super::{Visit, codepage};
use crate::message::ObstacleKind;
use crate::mime::{TextKind, printable};

/// What a property holds.
pub(super) enum Value {
    Text(String),
    Binary(Vec<u8>),
}

/// The properties of one message, recipient or attachment.
#[derive(Default)]
pub(super) struct Properties {
    list: Vec<(u16, Value)>,
    /// The code page of HTML, and of strings of one octet a character where nothing better is known.
    pub page: Option<u32>,
}

/// Types of properties ([MS-OXCDATA] §2.11.1).
pub(super) mod kind {
    pub const OBJECT: u16 = 0x000d;
    pub const STRING: u16 = 0x001e;
    pub const WIDE_STRING: u16 = 0x001f;
    pub const BINARY: u16 = 0x0102;
    /// Many values of the type.
    pub const MULTIPLE: u16 = 0x1000;
}

/// Numbers of properties ([MS-OXPROPS] §2).
pub(super) mod id {
    pub const TRANSPORT_HEADERS: u16 = 0x007d;
    pub const BODY: u16 = 0x1000;
    pub const RTF: u16 = 0x1009;
    pub const HTML: u16 = 0x1013;
    pub const DISPLAY_NAME: u16 = 0x3001;
    pub const DATA: u16 = 0x3701;
    pub const FILE_NAME: u16 = 0x3704;
    pub const LONG_FILE_NAME: u16 = 0x3707;
    pub const ICON: u16 = 0x3709;
    pub const MEDIA_TYPE: u16 = 0x370e;
    pub const INTERNET_PAGE: u16 = 0x3fde;
    pub const MESSAGE_PAGE: u16 = 0x3ffd;
}

/// Properties that people know by a label, in the order in which they read them.
const LABELS: [(u16, &str); 8] = [
    (0x0037, "Subject"),
    (0x0c1a, "From"),
    (0x0c1f, "From"),
    (0x0042, "From"),
    (0x0e04, "To"),
    (0x0e03, "Cc"),
    (0x0e02, "Bcc"),
    (0x0070, "Topic"),
];

impl Properties {
    /// None yet, in a message with this code page.
    pub fn new(page: Option<u32>) -> Self {
        Properties {
            list: Vec::new(),
            page,
        }
    }

    /// Adds a property by its type; types that hold no text and no octets are left out.
    pub fn push(&mut self, id: u16, kind: u16, octets: &[u8]) {
        let page = self.page.unwrap_or(1252);
        let text = |text: String| Value::Text(text.trim_end_matches('\0').to_owned());
        let value = match kind & !kind::MULTIPLE {
            kind::STRING => text(codepage::decode(page, octets)),
            kind::WIDE_STRING => text(codepage::utf16(octets)),
            kind::BINARY | kind::OBJECT => Value::Binary(octets.to_vec()),
            _ => return,
        };
        self.list.push((id, value));
    }

    /// Removes and returns the first property of that number.
    fn take(&mut self, id: u16) -> Option<Value> {
        let place = self.list.iter().position(|(own, _)| *own == id)?;
        Some(self.list.swap_remove(place).1)
    }

    fn take_text(&mut self, id: u16) -> Option<String> {
        match self.take(id)? {
            Value::Text(text) => Some(text),
            Value::Binary(octets) => Some(printable(&octets)),
        }
    }

    /// Tells what a message holds: what people see at its head, its bodies, its header, everything else.
    pub fn tell_message(mut self, visit: &mut Visit<'_>) {
        let mut head = String::new();
        for (id, label) in LABELS {
            if let Some(text) = self.take_text(id) {
                head.push_str(&format!("{label}: {text}\n"));
            }
        }
        if let Some(body) = self.take_text(id::BODY) {
            head.push('\n');
            head.push_str(&body);
        }
        visit.text(TextKind::Body, head);
        if let Some(html) = self.take(id::HTML) {
            visit.labelled_file(None, "text/html", self.html(html));
        }
        if let Some(Value::Binary(packed)) = self.take(id::RTF) {
            read_rtf(visit, &packed);
        }
        if let Some(header) = self.take_text(id::TRANSPORT_HEADERS) {
            visit.message(without_structure(&header).as_bytes());
        }
        self.tell_rest(visit);
    }

    /// Tells of an attachment: the file itself, and its other properties.
    pub fn tell_attachment(mut self, visit: &mut Visit<'_>) {
        let mut names = [id::LONG_FILE_NAME, id::FILE_NAME, id::DISPLAY_NAME]
            .into_iter()
            .filter_map(|id| self.take_text(id))
            .filter(|name| !name.trim().is_empty());
        let name = names.next();
        let others: Vec<String> = names.collect();
        visit.text_in("a file name", TextKind::Header, others.join("\n"));
        self.take(id::ICON);
        let media_type = self.take_text(id::MEDIA_TYPE);
        let media_type = media_type.as_deref().unwrap_or("application/octet-stream");
        if let Some(Value::Binary(data)) = self.take(id::DATA) {
            visit.labelled_file(name.as_deref(), media_type, data);
        } else if let Some(name) = name {
            visit.text_in("a file name", TextKind::Header, name);
        }
        self.tell_rest(visit);
    }

    /// Tells of everything that was not taken.
    pub fn tell_rest(self, visit: &mut Visit<'_>) {
        let mut texts = String::new();
        let mut octets = Vec::new();
        for (_, value) in self.list {
            match value {
                Value::Text(text) => {
                    texts.push_str(&text);
                    texts.push('\n');
                }
                Value::Binary(binary) => {
                    octets.extend_from_slice(&binary);
                    octets.extend([0, 0]);
                }
            }
        }
        visit.text_in("other properties", TextKind::Body, texts);
        visit.text_in("hidden data", TextKind::Body, printable(&octets));
    }

    /// The HTML, decoded where its octets may mean something else than they look like.
    fn html(&self, html: Value) -> Vec<u8> {
        match (html, self.page) {
            (Value::Text(text), _) => text.into_bytes(),
            (Value::Binary(octets), Some(page)) if page != 65001 => {
                codepage::decode(page, &octets).into_bytes()
            }
            (Value::Binary(octets), _) => octets,
        }
    }
}

/// Reads a body that is RTF, packed or not.
pub(super) fn read_rtf(visit: &mut Visit<'_>, packed: &[u8]) {
    if packed.is_empty() {
        return;
    }
    let room = visit.room();
    let unpacked = compressed::unpack(packed, room);
    if let Some(damage) = unpacked.damage {
        let what = format!("holds a text in RTF that is damaged: {damage}");
        visit.obstacle(ObstacleKind::Malformed, &what);
    }
    if unpacked.rtf.len() >= room {
        visit.obstacle(ObstacleKind::LimitReached, "holds more text than may be unpacked");
    }
    visit.spend(unpacked.rtf.len());
    visit.labelled_file(None, "application/rtf", unpacked.rtf);
}

/// A header section without the fields that speak of a body which is not there.
fn without_structure(header: &str) -> Cow<'_, str> {
    let mut kept = String::with_capacity(header.len() + 2);
    let mut keeps = true;
    for line in header
        .split_inclusive('\n')
        .filter(|line| !line.trim().is_empty())
    {
        if !line.starts_with([' ', '\t']) {
            let speaks = line
                .get(..8)
                .is_some_and(|start| start.eq_ignore_ascii_case("content-"));
            keeps = !speaks;
        }
        if keeps {
            kept.push_str(line);
        }
    }
    kept.push_str("\r\n\r\n");
    Cow::Owned(kept)
}
