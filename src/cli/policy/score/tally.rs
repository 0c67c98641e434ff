//! Adds outcomes up to the figures by which rules are judged.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::compare::Outcome;
use super::mail::Case;

/// The figures. Mails that were rewritten count in `rewritten` only.
#[derive(Debug, Serialize)]
pub struct Tally {
    /// Mails and files of the set.
    pub mails: usize,
    /// For each element of the law, by its rule's name.
    pub elements: BTreeMap<String, Count>,
    /// For each element that the law does not list.
    pub optional: BTreeMap<String, Count>,
    /// All elements of the law together.
    pub all: Count,
    /// For each form in the set, elements of the law.
    pub forms: BTreeMap<String, Count>,
    /// For each form that plain mails were rewritten in.
    pub rewritten: BTreeMap<String, Count>,
    /// Whether a mail is personal information under 201 CMR 17.02.
    pub verdict: Count,
    /// Mails that hold no element of the law.
    pub harmless: Harmless,
    /// Numbers that are marked as look-alikes.
    pub look_alikes: LookAlikes,
    /// What was missed and what was wrong, one by one.
    pub mistakes: Vec<Mistake>,
    #[serde(skip)]
    known: BTreeMap<String, bool>,
    /// What was told of mails as they are written: kind, element, file and line.
    #[serde(skip)]
    told: BTreeSet<(&'static str, String, String, usize)>,
}

/// What should be found, and what was.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Count {
    /// What should be found.
    pub expected: usize,
    /// What should be found and was.
    pub right: usize,
    /// What should not be found and was.
    pub wrong: usize,
    /// Of what was found, how much is right.
    pub precision: f64,
    /// Of what should be found, how much was.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
}

/// Mails without an element of the law.
#[derive(Debug, Default, Serialize)]
pub struct Harmless {
    /// How many there are.
    pub mails: usize,
    /// How many something was found in.
    pub alarms: usize,
    /// How many were taken for personal information.
    pub personal_alarms: usize,
    /// Alarms per 1,000.
    pub alarms_per_1000: f64,
}

/// Numbers that only look like an element.
#[derive(Debug, Default, Serialize)]
pub struct LookAlikes {
    /// How many are marked.
    pub marked: usize,
    /// How many were taken for an element.
    pub hit: usize,
    /// Hits per 1,000.
    pub hits_per_1000: f64,
}

/// One mistake of the rules.
#[derive(Debug, Serialize)]
pub struct Mistake {
    /// The file of the set.
    pub file: String,
    /// The line in it.
    pub line: usize,
    /// The form of the mail.
    pub form: String,
    /// `missed`, `wrong`, or `verdict`.
    pub kind: &'static str,
    /// The element.
    pub element: String,
    /// What it is, masked, and what spoke for it.
    pub detail: String,
}

impl Tally {
    /// Nothing counted yet, for rules that look for `elements`; those marked are optional.
    pub fn new(elements: BTreeMap<String, bool>) -> Tally {
        Tally {
            mails: 0,
            elements: BTreeMap::new(),
            optional: BTreeMap::new(),
            all: Count::default(),
            forms: BTreeMap::new(),
            rewritten: BTreeMap::new(),
            verdict: Count::default(),
            harmless: Harmless::default(),
            look_alikes: LookAlikes::default(),
            mistakes: Vec::new(),
            known: elements,
            told: BTreeSet::new(),
        }
    }

    /// Counts one mail.
    pub fn add(&mut self, case: &Case, outcome: &Outcome) {
        let right = outcome.right.iter().map(|label| (&label.element, Kind::Right));
        let missed = outcome.missed.iter().map(|label| (&label.element, Kind::Missed));
        let wrong = outcome.wrong.iter().map(|wrong| (&wrong.element, Kind::Wrong));
        let all: Vec<(String, Kind)> = right
            .chain(missed)
            .chain(wrong)
            .map(|(element, kind)| (element.clone(), kind))
            .collect();
        for (element, kind) in all {
            let listed = self.is_listed(&element);
            if case.rewritten {
                if listed {
                    self.rewritten.entry(case.form.clone()).or_default().add(kind);
                }
                continue;
            }
            let by_element = if listed {
                &mut self.elements
            } else {
                &mut self.optional
            };
            by_element.entry(element).or_default().add(kind);
            if listed {
                self.all.add(kind);
                self.forms.entry(case.form.clone()).or_default().add(kind);
            }
        }
        if !case.rewritten {
            self.add_mail(case, outcome);
        }
        self.tell(case, outcome);
    }

