//! Outlook's container, winmail.dat ([MS-OXTNEF]): a message's properties and its attachments.

mod properties;

use super::Visit;
use super::mapi::{Properties, id, kind};
use super::octets::{Octets, u32_at};
use crate::message::ObstacleKind;
use crate::mime::{TextKind, printable};

/// What a file begins with, before a key of two octets ([MS-OXTNEF] §2.1.3.1).
const SIGNATURE: &[u8] = &[0x78, 0x9f, 0x3e, 0x22];

/// Attributes ([MS-OXTNEF] §2.1.3.3).
mod attribute {
    pub const SUBJECT: u32 = 0x0001_8004;
    pub const BODY: u32 = 0x0002_800c;
    pub const ATTACHMENT_DATA: u32 = 0x0006_800f;
    pub const ATTACHMENT_TITLE: u32 = 0x0001_8010;
    pub const ATTACHMENT_PICTURE: u32 = 0x0006_8011;
    pub const ATTACHMENT_BEGINS: u32 = 0x0006_9002;
    pub const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
    pub const RECIPIENTS: u32 = 0x0006_9004;
    pub const ATTACHMENT_PROPERTIES: u32 = 0x0006_9005;
    pub const CODE_PAGE: u32 = 0x0006_9007;
}

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let Some(rest) = visit.bytes().strip_prefix(SIGNATURE) else {
        return false;
    };
    let mut reader = Reader::default();
    let mut octets = Octets::new(rest);
    octets.u16();
    // Zeros or line ends may fill the file up.
    let is_filler = |octet: &u8| *octet == 0 || octet.is_ascii_whitespace();
    while !octets.rest().iter().all(is_filler) {
        let Some(whole) = reader.next(&mut octets) else {
            let what =
                "is an Outlook container (winmail.dat), and damaged: its parts do not follow each other";
            visit.obstacle(ObstacleKind::Malformed, what);
            visit.text_in("the damaged end", TextKind::Body, printable(octets.rest()));
            break;
        };
        reader.attribute(visit, &whole);
        if whole.is_cut {
            let what = "is an Outlook container (winmail.dat), and damaged: it ends too early";
            visit.obstacle(ObstacleKind::Malformed, what);
        }
    }
    reader.end(visit);
    true
}

/// More attachments than these are not told apart.
const MOST_ATTACHMENTS: usize = 10_000;

/// One attribute with its octets.
struct Attribute<'a> {
    id: u32,
    data: &'a [u8],
    is_cut: bool,
}

#[derive(Default)]
struct Reader {
    message: Properties,
    /// The attachment at hand.
    attachment: Option<Properties>,
    attachments: usize,
    /// What is legible in all other attributes.
    others: String,
    wrong_checksum: bool,
}

impl Reader {
    /// Level, number, length, octets, sum of the octets ([MS-OXTNEF] §2.1.3.2).
    fn next<'a>(&mut self, octets: &mut Octets<'a>) -> Option<Attribute<'a>> {
        let mut ahead = *octets;
        let level = ahead.u8()?;
        let (id, length) = (ahead.u32()?, ahead.length()?);
        if !matches!(level, 1 | 2) {
            return None;
        }
        let is_cut = ahead.rest().len() < length;
        let data = ahead.take_most(length);
        let sum = data
            .iter()
            .fold(0u16, |sum, octet| sum.wrapping_add(u16::from(*octet)));
        self.wrong_checksum |= ahead.u16().is_some_and(|own| own != sum);
        *octets = ahead;
        Some(Attribute { id, data, is_cut })
    }

    fn attribute(&mut self, visit: &mut Visit<'_>, attribute: &Attribute<'_>) {
        let data = attribute.data;
        match attribute.id {
            attribute::CODE_PAGE => self.message.page = u32_at(data, 0).or(self.message.page),
            attribute::SUBJECT => self.message.push(0x0037, kind::STRING, data),
            attribute::BODY => self.message.push(id::BODY, kind::STRING, data),
            attribute::MESSAGE_PROPERTIES => {
                tell_damage(visit, properties::read_all(data, &mut self.message), data);
            }
            attribute::RECIPIENTS => read_recipients(visit, data, self.message.page),
            attribute::ATTACHMENT_BEGINS => self.begin_attachment(visit),
            attribute::ATTACHMENT_DATA => self.attachment().push(id::DATA, kind::BINARY, data),
            attribute::ATTACHMENT_TITLE => self.attachment().push(id::FILE_NAME, kind::STRING, data),
            attribute::ATTACHMENT_PICTURE => self.attachment().push(id::ICON, kind::BINARY, data),
            attribute::ATTACHMENT_PROPERTIES => {
                tell_damage(visit, properties::read_all(data, self.attachment()), data);
            }
            _ => self.others.push_str(&printable(data)),
        }
    }

    fn attachment(&mut self) -> &mut Properties {
        let page = self.message.page;
        self.attachment.get_or_insert_with(|| Properties::new(page))
    }

    fn begin_attachment(&mut self, visit: &mut Visit<'_>) {
        self.attachments += 1;
        // More than are opened anyway go on in the last one.
        if self.attachments > MOST_ATTACHMENTS {
            return;
        }
        if let Some(done) = self.attachment.take() {
            done.tell_attachment(visit);
        }
        self.attachment();
    }

    fn end(mut self, visit: &mut Visit<'_>) {
        if let Some(last) = self.attachment.take() {
            last.tell_attachment(visit);
        }
        self.message.tell_message(visit);
        visit.text_in("other attributes", TextKind::Body, self.others);
        if self.attachments > MOST_ATTACHMENTS {
            visit.obstacle(ObstacleKind::LimitReached, "holds too many attachments");
        }
        if self.wrong_checksum {
            let what = "is an Outlook container (winmail.dat), and damaged: a checksum is wrong";
            visit.obstacle(ObstacleKind::Malformed, what);
        }
    }
}

fn tell_damage(visit: &mut Visit<'_>, read: Option<()>, data: &[u8]) {
    if read.is_none() {
        let what =
            "is an Outlook container (winmail.dat), and damaged: its properties do not follow each other";
        visit.obstacle(ObstacleKind::Malformed, what);
        visit.text_in("damaged properties", TextKind::Body, printable(data));
    }
}

/// The table of recipients: rows of properties ([MS-OXTNEF] §2.1.3.5.1).
fn read_recipients(visit: &mut Visit<'_>, data: &[u8], page: Option<u32>) {
    let mut octets = Octets::new(data);
    let rows = octets.u32().unwrap_or(0);
    let mut properties = Properties::new(page);
    for _ in 0..rows {
        if octets.rest().is_empty() || properties::read(&mut octets, &mut properties).is_none() {
            tell_damage(visit, None, octets.rest());
            break;
        }
    }
    properties.tell_rest(visit);
}

#[cfg(test)]
mod tests;
