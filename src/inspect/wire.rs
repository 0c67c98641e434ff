//! What the gateway and a child say to each other, and the frames around it.
//!
//! Both ends are this same program, so the words may change with any version. A frame is its length, four
//! octets, the least significant first, and that many octets. The gateway says [`Hello`] once, in JSON, and
//! then asks with one frame for each message: what it is ([`label`]) and its raw octets. The child answers with
//! [`Welcome`] and then with one [`Answer`] for each message, both in JSON.
//!
//! A child of the gateway says what a gateway may know. Values and texts are said to a scan that asked for them in
//! its [`Hello`], and to nobody else.
//!
//! The child trusts the gateway. The gateway trusts no length and no text that comes from a child.

use std::io::{Error, ErrorKind, Read, Result, Write};

use bytes::Buf;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Source;
use super::jail::JailReport;
use super::pictures::Announced;
use super::scanner::{Asked, Extras};
use crate::detect::RuleSource;
use crate::message::Inspection;
use crate::mime::Limits;

/// The longest answer that the gateway accepts. [`super::bounds::tidy`] keeps every honest one below it.
pub(super) const ANSWER_LIMIT: usize = 16 << 20;

/// The longest answer that a scan accepts. [`super::scanner`] keeps every honest one below it.
pub(super) const SCAN_ANSWER_LIMIT: usize = 1 << 30;

/// Octets that most answers fit into.
const USUAL_ANSWER: usize = 16 << 10;

/// The longest greeting that a child accepts, which guards against a stranger on its standard input only.
pub(super) const HELLO_LIMIT: usize = 256 << 20;

/// What a child needs to know before it enters its jail.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hello {
    /// Mebibytes of address space.
    pub memory_mb: u64,
    /// Processor seconds for each message.
    pub cpu_seconds: u64,
    /// What reading may spend on one message.
    pub limits: Limits,
    /// The rules to search with.
    pub rules: Vec<RuleSource>,
    /// What a scan wants to know. A gateway never asks.
    pub scan: Option<Asked>,
}

/// What a child says once it is in its jail.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Welcome {
    /// What the kernel did not give.
    pub jail: JailReport,
    /// Mistakes in the rules. The child ends if there are any.
    pub mistakes: Vec<String>,
}

/// What a child says of one message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    /// Which message of this child it is about, counted from 1.
    pub number: u64,
    /// What was learned.
    pub inspection: Inspection,
    /// What a scan asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<Extras>,
    /// Pictures to be read; their pixels follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<Announced>,
    /// Whether the child ends now, because it no longer trusts its own state.
    pub leaving: bool,
}

/// The octets that stand before the content in a question: 0 for a message; 1 for a file, the length of its name in
/// two octets, the least significant first, and the name.
pub(super) fn label(source: Source<'_>) -> Vec<u8> {
    let Source::File { name, .. } = source else {
        return vec![0];
    };
    let name = name
        .get(..name.floor_char_boundary(usize::from(u16::MAX)))
        .unwrap_or_default();
    let length = u16::try_from(name.len()).unwrap_or_default();
    let [low, high] = length.to_le_bytes();
    [&[1, low, high], name.as_bytes()].concat()
}

/// What is asked: a label and the content.
///
/// # Errors
/// When there is no label.
pub(super) fn question(frame: &[u8]) -> Result<Source<'_>> {
    let unlabelled = || Error::from(ErrorKind::InvalidData);
    match frame.split_first() {
        Some((0, raw)) => Ok(Source::Message(raw)),
        Some((1, rest)) => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(unlabelled)?;
            let length = usize::from(u16::from_le_bytes(*length));
            let (name, bytes) = rest.split_at_checked(length).ok_or_else(unlabelled)?;
            let name = std::str::from_utf8(name).map_err(|_| unlabelled())?;
            Ok(Source::File { name, bytes })
        }
        _ => Err(unlabelled()),
    }
}

/// Reads a frame into `buffer`, whose room is used again; `false` when the other end has hung up in between.
///
/// # Errors
/// When the frame is longer than `limit` or than the memory that is left, or when it is cut short.
pub(super) fn read_frame(source: &mut impl Read, limit: usize, buffer: &mut Vec<u8>) -> Result<bool> {
    buffer.clear();
    let mut header = Vec::with_capacity(4);
    source.by_ref().take(4).read_to_end(&mut header)?;
    if header.is_empty() {
        return Ok(false);
    }
    let header: [u8; 4] = header.try_into().map_err(|_| ErrorKind::UnexpectedEof)?;
    let length = length_within(header, limit)?;
    buffer
        .try_reserve_exact(length)
        .map_err(|_| ErrorKind::OutOfMemory)?;
    source.by_ref().take(length as u64).read_to_end(buffer)?;
    if buffer.len() < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(true)
}

/// Writes `value` as one frame of JSON, in one call.
///
/// # Errors
/// When the other end has hung up, or `value` does not fit into a frame.
pub(super) fn write_frame(sink: &mut impl Write, value: &impl Serialize) -> Result<()> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, value)?;
    let length = header(frame.len().saturating_sub(4))?;
    for (place, octet) in frame.iter_mut().zip(length) {
        *place = octet;
    }
    sink.write_all(&frame)
}

