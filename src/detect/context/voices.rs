//! What the keywords around a candidate say together.

use super::super::candidates::Candidate;
use super::super::checks::Check;
use super::super::keywords::{Hit, ISSUER_WINDOW, Turned, Use};
use super::super::layout::Cell;
use super::super::rule::{Rule, compact};
use super::super::rule_file::Strength;
use super::super::sentence;
use super::{Scene, Silence, aside, between, label, things};

/// Where a keyword stands. The order is the order of nearness when distances are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Side {
    Header,
    Before,
    After,
}

/// How long a line may be, up to the value, of which the line above says what it is about.
const SHORT_LINE: usize = 24;

/// So many octets may stand between the name of an issuer and the value it leads to.
const LEADING: usize = 2;

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
            doubtful: false,
        }
    }

    /// Whether a line ends between the keyword and the value.
    fn breaks_line(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let between = self.gap(candidate, scene).unwrap_or(b"\n");
        memchr::memchr(b'\n', between).is_some()
    }

    /// Whether the keyword ends the line above the value, as in a signature: "Ann Lee, Realtor\nMA Lic. #9981414". Its
    /// number may stand behind it.
    fn ends_line_above(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let between = self.gap(candidate, scene).filter(|_| self.side == Side::Before);
        let mut lines = between.unwrap_or_default().split(|byte| *byte == b'\n');
        let (Some(above), Some(line), None) = (lines.next(), lines.next(), lines.next()) else {
            return false;
        };
        let is_edge = |byte: &u8| !byte.is_ascii_alphabetic();
        above.iter().all(is_edge) && line.len() <= SHORT_LINE
    }

    /// Whether a sentence ends between the keyword and the value.
    fn ends_sentence(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let between = self.gap(candidate, scene).unwrap_or_default();
        sentence::ends_in(between, self.next(candidate, scene))
    }

    /// Whether the keyword stands in another sentence, or in another entry of a list.
    fn is_apart(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let between = self.gap(candidate, scene);
        between.is_some_and(|between| sentence::or_line_ends_in(between, self.next(candidate, scene)))
    }

    /// Whether a word against a value whose form says much has a person's name between them: "a social in place of an
    /// EIN: Mary Jones, 536-22-8145".
    fn is_of_another(&self, rule: &Rule, candidate: &Candidate, scene: &Scene) -> bool {
        let pattern = rule.patterns.get(candidate.pattern);
        let telling = pattern.is_some_and(|pattern| pattern.heeds_label && !pattern.decisive);
        telling
            && !aside::is_of_somebody(self.between)
            && !scene
                .names
                .within(scene.bytes, self.hit.end, self.hit.end + self.between.len())
                .is_empty()
    }

    /// Whether the word is a part of somebody's name: "Donna Grant 385-68-8869".
    fn is_in_name(&self, scene: &Scene) -> bool {
        const BEFORE: usize = 24;
        let hit = self.hit.start..self.hit.end;
        let from = hit.start.saturating_sub(BEFORE);
        let text = scene.bytes.get(hit.clone()).unwrap_or_default();
        let name = || scene.names.within(scene.bytes, from, hit.end);
        scene.names.is_name(text)
            && name()
                .last()
                .is_some_and(|name| name.start < hit.start && hit.end == name.end)
    }

    /// Whether the keyword names but another thing that the value may be: "SSN or employee ID: 536-22-8145".
    fn is_alternative(&self, rule: &Rule, scene: &Scene) -> bool {
        label::is_alternative(rule, scene, self.hit.start)
    }

    /// Whether the keyword but says where a number that a sure sign announces is to be found: "SSN on the order: 536-22-8145",
    /// "the driver's license for the claim is 482139071". Directly before a number it is taken for its label, unless the form
    /// of the number says much itself.
    fn is_in_label(&self, rule: &Rule, candidate: &Candidate, scene: &Scene) -> bool {
        if self.side != Side::Before {
            return false;
        }
        if aside::is_of_document(rule, scene, &(self.hit.start..self.hit.end)) {
            return true;
        }
        let pattern = rule.patterns.get(candidate.pattern);
        let decisive = pattern.is_some_and(|pattern| pattern.decisive);
        let telling = decisive || pattern.is_some_and(|pattern| pattern.heeds_label);
        let is_sign = |hit: &Hit| rule.keywords.announces(hit, !decisive);
        let before = scene.behind_last(self.hit.start, aside::LONGEST, is_sign);
        before.is_some_and(|before| aside::says_where(before, self.between, telling))
    }

    /// Whether the keyword is no abbreviation and stands directly before the value.
    fn leads(&self) -> bool {
        const ABBREVIATION: usize = 4;
        let spelled = self.hit.end - self.hit.start > ABBREVIATION;
        spelled && self.side == Side::Before && self.distance <= LEADING
    }

    /// Where the list begins that the value stands in, if the keyword stands before it.
    fn list_begin(&self, candidate: &Candidate, scene: &Scene) -> usize {
        let begin = things::list_begin(scene.bytes, candidate.start);
        begin.max(self.hit.end.min(candidate.start))
    }

    /// Whether labels and values take turns, each on a line of its own, and the keyword is the label below the value: that of
    /// the next one.
    fn labels_next_line(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let lines = self.gap(candidate, scene).unwrap_or_default();
        let parted = lines.iter().all(u8::is_ascii_whitespace) && memchr::memchr(b'\n', lines).is_some();
        parted && between::takes_turns(scene.bytes, candidate.start, self.hit.start..self.hit.end)
    }

    /// Whether a sure sign stands directly behind the value, but for an issuer, and says what it is: "3833694 ME driver's license",
    /// "3833694 is my driver's license".
    fn says_what_stands_before(&self, rule: &Rule, candidate: &Candidate, scene: &Scene) -> bool {
        let Some(gap) = self.gap(candidate, scene).filter(|_| self.side == Side::After) else {
            return false;
        };
        let named = scene.hits_between(candidate.end, self.hit.start);
        let named = named.filter(|hit| rule.keywords.names_issuer(hit)).last();
        let (from, to) = named.map_or((gap.len(), gap.len()), |hit| {
            (hit.start - candidate.end, hit.end - candidate.end)
        });
        let around = [gap.get(..from), gap.get(to..)].map(Option::unwrap_or_default);
        let leads = |text: &[u8]| {
            let edge = |byte: &&u8| matches!(byte, b' ' | b',' | b'-' | b'(' | b'/');
            let edges = text.iter().take_while(edge).count();
            let text = text.get(edges..).unwrap_or_default().trim_ascii_end();
            // "ME" and "OR" are words as well.
            let is_state = text.len() == 2 && text.iter().all(u8::is_ascii_uppercase);
            let text = text.to_ascii_lowercase();
            is_state
                || matches!(
                    text.as_slice(),
                    b"" | b"is my" | b"is his" | b"is her" | b"is the" | b"is a"
                )
        };
        memchr::memchr(b'\n', gap).is_none()
            && around.into_iter().all(leads)
            && rule.keywords.announces(self.hit, true)
    }

    /// What lies between the keyword and the value; none when it labels the column, which has other rows between.
    fn gap<'v>(&self, candidate: &Candidate, scene: &Scene<'v>) -> Option<&'v [u8]> {
        match self.side {
            Side::After => scene.bytes.get(candidate.end..self.hit.start),
            Side::Before => scene.bytes.get(self.hit.end..candidate.start),
            Side::Header => None,
        }
    }

    /// The octet behind the gap.
    fn next(&self, candidate: &Candidate, scene: &Scene) -> Option<u8> {
        let at = match self.side {
            Side::After => self.hit.start,
            Side::Before | Side::Header => candidate.start,
        };
        scene.bytes.get(at).copied()
    }

    /// How many octets before the value are names of issuers.
    fn issuers(&self, rule: &Rule, scene: &Scene) -> usize {
        let to = self.hit.end + self.between.len();
        let first = scene.hits.partition_point(|hit| hit.start < self.hit.end);
        let between = scene.hits.iter().skip(first).take_while(|hit| hit.end <= to);
        let names = between.filter(|hit| rule.keywords.names_issuer(hit));
        names.map(|hit| hit.end - hit.start).sum()
    }

    /// Whether a label that ends before the value names a person: "SSN lookup for Mary Jones: 536228145".
    fn speaks_of_a_person(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let labelled = matches!(self.between.trim_ascii_end(), [.., b':' | b'=']);
        let names = || scene.names.within(scene.bytes, self.hit.end, candidate.start);
        self.hit.turned.after && labelled && !self.breaks_line(candidate, scene) && !names().is_empty()
    }

    /// Whether no number in between takes the word for itself, and the candidate is none that the word passes
    /// over.
    fn reaches(
        &self,
        rule: &Rule,
        candidate: &Candidate,
        scene: &Scene,
        strength: Strength,
        (passes_over, companion): (Option<&'static Check>, bool),
    ) -> bool {
        let passed = passes_over.is_some_and(|check| {
            let value = scene.bytes.get(candidate.start..candidate.end);
            (check.test)(&compact(value.unwrap_or_default()))
        });
        let speaks = matches!(strength, Strength::Strong | Strength::Weak);
        let taken = self.limits.first_only
            && (between::holds_a_number(self.between, passes_over) || between::is_masked(self.between))
            || speaks
                && self.side == Side::Before
                && label::is_of_next_sentence(
                    rule,
                    scene,
                    (self.hit.start, self.list_begin(candidate, scene)),
                )
            || strength == Strength::Against && between::is_spent(self.between)
            || speaks && between::is_in_path(scene.bytes, self.hit.start, self.between)
            || between::is_left_blank(self.between);
        let labels_next = || {
            self.limits.before_only && !self.says_what_stands_before(rule, candidate, scene)
                || between::labels_the_next(scene.bytes, self.hit.end)
                || self.labels_next_line(candidate, scene)
        };
        let of_next = self.side == Side::After
            && !companion
            && strength != Strength::Support
            && (labels_next() || speaks && self.ends_sentence(candidate, scene));
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
                    let near = heard.distance <= ISSUER_WINDOW && !code;
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
