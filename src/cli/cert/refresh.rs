//! `cert refresh`: asks the issuers of certificates now.

use jiff::Timestamp;

use super::{Answer, Holdings, json};

pub(super) async fn refresh(holdings: &Holdings, now: Timestamp, as_json: bool) -> Result<Answer, String> {
    if !holdings.settings.online.is_on() {
        return Err(
            "nothing may be fetched: turn on `crls` or `intermediates` in [certificates.online], and name the hosts"
                .to_owned(),
        );
    }
    let certificates = holdings.certificates()?;
    let refreshed = certificates
        .refresh_all(now)
        .await
        .map_err(|error| error.to_string())?;
    let yes = refreshed.failed.is_empty();
    if as_json {
        return Ok(Answer {
            text: json(&refreshed)?,
            yes,
        });
    }
    let mut text = String::new();
    for place in &refreshed.fetched {
        text.push_str(&format!("new     {place}\n"));
    }
    for (place, why) in &refreshed.failed {
        text.push_str(&format!("failed  {place}: {why}\n"));
    }
    text.push_str(&format!("{} fresh enough already\n", refreshed.fresh));
    if !refreshed.fetched.is_empty() {
        text.push_str("A running gateway takes in what is new on SIGHUP.\n");
    }
    Ok(Answer { text, yes })
}
