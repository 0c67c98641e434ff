//! `cert post-quantum`: who could receive mail that withstands a quantum computer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::expiring::Traffic;
use super::{Answer, Holdings, json};
use crate::cli::table;
use crate::message::{Address, CertificateVerdict, Demand};
use crate::smime::{Abilities, Listed};

/// What a recipient has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// No usable certificate at all.
    None,
    /// A usable certificate, and nothing that speaks of ML-KEM.
    Classical,
    /// A mail program that says it opens ML-KEM, and no certificate for it.
    Able,
    /// A usable certificate with an ML-KEM key.
    Ready,
}

/// One recipient.
#[derive(Debug, Serialize)]
struct Standing {
    /// The address, or `@domain`.
    #[serde(rename = "for")]
    whom: String,
    state: State,
    /// The keys of the usable certificates.
    keys: Vec<String>,
    sealed_in_30_days: u64,
}

pub(super) async fn post_quantum(
    holdings: &Holdings,
    now: Timestamp,
    as_json: bool,
) -> Result<Answer, String> {
    let standings = standings(holdings, now).await?;
    if as_json {
        return json(&standings).map(Answer::yes);
    }
    if standings.is_empty() {
        return Ok(Answer::yes(
            "There are no recipients' certificates yet.\n".to_owned(),
        ));
    }
    let count = |state| standings.iter().filter(|one| one.state == state).count();
    let sealed: u64 = standings.iter().map(|one| one.sealed_in_30_days).sum();
    let to_ready = standings.iter().filter(|one| one.state == State::Ready);
    let to_ready: u64 = to_ready.map(|one| one.sealed_in_30_days).sum();
    let summary = format!(
        "Ready: {} of {} recipients, who got {to_ready} of {sealed} sealed copies in the last 30 days. Able, and to be asked \
         for a certificate: {}.\n{}",
        count(State::Ready),
        standings.len(),
        count(State::Able),
        dates(holdings)
    );
    let rows = standings.into_iter().map(|one| {
        [
            one.whom,
            words(one.state).to_owned(),
            one.keys.join(", "),
            one.sealed_in_30_days.to_string(),
        ]
    });
    let head = ["ADDRESS", "POST-QUANTUM", "USABLE KEYS", "SEALED IN 30 DAYS"];
    Ok(Answer::yes(table::align(head, rows, &[3]) + &summary))
}

fn words(state: State) -> &'static str {
    match state {
        State::None => "no: no usable certificate",
        State::Classical => "no",
        State::Able => "able: ask for an ML-KEM certificate",
        State::Ready => "ready",
    }
}

/// What the policy has set.
fn dates(holdings: &Holdings) -> String {
    let set = &holdings.policy.post_quantum;
    match (set.prefer_from, set.require_from) {
        (None, None) => "The policy sets no date ([post_quantum] in policy.toml).\n".to_owned(),
        (Some(prefer), None) => {
            format!("The policy prefers ML-KEM keys from {prefer} on and never asks for them.\n")
        }
        (None, Some(only)) => format!("From {only} on, the policy seals to ML-KEM keys only.\n"),
        (Some(prefer), Some(only)) => {
            format!(
                "The policy prefers ML-KEM keys from {prefer} on, and from {only} on it seals to nothing else.\n"
            )
        }
    }
}

/// Everybody with a certificate, the least prepared of those with the most mail first.
async fn standings(holdings: &Holdings, now: Timestamp) -> Result<Vec<Standing>, String> {
    let certificates = holdings.certificates()?;
    // What is asked of a key later must not hide what there is today.
    let demand = |address: &Address| Demand {
        post_quantum_only: None,
        ..holdings.policy.least_demand(address)
    };
    let mut found: BTreeMap<String, (State, Vec<String>)> = BTreeMap::new();
    let note = |listed: Listed| {
        let Some(whom) = listed.whom() else { return };
        let (state, keys) = found.entry(whom).or_insert((State::None, Vec::new()));
        let capabilities = listed
            .entry
            .as_ref()
            .and_then(|entry| entry.capabilities.as_ref());
        let able = capabilities.is_some_and(|all| Abilities::of(all).ml_kem);
        if listed.considered.verdict != CertificateVerdict::Usable {
            return;
        }
        let key = listed.certificate.key();
        let now = match key.is_post_quantum() {
            true => State::Ready,
            false if able => State::Able,
            false => State::Classical,
        };
        *state = now.max(*state);
        if !keys.contains(&key.to_string()) {
            keys.push(key.to_string());
        }
    };
    let read = certificates.each(demand, now, note).await;
    read.map_err(|error| error.to_string())?;
    let traffic = Traffic::of(holdings, now).await?;
    let standing = |(whom, (state, keys)): (String, (State, Vec<String>))| Standing {
        sealed_in_30_days: traffic.to(&whom),
        whom,
        state,
        keys,
    };
    let mut all: Vec<Standing> = found.into_iter().map(standing).collect();
    all.sort_by(|one, other| (other.sealed_in_30_days, one.state).cmp(&(one.sealed_in_30_days, other.state)));
    Ok(all)
}
