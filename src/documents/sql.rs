//! Rows that a database wrote as SQL: `INSERT INTO … VALUES …` and PostgreSQL's `COPY … FROM stdin` become tables,
//! with the names of the columns as labels.

use std::collections::HashMap;

use super::records::push_cell;

/// The tables in a text. Empty, and found so at once, for all that is no SQL.
pub(super) fn tables(text: &str) -> Vec<String> {
    let statements = ["NSERT INTO ", "nsert into ", "COPY "];
    if !statements
        .iter()
        .any(|statement| memchr::memmem::find(text.as_bytes(), statement.as_bytes()).is_some())
    {
        return Vec::new();
    }
    let mut dump = Dump::default();
    dump.read(text);
    dump.tables.retain(|table| table.lines().count() > 1);
    dump.tables
}

#[derive(Default)]
struct Dump<'a> {
    /// The columns of each table, as `CREATE TABLE` names them.
    columns: HashMap<&'a str, Vec<&'a str>>,
    /// The rows of each table of the database, with the columns that its statements name.
    begun: HashMap<(&'a str, Vec<&'a str>), usize>,
    tables: Vec<String>,
    /// A row never ended. It reached to the end of the text, and so would every other.
    open: bool,
}

impl<'a> Dump<'a> {
    fn read(&mut self, text: &'a str) {
        let mut rest = text;
        let mut failures = 0;
        while let Some(at) = next_keyword(rest).filter(|_| failures < MOST_FAILURES && !self.open) {
            rest = rest.get(at..).unwrap_or_default();
            let read = match rest.as_bytes().first() {
                Some(b'I' | b'i') => self.insert(rest),
                Some(b'C' | b'c') if rest.get(..4).is_some_and(|word| word == "COPY") => self.copy(rest),
                _ => self.create(rest),
            };
            failures += usize::from(read.is_none());
            rest = read.unwrap_or_else(|| rest.get(1..).unwrap_or_default());
        }
    }

