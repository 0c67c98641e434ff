//! A part of an OpenDocument file, token by token.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Visit;
use super::super::flow::{Flow, Layer};
use super::super::office_xml::{Element, Token, Tokens, base64};
use super::super::ooxml::tell_sheet;
use super::super::package;
use super::cells;
use super::meaning::{Meaning, meaning};
use super::sheet::Sheets;

pub(super) fn read(visit: &mut Visit<'_>, place: Option<&str>, tokens: &mut Tokens<'_>) {
    let mut part = Reader {
        flow: Flow::new(),
        open: Vec::new(),
        paragraphs: 0,
        value: None,
        label: None,
        data: String::new(),
        files: Vec::new(),
        sheets: Sheets::default(),
        styles: Styles::default(),
        changes: Changes::default(),
    };
    for token in tokens {
        part.token(token);
    }
    part.flow.finish();
    for deleted in part.changes.deleted.values() {
        part.flow.aside(deleted);
    }
    let files = std::mem::take(&mut part.files);
    for (number, grid) in part.sheets.grids.iter().enumerate() {
        tell_sheet(visit, Some(&format!("sheet {}", number + 1)), grid, false);
    }
    part.flow.tell(visit, place);
    for file in files {
        let file = base64(&file);
        if visit.spend(file.len()) {
            package::embedded(visit, None, file);
        }
    }
}

struct Reader {
    flow: Flow,
    open: Vec<Meaning>,
    /// Open paragraphs: character data counts in them, white space and all.
    paragraphs: usize,
    /// What the open cell holds, when that is not what it shows.
    value: Option<String>,
    /// The name of a user-defined field.
    label: Option<String>,
    data: String,
    files: Vec<String>,
    sheets: Sheets,
    styles: Styles,
    changes: Changes,
}

/// Styles that hide their text (ODF 1.3 part 3 §20.410).
#[derive(Default)]
struct Styles {
    open: String,
    hidden: BTreeSet<String>,
}

/// Tracked changes (ODF 1.3 part 3 §5.5), by the name that marks in the flow refer to.
#[derive(Default)]
struct Changes {
    region: String,
    deleted: BTreeMap<String, String>,
    inserted: BTreeSet<String>,
}

