//! Lists in brackets, one a line, as programs and settings write tables: `columns: [name, ssn]`, `("Mary", "536…"),`.

use super::push_row;

/// Shorter lists are no rows.
const FEWEST_CELLS: usize = 3;

/// Lines between two rows of a table that are none: `rows = [`.
const MOST_BETWEEN: usize = 3;

/// The rows, as a table; none when there are fewer than two.
pub(super) fn rows(source: &str) -> Option<String> {
    // Ordinary text costs one look at the end of each line.
    let octets = source.as_bytes();
    let ends = memchr::memchr_iter(b'\n', octets).filter(|end| {
        let line = octets.get(..*end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = line.strip_suffix(b",").unwrap_or(line);
        line.ends_with(b"]") || line.ends_with(b")")
    });
    if ends.take(1).count() == 0 {
        return None;
    }
    let (mut table, mut rows, mut width, mut between) = (String::new(), 0, 0, 0);
    for line in source.lines() {
        let Some(cells) = list(line).map(cells).filter(|cells| cells.len() >= FEWEST_CELLS) else {
            between += 1;
            continue;
        };
        if cells.len() != width || between > MOST_BETWEEN {
            table.push_str(if rows > 0 { "\n" } else { "" });
            width = cells.len();
        }
        between = 0;
        rows += 1;
        push_row(&mut table, cells.into_iter());
    }
    (rows > 1).then_some(table)
}

/// What stands between the brackets of a line that is a list, perhaps behind a label or the mark of an item.
fn list(line: &str) -> Option<&str> {
    let line = line.trim().trim_end_matches([',', ';']);
    let (open, inner) = match line.as_bytes().last()? {
        b']' => ('[', line.strip_suffix(']')?),
        b')' => ('(', line.strip_suffix(')')?),
        _ => return None,
    };
    let (before, list) = inner.split_once(open)?;
    let before = before.trim_end();
    let leads = before.is_empty() || before.ends_with([':', '=', '-', '[', '(']);
    (leads && before.len() <= 60).then_some(list)
}

/// Cells between commas outside of quotes.
pub(super) fn cells(list: &str) -> Vec<&str> {
    let mut quote = None;
    let split = list.split(|character: char| {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            _ => {}
        }
        character == ',' && quote.is_none()
    });
    split.map(|cell| cell.trim().trim_matches(['"', '\''])).collect()
}
