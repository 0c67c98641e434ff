//! Where keywords may begin: a tree of the first letters of all of them, so that a text is read once for the
//! keywords of all rules, and the expressions run only where one of them could fit.

use std::collections::BTreeMap;

use super::super::kinds::{self, Kinds};

/// The first letters of keywords, and which rules have them.
#[derive(Debug)]
pub(super) struct Starts {
    /// The root comes first; the nodes that go on from one stand together.
    nodes: Vec<Node>,
    /// By kinds of a first and a second letter: a bit for each kind of a third one.
    triples: Box<[[u64; KINDS]; KINDS]>,
    /// The rules with keywords whose first letter is not ASCII.
    foreign: u64,
}

/// What has been read of a keyword. Small, since most words of a text lead into the tree.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// A bit for each kind of letter that a keyword goes on with.
    next: u64,
    /// The place of the node for the lowest of these bits; those for the others follow.
    first: u32,
    /// A bit for each rule with a keyword that this is enough of.
    rules: u64,
    /// A bit for each rule with a keyword that ends here with a letter: it is one only where the word ends, too.
    whole: u64,
}

/// A tree that grows.
#[derive(Debug, Default)]
struct Growing {
    next: BTreeMap<usize, Growing>,
    rules: u64,
    whole: u64,
}

/// Kinds of octets: letters and digits; 0 is everything else.
const KINDS: usize = 37;
/// So many letters of a keyword are enough: few words that begin alike go on differently.
const DEPTH: usize = 7;
/// So many octets may separate the letters of a keyword; at least as many as an expression allows.
const LONGEST_GAP: usize = 16;

impl Default for Starts {
    fn default() -> Self {
        Starts::of([])
    }
}

impl Starts {
    /// The bits of all rules.
    pub const ALL: u64 = u64::MAX;

    /// The bit of a rule; the last one stands for all rules beyond.
    pub fn bit(rule: usize) -> u64 {
        1 << rule.min(63)
    }

    /// Of keywords, each with the place of its rule.
    pub fn of<'k>(keywords: impl IntoIterator<Item = (&'k str, usize)>) -> Starts {
        let mut starts = Starts {
            nodes: Vec::new(),
            triples: Box::new([[0; KINDS]; KINDS]),
            foreign: 0,
        };
        let mut root = Growing::default();
        for (keyword, rule) in keywords {
            starts.add(&mut root, keyword, rule);
        }
        starts.nodes = root.settled();
        starts
    }

    fn add(&mut self, root: &mut Growing, keyword: &str, rule: usize) {
        // Beyond a letter that is not ASCII nothing is compared.
        let letters = keyword.bytes().take_while(u8::is_ascii).map(kind);
        let mut letters: Vec<usize> = letters.filter(|kind| *kind > 0).collect();
        // What may stand behind the last letter of a keyword, as in "acct #" or "lic.", is no letter.
        let last = keyword.bytes().rev().find(u8::is_ascii_alphanumeric);
        let ends_with_letter = last.is_some_and(|last| last.is_ascii_alphabetic());
        let whole = letters.len() <= DEPTH && keyword.is_ascii() && ends_with_letter;
        letters.truncate(DEPTH);
        self.begin_with(&letters);
        if letters.is_empty() {
            self.foreign |= Starts::bit(rule);
            return;
        }
        let end = letters
            .into_iter()
            .fold(root, |node, letter| node.next.entry(letter).or_default());
        match whole {
            true => end.whole |= Starts::bit(rule),
            false => end.rules |= Starts::bit(rule),
        }
    }

    /// Lets a text go on with the first letters of a keyword. Anything but a letter may stand between two, and behind a
    /// keyword of one or two letters.
    fn begin_with(&mut self, letters: &[usize]) {
        let bits = |letter: Option<&usize>| letter.map_or(u64::MAX, |letter| 1 | 1 << letter);
        let (second, third) = (bits(letters.get(1)), bits(letters.get(2)));
        let Some(seconds) = letters.first().and_then(|first| self.triples.get_mut(*first)) else {
            return;
        };
        for (kind, thirds) in seconds.iter_mut().enumerate() {
            if second >> kind & 1 != 0 {
                *thirds |= if kind == 0 { u64::MAX } else { third };
            }
        }
    }

    /// Hands over every octet between two where a keyword of the `wanted` rules may begin, and whose.
    pub fn scan(
        &self,
        bytes: &[u8],
        (from, to): (usize, usize),
        wanted: u64,
        mut hand_over: impl FnMut(usize, u64),
    ) {
        let before = from.saturating_sub(1)..from;
        let mut last = kinds::of(bytes.get(before).unwrap_or_default());
        let text = bytes.get(from..to.min(bytes.len())).unwrap_or_default();
        for (piece, octets) in text.chunks(kinds::WIDTH).enumerate() {
            let kinds = kinds::of(octets);
            let mut begins = begins(&kinds, &last);
            if self.foreign == 0 {
                begins &= !kinds.foreign;
            }
            while begins != 0 {
                let at = from + piece * kinds::WIDTH + begins.trailing_zeros() as usize;
                begins &= begins - 1;
                let next = |place: usize| bytes.get(at + place).map_or(0, |octet| kind(*octet));
                let first = bytes.get(at).copied().unwrap_or_default();
                let seconds = self.triples.get(kind(first));
                let thirds = seconds.and_then(|seconds| seconds.get(next(1)));
                let goes_on = thirds.is_some_and(|thirds| thirds >> next(2) & 1 != 0);
                if goes_on || self.foreign != 0 && !first.is_ascii() {
                    let rules = self.rules(bytes.get(at..).unwrap_or_default()) & wanted;
                    if rules != 0 {
                        hand_over(at, rules);
                    }
                }
            }
            last = kinds::of(octets.get(kinds::WIDTH - 1..).unwrap_or_default());
        }
    }

    /// Where a keyword goes on with a letter.
    fn next(&self, node: &Node, kind: usize) -> Option<&Node> {
        let bit = 1_u64 << kind;
        if node.next & bit == 0 {
            return None;
        }
        let before = (node.next & (bit - 1)).count_ones();
        self.nodes.get((node.first + before) as usize)
    }

    /// The rules with a keyword that a text may begin with.
    fn rules(&self, text: &[u8]) -> u64 {
        let Some(mut at) = self.nodes.first() else {
            return 0;
        };
        let (mut rules, mut gap, mut begun) = (0, 0, false);
        for (place, byte) in text.iter().enumerate() {
            let kind = kind(*byte);
            if kind == 0 {
                gap += 1;
                if !byte.is_ascii() || gap > LONGEST_GAP || !begun {
                    break;
                }
                continue;
            }
            (gap, begun) = (0, true);
            let Some(node) = self.next(at, kind) else { break };
            rules |= node.rules;
            if node.whole & !rules != 0 && ends_word(*byte, text.get(place + 1)) {
                rules |= node.whole;
            }
            at = node;
        }
        match text.first() {
            Some(first) if !first.is_ascii() => rules | self.foreign,
            _ => rules,
        }
    }
}

