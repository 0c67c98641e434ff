//! Words that speak for or against a value.
//!
//! A keyword is written once and found in every spelling that people and programs give it: "account number"
//! is also "Account  Number", "account_number", "AccountNumber", and a plural.

mod neighbours;
mod said;
mod spellings;
mod starts;

use std::collections::{HashMap, HashSet};

pub(super) use self::neighbours::{Neighbours, Words};
pub(super) use self::said::Said;
use self::spellings::Spellings;
use self::starts::Starts;
use super::checks::Check;
use super::rule_file::Strength;
use super::sentence;

/// What a word does where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use {
    /// It speaks for or against, within a window of characters before and after it.
    Speaks {
        strength: Strength,
        before: usize,
        after: usize,
        /// A number that passes this check is not what the word speaks for; the next one is.
        passes_over: Option<&'static Check>,
        /// It has a value of its own and stands beside this one: a security code, an expiry date.
        companion: bool,
        /// A word that turns it does so from anywhere before it in the line.
        turned_in_line: bool,
        /// On which side words may turn it.
        turned_by: Turned,
        /// No word that denies weakens it.
        sure: bool,
        /// It speaks for values in its own line only.
        same_line: bool,
        /// It says something of all values in a table that has it in one of its labels.
        in_row: bool,
        /// A person's name before the value says that it means what it says, whatever word stands after it.
        lifted_by_name: bool,
        /// The name of an issuer between it and the value is no distance.
        over_issuer: bool,
        /// It speaks in running text only where something supports it.
        needs_support: bool,
        /// As a word that denies it gives way to one that supports in the value's own sentence.
        yields: bool,
    },
    /// It names the issuer of the form with this index.
    Names { form: usize },
}

/// A keyword as its rule writes it, and all that it does.
#[derive(Debug)]
pub(super) struct Word {
    pub text: String,
    pub uses: Vec<Use>,
}

/// A keyword in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub start: usize,
    pub end: usize,
    pub word: usize,
    /// A word beside it makes it mean something else: "library card", "SSN parser".
    pub turned: Turned,
}

/// The sides on which a word stands that makes a keyword mean something else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Turned {
    pub before: bool,
    pub after: bool,
}

impl Turned {
    /// Whether that matters to a keyword that heeds these sides.
    pub fn matters(self, heeded: Turned) -> bool {
        self.before && heeded.before || self.after && heeded.after
    }
}

/// All keywords of a rule.
#[derive(Debug, Default)]
pub(super) struct Keywords {
    spellings: Spellings,
    /// By their places in the spellings.
    spelled: Vec<Spelled>,
    starts: Starts,
    words: Vec<Word>,
    /// Every way in which a word was given: "s.s.n." and "ssn" are one word.
    given: HashSet<String>,
    index: HashMap<Vec<u8>, usize>,
    neighbours: Neighbours,
    /// The widest window of any use.
    pub reach: usize,
    /// Whether any word denies what stands in the other columns of a table.
    pub deny_rows: bool,
}

/// What stands where a spelling fits.
#[derive(Debug, Clone, Copy)]
struct Spelled {
    /// The word, and the word when an `s` is added.
    one: Option<usize>,
    many: Option<usize>,
}

/// How far an issuer's name reaches: a state or a brand is often named at the beginning of the sentence.
pub(super) const ISSUER_WINDOW: usize = 100;

/// The longest spelling of a keyword, in octets; none that is longer is found.
pub(super) const LONGEST: usize = 160;

/// The longest name of an issuer that a keyword reaches over: "District of Columbia".
const LONGEST_ISSUER: usize = 24;

/// How many keywords of different length are tried at one place.
const MOST_TRIES: usize = 3;

/// Words up to this length turn up in hexadecimal and other codes by chance.
const LONGEST_IN_CODES: usize = 4;
/// A word as short as this is often the name of a folder or a branch.
const SHORT: usize = 2;

