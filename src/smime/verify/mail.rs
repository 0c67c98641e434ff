//! Finds the signature of a message and what it signs (RFC 8551 §3.5), strictly: whatever another reader could
//! take for something else is not read.

use super::super::header::{Field, Header};
use super::Fault;

/// The longest signature that is read, in octets of base64. Chains of certificates are a few kilobytes.
const SIGNATURE: usize = 512 * 1024;
/// The longest parameter list of a Content-Type.
const TYPE: usize = 4096;

/// A signed message, taken apart.
pub(super) enum Signed<'a> {
    /// multipart/signed: the first part with its header, and the CMS beside it.
    Detached { content: &'a [u8], cms: Vec<u8> },
    /// application/pkcs7-mime: the CMS holds the content, if it is signed at all.
    Opaque { cms: Vec<u8> },
}

/// Takes a message apart. `Ok(None)` when its outermost layer is not signed.
pub(super) fn signed<'a>(header: Header<'a>) -> Result<Option<Signed<'a>>, Fault> {
    let Some(kind) = content_type(header)? else {
        return Ok(None);
    };
    match kind.media_type.as_str() {
        "multipart/signed" => detached(header, &kind).map(Some),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => {
            match kind.parameter("smime-type").map(|kind| kind.to_ascii_lowercase()) {
                Some(kind) if kind != "signed-data" => return Ok(None),
                _ => {}
            }
            let cms = decoded(header, header.body, usize::MAX)?;
            Ok(Some(Signed::Opaque { cms }))
        }
        _ => Ok(None),
    }
}

/// The CMS of a message whose outermost layer says that it is encrypted. None when it says something else, or says
/// it in a way that can be read twice.
pub(in super::super) fn encrypted(header: Header<'_>) -> Option<Vec<u8>> {
    let kind = content_type(header).ok()??;
    let is_cms = matches!(
        kind.media_type.as_str(),
        "application/pkcs7-mime" | "application/x-pkcs7-mime"
    );
    let says = kind.parameter("smime-type").map(|says| says.to_ascii_lowercase());
    let may_be = says.is_none_or(|says| matches!(says.as_str(), "enveloped-data" | "authenveloped-data"));
    match is_cms && may_be {
        true => decoded(header, header.body, usize::MAX).ok(),
        false => None,
    }
}

fn detached<'a>(header: Header<'a>, kind: &ContentType) -> Result<Signed<'a>, Fault> {
    let protocol = kind
        .parameter("protocol")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if !is_signature(&protocol) {
        return Err(Fault::Unreadable(
            "multipart/signed with another protocol than S/MIME",
        ));
    }
    if encoding(header)?.is_some_and(|name| !matches!(name.as_str(), "7bit" | "8bit" | "binary")) {
        return Err(Fault::Unreadable("a multipart in a transfer encoding"));
    }
    let boundary = kind.parameter("boundary").filter(|boundary| !boundary.is_empty());
    let boundary = boundary.ok_or(Fault::Unreadable("multipart/signed without a boundary"))?;
    let [content, signature] = two_parts(header.body, boundary.as_bytes())?;
    let part = Header::of(signature);
    if !part.is_regular() {
        return Err(Fault::Unreadable(
            "the signature's own header can be read in more than one way",
        ));
    }
    match content_type(part)? {
        Some(kind) if is_signature(&kind.media_type) => {}
        _ => return Err(Fault::Unreadable("the second part is no S/MIME signature")),
    }
    Ok(Signed::Detached {
        content,
        cms: decoded(part, part.body, SIGNATURE)?,
    })
}

fn is_signature(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/pkcs7-signature" | "application/x-pkcs7-signature"
    )
}

/// The two parts of multipart/signed (RFC 1847 §2.1), without the line ends that belong to the boundary
/// (RFC 2046 §5.1.1). A third part, a part that never ends, and lines that only begin like the boundary are faults.
fn two_parts<'a>(body: &'a [u8], boundary: &[u8]) -> Result<[&'a [u8]; 2], Fault> {
    let marks = marks(body, boundary)?;
    let [first, second, last] = marks.as_slice() else {
        return Err(Fault::Unreadable("multipart/signed must have exactly two parts"));
    };
    if first.closes || second.closes || !last.closes {
        return Err(Fault::Unreadable("multipart/signed must have exactly two parts"));
    }
    let between = |from: &Mark, to: &Mark| {
        let part = body.get(from.end..to.start).unwrap_or_default();
        part.strip_suffix(b"\r\n")
            .or_else(|| part.strip_suffix(b"\n"))
            .unwrap_or(part)
    };
    Ok([between(first, second), between(second, last)])
}

/// A boundary's line.
struct Mark {
    start: usize,
    end: usize,
    closes: bool,
}

/// No multipart/signed has more.
const MOST_MARKS: usize = 4;

fn marks(body: &[u8], boundary: &[u8]) -> Result<Vec<Mark>, Fault> {
    let mut marks = Vec::new();
    let delimiter = [b"--", boundary].concat();
    for found in memchr::memmem::find_iter(body, &delimiter) {
        let at_start = found == 0 || body.get(found - 1) == Some(&b'\n');
        if !at_start {
            continue;
        }
        let rest = body.get(found..).unwrap_or_default();
        let line = memchr::memchr(b'\n', rest).map_or(rest, |end| rest.get(..=end).unwrap_or(rest));
        let behind = line.get(delimiter.len()..).unwrap_or_default();
        let (closes, behind) = match behind.strip_prefix(b"--") {
            Some(behind) => (true, behind),
            None => (false, behind),
        };
        if !behind.iter().all(u8::is_ascii_whitespace) {
            return Err(Fault::Unreadable(
                "a line begins like the boundary and is another one",
            ));
        }
        marks.push(Mark {
            start: found,
            end: found + line.len(),
            closes,
        });
        if marks.len() >= MOST_MARKS {
            break;
        }
    }
    Ok(marks)
}

