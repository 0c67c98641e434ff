//! `cert list`, `cert show`, `cert find`: what there is.

use jiff::Timestamp;
use serde::Serialize;

use super::{Answer, day, describe, json, meant, short, usable};
use crate::cli::table;
use crate::message::{Address, Considered};
use crate::policy::Policy;
use crate::smime::{Certificates, Listed, Settings};

/// One line of the list in JSON.
#[derive(Serialize)]
struct Line {
    /// The address, or `@domain`; nothing when it names neither.
    #[serde(rename = "for")]
    whom: Option<String>,
    file: String,
    not_before: Timestamp,
    #[serde(flatten)]
    considered: Considered,
}

impl From<Listed> for Line {
    fn from(listed: Listed) -> Line {
        Line {
            whom: listed.whom(),
            file: listed.file.display().to_string(),
            not_before: listed.certificate.not_before(),
            considered: listed.considered,
        }
    }
}

pub(super) fn list(
    settings: &Settings,
    policy: &Policy,
    now: Timestamp,
    as_json: bool,
) -> Result<Answer, String> {
    let certificates = Certificates::load(settings)?;
    let lines: Vec<Line> = certificates
        .all(|address| policy.least_demand(address), now)
        .map(Line::from)
        .collect();
    if as_json {
        return json(&lines).map(Answer::yes);
    }
    if lines.is_empty() {
        let folder = settings.recipients.display();
        return Ok(Answer::yes(format!("There are no certificates in {folder}.\n")));
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
            line.file,
        ]
    });
    let head = [
        "ADDRESS",
        "FINGERPRINT",
        "KEY",
        "ASSURANCE",
        "VALID UNTIL",
        "VERDICT",
        "FILE",
    ];
    Ok(Answer::yes(table::align(head, rows, &[])))
}

pub(super) fn show(
    settings: &Settings,
    policy: &Policy,
    fingerprint: &str,
    now: Timestamp,
    as_json: bool,
) -> Result<Answer, String> {
    let certificates = Certificates::load(settings)?;
    let wanted = meant(&certificates, fingerprint, now)?;
    let all = certificates
        .all(|address| policy.least_demand(address), now)
        .filter(|listed| listed.considered.fingerprint == wanted);
    let lines: Vec<Line> = all.map(Line::from).collect();
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
        text.push_str(&format!("For          {whom}: {verdict} ({})\n", line.file));
    }
    Ok(Answer::yes(text))
}

pub(super) async fn find(
    settings: &Settings,
    policy: &Policy,
    address: &Address,
    now: Timestamp,
    as_json: bool,
) -> Result<Answer, String> {
    let certificates = Certificates::load(settings)?;
    let choice = certificates
        .choose(address, policy.least_demand(address), now)
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
