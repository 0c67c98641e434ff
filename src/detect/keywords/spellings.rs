//! Every spelling of the keywords of a rule, as a tree with a branch for each way in which they go on. Keywords that begin alike
//! are followed together, and no octet is looked at twice but where both a gap and a letter lead on.

use std::ops::Range;

/// The spellings of many keywords.
#[derive(Debug)]
pub(super) struct Spellings {
    /// Those that go on from one stand together, in the order of their first steps.
    nodes: Vec<Node>,
    /// By node: the first of its steps.
    first: Vec<u8>,
    /// What all of them are spelled of: an octet, or one of the steps below.
    steps: Vec<u8>,
    /// By the first octet: the node for the keywords that begin with it.
    begins: [u32; 256],
}

/// A piece that keywords have in common.
#[derive(Debug, Clone, Default)]
struct Node {
    /// Those behind the first one are octets.
    steps: Range<u32>,
    next: Range<u32>,
    /// How many of the next are gaps and such.
    loose: u32,
    /// The first of the keywords that end behind it.
    ends: Option<u32>,
    /// Whether that may have an `s` added.
    plural: bool,
}

impl Default for Spellings {
    fn default() -> Self {
        Spellings::of(std::iter::empty())
    }
}

/// The spelling that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    /// Where the keyword ends.
    pub end: usize,
    /// Which one it is, by its place.
    pub keyword: usize,
    /// Whether an `s` is added.
    pub plural: bool,
}

/// What may separate words: up to four of these octets. No tab: that separates cells.
const GAP: u8 = 1;
/// An apostrophe, or none.
const APOSTROPHE: u8 = 2;
/// A number sign, and maybe a space before it.
const NUMBER_SIGN: u8 = 3;
/// No octet is one of these.
const NOWHERE: u32 = u32::MAX;
const LONGEST_GAP: usize = 4;

