//! What OCR saw → lines, tables, and whether it was seen for certain.

use super::tsv::Word;

/// Certainty, in percent over all characters, from which words count as made out. Printed text has 78 to 96 even when
/// it is small, blurred or in a grid; what is seen in photographs and drawings has 20 to 55.
const LEGIBLE: f64 = 75.0;

/// Fewer characters than this say nothing of a picture.
const LEAST_CHARACTERS: usize = 4;

/// What was read on one picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    /// The words in lines, in the order of reading.
    pub lines: String,
    /// The words in rows and columns, where there are such.
    pub table: Option<String>,
    /// Whether the words were made out for certain.
    pub legible: bool,
}

impl Page {
    /// Puts words in their places. Tables are told on pages that are `upright`: on a turned one the places of the words
    /// are turned as well.
    pub fn of(words: &[Word], upright: bool) -> Page {
        Page {
            lines: lines(words),
            table: if upright { table(words) } else { None },
            legible: is_legible(words),
        }
    }

    /// How many letters and digits were seen, to tell a better reading from a worse one.
    pub fn characters(&self) -> usize {
        self.lines.chars().filter(|c| c.is_alphanumeric()).count()
    }
}

fn is_legible(words: &[Word]) -> bool {
    let count = |word: &Word| word.text.chars().count();
    let characters: usize = words.iter().map(count).sum();
    let weighed: f64 = words.iter().map(|word| word.certainty * count(word) as f64).sum();
    characters >= LEAST_CHARACTERS && weighed >= LEGIBLE * characters as f64
}

/// As OCR grouped them: words of a line by spaces, lines by line feeds, blocks by empty lines.
fn lines(words: &[Word]) -> String {
    let mut text = String::new();
    let mut before: Option<&Word> = None;
    for word in words {
        text.push_str(match before {
            None => "",
            Some(last) if last.block != word.block => "\n\n",
            Some(last) if last.line != word.line => "\n",
            Some(_) => " ",
        });
        text.push_str(&mended(&word.text));
        before = Some(word);
    }
    text
}

/// Rows by height and columns by gaps, when at least two rows have at least two cells. OCR often takes the columns of
/// a form for blocks of their own, and then a label stands far from its value.
fn table(words: &[Word]) -> Option<String> {
    let rows: Vec<Vec<Cell>> = rows(words).into_iter().map(cells).collect();
    let wide = rows.iter().filter(|row| row.len() >= 2).count();
    if wide < 2 {
        return None;
    }
    let columns = columns(&rows);
    let mut text = String::new();
    for row in &rows {
        let mut at = 0;
        for cell in row {
            let column = columns.iter().rposition(|start| *start <= cell.left).unwrap_or(0);
            // Two cells in one column stay two words.
            let beside = column <= at && !text.is_empty() && !text.ends_with(['\n', '\t']);
            text.push_str(if beside { " " } else { "" });
            while at < column {
                text.push('\t');
                at += 1;
            }
            text.push_str(&cell.text);
        }
        text.push('\n');
    }
    Some(text)
}

/// Words in a row that stand close together.
struct Cell {
    left: u32,
    right: u32,
    text: String,
}

/// Words whose middles lie within one another's height, from top to bottom, each row from left to right.
fn rows(words: &[Word]) -> Vec<Vec<&Word>> {
    let mut sorted: Vec<&Word> = words.iter().collect();
    sorted.sort_by_key(|word| word.middle());
    let mut rows: Vec<Vec<&Word>> = Vec::new();
    for word in sorted {
        let fits = |row: &Vec<&Word>| {
            let first = row.first().copied().unwrap_or(word);
            word.middle().abs_diff(first.middle()) <= first.height.min(word.height) / 2
        };
        match rows.last_mut().filter(|row| fits(row)) {
            Some(row) => row.push(word),
            None => rows.push(vec![word]),
        }
    }
    for row in &mut rows {
        row.sort_by_key(|word| word.left);
    }
    rows
}

/// A gap wider than a letter is high ends a cell; so does a line that OCR took for a letter.
fn cells(row: Vec<&Word>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for word in row {
        if matches!(word.text.as_str(), "|" | "[" | "]" | "||") {
            continue;
        }
        let text = mended(&word.text);
        let right = word.left.saturating_add(word.width);
        match cells.last_mut() {
            Some(cell) if word.left.saturating_sub(cell.right) <= word.height => {
                cell.text.push(' ');
                cell.text.push_str(&text);
                cell.right = right;
            }
            _ => cells.push(Cell {
                left: word.left,
                right,
                text,
            }),
        }
    }
    cells
}

