//! What the parts of a document share: strings, number formats, the fields of pivot tables, styles that hide text.

use std::collections::{BTreeMap, BTreeSet};

use super::super::office_xml::{Token, Tokens};
use super::super::package::{Part, Xml};
use super::format::Format;
use super::strings::Strings;
use super::{number_of, pivot};

/// What cells refer to.
#[derive(Default)]
pub(in super::super) struct Shared {
    pub(super) strings: Vec<Strings>,
    /// For each style of cells, the way it writes numbers, when that matters.
    pub(super) formats: Vec<Option<Format>>,
    /// The names of a pivot table's fields, by the number in the name of its part.
    pub(super) fields: BTreeMap<String, Vec<String>>,
    /// Styles that hide their text.
    pub(super) hiding: BTreeSet<String>,
}

impl Shared {
    pub fn of(parts: &[(Part, Option<Xml>)]) -> Self {
        let mut shared = Shared::default();
        for (part, xml) in parts {
            let Some(xml) = xml else {
                continue;
            };
            match xml.root.as_str() {
                "sst" => shared.strings.push(Strings::of(&xml.text)),
                "styleSheet" if shared.formats.is_empty() => shared.formats = formats(&xml.text),
                "styles" => shared.hiding.extend(hiding(&xml.text)),
                "pivotCacheDefinition" => {
                    shared.fields.insert(number_of(part), pivot::fields(&xml.text));
                }
                _ => {}
            }
        }
        shared
    }

    /// A shared string, by what a cell refers to. A second list of strings is another reading.
    pub(super) fn string(&self, index: usize) -> impl Iterator<Item = &str> {
        self.strings.iter().filter_map(move |strings| strings.get(index))
    }

    pub(super) fn format(&self, style: u32) -> Option<&Format> {
        self.formats.get(usize::try_from(style).ok()?)?.as_ref()
    }
}

/// Styles of Word that hide text (ECMA-376 part 1 §17.3.2.41).
fn hiding(source: &str) -> BTreeSet<String> {
    let (mut style, mut hiding) = (String::new(), BTreeSet::new());
    for token in Tokens::new(source) {
        if let Token::Open(element) = token {
            match element.local() {
                "style" => style = element.attribute("styleId").unwrap_or_default().into_owned(),
                "vanish" if element.is_on() => {
                    hiding.insert(style.clone());
                }
                _ => {}
            }
        }
    }
    hiding
}

/// The number format of each style of cells (ECMA-376 part 1 §18.8.10, §18.8.30).
fn formats(source: &str) -> Vec<Option<Format>> {
    let mut codes: BTreeMap<u32, Option<Format>> = BTreeMap::new();
    let (mut styles, mut in_cells) = (Vec::new(), false);
    for token in Tokens::new(source) {
        match token {
            Token::Open(element) => match element.local() {
                "cellXfs" => in_cells = true,
                "numFmt" => {
                    let code = element.attribute("formatCode").unwrap_or_default();
                    codes.insert(element.number("numFmtId").unwrap_or(0), Format::parse(&code));
                }
                "xf" if in_cells => styles.push(element.number("numFmtId").unwrap_or(0)),
                _ => {}
            },
            Token::Close(name) if name.local() == "cellXfs" => in_cells = false,
            _ => {}
        }
    }
    let format = |id: u32| codes.get(&id).cloned().flatten();
    styles.into_iter().map(format).collect()
}
