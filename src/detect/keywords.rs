//! Words that speak for or against a value, found in one pass per rule.
//!
//! A keyword is written once and found in every spelling that people and programs give it: "account number"
//! is also "Account  Number", "account_number", "AccountNumber", and a plural.

use std::collections::HashMap;

use regex::bytes::{Regex, RegexBuilder};

use super::rule_file::Strength;

/// What a word does where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It speaks for or against, within a window of characters before and after it.
    Speaks {
        strength: Strength,
        before: usize,
        after: usize,
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
}

/// All keywords of a rule.
#[derive(Debug, Default)]
pub(super) struct Keywords {
    regex: Option<Regex>,
    words: Vec<Word>,
    index: HashMap<Vec<u8>, usize>,
    /// The widest window of any use.
    pub reach: usize,
}

/// How far an issuer's name reaches: a state or a brand is often named at the beginning of the sentence.
pub(super) const ISSUER_WINDOW: usize = 100;

impl Keywords {
    /// Compiles keywords with their uses. The same word may come several times, with other uses.
    ///
    /// # Errors
    /// When together they are too much for one expression.
    pub fn compile(entries: &[(&str, Use)], size_limit: usize) -> Result<Keywords, regex::Error> {
        let mut keywords = Keywords::default();
        for (text, does) in entries {
            keywords.add(text, *does);
        }
        let mut spellings: Vec<&str> = keywords.words.iter().map(|word| word.text.as_str()).collect();
        // The engine takes the first alternative that fits, so the longest comes first: "customer account
        // number" must not be read as "account number".
        spellings.sort_by_key(|text| std::cmp::Reverse(text.len()));
        if !spellings.is_empty() {
            let alternatives: Vec<String> = spellings.iter().map(|text| spelling(text)).collect();
            let regex = RegexBuilder::new(&alternatives.join("|"))
                .unicode(false)
                .case_insensitive(true)
                .size_limit(size_limit)
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

    /// Finds keywords that lie between two octets, in order. Hits do not overlap.
    pub fn find(&self, bytes: &[u8], from: usize, to: usize) -> impl Iterator<Item = Hit> {
        std::iter::successors(self.next(bytes, from, to), move |hit| {
            self.next(bytes, hit.end, to)
        })
    }

    /// How far a keyword reaches that can make a value count: before itself and after itself. None when it
    /// only supports, speaks against or names an issuer.
    pub fn reach_of(&self, hit: &Hit) -> Option<(usize, usize)> {
        let reaches = self.word(hit)?.uses.iter().filter_map(|does| match does {
            Use::Speaks {
                strength: Strength::Strong | Strength::Weak,
                before,
                after,
            } => Some((*after, *before)),
            Use::Speaks { .. } | Use::Names { .. } => None,
        });
        reaches.reduce(|one, other| (one.0.max(other.0), one.1.max(other.1)))
    }

    fn next(&self, bytes: &[u8], from: usize, to: usize) -> Option<Hit> {
        let text = bytes.get(..to.min(bytes.len()))?;
        let mut at = from.min(text.len());
        loop {
            let found = self.regex.as_ref()?.find_at(text, at)?;
            let (start, end) = (found.start(), found.end());
            if let Some(word) = self
                .known(found.as_bytes())
                .filter(|_| stands_free(bytes, start, end))
            {
                return Some(Hit { start, end, word });
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
    for character in text.trim().chars() {
        match character {
            ' ' | '-' | '/' | '.' | '_' => expression.push_str(r"[\s_./>-]{0,4}"),
            '\'' => expression.push_str("'?"),
            '#' => expression.push_str(r"\s?\#"),
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    match text.ends_with(|last: char| last.is_ascii_alphabetic()) {
        true => expression + "s?",
        false => expression,
    }
}

/// Whether no letter touches the word; the change from small to capital letters ends a word too (`empSSN`).
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
    let free_after = !after.is_ascii_alphabetic() || last.is_ascii_lowercase() && after.is_ascii_uppercase();
    (free_before || !first.is_ascii_alphabetic()) && (free_after || !last.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::super::rule_file::Strength;
    use super::{Keywords, Use};

    fn found(text: &str) -> Vec<String> {
        let does = Use::Speaks {
            strength: Strength::Strong,
            before: 10,
            after: 0,
        };
        let words = [
            "ssn",
            "account number",
            "customer account number",
            "driver's license",
            "dl#",
            "a/c no",
        ];
        let entries: Vec<(&str, Use)> = words.iter().map(|word| (*word, does)).collect();
        let keywords = Keywords::compile(&entries, 1 << 20).unwrap();
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
    fn parts_of_other_words_are_no_keywords() {
        assert!(found("lessn assnx accountnumbering").is_empty());
    }
}