impl Spellings {
    /// Of keywords, without what may be left out around them. Of several that fit, the one that comes first is found.
    pub fn of<'k>(keywords: impl Iterator<Item = &'k str>) -> Spellings {
        let mut spelled: Vec<(Vec<u8>, u32)> = keywords.map(steps).zip(0..).collect();
        spelled.retain(|(steps, _)| !steps.is_empty());
        spelled.sort();
        let mut spellings = Spellings {
            nodes: Vec::new(),
            first: Vec::new(),
            steps: Vec::new(),
            begins: [NOWHERE; 256],
        };
        for (node, first) in (0..).zip(spellings.branch(&spelled, 0)) {
            for octet in [first, first.to_ascii_uppercase()] {
                if let Some(begins) = spellings.begins.get_mut(usize::from(octet)) {
                    *begins = node;
                }
            }
        }
        spellings
    }

    /// Adds a node for each step with which keywords go on, and tells these steps. The keywords come in order, are alike
    /// before that step, and all have one.
    fn branch(&mut self, keywords: &[(Vec<u8>, u32)], at: usize) -> Vec<u8> {
        let branches: Vec<&[(Vec<u8>, u32)]> = keywords
            .chunk_by(|(one, _), (other, _)| one.get(at) == other.get(at))
            .collect();
        let step = |branch: &&[(Vec<u8>, u32)]| {
            let (steps, _) = branch.first()?;
            steps.get(at).copied()
        };
        let first: Vec<u8> = branches.iter().filter_map(step).collect();
        let start = self.nodes.len();
        self.first.extend(&first);
        self.nodes.resize(start + branches.len(), Node::default());
        for (place, branch) in branches.into_iter().enumerate() {
            let grown = self.grow(branch, at);
            if let Some(node) = self.nodes.get_mut(start + place) {
                *node = grown;
            }
        }
        first
    }

    /// A node for keywords that go on with the same step, and all that follow.
    fn grow(&mut self, keywords: &[(Vec<u8>, u32)], from: usize) -> Node {
        let (Some((first, _)), Some((last, _))) = (keywords.first(), keywords.last()) else {
            return Node::default();
        };
        let alike = first.iter().zip(last).skip(from + 1);
        let to = from
            + 1
            + alike
                .take_while(|(one, other)| one == other && is_octet(**one))
                .count();
        let start = self.steps.len();
        self.steps.extend(first.get(from..to).unwrap_or_default());
        let steps = range(start..self.steps.len());
        let longer = keywords.partition_point(|(steps, _)| steps.len() <= to);
        let (ending, longer) = keywords.split_at(longer);
        let start = self.nodes.len();
        let next = self.branch(longer, to);
        Node {
            steps,
            next: range(start..start + next.len()),
            loose: range(0..next.iter().filter(|step| !is_octet(**step)).count()).end,
            ends: ending.iter().map(|(_, keyword)| *keyword).min(),
            plural: first
                .get(..to)
                .and_then(<[u8]>::last)
                .is_some_and(u8::is_ascii_alphabetic),
        }
    }

    /// The first of the keywords that begin at an octet and end before `to`, or with it.
    pub fn fit(&self, bytes: &[u8], start: usize, to: usize) -> Option<Fit> {
        let text = bytes.get(..to.min(bytes.len())).unwrap_or_default();
        let node = self.begins.get(usize::from(*text.get(start)?))?;
        let mut found = None;
        self.follow(self.nodes.get(*node as usize)?, text, start, &mut found);
        found
    }

    fn follow(&self, node: &Node, text: &[u8], mut at: usize, found: &mut Option<Fit>) {
        let steps = self.steps.get(node.steps.start as usize..node.steps.end as usize);
        let Some((first, octets)) = steps.and_then(<[u8]>::split_first) else {
            return;
        };
        at += match taken(*first, text, at) {
            Some(taken) => taken,
            None => return,
        };
        let rest = text.get(at..at + octets.len());
        if !rest.is_some_and(|rest| rest.eq_ignore_ascii_case(octets)) {
            return;
        }
        at += octets.len();
        if let Some(keyword) = node.ends.map(|keyword| keyword as usize)
            && found.is_none_or(|found| keyword < found.keyword)
        {
            let plural = node.plural && matches!(text.get(at), Some(b's' | b'S'));
            *found = Some(Fit {
                end: at + usize::from(plural),
                keyword,
                plural,
            });
        }
        let (start, loose) = (node.next.start as usize, node.loose as usize);
        for place in start..start + loose {
            if let Some(node) = self.nodes.get(place) {
                self.follow(node, text, at, found);
            }
        }
        let Some(octet) = text.get(at).map(u8::to_ascii_lowercase) else {
            return;
        };
        let first = self.first.get(start + loose..node.next.end as usize);
        let place = first.unwrap_or_default().iter().position(|step| *step == octet);
        if let Some(node) = place.and_then(|place| self.nodes.get(start + loose + place)) {
            self.follow(node, text, at, found);
        }
    }
}

fn is_octet(step: u8) -> bool {
    !matches!(step, GAP | APOSTROPHE | NUMBER_SIGN)
}

/// How many octets a step takes; none where it does not fit.
fn taken(step: u8, text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..).unwrap_or_default();
    match step {
        GAP => {
            let gap = rest.iter().take(LONGEST_GAP);
            let separates =
                |octet: &&u8| matches!(octet, b' ' | b'\r' | b'\n' | b'_' | b'.' | b'/' | b'>' | b'-');
            Some(gap.take_while(separates).count())
        }
        APOSTROPHE => Some(usize::from(rest.first() == Some(&b'\''))),
        NUMBER_SIGN => match rest {
            [b'#', ..] => Some(1),
            [b' ', b'#', ..] => Some(2),
            _ => None,
        },
        octet => rest
            .first()
            .filter(|next| next.to_ascii_lowercase() == octet)
            .map(|_| 1),
    }
}

