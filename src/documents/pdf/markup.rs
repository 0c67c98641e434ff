//! XML in a PDF (XMP, XFA, rich text) → text. Every element is a line that starts with its name, which says what
//! the value is; tags for looks vanish without a gap, so that a number in two colours is one number.

/// Tags that only change looks.
const INLINE: [&str; 9] = ["b", "i", "u", "a", "span", "font", "em", "strong", "sub"];

/// The text of an XML document or of a piece of one.
pub(super) fn read(xml: &str) -> String {
    let mut text = String::with_capacity(xml.len() / 2);
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        push_plain(&mut text, before);
        rest = tag;
        if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let (data, after) = data.split_once("]]>").unwrap_or((data, ""));
            text.push_str(data);
            rest = after;
        } else if let Some(comment) = rest.strip_prefix("<!--") {
            let (comment, after) = comment.split_once("-->").unwrap_or((comment, ""));
            line(&mut text, comment);
            rest = after;
        } else {
            let (tag, after) = rest
                .get(1..)
                .unwrap_or_default()
                .split_once('>')
                .unwrap_or((tag, ""));
            read_tag(&mut text, tag);
            rest = after;
        }
    }
    push_plain(&mut text, rest);
    text
}

fn read_tag(text: &mut String, tag: &str) {
    if tag.starts_with(['?', '!']) {
        return;
    }
    let name = tag
        .trim_start_matches('/')
        .split(|c: char| c.is_whitespace() || c == '/')
        .next();
    let name = name.unwrap_or_default();
    let local = name.rsplit(':').next().unwrap_or_default();
    let inline = INLINE.contains(&local);
    if !inline && !text.ends_with(['\n', ' ']) {
        text.push('\n');
    }
    let mut pieces = tag.split(['"', '\'']);
    let mut before = pieces.next().unwrap_or_default();
    while let (Some(value), Some(next)) = (pieces.next(), pieces.next()) {
        let key = before
            .trim_end_matches(['=', ' '])
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or_default();
        // Names of schemas say nothing of anybody.
        if !key.starts_with("xmlns") && key != "style" && value.chars().any(|c| c.is_ascii_digit()) {
            text.push_str(key);
            text.push_str(": ");
            push_plain(text, value);
            text.push('\n');
        }
        before = next;
    }
    if !inline && !tag.starts_with('/') {
        text.push_str(local);
        text.push_str(": ");
    }
}

fn line(text: &mut String, line: &str) {
    text.push('\n');
    text.push_str(line);
    text.push('\n');
}

/// Text with its character references resolved.
fn push_plain(text: &mut String, raw: &str) {
    let mut rest = raw;
    while let Some(start) = rest.find('&') {
        let (before, reference) = rest.split_at(start);
        text.push_str(before);
        let end = reference.bytes().take(12).position(|octet| octet == b';');
        let resolved =
            end.and_then(|end| character(reference.get(1..end)?).map(|character| (character, end)));
        match resolved {
            Some((character, end)) => {
                text.push(character);
                rest = reference.get(end + 1..).unwrap_or_default();
            }
            None => {
                text.push('&');
                rest = reference.get(1..).unwrap_or_default();
            }
        }
    }
    text.push_str(rest);
}

fn character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let value = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn elements_name_their_values_and_looks_leave_no_gap() {
        let text =
            read("<?xml version=\"1.0\"?><f:form><ssn>536-<b>22</b>-8145</ssn><x n='S&#48;1'/></f:form>");
        assert!(text.contains("ssn: 536-22-8145"), "{text}");
        assert!(text.contains("n: S01"), "{text}");
        assert!(read("<a><![CDATA[536-22-8145]]>").contains("536-22-8145"));
        assert!(read("<!-- 536-22-8145").contains("536-22-8145"));
        assert!(read("<p 536-22-8145").is_empty() || read("536-22-8145 <p").contains("536-22-8145"));
    }
}
