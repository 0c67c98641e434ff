//! Outlook's messages in files of their own, msg ([MS-OXMSG]).
//!
//! A message, each of its recipients and each of its attachments has a storage, and an attached message one more.

use super::container::Container;
use super::mapi::{Properties, id};
use super::octets::u32_at;
use super::storage::Storage;
use crate::documents::Visit;
use crate::mime::{TextKind, printable};

/// How the names of streams begin that hold one property each ([MS-OXMSG] §2.2.1).
pub(super) const PREFIX: &str = "__substg1.0_";
const FIXED: &str = "__properties_version1.0";
const ATTACHMENT: &str = "__attach_version1.0_";
const RECIPIENT: &str = "__recip_version1.0_";
const NAMES: &str = "__nameid_version1.0";

pub(super) fn read(visit: &mut Visit<'_>, container: &mut Container<'_>, storage: &mut Storage) {
    if !storage.has(FIXED) && !storage.has_any(PREFIX) {
        return;
    }
    let fixed = storage.take(container, FIXED).unwrap_or_default();
    let mut properties = Properties::new(page(&fixed));
    if storage.name == NAMES {
        for (_, stream) in storage.take_all(container, PREFIX) {
            visit.text_in("the names of properties", TextKind::Body, printable(&stream));
        }
        return;
    }
    for (name, stream) in storage.take_all(container, PREFIX) {
        let tag = name.get(PREFIX.len()..PREFIX.len() + 8);
        let tag = tag.and_then(|tag| u32::from_str_radix(tag, 16).ok()).unwrap_or(0);
        let [low, lower, high, higher] = tag.to_le_bytes();
        let (id, kind) = (
            u16::from_le_bytes([high, higher]),
            u16::from_le_bytes([low, lower]),
        );
        properties.push(id, kind, &stream);
    }
    match &storage.name {
        name if name.starts_with(ATTACHMENT) => properties.tell_attachment(visit),
        name if name.starts_with(RECIPIENT) => properties.tell_rest(visit),
        _ => properties.tell_message(visit),
    }
}

/// The code page, among the properties of fixed length: tag, flags, value ([MS-OXMSG] §2.4.2).
fn page(fixed: &[u8]) -> Option<u32> {
    let find = |id: u16| {
        let tag = u32::from(id) << 16 | 3;
        let at = memchr::memmem::find(fixed, &tag.to_le_bytes())?;
        u32_at(fixed, at + 8)
    };
    find(id::INTERNET_PAGE).or_else(|| find(id::MESSAGE_PAGE))
}
