//! Octets beyond ASCII in header fields, as encoded words (RFC 2047): in text, and in the names beside addresses.

/// Octets of text in one encoded word, whose base 64 is then within 75 (RFC 2047 §2).
const PIECE: usize = 42;

/// Fields of addresses.
const ADDRESSES: &[&str] = &[
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "resent-from",
    "resent-sender",
    "resent-to",
    "resent-cc",
];
/// Fields whose form leaves no place for encoded words.
const STRICT: &[&str] = &[
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "received",
    "return-path",
    "resent-date",
    "resent-message-id",
    "mime-version",
    "dkim-signature",
    "authentication-results",
    "list-id",
    "sealgate-pass",
];

/// The field in ASCII; `None` when that would take a guess.
pub(super) fn encoded(name: &str, raw: &[u8]) -> Option<Vec<u8>> {
    if STRICT.contains(&name) || name.starts_with("content-") {
        return None;
    }
    // Windows' own code page is what mail programs write that do not say UTF-8.
    let text = match std::str::from_utf8(raw) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(raw).0.into_owned(),
    };
    let (head, value) = text.split_once(':')?;
    head.is_ascii().then_some(())?;
    let value = value.trim_end_matches(['\r', '\n']);
    let value = match ADDRESSES.contains(&name) {
        true => of_addresses(value)?,
        false => of_text(value),
    };
    Some(format!("{head}:{value}\r\n").into_bytes())
}

/// Free text: blanks stay, and everything from the first word beyond ASCII to the last is encoded.
fn of_text(value: &str) -> String {
    let value = value.replace("\r\n", "");
    let words = || value.split_inclusive(' ');
    let wide: Vec<bool> = words().map(|word| !word.is_ascii()).collect();
    let (Some(first), Some(last)) = (
        wide.iter().position(|wide| *wide),
        wide.iter().rposition(|wide| *wide),
    ) else {
        return value;
    };
    let before: String = words().take(first).collect();
    let middle: String = words().skip(first).take(last - first + 1).collect();
    let after: String = words().skip(last + 1).collect();
    let blank = if middle.ends_with(' ') && !after.is_empty() {
        " "
    } else {
        ""
    };
    let before = if before.is_empty() { " ".to_owned() } else { before };
    format!("{before}{}{blank}{after}", words_of(middle.trim_end()))
}

/// Names beside addresses: quoted, or as words in front of an angle bracket. An address beyond ASCII cannot be encoded.
fn of_addresses(value: &str) -> Option<String> {
    let value = value.replace("\r\n", "");
    let mut out = String::new();
    let mut rest = value.as_str();
    while !rest.is_empty() {
        let end = entry_end(rest)?;
        let (entry, behind) = rest.split_at_checked(end)?;
        out.push_str(&of_entry(entry)?);
        let (comma, left) = behind.split_at_checked(usize::from(!behind.is_empty()))?;
        out.push_str(comma);
        rest = left;
    }
    Some(out)
}

/// Where the entry ends: at the next comma outside of quotes. Comments and groups are not taken apart.
fn entry_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (place, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => return Some(place),
            '(' | ')' | ':' | ';' if !quoted && !text.is_ascii() => return None,
            _ => {}
        }
    }
    (!quoted).then_some(text.len())
}

fn of_entry(entry: &str) -> Option<String> {
    if entry.is_ascii() {
        return Some(entry.to_owned());
    }
    let bracket = entry.rfind('<')?;
    let (name, address) = entry.split_at_checked(bracket)?;
    address.is_ascii().then_some(())?;
    let name = name.trim();
    let name = match name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => unescaped(inner)?,
        None if name.contains(['"', '<', '>', '@', '\\']) => return None,
        None => name.to_owned(),
    };
    Some(format!(" {} {address}", words_of(&name)))
}

fn unescaped(inner: &str) -> Option<String> {
    let mut out = String::new();
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => out.push(characters.next()?),
            '"' => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

/// Encoded words, folded one from the other; blanks between them do not count for a reader.
fn words_of(text: &str) -> String {
    let mut pieces = vec![String::new()];
    for c in text.chars() {
        let full = pieces
            .last()
            .is_some_and(|piece| piece.len() + c.len_utf8() > PIECE);
        if full {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    let word = |piece: String| format!("=?UTF-8?B?{}?=", openssl::base64::encode_block(piece.as_bytes()));
    pieces.into_iter().map(word).collect::<Vec<_>>().join("\r\n ")
}
