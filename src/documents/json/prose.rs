//! Prose that a document converter wrote as a tree (pandoc's JSON): each word an object of its own,
//! `{"t": "Str", "c": "SSN:"}`.

use super::super::records::Fields;

/// The text as its words come.
#[derive(Debug, Default)]
pub(super) struct Prose {
    pub text: String,
    /// Columns of the table that is open, and its cells so far.
    columns: usize,
    cells: usize,
}

impl Prose {
    /// Takes in an object that ended.
    pub fn take(&mut self, fields: &Fields) {
        let field = |name: &str| fields.iter().find(|(label, _)| label == name);
        let Some((_, kind)) = field("t") else { return };
        match kind.as_str() {
            "Str" => self.text.push_str(field("c").map_or("", |(_, text)| text)),
            "Space" | "SoftBreak" => self.text.push(' '),
            "LineBreak" | "Para" | "Header" | "CodeBlock" | "HorizontalRule" => self.text.push('\n'),
            "ColWidth" | "ColWidthDefault" => {
                self.text.push_str(if self.cells > 0 { "\n" } else { "" });
                self.columns = if self.cells > 0 { 1 } else { self.columns + 1 };
                self.cells = 0;
            }
            "Plain" => self.cell(),
            "Table" => (self.columns, self.cells) = (0, 0),
            _ => {}
        }
    }

    /// Ends a cell of a table, or a line.
    fn cell(&mut self) {
        self.cells += 1;
        let in_row = self.columns > 1 && !self.cells.is_multiple_of(self.columns);
        self.text.push(if in_row { '\t' } else { '\n' });
    }
}
