//! What stands encoded in a text though no label of that text says so.
//!
//! Where readers disagree about a header section or a boundary, the text of one is the encoded body of another.
//! Whatever the disagreement, lines of base64 look like nothing else, and escapes of quoted-printable mean
//! something as soon as a label for them is near.

use memchr::memmem;

use super::base64::{base64, base64_lines, is_letter, other_readings};
use super::quoted::{self, quoted_printable};

/// Fewer letters of base64 hide nothing that matters.
const SHORTEST: usize = 12;

/// The octets that the base64 and, if `quoted` tells of a label or the text holds one, the quoted-printable in
/// `text` stand for. Empty for ordinary text.
pub(super) fn read(text: &[u8], quoted: bool) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for run in base64_runs(text) {
        found.push(base64(&run).bytes);
        // Another word or line before it shifts all that follows.
        let torn = run.split(|octet| *octet == b'\n').any(|line| line.len() % 4 != 0);
        found.extend(torn.then(|| base64_lines(&run)));
        let padded = run.split(|octet| *octet == b'\n').rev().skip(2);
        if !run
            .iter()
            .all(|octet| is_letter(*octet) || matches!(octet, b'=' | b'\n'))
            || padded.into_iter().any(|line| line.contains(&b'='))
        {
            found.extend(other_readings(&run));
        }
    }
    if quoted || names_quoted_printable(text) {
        let escaped = escaped_lines(text);
        if !escaped.is_empty() {
            found.push(quoted_printable(&escaped));
            found.extend(quoted::other_reading(&escaped));
        }
    }
    found
}

/// Whether a header section, or a text that may hold one, names quoted-printable.
pub(super) fn names_quoted_printable(text: &[u8]) -> bool {
    memmem::find_iter(text, b"rintable").next().is_some() || memmem::find(text, b"RINTABLE").is_some()
}

/// Whether octets are text, as far as their beginning shows.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(1_024)).unwrap_or_default();
    let odd = |octet: &&u8| octet.is_ascii_control() && !octet.is_ascii_whitespace();
    head.iter().filter(odd).count() * 20 <= head.len()
}

/// Whether a line is nothing but base64, or a long one with little else in it: some readers skip that.
fn is_base64(line: &[u8]) -> bool {
    let strays = line.iter().filter(|octet| !is_letter(**octet) && **octet != b'=');
    let most = if line.len() < FEWEST_WITH_STRAYS {
        0
    } else {
        line.len() / FEWEST_WITH_STRAYS
    };
    strays.clone().take(most + 1).count() <= most && strays.take(most).all(|octet| *octet != b' ')
}

/// So many letters of base64 stand for each stray octet in them.
const FEWEST_WITH_STRAYS: usize = 30;

/// Stretches of lines that are nothing but base64, without their line ends.
fn base64_runs(text: &[u8]) -> Vec<Vec<u8>> {
    let mut runs = Vec::new();
    let mut run: Vec<u8> = Vec::new();
    let mut end = |run: &mut Vec<u8>| {
        let complete = std::mem::take(run);
        // Words have no digits in them, and base64 of what matters has.
        if complete.len() >= SHORTEST
            && complete
                .iter()
                .any(|octet| !octet.is_ascii_alphabetic() && *octet != b'\n')
        {
            runs.push(complete);
        }
    };
    let lines = pieces(text, b'\n').flat_map(|line| pieces(line.trim_ascii_end(), b'\r'));
    for line in lines.map(<[u8]>::trim_ascii) {
        if !line.is_empty() && is_base64(line) {
            run.extend_from_slice(line);
            run.push(b'\n');
        } else if !line.is_empty() {
            end(&mut run);
        }
    }
    end(&mut run);
    runs
}

/// What stands between octets like `end`.
fn pieces(text: &[u8], end: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (piece, behind) = match memchr::memchr(end, text) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)),
            None => (text, None),
        };
        rest = behind;
        Some(piece)
    })
}

/// The lines that hold an escape or a soft line break, each with the line before it, where a keyword may stand.
fn escaped_lines(text: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::new();
    let mut before: &[u8] = &[];
    let mut goes_on = false;
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        let escapes = goes_on || memchr::memchr_iter(b'=', line).any(|at| is_escape(line, at));
        goes_on = line.trim_ascii_end().ends_with(b"=");
        if escapes {
            escaped.extend_from_slice(std::mem::take(&mut before));
            escaped.extend_from_slice(line);
        } else {
            before = line;
        }
    }
    escaped
}

fn is_escape(line: &[u8], at: usize) -> bool {
    let after = line.get(at + 1..).unwrap_or_default();
    quoted::hex_pair(after).is_some() || after.trim_ascii().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, quoted: bool) -> String {
        let found = read(text.as_bytes(), quoted).concat();
        String::from_utf8_lossy(&found).into_owned()
    }

    #[test]
    fn lines_of_base64_are_decoded_wherever_they_stand() {
        let text = "Dear all,\r\n\r\nU1NOIDUzNi0y\r\nMi04MTQ1\r\n\r\nRegards";
        assert!(found(text, false).contains("SSN 536-22-8145"));
        assert!(found("hello\nU1NOIDUzNi0yMi04MTQ1\n", false).contains("SSN 536-22-8145"));
    }

    #[test]
    fn escapes_are_undone_where_a_label_is_near() {
        let text = "Content-Transfer-Encoding: Quoted-Printable\n\nSSN\n536=2D22=\n=2D8145\n";
        assert!(found(text, false).contains("SSN\n536-22-8145"));
        assert!(found("SSN 536=2D22=2D8145", true).contains("SSN 536-22-8145"));
        assert_eq!(found("<td width=20>536=2D22</td>", false), "");
    }

    #[test]
    fn ordinary_text_holds_nothing() {
        for text in [
            "",
            "Dear all,\nplease see http://x.example/?a=20\nRegards\nAnn\n",
            "a\nb\nc\n",
        ] {
            assert_eq!(found(text, false), "", "{text}");
        }
    }
}
