//! What tests of formats ask of a document that was read.

use proptest::prelude::*;

use super::{Documents, read};
use crate::message::{ObstacleKind, Place};
use crate::mime::{Leaf, Limits, TextKind};

/// Reads octets that are an attachment without a label.
pub(super) fn document(bytes: &[u8]) -> Documents {
    let place = Place {
        part: "2".to_owned(),
        field: None,
        description: "attachment 2".to_owned(),
        span: (0, 0),
    };
    let leaf = Leaf {
        place,
        media_type: "application/octet-stream".to_owned(),
        charset: None,
        file_name: None,
        bytes: bytes.to_vec(),
    };
    read(&[leaf], &Limits::default())
}

/// Whether any text holds this.
pub(super) fn finds(read: &Documents, needle: &str) -> bool {
    read.texts.iter().any(|text| text.text.contains(needle))
}

pub(super) fn tables(read: &Documents) -> Vec<&str> {
    let tables = read.texts.iter().filter(|text| text.kind == TextKind::Table);
    tables.map(|text| text.text.as_str()).collect()
}

pub(super) fn obstacles(read: &Documents) -> Vec<ObstacleKind> {
    read.obstacles.iter().map(|obstacle| obstacle.kind).collect()
}

/// Damage: what is cut off, and which octets are changed to what.
pub(super) fn damage() -> impl Strategy<Value = (usize, Vec<(usize, u8)>)> {
    (
        any::<usize>(),
        prop::collection::vec((any::<usize>(), any::<u8>()), 0..20),
    )
}

/// A sample with damage; every other one stays whole in length.
pub(super) fn damaged(sample: &[u8], (cut, changes): &(usize, Vec<(usize, u8)>)) -> Vec<u8> {
    let length = if cut % 2 == 0 {
        sample.len()
    } else {
        cut % sample.len()
    };
    let mut bytes = sample[..length].to_vec();
    for (at, octet) in changes {
        let at = at % sample.len();
        if at < bytes.len() {
            bytes[at] = *octet;
        }
    }
    bytes
}
