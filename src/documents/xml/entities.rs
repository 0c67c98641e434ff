//! General entities that a document declares for itself (XML 1.0 §4.2, §4.4): what a reader that heeds them shows in their place.

use std::collections::HashMap;

/// How deep entities may stand in each other.
const DEEPEST: usize = 16;

/// What entities may add to a document: so many times its length, and so many octets more.
const MOST_TIMES: usize = 4;
const MOST_MORE: usize = 64 << 10;

/// A document as a reader shows it that puts entities in place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expanded {
    /// It declares none, or uses none of them.
    None,
    /// The text behind the declarations, with every entity in its place.
    Text(String),
    /// Entities stand in each other without end, or grow beyond all measure.
    Endless,
    /// What is declared depends on entities of parameters, which are not followed.
    Hidden,
}

pub(super) fn expand(source: &str) -> Expanded {
    let Some((subset, rest)) = internal_subset(source) else {
        return Expanded::None;
    };
    let (entities, hidden) = declared(subset);
    if hidden {
        return Expanded::Hidden;
    }
    let is_declared = |(at, _): (usize, &str)| {
        let reference = rest.get(at + 1..).and_then(named);
        reference.is_some_and(|(name, _)| entities.contains_key(name))
    };
    if !rest.match_indices('&').any(is_declared) {
        return Expanded::None;
    }
    let mut text = String::with_capacity(rest.len());
    let mut room = source.len() * MOST_TIMES + MOST_MORE;
    match append(rest, &entities, DEEPEST, &mut room, &mut text) {
        Some(()) => Expanded::Text(text),
        None => Expanded::Endless,
    }
}

/// The declarations between the brackets of `<!DOCTYPE a [ … ]>`, and what stands behind them.
fn internal_subset(source: &str) -> Option<(&str, &str)> {
    let declaration = source.find("<!DOCTYPE")?;
    let open = declaration + source.get(declaration + 1..)?.find(['[', '>', '<'])? + 1;
    let behind = source.get(open..)?.strip_prefix('[')?;
    let length = behind.find("]>").or_else(|| behind.rfind(']'))?;
    let rest = source.get(open + 1 + length..)?;
    Some((behind.get(..length)?, rest.split_once('>')?.1))
}

/// The general entities with a text of their own, the first declaration of each; and whether there are others that only entities of
/// parameters tell.
fn declared(subset: &str) -> (HashMap<&str, &str>, bool) {
    let mut entities = HashMap::new();
    let mut parameters = false;
    for declaration in subset.split("<!ENTITY").skip(1) {
        let declaration = declaration.trim_start();
        if declaration.starts_with('%') {
            parameters = true;
            continue;
        }
        let Some((name, value)) = declaration.split_once(char::is_whitespace) else {
            continue;
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        // One that stands elsewhere begins with SYSTEM or PUBLIC.
        let text = quote.and_then(|quote| value.get(1..)?.split_once(quote));
        if let Some((text, _)) = text {
            entities.entry(name).or_insert(text);
        }
    }
    let used = |(at, _): (usize, &str)| subset.get(at + 1..).and_then(named).is_some();
    (entities, parameters && subset.match_indices('%').any(used))
}

/// The name that a reference begins with, behind its `&`, and what stands behind its `;`.
fn named(reference: &str) -> Option<(&str, &str)> {
    let ends = |c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.' | ':');
    let (name, after) = reference.split_at_checked(reference.find(ends)?)?;
    Some((name, after.strip_prefix(';')?))
}

/// Appends a text with its entities in place; nothing where they take more room than there is, or go too deep. An empty one takes
/// room as well, so that none can be put in place without end.
fn append(
    text: &str,
    entities: &HashMap<&str, &str>,
    deeper: usize,
    room: &mut usize,
    out: &mut String,
) -> Option<()> {
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let known = named(behind).and_then(|(name, after)| Some((entities.get(name)?, after)));
        match known {
            Some((value, after)) => {
                *room = room.checked_sub(value.len() + 1)?;
                append(value, entities, deeper.checked_sub(1)?, room, out)?;
                rest = after;
            }
            None => {
                out.push('&');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{Expanded, expand};

    fn text(source: &str) -> String {
        match expand(source) {
            Expanded::Text(text) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn entities_stand_where_they_are_named() {
        for (subset, body, expected) in [
            (
                "<!ENTITY a \"536-22-\"><!ENTITY b '8145'>",
                "<s>&a;&b;</s>",
                "<s>536-22-8145</s>",
            ),
            ("<!ENTITY a '5&#51;6'>", "&a;&lt;", "5&#51;6&lt;"),
            ("<!ENTITY a '&b;&b;'><!ENTITY b 'x'>", "&a;", "xx"),
            ("<!ENTITY a '1'><!ENTITY a '2'>", "&a;&c; & d", "1&c; & d"),
            ("<!ENTITY a SYSTEM 'x'>", "&a;", "None"),
            ("<!ENTITY a 'x'>", "nothing &amp; more", "None"),
            ("<!ENTITY % p 'x'> %p;", "&a;", "Hidden"),
            ("<!ENTITY % p 'x'>", "&a;", "None"),
            ("<!ENTITY a '&a;'>", "&a;", "Endless"),
        ] {
            let source = format!("<?xml version='1.0'?>\n<!DOCTYPE r [{subset}]>{body}");
            assert_eq!(text(&source), expected, "{source}");
        }
        assert_eq!(text("<!DOCTYPE html><a>&b;</a>"), "None");
    }

    #[test]
    fn entities_that_multiply_end_within_limits() {
        for first in ["lol", ""] {
            let mut subset = format!("<!ENTITY a0 '{first}'>");
            for level in 1..12 {
                let ten = format!("&a{};", level - 1).repeat(10);
                subset += &format!("<!ENTITY a{level} '{ten}'>");
            }
            let source = format!("<!DOCTYPE r [{subset}]><r>&a11;</r>");
            assert_eq!(expand(&source), Expanded::Endless);
        }
    }
}
