//! Content that is more than its label says: messages, mailboxes and uuencoded files inside of other parts.

use memchr::memmem;

use super::header;
use super::transfer::{is_uuencoded, uudecode};

/// Field names that only a message has, and that mail programs write.
const MAIL_FIELDS: [&str; 14] = [
    "content-type",
    "mime-version",
    "content-transfer-encoding",
    "received",
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "return-path",
    "delivered-to",
    "reply-to",
    "dkim-signature",
    "x-mailer",
];

/// The message inside `bytes` when they begin with a header section, after blank lines and a byte order mark.
pub(super) fn message(bytes: &[u8]) -> Option<&[u8]> {
    let marked = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let blank = marked
        .iter()
        .take(1_000)
        .take_while(|octet| octet.is_ascii_whitespace())
        .count();
    let start = marked.get(blank..).unwrap_or_default();
    if !start.first().is_some_and(u8::is_ascii_graphic) {
        return None;
    }
    let near = start.get(..start.len().min(16_384)).unwrap_or_default();
    let header = header::parse(near, 200);
    let known = |name: &&&str| header.fields.iter().any(|field| field.is(name));
    let mail = MAIL_FIELDS.iter().filter(known).count();
    let typed = header.fields.iter().any(|field| field.is("content-type"));
    let first = header
        .fields
        .first()
        .is_some_and(|field| field.name.iter().all(u8::is_ascii_graphic));
    (first && (typed || mail >= 2)).then_some(start)
}

/// Whether octets are a message, or a mailbox of messages: they begin with fields that only mail has.
pub fn is_message(bytes: &[u8]) -> bool {
    let mailbox = bytes.starts_with(b"From ").then(|| memmem::find(bytes, b"\n"));
    match mailbox {
        Some(end) => end.is_some_and(|end| message(bytes.get(end + 1..).unwrap_or_default()).is_some()),
        None => message(bytes).is_some(),
    }
}

/// The message of an emlx file, whose first line counts its octets, and what follows it.
pub fn counted_message(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', bytes.get(..20.min(bytes.len()))?)?;
    let count = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let count: usize = count.trim_ascii().parse().ok()?;
    let (counted, rest) = bytes.get(end + 1..)?.split_at_checked(count)?;
    message(counted).map(|message| (message, rest))
}

/// Fields that programs write. Without one of them, a person may have typed the header section into a text.
const PROGRAM_FIELDS: [&str; 7] = [
    "content-type",
    "mime-version",
    "received",
    "message-id",
    "return-path",
    "x-mailer",
    "x-mozilla-status",
];

/// Whether a mail program wrote the message that `bytes` begin with.
pub fn is_written_by_program(bytes: &[u8]) -> bool {
    let near = bytes.get(..bytes.len().min(16_384)).unwrap_or_default();
    let header = header::parse(near, 200);
    PROGRAM_FIELDS
        .iter()
        .any(|name| header.fields.iter().any(|field| field.is(name)))
}

/// The messages of a mailbox file (mbox), or the one message that is there. After `most` messages, the next one
/// holds all the rest.
///
/// A line of prose may begin with `From ` too. Where no field follows such a line, what follows is given as a
/// message of its own, and as part of the message before it.
pub fn messages(bytes: &[u8], most: usize) -> Vec<&[u8]> {
    if !bytes.starts_with(b"From ") {
        return vec![bytes];
    }
    let mut starts = vec![(0, true)];
    let lines = memmem::find_iter(bytes, b"\nFrom ").take(most);
    starts.extend(lines.map(|at| (at + 1, begins_message(bytes, at + 1))));
    let mut certain = bytes.len();
    let mut next = bytes.len();
    let mut pieces = Vec::with_capacity(starts.len());
    for (start, is_certain) in starts.into_iter().rev() {
        pieces.extend(bytes.get(start..if is_certain { certain } else { next }));
        next = start;
        certain = if is_certain { start } else { certain };
    }
    pieces.reverse();
    pieces
}

