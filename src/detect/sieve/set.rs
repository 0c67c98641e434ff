//! Which of many expressions fit a short text from end to end.

use regex_syntax::hir::Hir;

use super::followed::Followed;

/// So many expressions one automaton can tell apart.
const MOST: usize = 64;

/// Expressions that are numbered in their order. The engine's own sets take ten times as long for a value of a few
/// octets, since they begin each search anew.
#[derive(Debug, Default)]
pub(in super::super) struct Set {
    automata: Vec<Followed>,
}

impl Set {
    /// Of expressions that are anchored at both ends.
    ///
    /// # Errors
    /// When they are too large.
    pub fn of(forms: &[Hir]) -> Result<Set, String> {
        let forms: Vec<&Hir> = forms.iter().collect();
        let automata = forms.chunks(MOST).map(Followed::of);
        Ok(Set {
            automata: automata.collect::<Result<_, _>>()?,
        })
    }

    /// The numbers of those that fit, in order.
    pub fn matches(&self, text: &[u8]) -> Vec<usize> {
        let mut fitting = Vec::new();
        for (place, automaton) in self.automata.iter().enumerate() {
            let mut told = automaton.start().told(text, 0, text.len());
            while told != 0 {
                fitting.push(place * MOST + told.trailing_zeros() as usize);
                told &= told - 1;
            }
        }
        fitting
    }

    /// Whether one of them fits.
    pub fn fits(&self, text: &[u8]) -> bool {
        let mut automata = self.automata.iter();
        automata.any(|automaton| automaton.start().told(text, 0, text.len()) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::Set;

    const EXPRESSIONS: [&str; 6] = [
        r"S\d{8}|\d{3}",
        r"\d{3,5}",
        r"[A-C]\d{2}(?:X|\d)",
        r"\d+[AB]?",
        r"A{2}",
        r"[0-9A-C]{4}",
    ];

    proptest::proptest! {
        #[test]
        fn it_tells_what_the_engine_tells(text in "[0-4A-CSX]{0,6}") {
            // More than one automaton.
            let all: Vec<String> = (0..70).map(|number| format!("^(?:{})$", EXPRESSIONS[number % 6])).collect();
            let parser = || regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
            let forms: Vec<_> = all.iter().map(|one| parser().parse(one).unwrap()).collect();
            let expected = regex::bytes::RegexSetBuilder::new(&all).unicode(false).build().unwrap();
            let expected: Vec<usize> = expected.matches(text.as_bytes()).into_iter().collect();
            let set = Set::of(&forms).unwrap();
            proptest::prop_assert_eq!(set.fits(text.as_bytes()), !expected.is_empty());
            proptest::prop_assert_eq!(set.matches(text.as_bytes()), expected);
        }
    }
}
