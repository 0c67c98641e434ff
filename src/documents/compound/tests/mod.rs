//! Compound files: samples that real programs wrote, files built by hand, and hostile ones.

mod built;
mod hostile;
mod samples;

use std::io::{Cursor, Write};

/// A compound file with these streams; `/` parts storages, which are made as needed.
fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for (path, contents) in streams {
        if let Some((storage, _)) = path.rsplit_once('/') {
            file.create_storage_all(storage).unwrap();
        }
        file.create_stream(path).unwrap().write_all(contents).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A record of a workbook.
fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(body.len() as u16).to_le_bytes(), body].concat()
}

/// A record of a presentation.
fn atom(head: u16, kind: u16, body: &[u8]) -> Vec<u8> {
    [
        &head.to_le_bytes()[..],
        &kind.to_le_bytes(),
        &(body.len() as u32).to_le_bytes(),
        body,
    ]
    .concat()
}
