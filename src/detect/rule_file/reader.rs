//! Typed access to TOML tables that collects mistakes instead of stopping at the first.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::RuleError;
use super::At;

/// Knows on which line an octet of a file stands.
#[derive(Debug)]
pub(in super::super) struct Lines {
    file: String,
    ends: Vec<usize>,
}

impl Lines {
    pub fn of(file: &str, text: &str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
        Lines {
            file: file.to_owned(),
            ends,
        }
    }

    /// A mistake at an octet.
    pub fn error(&self, at: usize, message: String) -> RuleError {
        RuleError {
            file: self.file.clone(),
            line: self.line(at),
            message,
        }
    }

    fn line(&self, at: usize) -> usize {
        self.ends.partition_point(|end| *end < at) + 1
    }
}

/// A table that is being read. Keys that nothing asked for are mistakes.
pub(super) struct Table<'r, 't> {
    table: &'r DeTable<'t>,
    at: usize,
    what: &'r str,
    lines: &'r Lines,
    errors: &'r mut Vec<RuleError>,
    known: Vec<&'static str>,
}

impl<'r, 't> Table<'r, 't> {
    pub fn new(
        table: &'r DeTable<'t>,
        at: usize,
        what: &'r str,
        lines: &'r Lines,
        errors: &'r mut Vec<RuleError>,
    ) -> Self {
        Table {
            table,
            at,
            what,
            lines,
            errors,
            known: Vec::new(),
        }
    }

    /// A text that must be there and say something.
    pub fn text(&mut self, key: &'static str) -> String {
        self.text_at(key).value
    }

    /// As [`Table::text`], with its line.
    pub fn text_at(&mut self, key: &'static str) -> At<String> {
        let Some(value) = self.find(key) else {
            self.fail(
                self.at,
                format!("{} lacks `{key}`; add `{key} = \"…\"`", self.what),
            );
            return At {
                line: self.lines.line(self.at),
                value: String::new(),
            };
        };
        let text = value.get_ref().as_str().unwrap_or_default();
        if text.trim().is_empty() {
            self.fail(
                value.span().start,
                format!("`{key}` must be a text that is not empty"),
            );
        }
        At {
            line: self.lines.line(value.span().start),
            value: text.to_owned(),
        }
    }

    /// A list of texts; empty when it is not there.
    pub fn texts(&mut self, key: &'static str) -> Vec<At<String>> {
        let Some(value) = self.find(key) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.fail(
                value.span().start,
                format!("`{key}` must be a list of texts: {key} = [\"…\"]"),
            );
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            let at = item.span().start;
            match item.get_ref().as_str() {
                Some(text) if !text.trim().is_empty() => {
                    texts.push(At {
                        line: self.lines.line(at),
                        value: text.to_owned(),
                    });
                }
                _ => self.fail(
                    at,
                    format!("`{key}` holds something that is no text, or an empty one"),
                ),
            }
        }
        texts
    }

    pub fn number(&mut self, key: &'static str, default: usize) -> usize {
        let Some(value) = self.find(key) else {
            return default;
        };
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|number| number.as_str().parse().ok());
        if number.is_none_or(|number: usize| number > 1000) {
            self.fail(
                value.span().start,
                format!("`{key}` must be a whole number from 0 to 1000"),
            );
        }
        number.unwrap_or(default)
    }

    pub fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let Some(value) = self.find(key) else {
            return default;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.fail(value.span().start, format!("`{key}` must be true or false"));
            default
        })
    }

    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.find(key)?;
        let given = value.get_ref().as_str().unwrap_or_default();
        let chosen = choices.iter().find(|(name, _)| *name == given);
        if chosen.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.fail(
                value.span().start,
                format!("`{key}` must be one of: {}", names.join(", ")),
            );
        }
        chosen.map(|(_, choice)| *choice)
    }

    pub fn required_choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        if self.find(key).is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.fail(
                self.at,
                format!("{} lacks `{key}`, one of: {}", self.what, names.join(", ")),
            );
            return None;
        }
        self.choice(key, choices)
    }

    /// A table inside this one.
    pub fn table<T>(&mut self, key: &'static str, read: impl Fn(&mut Table) -> T) -> Option<T> {
        let value = self.find(key)?;
        self.inner(key, value, &read)
    }

    /// A list of tables: `[[key]]`.
    pub fn tables<T>(&mut self, key: &'static str, read: impl Fn(&mut Table) -> T) -> Vec<At<T>> {
        let Some(value) = self.find(key) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.fail(
                value.span().start,
                format!("`{key}` must be a list of tables: [[{key}]]"),
            );
            return Vec::new();
        };
        let mut found = Vec::new();
        for item in items.iter() {
            let line = self.lines.line(item.span().start);
            found.extend(self.inner(key, item, &read).map(|value| At { line, value }));
        }
        found
    }

    /// Names every key that nothing asked for, with the nearest one that exists.
    pub fn refuse_other_keys(self) {
        let Table {
            table,
            what,
            lines,
            errors,
            known,
            ..
        } = self;
        for key in table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let near = known
                .iter()
                .map(|known| (strsim::damerau_levenshtein(name, known), known))
                .min();
            let cure = match near {
                Some((distance, near)) if distance <= 3 => format!("did you mean `{near}`?"),
                _ => format!("the keys are: {}", known.join(", ")),
            };
            errors.push(lines.error(key.span().start, format!("{what} has no key `{name}`; {cure}")));
        }
    }

    fn inner<T>(
        &mut self,
        key: &'static str,
        value: &Spanned<DeValue<'t>>,
        read: &impl Fn(&mut Table) -> T,
    ) -> Option<T> {
        let Some(inner) = value.get_ref().as_table() else {
            self.fail(value.span().start, format!("`{key}` must be a table"));
            return None;
        };
        let what = format!("`{key}`");
        let mut table = Table::new(inner, value.span().start, &what, self.lines, self.errors);
        let found = read(&mut table);
        table.refuse_other_keys();
        Some(found)
    }

    fn find(&mut self, key: &'static str) -> Option<&'r Spanned<DeValue<'t>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| value)
    }

    fn fail(&mut self, at: usize, message: String) {
        self.errors.push(self.lines.error(at, message));
    }
}
