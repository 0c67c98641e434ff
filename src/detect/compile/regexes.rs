//! Expressions that staff write, vetted before they run on mail.
//!
//! The engine takes linear time for each search; a bound on the length of a match keeps the search that goes
//! on after a rejected match linear too.

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_syntax::{Error, ParserBuilder};

use super::super::rule::Gate;

/// The longest match a pattern may have, in octets.
pub(in super::super) const LONGEST: usize = 128;
/// What all keywords of a rule may take, compiled.
pub(super) const KEYWORDS_SIZE: usize = 16 << 20;
/// What one pattern may take, compiled.
const PATTERN_SIZE: usize = 1 << 20;
/// What a set may take, compiled, and while it searches.
const SET_SIZE: usize = 32 << 20;

/// The patterns of one rule that compiled, for the gate.
#[derive(Default)]
pub(super) struct Regexes {
    patterns: Vec<String>,
}

impl Regexes {
    /// Vets and compiles a pattern.
    pub fn pattern(&mut self, expression: &str, ignore_case: bool) -> Result<Regex, String> {
        let regex = vetted(expression, ignore_case)?;
        let flags = if ignore_case { "(?i)" } else { "" };
        self.patterns.push(format!("{flags}{expression}"));
        Ok(regex)
    }

    /// Each pattern with the rule and the index that it has.
    pub fn gate(&mut self, rule: usize) -> Vec<(String, (usize, usize))> {
        let patterns = std::mem::take(&mut self.patterns);
        patterns
            .into_iter()
            .enumerate()
            .map(|(index, pattern)| (pattern, (rule, index)))
            .collect()
    }
}

/// Compiles one expression, or says what is wrong with it and how to mend it.
pub(super) fn vetted(expression: &str, ignore_case: bool) -> Result<Regex, String> {
    let mut parser = ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .case_insensitive(ignore_case)
        .build();
    let form = parser.parse(expression).map_err(|error| syntax(&error))?;
    match form.properties().minimum_len() {
        Some(0) => {
            return Err("the expression matches the empty string; ask for at least one character".to_owned());
        }
        None => return Err("the expression can never match".to_owned()),
        Some(_) => {}
    }
    if form
        .properties()
        .maximum_len()
        .is_none_or(|longest| longest > LONGEST)
    {
        return Err(format!(
            "a match could be longer than {LONGEST} octets; write {{1,20}} in place of + and {{0,20}} in place of *"
        ));
    }
    RegexBuilder::new(expression)
        .unicode(false)
        .case_insensitive(ignore_case)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE)
        .build()
        .map_err(|_| "the expression is too large when compiled; make its repetitions smaller".to_owned())
}

/// Compiles a set of expressions that were vetted before.
pub(super) fn set(expressions: &[String]) -> Result<RegexSet, String> {
    RegexSetBuilder::new(expressions)
        .unicode(false)
        .size_limit(SET_SIZE)
        .dfa_size_limit(SET_SIZE)
        .build()
        .map_err(|_| "together the expressions are too large when compiled; make them smaller".to_owned())
}

/// The gate over all patterns of all rules.
pub(super) fn gate(patterns: &[(String, (usize, usize))]) -> Result<Gate, String> {
    let expressions: Vec<String> = patterns
        .iter()
        .map(|(expression, _)| expression.clone())
        .collect();
    let owners = patterns.iter().map(|(_, owner)| *owner).collect();
    Ok(Gate {
        set: set(&expressions)?,
        owners,
    })
}

fn syntax(error: &Error) -> String {
    let (what, at) = match error {
        Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
        Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
        _ => ("not a regular expression".to_owned(), 0),
    };
    format!("the expression is wrong at its character {}: {what}", at + 1)
}
