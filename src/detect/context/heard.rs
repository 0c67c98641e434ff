//! A keyword at its place beside a candidate: whether it reaches the value, and whether it is the value's at all.

use super::super::candidates::Candidate;
use super::super::checks::Check;
use super::super::keywords::Hit;
use super::super::rule::{Rule, compact};
use super::super::rule_file::Strength;
use super::super::sentence;
use super::label::is_in;
use super::voices::{Keyword, LEADING, Side};
use super::{Scene, aside, between, label, things};

/// How long a line may be, up to the value, of which the line above says what it is about.
const SHORT_LINE: usize = 24;

/// What somebody does with a number, or what holds one: behind it a word is no label.
const TELLS: [&str; 21] = [
    "say", "says", "said", "show", "shows", "showed", "read", "reads", "write", "wrote", "gave", "give",
    "gives", "left", "typed", "told", "list", "lists", "listed", "has", "had",
];

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
    pub fn keyword(&self, strength: Strength) -> Keyword {
        Keyword {
            word: self.hit.word,
            side: self.side,
            distance: self.distance,
            strong: strength == Strength::Strong,
            doubtful: false,
        }
    }

    /// Whether a line ends between the keyword and the value.
    pub fn breaks_line(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let between = self.gap(candidate, scene).unwrap_or(b"\n");
        memchr::memchr(b'\n', between).is_some()
    }

    /// Whether the keyword ends the line above the value, as in a signature: "Ann Lee, Realtor\nMA Lic. #9981414". Its
    /// number may stand behind it.
    pub fn ends_line_above(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let between = self.gap(candidate, scene).filter(|_| self.side == Side::Before);
        let mut lines = between.unwrap_or_default().split(|byte| *byte == b'\n');
        let (Some(above), Some(line), None) = (lines.next(), lines.next(), lines.next()) else {
            return false;
        };
        let is_edge = |byte: &u8| !byte.is_ascii_alphabetic();
        above.iter().all(is_edge) && line.len() <= SHORT_LINE
    }

    /// Whether a sentence ends between the keyword and the value.
    pub fn ends_sentence(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let between = self.gap(candidate, scene).unwrap_or_default();
        sentence::ends_in(between, self.next(candidate, scene))
    }

    /// Whether the keyword stands in another sentence, or in another entry of a list.
    pub fn is_apart(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let between = self.gap(candidate, scene);
        between.is_some_and(|between| sentence::or_line_ends_in(between, self.next(candidate, scene)))
    }

    /// Whether a word against a value whose form says much has a person's name between them: "a social in place of an
    /// EIN: Mary Jones, 536-22-8145".
    pub fn is_of_another(&self, rule: &Rule, candidate: &Candidate, scene: &Scene) -> bool {
        let pattern = rule.patterns.get(candidate.pattern);
        let telling = pattern.is_some_and(|pattern| pattern.heeds_label && !pattern.decisive);
        telling
            && !aside::is_of_somebody(self.between)
            && !scene
                .names
                .within(scene.bytes, self.hit.end, self.hit.end + self.between.len())
                .is_empty()
    }

    /// Whether a word against a value whose form says much is but where somebody told it, or what it was read from: "our records
    /// show 536-22-8145", "the grant application lists her as 536-22-8145", "after the call I wrote down 536-22-8145".
    pub fn is_told(&self, rule: &Rule, candidate: &Candidate) -> bool {
        let pattern = rule.patterns.get(candidate.pattern);
        let telling = pattern.is_some_and(|pattern| pattern.heeds_label && !pattern.decisive);
        let tells = |word: &[u8]| is_in(&TELLS, word);
        telling && self.side == Side::Before && label::words(self.between).any(tells)
    }

    /// Whether the word is a part of somebody's name: "Donna Grant 385-68-8869".
    pub fn is_in_name(&self, scene: &Scene) -> bool {
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
    pub fn is_alternative(&self, rule: &Rule, scene: &Scene) -> bool {
        label::is_alternative(rule, scene, self.hit.start)
    }

    /// Whether the keyword but says where a number that a sure sign announces is to be found: "SSN on the order: 536-22-8145",
    /// "the driver's license for the claim is 482139071". Directly before a number it is taken for its label, unless the form
    /// of the number says much itself.
    pub fn is_in_label(&self, rule: &Rule, candidate: &Candidate, scene: &Scene) -> bool {
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
    pub fn leads(&self) -> bool {
        const ABBREVIATION: usize = 4;
        let spelled = self.hit.end - self.hit.start > ABBREVIATION;
        spelled && self.side == Side::Before && self.distance <= LEADING
    }

    /// Where the list begins that the value stands in, if the keyword stands before it.
    fn list_begin(&self, candidate: &Candidate, scene: &Scene) -> usize {
        let begin = things::list_begin(scene.bytes, candidate.start);
        begin.max(self.hit.end.min(candidate.start))
    }

    /// Whether labels and values take turns, each on a line of its own, and the keyword is the label below the value, or below those
    /// that follow it: that of the next one.
    fn labels_next_line(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let lines = self.gap(candidate, scene).unwrap_or_default();
        let keyword = self.hit.start..self.hit.end;
        let parted = lines.iter().all(u8::is_ascii_whitespace) && memchr::memchr(b'\n', lines).is_some();
        parted && between::takes_turns(scene.bytes, candidate.start, keyword.clone())
            || between::ends_column(scene.bytes, candidate.start..candidate.end, keyword)
    }

    /// Whether a sure sign stands directly behind the value, but for an issuer, and says what it is: "3833694 ME driver's license",
    /// "3833694 is my driver's license".
    fn says_what_stands_before(&self, rule: &Rule, candidate: &Candidate, scene: &Scene) -> bool {
        const MOST_NAMES: usize = 3;
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
            // "817055719 is Mary Jones's driver's license number"
            let whose = text.strip_prefix(b"is ").and_then(|whose| {
                let ends = [&b"'s"[..], "\u{2019}s".as_bytes()];
                ends.iter().find_map(|end| whose.strip_suffix(*end))
            });
            let somebodys = whose.is_some_and(|whose| {
                let name = |word: &[u8]| scene.names.is_name(word);
                label::words(whose).all(name) && label::words(whose).count() <= MOST_NAMES
            });
            let text = text.to_ascii_lowercase();
            is_state
                || somebodys
                || matches!(
                    text.as_slice(),
                    b"" | b"is my" | b"is his" | b"is her" | b"is the" | b"is a"
                )
        };
        memchr::memchr(b'\n', gap).is_none()
            && around.into_iter().all(leads)
            && rule.keywords.announces(self.hit, true)
    }

    /// Whether the abbreviation of an issuer is a word as well, and is not set apart beside the value as an abbreviation is: "(ME)".
    pub fn may_be_a_word(&self, scene: &Scene) -> bool {
        const WORDS: [&str; 11] = ["al", "co", "de", "hi", "id", "in", "la", "me", "oh", "ok", "or"];
        const NEAR: usize = 3;
        let text = scene.bytes.get(self.hit.start..self.hit.end).unwrap_or_default();
        let set_apart = text.iter().all(u8::is_ascii_uppercase) && self.distance <= NEAR;
        is_in(&WORDS, text) && !set_apart
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
    pub fn issuers(&self, rule: &Rule, scene: &Scene) -> usize {
        let to = self.hit.end + self.between.len();
        let first = scene.hits.partition_point(|hit| hit.start < self.hit.end);
        let between = scene.hits.iter().skip(first).take_while(|hit| hit.end <= to);
        let names = between.filter(|hit| rule.keywords.names_issuer(hit));
        names.map(|hit| hit.end - hit.start).sum()
    }

    /// Whether a label that ends before the value names a person: "SSN lookup for Mary Jones: 536228145".
    pub fn speaks_of_a_person(&self, candidate: &Candidate, scene: &Scene) -> bool {
        let labelled = matches!(self.between.trim_ascii_end(), [.., b':' | b'=']);
        let names = || scene.names.within(scene.bytes, self.hit.end, candidate.start);
        self.hit.turned.after && labelled && !self.breaks_line(candidate, scene) && !names().is_empty()
    }

    /// Whether no number in between takes the word for itself, and the candidate is none that the word passes
    /// over.
    pub fn reaches(
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