/// Writes octets as one frame.
///
/// # Errors
/// When the other end has hung up, or they do not fit into a frame.
pub(super) fn write_octets(sink: &mut impl Write, octets: &[u8]) -> Result<()> {
    sink.write_all(&header(octets.len())?)?;
    sink.write_all(octets)
}

/// Sends `payload` as one frame without copying it.
///
/// # Errors
/// When the other end has hung up, or `payload` does not fit into a frame.
pub(super) async fn send(sink: &mut (impl AsyncWriteExt + Unpin), payload: &[u8]) -> Result<()> {
    send_labelled(sink, &[], payload).await
}

/// Sends `label` and `payload` as one frame without copying the payload.
///
/// # Errors
/// When the other end has hung up, or they do not fit into a frame.
pub(super) async fn send_labelled(
    sink: &mut (impl AsyncWriteExt + Unpin),
    label: &[u8],
    payload: &[u8],
) -> Result<()> {
    let header = header(label.len().saturating_add(payload.len()))?;
    let start = [header.as_slice(), label].concat();
    sink.write_all_buf(&mut Buf::chain(start.as_slice(), payload))
        .await
}

/// Receives one frame from a child. Beyond [`USUAL_ANSWER`], memory is taken as octets arrive, never on the word of the
/// child.
///
/// # Errors
/// When the frame is longer than `limit`, or cut short.
pub(super) async fn receive(source: &mut (impl AsyncReadExt + Unpin), limit: usize) -> Result<Vec<u8>> {
    let mut header = [0; 4];
    source.read_exact(&mut header).await?;
    let length = length_within(header, limit)?;
    let mut payload = Vec::with_capacity(length.min(USUAL_ANSWER));
    source.take(length as u64).read_to_end(&mut payload).await?;
    if payload.len() < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(payload)
}

fn header(length: usize) -> Result<[u8; 4]> {
    let length = u32::try_from(length).map_err(|_| Error::from(ErrorKind::InvalidInput))?;
    Ok(length.to_le_bytes())
}

fn length_within(header: [u8; 4], limit: usize) -> Result<usize> {
    let length = u32::from_le_bytes(header) as usize;
    if length > limit {
        return Err(ErrorKind::InvalidData.into());
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_frame_that_claims_more_than_the_limit_is_refused_before_memory_is_taken() {
        let mut buffer = Vec::new();
        let hostile = u32::MAX.to_le_bytes();
        let error = read_frame(&mut hostile.as_slice(), 1 << 20, &mut buffer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(buffer.capacity(), 0);
    }

    #[test]
    fn hanging_up_between_frames_is_an_end_and_within_a_frame_an_error() {
        let mut buffer = Vec::new();
        assert!(!read_frame(&mut [].as_slice(), 9, &mut buffer).unwrap());
        for cut in [&[5u8, 0][..], &[5, 0, 0, 0, 1, 2]] {
            let error = read_frame(&mut &*cut, 9, &mut buffer).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        }
    }

    #[tokio::test]
    async fn the_gateway_takes_no_memory_on_the_word_of_a_child() {
        let mut long = (ANSWER_LIMIT as u32 + 1).to_le_bytes().to_vec();
        long.extend([b'x'; 64]);
        assert!(receive(&mut long.as_slice(), ANSWER_LIMIT).await.is_err());
        let cut_short = [1, 1, 0, 0, b'x'];
        assert!(receive(&mut cut_short.as_slice(), ANSWER_LIMIT).await.is_err());
    }

    #[test]
    fn a_question_without_a_whole_label_is_no_question() {
        for frame in [
            &b""[..],
            &[2, 0],
            &[1],
            &[1, 5],
            &[1, 2, 0, b'x'],
            &[1, 1, 0, 0xff],
        ] {
            assert!(question(frame).is_err(), "{frame:?}");
        }
        assert!(matches!(question(&[0]), Ok(Source::Message(b""))));
    }

    proptest! {
        #[test]
        fn a_file_is_asked_about_under_its_name(name: String, bytes: Vec<u8>) {
            let source = Source::File { name: &name, bytes: &bytes };
            let frame = [label(source).as_slice(), &bytes].concat();
            let asked = question(&frame).unwrap();
            let same = matches!(asked, Source::File { name: n, bytes: b } if n == name && b == bytes);
            prop_assert!(same);
        }

        #[test]
        fn what_is_sent_is_what_is_read(first: Vec<u8>, second: Vec<u8>) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let mut pipe = Vec::new();
            runtime.block_on(send(&mut pipe, &first)).unwrap();
            runtime.block_on(send(&mut pipe, &second)).unwrap();
            let (mut source, mut buffer) = (pipe.as_slice(), Vec::new());
            prop_assert!(read_frame(&mut source, 1 << 20, &mut buffer).unwrap());
            prop_assert_eq!(&buffer, &first);
            prop_assert!(read_frame(&mut source, 1 << 20, &mut buffer).unwrap());
            prop_assert_eq!(&buffer, &second);
            prop_assert!(!read_frame(&mut source, 1 << 20, &mut buffer).unwrap());
        }

        #[test]
        fn reading_any_octets_as_a_frame_neither_panics_nor_loops(octets: Vec<u8>) {
            let mut buffer = Vec::new();
            let mut source = octets.as_slice();
            while let Ok(true) = read_frame(&mut source, 64, &mut buffer) {
                prop_assert!(buffer.len() <= 64);
            }
        }
    }
}