/// Whether a header field follows the line that begins here.
fn begins_message(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    let next = memchr::memchr(b'\n', rest).map_or(&[][..], |end| rest.get(end + 1..).unwrap_or_default());
    let name = next
        .iter()
        .take(80)
        .take_while(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
        .count();
    name > 0 && next.get(name) == Some(&b':')
}

/// The files that stand uuencoded in a text, with their names.
pub fn uuencoded(text: &[u8]) -> Vec<(String, Vec<u8>)> {
    let starts_line = |at: &usize| *at == 0 || matches!(text.get(at - 1), Some(b'\n' | b'\r'));
    let mut starts: Vec<usize> = memmem::find_iter(text, b"egin")
        .chain(memmem::find_iter(text, b"EGIN"))
        .filter_map(|at| at.checked_sub(1))
        .filter(|at| matches!(text.get(*at), Some(b'b' | b'B')) && starts_line(at))
        .collect();
    starts.sort_unstable();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let blocks = starts
        .iter()
        .zip(ends)
        .filter_map(|(start, end)| text.get(*start..end));
    blocks.filter_map(uuencoded_block).take(1_000).collect()
}

/// One block, if one of its first lines has the length that it claims: some readers skip others.
fn uuencoded_block(block: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut lines = block.split(|octet| matches!(octet, b'\n' | b'\r'));
    let opening = String::from_utf8_lossy(lines.next()?).into_owned();
    let rest = opening.get(5..)?.strip_prefix([' ', '\t'])?.trim();
    let (mode, name) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let octal = matches!(mode.len(), 2..=7) && mode.bytes().all(|c| matches!(c, b'0'..=b'7'));
    let near: Vec<&[u8]> = lines
        .clone()
        .filter(|line| !line.trim_ascii_end().is_empty())
        .take(3)
        .collect();
    if !octal {
        // Some readers do without the mode, where all else is in order.
        let sound = near.first().is_some_and(|line| is_uuencoded(line))
            && lines.any(|line| line.trim_ascii_end() == b"end");
        return sound.then(|| (rest.to_owned(), uudecode(block)));
    }
    if near.iter().any(|line| is_uuencoded(line)) {
        return Some((name.trim().to_owned(), uudecode(block)));
    }
    let translated = near.iter().any(|line| is_uuencoded(&from_xx(line)));
    translated.then(|| (name.trim().to_owned(), uudecode(&from_xx(block))))
}

/// xxencoded text as the same in the alphabet of `uuencode`.
fn from_xx(text: &[u8]) -> Vec<u8> {
    let letter = |octet: &u8| match *octet {
        b'+' => b' ',
        b'-' => b'!',
        digit @ b'0'..=b'9' => digit - b'0' + 34,
        capital @ b'A'..=b'Z' => capital - b'A' + 44,
        small @ b'a'..=b'z' => small - b'a' + 70,
        other => other,
    };
    text.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_section_makes_a_message_and_prose_does_not() {
        assert!(message(b"From: a@b.example\r\nSubject: x\r\n\r\nbody").is_some());
        assert!(message(b"\r\n\r\nContent-Type: message/partial\r\n\r\n").is_some());
        assert!(message(b"From a@b Mon Jan 1 10:00:00 2024\nTo: a\nDate: x\n\n").is_some());
        assert!(message(b"To: do\r\nbuy milk\r\n").is_none());
        assert!(message(b"name,ssn\r\nfrom:,to\r\n").is_none());
        assert!(message(b"").is_none());
    }

    #[test]
    fn a_mailbox_holds_several_messages() {
        assert_eq!(messages(b"From a\nA: 1\n\nx\nFrom b\nA: 2\n\ny", 9).len(), 2);
        assert_eq!(messages(b"A: 1\n\nFrom here", 9).len(), 1);
    }

    #[test]
    fn a_line_of_prose_that_begins_with_from_hides_nothing() {
        let mailbox = b"From a\nA: 1\n\nx\nFrom here on\nit goes\nFrom b\nA: 2\n\ny";
        let texts: Vec<_> = messages(mailbox, 9)
            .into_iter()
            .map(String::from_utf8_lossy)
            .collect();
        assert_eq!(
            texts,
            [
                "From a\nA: 1\n\nx\nFrom here on\nit goes\n",
                "From here on\nit goes\n",
                "From b\nA: 2\n\ny"
            ]
        );
    }

    #[test]
    fn uuencoded_files_are_found_and_prose_is_not() {
        let found = uuencoded(b"see\r\nbegin 644 a.txt\r\n+-3,V+3(R+3@Q-#4\r\n`\r\nend\r\n");
        assert_eq!(found, [("a.txt".to_owned(), b"536-22-8145".to_vec())]);
        assert!(uuencoded(b"\nbegin 100 metres behind the house\nand walk").is_empty());
        assert!(uuencoded(b"\nbegin work\n").is_empty());
        assert!(uuencoded(b"\nbegin 644 x\nbegin 644 y\n").is_empty());
        for odd in [
            &b"begin  64\ta.txt\r\rhello\r\n+-3,V+3(R+3@Q-#4\r\n`\r\nend\r\n"[..],
            b"begin 0644 a.txt\r+-3,V+3(R+3@Q-#4\r`\rend\r",
        ] {
            assert_eq!(uuencoded(odd), [("a.txt".to_owned(), b"536-22-8145".to_vec())]);
        }
    }
}