impl Growing {
    /// The nodes, level by level.
    fn settled(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut level = vec![self];
        while !level.is_empty() {
            let below: Vec<&Growing> = level.iter().flat_map(|node| node.next.values()).collect();
            let mut first = nodes.len() + level.len();
            for node in level {
                nodes.push(Node {
                    next: node.next.keys().fold(0, |bits, kind| bits | 1 << kind),
                    first: u32::try_from(first).unwrap_or(u32::MAX),
                    rules: node.rules,
                    whole: node.whole,
                });
                first += node.next.len();
            }
            level = below;
        }
        nodes
    }
}

/// Whether a word may end with a letter before another octet; a plural may.
fn ends_word(last: u8, next: Option<&u8>) -> bool {
    next.is_none_or(|next| {
        !next.is_ascii_alphabetic()
            || next.eq_ignore_ascii_case(&b's')
            || last.is_ascii_lowercase() && next.is_ascii_uppercase()
    })
}

/// The octets with which words begin, given the kinds of the octet before. One begins after no letter, or with the first
/// capital after small letters; a number after neither letter nor digit.
fn begins(kinds: &Kinds, before: &Kinds) -> u64 {
    let after = |kind: fn(&Kinds) -> u64| kind(kinds) << 1 | kind(before) & 1;
    let (lower, upper) = (after(|kinds| kinds.lower), after(|kinds| kinds.upper));
    let (digits, foreign) = (after(|kinds| kinds.digits), after(|kinds| kinds.foreign));
    kinds.lower & !(lower | upper)
        | kinds.upper & !upper
        | kinds.digits & !(lower | upper | digits)
        | kinds.foreign & !foreign
}

const KIND: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut octet = 0;
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated when compiling; a wrong index does not compile"
    )]
    while octet < 256 {
        kinds[octet] = match octet as u8 {
            letter @ (b'a'..=b'z' | b'A'..=b'Z') => letter.to_ascii_lowercase() - b'a' + 1,
            digit @ b'0'..=b'9' => digit - b'0' + 27,
            _ => 0,
        };
        octet += 1;
    }
    kinds
};

fn kind(byte: u8) -> usize {
    usize::from(KIND.get(usize::from(byte)).copied().unwrap_or(0))
}
