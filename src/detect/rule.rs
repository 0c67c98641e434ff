//! Rules as the search uses them: compiled, vetted, with the texts that people read.

use regex_syntax::hir::Hir;

use super::checks::Check;
use super::digits::Shape;
use super::evidence::Evidence;
use super::expression::Expression;
use super::keywords::Keywords;
use super::rule_file::{At, Boundary, Tiers};
use super::sieve::Set;
use crate::message::Confidence;

/// One element of personal information.
#[derive(Debug)]
pub(super) struct Rule {
    pub id: String,
    pub file: String,
    pub title: String,
    pub reason: String,
    pub source: String,
    /// How many of the last characters evidence may show.
    pub shown: usize,
    /// What is less sure than this is not reported.
    pub report_from: Confidence,
    /// Whether it counts only where a policy names it.
    pub optional: bool,
    /// Whether it may find things in ordinary text.
    pub common: bool,
    pub patterns: Vec<Pattern>,
    pub keywords: Keywords,
    pub evidence: Vec<Evidence>,
    pub forms: Forms,
    /// Published for tests. Compact, sorted.
    pub test_values: Vec<Vec<u8>>,
    /// Known to belong to nobody. Compact, sorted.
    pub fakes: Vec<Vec<u8>>,
    /// Words for what is numbered, directly before a value. In small letters, sorted.
    pub things: Vec<Vec<u8>>,
    pub examples: Vec<At<String>>,
    pub counter_examples: Vec<At<String>>,
}

/// A way in which a value is written.
#[derive(Debug)]
pub(super) struct Pattern {
    pub name: String,
    /// Where it stands in the rule file.
    pub line: usize,
    pub form: Hir,
    pub expression: Expression,
    /// What all its matches have.
    pub shape: Shape,
    pub checks: Vec<&'static Check>,
    /// Spellings that mean something else: a telephone number, a date.
    pub except: Set,
    pub boundary: Boundary,
    pub needs_form: bool,
    /// Whether the issuer of its form must be named near by.
    pub needs_issuer: bool,
    /// Whether it does not count alone where the header of its column names something else.
    pub heeds_header: bool,
    pub heeds_label: bool,
    /// The form alone says nothing behind the label of a thing.
    pub heeds_every_label: bool,
    /// Whether a shorter beginning of the match is tried when the whole fails: the pattern may have
    /// swallowed what follows the value.
    pub shorter: bool,
    /// Whether a keyword speaks only for the first number after it.
    pub first_only: bool,
    /// Whether a keyword after the value says nothing.
    pub before_only: bool,
    /// Whether a value soon after an accepted one shares its keyword.
    pub in_lists: bool,
    /// Whether only a column with a strong keyword in its header makes it count.
    pub column_only: bool,
    /// Zeros are put in front up to this length: spreadsheets drop them.
    pub pad_to: usize,
    /// Whether form and checks together prove the value, whatever other rules say of the place.
    pub decisive: bool,
    pub confidence: Tiers,
}

/// What the compact value looks like, issuer by issuer.
#[derive(Debug)]
pub(super) struct Forms {
    pub set: Set,
    pub list: Vec<Form>,
}

/// One issuer's form.
#[derive(Debug)]
pub(super) struct Form {
    pub name: String,
    /// Whether the form says much by itself.
    pub distinctive: bool,
}

impl Rule {
    /// Whether a compact value was published for tests.
    pub fn is_test_value(&self, compact: &[u8]) -> bool {
        is_known(&self.test_values, compact)
    }

    /// Whether a word, or what it is the plural of, stands for something that is numbered.
    pub fn is_thing(&self, word: &[u8]) -> bool {
        let word = word.to_ascii_lowercase();
        let one = word.strip_suffix(b"s").unwrap_or(&word);
        is_known(&self.things, &word) || is_known(&self.things, one)
    }

    /// Whether a compact value is known to belong to nobody.
    pub fn is_fake(&self, compact: &[u8]) -> bool {
        is_known(&self.fakes, compact)
    }
}

fn is_known(known: &[Vec<u8>], compact: &[u8]) -> bool {
    known
        .binary_search_by(|known| known.as_slice().cmp(compact))
        .is_ok()
}

impl Pattern {
    /// Whether it may count without any keyword.
    pub fn counts_alone(&self) -> bool {
        self.confidence.alone.is_some()
    }

    /// Whether the value is written like something else.
    pub fn is_excepted(&self, written: &[u8]) -> bool {
        self.except.fits(written)
    }
}

impl Forms {
    /// The issuers whose form a compact value has.
    pub fn of(&self, compact: &[u8]) -> Vec<usize> {
        match self.list.is_empty() {
            true => Vec::new(),
            false => self.set.matches(compact),
        }
    }

    /// Whether one of these forms says much by itself; true for rules without forms.
    pub fn are_distinctive(&self, forms: &[usize]) -> bool {
        let tells = |form: &usize| self.list.get(*form).is_some_and(|form| form.distinctive);
        self.list.is_empty() || forms.iter().any(tells)
    }
}

/// Whether an octet belongs to a compact value; the others separate.
#[inline]
pub(super) fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'*'
}

/// A value without its separators, in upper case.
pub(super) fn compact(value: &[u8]) -> Vec<u8> {
    value
        .iter()
        .filter(|byte| is_part(**byte))
        .map(u8::to_ascii_uppercase)
        .collect()
}
