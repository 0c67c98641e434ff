//! Tables of AsciiDoc, MediaWiki, DokuWiki, Confluence and reStructuredText.

use super::{brackets, has, push_row};

/// Tables of AsciiDoc: cells between `|===`, each after a bar, in one line or in several.
pub(super) fn asciidoc(source: &str) -> Option<String> {
    if !has(source, "|===") {
        return None;
    }
    let mut table = String::new();
    let mut lines = source.lines();
    let mut declared = None;
    while let Some(line) = lines.next() {
        if !line.trim_end().starts_with("|===") {
            declared = columns_of(line).or(declared.filter(|_| line.starts_with(['.', '['])));
            continue;
        }
        let mut cells: Vec<&str> = Vec::new();
        let mut first = None;
        for line in lines
            .by_ref()
            .take_while(|line| !line.trim_end().starts_with("|==="))
        {
            let before = cells.len();
            cells.extend(line.split('|').skip(1).map(str::trim));
            if first.is_none() && cells.len() > before {
                first = Some(cells.len() - before);
            }
        }
        let width = declared.take().or(first).filter(|width| *width > 1);
        for row in cells
            .chunks(width.unwrap_or(usize::MAX))
            .filter(|_| width.is_some())
        {
            push_row(&mut table, row.iter().copied());
        }
        table.push('\n');
    }
    (!table.trim().is_empty()).then_some(table)
}

/// How many columns `[cols="1,2*,1"]` says that a table has.
fn columns_of(line: &str) -> Option<usize> {
    let list = line.strip_prefix('[')?.split_once("cols=")?.1;
    let list = match list.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => list.split([',', ']']).next()?,
    };
    let times = |column: &str| match column.split_once('*') {
        Some((times, _)) => times.trim().parse().unwrap_or(1),
        None => 1_usize,
    };
    Some(list.split([',', ';']).map(times).sum::<usize>().min(1_000)).filter(|columns| *columns > 0)
}

/// Tables of MediaWiki, between `{|` and `|}`.
pub(super) fn mediawiki(source: &str) -> Option<String> {
    if !has(source, "{|") {
        return None;
    }
    let mut table = String::new();
    let mut row: Vec<String> = Vec::new();
    let mut open = false;
    for line in source.lines().map(str::trim) {
        let ends = line.starts_with("|}");
        if line.starts_with("{|") || ends || line.starts_with("|-") {
            open = !ends && (open || line.starts_with("{|"));
            if !row.is_empty() {
                push_row(&mut table, row.iter().map(String::as_str));
                row.clear();
            }
        } else if !open || line.starts_with("|+") {
        } else if let Some(cells) = line.strip_prefix('!') {
            let cells = cells.split("!!").flat_map(|cells| cells.split("||"));
            row.extend(cells.map(without_style));
        } else if let Some(cells) = line.strip_prefix('|') {
            row.extend(cells.split("||").map(without_style));
        } else if let Some(last) = row.last_mut() {
            last.push(' ');
            last.push_str(line);
        }
    }
    if !row.is_empty() {
        push_row(&mut table, row.iter().map(String::as_str));
    }
    (!table.is_empty()).then_some(table)
}

/// A cell without what says how it looks: `style="…" | 536-22-8145`.
fn without_style(cell: &str) -> String {
    let styled = cell.rsplit_once('|').filter(|(style, _)| style.contains('='));
    styled
        .map_or(cell, |(_, cell)| cell)
        .trim_matches([' ', '\''])
        .to_owned()
}

/// Tables whose header has marks of its own: `^ SSN ^` of DokuWiki, `|| SSN ||` of Confluence, `|_. SSN |` of Textile,
/// `Name || SSN` of Muse.
pub(super) fn marked_headers(source: &str) -> Option<String> {
    if !has(source, "||") && !has(source, "|_.") && memchr::memchr(b'^', source.as_bytes()).is_none() {
        return None;
    }
    let mut table = String::new();
    let mut labelled = false;
    for line in source.lines().map(str::trim) {
        let is_header = line.starts_with("||") && line.ends_with("||")
            || !line.starts_with('|') && line.contains(" || ")
            || line.starts_with('^') && line.ends_with(['^', '|'])
            || line.starts_with("|_.");
        labelled = is_header || labelled && (line.starts_with(['|', '^']) || line.contains(" | "));
        if !labelled {
            continue;
        }
        let header = line.replace("||", "|").replace('^', "|");
        let cells = header.trim_matches('|').split('|');
        push_row(&mut table, cells.map(|cell| cell.trim_start_matches("_.")));
    }
    (!table.is_empty()).then_some(table)
}

/// Tables of reStructuredText whose rows are comma-separated, below `csv-table::`; their header is an option.
pub(super) fn csv_tables(source: &str) -> Option<String> {
    if !has(source, "csv-table::") {
        return None;
    }
    let mut table = String::new();
    let mut open = false;
    for line in source.lines() {
        let text = line.trim();
        open = text.contains("csv-table::") || open && (line.starts_with([' ', '\t']) || text.is_empty());
        let row = text
            .strip_prefix(":header:")
            .or(Some(text).filter(|text| !text.starts_with(':')));
        if let Some(row) = row.filter(|row| open && row.contains(',')) {
            push_row(&mut table, brackets::cells(row).into_iter());
        }
    }
    (!table.is_empty()).then_some(table)
}

/// Tables of reStructuredText that are lists of lists, below `list-table::`.
pub(super) fn list_tables(source: &str) -> Option<String> {
    if !has(source, "list-table::") {
        return None;
    }
    let mut table = String::new();
    let mut row: Vec<String> = Vec::new();
    let mut open = false;
    for line in source.lines() {
        let text = line.trim();
        let cell = text.strip_prefix("* -").filter(|_| open);
        if cell.is_some() || !(line.starts_with([' ', '\t']) || text.is_empty()) {
            if !row.is_empty() {
                push_row(&mut table, row.iter().map(String::as_str));
                row.clear();
            }
            open &= cell.is_some();
        }
        open |= text.ends_with("list-table::") || text.contains("list-table:: ");
        let goes_on = text.strip_prefix('-').filter(|_| open && !row.is_empty());
        match cell.or(goes_on) {
            Some(cell) => row.push(cell.trim().to_owned()),
            None => {
                if let Some(last) = row.last_mut().filter(|_| open && !text.is_empty()) {
                    last.push(' ');
                    last.push_str(text);
                }
            }
        }
    }
    if !row.is_empty() {
        push_row(&mut table, row.iter().map(String::as_str));
    }
    (!table.is_empty()).then_some(table)
}
