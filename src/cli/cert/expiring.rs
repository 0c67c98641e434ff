//! `cert expiring`: who can be written to today, and no longer after some days.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{Answer, day, json, short, usable};
use crate::cli::table;
use crate::message::CertificateVerdict;
use crate::policy::Policy;
use crate::smime::{Certificates, Listed, Settings};

/// A recipient who will be without a certificate.
#[derive(Debug, Serialize)]
struct Ending {
    /// The address, or `@domain`.
    #[serde(rename = "for")]
    whom: String,
    /// The certificate that ends last.
    fingerprint: String,
    not_after: Timestamp,
    file: String,
    /// What is the matter with it at the end of the time asked about.
    verdict: CertificateVerdict,
}

pub(super) fn expiring(
    settings: &Settings,
    policy: &Policy,
    now: Timestamp,
    until: Timestamp,
    as_json: bool,
) -> Result<Answer, String> {
    let certificates = Certificates::load(settings)?;
    let endings = endings(&certificates, policy, now, until);
    if as_json {
        return json(&endings).map(Answer::yes);
    }
    if endings.is_empty() {
        return Ok(Answer::yes(format!(
            "Everybody who has a usable certificate today has one on {}.\n",
            day(until)
        )));
    }
    let rows = endings.into_iter().map(|ending| {
        [
            ending.whom,
            day(ending.not_after),
            short(&ending.fingerprint).to_owned(),
            usable(&ending.verdict),
            ending.file,
        ]
    });
    let then = format!("ON {}", day(until));
    let head = ["ADDRESS", "VALID UNTIL", "FINGERPRINT", then.as_str(), "FILE"];
    Ok(Answer::yes(table::align(head, rows, &[])))
}

/// Those with a usable certificate now and none at `until`, the first to end first. That a revocation list will be
/// out of date by then counts for nothing: lists are fetched anew all the time.
fn endings(certificates: &Certificates, policy: &Policy, now: Timestamp, until: Timestamp) -> Vec<Ending> {
    let fine = |listed: &Listed| listed.considered.verdict == CertificateVerdict::Usable;
    let today = certificates
        .all(|address| policy.least_demand(address), now)
        .filter(fine);
    let today: HashSet<_> = today
        .filter_map(|listed| Some((listed.whom()?, listed.considered.fingerprint)))
        .collect();
    let mut last: BTreeMap<String, Option<Ending>> = BTreeMap::new();
    for listed in certificates.all(|address| policy.least_demand(address), until) {
        let Some(whom) = listed.whom() else { continue };
        let lasts = matches!(
            listed.considered.verdict,
            CertificateVerdict::Usable | CertificateVerdict::RevocationUnknown
        );
        if lasts {
            last.insert(whom, None);
            continue;
        }
        if !today.contains(&(whom.clone(), listed.considered.fingerprint.clone())) {
            continue;
        }
        let ending = Ending {
            whom: whom.clone(),
            fingerprint: listed.considered.fingerprint,
            not_after: listed.considered.not_after,
            file: listed.file.display().to_string(),
            verdict: listed.considered.verdict,
        };
        match last.get(&whom) {
            Some(None) => {}
            Some(Some(known)) if known.not_after >= ending.not_after => {}
            _ => {
                last.insert(whom, Some(ending));
            }
        }
    }
    let mut endings: Vec<Ending> = last.into_values().flatten().collect();
    endings.sort_by(|one, other| (one.not_after, &one.whom).cmp(&(other.not_after, &other.whom)));
    endings
}
