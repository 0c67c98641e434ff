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
    fn columns_are_aligned_by_characters_and_no_line_ends_in_spaces() {
        let rows = [["7", "ü", ""], ["10", "abc", "end"]].map(|row| row.map(str::to_owned));
        let told = align(["ID", "A", "B"], rows.into_iter(), &[0]);
        assert_eq!(told, "ID  A    B\n 7  ü\n10  abc  end\n");
    }
}
