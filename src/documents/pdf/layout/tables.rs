//! Lines whose words stand below each other → tables, so that a header acts on its column.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::lines::{Line, Word};
use super::rivers::{self, CLOSE, Run};
use super::seams::{around, sorted};
use crate::documents::Visit;
use crate::mime::TextKind;

/// A table on one page.
#[derive(Debug, Default)]
pub(in super::super) struct Grid {
    /// From where to where each column goes.
    columns: Vec<(f32, f32)>,
    rows: Vec<Vec<String>>,
    /// For each row whether its line is as close to the one before as the lines of one text are.
    close: Vec<bool>,
    angle: i16,
    /// Whether its columns were told by the rivers between them.
    by_rivers: bool,
    /// Whether it has no labels of its own.
    headless: bool,
}

/// A gap of this many sizes parts cells.
const CELL: f32 = 0.75;
/// Rows that stand further apart than this many sizes are of different tables.
const FAR: f32 = 6.0;
/// More columns are none, and more cells are not kept.
const WIDEST: usize = 200;
const MOST_CELLS: usize = 400_000;
/// How many things on a page may stand above a table that goes on from the page before.
const ABOVE: usize = 3;

/// Words of a line that form one cell.
#[derive(Debug)]
struct Cell {
    text: String,
    start: f32,
    end: f32,
}

/// The tables among lines.
pub(super) fn grids(lines: &[Line]) -> Vec<Grid> {
    let mut grids = Vec::new();
    let mut rest = lines;
    while !rest.is_empty() {
        let length = block(rest);
        let (block, after) = rest.split_at(length.max(1));
        if length >= 2 {
            grids.extend(grid(block));
        }
        rest = after;
    }
    grids
}

/// The tables that rivers tell.
pub(super) fn river_grids(lines: &[Line]) -> Vec<Grid> {
    let runs = rivers::runs(lines);
    let grids = runs
        .iter()
        .enumerate()
        .filter_map(|(place, run)| river_grid(run, place < ABOVE));
    grids.collect()
}

/// A table with labels; without them only what may go on from the page before.
fn river_grid(run: &Run<'_>, first: bool) -> Option<Grid> {
    let mut grid = Grid {
        columns: vec![(f32::MAX, f32::MIN); run.columns()],
        by_rivers: true,
        headless: run.labels == 0,
        ..Grid::default()
    };
    if (grid.headless && !first) || grid.columns.len() > WIDEST {
        return None;
    }
    let mut before = f32::MAX;
    // What is beyond stands in the text of the page.
    let most = MOST_CELLS / grid.columns.len();
    for (place, (line, cells)) in run.rows().take(most).enumerate() {
        grid.angle = line.angle;
        let mut row = vec![String::new(); grid.columns.len()];
        for (column, text, extent) in cells {
            if let (Some(slot), Some(column)) = (row.get_mut(column), grid.columns.get_mut(column)) {
                *slot = text.replace(['\t', '\n', '\r'], " ");
                *column = (column.0.min(extent.0), column.1.max(extent.1));
            }
        }
        let close = before - line.height < CLOSE * line.size;
        before = line.height;
        match grid.rows.first_mut().filter(|_| place < run.labels) {
            Some(labels) => append(labels, &row),
            None => {
                grid.rows.push(row);
                grid.close.push(close && place > run.labels);
            }
        }
    }
    Some(grid)
}

/// Adds the cells of a line to those of the row above.
fn append(above: &mut [String], row: &[String]) {
    for (above, cell) in above.iter_mut().zip(row).filter(|(_, cell)| !cell.is_empty()) {
        if !above.is_empty() {
            above.push(' ');
        }
        above.push_str(cell);
    }
}

