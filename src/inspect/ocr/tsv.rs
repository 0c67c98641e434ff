//! Tesseract's table of what it saw, one line for each word.
//!
//! What a picture made of Tesseract is not known, so nothing here is taken on trust.

/// A word, where it stands in the picture, and how sure Tesseract is of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    /// The word.
    pub text: String,
    /// 0 to 100.
    pub certainty: f64,
    /// Pixels from the left.
    pub left: u32,
    /// Pixels from the top.
    pub top: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Counts the blocks of the page.
    pub block: u32,
    /// Tells the lines of a block apart.
    pub line: u32,
}

impl Word {
    /// How far its middle is from the top.
    pub fn middle(&self) -> u32 {
        self.top.saturating_add(self.height / 2)
    }
}

/// Words that one picture may have: a full page has 600.
const MOST_WORDS: usize = 20_000;

/// The words of a table; `None` when it is no such table or goes over a limit.
pub(super) fn words(table: &[u8]) -> Option<Vec<Word>> {
    let table = String::from_utf8_lossy(table);
    let mut lines = table.lines();
    lines.next().filter(|header| header.starts_with("level\t"))?;
    let words: Vec<Word> = lines.filter_map(word).take(MOST_WORDS + 1).collect();
    (words.len() <= MOST_WORDS).then_some(words)
}

/// `level page block paragraph line word left top width height certainty text`; level 5 is a word.
fn word(line: &str) -> Option<Word> {
    let mut fields = line.splitn(12, '\t');
    let mut number = || fields.next()?.parse::<u32>().ok();
    let (5, _page, block, paragraph, line, _word) =
        (number()?, number()?, number()?, number()?, number()?, number()?)
    else {
        return None;
    };
    let (left, top, width, height) = (number()?, number()?, number()?, number()?);
    let certainty: f64 = fields.next()?.parse().ok()?;
    let text: String = fields
        .next()?
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect();
    let text = text.trim().to_owned();
    (!text.is_empty() && certainty.is_finite()).then(|| Word {
        text,
        certainty: certainty.clamp(0.0, 100.0),
        left,
        top,
        width,
        height,
        block,
        line: paragraph.saturating_mul(10_000).saturating_add(line),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inspect::ocr::page::Page;

    const HEADER: &str =
        "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n";

    #[test]
    fn words_are_read_and_the_rest_is_left_out() {
        let table = format!(
            "{HEADER}1\t1\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t\n5\t1\t2\t1\t3\t1\t10\t20\t30\t12\t91.5\t536-22-8145\n5\t1\t2\t1\t3\t2\t50\t20\t3\t12\t95\t \n"
        );
        let words = words(table.as_bytes()).unwrap();
        let [word] = words.as_slice() else {
            panic!("{words:?}")
        };
        assert_eq!(
            (word.text.as_str(), word.left, word.certainty),
            ("536-22-8145", 10, 91.5)
        );
    }

    #[test]
    fn another_output_is_no_table() {
        assert_eq!(words(b""), None);
        assert_eq!(words(b"Error opening data file"), None);
    }

    proptest! {
        #[test]
        fn nothing_that_tesseract_says_disturbs_the_gateway(
            rows in prop::collection::vec("[0-9]{1,10}(\t[0-9]{1,10}){9}\t(NaN|inf|-1|90)\t\\PC{0,20}", 0..40),
            noise: String,
        ) {
            let rows: Vec<String> = rows.iter().map(|row| format!("5\t{row}")).collect();
            let table = format!("{HEADER}{}\n{noise}", rows.join("\n"));
            Page::of(&words(table.as_bytes()).unwrap(), true);
        }
    }
}
