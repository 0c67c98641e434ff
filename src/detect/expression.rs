//! The expression of a pattern, searched from the places where it could begin.
//!
//! An engine that looks for the next match has to follow every number of a text that could become one. Most
//! numbers are ruled out by their first octets; those are compared for all places at once, and the engine is only
//! asked whether a match begins at what is left.

use std::ops::{BitAnd, BitOr, Shl};

use regex_automata::meta::{Config, Regex};
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::sieve::{Followed, Follower};

/// An expression, compiled.
#[derive(Debug)]
pub(super) struct Expression {
    regex: Regex,
    followed: Followed,
    head: Head,
    longest: usize,
}

/// How the matches of an expression begin, for each of the ways in which they do.
#[derive(Debug)]
struct Head {
    places: Places,
    /// How many places are told; the same for all ways.
    length: usize,
    /// Whether a letter, a digit or an underscore directly before rules a match out.
    after_no_word: bool,
}

/// Where octets may stand.
#[derive(Debug)]
enum Places {
    /// Few ways are compared faster.
    Few(Box<Table<u64>>),
    Many(Box<Table<u128>>),
}

#[derive(Debug)]
struct Table<B> {
    /// By octet: for each way, a bit for each of the first places where it may stand.
    octets: [B; 256],
    /// The bits of the first and of the last place.
    first: B,
    last: B,
}

/// As many places as a head can tell, for as many ways.
const PLACES: usize = 8;
const WAYS: usize = 16;
const FEW_WAYS: usize = 8;

impl Expression {
    /// Compiles an expression whose matches have `longest` octets at most.
    ///
    /// # Errors
    /// When it takes more than `size_limit` octets.
    pub fn compile(form: &Hir, longest: usize, size_limit: usize) -> Result<Expression, ()> {
        let config = Config::new()
            .utf8_empty(false)
            .nfa_size_limit(Some(size_limit))
            .hybrid_cache_capacity(size_limit);
        let regex = Regex::builder().configure(config).build_from_hir(form);
        Ok(Expression {
            regex: regex.map_err(|_| ())?,
            followed: Followed::leftmost(&[form]).map_err(|_| ())?,
            head: Head::of(form),
            longest,
        })
    }

    /// The first octet from `from` on and before `to` where a match could begin.
    pub fn next(&self, bytes: &[u8], from: usize, to: usize) -> Option<usize> {
        self.head.next(bytes, from, to)
    }

    /// For asking over and over where matches end.
    pub fn ends(&self) -> Ends<'_> {
        Ends {
            expression: self,
            follower: self.followed.start(),
        }
    }

    /// Whether a match begins between two octets.
    pub fn begins(&self, bytes: &[u8], from: usize, to: usize) -> bool {
        let (mut ends, mut next) = (self.ends(), from);
        while let Some(start) = self.next(bytes, next, to) {
            if ends.of(bytes, start).is_some() {
                return true;
            }
            next = start + 1;
        }
        false
    }
}

/// Tells where matches of an expression end.
pub(super) struct Ends<'e> {
    expression: &'e Expression,
    follower: Follower<'e>,
}

impl Ends<'_> {
    /// Where the match that begins at an octet ends; none when no match begins there.
    pub fn of(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        let end = (start + self.expression.longest).min(bytes.len());
        match self.follower.leftmost(bytes, start, end) {
            Ok(found) => found.map(|found| found.end),
            Err(()) => {
                let input = Input::new(bytes).range(start..end).anchored(Anchored::Yes);
                let found = self.expression.regex.search_half(&input);
                found.map(|found| found.offset())
            }
        }
    }
}

impl Head {
    fn of(form: &Hir) -> Head {
        let mut ways = ways(form);
        let mut length = ways
            .iter()
            .map(|way| way.sets.len())
            .min()
            .unwrap_or(0)
            .min(PLACES);
        let of_words = |way: &Way| way.sets.first().is_some_and(|set| set.holds_only(is_of_word));
        let after_no_word = begins_with_a_word_edge(form) && ways.iter().all(of_words);
        // A way that tells nothing lets every octet begin a match.
        if length == 0 {
            (ways, length) = (vec![Way::of(vec![Set::ALL])], 1);
        }
        let places = match ways.len() <= FEW_WAYS {
            true => Places::Few(Box::new(Table::of(&ways, length, |bit| 1 << bit))),
            false => Places::Many(Box::new(Table::of(&ways, length, |bit| 1 << bit))),
        };
        Head {
            places,
            length,
            after_no_word,
        }
    }

    fn next(&self, bytes: &[u8], from: usize, to: usize) -> Option<usize> {
        let end = (to + self.length - 1).min(bytes.len());
        let text = bytes.get(from..end)?;
        let begins = |last: usize| {
            let before = (from + last).checked_sub(self.length);
            let before = before.and_then(|before| bytes.get(before));
            !(self.after_no_word && before.is_some_and(|before| is_of_word(*before)))
        };
        let last = match &self.places {
            Places::Few(table) => table.fits(text, self.length, begins),
            Places::Many(table) => table.fits(text, self.length, begins),
        };
        last.map(|last| from + last + 1 - self.length)
    }
}

