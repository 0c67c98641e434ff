//! Where a sentence ends, so that what one sentence is about is not taken for what the next one says.

/// Words before a full stop that are cut short and end no sentence: "acct.", "lic. no.".
const SHORT: [&str; 45] = [
    "no", "nos", "num", "nbr", "nr", "acct", "acc", "lic", "soc", "sec", "st", "dr", "mr", "ms", "mrs",
    "prof", "jr", "sr", "exp", "tel", "ext", "ave", "rd", "blvd", "apt", "ste", "mass", "inc", "co", "corp",
    "dept", "drv", "driv", "oper", "ss", "dl", "ref", "cert", "chk", "sav", "rtg", "rev", "fig", "vol",
    "approx",
];

/// Whether a full stop after this text cuts a word short and ends no sentence: "acct.", "lic. no.", "D.L.".
pub(super) fn ends_short(text: &[u8]) -> bool {
    let letters = text
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let word = text.get(text.len() - letters..).unwrap_or_default();
    letters == 1
        || SHORT
            .iter()
            .any(|short| word.eq_ignore_ascii_case(short.as_bytes()))
}

/// Whether a sentence ends in a text and another one begins in it or right behind it, at `next`.
pub(super) fn ends_in(text: &[u8], next: Option<u8>) -> bool {
    ends(text).any(|(_, after)| begins(text, after, next))
}

/// As [`ends_in`], or a line ends and the next one is no rest of a sentence.
pub(super) fn or_line_ends_in(text: &[u8], next: Option<u8>) -> bool {
    let mut lines = memchr::memchr_iter(b'\n', text);
    ends_in(text, next) || lines.any(|end| begins(text, end + 1, next))
}

/// Whether a sentence or an entry of a list begins at an octet.
fn begins(text: &[u8], at: usize, next: Option<u8>) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    let edge = |byte: &&u8| byte.is_ascii_whitespace() || matches!(byte, b'-' | b'*' | b'>');
    let first = rest.iter().find(|byte| !edge(byte)).copied().or(next);
    first.is_some_and(|first| first.is_ascii_uppercase())
}

/// Where the last sentence of a text begins; none when no sentence ends in it.
pub(super) fn last_begins(text: &[u8]) -> Option<usize> {
    ends(text).last().map(|(_, after)| after)
}

/// Where the first sentence of a text ends; none when none does.
pub(super) fn first_ends(text: &[u8]) -> Option<usize> {
    ends(text).next().map(|(at, _)| at)
}

/// Each sentence that ends in a text: its last sign, and where the next one begins.
fn ends(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let pairs = text.windows(2).enumerate();
    pairs.filter_map(|(at, pair)| {
        let stop = matches!(pair, [b'.' | b'?' | b'!', b' ' | b'\n' | b'\r']);
        let before = text.get(..at).unwrap_or_default();
        // A dot that stands alone parts the entries of a signature, and so does one in the middle of the line.
        let alone = before.last().is_some_and(u8::is_ascii_whitespace);
        (stop && !alone && !ends_short(before)).then_some((at, at + 2))
    })
}

#[cfg(test)]
mod tests {
    use super::{ends_in, last_begins};

    #[test]
    fn a_full_stop_ends_a_sentence_unless_it_cuts_a_word_short() {
        for (text, ends) in [
            (" goes first. The next", true),
            (" goes first.\nThe next", true),
            (" number? Yes", true),
            (" Soc. Sec. No. ", false),
            (" Acct. No. 48", false),
            (" version 1.2 is", false),
            (" first. and so on", false),
            (" 1997407154 . MA Lic", false),
        ] {
            assert_eq!(ends_in(text.as_bytes(), None), ends, "{text}");
        }
        assert!(ends_in(b" was paid. ", Some(b'T')));
        assert!(!ends_in(b" was paid. ", Some(b'4')));
        assert_eq!(last_begins(b"one. two. three"), Some(10));
        assert_eq!(last_begins(b"Lic. No. "), None);
    }
}
