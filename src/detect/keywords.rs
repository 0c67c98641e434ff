//! Words that speak for or against a value, found in one pass per rule.
//!
//! A keyword is written once and found in every spelling that people and programs give it: "account number"
//! is also "Account  Number", "account_number", "AccountNumber", and a plural.

use std::collections::{HashMap, HashSet};

use regex::bytes::{Regex, RegexBuilder};

use super::checks::Check;
use super::rule_file::Strength;

/// What a word does where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use {
    /// It speaks for or against, within a window of characters before and after it.
    Speaks {
        strength: Strength,
        before: usize,
        after: usize,
        /// A number that passes this check is not what the word speaks for; the next one is.
        passes_over: Option<&'static Check>,
        /// It has a value of its own and stands beside this one: a security code, an expiry date.
        companion: bool,
    },
    /// It names the issuer of the form with this index.
    Names { form: usize },
}

/// A keyword as its rule writes it, and all that it does.
#[derive(Debug)]
pub(super) struct Word {
    pub text: String,
    pub uses: Vec<Use>,
}

/// A keyword in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub start: usize,
    pub end: usize,
    pub word: usize,
    /// A word beside it makes it mean something else: "library card", "SSN parser".
    pub turned: bool,
}

/// Words that make a keyword mean something else where they stand directly beside it, in small letters.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    /// "library" before "card number".
    pub before: HashSet<String>,
    /// "parser" after "SSN".
    pub after: HashSet<String>,
}

/// All keywords of a rule.
#[derive(Debug, Default)]
pub(super) struct Keywords {
    regex: Option<Regex>,
    words: Vec<Word>,
    /// Every way in which a word was given: "s.s.n." and "ssn" are one word.
    given: HashSet<String>,
    index: HashMap<Vec<u8>, usize>,
    neighbours: Neighbours,
    /// The widest window of any use.
    pub reach: usize,
}

/// How far an issuer's name reaches: a state or a brand is often named at the beginning of the sentence.
pub(super) const ISSUER_WINDOW: usize = 100;

/// Words up to this length turn up in hexadecimal and other codes by chance.
const LONGEST_IN_CODES: usize = 4;

impl Keywords {
    /// Compiles keywords with their uses. The same word may come several times, with other uses.
    ///
    /// # Errors
    /// When together they are too much for one expression.
    pub fn compile(
        entries: &[(&str, Use)],
        neighbours: Neighbours,
        size_limit: usize,
    ) -> Result<Keywords, regex::Error> {
        let mut keywords = Keywords {
            neighbours,
            ..Keywords::default()
        };
        for (text, does) in entries {
            keywords.add(text, *does);
        }
        let mut spellings: Vec<&str> = keywords.given.iter().map(String::as_str).collect();
        // The engine takes the first alternative that fits, so the longest comes first: "customer account
        // number" must not be read as "account number".
        spellings.sort_by_cached_key(|text| (std::cmp::Reverse(key(text.as_bytes()).len()), *text));
        if !spellings.is_empty() {
            let alternatives: Vec<String> = spellings.iter().map(|text| spelling(text)).collect();
            let regex = RegexBuilder::new(&alternatives.join("|"))
                .unicode(false)
                .case_insensitive(true)
                .size_limit(size_limit)
                .dfa_size_limit(size_limit)
                .build()?;
            keywords.regex = Some(regex);
        }
        Ok(keywords)
    }

    fn add(&mut self, text: &str, does: Use) {
        let reach = match does {
            Use::Speaks { before, after, .. } => before.max(after),
            Use::Names { .. } => ISSUER_WINDOW,
        };
        self.reach = self.reach.max(reach);
        self.given.insert(text.to_owned());
        let next = self.words.len();
        let at = *self.index.entry(key(text.as_bytes())).or_insert(next);
        if at == next {
            self.words.push(Word {
                text: text.to_owned(),
                uses: Vec::new(),
            });
        }
        if let Some(word) = self.words.get_mut(at) {
            word.uses.push(does);
        }
    }

    /// The word of a hit.
    pub fn word(&self, hit: &Hit) -> Option<&Word> {
        self.words.get(hit.word)
    }

    /// The text of a word, by its index in hits.
    pub fn text(&self, word: usize) -> Option<&str> {
        self.words.get(word).map(|word| word.text.as_str())
    }

    /// Finds keywords that lie between two octets, in order. None lies inside another, but they may overlap:
    /// "my social security number" is "my social" and "social security number".
    pub fn find(&self, bytes: &[u8], from: usize, to: usize) -> impl Iterator<Item = Hit> {
        std::iter::successors(self.next(bytes, from, to, from), move |hit| {
            self.next(bytes, hit.start + 1, to, hit.end)
        })
    }

