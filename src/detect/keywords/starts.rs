//! Where keywords may begin: a table of the first three letters of all of them, so that a text is read once for
//! the keywords of all rules, and the expressions run only where one of them could fit.

/// The first letters of keywords, and which rules have them.
#[derive(Debug)]
pub(super) struct Starts {
    /// For each three letters, a bit for each rule.
    rules: Vec<u64>,
}

/// Letters, and everything else as one.
const KINDS: usize = 27;

impl Default for Starts {
    fn default() -> Self {
        Starts {
            rules: vec![0; KINDS * KINDS * KINDS],
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
        let begin = keyword
            .bytes()
            .skip_while(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric());
        // What follows a separator may stand directly behind it or not; only the first run is certain.
        let mut certain = begin
            .take_while(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
            .map(kind);
        let letters = [certain.next(), certain.next(), certain.next()];
        let span = |letter: Option<usize>| letter.map_or(0..KINDS, |kind| kind..kind + 1);
        let [first, second, third] = letters;
        for a in span(first) {
            for b in span(second) {
                for c in span(third) {
                    if let Some(rules) = self.rules.get_mut(place(a, b, c)) {
                        *rules |= Starts::bit(rule);
                    }
                }
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
        let to = to.min(bytes.len());
        let before = from.checked_sub(1).and_then(|at| bytes.get(at)).copied();
        let mut last = before.unwrap_or(b' ');
        for (at, byte) in bytes.iter().enumerate().take(to).skip(from) {
            if may_begin(last, *byte) {
                let kind_at = |at: usize| bytes.get(at).copied().map_or(0, kind);
                let place = place(kind(*byte), kind_at(at + 1), kind_at(at + 2));
                let rules = self.rules.get(place).copied().unwrap_or(0) & wanted;
                if rules != 0 {
                    hand_over(at, rules);
                }
            }
            last = *byte;
        }
    }
}

/// Whether a word may begin with this octet: after no letter, or with the first capital after small letters.
fn may_begin(before: u8, byte: u8) -> bool {
    match byte {
        b'a'..=b'z' => !before.is_ascii_alphabetic(),
        b'A'..=b'Z' => !before.is_ascii_uppercase(),
        b'0'..=b'9' => !before.is_ascii_alphanumeric(),
        _ => !byte.is_ascii() && before.is_ascii(),
    }
}

fn kind(byte: u8) -> usize {
    match byte.is_ascii_alphabetic() {
        true => usize::from(byte.to_ascii_lowercase() - b'a') + 1,
        false => 0,
    }
}

fn place(a: usize, b: usize, c: usize) -> usize {
    (a * KINDS + b) * KINDS + c
}
