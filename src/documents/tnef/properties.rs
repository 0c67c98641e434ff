//! Lists of properties ([MS-OXTNEF] §2.1.3.4).

use crate::documents::mapi::{Properties, id, kind};
use crate::documents::octets::Octets;

/// Numbers from here on have names.
const FIRST_NAMED: u16 = 0x8000;
/// What is before the octets of an object: which kind it is.
const OBJECT_KIND: usize = 16;

/// Reads a list that fills its attribute; none when it does not.
pub(super) fn read_all(data: &[u8], properties: &mut Properties) -> Option<()> {
    let mut octets = Octets::new(data);
    read(&mut octets, properties)?;
    octets.rest().iter().all(|octet| *octet == 0).then_some(())
}

/// Reads a list into `properties`; none when it does not go on like one.
pub(super) fn read(octets: &mut Octets<'_>, properties: &mut Properties) -> Option<()> {
    let count = octets.u32()?;
    for _ in 0..count {
        property(octets, properties)?;
    }
    Some(())
}

fn property(octets: &mut Octets<'_>, properties: &mut Properties) -> Option<()> {
    let (kind, id) = (octets.u16()?, octets.u16()?);
    if id >= FIRST_NAMED {
        name(octets, properties)?;
    }
    let single = kind & !kind::MULTIPLE;
    let variable = matches!(
        single,
        kind::STRING | kind::WIDE_STRING | kind::BINARY | kind::OBJECT
    );
    let many = kind & kind::MULTIPLE != 0;
    let count = if variable || many { octets.u32()? } else { 1 };
    // Nothing, many times, is nothing.
    let count = if matches!(single, 0 | 1) { 0 } else { count };
    for _ in 0..count {
        match variable {
            true => variable_value(octets, properties, id, single)?,
            false => fixed_value(octets, properties, id, single)?,
        }
    }
    Some(())
}

/// A set, then a number or a name.
fn name(octets: &mut Octets<'_>, properties: &mut Properties) -> Option<()> {
    octets.take(16)?;
    if octets.u32()? == 0 {
        octets.u32()?;
        return Some(());
    }
    let length = octets.length()?;
    let name = padded(octets, length)?;
    properties.push(FIRST_NAMED, kind::WIDE_STRING, name);
    Some(())
}

fn variable_value(octets: &mut Octets<'_>, properties: &mut Properties, id: u16, kind: u16) -> Option<()> {
    let length = octets.length()?;
    let value = padded(octets, length)?;
    match kind {
        kind::OBJECT => properties.push(id, kind, value.get(OBJECT_KIND..).unwrap_or_default()),
        _ => properties.push(id, kind, value),
    }
    Some(())
}

/// Numbers, times and the like take a multiple of four octets.
fn fixed_value(octets: &mut Octets<'_>, properties: &mut Properties, id: u16, kind: u16) -> Option<()> {
    let length = match kind {
        0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => 4,
        0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => 8,
        0x0048 => 16,
        _ => return None,
    };
    let mut value = Octets::new(octets.take(length)?);
    if matches!(id, id::INTERNET_PAGE | id::MESSAGE_PAGE) && kind == 0x0003 {
        properties.page = value.u32().or(properties.page);
    }
    Some(())
}

/// Octets and what fills them up to a multiple of four.
fn padded<'a>(octets: &mut Octets<'a>, length: usize) -> Option<&'a [u8]> {
    let value = octets.take(length)?;
    octets.take_most(length.wrapping_neg() % 4);
    Some(value)
}