/// How many lines from the first on may be one table: those with several cells, and single lines between them.
fn block(lines: &[Line]) -> usize {
    let (mut length, mut single) = (0, 0);
    let mut before: Option<&Line> = None;
    for (place, line) in lines.iter().enumerate() {
        let near = before.is_none_or(|before| {
            before.angle == line.angle && before.height - line.height < FAR * before.size.max(line.size)
        });
        if !near {
            break;
        }
        if parts(line) >= 2 {
            (length, single) = (place + 1, 0);
        } else {
            single += 1;
            if single > 2 || length == 0 {
                break;
            }
        }
        before = Some(line);
    }
    length
}

fn parts(line: &Line) -> usize {
    let wide = |pair: &&[Word]| matches!(pair, [one, other] if other.cut || (other.start - one.end).abs() > CELL * line.size);
    1 + line.words.windows(2).filter(wide).count()
}

fn grid(lines: &[Line]) -> Option<Grid> {
    let rough: Vec<Vec<Cell>> = lines.iter().map(|line| cells(line, |_, _| false)).collect();
    let starts = sorted(rough.iter().flatten().map(|cell| cell.start));
    let ends = sorted(rough.iter().flatten().map(|cell| cell.end));
    let often = (lines.len() * 3 / 10).max(2);
    let rows: Vec<Vec<Cell>> = lines
        .iter()
        .map(|line| {
            let near = 0.15 * line.size;
            cells(line, |end, start| {
                around(&starts, start, near) > often || around(&ends, end, near) > often
            })
        })
        .collect();
    let columns = columns(&rows)?;
    let mut grid = Grid {
        columns,
        angle: lines.first()?.angle,
        ..Grid::default()
    };
    let mut before = f32::MAX;
    for (line, row) in lines.iter().zip(rows) {
        grid.enter(row, before - line.height < CLOSE * line.size);
        before = line.height;
    }
    Some(grid)
}

/// The cells of a line: at wide gaps, and at narrow ones where `splits` says so of their two sides.
fn cells(line: &Line, splits: impl Fn(f32, f32) -> bool) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for word in &line.words {
        let joined = cells.last_mut().filter(|cell| {
            // Texts that are too long for their cells overlap.
            let gap = (word.start - cell.end).abs();
            !word.cut && gap <= CELL * line.size && !(gap > 0.18 * line.size && splits(cell.end, word.start))
        });
        match joined {
            Some(cell) => {
                cell.text.push(' ');
                cell.text.push_str(&word.text);
                cell.end = word.end;
            }
            None => cells.push(Cell {
                text: word.text.clone(),
                start: word.start,
                end: word.end,
            }),
        }
    }
    cells
}

/// The columns, when enough rows have the same number of cells one beside the other.
fn columns(rows: &[Vec<Cell>]) -> Option<Vec<(f32, f32)>> {
    let most = rows.iter().map(Vec::len).max()?.min(200);
    let rows_of = |count: usize| rows.iter().filter(move |row| row.len() == count);
    let count = (2..=most).max_by_key(|count| (rows_of(*count).count(), *count))?;
    let typical = rows_of(count).count();
    if typical < if count == 2 { 3 } else { 2 } {
        return None;
    }
    let mut columns = vec![(f32::MAX, f32::MIN); count];
    let mut starts = vec![0.0_f64; count];
    for row in rows_of(count) {
        for ((column, start), cell) in columns.iter_mut().zip(&mut starts).zip(row) {
            *column = (column.0.min(cell.start), column.1.max(cell.end));
            *start += f64::from(cell.start) / typical as f64;
        }
    }
    let ordered = starts.windows(2).all(|pair| pair.first() < pair.last());
    // Cells of different columns may not stand above each other throughout.
    let apart = columns.windows(2).all(|pair| match pair {
        [one, other] => one.0 < other.0 && one.1 < other.1,
        _ => true,
    });
    (ordered && apart).then_some(columns)
}

