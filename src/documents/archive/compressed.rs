//! Compressed files: gzip (RFC 1952), bzip2, xz, Zstandard (RFC 8878) and LZMA. Several streams one behind the
//! other are one file, as the programs of these formats have it.

use std::io::{Error, ErrorKind, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::super::Visit;
use crate::message::ObstacleKind;
use crate::mime::TextKind;

/// Memory that a decoder may ask for: what `xz -9` and `zstd --ultra` need. A header can claim 4 GiB.
const MEMORY: u32 = 130 << 20;

/// Streams in one file. Each costs its set-up, however short it is.
const MOST_STREAMS: usize = 5_000;

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    if let Some(format) = Format::of(bytes) {
        visit.streams(format);
        return true;
    }
    let lzma = is_lzma(bytes);
    if lzma {
        visit.lzma();
    }
    lzma
}

/// What the streams of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Gzip,
    Bzip2,
    Xz,
    Zstandard,
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Format> {
        match bytes {
            // The only method, and no reserved flag (RFC 1952 §2.3.1).
            [0x1f, 0x8b, 8, flags, ..] if *flags < 0x20 => Some(Format::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', magic @ ..]
                if magic.starts_with(b"1AY&SY") || magic.starts_with(b"\x17rE8P\x90") =>
            {
                Some(Format::Bzip2)
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Format::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Format::Zstandard),
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Format::Zstandard),
            _ => None,
        }
    }
}

/// A stream that is being unpacked.
enum Stream<'a> {
    Gzip(Box<GzDecoder<&'a [u8]>>),
    Bzip2(BzDecoder<&'a [u8]>),
    Xz(Box<XzReader<&'a [u8]>>),
    Zstandard(Box<StreamingDecoder<&'a [u8], FrameDecoder>>),
}

impl<'a> Stream<'a> {
    fn open(format: Format, bytes: &'a [u8]) -> Result<Self, Error> {
        Ok(match format {
            Format::Gzip => Stream::Gzip(Box::new(GzDecoder::new(bytes))),
            Format::Bzip2 => Stream::Bzip2(BzDecoder::new(bytes)),
            Format::Xz => Stream::Xz(Box::new(XzReader::new_mem_limit(bytes, false, MEMORY / 1024))),
            Format::Zstandard => {
                let opened = StreamingDecoder::new_with_max_window_size(bytes, u64::from(MEMORY));
                Stream::Zstandard(Box::new(opened.map_err(|error| match error {
                    FrameDecoderError::WindowSizeTooBig { .. } => Error::from(ErrorKind::OutOfMemory),
                    _ => Error::from(ErrorKind::InvalidData),
                })?))
            }
        })
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        match self {
            Stream::Gzip(stream) => stream.read(buffer),
            Stream::Bzip2(stream) => stream.read(buffer),
            Stream::Xz(stream) => stream.read(buffer),
            Stream::Zstandard(stream) => stream.read(buffer),
        }
    }

    /// What the header says beside the content: the file's name and a comment.
    fn notes(&self) -> Option<(Option<String>, Option<String>)> {
        let Stream::Gzip(stream) = self else {
            return None;
        };
        let header = stream.header()?;
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let extra = header.extra().map(crate::mime::printable);
        let comment = header.comment().map(text).or(extra);
        Some((header.filename().map(text), comment))
    }

    /// The octets behind the stream, once it has ended.
    fn rest(self) -> &'a [u8] {
        match self {
            Stream::Gzip(stream) => stream.into_inner(),
            Stream::Bzip2(stream) => stream.into_inner(),
            Stream::Xz(stream) => stream.into_inner(),
            Stream::Zstandard(stream) => stream.into_inner(),
        }
    }
}

/// All streams of a file as one.
struct Streams<'a> {
    format: Format,
    /// What stands behind the stream that is open.
    rest: &'a [u8],
    open: Option<Stream<'a>>,
    opened: usize,
    /// The name of the first stream.
    name: Option<String>,
    /// Further names, comments, and what decoders skip.
    notes: String,
    /// Why reading ended before the end.
    stopped: Option<&'static str>,
}

impl<'a> Streams<'a> {
    fn of(format: Format, bytes: &'a [u8]) -> Self {
        Streams {
            format,
            rest: bytes,
            open: None,
            opened: 0,
            name: None,
            notes: String::new(),
            stopped: None,
        }
    }

    /// Opens the next stream, if one follows.
    fn next(&mut self) -> Result<bool, Error> {
        while self.skip_frame() {}
        let padding = self.rest.iter().take_while(|octet| **octet == 0).count();
        let next = self.rest.get(padding..).unwrap_or_default();
        if self.stopped.is_some() || Format::of(next) != Some(self.format) {
            return Ok(false);
        }
        if self.opened == MOST_STREAMS {
            self.stopped = Some("holds too many compressed streams");
            return Ok(false);
        }
        self.opened += 1;
        self.rest = &[];
        self.open = Some(Stream::open(self.format, next)?);
        Ok(true)
    }

    /// Skips a frame that is for other programs (RFC 8878 §3.1.2), and notes what it says.
    fn skip_frame(&mut self) -> bool {
        let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, frame @ ..] = self.rest else {
            return false;
        };
        let length = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
        let (content, rest) = frame.split_at(length.min(frame.len()));
        self.notes.push_str(&crate::mime::printable(content));
        self.rest = rest;
        true
    }

    fn close(&mut self) {
        let Some(stream) = self.open.take() else {
            return;
        };
        if let Some((name, comment)) = stream.notes() {
            let other = if self.name.is_none() {
                self.name = name;
                None
            } else {
                name
            };
            for note in other.into_iter().chain(comment) {
                self.notes.push_str(&note);
                self.notes.push('\n');
            }
        }
        self.rest = stream.rest();
    }
}

