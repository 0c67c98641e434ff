//! What styles do to the text of a page, as far as it can tear a number apart: hide a piece of it, or let blocks stand
//! in one line. Hidden text is searched all the same; this finds what a person reads between it.

use std::collections::HashSet;

use super::tokens::Tag;

/// Names of classes and identifiers that a style hides, with their `.` or `#`.
pub(super) type Classes = HashSet<String>;

/// More names than this are not kept.
const MOST_CLASSES: usize = 1_000;

/// Longer names and styles say nothing here.
const LONGEST: usize = 2_000;

/// The looks of the elements that are open.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// Whether what styles hide is left out.
    pub obeyed: bool,
    /// Whether a style tears a number apart, or joins one.
    pub torn: bool,
    /// What a style of the page hides.
    pub classes: Classes,
    /// The element that hides what is in it, and how many of that name are open.
    hiding: Option<(String, usize)>,
    /// Open elements that go on in the same line.
    flowing: Vec<String>,
}

/// Deeper elements that go on in the same line are not followed.
const MOST_FLOWING: usize = 100;

impl Looks {
    /// Looks for a second reading, which leaves out what is hidden.
    pub fn obeyed(classes: Classes) -> Self {
        Looks {
            obeyed: true,
            classes,
            ..Looks::default()
        }
    }

    /// Whether text is hidden here.
    pub fn hides(&self) -> bool {
        self.hiding.is_some()
    }

    /// Enters an element; `inside` tells that a number may just have been going on, and `near` that one may have
    /// ended the last line. Whether a block goes on in the same line.
    pub fn open(&mut self, tag: &Tag<'_>, inside: bool, near: bool) -> bool {
        if let Some((name, open)) = &mut self.hiding {
            *open += usize::from(tag.name.eq_ignore_ascii_case(name));
            return false;
        }
        if !self.obeyed && (self.torn || !near || tag.attributes.is_empty()) {
            return false;
        }
        let style = squeezed(tag.value("style").unwrap_or_default());
        let flows = style.contains("display:inline") || style.contains("float:");
        let hidden = is_hidden(&style) || tag.value("hidden").is_some() || self.is_hidden_class(tag);
        if !self.obeyed {
            self.torn |= flows || (hidden && inside);
            return false;
        }
        if hidden && !is_void(tag.name) {
            self.hiding = Some((tag.name.to_owned(), 1));
        }
        if flows && self.flowing.len() < MOST_FLOWING {
            self.flowing.push(tag.name.to_owned());
        }
        flows
    }

    /// Leaves an element. Whether it breaks the line if it is a block.
    pub fn close(&mut self, name: &str) -> bool {
        if let Some((hiding, open)) = &mut self.hiding
            && hiding.eq_ignore_ascii_case(name)
        {
            *open -= 1;
            if *open == 0 {
                self.hiding = None;
            }
        }
        let flowing = self
            .flowing
            .last()
            .is_some_and(|last| last.eq_ignore_ascii_case(name));
        if flowing {
            self.flowing.pop();
        }
        !flowing
    }

    /// Reads the rules of a style sheet.
    pub fn learn(&mut self, sheet: &str) {
        if self.obeyed || !sheet.contains('{') {
            return;
        }
        for rule in sheet.split('}') {
            let Some((selectors, declarations)) = rule.rsplit_once('{') else {
                continue;
            };
            if !is_hidden(&squeezed(declarations)) {
                continue;
            }
            for selector in selectors.rsplit(['{', ';']).next().unwrap_or_default().split(',') {
                let name = selector
                    .trim()
                    .rfind(['.', '#'])
                    .and_then(|at| selector.trim().get(at..));
                if let Some(name) =
                    name.filter(|name| name.len() < LONGEST && self.classes.len() < MOST_CLASSES)
                {
                    self.classes.insert(name.to_owned());
                }
            }
        }
    }

    fn is_hidden_class(&self, tag: &Tag<'_>) -> bool {
        if self.classes.is_empty() {
            return false;
        }
        let class = tag.value("class").unwrap_or_default();
        let mut names = class
            .split_ascii_whitespace()
            .take(20)
            .map(|class| format!(".{class}"));
        let id = tag.value("id").map(|id| format!("#{id}"));
        names.any(|name| self.classes.contains(&name)) || id.is_some_and(|id| self.classes.contains(&id))
    }
}

/// Whether a character may stand between the digits of a number.
pub(super) fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '.' | '/')
}

fn squeezed(style: &str) -> String {
    let start = style
        .get(..style.floor_char_boundary(LONGEST))
        .unwrap_or_default();
    let kept = start.chars().filter(|character| !character.is_whitespace());
    kept.map(|character| character.to_ascii_lowercase()).collect()
}

/// Whether declarations, squeezed, let people see nothing.
fn is_hidden(style: &str) -> bool {
    let zero = |property: &str| {
        let values = style
            .match_indices(property)
            .filter_map(|(at, _)| style.get(at + property.len()..));
        values.take(5).any(|value| {
            let number = value.trim_start_matches(['0', '.']);
            number.len() < value.len() && !number.starts_with(|next: char| next.is_ascii_digit())
        })
    };
    ["display:none", "visibility:hidden", "mso-hide:all"]
        .iter()
        .any(|hides| style.contains(hides))
        || zero("font-size:")
        || zero("opacity:")
}

/// Whether an element has no content.
fn is_void(name: &str) -> bool {
    let void = [
        "img", "br", "hr", "input", "meta", "link", "area", "col", "embed", "source", "track", "wbr",
    ];
    void.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_told_from_what_does_not() {
        for style in [
            "display : none",
            "FONT-SIZE:0px;",
            "font-size:0.0em",
            "opacity:0",
            "visibility:hidden",
        ] {
            assert!(is_hidden(&squeezed(style)), "{style}");
        }
        for style in [
            "display:block",
            "font-size:0.9em",
            "font-size:10px",
            "opacity:0.5",
            "",
        ] {
            assert!(!is_hidden(&squeezed(style)), "{style}");
        }
    }

    #[test]
    fn classes_that_a_sheet_hides_are_known() {
        let mut looks = Looks::default();
        looks.learn("p{color:red} @media print{.a, span.b{display:none}} #c{ font-size: 0 }");
        let mut names: Vec<_> = looks.classes.into_iter().collect();
        names.sort();
        assert_eq!(names, ["#c", ".a", ".b"]);
    }
}
