//! What the keywords around a candidate say together.

use super::super::candidates::Candidate;
use super::super::keywords::{ISSUER_WINDOW, Turned, Use};
use super::super::layout::Cell;
use super::super::rule::Rule;
use super::super::rule_file::Strength;
use super::heard::Heard;
use super::{Scene, Silence};

/// Where a keyword stands. The order is the order of nearness when distances are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Side {
    Header,
    Before,
    After,
}

/// So many octets may stand between the name of an issuer and the value it leads to.
pub(super) const LEADING: usize = 2;

/// A keyword that speaks for a candidate.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Keyword {
    pub word: usize,
    pub side: Side,
    pub distance: usize,
    pub strong: bool,
    /// It speaks in running text only where something supports it.
    pub doubtful: bool,
}

impl Keyword {
    /// Whether two are the same word at the same place.
    fn is(&self, other: &Keyword) -> bool {
        (self.word, self.side, self.distance) == (other.word, other.side, other.distance)
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
    /// The nearest word that would speak for it, were it not for the word beside it.
    pub turned: Option<Keyword>,
    /// The nearest word that says that all this is about something else.
    denied: Option<Keyword>,
    /// A word that denies stands in the sentence of the value; a word that supports does.
    denied_here: bool,
    support_here: bool,
    /// A word that denies stands before it, if only in another line or sentence than it speaks for.
    denied_near: bool,
    /// Its strong keyword needs support, and has none.
    pub doubted: bool,
    /// A word that is a sure sign speaks for it.
    sure: bool,
    pub issuer: Option<usize>,
    /// The issuer is named in full directly before it.
    led: bool,
    /// The value has a label of its own, which names something else.
    pub labelled: bool,
    /// That label says that the value is the number of something, and of no person.
    pub numbered: bool,
    /// That label names no person.
    pub of_a_thing: bool,
}

impl Voices {
    /// Why these voices make nothing count. `elsewhere` tells that a column's label names something else.
    pub fn silence(&self, elsewhere: bool) -> Silence {
        match self.against.or(self.denied) {
            Some(against) => Silence::Against(against),
            None if self.labelled => Silence::Labelled,
            None if elsewhere => Silence::Elsewhere,
            None => Silence::NoKeyword,
        }
    }

    pub fn keyword(&self) -> Option<Keyword> {
        self.strong.or(self.weak)
    }

    /// Whether the nearest word against it is one that would speak for it, were it not for the word beside it.
    pub fn is_turned(&self) -> bool {
        let pair = self.against.as_ref().zip(self.turned.as_ref());
        pair.is_some_and(|(against, turned)| against.is(turned))
    }

    /// Whether a word takes most from what the others say, and none of them is a sure sign.
    pub fn is_denied(&self) -> bool {
        // "Wire it to account 4830127755 at Eastern Bank. We pay the electric bill by check."
        let elsewhere = self.support_here && !self.denied_here;
        self.denied.is_some() && !(self.sure && self.strong.is_some()) && !elsewhere
    }

    /// What was turned speaks after all.
    pub fn lift(&mut self) {
        self.weak = self.turned;
        self.against = None;
    }

    /// Where the issuer leads to the value, a weak keyword is as good as a strong one: "the license he'll show is New York 307 784
    /// 310".
    pub fn follow_issuer(&mut self) {
        let weak = self
            .weak
            .filter(|keyword| self.led && keyword.side == Side::Before);
        if self.strong.is_none() && weak.is_some_and(|keyword| keyword.distance > LEADING) {
            self.strong = weak.map(|keyword| Keyword {
                strong: true,
                ..keyword
            });
        }
    }

