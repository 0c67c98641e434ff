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

/// Puts the entities that a document declares in its internal subset in their places.
pub(super) fn expand(source: &str) -> Expanded {
    let Some(subset) = internal_subset(source) else {
        return Expanded::None;
    };
    let Declared {
        entities,
        depends,
        behind: rest,
    } = declared(subset);
    if depends {
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

/// What stands behind the bracket of `<!DOCTYPE a [`. Comments and instructions before it may hold anything, another `<!DOCTYPE` as well.
fn internal_subset(source: &str) -> Option<&str> {
    let mut rest = source;
    loop {
        rest = rest.get(rest.find('<')?..)?;
        if let Some(declaration) = rest.strip_prefix("<!DOCTYPE") {
            let open = declaration.find(['[', '>', '<'])?;
            return declaration.get(open..)?.strip_prefix('[');
        }
        rest = without_aside(rest).or_else(|| {
            let starts = rest
                .get(1..)?
                .starts_with(|c: char| c.is_alphabetic() || c == '_');
            // The document itself has begun.
            if starts { None } else { rest.get(1..) }
        })?;
    }
}

/// What stands behind the comment or the instruction that a text begins with: nothing behind one that does not end.
fn without_aside(text: &str) -> Option<&str> {
    let asides = [("<!--", "-->"), ("<?", "?>")];
    asides.iter().find_map(|(begins, ends)| {
        let aside = text.strip_prefix(begins)?;
        Some(aside.split_once(ends).map_or("", |(_, behind)| behind))
    })
}

/// What an internal subset declares.
struct Declared<'a> {
    /// The general entities with a text of their own, the first declaration of each.
    entities: HashMap<&'a str, &'a str>,
    /// Whether entities of parameters, which may declare others, are declared and used.
    depends: bool,
    /// What stands behind the subset.
    behind: &'a str,
}

/// Reads declarations up to the bracket that closes the subset: one in a comment or in quotes does not.
fn declared(subset: &str) -> Declared<'_> {
    let mut entities = HashMap::new();
    let (mut parameters, mut used) = (false, false);
    let mut rest = subset;
    while let Some(at) = rest.find(['<', ']', '%', '"', '\'']) {
        rest = rest.get(at..).unwrap_or_default();
        if let Some(behind) = without_aside(rest) {
            rest = behind;
        } else if let Some(declaration) = rest.strip_prefix("<!ENTITY") {
            let declaration = declaration.trim_start();
            let parameter = declaration.strip_prefix('%');
            parameters |= parameter.is_some();
            let declaration = parameter.unwrap_or(declaration);
            let value = declaration.split_once(|c: char| c.is_whitespace() || matches!(c, '<' | '>'));
            let value = value.filter(|_| parameter.is_none());
            // One that stands elsewhere begins with SYSTEM or PUBLIC.
            let quoted = value.and_then(|(name, value)| Some((name, quoted(value.trim_start())?)));
            rest = match quoted {
                Some((name, (text, behind))) => {
                    entities.entry(name).or_insert(text);
                    behind
                }
                None => declaration,
            };
        } else if let Some((_, behind)) = quoted(rest) {
            rest = behind;
        } else {
            let (sign, behind) = rest.split_at(1);
            if sign == "]" {
                let behind = behind.split_once('>').map_or("", |(_, behind)| behind);
                let depends = parameters && used;
                return Declared {
                    entities,
                    depends,
                    behind,
                };
            }
            used |= sign == "%" && named(behind).is_some();
            rest = behind;
        }
    }
    Declared {
        entities,
        depends: parameters && used,
        behind: "",
    }
}

/// The text in the quotes that a text begins with, and what stands behind them.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    text.get(1..)?.split_once(quote)
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
            ("<!-- ]><!ENTITY a 'no'> --><!ENTITY a 'x'>", "&a;", "x"),
            ("<!ENTITY b ']>'><!ENTITY a 'x'>", "&a;&b;", "x]>"),
            ("<!-- it's --><!ENTITY a 'x'>", "&a;", "x"),
            ("<!ATTLIST r v CDATA ']>'><!ENTITY a 'x'>", "&a;", "x"),
        ] {
            let source = format!("<?xml version='1.0'?>\n<!DOCTYPE r [{subset}]>{body}");
            assert_eq!(text(&source), expected, "{source}");
        }
        assert_eq!(text("<!DOCTYPE html><a>&b;</a>"), "None");
        let decoy = "<!-- <!DOCTYPE a [ ]> --><?x <!DOCTYPE a>?>\n<!DOCTYPE r [<!ENTITY a 'x'>]>&a;";
        assert_eq!(text(decoy), "x");
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
