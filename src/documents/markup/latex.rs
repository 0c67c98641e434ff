//! LaTeX and tables of ConTeXt → the text that it sets, with the cells of tables between tabs.

use super::has;

/// The text; none for what is no LaTeX.
pub(super) fn set(source: &str) -> Option<String> {
    let escapes = memchr::memchr(b'\\', source.as_bytes()).is_some();
    let is_latex = escapes
        && ["\\begin{", "\\documentclass", "\\startxtable"]
            .iter()
            .any(|mark| has(source, mark));
    is_latex.then(|| {
        let mut setter = Setter {
            rest: source,
            text: String::with_capacity(source.len()),
        };
        while setter.step().is_some() {}
        setter.text
    })
}

struct Setter<'a> {
    rest: &'a str,
    text: String,
}

/// Commands that end a line, that leave a gap, and that draw lines.
const BREAKS: [&str; 10] = [
    "par",
    "newline",
    "tabularnewline",
    "item",
    "linebreak",
    "section",
    "subsection",
    "paragraph",
    "cr",
    "newpage",
];
const GAPS: [&str; 8] = [
    "quad",
    "qquad",
    "hfill",
    "hspace",
    "enspace",
    "thinspace",
    "space",
    "tab",
];
const RULES: [&str; 7] = [
    "cline",
    "cmidrule",
    "vspace",
    "label",
    "rule",
    "setlength",
    "addlinespace",
];

/// Environments that begin with an argument which is no text.
const TABLES: [&str; 8] = [
    "tabular",
    "tabular*",
    "tabularx",
    "tabulary",
    "longtable",
    "array",
    "supertabular",
    "longtabu",
];

/// The longest argument that is left out.
const LONGEST_ARGUMENT: usize = 1_000;

impl Setter<'_> {
    fn step(&mut self) -> Option<()> {
        let plain = self
            .rest
            .find(['\\', '{', '}', '~', '&', '%', '$', '\n', '-'])
            .unwrap_or(self.rest.len());
        self.text.push_str(self.rest.get(..plain)?);
        self.advance(plain);
        let first = self.rest.chars().next()?;
        self.advance(1);
        match first {
            '\\' => self.command(),
            '~' => self.text.push(' '),
            '&' => self.text.push('\t'),
            '-' => {
                self.rest = self.rest.trim_start_matches('-');
                self.text.push('-');
            }
            '%' => {
                self.rest = self
                    .rest
                    .split_once('\n')
                    .map_or("", |(_, rest)| rest.trim_start())
            }
            '\n' => {
                let rest = self.rest.trim_start();
                let gap = self.rest.get(..self.rest.len() - rest.len()).unwrap_or_default();
                self.text.push_str(if gap.contains('\n') { "\n\n" } else { " " });
                self.rest = rest;
            }
            _ => {}
        }
        Some(())
    }

    fn advance(&mut self, octets: usize) {
        self.rest = self.rest.get(octets..).unwrap_or_default();
    }

    /// Reads a command after its backslash.
    fn command(&mut self) {
        let letters = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        if letters == 0 {
            return self.sign();
        }
        let name = self.rest.get(..letters).unwrap_or_default();
        self.advance(letters);
        self.rest = self.rest.strip_prefix('*').unwrap_or(self.rest);
        let is = |list: &[&str]| list.contains(&name);
        match name {
            "begin" | "end" => {
                let environment = self.argument('{', '}').unwrap_or_default();
                let table = TABLES.contains(&environment);
                while self.argument('[', ']').is_some() {}
                if table && name == "begin" {
                    while self.argument('{', '}').is_some() || self.argument('[', ']').is_some() {}
                }
                self.text.push('\n');
                self.rest = self.rest.trim_start();
            }
            "textendash" | "textemdash" => self.text.push('-'),
            // Tables of ConTeXt.
            "startxcell" | "startxrow" | "startxtable" => while self.argument('[', ']').is_some() {},
            "stopxcell" => self.text.push('\t'),
            "stopxrow" | "stopxtable" => {
                self.text.push('\n');
                self.rest = self.rest.trim_start();
            }
            _ if is(&RULES) => {
                while self.argument('[', ']').is_some() || self.argument('{', '}').is_some() {}
            }
            _ if is(&BREAKS) => self.text.push('\n'),
            _ if is(&GAPS) => {
                self.text.push(' ');
                self.argument('{', '}');
            }
            _ => {}
        }
        // A space behind a command only ends its name.
        self.rest = self.rest.strip_prefix(' ').unwrap_or(self.rest);
    }

    /// Reads a command that is a sign.
    fn sign(&mut self) {
        let Some(sign) = self.rest.chars().next() else {
            return;
        };
        self.advance(sign.len_utf8());
        match sign {
            '\\' => {
                self.argument('[', ']');
                self.text.push('\n');
                self.rest = self.rest.trim_start();
            }
            ',' | ';' | ':' | ' ' | '\n' => self.text.push(' '),
            '-' | '!' | '/' | '@' | '(' | ')' | '[' | ']' => {}
            other => self.text.push(other),
        }
    }

    /// Takes an argument between brackets away, if one begins here and ends soon.
    fn argument(&mut self, open: char, close: char) -> Option<&str> {
        let rest = self.rest.strip_prefix(open)?;
        let near = rest.get(..rest.floor_char_boundary(LONGEST_ARGUMENT))?;
        let mut depth = 1_usize;
        let end = near.char_indices().find_map(|(at, character)| {
            depth += usize::from(character == open);
            depth -= usize::from(character == close);
            (depth == 0).then_some(at)
        })?;
        self.rest = rest.get(end + 1..)?;
        rest.get(..end)
    }
}
