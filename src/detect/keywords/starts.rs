//! Where keywords may begin: a tree of the first letters of all of them, so that a text is read once for the
//! keywords of all rules, and the expressions run only where one of them could fit.

/// The first letters of keywords, and which rules have them.
#[derive(Debug)]
pub(super) struct Starts {
    /// The root comes first.
    nodes: Vec<Node>,
    /// By kind of a first letter: a bit for each kind of a second one.
    pairs: [u64; KINDS],
    /// The rules with keywords whose first letter is not ASCII.
    foreign: u64,
}

/// What has been read of a keyword.
#[derive(Debug, Clone)]
struct Node {
    /// By kind of the next letter: the place of the node, 0 when no keyword goes on with it.
    next: [u32; KINDS],
    /// A bit for each rule with a keyword that this is enough of.
    rules: u64,
}

/// Kinds of octets: letters and digits; 0 is everything else.
const KINDS: usize = 37;
/// So many letters of a keyword are enough: few words that begin alike go on differently.
const DEPTH: usize = 8;
/// So many octets may separate the letters of a keyword; at least as many as an expression allows.
const LONGEST_GAP: usize = 16;

impl Default for Starts {
    fn default() -> Self {
        Starts {
            nodes: vec![Node::default()],
            pairs: [0; KINDS],
            foreign: 0,
        }
    }
}

impl Default for Node {
    fn default() -> Self {
        Node {
            next: [0; KINDS],
            rules: 0,
        }
    }
}

impl Starts {
    /// The bits of all rules.
    pub const ALL: u64 = u64::MAX;

    /// The bit of a rule; the last one stands for all rules beyond.
    pub fn bit(rule: usize) -> u64 {
        1 << rule.min(63)
    }

    /// Takes in a keyword of a rule.
    pub fn add(&mut self, keyword: &str, rule: usize) {
        // Beyond a letter that is not ASCII nothing is compared.
        let letters = keyword.bytes().take_while(u8::is_ascii).map(kind);
        let letters: Vec<usize> = letters.filter(|kind| *kind > 0).take(DEPTH).collect();
        if let Some(pairs) = letters.first().and_then(|first| self.pairs.get_mut(*first)) {
            // Anything but a letter may stand between two, and a keyword of one letter may be all there is.
            *pairs |= 1 | letters.get(1).map_or(u64::MAX, |second| 1 << second);
        }
        if letters.is_empty() {
            self.foreign |= Starts::bit(rule);
        }
        let mut at = 0;
        for letter in letters {
            let fresh = self.nodes.len();
            let next = self.nodes.get_mut(at).and_then(|node| node.next.get_mut(letter));
            let Some(next) = next else { return };
            if *next == 0 {
                *next = u32::try_from(fresh).unwrap_or(0);
                self.nodes.push(Node::default());
            }
            at = *self
                .nodes
                .get(at)
                .and_then(|node| node.next.get(letter))
                .unwrap_or(&0) as usize;
        }
        if let Some(node) = self.nodes.get_mut(at).filter(|_| at > 0) {
            node.rules |= Starts::bit(rule);
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
        let before = from.checked_sub(1).and_then(|at| bytes.get(at)).copied();
        let mut last = class(before.unwrap_or(b' '));
        let text = bytes.get(from..to.min(bytes.len())).unwrap_or_default();
        for (place, byte) in text.iter().enumerate() {
            let this = class(*byte);
            let begins = may_begin(last, this);
            last = this;
            if !begins {
                continue;
            }
            let at = from + place;
            let second = bytes.get(at + 1).map_or(0, |second| kind(*second));
            let goes_on = self
                .pairs
                .get(kind(*byte))
                .is_some_and(|pairs| pairs >> second & 1 != 0);
            if goes_on || self.foreign != 0 && !byte.is_ascii() {
                let rules = self.rules(bytes.get(at..).unwrap_or_default()) & wanted;
                if rules != 0 {
                    hand_over(at, rules);
                }
            }
        }
    }

    /// The rules with a keyword that a text may begin with.
    fn rules(&self, text: &[u8]) -> u64 {
        let (mut rules, mut at, mut gap) = (0, 0, 0);
        for byte in text {
            let kind = kind(*byte);
            if kind == 0 {
                gap += 1;
                if !byte.is_ascii() || gap > LONGEST_GAP || at == 0 {
                    break;
                }
                continue;
            }
            gap = 0;
            let next = self.nodes.get(at).and_then(|node| node.next.get(kind));
            at = next.copied().unwrap_or(0) as usize;
            match self.nodes.get(at).filter(|_| at > 0) {
                Some(node) => rules |= node.rules,
                None => break,
            }
        }
        match text.first() {
            Some(first) if !first.is_ascii() => rules | self.foreign,
            _ => rules,
        }
    }
}

/// What an octet is, as far as the beginnings of words go: a bit for each class, and eight bits higher the
/// classes after which no word begins with it. One begins after no letter, or with the first capital after small
/// letters.
const CLASS: [u16; 256] = {
    const LOWER: u16 = 1;
    const UPPER: u16 = 2;
    const DIGIT: u16 = 4;
    const FOREIGN: u16 = 8;
    const OTHER: u16 = 16;
    let mut classes = [OTHER | 0xFF00; 256];
    let mut octet = 0;
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated when compiling; a wrong index does not compile"
    )]
    while octet < 256 {
        classes[octet] = match octet as u8 {
            b'a'..=b'z' => LOWER | (LOWER | UPPER) << 8,
            b'A'..=b'Z' => UPPER | UPPER << 8,
            b'0'..=b'9' => DIGIT | (LOWER | UPPER | DIGIT) << 8,
            128.. => FOREIGN | FOREIGN << 8,
            _ => OTHER | 0xFF00,
        };
        octet += 1;
    }
    classes
};

fn class(byte: u8) -> u16 {
    CLASS.get(usize::from(byte)).copied().unwrap_or(0xFF00)
}

/// Whether a word may begin with an octet of one class after one of another.
fn may_begin(before: u16, this: u16) -> bool {
    this >> 8 & before == 0
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