impl Keywords {
    /// Compiles keywords with their uses. The same word may come several times, with other uses.
    pub fn compile(entries: &[(&str, Use)], neighbours: Neighbours) -> Keywords {
        let mut keywords = Keywords {
            neighbours,
            ..Keywords::default()
        };
        for (text, does) in entries {
            keywords.add(text, *does);
        }
        keywords.starts = Starts::of(keywords.given.iter().map(|text| (text.as_str(), 0)));
        let mut given: Vec<&str> = keywords.given.iter().map(String::as_str).collect();
        // The first that fits is found, so the longest comes first: "customer account number" must not be read as
        // "account number".
        given.sort_by_cached_key(|text| (std::cmp::Reverse(key(text.as_bytes()).len()), *text));
        keywords.spellings = Spellings::of(given.iter().map(|text| without_edges(text)));
        keywords.spelled = given.iter().map(|text| keywords.spelled(text)).collect();
        keywords
    }

    fn spelled(&self, text: &str) -> Spelled {
        let mut key = key(without_edges(text).as_bytes());
        let one = self.known(&key);
        key.push(b's');
        Spelled {
            one,
            many: self.known(&key),
        }
    }

    fn add(&mut self, text: &str, does: Use) {
        let reach = match does {
            Use::Speaks {
                before,
                after,
                over_issuer,
                ..
            } => (before + if over_issuer { LONGEST_ISSUER } else { 0 }).max(after),
            Use::Names { .. } => ISSUER_WINDOW,
        };
        self.reach = self.reach.max(reach);
        self.deny_rows |= matches!(does, Use::Speaks { in_row: true, .. });
        self.given.insert(text.to_owned());
        let next = self.words.len();
        let at = *self.index.entry(key(text.as_bytes())).or_insert(next);
        if at == next {
            self.words.push(Word {
                text: text.to_owned(),
                uses: Vec::new(),
            });
        }
        if let Some(word) = self.words.get_mut(at) {
            word.uses.push(does);
        }
    }

    /// The word of a hit.
    pub fn word(&self, hit: &Hit) -> Option<&Word> {
        self.words.get(hit.word)
    }

    /// The text of a word, by its index in hits.
    pub fn text(&self, word: usize) -> Option<&str> {
        self.words.get(word).map(|word| word.text.as_str())
    }

    /// Finds keywords that lie between two octets, in order. None lies inside another, but they may overlap:
    /// "my social security number" is "my social" and "social security number".
    pub fn find(&self, bytes: &[u8], from: usize, to: usize) -> Vec<Hit> {
        let mut hits = Vec::new();
        self.starts.scan(bytes, (from, to), Starts::ALL, |at, _| {
            self.hear(bytes, at, to, &mut hits);
        });
        hits
    }

    /// Whether a keyword, as it stands there, speaks for a value or names its issuer.
    pub fn speaks_for(&self, hit: &Hit) -> bool {
        let uses = self.word(hit).map_or(&[][..], |word| &word.uses);
        uses.iter().any(|does| match does {
            Use::Speaks {
                strength, turned_by, ..
            } => {
                matches!(strength, Strength::Strong | Strength::Weak | Strength::Support)
                    && !hit.turned.matters(*turned_by)
            }
            Use::Names { .. } => true,
        })
    }

    /// Whether a keyword speaks for a value or names its issuer, whatever words stand beside it.
    pub fn may_speak_for(&self, hit: &Hit) -> bool {
        self.speaks_for(&Hit {
            turned: Turned::default(),
            ..*hit
        })
    }

    /// Whether a keyword, as it stands there, is a strong one for a value, or even a sure sign of it.
    pub fn announces(&self, hit: &Hit, surely: bool) -> bool {
        let uses = self.word(hit).map_or(&[][..], |word| &word.uses);
        uses.iter().any(|does| {
            matches!(does, Use::Speaks { strength: Strength::Strong, sure, turned_by, .. }
                if (*sure || !surely) && !hit.turned.matters(*turned_by))
        })
    }

    /// Whether a keyword names something that a value is not.
    pub fn opposes(&self, hit: &Hit) -> bool {
        let uses = self.word(hit).map_or(&[][..], |word| &word.uses);
        uses.iter().any(|does| {
            matches!(
                does,
                Use::Speaks {
                    strength: Strength::Against,
                    ..
                }
            )
        })
    }

