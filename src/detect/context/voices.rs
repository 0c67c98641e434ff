//! What the keywords around a candidate say together.

use super::super::candidates::Candidate;
use super::super::checks::Check;
use super::super::keywords::{Hit, ISSUER_WINDOW, Use};
use super::super::rule::{Rule, compact};
use super::super::rule_file::Strength;
use super::{Scene, Silence, label};

/// Where a keyword stands. The order is the order of nearness when distances are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Side {
    Header,
    Before,
    After,
}

/// A keyword that speaks for a candidate.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Keyword {
    pub word: usize,
    pub side: Side,
    pub distance: usize,
    pub strong: bool,
}

/// A keyword at its place beside a candidate. Not `Debug`: it holds the message.
pub(super) struct Heard<'v> {
    pub hit: &'v Hit,
    pub side: Side,
    pub distance: usize,
    /// What stands between the keyword and the value, where numbers in between matter.
    pub between: &'v [u8],
    pub limits: Limits,
}

/// What a pattern asks of keywords.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    /// A keyword speaks only for the first number after it.
    pub first_only: bool,
    /// A keyword after the value says nothing.
    pub before_only: bool,
}

impl Heard<'_> {
    fn keyword(&self, strength: Strength) -> Keyword {
        Keyword {
            word: self.hit.word,
            side: self.side,
            distance: self.distance,
            strong: strength == Strength::Strong,
        }
    }

    /// Whether no number in between takes the word for itself, and the candidate is none that the word passes
    /// over.
    fn reaches(
        &self,
        candidate: &Candidate,
        scene: &Scene,
        strength: Strength,
        (passes_over, companion): (Option<&'static Check>, bool),
    ) -> bool {
        let passed = passes_over.is_some_and(|check| {
            let value = scene.bytes.get(candidate.start..candidate.end);
            (check.test)(&compact(value.unwrap_or_default()))
        });
        let taken = self.limits.first_only && label::holds_a_number(self.between, passes_over)
            || strength == Strength::Against && label::is_spent(self.between);
        let of_next = self.side == Side::After
            && !companion
            && (self.limits.before_only || label::labels_the_next(scene.bytes, self.hit.end));
        !passed && !taken && !of_next
    }
}

/// What the keywords around a candidate say together.
#[derive(Debug, Default)]
pub(super) struct Voices {
    pub strong: Option<Keyword>,
    pub weak: Option<Keyword>,
    pub support: bool,
    /// The nearest word that names something else.
    pub against: Option<Keyword>,
    pub issuer: Option<usize>,
    /// The value has a label of its own, which names something else.
    pub labelled: bool,
    /// That label says that the value is the number of something, and of no person.
    pub numbered: bool,
}

impl Voices {
    /// Why these voices make nothing count. `elsewhere` tells that a column's label names something else.
    pub fn silence(&self, elsewhere: bool) -> Silence {
        match self.against {
            Some(against) => Silence::Against(against),
            None if self.labelled => Silence::Labelled,
            None if elsewhere => Silence::Elsewhere,
            None => Silence::NoKeyword,
        }
    }

    pub fn keyword(&self) -> Option<Keyword> {
        self.strong.or(self.weak)
    }

    pub fn says_nothing(&self) -> bool {
        self.keyword().is_none() && self.against.is_none()
    }

    /// Takes in one keyword at a place.
    pub fn hear(&mut self, rule: &Rule, candidate: &Candidate, scene: &Scene, heard: &Heard) {
        let Some(word) = rule.keywords.word(heard.hit) else {
            return;
        };
        for does in &word.uses {
            match *does {
                Use::Names { form } => {
                    let code = scene.bytes.get(heard.hit.end).is_some_and(u8::is_ascii_digit);
                    let near = heard.distance <= ISSUER_WINDOW && !code;
                    let fits = near && candidate.forms.contains(&form);
                    self.issuer = self.issuer.or(Some(form).filter(|_| fits));
                }
                Use::Speaks {
                    strength,
                    before,
                    after,
                    passes_over,
                    companion,
                    turned_in_line,
                } => {
                    let reach = if heard.side == Side::After { after } else { before };
                    let strength = if heard.hit.turned {
                        strength.turned()
                    } else {
                        strength
                    };
                    let is_turned =
                        || turned_in_line && rule.keywords.is_turned_in_line(scene.bytes, heard.hit);
                    if heard.distance <= reach
                        && heard.reaches(candidate, scene, strength, (passes_over, companion))
                        && !is_turned()
                    {
                        self.take(strength, heard.keyword(strength));
                    }
                }
            }
        }
    }

    fn take(&mut self, strength: Strength, keyword: Keyword) {
        let nearer = |known: &Option<Keyword>| {
            known.is_none_or(|known| (keyword.distance, keyword.side) < (known.distance, known.side))
        };
        match strength {
            Strength::Strong if nearer(&self.strong) => self.strong = Some(keyword),
            Strength::Weak if nearer(&self.weak) => self.weak = Some(keyword),
            Strength::Support => self.support = true,
            Strength::Against if nearer(&self.against) => self.against = Some(keyword),
            Strength::Strong | Strength::Weak | Strength::Against => {}
        }
    }

    /// The nearest label says what a value is: a word against it takes back what stands farther away.
    pub fn settle(&mut self) {
        let Some(against) = self.against else { return };
        let farther = |keyword: &Keyword| keyword.distance > against.distance;
        self.strong = self.strong.filter(|keyword| !farther(keyword));
        self.weak = self.weak.filter(|keyword| !farther(keyword));
        if self.keyword().is_some() {
            self.against = None;
        }
    }
}
