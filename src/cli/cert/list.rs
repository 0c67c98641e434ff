//! `cert list`, `cert show`, `cert find`: what there is.

use jiff::Timestamp;
use serde::Serialize;

use super::{Answer, Holdings, day, describe, json, meant, short, usable};
use crate::audit::printable;
use crate::cli::table;
use crate::message::{Address, Considered};
use crate::smime::{EntryState, Listed};

/// One line of the list in JSON.
#[derive(Serialize)]
struct Line {
    /// The address, or `@domain`; nothing when it names neither.
    #[serde(rename = "for")]
    whom: Option<String>,
    source: String,
    /// The rest only of certificates in the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<EntryState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    not_before: Timestamp,
    #[serde(flatten)]
    considered: Considered,
}

impl From<Listed> for Line {
    fn from(listed: Listed) -> Line {
        Line {
            whom: listed.whom(),
            source: listed.source(),
            state: listed.entry.as_ref().map(|entry| entry.state),
            first_seen: listed.entry.as_ref().map(|entry| entry.first_seen),
            last_seen: listed.entry.as_ref().map(|entry| entry.last_seen),
            note: listed
                .entry
                .map(|entry| entry.note)
                .filter(|note| !note.is_empty()),
            not_before: listed.certificate.not_before(),
            considered: listed.considered,
        }
    }
}

pub(super) async fn list(holdings: &Holdings, now: Timestamp, as_json: bool) -> Result<Answer, String> {
    let mut lines = Vec::new();
    let profile = |address: &Address| holdings.policy.profile(address);
    let certificates = holdings.certificates()?;
    let read = certificates.each(profile, now, |listed| lines.push(Line::from(listed)));
    read.await.map_err(|error| error.to_string())?;
    if as_json {
        return json(&lines).map(Answer::yes);
    }
    if lines.is_empty() {
        let folder = holdings.settings.recipients.display();
        return Ok(Answer::yes(format!(
            "There are no certificates in {folder}, and none in the register.\n"
        )));
    }
    let rows = lines.into_iter().map(|line| {
        let considered = line.considered;
        [
            line.whom.unwrap_or_else(|| "none".to_owned()),
            short(&considered.fingerprint).to_owned(),
            considered.key,
            considered
                .assurance
                .map_or_else(|| "-".to_owned(), |class| class.to_string()),
            day(considered.not_after),
            usable(&considered.verdict),
            line.source,
        ]
    });
    let head = [
        "ADDRESS",
        "FINGERPRINT",
        "KEY",
        "ASSURANCE",
        "VALID UNTIL",
        "VERDICT",
        "SOURCE",
    ];
    Ok(Answer::yes(table::align(head, rows, &[])))
}

pub(super) async fn show(
    holdings: &Holdings,
    fingerprint: &str,
    now: Timestamp,
    as_json: bool,
) -> Result<Answer, String> {
    let certificates = holdings.certificates()?;
    let wanted = meant(&certificates, fingerprint).await?;
    let profile = |address: &Address| holdings.policy.profile(address);
    let all = certificates.of(&wanted, profile, now).await;
    let all = all.map_err(|error| error.to_string())?;
    let lines: Vec<Line> = all.into_iter().map(Line::from).collect();
    if as_json {
        return json(&lines).map(Answer::yes);
    }
    let Some(first) = lines.first() else {
        return Err("the certificate is not there any more".to_owned());
    };
    let known = &first.considered;
    let class = lines.iter().find_map(|line| line.considered.assurance);
    let class = class.map_or_else(
        || "none that its issuers vouch for".to_owned(),
        |class| class.to_string(),
    );
    let mut text = format!(
        "Fingerprint  {}\nSubject      {}\nIssuer       {}\nSerial       {}\nKey          {}\nValid        {} to {}\n\
         Assurance    {class}\n",
        known.fingerprint,
        known.subject,
        known.issuer,
        known.serial,
        known.key,
        day(first.not_before),
        day(known.not_after),
    );
    for line in &lines {
        let whom = line.whom.as_deref().unwrap_or("nobody");
        let verdict = usable(&line.considered.verdict);
        text.push_str(&format!("For          {whom}: {verdict} ({})\n", line.source));
    }
    if let Some((seen, line)) = lines.iter().find_map(|line| Some((line.first_seen?, line))) {
        let last = line.last_seen.unwrap_or(seen);
        text.push_str(&format!("Seen         {} to {}\n", day(seen), day(last)));
        if let Some(note) = &line.note {
            text.push_str(&format!("Note         {}\n", printable(note)));
        }
    }
    Ok(Answer::yes(text))
}

pub(super) async fn find(
    holdings: &Holdings,
    address: &Address,
    now: Timestamp,
    as_json: bool,
) -> Result<Answer, String> {
    let certificates = holdings.certificates()?;
    let choice = certificates
        .choose(address, holdings.policy.profile(address), now)
        .await;
    let considered = choice.map_err(|error| error.to_string())?.considered;
    let text = if as_json {
        json(&considered)?
    } else if considered.is_empty() {
        format!("There is no certificate for {address}.\n")
    } else {
        considered.iter().map(|one| describe(one) + "\n").collect()
    };
    Ok(Answer {
        text,
        yes: !considered.is_empty(),
    })
}
