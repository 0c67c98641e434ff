//! Source code of macros: packed runs inside of the modules' streams ([MS-OVBA] §2.4.1).

use super::storage::Storage;
use crate::documents::Visit;
use crate::documents::codepage;
use crate::documents::octets::Octets;
use crate::mime::{TextKind, printable};

/// Whether a stream belongs to a macro project.
pub(super) fn belong(storage: &Storage, name: &str) -> bool {
    let around = ["VBA", "Macros", "_VBA_PROJECT_CUR"].contains(&storage.name.as_str());
    around
        || name.starts_with("__SRP_")
        || ["PROJECT", "PROJECTwm", "_VBA_PROJECT", "\u{3}VBFrame"].contains(&name)
}

/// Whether this storage is a macro project by itself.
pub(super) fn is_project(storage: &Storage) -> bool {
    storage.has("PROJECT") && storage.has_storage("VBA")
}

/// Reads a module. Its source begins with an attribute, packed or not yet.
pub(super) fn read(visit: &mut Visit<'_>, stream: &[u8]) {
    visit.text_in("a macro", TextKind::Body, printable(stream));
    let Some(at) = memchr::memmem::find(stream, b"\0Attribut") else {
        return;
    };
    let packed = stream.get(at.saturating_sub(2)..).unwrap_or_default();
    let room = visit.room();
    let source = unpack(packed, room);
    visit.spend(source.len());
    visit.text_in("a macro", TextKind::Body, codepage::decode(1252, &source));
}

/// Unpacks chunks of up to 4096 octets, each with a header of two ([MS-OVBA] §2.4.1.3).
fn unpack(packed: &[u8], most: usize) -> Vec<u8> {
    let mut octets = Octets::new(packed);
    let mut source = Vec::new();
    while source.len() < most
        && let Some(header) = octets.u16()
    {
        let chunk = octets.take_most(usize::from(header & 0xfff) + 1);
        match header & 0x8000 {
            0 => source.extend_from_slice(chunk),
            _ => unpack_chunk(chunk, &mut source),
        }
    }
    source
}

fn unpack_chunk(chunk: &[u8], source: &mut Vec<u8>) {
    let start = source.len();
    let mut octets = Octets::new(chunk);
    while let Some(flags) = octets.u8() {
        for bit in 0..8 {
            let read = match flags >> bit & 1 {
                0 => octets.u8().map(|octet| source.push(octet)),
                _ => octets.u16().and_then(|token| copy(token, start, source)),
            };
            if read.is_none() {
                break;
            }
        }
    }
}

/// Repeats what stands before; the further the chunk, the more of the token's bits are the distance.
fn copy(token: u16, start: usize, source: &mut Vec<u8>) -> Option<()> {
    let difference = source.len() - start;
    let bits = (4..12).find(|bits| 1 << bits >= difference).unwrap_or(12);
    let length = usize::from(token & (0xffff >> bits)) + 3;
    let distance = usize::from(token >> (16 - bits)) + 1;
    let from = source.len().checked_sub(distance).filter(|from| *from >= start)?;
    for at in from..from + length {
        source.push(source.get(at).copied()?);
    }
    Some(())
}