    /// Whether a keyword names an issuer.
    pub fn names_issuer(&self, hit: &Hit) -> bool {
        let uses = self.word(hit).map_or(&[][..], |word| &word.uses);
        uses.iter().any(|does| matches!(does, Use::Names { .. }))
    }

    /// Whether a word of these, found somewhere in the labels of a table, denies what stands in its other columns.
    pub fn deny_row(&self, hit: &Hit) -> bool {
        let uses = self.word(hit).map_or(&[][..], |word| &word.uses);
        uses.iter().any(|does| {
            matches!(
                does,
                Use::Speaks {
                    strength: Strength::Denies,
                    in_row: true,
                    ..
                }
            )
        })
    }

    /// Whether a word that turns keywords stands anywhere before a hit in its line: "Broker Ann Lee, lic. 48213907".
    pub fn is_turned_in_line(&self, bytes: &[u8], hit: &Hit) -> bool {
        self.neighbours.turn_in_line(bytes, hit.start)
    }

    /// How far a keyword reaches that can make a value count: before itself and after itself; what turns it may be
    /// outweighed. None when it only supports, speaks against or names an issuer; or when it is weak and only strong ones
    /// count.
    pub fn reach_of(&self, hit: &Hit, only_strong: bool) -> Option<(usize, usize)> {
        let word = self.word(hit)?;
        let reaches = word.uses.iter().filter_map(|does| match does {
            Use::Speaks {
                strength: strength @ (Strength::Strong | Strength::Weak),
                before,
                after,
                over_issuer,
                ..
            } if *strength == Strength::Strong || !only_strong => {
                let over = if *over_issuer { LONGEST_ISSUER } else { 0 };
                Some((*after, *before + over))
            }
            Use::Speaks { .. } | Use::Names { .. } => None,
        });
        reaches.reduce(|one, other| (one.0.max(other.0), one.1.max(other.1)))
    }

    fn known(&self, key: &[u8]) -> Option<usize> {
        let singular = || key.strip_suffix(b"s").and_then(|key| self.index.get(key));
        self.index.get(key).or_else(singular).copied()
    }

    /// Adds the keyword that begins at an octet and ends before `to`, unless it lies inside the last one.
    fn hear(&self, bytes: &[u8], start: usize, to: usize, hits: &mut Vec<Hit>) {
        let to = to.min(start + LONGEST).min(bytes.len());
        let Some((end, word)) = self.free(bytes, start, to) else {
            return;
        };
        let beyond = hits.last().map_or(0, |last| last.end);
        let word = word.filter(|_| end > beyond);
        hits.extend(word.map(|word| Hit {
            start,
            end,
            word,
            turned: self.neighbours.turn(bytes, start, end),
        }));
    }

    /// The longest keyword that begins at an octet and stands for itself: where it ends, and which one it is. Where a
    /// longer one ends within a word, a shorter one may stand before that word: "CDL BE890664" holds no "CDL-B", but a
    /// "CDL".
    fn free(&self, bytes: &[u8], start: usize, mut to: usize) -> Option<(usize, Option<usize>)> {
        for _ in 0..MOST_TRIES {
            let fit = self.spellings.fit(bytes, start, to)?;
            let found = bytes.get(start..fit.end).unwrap_or_default();
            // "about the account. Routing slips": no words of one keyword.
            if stands_free(bytes, start, fit.end) && !sentence::ends_in(found, None) {
                let spelled = self.spelled.get(fit.keyword)?;
                return Some((fit.end, if fit.plural { spelled.many } else { spelled.one }));
            }
            to = fit.end.saturating_sub(1).max(start);
        }
        None
    }
}

/// The keywords of all rules, found in one pass over a text.
#[derive(Debug)]
pub(super) struct Vocabulary {
    starts: Starts,
    /// How far the keywords of any rule reach.
    pub reach: usize,
}

