//! Turns what serde and the TOML parser say into sentences for administrators.

use std::fmt::Write;

const ADDRESS_AND_PORT: &str = "an address and port in quotes, like \"127.0.0.1:10025\"";
const ONE_WORD: &str = "one word in quotes";

/// Messages of the TOML and standard libraries that say too little, and what they mean.
const BARE: [(&str, &str); 2] = [
    ("invalid socket address syntax", ADDRESS_AND_PORT),
    ("wanted string or table", ONE_WORD),
];

/// One error, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Complaint {
    /// A key that nobody asked for.
    UnknownSetting { name: String, known: Vec<String> },
    /// A word that is none of those a setting takes.
    UnknownWord { word: String, known: Vec<String> },
    /// A key that must be there.
    Missing { name: String },
    /// A value of another kind.
    WrongKind { found: String, expected: String },
    /// A value that only says what it should have been.
    Wanted(&'static str),
    /// Anything else, in the words of the stage that the setting belongs to.
    Other(String),
}

impl Complaint {
    /// Understands a serde message. What it does not know, it passes on.
    pub fn new(message: &str) -> Self {
        let quoted = quoted(message);
        let (first, rest) = match quoted.split_first() {
            Some((first, rest)) => (first.clone(), rest.to_vec()),
            None => (String::new(), Vec::new()),
        };
        if message.starts_with("unknown field ") {
            return Complaint::UnknownSetting {
                name: first,
                known: rest,
            };
        }
        if message.starts_with("unknown variant ") {
            return Complaint::UnknownWord {
                word: first,
                known: rest,
            };
        }
        if message.starts_with("missing field ") {
            return Complaint::Missing { name: first };
        }
        if let Some((_, expected)) = BARE.iter().find(|(said, _)| *said == message) {
            return Complaint::Wanted(expected);
        }
        let kinds = message
            .strip_prefix("invalid type: ")
            .or_else(|| message.strip_prefix("invalid value: "));
        match kinds.and_then(|kinds| kinds.rsplit_once(", expected ")) {
            Some((found, expected)) => Complaint::WrongKind {
                found: found_kind(found),
                expected: expected_kind(found, expected),
            },
            None => Complaint::Other(message.to_owned()),
        }
    }

    /// The name that was probably meant by an unknown setting.
    pub fn suggestion(&self) -> Option<&str> {
        match self {
            Complaint::UnknownSetting { name, known } => nearest(name, known),
            _ => None,
        }
    }

    /// The name of a setting that must be there.
    pub fn missing(&self) -> Option<&str> {
        match self {
            Complaint::Missing { name } => Some(name),
            _ => None,
        }
    }

    /// The sentence. `section` is `[smtp]` or nothing; `setting` is `` `listen` `` or nothing.
    pub fn sentence(&self, section: &str, setting: &str) -> String {
        let within = if section.is_empty() {
            String::new()
        } else {
            format!(" in {section}")
        };
        match self {
            Complaint::UnknownSetting { name, known } => {
                let mut text = format!("unknown setting `{name}`{within}");
                match nearest(name, known) {
                    Some(near) => append(&mut text, format_args!("; did you mean `{near}`?")),
                    None => append(&mut text, format_args!("; it takes {}", list(known, '`'))),
                }
                text
            }
            Complaint::UnknownWord { word, known } => {
                let mut text = format!(
                    "{setting}{within} does not know \"{word}\"; it takes {}",
                    list(known, '"')
                );
                if let Some(near) = nearest(word, known) {
                    append(&mut text, format_args!("; did you mean \"{near}\"?"));
                }
                text
            }
            Complaint::Missing { name } if section.is_empty() => format!("the setting `{name}` is missing"),
            Complaint::Missing { name } => format!("{section} lacks `{name}`"),
            Complaint::WrongKind { found, expected } => {
                format!("{setting}{within} takes {expected}, not {found}")
            }
            Complaint::Wanted(expected) => format!("{setting}{within} takes {expected}"),
            Complaint::Other(message) => format!("{setting}{within}: {message}"),
        }
    }
}

/// A syntax error as one line.
pub(super) fn syntax(message: &str) -> String {
    let lines: Vec<&str> = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    format!("not valid TOML: {}", lines.join("; "))
}

/// The name among `known` that is close enough to be what was meant.
pub(super) fn nearest<'k, S: AsRef<str>>(name: &str, known: &'k [S]) -> Option<&'k str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let name = plain(name);
    known
        .iter()
        .map(|known| {
            (
                strsim::damerau_levenshtein(&name, &plain(known.as_ref())),
                known.as_ref(),
            )
        })
        .filter(|(distance, known)| *distance <= 1 + known.len().min(name.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Writing to a `String` cannot fail.
fn append(text: &mut String, words: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(words);
}

/// Everything between backticks.
fn quoted(message: &str) -> Vec<String> {
    message.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn list(names: &[String], mark: char) -> String {
    if names.is_empty() {
        return "no settings".to_owned();
    }
    let marked: Vec<String> = names.iter().map(|name| format!("{mark}{name}{mark}")).collect();
    marked.join(", ")
}

fn found_kind(found: &str) -> String {
    // A number that is out of range says most by itself.
    if let Some(number) = found.strip_prefix("integer ") {
        return number.trim_matches('`').to_owned();
    }
    let kinds = [
        ("string", "a text"),
        ("floating point", "a number with a fraction"),
        ("boolean", "true or false"),
        ("sequence", "a list"),
        ("map", "a section"),
        ("datetime", "a date"),
    ];
    let kind = kinds.iter().find(|(start, _)| found.starts_with(start));
    kind.map_or(found, |(_, words)| words).to_owned()
}

fn expected_kind(found: &str, expected: &str) -> String {
    let number = found.starts_with("integer ");
    let words = match expected {
        "u16" if number => "a whole number from 0 to 65535",
        "u32" if number => "a whole number from 0 to 4294967295",
        "u64" | "usize" if number => "a whole number from 0 up",
        "u16" | "u32" | "u64" | "usize" => "a whole number",
        "a string" | "string" => "a text in quotes",
        "path string" => "a path in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list in square brackets",
        "socket address" => ADDRESS_AND_PORT,
        other if other.starts_with("struct ") || other == "a map" => "settings of its own",
        other if other.contains("variant") || other.starts_with("enum ") => ONE_WORD,
        other => other,
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let known = ["listen", "relay_from", "message_mb", "tls_key"];
        assert_eq!(nearest("lisen", &known), Some("listen"));
        assert_eq!(nearest("relay-from", &known), Some("relay_from"));
        assert_eq!(nearest("MESSAGE_MB", &known), Some("message_mb"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(nearest("", &known), None);
    }

    #[test]
    fn messages_that_nobody_foresaw_are_passed_on() {
        let sentence = Complaint::new("the moon is full").sentence("[smtp]", "`listen`");
        assert_eq!(sentence, "`listen` in [smtp]: the moon is full");
        for odd in [
            "",
            "unknown field ",
            "missing field `",
            "invalid type: , expected ",
            "`",
        ] {
            let _ = Complaint::new(odd).sentence("", "");
        }
    }
}
