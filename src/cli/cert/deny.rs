//! `cert deny` and `cert allow`: an administrator's word on a certificate or a CA, recorded.

use jiff::Timestamp;

use super::{About, Allow, Answer, Deny, meant};
use crate::smime::{Certificates, Denied, Settings, Subject, fingerprint};

/// What makes a change count.
const NEXT: &str = "Send the gateway SIGHUP to make it count.";

pub(super) fn deny(settings: &Settings, what: &Deny, now: Timestamp) -> Result<Answer, String> {
    if what.reason.trim().is_empty() {
        return Err("the reason is empty".to_owned());
    }
    let subject = subject(settings, &what.about, now)?;
    let mut record = Denied::load(&settings.denied)?;
    record.deny(&subject, &what.reason, &person(what.by.as_deref()), now)?;
    record.save(&settings.denied)?;
    Ok(Answer::yes(format!("Denied {}. {NEXT}\n", words(&subject))))
}

pub(super) fn allow(settings: &Settings, what: &Allow, now: Timestamp) -> Result<Answer, String> {
    let subject = subject(settings, &what.about, now)?;
    let mut record = Denied::load(&settings.denied)?;
    record.allow(&subject, &person(what.by.as_deref()), now)?;
    record.save(&settings.denied)?;
    Ok(Answer::yes(format!(
        "Allowed {} again. {NEXT}\n",
        words(&subject)
    )))
}

/// A whole fingerprint need not be known: what is denied may come later.
fn subject(settings: &Settings, about: &About, now: Timestamp) -> Result<Subject, String> {
    match (&about.fingerprint, &about.issuer) {
        (Some(text), _) => match fingerprint(text) {
            Some(whole) => Ok(Subject::Certificate(whole)),
            None => meant(&Certificates::load(settings)?, text, now).map(Subject::Certificate),
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
pub(super) fn person(named: Option<&str>) -> String {
    let variables = ["SUDO_USER", "LOGNAME", "USER"].into_iter();
    let mut values = variables.filter_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let user = || values.next().unwrap_or_else(|| "unknown".to_owned());
    named.map_or_else(user, str::to_owned)
}
