//! Tables whose cells stand below each other, one a line: what is left of a table that was copied into plain text.

use super::push_row;

/// A longer line is no cell.
const LONGEST_CELL: usize = 60;
/// Columns that such a table may have, and lines above and below it that belong to no cell: a title, a date.
const COLUMNS: std::ops::RangeInclusive<usize> = 2..=20;
const MOST_LEFT_OUT: usize = 4;
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
        // A line with cells of its own is a row already.
        let is_cell = line.len() <= LONGEST_CELL && !line.contains('\t');
        let goes_on = is_cell && blank < 2 && spaced.is_none_or(|spaced| spaced == parted);
        if goes_on {
            spaced = spaced.or(Some(parted).filter(|_| !block.is_empty()));
        } else {
            write(&block, &mut table);
            block.clear();
            spaced = None;
        }
        if is_cell {
            block.push(line);
        }
        blank = 0;
    }
    write(&block, &mut table);
    (!table.is_empty()).then_some(table)
}

/// What a line may be in a table.
#[derive(Clone, Copy)]
struct Cell {
    data: bool,
    label: bool,
}

impl Cell {
    fn of(line: &&str) -> Cell {
        let data = is_data(line);
        Cell {
            data,
            label: !data && line.bytes().any(|byte| byte.is_ascii_alphabetic()),
        }
    }
}

/// Writes a block of lines as a table, if it is one. Where it has several rows, other lines may stand above and below it;
/// as no label shows where it begins, all tables are written that leave as few lines out.
fn write(block: &[&str], table: &mut String) {
    // Lines with a label and a value each are no cells of one table.
    if block.iter().filter(|line| line.contains(": ")).count() * 2 > block.len() {
        return;
    }
    // Each line is looked at once, though it is tried in many tables.
    let kinds: Vec<Cell> = block.iter().map(Cell::of).collect();
    let mut done = false;
    for left_out in 0..=MOST_LEFT_OUT {
        if done {
            return;
        }
        for above in 0..=left_out {
            let Some(end) = block.len().checked_sub(left_out - above) else {
                continue;
            };
            let Some((lines, cells)) = block.get(above..end).zip(kinds.get(above..end)) else {
                continue;
            };
            let several = |columns: usize| cells.len() > 2 * columns;
            let fits = |columns: &usize| {
                (several(*columns) || left_out == 0)
                    && cells.len() % columns == 0
                    && is_table(cells, *columns)
            };
            let Some(columns) = COLUMNS.into_iter().find(fits) else {
                continue;
            };
            // A single row may fit by chance.
            done |= several(columns);
            for row in lines.chunks(columns) {
                push_row(table, row.iter().copied());
            }
            table.push('\n');
        }
    }
}

/// Whether cells make rows below labels: each column holds numbers only, or none, and one of them does.
fn is_table(cells: &[Cell], columns: usize) -> bool {
    // Four short lines may be anything.
    let enough = |rows: &[Cell]| rows.len() > columns || !rows.is_empty() && columns > 2;
    let Some((labels, rows)) = cells.split_at_checked(columns).filter(|(_, rows)| enough(rows)) else {
        return false;
    };
    let alike = |column: usize| {
        let mut cells = rows.iter().skip(column).step_by(columns).map(|cell| cell.data);
        let first = cells.next().unwrap_or(false);
        cells.all(|data| data == first).then_some(first)
    };
    if !labels.iter().all(|cell| cell.label) {
        return false;
    }
    let kinds: Option<Vec<bool>> = (0..columns).map(alike).collect();
    kinds.is_some_and(|kinds| kinds.contains(&true))
}

fn is_data(cell: &str) -> bool {
    cell.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_OF_DATA
}
