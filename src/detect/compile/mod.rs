//! Rule files → rules. Everything that could go wrong with a rule is told here, with the line and the cure,
//! before it sees mail: only linear-time expressions, bounded in length and size, that match something.

mod regexes;

pub(super) use self::regexes::LONGEST;

use std::collections::HashSet;

use super::bait;
use super::checks::{self, Check};
use super::digits::Shape;
use super::evidence::Evidence;
use super::keywords::{self, Keywords, Neighbours, Turned, Use, Vocabulary, Words};
use super::names::Names;
use super::rule::{Form, Forms, Pattern, Rule, compact};
use super::rule_file::{self, At, EvidenceEntry, PatternEntry, RuleFile, Strength};
use super::sieve::{Sieve, Sieved};
use super::{RuleError, RuleSource, Rules};
use crate::message::Confidence;

/// See [`Rules::compile`].
pub(super) fn compile(sources: &[RuleSource]) -> Result<Rules, Vec<RuleError>> {
    let (mut rules, mut errors, mut borrowed) = (Vec::new(), Vec::new(), Vec::new());
    let mut ids = HashSet::new();
    for source in sources {
        let (file, read) = rule_file::read(source);
        let mut compiler = Compiler::new(source, read);
        let id = compiler.id();
        if !ids.insert(id.clone()) {
            compiler.fail(
                1,
                format!("there is a second rule `{id}`; give one file another name"),
            );
        }
        // A file that is no TOML has no rule to look at.
        let has_content = compiler.errors.is_empty() || !file.title.is_empty() || !file.patterns.is_empty();
        borrowed.push((source.file.clone(), id.clone(), file.things_of.clone()));
        let rule = has_content.then(|| compiler.rule(id, file));
        compiler.errors.sort_by_key(|error| error.line);
        errors.append(&mut compiler.errors);
        rules.extend(rule);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    lend_things(&mut rules, &borrowed)?;
    let names = Names::load().map_err(|message| vec![whole(message)])?;
    let vocabulary = Vocabulary::of(rules.iter().map(|rule| &rule.keywords));
    let patterns = rules.iter().enumerate();
    let patterns =
        patterns.flat_map(|(rule, compiled)| compiled.patterns.iter().map(move |pattern| (rule, pattern)));
    let sieved = patterns.map(|(rule, pattern)| Sieved {
        rule,
        form: &pattern.form,
        shape: pattern.shape,
        alone: pattern.counts_alone(),
        shorter: pattern.shorter,
    });
    let sieve = Sieve::of(&sieved.collect::<Vec<_>>()).map_err(|message| vec![whole(message)])?;
    let rules = Rules {
        rules,
        sieve,
        vocabulary,
        names,
    };
    let refused = bait::refused(&rules);
    if refused.is_empty() {
        Ok(rules)
    } else {
        Err(refused)
    }
}

/// Gives rules the words for things of others, as their files ask for it: file, rule, and the others' names.
fn lend_things(
    rules: &mut [Rule],
    borrowed: &[(String, String, Vec<At<String>>)],
) -> Result<(), Vec<RuleError>> {
    let mut errors = Vec::new();
    for (file, id, others) in borrowed {
        for other in others {
            let lender = rules.iter().find(|rule| rule.id == other.value);
            let Some(things) = lender.map(|rule| rule.things.clone()) else {
                errors.push(RuleError {
                    file: file.clone(),
                    line: other.line,
                    message: format!(
                        "there is no rule `{}`; name one whose file lies beside this one",
                        other.value
                    ),
                });
                continue;
            };
            if let Some(rule) = rules.iter_mut().find(|rule| rule.id == *id) {
                rule.things.extend(things);
                rule.things.sort();
                rule.things.dedup();
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Words as neighbours of keywords are looked up.
fn words_of(list: &[At<String>]) -> Words {
    Words::of(list.iter().map(|word| word.value.trim().to_ascii_lowercase()))
}

/// A mistake of no single file.
fn whole(message: String) -> RuleError {
    RuleError {
        file: "policies".to_owned(),
        line: 1,
        message,
    }
}

/// Compiles one file and collects its mistakes.
struct Compiler<'s> {
    source: &'s RuleSource,
    errors: Vec<RuleError>,
}

impl<'s> Compiler<'s> {
    fn new(source: &'s RuleSource, errors: Vec<RuleError>) -> Self {
        Compiler { source, errors }
    }

    fn id(&mut self) -> String {
        let id = self
            .source
            .file
            .strip_suffix(".toml")
            .unwrap_or_default()
            .to_owned();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if id.is_empty() || !id.chars().all(plain) {
            let cure = "name the file like bank_account.toml: small letters, digits and _";
            self.fail(1, cure.to_owned());
        }
        id
    }

    fn rule(&mut self, id: String, file: RuleFile) -> Rule {
        self.require_the_whole(&file);
        let keywords = self.keywords(&file);
        let forms = self.forms(&file);
        let known = |values: &[At<String>]| {
            let mut known: Vec<Vec<u8>> = values
                .iter()
                .map(|value| compact(value.value.as_bytes()))
                .collect();
            known.sort();
            known
        };
        let (test_values, fakes) = (known(&file.test_values), known(&file.fakes));
        let small = |word: &At<String>| word.value.to_ascii_lowercase().into_bytes();
        let mut things: Vec<Vec<u8>> = file.things.iter().map(small).collect();
        things.sort();
        Rule {
            id,
            file: self.source.file.clone(),
            title: file.title,
            reason: file.reason,
            source: file.source,
            shown: file.shown,
            report_from: file.report_from.unwrap_or(Confidence::Medium),
            optional: file.optional,
            common: file.common,
            patterns: file
                .patterns
                .into_iter()
                .filter_map(|entry| self.pattern(entry))
                .collect(),
            keywords,
            evidence: file
                .evidence
                .into_iter()
                .filter_map(|entry| self.evidence(entry))
                .collect(),
            forms,
            test_values,
            fakes,
            things,
            examples: file.examples,
            counter_examples: file.counter_examples,
        }
    }

    fn require_the_whole(&mut self, file: &RuleFile) {
        if file.shown > 4 {
            self.fail(
                1,
                "`shown` may be 4 at most: evidence goes into notices and logs".to_owned(),
            );
        }
        if file.patterns.is_empty() {
            self.fail(1, "a rule needs at least one [[pattern]]".to_owned());
        }
        if file.examples.is_empty() || file.counter_examples.is_empty() {
            let cure =
                "a rule proves itself: give it `examples` that must hit and `counter_examples` that must not";
            self.fail(1, cure.to_owned());
        }
        let speaks = |entry: &At<_>| {
            matches!(
                entry,
                At {
                    value: rule_file::KeywordEntry {
                        strength: Strength::Strong | Strength::Weak,
                        ..
                    },
                    ..
                }
            )
        };
        let has_keywords = file.keywords.iter().any(speaks);
        for At { line, value: pattern } in &file.patterns {
            let tiers = pattern.confidence;
            if tiers.alone.is_none() && tiers.weak.is_none() && tiers.strong.is_none() {
                let cure = "the pattern can never count; add confidence = { strong = \"high\" } or the like";
                self.fail(*line, cure.to_owned());
            } else if tiers.alone.is_none() && !has_keywords {
                let cure = "the pattern counts only beside keywords, and the rule has none; add [[keyword]]";
                self.fail(*line, cure.to_owned());
            }
            if (pattern.needs_form || pattern.needs_issuer) && file.forms.is_empty() {
                self.fail(
                    *line,
                    "`needs_form` and `needs_issuer` ask for a [[form]], and the rule has none".to_owned(),
                );
            }
        }
    }

    fn pattern(&mut self, entry: At<PatternEntry>) -> Option<Pattern> {
        let At { line, value: entry } = entry;
        let except: Vec<String> = entry
            .except
            .iter()
            .filter_map(|except| self.whole_match(except))
            .collect();
        let checks = self.checks(&entry.checks);
        let except = regexes::wholes(&except)
            .map_err(|message| self.fail(line, message))
            .ok()?;
        let told = regexes::pattern(&entry.regex.value, entry.ignore_case);
        let (form, expression) = told
            .map_err(|message| self.fail(entry.regex.line, message))
            .ok()?;
        let shape = Shape::of(&form);
        let shape = match checks.iter().any(|check| check.wants_digits()) {
            true => shape.with_digits(),
            false => shape,
        };
        Some(Pattern {
            name: entry.name,
            line: entry.regex.line,
            expression,
            shape,
            form,
            checks,
            except,
            boundary: entry.boundary,
            needs_form: entry.needs_form,
            needs_issuer: entry.needs_issuer,
            heeds_header: entry.heeds_header,
            heeds_label: entry.heeds_label,
            heeds_every_label: entry.heeds_every_label,
            shorter: entry.shorter,
            first_only: entry.first_only,
            before_only: entry.before_only,
            in_lists: entry.in_lists,
            column_only: entry.column_only,
            pad_to: entry.pad_to.min(20),
            decisive: entry.decisive,
            confidence: entry.confidence,
        })
    }

    fn evidence(&mut self, entry: At<EvidenceEntry>) -> Option<Evidence> {
        let entry = entry.value;
        let checks = self.checks(&entry.checks);
        let told = regexes::evidence(
            entry.name,
            &entry.regex.value,
            checks,
            (entry.before, entry.after),
        );
        told.map_err(|message| self.fail(entry.regex.line, message)).ok()
    }

    fn checks(&mut self, names: &[At<String>]) -> Vec<&'static Check> {
        let mut found = Vec::new();
        for At { line, value: name } in names {
            match checks::named(name) {
                Some(check) => found.push(check),
                None => {
                    let known: Vec<&str> = checks::ALL.iter().map(|check| check.name).collect();
                    self.fail(
                        *line,
                        format!("there is no check `{name}`; there are: {}", known.join(", ")),
                    );
                }
            }
        }
        found
    }

    fn forms(&mut self, file: &RuleFile) -> Forms {
        let mut wholes = Vec::new();
        for At { value: form, .. } in &file.forms {
            wholes.extend(self.whole_match(&form.regex));
        }
        let set = regexes::wholes(&wholes).map_err(|message| self.fail(1, message));
        let named = |entry: &At<rule_file::FormEntry>| Form {
            name: entry.value.name.clone(),
            distinctive: entry.value.distinctive,
        };
        Forms {
            set: set.unwrap_or_default(),
            list: file.forms.iter().map(named).collect(),
        }
    }

    fn keywords(&mut self, file: &RuleFile) -> Keywords {
        let mut entries = Vec::new();
        for At { line, value: group } in &file.keywords {
            if group.passes_over.len() > 1 {
                self.fail(*line, "`passes_over` may name one check only".to_owned());
            }
            let does = Use::Speaks {
                strength: group.strength,
                before: group.before,
                after: group.after,
                passes_over: self.checks(&group.passes_over).first().copied(),
                companion: group.companion,
                turned_in_line: group.turned_in_line,
                turned_by: Turned {
                    before: group.turned_before,
                    after: group.turned_after,
                },
                sure: group.sure,
                same_line: group.same_line,
                in_row: group.in_row,
                lifted_by_name: group.lifted_by_name,
                over_issuer: group.over_issuer,
                needs_support: group.needs_support,
                yields: group.yields,
            };
            entries.extend(group.words.iter().map(|word| (word, does)));
        }
        for (form, At { value: entry, .. }) in file.forms.iter().enumerate() {
            entries.extend(entry.words.iter().map(|word| (word, Use::Names { form })));
        }
        for (word, _) in &entries {
            if !word.value.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
                self.fail(word.line, "a keyword needs a letter or a digit".to_owned());
            }
            if word.value.len() > keywords::LONGEST {
                let most = keywords::LONGEST;
                self.fail(
                    word.line,
                    format!("a keyword may have {most} octets at most; none that is longer is found"),
                );
            }
        }
        let entries: Vec<(&str, Use)> = entries
            .iter()
            .map(|(word, does)| (word.value.as_str(), *does))
            .collect();
        let neighbours = Neighbours {
            before: words_of(&file.not_after),
            after: words_of(&file.not_before),
        };
        Keywords::compile(&entries, neighbours)
    }

    /// An expression that must fit a value from end to end.
    fn whole_match(&mut self, expression: &At<String>) -> Option<String> {
        let told = regexes::vetted(&expression.value);
        told.map_err(|message| self.fail(expression.line, message)).ok()?;
        Some(format!("^(?:{})$", expression.value))
    }

    fn fail(&mut self, line: usize, message: String) {
        self.errors.push(RuleError {
            file: self.source.file.clone(),
            line,
            message,
        });
    }
}