impl<B> Table<B>
where
    B: Copy + Default + PartialEq + Shl<u32, Output = B> + BitOr<Output = B> + BitAnd<Output = B>,
{
    /// `bit` gives the bit with a number.
    fn of(ways: &[Way], length: usize, bit: fn(usize) -> B) -> Table<B> {
        let mut table = Table {
            octets: [B::default(); 256],
            first: B::default(),
            last: B::default(),
        };
        for (number, way) in ways.iter().enumerate() {
            let bit = |place: usize| bit(number * PLACES + place);
            table.first = table.first | bit(0);
            table.last = table.last | bit(length - 1);
            for (place, set) in way.sets.iter().take(length).enumerate() {
                for (octet, bits) in (0..=u8::MAX).zip(&mut table.octets) {
                    if set.holds(octet) {
                        *bits = *bits | bit(place);
                    }
                }
            }
        }
        table
    }

    /// The last place of the first beginning of `length` octets in a text that fits, and that `begins` does not rule
    /// out.
    fn fits(&self, text: &[u8], length: usize, begins: impl Fn(usize) -> bool) -> Option<usize> {
        let nothing = B::default();
        let places = |octet: &u8| self.octets.get(usize::from(*octet)).copied().unwrap_or(nothing);
        let mut begun = nothing;
        let mut at = 0;
        loop {
            if begun == nothing {
                // What begins here, or before the octet looked at, has that octet at one of its places.
                while places(text.get(at + length - 1)?) == nothing {
                    at += length;
                }
            }
            // A bit for each way and each beginning that fits so far, by its length.
            begun = (begun << 1 | self.first) & places(text.get(at)?);
            if begun & self.last != nothing && begins(at) {
                return Some(at);
            }
            at += 1;
        }
    }
}

/// So many of the first octets of matches are compared.
pub(super) const FIRST: usize = 3;

/// By place, the octets that may stand there in matches, or behind those that are shorter.
pub(super) fn first_octets(form: &Hir) -> [[bool; 256]; FIRST] {
    let mut all = [[false; 256]; FIRST];
    for way in ways(form) {
        for (place, octets) in all.iter_mut().enumerate() {
            let set = way.sets.get(place).copied().unwrap_or(Set::ALL);
            for (octet, may) in (0..=u8::MAX).zip(octets) {
                *may |= set.holds(octet);
            }
        }
    }
    all
}

fn is_of_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'_'
}

fn begins_with_a_word_edge(form: &Hir) -> bool {
    match form.kind() {
        HirKind::Look(look) => *look == Look::WordAscii,
        HirKind::Concat(parts) => parts.first().is_some_and(begins_with_a_word_edge),
        HirKind::Alternation(parts) => parts.iter().all(begins_with_a_word_edge),
        HirKind::Capture(capture) => begins_with_a_word_edge(&capture.sub),
        _ => false,
    }
}

/// A set of octets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Set([u128; 2]);

impl Set {
    const ALL: Set = Set([u128::MAX; 2]);

    fn of(octet: u8) -> Set {
        let bit = 1_u128 << (octet % 128);
        Set(if octet < 128 { [bit, 0] } else { [0, bit] })
    }

    fn or(self, other: Set) -> Set {
        let (Set([a, b]), Set([c, d])) = (self, other);
        Set([a | c, b | d])
    }

    fn holds_only(self, fits: fn(u8) -> bool) -> bool {
        (0..=u8::MAX).all(|octet| !self.holds(octet) || fits(octet))
    }

    fn holds(self, octet: u8) -> bool {
        let (Set([a, b]), Set([c, d])) = (self, Set::of(octet));
        a & c != 0 || b & d != 0
    }
}

/// What stands at the first places of all matches that begin in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    sets: Vec<Set>,
    /// Whether a match has just these places, so that what follows has the next ones.
    whole: bool,
}

