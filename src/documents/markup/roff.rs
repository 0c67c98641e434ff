//! roff (troff, groff, man pages) → the text that it sets, with the cells of `tbl` between tabs.

use memchr::memmem;

/// The line that a table of `tbl` begins with.
const TABLE: &str = "\n.TS";

/// The text; none for what is no roff.
pub(super) fn set(source: &str) -> Option<String> {
    let first = source.lines().map(str::trim_end).find(|line| !line.is_empty())?;
    let is_request = |line: &str| {
        let name = line.strip_prefix(['.', '\'']).unwrap_or_default();
        name.starts_with("\\\"")
            || name.len() > 1 && name.bytes().take(2).all(|byte| byte.is_ascii_alphabetic())
    };
    let ends_line = |rest: &str| rest.starts_with(['\r', '\n']);
    let mut tables = memmem::find_iter(source.as_bytes(), TABLE);
    let is_table = |at: usize| source.get(at + TABLE.len()..).is_some_and(ends_line);
    if !is_request(first) && !tables.any(is_table) {
        return None;
    }
    let mut text = String::with_capacity(source.len());
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        match line.trim_end() {
            ".TS" => table(&mut lines, &mut text),
            request if request.starts_with(['.', '\'']) => self::request(request, &mut text),
            _ => {
                unescape(line, &mut text);
                text.push(' ');
            }
        }
    }
    Some(text)
}

/// Requests that set their arguments where the text goes on; before others a line ends.
const IN_LINE: [&str; 12] = [
    "B", "I", "R", "BR", "RB", "BI", "IB", "RI", "IR", "SM", "SB", "CW",
];

/// Sets a request's arguments.
fn request(line: &str, text: &mut String) {
    let body = line.get(1..).unwrap_or_default().trim_start();
    let (name, arguments) = body.split_once([' ', '\t']).unwrap_or((body, ""));
    if name.starts_with("\\\"") {
        return;
    }
    if !IN_LINE.contains(&name) {
        text.push('\n');
    }
    unescape(&arguments.replace('"', ""), text);
    text.push_str(if arguments.is_empty() { "" } else { " " });
}

/// Sets a table up to `.TE`: options, formats that end with a full stop, then rows.
fn table<'a>(lines: &mut impl Iterator<Item = &'a str>, text: &mut String) {
    let mut separator = '\t';
    let mut in_formats = true;
    let mut in_block = false;
    text.push('\n');
    for line in lines.take_while(|line| line.trim_end() != ".TE") {
        let line = line.trim_end();
        if in_formats {
            let given = line
                .split_once("tab(")
                .and_then(|(_, given)| given.chars().next());
            separator = given.unwrap_or(separator);
            in_formats = !line.ends_with('.');
        } else if in_block || !(matches!(line, "_" | "=" | "") || line.starts_with('.')) {
            let opens = line.ends_with("T{");
            let closes = line.starts_with("T}");
            let cells = line
                .trim_start_matches("T}")
                .trim_end_matches("T{")
                .replace(separator, "\t");
            unescape(&cells, text);
            in_block = opens || in_block && !closes;
            text.push(if in_block { ' ' } else { '\n' });
        } else if line.starts_with(".T&") {
            in_formats = true;
        }
    }
    text.push('\n');
}

/// Undoes escapes.
fn unescape(line: &str, text: &mut String) {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        rest = escape(after, text);
    }
    text.push_str(rest);
}

/// Sets what an escape stands for and gives what follows it.
fn escape<'a>(after: &'a str, text: &mut String) -> &'a str {
    let Some(sign) = after.chars().next() else {
        return "";
    };
    let rest = after.get(sign.len_utf8()..).unwrap_or_default();
    match sign {
        '-' => text.push('-'),
        ' ' | '~' | '0' => text.push(' '),
        'e' | '\\' => text.push('\\'),
        '"' | '#' => return "",
        '(' | '[' => {
            let (name, rest) = name(after);
            text.push(match name {
                "aq" | "cq" | "oq" => '\'',
                "em" | "en" | "hy" | "mi" => '-',
                "dq" | "lq" | "rq" => '"',
                _ => ' ',
            });
            return rest;
        }
        'f' | '*' | 'n' | 'm' | 'F' => return name(rest).1,
        's' => {
            let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
            return digits
                .strip_prefix(|c: char| c.is_ascii_digit())
                .unwrap_or(digits);
        }
        _ => {}
    }
    rest
}

/// A name of one character, of two after a bracket, or of any length in square brackets; and what follows it.
fn name(text: &str) -> (&str, &str) {
    if let Some(long) = text.strip_prefix('[') {
        return long.split_once(']').unwrap_or((long, ""));
    }
    let (start, length) = match text.strip_prefix('(') {
        Some(two) => (two, 2),
        None => (text, 1),
    };
    let end = start.char_indices().nth(length).map_or(start.len(), |(at, _)| at);
    start.split_at_checked(end).unwrap_or((start, ""))
}
