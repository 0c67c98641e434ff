//! A rule file as written: TOML → [`RuleFile`], with the line of everything that a person may have to mend.
//!
//! Reading goes on after a mistake, so that all of them are told at once.

mod reader;

pub(super) use self::reader::Lines;
use self::reader::Table;
use super::{RuleError, RuleSource};
use crate::message::Confidence;

/// A value and the line on which it stands.
#[derive(Debug, Clone, Default)]
pub(super) struct At<T> {
    pub line: usize,
    pub value: T,
}

/// One rule, as its file says it. Regular expressions and names of checks are not looked at yet.
#[derive(Debug, Default)]
pub(super) struct RuleFile {
    pub title: String,
    pub reason: String,
    pub source: String,
    pub shown: usize,
    pub report_from: Option<Confidence>,
    pub optional: bool,
    pub common: bool,
    pub not_after: Vec<At<String>>,
    pub not_before: Vec<At<String>>,
    pub test_values: Vec<At<String>>,
    pub fakes: Vec<At<String>>,
    pub things: Vec<At<String>>,
    /// Rules whose words for things are this one's too.
    pub things_of: Vec<At<String>>,
    pub examples: Vec<At<String>>,
    pub counter_examples: Vec<At<String>>,
    pub patterns: Vec<At<PatternEntry>>,
    pub keywords: Vec<At<KeywordEntry>>,
    pub evidence: Vec<At<EvidenceEntry>>,
    pub forms: Vec<At<FormEntry>>,
}

/// `[[pattern]]`: a way in which the value is written.
#[derive(Debug, Default)]
pub(super) struct PatternEntry {
    pub name: String,
    pub regex: At<String>,
    pub ignore_case: bool,
    pub checks: Vec<At<String>>,
    pub except: Vec<At<String>>,
    pub boundary: Boundary,
    pub needs_form: bool,
    pub needs_issuer: bool,
    pub heeds_header: bool,
    pub heeds_label: bool,
    pub heeds_every_label: bool,
    pub shorter: bool,
    pub first_only: bool,
    pub before_only: bool,
    pub in_lists: bool,
    pub column_only: bool,
    pub pad_to: usize,
    pub decisive: bool,
    pub confidence: Tiers,
}

/// What may touch a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Boundary {
    /// No letter, no digit, no sign that joins it to another number, no sign of money or address.
    #[default]
    Word,
    /// As `Word`, but a word may touch it: `Visa4111…`.
    Digits,
    /// No letter and no digit; joining signs are welcome.
    Loose,
    /// As `Word`, and no number stands one space away.
    Apart,
}

/// How sure a pattern is, by what stands around it. What is not named is not reported.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tiers {
    pub alone: Option<Confidence>,
    pub weak: Option<Confidence>,
    pub strong: Option<Confidence>,
    pub against: Option<Confidence>,
    pub turned: Option<Confidence>,
}

/// What a group of keywords does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    Strong,
    Weak,
    /// Lifts what another keyword says; says nothing alone.
    Support,
    /// Names something else: takes back what a keyword farther away says.
    Against,
    /// Says what the whole is about, such as an electric bill: what a word that is no sure sign says, however near, counts
    /// for less.
    Denies,
}

impl Strength {
    /// What a keyword does whose neighbour makes it mean something else.
    pub fn turned(self) -> Strength {
        match self {
            Strength::Strong | Strength::Weak | Strength::Against => Strength::Against,
            Strength::Support => Strength::Support,
            Strength::Denies => Strength::Denies,
        }
    }
}

/// `[[keyword]]`: words, and how near they must stand.
#[derive(Debug)]
pub(super) struct KeywordEntry {
    pub strength: Strength,
    pub before: usize,
    pub after: usize,
    pub passes_over: Vec<At<String>>,
    pub companion: bool,
    pub turned_in_line: bool,
    pub turned_before: bool,
    pub turned_after: bool,
    pub sure: bool,
    pub same_line: bool,
    pub in_row: bool,
    pub lifted_by_name: bool,
    pub over_issuer: bool,
    pub needs_support: bool,
    pub yields: bool,
    pub words: Vec<At<String>>,
}

/// `[[evidence]]`: something near by that is no keyword and supports all the same.
#[derive(Debug)]
pub(super) struct EvidenceEntry {
    pub name: String,
    pub regex: At<String>,
    pub checks: Vec<At<String>>,
    pub before: usize,
    pub after: usize,
}

/// `[[form]]`: what the compact value looks like for one issuer.
#[derive(Debug)]
pub(super) struct FormEntry {
    pub name: String,
    pub regex: At<String>,
    pub words: Vec<At<String>>,
    pub distinctive: bool,
}

