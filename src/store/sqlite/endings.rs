//! What the bodies of one message end with alike, kept once.
//!
//! The sealed copies of a message differ in who can open them, and have the same inside. A thousand blind copies of ten
//! kilobytes are so little more to write and to flush than one.

use super::packed;
use crate::message::{Outbound, Purpose};

/// Bodies that must end alike, so that it pays to look for it.
const SEVERAL: usize = 4;
/// Octets that they must have in common.
const LONG: usize = 2048;

/// Octets that are compared at once.
const PIECE: usize = 256;

/// How the bodies of one message are written.
pub(super) struct Endings {
    /// What the bodies end with that have a beginning; nobody's when there are none.
    pub(super) common: Vec<u8>,
    /// One for each body: what stands before the common ending, packed; without it the body is written as it is.
    pub(super) beginnings: Vec<Option<Vec<u8>>>,
}

impl Endings {
    /// None of `count` bodies ends like another.
    pub(super) fn none(count: usize) -> Endings {
        Endings {
            common: Vec::new(),
            beginnings: vec![None; count],
        }
    }

    /// Whether it pays to look for common endings, which takes a moment.
    pub(super) fn may_be(outbounds: &[Outbound]) -> bool {
        outbounds.len() >= SEVERAL
    }

    /// Finds what the bodies of at most `longest` octets have in common. Gives each back, octet for octet, with
    /// [`whole`].
    pub(super) fn find(outbounds: &[Outbound], longest: usize) -> Endings {
        let none = Endings::none(outbounds.len());
        let fits = |outbound: &&Outbound| outbound.purpose == Purpose::Mail && outbound.body.len() <= longest;
        let part = |outbound: &Outbound| {
            let fitting = Some(outbound).filter(fits)?;
            let (before, octets) = packed::parts(fitting.body.as_bytes())?;
            Some((before.to_vec(), octets))
        };
        let parts: Vec<_> = outbounds.iter().map(part).collect();
        let mut there = parts.iter().flatten();
        let Some((_, first)) = there.next() else {
            return none;
        };
        // Those of the first's kind: who ends otherwise is written as it is.
        let alike = |octets: &[u8]| Some(common_end(first, octets)).filter(|length| *length >= LONG);
        let lengths: Vec<usize> = there.filter_map(|(_, octets)| alike(octets)).collect();
        let Some(length) = lengths
            .iter()
            .min()
            .copied()
            .filter(|_| lengths.len() + 1 >= SEVERAL)
        else {
            return none;
        };
        let common = first
            .len()
            .checked_sub(length)
            .and_then(|start| first.get(start..));
        let Some(common) = common.map(<[u8]>::to_vec) else {
            return none;
        };
        let beginning = |part: &Option<(Vec<u8>, Vec<u8>)>| {
            let (before, octets) = part.as_ref()?;
            packed::beginning(before, octets.strip_suffix(common.as_slice())?)
        };
        Endings {
            beginnings: parts.iter().map(beginning).collect(),
            common,
        }
    }
}

/// The body that was written in two parts; `None` when they are not what [`Endings::find`] has made.
pub(super) fn whole(beginning: &[u8], ending: &[u8]) -> Option<Vec<u8>> {
    packed::read([beginning, ending].concat()).ok()
}

fn common_end(one: &[u8], other: &[u8]) -> usize {
    // Most of it piece by piece, which the processor compares faster.
    let pieces = one.rchunks_exact(PIECE).zip(other.rchunks_exact(PIECE));
    let same = PIECE * pieces.take_while(|(one, other)| one == other).count();
    let rest = one.iter().rev().skip(same).zip(other.iter().rev().skip(same));
    same + rest.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smime::armor;
    use crate::store::samples;

    fn sealed(octets: &[u8]) -> Outbound {
        let mut body = b"From: a@agency.example\r\n\r\n".to_vec();
        armor(octets, &mut body);
        samples::mail(&body, &[(1, "bob@partner.example")])
    }

    /// Every body as it comes back.
    fn back(outbounds: &[Outbound], endings: &Endings) -> Vec<Vec<u8>> {
        let both = outbounds.iter().zip(&endings.beginnings);
        both.map(|(outbound, beginning)| match beginning {
            Some(beginning) => whole(beginning, &endings.common).unwrap(),
            None => outbound.body.as_bytes().to_vec(),
        })
        .collect()
    }

    fn bodies(outbounds: &[Outbound]) -> Vec<Vec<u8>> {
        outbounds
            .iter()
            .map(|outbound| outbound.body.as_bytes().to_vec())
            .collect()
    }

    #[test]
    fn a_thousand_copies_of_one_content_are_little_more_than_one() {
        let content = vec![0xa5; 10_000];
        let copy = |number: u32| sealed(&[&number.to_be_bytes()[..], &[1; 500], &content].concat());
        let outbounds: Vec<Outbound> = (0..1000).map(copy).collect();
        let endings = Endings::find(&outbounds, 256 * 1024);
        assert!(endings.common.len() >= content.len());
        let written: usize = endings
            .beginnings
            .iter()
            .map(|one| one.as_ref().unwrap().len())
            .sum();
        assert!(written < 600 * 1000, "{written}");
        assert_eq!(back(&outbounds, &endings), bodies(&outbounds));
    }

    #[test]
    fn whoever_ends_otherwise_or_is_too_long_or_is_no_mail_is_written_as_it_is() {
        let copy = |first: u8| sealed(&[&[first], &[7; 5000][..]].concat());
        let mut outbounds: Vec<Outbound> = (0..6).map(copy).collect();
        outbounds.push(sealed(&[8; 5000]));
        outbounds.push(samples::mail(&[b'x'; 5000], &[(1, "bob@partner.example")]));
        outbounds.push(sealed(&[7; 50_000]));
        outbounds.push(samples::notice(b"told"));
        let endings = Endings::find(&outbounds, 20_000);
        let is_split: Vec<bool> = endings.beginnings.iter().map(Option::is_some).collect();
        assert_eq!(is_split, [[true; 6].as_slice(), &[false; 4]].concat());
        assert_eq!(back(&outbounds, &endings), bodies(&outbounds));
    }

    proptest::proptest! {
        #[test]
        fn every_body_comes_back_octet_for_octet(
            firsts in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80), 0..9),
            end in proptest::collection::vec(proptest::prelude::any::<u8>(), 2000..2200),
            behind in "(\r\n|AAAA|x)?",
        ) {
            let copy = |first: &Vec<u8>| {
                let outbound = sealed(&[first.as_slice(), &end].concat());
                let body = [outbound.body.as_bytes(), behind.as_bytes()].concat();
                samples::mail(&body, &[(1, "bob@partner.example")])
            };
            let outbounds: Vec<Outbound> = firsts.iter().map(copy).collect();
            let endings = Endings::find(&outbounds, 1 << 20);
            proptest::prop_assert_eq!(back(&outbounds, &endings), bodies(&outbounds));
        }
    }
}
