//! Labels that stand apart from the fields which they name (HTML Standard §4.10.4).

use std::collections::HashMap;
use std::ops::Range;

/// The labels and fields of a page.
#[derive(Debug, Default)]
pub(super) struct Forms {
    /// Where the text of each label stands, by the id of its field.
    labels: HashMap<String, Range<usize>>,
    /// The label that is open.
    open: Option<(String, usize)>,
    /// The values of fields, by their ids.
    fields: Vec<(String, String)>,
}

/// A page has no more fields; their values are kept without the labels.
const MOST_FIELDS: usize = 10_000;

/// A longer label is a text.
const LONGEST_LABEL: usize = 200;

impl Forms {
    /// Begins a label for the field with this id.
    pub fn begin_label(&mut self, id: Option<&str>, start: usize) {
        self.open = id.map(|id| (id.to_owned(), start));
    }

    /// Ends the label that is open.
    pub fn end_label(&mut self, end: usize) {
        if let Some((id, start)) = self.open.take().filter(|(_, start)| end - start <= LONGEST_LABEL) {
            self.labels.insert(id, start..end);
        }
    }

    /// Takes a field's value.
    pub fn field(&mut self, id: &str, value: &str) {
        if self.fields.len() < MOST_FIELDS {
            self.fields.push((id.to_owned(), value.to_owned()));
        }
    }

    /// Appends each field that has a label to `lines`. The labels stand in the text of the page.
    pub fn write(&mut self, text: &str, lines: &mut String) {
        for (id, value) in std::mem::take(&mut self.fields) {
            let label = self.labels.get(&id).and_then(|place| text.get(place.clone()));
            if let Some(label) = label {
                lines.push_str(label.trim().trim_end_matches(':'));
                lines.push_str(": ");
                lines.push_str(&value);
                lines.push('\n');
            }
        }
    }
}
