//! Tables whose cells stand below each other, one a line: what is left of a table that was copied into plain text.

use super::push_row;

/// A longer line is no cell.
const LONGEST_CELL: usize = 60;
/// Columns that such a table may have, and lines above it that belong to it by chance: a title, a date.
const COLUMNS: std::ops::RangeInclusive<usize> = 2..=20;
const MOST_ABOVE: usize = 3;
/// Fewer lines are no table.
const FEWEST_LINES: usize = 4;
/// A text with longer lines on the whole is none.
const LONGEST_LINES: usize = 30;
/// So many digits make a line data.
const DIGITS_OF_DATA: usize = 4;

/// The tables in a text; none when most of its lines are longer than cells.
pub(super) fn tables(source: &str) -> Option<String> {
    let lines = memchr::memchr_iter(b'\n', source.as_bytes()).count() + 1;
    if lines < FEWEST_LINES || source.len() / lines > LONGEST_LINES {
        return None;
    }
    let mut table = String::new();
    let mut block: Vec<&str> = Vec::new();
    let mut blank = 0;
    let mut spaced = None;
    for line in source.lines().map(str::trim).chain(["", "", ""]) {
        if line.is_empty() {
            blank += 1;
            continue;
        }
        // Either no blank line stands between two cells, or one does between all of them.
        let parted = blank > 0 && !block.is_empty();
        let goes_on = line.len() <= LONGEST_CELL && blank < 2 && spaced.is_none_or(|spaced| spaced == parted);
        if goes_on {
            spaced = spaced.or(Some(parted).filter(|_| !block.is_empty()));
        } else {
            write(&block, &mut table);
            block.clear();
            spaced = None;
        }
        if line.len() <= LONGEST_CELL {
            block.push(line);
        }
        blank = 0;
    }
    write(&block, &mut table);
    (!table.is_empty()).then_some(table)
}

/// Writes a block of lines as a table, if it is one; of several that it could be, that with the most rows.
fn write(block: &[&str], table: &mut String) {
    let starts = 0..=MOST_ABOVE.min(block.len());
    let possible = starts.filter_map(|start| block.get(start..)).filter_map(|cells| {
        let fits = |columns: &usize| cells.len() % columns == 0 && is_table(cells, *columns);
        COLUMNS.into_iter().find(fits).map(|columns| (cells, columns))
    });
    let best = possible.reduce(|best, next| match next.0.len() / next.1 > best.0.len() / best.1 {
        true => next,
        false => best,
    });
    for row in best
        .into_iter()
        .flat_map(|(cells, columns)| cells.chunks(columns))
    {
        push_row(table, row.iter().copied());
    }
}

/// Whether cells make rows below labels: each column holds numbers only, or none, and one of them does.
fn is_table(cells: &[&str], columns: usize) -> bool {
    // Four short lines may be anything.
    let enough = |rows: &[&str]| rows.len() > columns || !rows.is_empty() && columns > 2;
    let Some((labels, rows)) = cells.split_at_checked(columns).filter(|(_, rows)| enough(rows)) else {
        return false;
    };
    let is_label = |cell: &&str| !is_data(cell) && cell.bytes().any(|byte| byte.is_ascii_alphabetic());
    let alike = |column: usize| {
        let mut cells = rows
            .iter()
            .skip(column)
            .step_by(columns)
            .map(|cell| is_data(cell));
        let first = cells.next().unwrap_or(false);
        cells.all(|data| data == first).then_some(first)
    };
    let kinds: Option<Vec<bool>> = (0..columns).map(alike).collect();
    labels.iter().all(is_label) && kinds.is_some_and(|kinds| kinds.contains(&true))
}

fn is_data(cell: &str) -> bool {
    cell.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_OF_DATA
}