    /// How far a keyword reaches that can make a value count: before itself and after itself. None when it
    /// only supports, speaks against or names an issuer.
    pub fn reach_of(&self, hit: &Hit) -> Option<(usize, usize)> {
        let word = self.word(hit).filter(|_| !hit.turned)?;
        let reaches = word.uses.iter().filter_map(|does| match does {
            Use::Speaks {
                strength: Strength::Strong | Strength::Weak,
                before,
                after,
                ..
            } => Some((*after, *before)),
            Use::Speaks { .. } | Use::Names { .. } => None,
        });
        reaches.reduce(|one, other| (one.0.max(other.0), one.1.max(other.1)))
    }

    /// The next keyword that begins at `from` or later and ends after `beyond`.
    fn next(&self, bytes: &[u8], from: usize, to: usize, beyond: usize) -> Option<Hit> {
        let text = bytes.get(..to.min(bytes.len()))?;
        let mut at = from.min(text.len());
        loop {
            let found = self.regex.as_ref()?.find_at(text, at)?;
            let (start, end) = (found.start(), found.end());
            if let Some(word) = self
                .known(found.as_bytes())
                .filter(|_| end > beyond && stands_free(bytes, start, end))
            {
                let turned = self.neighbours.turn(bytes, start, end);
                return Some(Hit {
                    start,
                    end,
                    word,
                    turned,
                });
            }
            at = start + 1;
        }
    }

    fn known(&self, found: &[u8]) -> Option<usize> {
        let key = key(found);
        let singular = || key.strip_suffix(b"s").and_then(|key| self.index.get(key));
        self.index.get(&key).or_else(singular).copied()
    }
}

impl Neighbours {
    /// Whether the words beside a keyword make it mean something else.
    fn turn(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        let before = || words_before(bytes.get(start.saturating_sub(BESIDE)..start).unwrap_or_default());
        let after = || {
            words_after(
                bytes
                    .get(end..(end + BESIDE).min(bytes.len()))
                    .unwrap_or_default(),
            )
        };
        let known = |known: &HashSet<String>, words: [String; 2]| {
            words.iter().any(|word| !word.is_empty() && known.contains(word))
        };
        !self.before.is_empty() && known(&self.before, before())
            || !self.after.is_empty() && known(&self.after, after())
    }
}

/// How far words beside a keyword are looked for.
const BESIDE: usize = 30;

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'&' || byte == b'\''
}

fn is_between_words(byte: u8) -> bool {
    matches!(byte, b' ' | b'_' | b'-')
}

/// The last word of a text, and the last two.
fn words_before(text: &[u8]) -> [String; 2] {
    let split = |text: &[u8]| {
        let gap = text
            .iter()
            .rev()
            .take_while(|byte| is_between_words(**byte))
            .count();
        let end = text.len() - gap.min(1);
        let word = text
            .iter()
            .take(end)
            .rev()
            .take_while(|byte| is_of_word(**byte))
            .count();
        (end - word, end)
    };
    let (from, to) = split(text);
    let (first, first_end) = split(text.get(..from).unwrap_or_default());
    let word = lower(text.get(from..to).unwrap_or_default());
    let word = word.strip_suffix("'s").unwrap_or(&word).to_owned();
    let pair = match first_end < from && first < first_end {
        true => format!("{} {word}", lower(text.get(first..first_end).unwrap_or_default())),
        false => String::new(),
    };
    [word, pair]
}

/// The first word of a text, and the first two.
fn words_after(text: &[u8]) -> [String; 2] {
    let split = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        let gap = rest
            .iter()
            .take_while(|byte| is_between_words(**byte))
            .count()
            .min(1);
        let word = rest
            .iter()
            .skip(gap)
            .take_while(|byte| is_of_word(**byte))
            .count();
        (from + gap, from + gap + word)
    };
    let (from, to) = split(0);
    let (second, second_end) = split(to);
    let word = lower(text.get(from..to).unwrap_or_default());
    let pair = format!(
        "{word} {}",
        lower(text.get(second..second_end).unwrap_or_default())
    );
    [word, pair]
}

fn lower(word: &[u8]) -> String {
    String::from_utf8_lossy(word).to_ascii_lowercase()
}

/// What a keyword and all its spellings have in common.
fn key(text: &[u8]) -> Vec<u8> {
    let kept = text
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric() || **byte == b'#' || !byte.is_ascii());
    kept.map(u8::to_ascii_lowercase).collect()
}

