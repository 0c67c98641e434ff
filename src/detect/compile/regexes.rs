//! Expressions that staff write, vetted before they run on mail.
//!
//! The engine takes linear time for each search; a bound on the length of a match keeps the search that goes
//! on after a rejected match linear too.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::Hir;
use regex_syntax::{Error, ParserBuilder};

use super::super::checks::Check;
use super::super::evidence::Evidence;
use super::super::expression::Expression;
use super::super::sieve::Set;

/// The longest match a pattern may have, in octets.
pub(in super::super) const LONGEST: usize = 128;
/// What one pattern may take, compiled.
const PATTERN_SIZE: usize = 1 << 20;

const TOO_LARGE: &str = "the expression is too large when compiled; make its repetitions smaller";

/// Reads and compiles the expression of a pattern, or says what is wrong with it and how to mend it.
pub(super) fn pattern(expression: &str, ignore_case: bool) -> Result<(Hir, Expression), String> {
    let form = form(expression, ignore_case)?;
    let compiled = Expression::compile(&form, LONGEST, PATTERN_SIZE).map_err(|()| TOO_LARGE.to_owned())?;
    Ok((form, compiled))
}

/// Compiles one expression, or says what is wrong with it and how to mend it.
pub(super) fn vetted(expression: &str) -> Result<Regex, String> {
    form(expression, false)?;
    RegexBuilder::new(expression)
        .unicode(false)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE)
        .build()
        .map_err(|_| TOO_LARGE.to_owned())
}

/// Reads and compiles the expression of an evidence, or says what is wrong with it and how to mend it.
pub(super) fn evidence(
    name: String,
    expression: &str,
    checks: Vec<&'static Check>,
    reach: (usize, usize),
) -> Result<Evidence, String> {
    let regex = vetted(expression)?;
    let form = form(expression, false)?;
    Evidence::compile(name, (regex, &form), checks, reach, (LONGEST, PATTERN_SIZE))
        .map_err(|()| TOO_LARGE.to_owned())
}

/// Compiles expressions that were vetted before and must fit a value from end to end.
pub(super) fn wholes(expressions: &[String]) -> Result<Set, String> {
    let forms = expressions.iter().map(|expression| form(expression, false));
    Set::of(&forms.collect::<Result<Vec<_>, _>>()?)
}

/// Reads an expression, or says what is wrong with it and how to mend it.
fn form(expression: &str, ignore_case: bool) -> Result<Hir, String> {
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
    Ok(form)
}

fn syntax(error: &Error) -> String {
    let (what, at) = match error {
        Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
        Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
        _ => ("not a regular expression".to_owned(), 0),
    };
    format!("the expression is wrong at its character {}: {what}", at + 1)
}