/// Where columns begin: cells whose sides overlap are of one column.
fn columns(rows: &[Vec<Cell>]) -> Vec<u32> {
    let wide = rows.iter().filter(|row| row.len() >= 2);
    let mut spans: Vec<(u32, u32)> = wide.flatten().map(|cell| (cell.left, cell.right)).collect();
    spans.sort_unstable();
    let mut columns: Vec<(u32, u32)> = Vec::new();
    for (left, right) in spans {
        match columns.last_mut() {
            Some((_, end)) if left <= *end => *end = right.max(*end),
            _ => columns.push((left, right)),
        }
    }
    columns.into_iter().map(|(left, _)| left).collect()
}

/// A word with the letters that OCR mistakes for digits put right: `S` is a letter before the eight digits of a
/// licence, and `O`, `l`, `I` are digits among digits.
fn mended(word: &str) -> String {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let doubtful = word.chars().filter(|c| is_doubtful(*c)).count();
    if digits < 6 || doubtful == 0 || doubtful > 2 {
        return word.to_owned();
    }
    let others = word.chars().any(|c| c.is_alphabetic() && !is_doubtful(c));
    if others {
        return word.to_owned();
    }
    let mut first = true;
    let mend = |c: char| {
        let begins = std::mem::take(&mut first);
        match c {
            // A letter in front may be one: licences begin with `I` or `O` in some states.
            'O' | 'o' if !begins => '0',
            'l' | 'I' | '|' if !begins => '1',
            c => c,
        }
    };
    word.chars().map(mend).collect()
}

fn is_doubtful(c: char) -> bool {
    matches!(c, 'O' | 'o' | 'l' | 'I' | '|')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, left: u32, top: u32, block: u32) -> Word {
        Word {
            text: text.to_owned(),
            certainty: 90.0,
            left,
            top,
            width: 10 * u32::try_from(text.len()).unwrap(),
            height: 20,
            block,
            line: top,
        }
    }

    #[test]
    fn columns_that_ocr_read_one_after_the_other_become_rows_again() {
        let words = [
            word("Name", 0, 0, 1),
            word("John", 0, 40, 1),
            word("Smith", 55, 41, 1),
            word("Maria", 0, 80, 1),
            word("SSN", 300, 2, 2),
            word("536-22-8145", 300, 40, 2),
            word("219-40-6621", 300, 79, 2),
        ];
        let page = Page::of(&words, true);
        assert!(page.legible);
        assert_eq!(
            page.lines,
            "Name\nJohn\nSmith\nMaria\n\nSSN\n536-22-8145\n219-40-6621"
        );
        let table = page.table.unwrap();
        assert_eq!(table, "Name\tSSN\nJohn Smith\t536-22-8145\nMaria\t219-40-6621\n");
    }

    #[test]
    fn a_cell_that_is_missing_keeps_the_others_in_their_columns() {
        let words = [
            word("Name", 0, 0, 1),
            word("SSN", 200, 0, 1),
            word("Card", 400, 0, 1),
            word("John", 0, 40, 1),
            word("4111", 400, 40, 1),
        ];
        assert_eq!(
            Page::of(&words, true).table.unwrap(),
            "Name\tSSN\tCard\nJohn\t\t4111\n"
        );
    }

    #[test]
    fn letters_among_digits_are_digits_and_licences_keep_their_letter() {
        assert_eq!(mended("536-22-8I4O"), "536-22-8140");
        assert_eq!(mended("S12345678"), "S12345678");
        assert_eq!(mended("I1234567"), "I1234567");
        assert_eq!(mended("Oslo"), "Oslo");
        assert_eq!(mended("MIL-12345678"), "MIL-12345678");
    }

    #[test]
    fn a_few_doubtful_shapes_are_not_legible() {
        let mut seen = [word("al", 0, 0, 1), word("~rx,", 50, 0, 1)];
        for word in &mut seen {
            word.certainty = 40.0;
        }
        assert!(!Page::of(&seen, true).legible);
        assert!(!Page::of(&[], true).legible);
        assert!(!Page::of(&[word("I", 0, 0, 1)], true).legible);
    }
}