const CONFIDENCE: [(&str, Confidence); 3] = [
    ("low", Confidence::Low),
    ("medium", Confidence::Medium),
    ("high", Confidence::High),
];
const BOUNDARY: [(&str, Boundary); 4] = [
    ("word", Boundary::Word),
    ("digits", Boundary::Digits),
    ("loose", Boundary::Loose),
    ("apart", Boundary::Apart),
];
const STRENGTH: [(&str, Strength); 5] = [
    ("strong", Strength::Strong),
    ("weak", Strength::Weak),
    ("support", Strength::Support),
    ("against", Strength::Against),
    ("denies", Strength::Denies),
];

/// How far keywords reach when a group does not say it.
const DEFAULT_WINDOW: usize = 60;

/// Reads a rule file.
pub(super) fn read(source: &RuleSource) -> (RuleFile, Vec<RuleError>) {
    let mut errors = Vec::new();
    let lines = Lines::of(&source.file, &source.text);
    let (document, syntax) = toml::de::DeTable::parse_recoverable(&source.text);
    if !syntax.is_empty() {
        let told = syntax.iter().map(|error| {
            let at = error.span().map_or(0, |span| span.start);
            lines.error(at, format!("this is not TOML: {}", error.message()))
        });
        return (RuleFile::default(), told.collect());
    }
    let mut top = Table::new(document.get_ref(), 0, "the rule", &lines, &mut errors);
    let rule = RuleFile {
        title: top.text("title"),
        reason: top.text("reason"),
        source: top.text("source"),
        shown: top.number("shown", 4),
        report_from: top.choice("report_from", &CONFIDENCE),
        optional: top.flag("optional", false),
        common: top.flag("common", false),
        not_after: top.texts("not_after"),
        not_before: top.texts("not_before"),
        test_values: top.texts("test_values"),
        fakes: top.texts("fakes"),
        things: top.texts("things"),
        things_of: top.texts("things_of"),
        examples: top.texts("examples"),
        counter_examples: top.texts("counter_examples"),
        patterns: top.tables("pattern", pattern),
        keywords: top.tables("keyword", keyword),
        evidence: top.tables("evidence", evidence),
        forms: top.tables("form", form),
    };
    top.refuse_other_keys();
    (rule, errors)
}

fn pattern(table: &mut Table) -> PatternEntry {
    PatternEntry {
        name: table.text("name"),
        regex: table.text_at("regex"),
        ignore_case: table.flag("ignore_case", false),
        checks: table.texts("checks"),
        except: table.texts("except"),
        boundary: table.choice("boundary", &BOUNDARY).unwrap_or_default(),
        needs_form: table.flag("needs_form", false),
        needs_issuer: table.flag("needs_issuer", false),
        heeds_header: table.flag("heeds_header", false),
        heeds_label: table.flag("heeds_label", false),
        heeds_every_label: table.flag("heeds_every_label", false),
        shorter: table.flag("shorter", false),
        first_only: table.flag("first_only", false),
        before_only: table.flag("before_only", false),
        in_lists: table.flag("in_lists", false),
        column_only: table.flag("column_only", false),
        pad_to: table.number("pad_to", 0),
        decisive: table.flag("decisive", false),
        confidence: table.table("confidence", tiers).unwrap_or_default(),
    }
}

fn tiers(table: &mut Table) -> Tiers {
    Tiers {
        alone: table.choice("alone", &CONFIDENCE),
        weak: table.choice("weak", &CONFIDENCE),
        strong: table.choice("strong", &CONFIDENCE),
        against: table.choice("against", &CONFIDENCE),
        turned: table.choice("turned", &CONFIDENCE),
    }
}

fn keyword(table: &mut Table) -> KeywordEntry {
    KeywordEntry {
        strength: table
            .required_choice("strength", &STRENGTH)
            .unwrap_or(Strength::Weak),
        before: table.number("before", DEFAULT_WINDOW),
        after: table.number("after", 0),
        passes_over: table.texts("passes_over"),
        companion: table.flag("companion", false),
        turned_in_line: table.flag("turned_in_line", false),
        turned_before: table.flag("turned_before", true),
        turned_after: table.flag("turned_after", true),
        sure: table.flag("sure", false),
        same_line: table.flag("same_line", false),
        in_row: table.flag("in_row", false),
        lifted_by_name: table.flag("lifted_by_name", false),
        over_issuer: table.flag("over_issuer", false),
        needs_support: table.flag("needs_support", false),
        yields: table.flag("yields", false),
        words: table.texts("words"),
    }
}

fn evidence(table: &mut Table) -> EvidenceEntry {
    EvidenceEntry {
        name: table.text("name"),
        regex: table.text_at("regex"),
        checks: table.texts("checks"),
        before: table.number("before", DEFAULT_WINDOW),
        after: table.number("after", 0),
    }
}

fn form(table: &mut Table) -> FormEntry {
    FormEntry {
        name: table.text("name"),
        regex: table.text_at("regex"),
        words: table.texts("words"),
        distinctive: table.flag("distinctive", true),
    }
}
