//! What the keywords around a candidate say together.

use super::super::candidates::Candidate;
use super::super::keywords::{Hit, ISSUER_WINDOW, Use};
use super::super::rule::Rule;
use super::super::rule_file::Strength;

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

/// What the keywords around a candidate say together.
#[derive(Debug, Default)]
pub(super) struct Voices {
    pub strong: Option<Keyword>,
    pub weak: Option<Keyword>,
    pub support: bool,
    /// Distance of the nearest word that names something else.
    pub against: Option<usize>,
    pub issuer: Option<usize>,
}

impl Voices {
    pub fn keyword(&self) -> Option<Keyword> {
        self.strong.or(self.weak)
    }

    pub fn says_nothing(&self) -> bool {
        self.keyword().is_none() && self.against.is_none()
    }

    /// Takes in one keyword at a place.
    pub fn hear(&mut self, rule: &Rule, candidate: &Candidate, hit: &Hit, side: Side, distance: usize) {
        let Some(word) = rule.keywords.word(hit) else {
            return;
        };
        for does in &word.uses {
            match *does {
                Use::Names { form } => {
                    let near = distance <= ISSUER_WINDOW;
                    let fits = near && candidate.forms.contains(&form);
                    self.issuer = self.issuer.or(Some(form).filter(|_| fits));
                }
                Use::Speaks {
                    strength,
                    before,
                    after,
                } => {
                    let reach = if side == Side::After { after } else { before };
                    if distance <= reach {
                        self.take(
                            strength,
                            Keyword {
                                word: hit.word,
                                side,
                                distance,
                                strong: strength == Strength::Strong,
                            },
                        );
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
            Strength::Against => {
                self.against = Some(
                    self.against
                        .map_or(keyword.distance, |known| known.min(keyword.distance)),
                )
            }
            Strength::Strong | Strength::Weak => {}
        }
    }

    /// The nearest label says what a value is: a word against it takes back what stands farther away.
    pub fn settle(&mut self) {
        let Some(against) = self.against else { return };
        let farther = |keyword: &Keyword| keyword.distance > against;
        self.strong = self.strong.filter(|keyword| !farther(keyword));
        self.weak = self.weak.filter(|keyword| !farther(keyword));
        if self.keyword().is_some() {
            self.against = None;
        }
    }
}
