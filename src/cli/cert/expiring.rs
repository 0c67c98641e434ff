//! `cert expiring`: who can be written to today, and no longer after some days.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Answer, Holdings, day, json, short, usable};
use crate::cli::table;
use crate::message::{Address, CertificateVerdict};
use crate::smime::Listed;

/// A recipient who will be without a certificate.
#[derive(Debug, Serialize)]
struct Ending {
    /// The address, or `@domain`.
    #[serde(rename = "for")]
    whom: String,
    /// The certificate that ends last.
    fingerprint: String,
    not_after: Timestamp,
    source: String,
    /// How many copies left sealed for him in the last 30 days: so many would be refused in as much time to come.
    sealed_in_30_days: u64,
    /// What is the matter with it at the end of the time asked about.
    verdict: CertificateVerdict,
}

pub(super) async fn expiring(
    holdings: &Holdings,
    now: Timestamp,
    until: Timestamp,
    as_json: bool,
) -> Result<Answer, String> {
    let endings = endings(holdings, now, until).await?;
    if as_json {
        return json(&endings).map(Answer::yes);
    }
    if endings.is_empty() {
        return Ok(Answer::yes(format!(
            "Everybody who has a usable certificate today has one on {}.\n",
            day(until)
        )));
    }
    let messages: u64 = endings.iter().map(|ending| ending.sealed_in_30_days).sum();
    let at_risk = format!(
        "Recipients at risk: {}. To them, {messages} sealed copies went in the last 30 days.\n",
        endings.len()
    );
    let rows = endings.into_iter().map(|ending| {
        [
            ending.whom,
            day(ending.not_after),
            short(&ending.fingerprint).to_owned(),
            usable(&ending.verdict),
            ending.sealed_in_30_days.to_string(),
            ending.source,
        ]
    });
    let then = format!("ON {}", day(until));
    let head = [
        "ADDRESS",
        "VALID UNTIL",
        "FINGERPRINT",
        then.as_str(),
        "SEALED IN 30 DAYS",
        "SOURCE",
    ];
    Ok(Answer::yes(table::align(head, rows, &[4]) + &at_risk))
}

/// Those with a usable certificate now and none at `until`, the first to end first. That a revocation list will be
/// out of date by then counts for nothing: lists are fetched anew all the time.
async fn endings(holdings: &Holdings, now: Timestamp, until: Timestamp) -> Result<Vec<Ending>, String> {
    let certificates = holdings.certificates()?;
    let demand = |address: &Address| holdings.policy.least_demand(address);
    let mut today = HashSet::new();
    let note = |listed: Listed| {
        let fine = listed.considered.verdict == CertificateVerdict::Usable;
        today.extend(
            listed
                .whom()
                .filter(|_| fine)
                .map(|whom| (whom, listed.considered.fingerprint)),
        );
    };
    let read = certificates.each(demand, now, note).await;
    read.map_err(|error| error.to_string())?;
    let traffic = Traffic::of(holdings, now).await?;
    let mut last: BTreeMap<String, Option<Ending>> = BTreeMap::new();
    let note = |listed: Listed| {
        let Some(whom) = listed.whom() else { return };
        let lasts = matches!(
            listed.considered.verdict,
            CertificateVerdict::Usable | CertificateVerdict::RevocationUnknown
        );
        if lasts {
            last.insert(whom, None);
            return;
        }
        if !today.contains(&(whom.clone(), listed.considered.fingerprint.clone())) {
            return;
        }
        let ending = Ending {
            whom: whom.clone(),
            source: listed.source(),
            sealed_in_30_days: traffic.to(&whom),
            fingerprint: listed.considered.fingerprint,
            not_after: listed.considered.not_after,
            verdict: listed.considered.verdict,
        };
        match last.get(&whom) {
            Some(None) => {}
            Some(Some(known)) if known.not_after >= ending.not_after => {}
            _ => {
                last.insert(whom, Some(ending));
            }
        }
    };
    let read = certificates.each(demand, until, note).await;
    read.map_err(|error| error.to_string())?;
    let mut endings: Vec<Ending> = last.into_values().flatten().collect();
    endings.sort_by(|one, other| (one.not_after, &one.whom).cmp(&(other.not_after, &other.whom)));
    Ok(endings)
}

/// The sealed copies of the last 30 days, by recipient; none where there is no store yet.
pub(super) struct Traffic(BTreeMap<String, u64>);

impl Traffic {
    pub(super) async fn of(holdings: &Holdings, now: Timestamp) -> Result<Traffic, String> {
        let since = now - SignedDuration::from_hours(30 * 24);
        Ok(Traffic(match &holdings.store {
            Some(store) => store
                .sealed_since(since)
                .await
                .map_err(|error| error.to_string())?,
            None => BTreeMap::new(),
        }))
    }

    /// To an address, or to everybody at `@domain`.
    pub(super) fn to(&self, whom: &str) -> u64 {
        let whom = whom.to_lowercase();
        let to_them = |(address, count): (&String, &u64)| address.ends_with(&whom).then_some(*count);
        match whom.starts_with('@') {
            true => self.0.iter().filter_map(to_them).sum(),
            false => self.0.get(&whom).copied().unwrap_or(0),
        }
    }
}
