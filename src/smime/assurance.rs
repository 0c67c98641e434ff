//! Classes of assurance: the policies of the CA/Browser Forum's S/MIME Baseline Requirements (§7.1.6.1).

use const_oid::ObjectIdentifier;

use crate::message::{Assurance, Generation, Validated};

/// `id-ce-certificatePolicies` says "any" (RFC 5280 §4.2.1.4).
const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32.0");
/// Below it: `.validated.profile`.
const BASE: [u32; 5] = [2, 23, 140, 1, 5];

/// The best class that `stated` holds and that every one of the CAs above may give.
///
/// A certificate states what it likes; it is the CAs above it, up to but without the anchor, whose own policies
/// say whether they may (RFC 5280 §6.1.3 (d)). Without a class nothing is wrong; there is just nothing to rely on.
pub(super) fn assurance<'a>(
    stated: &[ObjectIdentifier],
    above: impl Iterator<Item = &'a [ObjectIdentifier]>,
) -> Option<Assurance> {
    let mut left: Vec<ObjectIdentifier> = stated
        .iter()
        .filter(|oid| class(oid).is_some())
        .copied()
        .collect();
    for policies in above {
        left.retain(|oid| policies.contains(oid) || policies.contains(&ANY));
    }
    left.iter().filter_map(class).max()
}

fn class(oid: &ObjectIdentifier) -> Option<Assurance> {
    let mut arcs = oid.arcs();
    if !BASE.iter().all(|arc| arcs.next() == Some(*arc)) {
        return None;
    }
    let validated = match arcs.next()? {
        1 => Validated::Mailbox,
        2 => Validated::Organization,
        3 => Validated::Sponsor,
        4 => Validated::Individual,
        _ => return None,
    };
    let profile = match arcs.next()? {
        1 => Generation::Legacy,
        2 => Generation::Multipurpose,
        3 => Generation::Strict,
        _ => return None,
    };
    arcs.next().is_none().then_some(Assurance { validated, profile })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(text: &str) -> ObjectIdentifier {
        ObjectIdentifier::new(text).unwrap()
    }

    fn told(stated: &[&str], above: &[&[&str]]) -> Option<String> {
        let list = |texts: &[&str]| texts.iter().map(|text| oid(text)).collect::<Vec<_>>();
        let above: Vec<_> = above.iter().map(|policies| list(policies)).collect();
        assurance(&list(stated), above.iter().map(Vec::as_slice)).map(|class| class.to_string())
    }

    #[test]
    fn each_class_is_known_by_its_number_and_nothing_else_is_one() {
        let validated = ["mailbox", "organization", "sponsor", "individual"];
        for (one, kind) in validated.iter().enumerate() {
            for (two, profile) in ["legacy", "multipurpose", "strict"].iter().enumerate() {
                let number = format!("2.23.140.1.5.{}.{}", one + 1, two + 1);
                assert_eq!(
                    told(&[&number], &[]),
                    Some(format!("{kind}-validated, {profile}"))
                );
            }
        }
        for other in [
            "2.23.140.1.5.5.1",
            "2.23.140.1.5.1.4",
            "2.23.140.1.5.1",
            "2.23.140.1.5.1.1.1",
            "2.23.140.1.2.2",
        ] {
            assert_eq!(told(&[other], &[]), None, "{other}");
        }
        assert_eq!(told(&[], &[]), None);
    }

    #[test]
    fn a_class_counts_only_when_every_ca_above_may_give_it() {
        let sponsor = "2.23.140.1.5.3.3";
        let mailbox = "2.23.140.1.5.1.3";
        let any = "2.5.29.32.0";
        let told = |above: &[&[&str]]| told(&[mailbox, sponsor], above);
        assert_eq!(
            told(&[&[any], &[sponsor]]),
            Some("sponsor-validated, strict".to_owned())
        );
        assert_eq!(
            told(&[&[mailbox], &[any]]),
            Some("mailbox-validated, strict".to_owned())
        );
        assert_eq!(told(&[&[mailbox], &[sponsor]]), None);
        assert_eq!(told(&[&[]]), None);
    }
}
