//! Any part whose text flows: Word's stories, slides, notes, charts, diagrams, properties. What is not known by name
//! is a text like every other, so that nothing is left out silently.

use super::super::Visit;
use super::super::flow::{Flow, Layer};
use super::super::office_xml::{Element, Token, Tokens, base64};
use super::super::package;
use super::meaning::{Meaning, meaning};
use super::{Shared, drawing};

pub(super) fn read(
    visit: &mut Visit<'_>,
    shared: &Shared,
    place: Option<&str>,
    root: &str,
    tokens: &mut Tokens<'_>,
) {
    let mut part = Reader {
        shared,
        flow: Flow::new(),
        open: Vec::new(),
        labelled: matches!(root, "coreProperties" | "Properties"),
        label: String::new(),
        definitions: 0,
        paragraph: Paragraph::default(),
        hidden: false,
        skipped: 0,
        data: String::new(),
        files: Vec::new(),
    };
    for token in tokens {
        part.token(token);
    }
    part.flow.finish();
    let files = std::mem::take(&mut part.files);
    part.flow.tell(visit, place);
    for file in files {
        let file = base64(&file);
        if visit.spend(file.len()) {
            package::embedded(visit, None, file);
        }
    }
}

struct Reader<'s> {
    shared: &'s Shared,
    flow: Flow,
    /// What the open elements mean.
    open: Vec<Meaning>,
    /// Values are told with the name of their element: `title: …`.
    labelled: bool,
    label: String,
    /// Open lists of tab stops, which are no tabs.
    definitions: usize,
    paragraph: Paragraph,
    /// The run is hidden.
    hidden: bool,
    /// Columns that the row begins with and that have no cells.
    skipped: usize,
    /// A file in base64 that is being read.
    data: String,
    files: Vec<String>,
}

/// What is known of the open paragraph.
#[derive(Default)]
struct Paragraph {
    in_properties: bool,
    /// A tracked change took its end away, or brought it.
    end: Option<Layer>,
}

impl Reader<'_> {
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
            Meaning::Text => self.flow.text(text),
            Meaning::Code => self.flow.aside.push_str(text),
            Meaning::Measure if text.trim().len() <= 16 => {}
            Meaning::Data => self.data.push_str(text),
            _ if text.trim().is_empty() => {}
            _ => {
                if self.labelled && !self.label.is_empty() {
                    let label = std::mem::take(&mut self.label);
                    self.flow.text(&label);
                    self.flow.text(": ");
                }
                self.flow.text(text);
                self.set_last(Meaning::Line);
            }
        }
    }

    /// The element holds text of its own, so that its end ends a line.
    fn set_last(&mut self, meaning: Meaning) {
        if let Some(last) = self.open.last_mut().filter(|last| **last == Meaning::Other) {
            *last = meaning;
        }
    }

    fn open(&mut self, element: &Element<'_>) {
        drawing::aside(element, &mut self.flow.aside);
        self.set_label(element);
        let meaning = meaning(element);
        match meaning {
            Meaning::Layer(layer) => self.enter(layer),
            Meaning::Box => self.flow.begin_box(),
            Meaning::Table => self.flow.begin_table(),
            Meaning::Row => {
                self.skipped = 0;
                self.flow.begin_row();
            }
            Meaning::Cell => self.flow.begin_cell(std::mem::take(&mut self.skipped)),
            Meaning::Definitions => self.definitions += 1,
            Meaning::Paragraph => self.paragraph = Paragraph::default(),
            Meaning::ParagraphProperties => self.paragraph.in_properties = true,
            Meaning::Run => self.hidden = false,
            Meaning::Other => self.empty_element(element),
            _ => {}
        }
        self.open.push(meaning);
    }

    /// Document properties are told with their names. The name of a custom property stands at the element around
    /// its value, whose own name is that of a type (ECMA-376 part 1 §22.3, §22.4).
    fn set_label(&mut self, element: &Element<'_>) {
        let local = element.local();
        match local {
            "DocumentProperties" | "CustomDocumentProperties" => self.labelled = true,
            "body" | "styles" | "fonts" => self.labelled = false,
            _ => {}
        }
        let is_type = local.starts_with("lp")
            || local.len() <= 2
            || matches!(local, "int" | "bool" | "bstr" | "filetime");
        if let Some(name) = element.attribute("name").filter(|_| self.labelled) {
            self.label = name.into_owned();
        } else if self.labelled && !is_type {
            self.label = local.to_owned();
        }
    }

    fn enter(&mut self, layer: Layer) {
        if self.paragraph.in_properties {
            self.paragraph.end = Some(layer);
        }
        self.flow.enter(layer);
    }

    /// Elements that stand for a character, or say something of what follows.
    fn empty_element(&mut self, element: &Element<'_>) {
        let columns = || {
            element
                .number("val")
                .and_then(|count| usize::try_from(count).ok())
                .unwrap_or(0)
        };
        match element.local() {
            "tab" | "ptab" if self.definitions == 0 => self.flow.tab(),
            "br" | "cr" => self.flow.line(),
            "noBreakHyphen" => self.flow.text("-"),
            "sym" => self.flow.text(&symbol(element)),
            "vanish" | "webHidden" | "specVanish" if element.is_on() => self.hide(),
            "rStyle"
                if element
                    .attribute("val")
                    .is_some_and(|style| self.shared.hiding.contains(&*style)) =>
            {
                self.hide();
            }
            "gridSpan" => self.flow.span(columns()),
            "gridBefore" => self.skipped = columns(),
            _ => {}
        }
    }

    /// Hides what follows in the run. A paragraph's own mark may be hidden without its text.
    fn hide(&mut self) {
        if !self.hidden && !self.paragraph.in_properties {
            self.flow.enter(Layer::Hidden);
            self.hidden = true;
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Meaning::Layer(layer)) => self.flow.leave(layer),
            Some(Meaning::Box) => self.flow.end_box(),
            Some(Meaning::Table) => self.flow.end_table(),
            Some(Meaning::Row) => self.flow.end_row(),
            Some(Meaning::Cell) => self.flow.end_cell(),
            Some(Meaning::Definitions) => self.definitions = self.definitions.saturating_sub(1),
            Some(Meaning::Paragraph) => match self.paragraph.end.take() {
                Some(layer) => self.flow.joined_line(layer),
                None => self.flow.line(),
            },
            Some(Meaning::ParagraphProperties) => self.paragraph.in_properties = false,
            Some(Meaning::Run) => self.end_run(),
            Some(Meaning::Line) => self.flow.line(),
            Some(Meaning::Code) => self.flow.aside.push('\n'),
            Some(Meaning::Data) => self.files.push(std::mem::take(&mut self.data)),
            Some(Meaning::Text | Meaning::Measure | Meaning::Other) | None => {}
        }
    }

    fn end_run(&mut self) {
        if std::mem::take(&mut self.hidden) {
            self.flow.leave(Layer::Hidden);
        }
    }
}

/// A character of a symbol font; such fonts lie in a private area (ECMA-376 part 1 §17.3.3.30).
fn symbol(element: &Element<'_>) -> String {
    let code = element
        .attribute("char")
        .and_then(|code| u32::from_str_radix(&code, 16).ok());
    let code = code.map(|code| {
        if (0xf020..=0xf0ff).contains(&code) {
            code - 0xf000
        } else {
            code
        }
    });
    code.and_then(char::from_u32)
        .map(String::from)
        .unwrap_or_default()
}
