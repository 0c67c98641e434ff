//! `cert deny` and `cert allow`: an administrator's word on a certificate or a CA, recorded.

use jiff::Timestamp;

use super::{About, Allow, Answer, Deny, Holdings, meant};
use crate::smime::{Denied, Subject, fingerprint};

/// What makes a change count.
const NEXT: &str = "Send the gateway SIGHUP to make it count.";

pub(super) async fn deny(holdings: &Holdings, what: &Deny, now: Timestamp) -> Result<Answer, String> {
    if what.reason.trim().is_empty() {
        return Err("the reason is empty".to_owned());
    }
    let subject = subject(holdings, &what.about).await?;
    let file = &holdings.settings.denied;
    let mut record = Denied::load(file)?;
    record.deny(&subject, &what.reason, &person(what.by.as_deref()), now)?;
    record.save(file)?;
    Ok(Answer::yes(format!("Denied {}. {NEXT}\n", words(&subject))))
}

pub(super) async fn allow(holdings: &Holdings, what: &Allow, now: Timestamp) -> Result<Answer, String> {
    let subject = subject(holdings, &what.about).await?;
    let file = &holdings.settings.denied;
    let mut record = Denied::load(file)?;
    record.allow(&subject, &person(what.by.as_deref()), now)?;
    record.save(file)?;
    Ok(Answer::yes(format!(
        "Allowed {} again. {NEXT}\n",
        words(&subject)
    )))
}

/// A whole fingerprint need not be known: what is denied may come later.
async fn subject(holdings: &Holdings, about: &About) -> Result<Subject, String> {
    match (&about.fingerprint, &about.issuer) {
        (Some(text), _) => match fingerprint(text) {
            Some(whole) => Ok(Subject::Certificate(whole)),
            None => meant(&holdings.certificates()?, text)
                .await
                .map(Subject::Certificate),
        },
        (None, Some(name)) if !name.trim().is_empty() => Ok(Subject::Issuer(name.clone())),
        _ => Err("name a fingerprint or an issuer".to_owned()),
    }
}

fn words(subject: &Subject) -> String {
    match subject {
        Subject::Certificate(print) => format!("the certificate {print}"),
        Subject::Issuer(name) => format!("everything that {name} has issued"),
    }
}

/// Who runs the command: the person behind `sudo`, if there is one.
pub(in crate::cli) fn person(named: Option<&str>) -> String {
    let variables = ["SUDO_USER", "LOGNAME", "USER"].into_iter();
    let mut values = variables.filter_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let user = || values.next().unwrap_or_else(|| "unknown".to_owned());
    named.map_or_else(user, str::to_owned)
}