/// The ways in which matches of an expression begin, at most [`WAYS`].
fn ways(form: &Hir) -> Vec<Way> {
    match form.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![Way::of(Vec::new())],
        HirKind::Literal(literal) => vec![Way::of(literal.0.iter().map(|octet| Set::of(*octet)).collect())],
        HirKind::Class(Class::Bytes(class)) => {
            let octets = class.iter().flat_map(|range| range.start()..=range.end());
            vec![Way::of(vec![octets.map(Set::of).fold(Set::default(), Set::or)])]
        }
        HirKind::Class(Class::Unicode(_)) => vec![Way::of(Vec::new()).cut()],
        HirKind::Capture(capture) => ways(&capture.sub),
        HirKind::Concat(parts) => {
            let parts = parts.iter().map(ways);
            parts.fold(vec![Way::of(Vec::new())], |before, next| then(before, &next))
        }
        HirKind::Alternation(parts) => few(parts.iter().flat_map(ways).collect()),
        HirKind::Repetition(repetition) => {
            let part = ways(&repetition.sub);
            let mut now = vec![Way::of(Vec::new())];
            let (mut all, mut done) = (Vec::new(), 0);
            // So many times as it must, and from there on in a way of its own each time.
            while done <= repetition.max.unwrap_or(u32::MAX) && all.len() <= WAYS {
                if done >= repetition.min {
                    all.extend(now.iter().cloned());
                }
                if now.iter().all(|way| !way.whole || way.sets.len() >= PLACES) {
                    all.extend(now.into_iter().map(Way::cut));
                    break;
                }
                now = then(now, &part);
                done += 1;
            }
            few(all)
        }
    }
}

/// All ways of one expression, followed by those of the next where that does not make too many.
fn then(before: Vec<Way>, next: &[Way]) -> Vec<Way> {
    let whole = before.iter().filter(|way| way.whole).count();
    if before.len() - whole + whole * next.len() > WAYS {
        return before.into_iter().map(Way::cut).collect();
    }
    let follow = |way: Way| match way.whole {
        true => next.iter().map(|next| way.clone().then(next)).collect(),
        false => vec![way],
    };
    few(before.into_iter().flat_map(follow).collect())
}

/// Ways as they are, or one in place of too many.
fn few(mut ways: Vec<Way>) -> Vec<Way> {
    let mut seen: Vec<Way> = Vec::new();
    ways.retain(|way| {
        let new = !seen.contains(way);
        seen.extend(new.then(|| way.clone()));
        new
    });
    match ways.len() > WAYS {
        true => ways.into_iter().reduce(Way::or).into_iter().collect(),
        false => ways,
    }
}

impl Way {
    fn of(sets: Vec<Set>) -> Way {
        Way { sets, whole: true }
    }

    fn cut(self) -> Way {
        Way { whole: false, ..self }
    }

    fn then(mut self, next: &Way) -> Way {
        self.sets.extend(next.sets.iter().copied());
        self.whole = next.whole && self.sets.len() < PLACES;
        self.sets.truncate(PLACES);
        self
    }

    fn or(self, other: Way) -> Way {
        let sets = self
            .sets
            .into_iter()
            .zip(other.sets)
            .map(|(one, other)| one.or(other));
        Way {
            sets: sets.collect(),
            whole: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Expression;

    fn compiled(expression: &str) -> Expression {
        let mut parser = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build();
        Expression::compile(&parser.parse(expression).unwrap(), 128, 1 << 20).unwrap()
    }

    #[test]
    fn a_match_could_begin_only_where_the_first_octets_fit() {
        let places = |expression: &str, text: &str| -> Vec<usize> {
            let expression = compiled(expression);
            let mut places = Vec::new();
            let mut next = 0;
            while let Some(place) = expression.next(text.as_bytes(), next, text.len()) {
                places.push(place);
                next = place + 1;
            }
            places
        };
        let text = "a 12-345 AB12 536-22-8145";
        assert_eq!(places(r"\d{3}-\d{2}-\d{4}|\d{3}/\d{2}/\d{4}", text), [14]);
        assert_eq!(places(r"\b[A-Z]{2}\d{2}(?: |yz)", text), [9]);
        assert_eq!(places(r"\d{2}(?:-\d){1,3}", "12-3456"), [0]);
        assert_eq!(places("[0-9]?[a-z]", "a1-"), [0, 1]);
    }

    proptest::proptest! {
        #[test]
        fn it_finds_what_an_ordinary_search_finds(text in "[0-9 a-cA-C./-]{0,80}", which in 0_usize..7) {
            let expressions = [
                r"\d{3}-\d{2}-\d{4}|\d{3}/\d\d", r"\d(?:[ ./-]{0,3}\d){5,18}", r"\b[A-Z]{1,3}-?\d{4,6}[A-Z]{0,2}\b",
                r"[A-C]{2}\d{2}(?:[ -]?[A-C0-9]){3,9}", r"\b\d{6,9}\b", r"[a-c]{4}", r"(?:a|bc)?\d{2}",
            ];
            let bytes = text.as_bytes();
            let (expression, mut next, mut found) = (compiled(expressions[which]), 0, Vec::new());
            while let Some(start) = expression.next(bytes, next, bytes.len()) {
                let end = expression.ends().of(bytes, start);
                found.extend(end.map(|end| (start, end)));
                next = end.unwrap_or(start + 1);
            }
            let regex = regex::bytes::RegexBuilder::new(expressions[which]).unicode(false).build().unwrap();
            let expected: Vec<_> = regex.find_iter(bytes).map(|found| (found.start(), found.end())).collect();
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