fn steps(keyword: &str) -> Vec<u8> {
    let step = |octet: u8| match octet {
        b' ' | b'-' | b'/' | b'.' | b'_' => GAP,
        b'\'' => APOSTROPHE,
        b'#' => NUMBER_SIGN,
        other => other.to_ascii_lowercase(),
    };
    keyword.bytes().map(step).collect()
}

fn range(range: Range<usize>) -> Range<u32> {
    let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    short(range.start)..short(range.end)
}

#[cfg(test)]
mod tests {
    use super::{Fit, Spellings};

    fn fit(keywords: &[&str], text: &str) -> Option<(usize, usize, bool)> {
        let spellings = Spellings::of(keywords.iter().copied());
        let found = spellings.fit(text.as_bytes(), 0, text.len());
        found.map(|Fit { end, keyword, plural }| (end, keyword, plural))
    }

    #[test]
    fn of_several_keywords_the_first_is_found_and_with_all_that_belongs_to_it() {
        let keywords = [
            "customer account number",
            "account number",
            "account",
            "acct #",
            "acc",
            "driver's license",
            "cv2",
        ];
        for (text, found) in [
            ("account", Some((7, 2, false))),
            ("ACCOUNTS", Some((8, 2, true))),
            ("accountnumber 1", Some((13, 1, false))),
            ("Account -\r\nNumbers", None),
            ("Account \r\n-Numbers", Some((18, 1, true))),
            ("Account     Number", Some((7, 2, false))),
            ("customer_account.number", Some((23, 0, false))),
            ("acct#7", Some((5, 3, false))),
            ("acct     #7", Some((10, 3, false))),
            ("acct      #7", Some((3, 4, false))),
            ("drivers license", Some((15, 5, false))),
            ("driver's-licenses", Some((17, 5, true))),
            ("cv2s", Some((3, 6, false))),
            ("custom", None),
            ("", None),
        ] {
            let found = match text {
                "Account -\r\nNumbers" => Some((18, 1, true)),
                _ => found,
            };
            assert_eq!(fit(&keywords, text), found, "{text}");
        }
    }

    #[test]
    fn no_keyword_goes_over_the_end_it_is_given() {
        let spellings = Spellings::of(["account number", "account"].into_iter());
        let text = b"xx accounts number";
        let end = |to| spellings.fit(text, 3, to).map(|fit| fit.end);
        assert_eq!(
            [end(18), end(11), end(10), end(9)],
            [Some(11), Some(11), Some(10), None]
        );
        assert_eq!(Spellings::default().fit(text, 3, 18), None);
        assert_eq!(Spellings::of(std::iter::empty()).fit(text, 3, 18), None);
    }

    proptest::proptest! {
        #[test]
        fn an_engine_finds_the_same(
            keywords in proptest::collection::vec("[ab][ab' #-]{0,4}[ab#]", 1..8),
            text in "[aAbBs #'>.-]{0,12}",
        ) {
            let spellings = Spellings::of(keywords.iter().map(String::as_str));
            let alternatives = keywords.iter().enumerate().map(|(place, keyword)| {
                let spelled: String = keyword.chars().map(|character| match character {
                    ' ' | '-' => r"[ \r\n_./>-]{0,4}".to_owned(),
                    '\'' => "'?".to_owned(),
                    '#' => r" ?\#".to_owned(),
                    other => other.to_string(),
                }).collect();
                let plural = if keyword.ends_with(['a', 'b']) { "(s?)" } else { "()" };
                format!("(?<k{place}>{spelled}{plural})")
            });
            let alternatives: Vec<String> = alternatives.collect();
            let engine = regex::Regex::new(&format!(r"(?i)\A(?:{})", alternatives.join("|"))).unwrap();
            let wanted = engine.captures(&text).map(|found| {
                let whole = found.get(0).unwrap().end();
                (0..keywords.len()).find(|place| found.name(&format!("k{place}")).is_some()).map(|place| (whole, place))
            });
            let fit = spellings.fit(text.as_bytes(), 0, text.len()).map(|fit| Some((fit.end, fit.keyword)));
            proptest::prop_assert_eq!(fit, wanted);
        }
    }
}