    /// A keyword that needs support is but a weak one where nothing supports it, or something near by is about another
    /// matter.
    pub fn doubt(&mut self, supported: bool) {
        if supported && !self.denied_near {
            return;
        }
        if let Some(doubtful) = self.strong.take_if(|keyword| keyword.doubtful) {
            let weak = Keyword {
                strong: false,
                ..doubtful
            };
            self.weak = nearer(self.weak, weak);
            self.doubted = true;
        }
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
                    let near = heard.distance <= ISSUER_WINDOW && !code && !heard.may_be_a_word(scene);
                    let fits = near && candidate.forms.contains(&form);
                    self.issuer = self.issuer.or(Some(form).filter(|_| fits));
                    self.led |= fits && heard.leads();
                }
                Use::Speaks {
                    strength,
                    before,
                    after,
                    passes_over,
                    companion,
                    turned_in_line,
                    turned_by,
                    sure,
                    same_line,
                    in_row: _,
                    lifted_by_name,
                    over_issuer,
                    needs_support,
                    yields,
                } => {
                    let reach = if heard.side == Side::After { after } else { before };
                    let over = if over_issuer {
                        heard.issuers(rule, scene)
                    } else {
                        0
                    };
                    if heard.distance > reach + over
                        || same_line
                            && (heard.breaks_line(candidate, scene)
                                && !heard.ends_line_above(candidate, scene)
                                || heard.ends_sentence(candidate, scene))
                    {
                        self.denied_near |= strength == Strength::Denies
                            && heard.distance <= reach
                            && heard.side == Side::Before;
                        continue;
                    }
                    if strength == Strength::Denies {
                        self.denied_here |= !yields && !heard.is_apart(candidate, scene);
                        self.take(strength, heard.keyword(strength));
                        continue;
                    }
                    let spoken = strength;
                    let after =
                        turned_by.after && !(lifted_by_name && heard.speaks_of_a_person(candidate, scene));
                    let turned = heard.hit.turned.matters(Turned { after, ..turned_by });
                    let strength = if turned { spoken.turned() } else { spoken };
                    if strength == Strength::Against
                        && (heard.is_of_another(rule, candidate, scene)
                            || heard.is_in_name(scene)
                            || heard.is_told(rule, candidate)
                            || self.keyword().is_some() && heard.is_alternative(rule, scene)
                            || self.strong.is_some() && heard.is_in_label(rule, candidate, scene))
                    {
                        continue;
                    }
                    let is_turned =
                        || turned_in_line && rule.keywords.is_turned_in_line(scene.bytes, heard.hit);
                    if heard.reaches(rule, candidate, scene, strength, (passes_over, companion))
                        && !is_turned()
                    {
                        let keyword = Keyword {
                            doubtful: needs_support,
                            ..heard.keyword(strength)
                        };
                        self.take(strength, keyword);
                        self.support_here |=
                            strength == Strength::Support && !heard.is_apart(candidate, scene);
                        self.sure |= strength == Strength::Strong && sure;
                        let speaks = matches!(spoken, Strength::Strong | Strength::Weak);
                        if turned
                            && speaks
                            && heard.reaches(rule, candidate, scene, spoken, (passes_over, companion))
                        {
                            let keyword = heard.keyword(spoken);
                            self.turned = nearer(self.turned, keyword);
                        }
                    }
                }
            }
        }
    }

    /// Takes in what the other labels of a table say of the values in this column.
    pub fn hear_labels(&mut self, rule: &Rule, scene: &Scene, cell: &Cell) {
        if self.strong.is_none() || self.sure || !rule.keywords.deny_rows {
            return;
        }
        let hits = rule
            .keywords
            .find(scene.bytes, cell.labels.start, cell.labels.end);
        if let Some(hit) = hits.iter().find(|hit| rule.keywords.deny_row(hit)) {
            self.denied_here = true;
            self.denied = Some(Keyword {
                word: hit.word,
                side: Side::Header,
                distance: 0,
                strong: false,
                doubtful: false,
            });
        }
    }

    fn take(&mut self, strength: Strength, keyword: Keyword) {
        match strength {
            // One that needs no support is as good as a nearer one that does.
            Strength::Strong => {
                self.strong = match self.strong.filter(|known| known.doubtful != keyword.doubtful) {
                    Some(known) if keyword.doubtful => Some(known),
                    Some(_) => Some(keyword),
                    None => nearer(self.strong, keyword),
                }
            }
            Strength::Weak => self.weak = nearer(self.weak, keyword),
            Strength::Support => self.support = true,
            Strength::Against => self.against = nearer(self.against, keyword),
            Strength::Denies => self.denied = nearer(self.denied, keyword),
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

/// The nearer of two keywords.
fn nearer(known: Option<Keyword>, keyword: Keyword) -> Option<Keyword> {
    let place = |keyword: &Keyword| (keyword.distance, keyword.side);
    known
        .filter(|known| place(known) <= place(&keyword))
        .or(Some(keyword))
}
