//! Lines of text for a terminal.

/// Columns that a line has.
const WIDTH: usize = 100;
/// Where the text behind a label begins.
const FIELD: usize = 16;

/// The text without characters that would steer the terminal or reorder its line: control characters and
/// directional marks of Unicode become `\u{fffd}`. Replies of other servers and header fields are not ours.
pub fn printable(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if steers(c) { '\u{fffd}' } else { c })
        .collect()
}

/// Text that is written line by line.
#[derive(Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A label and what it labels; further lines stand below the text.
    pub(super) fn field(&mut self, label: &str, text: &str) {
        self.wrap(&format!("  {label:<width$}", width = FIELD - 2), FIELD, text);
    }

    /// A text below the one of a field.
    pub(super) fn below(&mut self, text: &str) {
        self.line(FIELD, text);
    }

    /// A text, indented; further lines of a list item stand below its text.
    pub(super) fn line(&mut self, indent: usize, text: &str) {
        let behind = if text.starts_with("- ") {
            indent + 2
        } else {
            indent
        };
        self.wrap(&" ".repeat(indent), behind, text);
    }

    fn wrap(&mut self, start: &str, indent: usize, text: &str) {
        self.text.push_str(start);
        let mut column = start.chars().count();
        let mut is_first = true;
        for word in printable(text).split_whitespace() {
            let width = word.chars().count();
            if !is_first && column + 1 + width > WIDTH {
                self.text.push('\n');
                self.text.push_str(&" ".repeat(indent));
                column = indent;
            } else if !is_first {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += width;
            is_first = false;
        }
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_go_on_below_the_text() {
        let mut page = Page::default();
        page.field("Label", &"word ".repeat(30));
        page.line(2, &format!("- {}", "x".repeat(150)));
        let text = page.finish();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("  Label         word word") && lines[0].len() <= WIDTH);
        assert!(lines[1].starts_with("                word") && lines[1].len() <= WIDTH);
        assert_eq!(lines[2], "  -");
        assert_eq!(
            lines[3].trim_start(),
            "x".repeat(150),
            "what has no break is not cut"
        );
    }

    #[test]
    fn nothing_steers_the_terminal_or_forges_a_line() {
        let hostile = "250 ok\r\n\u{1b}[2J\u{9b}31m\u{202e}evil\u{2028}\u{0}\u{7f}";
        let shown = printable(hostile);
        assert!(shown.starts_with("250 ok\u{fffd}\u{fffd}\u{fffd}[2J"));
        assert!(
            !shown
                .chars()
                .any(|c| c.is_control() || c == '\u{202e}' || c == '\u{2028}')
        );
        let mut page = Page::default();
        page.field("Reply", hostile);
        assert_eq!(page.finish().lines().count(), 1);
        assert_eq!(printable("Grüße, 世界"), "Grüße, 世界");
    }
}