impl Reader {
    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Open(element) => self.open(&element),
            Token::Close(_) => self.close(),
            Token::Text(text) => self.text(&text),
            Token::Comment(comment) => self.flow.aside(&comment),
        }
    }

    fn text(&mut self, text: &str) {
        match self.open.last().copied().unwrap_or(Meaning::Other) {
            Meaning::Data => self.data.push_str(text),
            _ if self.paragraphs > 0 => self.flow.text(text),
            _ if text.trim().is_empty() => {}
            _ => {
                if let Some(label) = self.label.take() {
                    self.flow.text(&label);
                    self.flow.text(": ");
                }
                self.flow.text(text);
                if let Some(last) = self.open.last_mut().filter(|last| **last == Meaning::Other) {
                    *last = Meaning::Line;
                }
            }
        }
    }

    fn open(&mut self, element: &Element<'_>) {
        cells::aside(element, &mut self.flow.aside);
        let meaning = self.meaning(element);
        match meaning {
            Meaning::Sheet => self.sheets.begin_sheet(),
            Meaning::SheetRow => self.sheets.begin_row(element),
            Meaning::SheetCell => {
                self.sheets.begin_cell(element);
                self.flow.begin_box();
            }
            Meaning::Paragraph => self.paragraphs += 1,
            Meaning::Inline => self.inline(element),
            Meaning::Box | Meaning::Deletion => self.flow.begin_box(),
            Meaning::Hidden => self.hidden(element),
            Meaning::Table => self.flow.begin_table(),
            Meaning::Row => self.flow.begin_row(),
            Meaning::Cell => self.cell(element),
            Meaning::Data | Meaning::Line | Meaning::HiddenSpan => {}
            Meaning::Other => self.other(element),
        }
        let style = || element.attribute("style-name").unwrap_or_default();
        let hides = meaning == Meaning::Inline && !self.styles.hidden.is_empty();
        if hides && self.styles.hidden.contains(&*style()) {
            self.flow.enter(Layer::Hidden);
            return self.open.push(Meaning::HiddenSpan);
        }
        // Dates and the like are fields in a paragraph, and lines elsewhere.
        let line = meaning == Meaning::Inline && self.paragraphs == 0;
        self.open.push(if line { Meaning::Other } else { meaning });
    }

    /// What an element means where it stands: tables of a spreadsheet are sheets.
    fn meaning(&mut self, element: &Element<'_>) -> Meaning {
        self.sheets.wanted |= element.local() == "spreadsheet";
        match meaning(element) {
            Meaning::Table if self.is_sheet() => Meaning::Sheet,
            Meaning::Row if self.is_sheet() => Meaning::SheetRow,
            Meaning::Cell if self.is_sheet() => Meaning::SheetCell,
            other => other,
        }
    }

    fn is_sheet(&self) -> bool {
        self.sheets.wanted && !self.sheets.in_cell
    }

    /// Styles, and where tracked changes are.
    fn other(&mut self, element: &Element<'_>) {
        let attribute = |name: &str| element.attribute(name).map(|value| value.into_owned());
        match element.local() {
            "style" => self.styles.open = attribute("name").unwrap_or_default(),
            "text-properties" if element.attribute("display").as_deref() == Some("none") => {
                self.styles.hidden.insert(self.styles.open.clone());
            }
            "changed-region" => self.changes.region = attribute("id").unwrap_or_default(),
            "insertion" => {
                self.changes.inserted.insert(self.changes.region.clone());
            }
            "change" | "change-start" | "change-end" => {
                self.change(element.local(), &attribute("change-id").unwrap_or_default());
            }
            _ => self.label = attribute("name"),
        }
    }

    fn change(&mut self, mark: &str, region: &str) {
        match mark {
            "change" => {
                if let Some(deleted) = self.changes.deleted.remove(region) {
                    self.flow.enter(Layer::Deleted);
                    self.flow.text(deleted.trim_end_matches('\n'));
                    self.flow.leave(Layer::Deleted);
                }
            }
            "change-start" if self.changes.inserted.contains(region) => self.flow.enter(Layer::Inserted),
            "change-end" if self.changes.inserted.contains(region) => self.flow.leave(Layer::Inserted),
            _ => {}
        }
    }

    /// White space that markup stands for (ODF 1.3 part 3 §6.1.3–6.1.5).
    fn inline(&mut self, element: &Element<'_>) {
        match element.local() {
            "s" => {
                let count = element.number("c").unwrap_or(1).clamp(1, 100);
                (0..count).for_each(|_| self.flow.text(" "));
            }
            "tab" => self.flow.tab(),
            "line-break" => self.flow.text("\n"),
            _ => {}
        }
        if element.local() == "user-defined" {
            self.label = element.attribute("name").map(|name| name.into_owned());
        }
    }

    fn hidden(&mut self, element: &Element<'_>) {
        if let Some(hidden) = element.attribute("string-value") {
            self.flow.aside(&hidden);
        }
    }

    fn cell(&mut self, element: &Element<'_>) {
        self.flow.begin_cell(0);
        self.value = cells::value(element);
        let covered = cells::columns(element);
        self.flow.span(covered);
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Meaning::Paragraph) => {
                self.paragraphs = self.paragraphs.saturating_sub(1);
                self.flow.line();
            }
            Some(Meaning::Line) => self.flow.line(),
            Some(Meaning::Box) => self.flow.end_box(),
            Some(Meaning::Deletion) => {
                let deleted = self.flow.take_box_text();
                let before = self
                    .changes
                    .deleted
                    .entry(self.changes.region.clone())
                    .or_default();
                before.push_str(&deleted);
            }
            Some(Meaning::HiddenSpan) => self.flow.leave(Layer::Hidden),
            Some(Meaning::SheetCell) => {
                let text = self.flow.take_box_text();
                self.sheets.end_cell(&text);
            }
            Some(Meaning::Sheet | Meaning::SheetRow) => {}
            Some(Meaning::Table) => self.flow.end_table(),
            Some(Meaning::Row) => self.flow.end_row(),
            Some(Meaning::Cell) => self.end_cell(),
            Some(Meaning::Data) => self.files.push(std::mem::take(&mut self.data)),
            Some(Meaning::Inline | Meaning::Hidden | Meaning::Other) | None => {}
        }
    }

    /// A cell that shows something else than it holds has both.
    fn end_cell(&mut self) {
        if let Some(value) = self.value.take()
            && !cells::shows(&self.flow.open_cell(), &value)
        {
            self.flow.text(" ");
            self.flow.text(&value);
        }
        self.flow.end_cell();
    }
}