    fn add_mail(&mut self, case: &Case, outcome: &Outcome) {
        self.mails += 1;
        match (case.personal, outcome.personal) {
            (true, true) => self.verdict.add(Kind::Right),
            (true, false) => self.verdict.add(Kind::Missed),
            (false, true) => self.verdict.add(Kind::Wrong),
            (false, false) => {}
        }
        self.look_alikes.marked += case.look_alikes.len();
        self.look_alikes.hit += outcome.look_alikes_hit;
        self.look_alikes.hits_per_1000 = share(self.look_alikes.hit, self.look_alikes.marked) * 1000.0;
        if case.expected.iter().any(|label| self.is_listed(&label.element)) {
            return;
        }
        self.harmless.mails += 1;
        self.harmless.alarms += usize::from(outcome.wrong.iter().any(|wrong| !wrong.optional));
        self.harmless.personal_alarms += usize::from(outcome.personal);
        self.harmless.alarms_per_1000 = share(self.harmless.alarms, self.harmless.mails) * 1000.0;
    }

    fn tell(&mut self, case: &Case, outcome: &Outcome) {
        let mut tell = |line, kind, element: &str, detail| {
            let mistake = (kind, element.to_owned(), case.file.clone(), line);
            // What goes wrong in the mail as it is written goes wrong in its other forms too.
            if case.rewritten && self.told.contains(&mistake) {
                return;
            }
            if !case.rewritten {
                self.told.insert(mistake);
            }
            self.mistakes.push(Mistake {
                file: case.file.clone(),
                line,
                form: case.form.clone(),
                kind,
                element: element.to_owned(),
                detail,
            });
        };
        let obstacles: Vec<&str> = outcome.obstacles.iter().map(|one| one.detail.as_str()).collect();
        for label in &outcome.missed {
            let masked = crate::message::Masked::ending(&label.value, 4);
            tell(
                label.line,
                "missed",
                &label.element,
                join(masked.as_str(), &obstacles),
            );
        }
        for wrong in &outcome.wrong {
            let line = if wrong.line > 0 { wrong.line } else { case.line };
            let reasons: Vec<&str> = wrong.reasons.iter().map(String::as_str).collect();
            tell(line, "wrong", &wrong.element, join(&wrong.evidence, &reasons));
        }
        let elements_right = outcome.missed.is_empty() && outcome.wrong.is_empty();
        if case.personal != outcome.personal && elements_right {
            let detail = match case.personal {
                true => "a name is near, and was not seen",
                false => "no name is near, and one was seen",
            };
            tell(case.line, "verdict", "", detail.to_owned());
        }
    }

    /// Elements that no rule is called are on no list.
    fn is_listed(&self, element: &str) -> bool {
        self.known.get(element).is_some_and(|optional| !optional)
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Right,
    Missed,
    Wrong,
}

impl Count {
    fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Right => {
                self.expected += 1;
                self.right += 1;
            }
            Kind::Missed => self.expected += 1,
            Kind::Wrong => self.wrong += 1,
        }
        self.precision = share(self.right, self.right + self.wrong);
        self.recall = share(self.right, self.expected);
        let sum = self.precision + self.recall;
        self.f1 = if sum > 0.0 {
            2.0 * self.precision * self.recall / sum
        } else {
            0.0
        };
    }
}

/// What share `part` is of `whole`; none, when there is nothing.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn join(first: &str, rest: &[&str]) -> String {
    let all: Vec<&str> = std::iter::once(first).chain(rest.iter().copied()).collect();
    all.join("; ")
}