impl Grid {
    fn enter(&mut self, cells: Vec<Cell>, close: bool) {
        let alone = cells.len() == 1;
        let mut row = vec![String::new(); self.columns.len()];
        for cell in cells {
            let column = self.column(&cell);
            // A cell alone on its line goes on from the row above.
            let above = self.rows.last_mut().filter(|_| alone);
            let slots = above.unwrap_or(&mut row);
            if let Some(slot) = slots.get_mut(column) {
                if !slot.is_empty() {
                    slot.push(' ');
                }
                slot.push_str(&cell.text.replace(['\t', '\n', '\r'], " "));
            }
        }
        if row.iter().any(|cell| !cell.is_empty()) {
            self.rows.push(row);
            self.close.push(close);
        }
    }

    /// The column that a cell shares most with.
    fn column(&self, cell: &Cell) -> usize {
        let shared = |column: &(f32, f32)| column.1.min(cell.end) - column.0.max(cell.start);
        let columns = self.columns.iter().enumerate();
        let best = columns.max_by(|(_, one), (_, other)| shared(one).total_cmp(&shared(other)));
        best.map_or(0, |(place, _)| place)
    }

    /// The rows when lines that may go on with the cells above them do; `None` when there are none.
    fn wrapped(&self) -> Option<Vec<Vec<String>>> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (row, close) in self.rows.iter().zip(&self.close) {
            match rows.last_mut().filter(|above| *close && goes_on(above, row)) {
                Some(above) => append(above, row),
                None => rows.push(row.clone()),
            }
        }
        (rows.len() < self.rows.len()).then_some(rows)
    }

    fn continues(&self, before: &Grid) -> bool {
        let columns = self.columns.iter().zip(&before.columns);
        let near = |(one, other): (&(f32, f32), &(f32, f32))| one.0 < other.1 && other.0 < one.1;
        self.angle == before.angle
            && self.columns.len() == before.columns.len()
            && columns.into_iter().all(near)
    }
}

/// Whether a row lacks cells and those that it has all go on with one above, or none does: a cell whose lines are
/// fewer stands in the middle.
fn goes_on(above: &[String], row: &[String]) -> bool {
    let filled = || row.iter().zip(above).filter(|(cell, _)| !cell.is_empty());
    let below = filled().filter(|(_, above)| !above.is_empty()).count();
    filled().count() < row.len() && (below == 0 || below == filled().count())
}

fn written(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for row in rows {
        text.push_str(&row.join("\t"));
        text.push('\n');
    }
    text
}

/// Tables that may go on from page to page.
#[derive(Default)]
pub(in super::super) struct Tables {
    /// The last table by each way to tell them.
    open: [Option<(String, Grid)>; 2],
    /// What was handed over, since both ways often tell the same.
    said: HashSet<u64>,
}

impl Tables {
    /// Adds the tables of a page; the first of them may go on from the page before.
    pub fn add(&mut self, visit: &mut Visit<'_>, place: &str, grids: Vec<Grid>) {
        let mut first = [true; 2];
        for grid in grids {
            let way = usize::from(grid.by_rivers);
            let (Some(open), Some(first)) = (self.open.get_mut(way), first.get_mut(way)) else {
                continue;
            };
            match open {
                Some((_, open)) if (*first || grid.headless) && grid.continues(open) => {
                    open.rows.extend(grid.rows);
                    open.close.extend(grid.close);
                }
                _ if grid.headless => continue,
                open => {
                    hand_over(visit, open.take(), &mut self.said);
                    *open = Some((place.to_owned(), grid));
                }
            }
            *first = false;
        }
    }

    /// Hands over what is still open.
    pub fn finish(&mut self, visit: &mut Visit<'_>) {
        for open in &mut self.open {
            hand_over(visit, open.take(), &mut self.said);
        }
    }
}

fn hand_over(visit: &mut Visit<'_>, table: Option<(String, Grid)>, said: &mut HashSet<u64>) {
    if let Some((place, grid)) = table.filter(|(_, grid)| grid.rows.len() > 1) {
        let place = format!("a table on {place}");
        let texts = [
            Some(written(&grid.rows)),
            grid.wrapped().map(|rows| written(&rows)),
        ];
        for text in texts.into_iter().flatten() {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            if said.insert(hasher.finish()) {
                visit.text_in(&place, TextKind::Table, text);
            }
        }
    }
}