impl Vocabulary {
    /// Of all rules, in their order.
    pub fn of<'k>(rules: impl Iterator<Item = &'k Keywords>) -> Vocabulary {
        let rules: Vec<&Keywords> = rules.collect();
        let given = rules.iter().enumerate().flat_map(|(place, keywords)| {
            let texts = keywords.given.iter().map(String::as_str);
            texts.map(move |text| (text, place))
        });
        Vocabulary {
            starts: Starts::of(given),
            reach: rules.iter().map(|keywords| keywords.reach).max().unwrap_or(0),
        }
    }

    /// Adds to the `hits` of each of the rules its keywords that begin between two octets, as [`Keywords::find`] finds
    /// them, and to what was said where they may.
    pub fn find(
        &self,
        bytes: &[u8],
        (from, to): (usize, usize),
        rules: &[&Keywords],
        (hits, said): (&mut [Vec<Hit>], &mut Said),
    ) {
        self.starts.scan(bytes, (from, to), Starts::ALL, |at, bits| {
            said.add(at, bits);
            for (place, (keywords, hits)) in rules.iter().zip(hits.iter_mut()).enumerate() {
                if bits & Starts::bit(place) != 0 {
                    keywords.hear(bytes, at, bytes.len(), hits);
                }
            }
        });
    }

    /// The bit of a rule in what was said; the last one stands for all rules beyond.
    pub fn bit(rule: usize) -> u64 {
        Starts::bit(rule)
    }
}

/// What a keyword and all its spellings have in common.
fn key(text: &[u8]) -> Vec<u8> {
    let kept = text.iter().filter(|byte| is_of_key(**byte));
    kept.map(u8::to_ascii_lowercase).collect()
}

fn is_of_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'#' || !byte.is_ascii()
}

/// A keyword without what may be left out around it.
fn without_edges(text: &str) -> &str {
    let text = text.trim_start_matches(|first: char| first.is_ascii() && !first.is_ascii_alphanumeric());
    text.trim_end_matches(['.', ':', ' '])
}

/// Whether the word stands for itself: no letter touches it, though the change from small to capital letters
/// ends a word too (`empSSN`); it is no part of a mail address, a path (`dl/cat-file-doc`) or the name of a file (`tclLoadDl.c`); and no
/// digit stands directly before a word as short as those that turn up in hexadecimal numbers (`56DDA16`).
fn stands_free(bytes: &[u8], start: usize, end: usize) -> bool {
    let first = bytes.get(start).copied().unwrap_or_default();
    let last = end
        .checked_sub(1)
        .and_then(|last| bytes.get(last))
        .copied()
        .unwrap_or_default();
    let before = start
        .checked_sub(1)
        .and_then(|before| bytes.get(before))
        .copied()
        .unwrap_or_default();
    let after = bytes.get(end).copied().unwrap_or_default();
    let free_before =
        !before.is_ascii_alphabetic() || before.is_ascii_lowercase() && first.is_ascii_uppercase();
    let in_address = after == b'@' || before == b'@';
    let in_code = before.is_ascii_digit() && end - start <= LONGEST_IN_CODES && first.is_ascii_alphabetic();
    let rest = bytes.get(end..).unwrap_or_default();
    if in_address
        || in_code
        || end - start <= SHORT && last.is_ascii_lowercase() && is_in_path(rest)
        || before.is_ascii_lowercase() && is_ending(rest)
    {
        return false;
    }
    let free_after = !after.is_ascii_alphabetic() || last.is_ascii_lowercase() && after.is_ascii_uppercase();
    (free_before || !first.is_ascii_alphabetic()) && (free_after || !last.is_ascii_alphabetic())
}

/// Whether a path goes on here with a name of several words: `/cat-file-doc`.
fn is_in_path(rest: &[u8]) -> bool {
    let name = rest.strip_prefix(b"/").unwrap_or_default();
    let word = name.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    word > 0 && name.get(word) == Some(&b'-') && name.get(word + 1).is_some_and(u8::is_ascii_lowercase)
}

/// Whether the ending of a file of source code stands here: `.c`.
fn is_ending(rest: &[u8]) -> bool {
    const SOURCES: [&[u8]; 11] = [
        b"c", b"h", b"cc", b"cpp", b"go", b"java", b"js", b"py", b"rb", b"rs", b"ts",
    ];
    let name = rest.strip_prefix(b".").unwrap_or_default();
    let ending = name
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    name.get(..ending).is_some_and(|ending| SOURCES.contains(&ending))
}

#[cfg(test)]
mod tests;