/// An expression for every spelling of a keyword.
fn spelling(text: &str) -> String {
    let mut expression = String::new();
    let text = text.trim().trim_end_matches(['.', ':']);
    for character in text.chars() {
        match character {
            // No tab: it separates cells.
            ' ' | '-' | '/' | '.' | '_' => expression.push_str(r"[ \r\n_./>-]{0,4}"),
            '\'' => expression.push_str("'?"),
            '#' => expression.push_str(r" ?\#"),
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    match text.ends_with(|last: char| last.is_ascii_alphabetic()) {
        true => expression + "s?",
        false => expression,
    }
}

/// Whether the word stands for itself: no letter touches it, though the change from small to capital letters
/// ends a word too (`empSSN`); it is no part of a mail address; and no digit stands directly before a word as
/// short as those that turn up in hexadecimal numbers (`56DDA16`).
fn stands_free(bytes: &[u8], start: usize, end: usize) -> bool {
    let first = bytes.get(start).copied().unwrap_or_default();
    let last = end
        .checked_sub(1)
        .and_then(|last| bytes.get(last))
        .copied()
        .unwrap_or_default();
    let before = start
        .checked_sub(1)
        .and_then(|before| bytes.get(before))
        .copied()
        .unwrap_or_default();
    let after = bytes.get(end).copied().unwrap_or_default();
    let free_before =
        !before.is_ascii_alphabetic() || before.is_ascii_lowercase() && first.is_ascii_uppercase();
    let in_address = after == b'@' || before == b'@';
    let in_code = before.is_ascii_digit() && end - start <= LONGEST_IN_CODES && first.is_ascii_alphabetic();
    if in_address || in_code {
        return false;
    }
    let free_after = !after.is_ascii_alphabetic() || last.is_ascii_lowercase() && after.is_ascii_uppercase();
    (free_before || !first.is_ascii_alphabetic()) && (free_after || !last.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::super::rule_file::Strength;
    use super::{Keywords, Neighbours, Use};

    fn found(text: &str) -> Vec<String> {
        let does = Use::Speaks {
            strength: Strength::Strong,
            before: 10,
            after: 0,
            passes_over: None,
            companion: false,
        };
        let words = [
            "ssn",
            "s.s.n.",
            "account number",
            "customer account number",
            "driver's license",
            "dl#",
            "my driver",
            "a/c no",
        ];
        let entries: Vec<(&str, Use)> = words.iter().map(|word| (*word, does)).collect();
        let keywords = Keywords::compile(&entries, Neighbours::default(), 1 << 20).unwrap();
        let hits = keywords.find(text.as_bytes(), 0, text.len());
        hits.map(|hit| keywords.word(&hit).unwrap().text.clone())
            .collect()
    }

    #[test]
    fn a_keyword_is_found_in_every_spelling() {
        for text in [
            "Account Number",
            "account_number:",
            "AccountNumber",
            "ACCOUNT\r\nNUMBERS",
            "xAccountNumber",
        ] {
            assert_eq!(found(text), ["account number"], "{text}");
        }
        assert_eq!(
            found("Drivers License / driver's-license"),
            ["driver's license"; 2]
        );
        assert_eq!(
            found("SSN536228145, DL #S12, A/C No. 7, employeeSSN"),
            ["ssn", "dl#", "a/c no", "ssn"]
        );
    }

    #[test]
    fn the_longest_keyword_wins_its_place() {
        assert_eq!(found("customer account number"), ["customer account number"]);
    }

    #[test]
    fn keywords_that_overlap_are_both_found() {
        assert_eq!(found("my driver's license"), ["my driver", "driver's license"]);
        assert_eq!(found("s.s.n. 536228145"), ["ssn"]);
    }

    #[test]
    fn codes_and_addresses_hold_no_keywords() {
        assert!(found("id 56SSN16F72, 0001ssn-00, ssn@example.org, info@ssn").is_empty());
    }

    #[test]
    fn a_word_beside_a_keyword_turns_it_where_nothing_but_a_space_stands_between() {
        let does = Use::Names { form: 0 };
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        let neighbours = Neighbours {
            before: words(&["library", "real estate"]),
            after: words(&["parser"]),
        };
        let keywords = Keywords::compile(&[("card", does)], neighbours, 1 << 20).unwrap();
        let turned = |text: &str| {
            keywords
                .find(text.as_bytes(), 0, text.len())
                .all(|hit| hit.turned)
        };
        for text in [
            "library card",
            "Library's card",
            "my real estate card",
            "card_parser",
            "card parser x",
        ] {
            assert!(turned(text), "{text}");
        }
        for text in [
            "card",
            "library. Card",
            "the card",
            "estate card",
            "card: parser",
            "card parsers",
        ] {
            assert!(!turned(text), "{text}");
        }
    }

    #[test]
    fn parts_of_other_words_are_no_keywords() {
        assert!(found("lessn assnx accountnumbering").is_empty());
        assert_eq!(found("Customer\tAccount Number"), ["account number"]);
    }
}
