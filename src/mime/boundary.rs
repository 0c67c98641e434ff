//! Every boundary that some reader might take from a Content-Type field (RFC 2046 §5.1.1).

use super::parameters;
use super::words;

/// More candidates than this in one header section are not tried.
pub(super) const MOST: usize = 8;

/// Adds the candidates of an unfolded value to `found`, the most likely first, each once. Returns whether all
/// had room.
///
/// A structured reading would be fooled by an open quote, and some readers just look for the word. So does this:
/// each place that says `boundary=` gives the readings of what follows.
pub(super) fn candidates(value: &[u8], found: &mut Vec<Vec<u8>>) -> bool {
    let mut complete = true;
    let mut add = |candidate: Vec<u8>| {
        let known = found.contains(&candidate);
        let room = found.len() < MOST;
        if !candidate.is_empty() && !known && room {
            found.push(candidate);
        } else {
            complete &= known || room;
        }
    };
    let lower = value.to_ascii_lowercase();
    let mut places = memchr::memmem::find_iter(&lower, b"boundary");
    for at in places.by_ref().take(MOST) {
        let after = value.get(at + 8..).unwrap_or_default().trim_ascii_start();
        if let Some(text) = after.strip_prefix(b"=") {
            spellings(text.trim_ascii(), &mut add);
        }
    }
    let continued = parameters::read(value)
        .into_iter()
        .filter(|parameter| parameter.encoded);
    for parameter in continued.filter(|parameter| parameter.name == "boundary") {
        add(parameter.value.trim_end().as_bytes().to_vec());
        add(parameter.value.trim().as_bytes().to_vec());
    }
    complete && places.next().is_none()
}

/// The readings of what stands behind the equals sign.
fn spellings(text: &[u8], add: &mut impl FnMut(Vec<u8>)) {
    if let Some(quoted) = text.strip_prefix(b"\"") {
        let content = unquoted(quoted);
        add(content.trim_ascii_end().to_vec());
        add(content.trim_ascii().to_vec());
        if content.contains(&b'\\') || quoted.contains(&b'\\') {
            add(until(quoted, |octet| octet == b'"').trim_ascii_end().to_vec());
        }
        if content.starts_with(b"=?") {
            add(words::decode(&content).text.trim_end().as_bytes().to_vec());
        }
        return;
    }
    let token = until(text, |octet| octet == b';' || octet.is_ascii_whitespace());
    add(token.to_vec());
    add(until(text, |octet| octet == b';').trim_ascii_end().to_vec());
    add(until(token, |octet| matches!(octet, b'(' | b',' | b'"')).to_vec());
    if let Some(inner) = token
        .strip_prefix(b"'")
        .and_then(|inner| inner.strip_suffix(b"'"))
    {
        add(inner.to_vec());
    }
    if token.starts_with(b"=?") {
        add(words::decode(token).text.trim_end().as_bytes().to_vec());
    }
}

/// The content of a quoted string after its opening quote; one that never ends runs to the end of the value.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    let mut octets = text.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => break,
            b'\\' => content.extend(octets.next()),
            _ => content.push(*octet),
        }
    }
    content
}

fn until(text: &[u8], ends: impl Fn(u8) -> bool) -> &[u8] {
    let length = text.iter().take_while(|octet| !ends(**octet)).count();
    text.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: &str) -> Vec<String> {
        let mut found = Vec::new();
        candidates(value.as_bytes(), &mut found);
        found
            .iter()
            .map(|candidate| String::from_utf8_lossy(candidate).into_owned())
            .collect()
    }

    #[test]
    fn an_ordinary_field_has_one_boundary() {
        for field in [
            "multipart/mixed; boundary=abc",
            "multipart/mixed; boundary=\"abc\"; charset=x",
            "multipart/mixed; BOUNDARY = abc ; charset=x",
            "multipart/mixed; boundary=\"abc\\\"",
            "multipart/mixed; boundary*=us-ascii''a%62c",
            "multipart/mixed; boundary*0=a; boundary*1=bc",
            "multipart/mixed; boundary=\"abc ",
        ] {
            assert!(
                found(field)
                    .first()
                    .is_some_and(|first| first == "abc" || first == "abc\""),
                "{field}"
            );
        }
        assert_eq!(found("multipart/mixed; boundary=\"=_a=b/c?d\""), ["=_a=b/c?d"]);
    }

    #[test]
    fn every_reading_of_an_odd_field_is_a_candidate() {
        for (field, candidate) in [
            ("multipart/mixed; boundary=a b", "a b"),
            ("multipart/mixed; boundary=abc(d)", "abc"),
            ("multipart/mixed; name=\"x; boundary=abc", "abc"),
            ("multipart/mixed; boundary=a; boundary=abc", "abc"),
            ("multipart/mixed; boundary='abc'", "abc"),
            ("multipart/mixed; boundary=\"=?utf-8?Q?abc?=\"", "abc"),
            ("multipart/mixed; boundary=\" abc\"", "abc"),
        ] {
            assert!(found(field).iter().any(|found| found == candidate), "{field}");
        }
    }

    #[test]
    fn too_many_candidates_are_reported() {
        let field: String = (0..20).map(|n| format!("; boundary=b{n}")).collect();
        assert!(!candidates(field.as_bytes(), &mut Vec::new()));
    }
}