impl Read for Streams<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            if self.open.is_none() && !self.next().or_else(|error| self.fail(error))? {
                return Ok(0);
            }
            let read = self.open.as_mut().map_or(Ok(0), |stream| stream.read(buffer));
            match read {
                Ok(0) => self.close(),
                Ok(read) => return Ok(read),
                Err(error) => return self.fail(error).map(|_| 0),
            }
        }
    }
}

impl Streams<'_> {
    /// Ends reading. A lack of memory is our limit and no damage.
    fn fail(&mut self, error: Error) -> Result<bool, Error> {
        self.close();
        self.rest = &[];
        if error.kind() == ErrorKind::OutOfMemory {
            self.stopped = Some("needs more memory to unpack than may be used");
            return Ok(false);
        }
        Err(error)
    }
}

impl Visit<'_> {
    fn streams(&mut self, format: Format) {
        let mut streams = Streams::of(format, self.bytes());
        let room = self.room();
        let content = self.unpack("a compressed stream", &mut streams);
        let ended = content.len() < room;
        if !ended {
            streams.close();
        }
        if let Some(why) = streams.stopped {
            self.obstacle(ObstacleKind::LimitReached, why);
        }
        self.text_in("the header", TextKind::Header, std::mem::take(&mut streams.notes));
        let name = streams
            .name
            .take()
            .or_else(|| inner_name(self.leaf.file_name.as_deref()));
        self.file(name.as_deref(), content);
        if ended {
            self.outside(streams.rest);
        }
    }

    /// LZMA without a container; nothing but its first 13 octets tells of it.
    fn lzma(&mut self) {
        let reader = LzmaReader::new_mem_limit(self.bytes(), MEMORY / 1024, None);
        let content = match reader {
            Ok(reader) => self.unpack("a compressed stream", reader),
            Err(_) => {
                let what = "is an LZMA file that needs more memory to unpack than may be used";
                return self.unread(ObstacleKind::LimitReached, what);
            }
        };
        let name = inner_name(self.leaf.file_name.as_deref());
        self.file(name.as_deref(), content);
    }
}

/// The usual properties, a dictionary that is a power of two or half as much again, a size that can be.
fn is_lzma(bytes: &[u8]) -> bool {
    let [0x5d, a, b, c, d, size @ ..] = bytes else {
        return false;
    };
    let dictionary = u32::from_le_bytes([*a, *b, *c, *d]);
    let usual = dictionary.is_power_of_two() || (dictionary % 3 == 0 && (dictionary / 3).is_power_of_two());
    let Some(size) = size.first_chunk::<8>() else {
        return false;
    };
    let size = u64::from_le_bytes(*size);
    usual && dictionary >= 4_096 && (size == u64::MAX || size < 1 << 38) && bytes.get(13) == Some(&0)
}

/// The name of what is inside, by the name of the file: `list.csv.gz`, `all.tgz`.
fn inner_name(name: Option<&str>) -> Option<String> {
    let (stem, ending) = name?.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "gz" | "bz2" | "xz" | "zst" | "lzma" | "lz4" | "z" => Some(stem.to_owned()),
        "tgz" | "tbz" | "tbz2" | "txz" | "tzst" | "tlz" => Some(format!("{stem}.tar")),
        "svgz" => Some(format!("{stem}.svg")),
        _ => None,
    }
}