    /// `INSERT INTO name (columns) VALUES (…), (…)`.
    fn insert(&mut self, statement: &'a str) -> Option<&'a str> {
        let after = after_word(after_word(statement, "insert")?, "into")?;
        let (name, after) = name(after)?;
        let (columns, after) = match after.strip_prefix('(') {
            Some(list) => {
                let (columns, after) = closed(list)?;
                (names(columns), after.trim_start())
            }
            None => (Vec::new(), after),
        };
        let after = after_word(after, "values").or_else(|| after_word(after, "value"))?;
        let table = self.begin(name, columns);
        self.rows(table, after)
    }

    fn rows(&mut self, table: usize, mut rest: &'a str) -> Option<&'a str> {
        while let Some(values) = rest.strip_prefix('(') {
            let table = self.tables.get_mut(table)?;
            let behind = row(values, table);
            self.open = behind.is_none();
            rest = behind?.trim_start();
            let Some(next) = rest.strip_prefix(',') else {
                break;
            };
            rest = next.trim_start();
        }
        Some(rest)
    }

    /// `COPY name (columns) FROM stdin;`, then lines with tabs up to `\.`.
    fn copy(&mut self, statement: &'a str) -> Option<&'a str> {
        let (name, after) = name(after_word(statement, "copy")?)?;
        let (columns, after) = closed(after.strip_prefix('(')?)?;
        let line = start(after).split('\n').next()?;
        let rows = after.get(line.len() + 1..)?;
        if !line.to_ascii_lowercase().contains("from stdin") {
            return None;
        }
        let (rows, rest) = rows.split_once("\n\\.").unwrap_or((rows, ""));
        let table = self.begin(name, names(columns));
        let table = self.tables.get_mut(table)?;
        table.push_str(&rows.replace("\\N", ""));
        table.push('\n');
        Some(rest)
    }

    /// `CREATE TABLE name (column type, …)`.
    fn create(&mut self, statement: &'a str) -> Option<&'a str> {
        let after = after_word(after_word(statement, "create")?, "table")?;
        let after = ["if", "not", "exists"]
            .iter()
            .fold(after, |after, word| after_word(after, word).unwrap_or(after));
        let (name, after) = name(after)?;
        let list = start(after.strip_prefix('(')?).split(';').next()?;
        let lines = list.split(",\n").flat_map(|line| line.split(",\r\n"));
        let lines: Vec<&str> = if list.contains('\n') {
            lines.collect()
        } else {
            list.split(", ").collect()
        };
        let first = |line: &&'a str| line.split_whitespace().next().map(unquoted);
        let keys = ["primary", "key", "unique", "constraint", "foreign", "index", ")"];
        let columns = lines.iter().filter_map(first);
        let columns = columns.filter(|column| !keys.iter().any(|key| column.eq_ignore_ascii_case(key)));
        self.columns.insert(name, columns.collect());
        Some(after.get(1..).unwrap_or_default())
    }

    /// Goes on with the table of this name and columns, or begins one. Without columns, those of `CREATE TABLE` hold.
    fn begin(&mut self, name: &'a str, columns: Vec<&'a str>) -> usize {
        let key = (name, columns);
        if let Some(table) = self.begun.get(&key) {
            return *table;
        }
        let declared = self.columns.get(name).filter(|_| key.1.is_empty());
        let header = declared.unwrap_or(&key.1).join("\t");
        self.tables
            .push(if header.is_empty() { header } else { header + "\n" });
        let table = self.tables.len() - 1;
        self.begun.insert(key, table);
        table
    }
}

/// A list of columns, or one value that is no string, is no longer than this.
const LONGEST_LIST: usize = 4 << 10;

/// After so many statements that are none, the rest is prose, or made to take long.
const MOST_FAILURES: usize = 1_000;

/// What may belong to a list that begins here.
fn start(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_LIST))
        .unwrap_or_default()
}

/// A list up to its closing bracket, and what follows it.
fn closed(list: &str) -> Option<(&str, &str)> {
    let end = start(list).find(')')?;
    Some((list.get(..end)?, list.get(end + 1..)?))
}

/// Where the next statement that matters may begin: at a word, which the statements themselves check.
fn next_keyword(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = memchr::memchr3(b'I', b'C', b'i', bytes.get(from..)?) {
        let at = from + found;
        let word = bytes.get(at..at + 4).unwrap_or_default();
        let statement = [b"INSE", b"inse", b"Inse", b"COPY", b"CREA"]
            .iter()
            .any(|start| word == start.as_slice());
        if statement {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// What follows a word and white space.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    let ends = rest.starts_with(|c: char| c.is_whitespace() || c == '(');
    (start.eq_ignore_ascii_case(word) && ends).then(|| rest.trim_start())
}

/// A name, without the quotes and the schema, and what follows it.
fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| c.is_whitespace() || c == '(')?;
    let (name, rest) = text.split_at_checked(end)?;
    Some((unquoted(name), rest.trim_start()))
}

fn names(list: &str) -> Vec<&str> {
    list.split(',').map(|name| unquoted(name.trim())).collect()
}

fn unquoted(name: &str) -> &str {
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    name.trim_matches(['"', '`', '\'', '[', ']'])
}

/// Appends the values up to the closing bracket as a row, and gives what follows it.
fn row<'a>(values: &'a str, table: &mut String) -> Option<&'a str> {
    let mut rest = values.trim_start();
    loop {
        rest = match rest.strip_prefix('\'') {
            Some(quoted) => string(quoted, table)?,
            None => word(rest, table)?,
        };
        rest = rest.trim_start();
        match rest.as_bytes().first()? {
            b',' => {
                table.push('\t');
                rest = rest.get(1..)?.trim_start();
            }
            b')' => {
                table.push('\n');
                return rest.get(1..);
            }
            // `'a' || 'b'`, `'a'::text`: all of it belongs to the value.
            _ => rest = rest.get(rest.chars().next()?.len_utf8()..)?,
        }
    }
}

/// A string; a quote in it is doubled, or follows a backslash.
fn string<'a>(source: &'a str, table: &mut String) -> Option<&'a str> {
    let mut text = String::new();
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'\'', b'\\', source.as_bytes().get(from..)?)?;
        text.push_str(source.get(from..at)?);
        let after = source.get(at + 1..)?;
        let escaped = source.as_bytes().get(at) == Some(&b'\\');
        let next = after.chars().next().filter(|next| escaped || *next == '\'');
        let Some(next) = next else {
            push_cell(table, &text);
            return Some(after);
        };
        text.push(if escaped && matches!(next, 'n' | 'r' | 't') {
            ' '
        } else {
            next
        });
        from = at + 1 + next.len_utf8();
    }
}

/// A number, NULL, or the beginning of an expression.
fn word<'a>(source: &'a str, table: &mut String) -> Option<&'a str> {
    let end = start(source).find([',', ')', '\''])?;
    let (word, rest) = source.split_at_checked(end)?;
    let word = word.trim();
    if !word.eq_ignore_ascii_case("null") && !matches!(word, "N" | "E") {
        push_cell(table, word);
    }
    match rest.strip_prefix('\'') {
        Some(quoted) => string(quoted, table),
        None => Some(rest),
    }
}
