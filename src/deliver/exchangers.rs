//! The mail exchangers of a domain, in the order in which they are tried (RFC 5321 §5.1, RFC 7505).

use super::Attempt;
use super::dns::{Answer, Dns, NoAnswer};
use super::hops::random;

/// Hosts that one attempt tries; the next attempt draws anew among equals.
const HOSTS: usize = 8;

/// Who takes a domain's mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exchangers {
    /// In the order of preference; random among equals.
    pub(super) hosts: Vec<String>,
    /// The domain itself stands in for its exchangers, of which it has none.
    pub(super) implicit: bool,
    /// Whether DNSSEC proves them.
    pub(super) secure: bool,
}

/// Asks the DNS who takes the mail of `domain`; `me` is this gateway's own name.
///
/// # Errors
/// What this comes to for the mail: later, or never.
pub(super) async fn find(dns: &Dns, domain: &str, me: &str) -> Result<Exchangers, Attempt> {
    match dns.mx(domain).await {
        Ok(answer) => choose(domain, answer, me, random),
        Err(no_answer) => Err(without(domain, no_answer)),
    }
}

/// What a missing answer comes to.
pub(super) fn without(domain: &str, no_answer: NoAnswer) -> Attempt {
    match no_answer {
        NoAnswer::NoSuchName => Attempt::Never(format!("5.1.2 there is no domain {domain}")),
        NoAnswer::Later(why) => {
            Attempt::NotNow(format!("4.4.3 the DNS gives no answer about {domain}: {why}"))
        }
    }
}

fn choose(
    domain: &str,
    answer: Answer<(u16, String)>,
    me: &str,
    mut random: impl FnMut() -> u64,
) -> Result<Exchangers, Attempt> {
    if answer.found.is_empty() {
        return Ok(Exchangers {
            hosts: vec![domain.to_owned()],
            implicit: true,
            secure: false,
        });
    }
    let named = answer.found.into_iter().filter(|(_, host)| !host.is_empty());
    let mut ordered: Vec<(u16, u64, String)> = named
        .map(|(preference, host)| (preference, random(), host))
        .collect();
    // RFC 7505 §3: the one exchanger ".". Beside others it is a mistake and none.
    if ordered.is_empty() {
        return Err(Attempt::Never(format!(
            "5.1.10 the domain {domain} takes no mail: its MX record says so"
        )));
    }
    ordered.sort();
    // RFC 5321 §5.1: a relay that is among them goes only to better ones, or mail would run in circles.
    let own = ordered.iter().find(|(_, _, host)| host.eq_ignore_ascii_case(me));
    if let Some(limit) = own.map(|(preference, ..)| *preference) {
        ordered.retain(|(preference, ..)| *preference < limit);
    }
    if ordered.is_empty() {
        return Err(Attempt::Never(format!(
            "5.4.6 mail for {domain} loops: its best mail exchanger is this gateway, {me}; give the domain a route"
        )));
    }
    let mut hosts: Vec<String> = Vec::new();
    for (_, _, host) in ordered {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts.truncate(HOSTS);
    Ok(Exchangers {
        hosts,
        implicit: false,
        secure: answer.secure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(records: &[(u16, &str)]) -> Result<Vec<String>, String> {
        let found = records
            .iter()
            .map(|(preference, host)| (*preference, (*host).to_owned()));
        let answer = Answer {
            found: found.collect(),
            secure: true,
        };
        // Each draw is smaller than the one before, so that equals come in reverse order.
        let mut draw = 1000;
        let random = || {
            draw -= 1;
            draw
        };
        match choose("partner.example", answer, "gate.example", random) {
            Ok(found) => Ok(found.hosts),
            Err(Attempt::Never(why)) => Err(why),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_best_come_first_and_equals_in_random_order() {
        assert_eq!(
            chosen(&[(20, "c"), (10, "a"), (10, "b"), (30, "a")]),
            Ok(vec!["b".to_owned(), "a".to_owned(), "c".to_owned()])
        );
    }

    #[test]
    fn a_domain_without_exchangers_takes_its_mail_itself() {
        assert_eq!(chosen(&[]), Ok(vec!["partner.example".to_owned()]));
    }

    #[test]
    fn a_null_exchanger_takes_no_mail_unless_it_stands_beside_others() {
        assert!(chosen(&[(0, "")]).unwrap_err().starts_with("5.1.10"));
        assert_eq!(chosen(&[(0, ""), (5, "a")]), Ok(vec!["a".to_owned()]));
    }

    #[test]
    fn mail_goes_to_those_only_that_are_better_than_the_gateway() {
        assert_eq!(
            chosen(&[(10, "a"), (20, "Gate.example"), (20, "b"), (30, "c")]),
            Ok(vec!["a".to_owned()])
        );
        assert!(
            chosen(&[(10, "gate.example"), (10, "b")])
                .unwrap_err()
                .starts_with("5.4.6")
        );
    }

    #[test]
    fn a_domain_with_very_many_exchangers_costs_a_few_attempts_only() {
        let names: Vec<String> = (0..500).map(|number| format!("h{number}")).collect();
        let records: Vec<(u16, &str)> = names.iter().map(|name| (1, name.as_str())).collect();
        assert_eq!(chosen(&records).unwrap().len(), HOSTS);
    }
}
