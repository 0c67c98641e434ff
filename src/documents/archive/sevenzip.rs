//! 7-Zip archives. The library is used so that it starts no thread and asks the system for nothing.

use std::io::Cursor;

use sevenz_rust2::{Archive, BlockDecoder, Error, Password};

use super::super::Visit;
use crate::message::ObstacleKind;
use crate::mime::TextKind;

/// KiB of memory that headers and each decoder may ask for.
const MEMORY_KB: usize = 130 << 10;

/// The method id of AES-256 with SHA-256, as headers write it.
const AES: &[u8] = &[0x06, 0xf1, 0x07, 0x01];

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    if !bytes.starts_with(b"7z\xbc\xaf\x27\x1c") {
        return false;
    }
    match Archive::read_with_memory_limit(&mut Cursor::new(bytes), &Password::empty(), MEMORY_KB) {
        Ok(archive) => visit.blocks(&archive),
        Err(error) => visit.unreadable(&error),
    }
    true
}

impl Visit<'_> {
    /// Unpacks block by block; what is no whole block is told apart by name.
    fn blocks(&mut self, archive: &Archive) {
        let names: Vec<&str> = archive.files.iter().map(|file| file.name()).collect();
        self.text_in("the names of files", TextKind::Body, names.join("\n"));
        if (0..archive.files.len()).any(|file| archive.is_file_encrypted(file)) {
            let what = "is a 7-Zip archive with a password";
            return self.obstacle(ObstacleKind::EncryptedContainer, what);
        }
        for block in 0..archive.blocks.len() {
            self.block(archive, block);
        }
    }

    fn block(&mut self, archive: &Archive, block: usize) {
        let mut source = Cursor::new(self.bytes());
        let password = Password::empty();
        let decoder =
            BlockDecoder::new_with_memory_limit(1, MEMORY_KB, block, archive, &password, &mut source);
        let done = decoder.for_each_entries(&mut |entry, content| {
            let room = self.room();
            let unpacked = self.unpack("a file", content);
            // Going on would unpack the rest of a file that is too large for nothing.
            let goes_on = unpacked.len() < room;
            if entry.has_stream() {
                self.file(Some(entry.name()), unpacked);
            }
            Ok(goes_on)
        });
        if let Err(error) = done {
            self.unreadable(&error);
        }
    }

    fn unreadable(&mut self, error: &Error) {
        let bytes = self.bytes();
        let ending = bytes.get(bytes.len().saturating_sub(4_096)..).unwrap_or(bytes);
        let locked = matches!(error, Error::PasswordRequired)
            || (matches!(
                error,
                Error::UnsupportedCompressionMethod(_) | Error::Unsupported(_)
            ) && memchr::memmem::find(ending, AES).is_some());
        let (kind, what) = match error {
            _ if locked => (
                ObstacleKind::EncryptedContainer,
                "is a 7-Zip archive with a password",
            ),
            Error::MaxMemLimited { .. } => (
                ObstacleKind::LimitReached,
                "is a 7-Zip archive that needs more memory to unpack than may be used",
            ),
            Error::UnsupportedCompressionMethod(_) | Error::Unsupported(_) => (
                ObstacleKind::UnknownContent,
                "is a 7-Zip archive with a compression that cannot be undone",
            ),
            _ => (ObstacleKind::Malformed, "is a damaged 7-Zip archive"),
        };
        self.unread(kind, what);
    }
}
