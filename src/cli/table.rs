//! Tables for a terminal.

/// Rows below their heads, columns aligned; those named in `right` to the right. The last one is not padded.
pub(super) fn align<const N: usize>(
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    right: &[usize],
) -> String {
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows);
    let mut widths = [0; N];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    lines.iter().map(|line| one_line(line, &widths, right)).collect()
}

/// The text with lines of at most `width` columns, broken between words. Each begins with `indent`; line breaks of the
/// text stay. A word that is longer than a line is not cut.
pub(super) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut wrapped = String::new();
    for (number, line) in text.lines().enumerate() {
        let mut column = indent.chars().count();
        wrapped.push_str(if number == 0 { "" } else { "\n" });
        wrapped.push_str(indent);
        for (place, word) in line.split_whitespace().enumerate() {
            let long = word.chars().count();
            if place > 0 && column + 1 + long > width {
                wrapped.push('\n');
                wrapped.push_str(indent);
                column = indent.chars().count();
            } else if place > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += long;
        }
    }
    wrapped
}

fn one_line(cells: &[String], widths: &[usize], right: &[usize]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, &width))| {
            if right.contains(&column) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
    let line = padded.collect::<Vec<_>>().join("  ");
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_keeps_its_own_breaks() {
        assert_eq!(wrap("one two three\nfour", 8, ""), "one two\nthree\nfour");
        assert_eq!(wrap("  a bb ccc", 6, "  "), "  a bb\n  ccc");
        assert_eq!(wrap("unbreakable", 4, ""), "unbreakable");
        assert_eq!(wrap("", 4, "  "), "");
    }

    #[test]
    fn columns_are_aligned_by_characters_and_no_line_ends_in_spaces() {
        let rows = [["7", "ü", ""], ["10", "abc", "end"]].map(|row| row.map(str::to_owned));
        let told = align(["ID", "A", "B"], rows.into_iter(), &[0]);
        assert_eq!(told, "ID  A    B\n 7  ü\n10  abc  end\n");
    }
}