/// The body of an entity in octets: base64, or as it stands.
fn decoded(header: Header<'_>, body: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    if body.len() > limit {
        return Err(Fault::Unreadable("the signature is too large"));
    }
    match encoding(header)?.as_deref() {
        Some("base64") => base64(body).ok_or(Fault::Unreadable("damaged base64")),
        None | Some("7bit" | "8bit" | "binary") => Ok(body.to_vec()),
        Some(_) => Err(Fault::Unreadable("an unusual transfer encoding")),
    }
}

/// Base64 in lines; anything else that a tolerant reader would skip is damage.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut block, mut digits, mut padding) = (0u32, 0u8, 0u8);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'\r' | b'\n' | b' ' | b'\t' => continue,
            b'=' if digits >= 2 && digits + padding < 4 => {
                padding += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        block = block << 6 | u32::from(value);
        digits += 1;
        if digits == 4 {
            octets.extend_from_slice(block.to_be_bytes().get(1..)?);
            (block, digits) = (0, 0);
        }
    }
    match (digits, padding) {
        (0, 0) => {}
        (2, 2) => octets.push(u8::try_from(block >> 4 & 0xff).ok()?),
        (3, 1) => octets.extend_from_slice((block >> 2 & 0xffff).to_be_bytes().get(2..)?),
        _ => return None,
    }
    Some(octets)
}

/// The only field of a name, unfolded; `None` when there is none.
///
/// # Errors
/// When there are two: readers differ in which one counts.
pub(super) fn only<'a>(header: Header<'a>, name: &str) -> Result<Option<Field<'a>>, Fault> {
    let mut found = header.fields().filter(|field| field.is(name));
    let first = found.next();
    match found.next() {
        Some(_) => Err(Fault::Unreadable("a header field stands there twice")),
        None => Ok(first),
    }
}

fn encoding(header: Header<'_>) -> Result<Option<String>, Fault> {
    let field = only(header, "content-transfer-encoding")?;
    Ok(field.map(|field| String::from_utf8_lossy(field.value.trim_ascii()).to_ascii_lowercase()))
}

/// A Content-Type (RFC 2045 §5.1): lower-case media type, and parameters by lower-case name.
struct ContentType {
    media_type: String,
    parameters: Vec<(String, String)>,
}

impl ContentType {
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self.parameters.iter();
        all.find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

fn content_type(header: Header<'_>) -> Result<Option<ContentType>, Fault> {
    let Some(field) = only(header, "content-type")? else {
        return Ok(None);
    };
    let strange = Fault::Unreadable("a Content-Type that can be read in more than one way");
    if field.value.len() > TYPE {
        return Err(strange);
    }
    let value: Vec<u8> = field
        .value
        .iter()
        .copied()
        .filter(|byte| !b"\r\n".contains(byte))
        .collect();
    let text = String::from_utf8(value).map_err(|_| strange)?;
    parse(&text).ok_or(strange).map(Some)
}

/// Comments, empty parameters in the middle, a parameter twice and continuations are not read.
fn parse(text: &str) -> Option<ContentType> {
    let (media_type, mut rest) = text
        .split_once(';')
        .map_or((text, ""), |(kind, rest)| (kind, rest));
    let media_type = media_type.trim().to_ascii_lowercase();
    let token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(c);
    let (kind, subtype) = media_type.split_once('/')?;
    if ![kind, subtype]
        .iter()
        .all(|half| !half.is_empty() && half.chars().all(token))
    {
        return None;
    }
    let mut parameters: Vec<(String, String)> = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some(ContentType {
                media_type,
                parameters,
            });
        }
        let (name, behind) = rest.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        let (value, behind) = value(behind.trim_start(), token)?;
        let known = parameters.iter().any(|(own, _)| *own == name);
        if known || name.is_empty() || !name.chars().all(token) {
            return None;
        }
        parameters.push((name, value));
        let behind = behind.trim_start();
        rest = match behind.strip_prefix(';') {
            Some(behind) => behind,
            None if behind.is_empty() => behind,
            None => return None,
        };
    }
}

/// A token or a quoted string, and what stands behind it.
fn value(text: &str, token: impl Fn(char) -> bool) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c| !token(c)).unwrap_or(text.len());
        let (value, behind) = text.split_at(end);
        return (!value.is_empty()).then(|| (value.to_owned(), behind));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_is_read_in_one_way_or_not_at_all() {
        let kind = parse(
            "multipart/Signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256;\tBoundary=\"a\\\"b\" ; ",
        );
        let kind = kind.unwrap();
        assert_eq!(kind.media_type, "multipart/signed");
        assert_eq!(kind.parameter("boundary"), Some("a\"b"));
        for text in [
            "multipart/signed (comment); boundary=a",
            "multipart/signed; boundary=a; boundary=b",
            "multipart/signed; boundary=\"a",
            "multipart/signed; boundary=a b",
            "multipart/signed; boundary",
            "multipart/signed; =a",
            "multipart/signed/more",
            "multipart",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn base64_is_strict() {
        assert_eq!(base64(b"QUJD\r\nRA=="), Some(b"ABCD".to_vec()));
        assert_eq!(base64(b"QUI="), Some(b"AB".to_vec()));
        for text in [&b"QUJD*"[..], b"QQ", b"QQ=", b"Q===", b"QQ==QQ==", b"QUI=="] {
            assert_eq!(base64(text), None, "{}", String::from_utf8_lossy(text));
        }
    }
}
