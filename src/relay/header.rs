//! Fields of a message's header section, for what the relay itself looks for there.

use crate::message::RawMessage;

/// The values of all fields of that name, from the top, with their folded lines and without line ends. Blanks before the
/// colon are let pass (RFC 5322 §4.5.8).
pub(super) fn values<'a>(raw: &'a RawMessage, name: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
    let lines = raw.as_bytes().split(|octet| *octet == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lines = lines.take_while(|line| !line.is_empty()).peekable();
    std::iter::from_fn(move || {
        let mut value = lines.find_map(|line| begun(line, name))?.to_vec();
        while let Some(folded) = lines.next_if(|line| matches!(line.first(), Some(b' ' | b'\t'))) {
            value.extend_from_slice(folded);
        }
        Some(value)
    })
}

/// What stands behind the colon, when this line begins a field of that name.
fn begun<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (head, rest) = line.split_at_checked(name.len())?;
    let is_it = head.eq_ignore_ascii_case(name.as_bytes());
    is_it.then(|| rest.trim_ascii_start().strip_prefix(b":"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fields_of_a_name_are_told_with_their_folded_lines_and_nothing_of_the_body() {
        let raw = RawMessage::new(
            "A: 1\r\n 2\r\na :3\n\t4\r\nAB: 5\r\nB: x\r\n A: 6\r\nA:\r\n\r\nA: 7\r\n".to_owned(),
        );
        let told: Vec<Vec<u8>> = values(&raw, "A").collect();
        assert_eq!(told, [&b" 1 2"[..], b"3\t4", b""]);
    }
}
