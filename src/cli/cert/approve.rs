//! `cert approve` and `cert remove`: an administrator's word on what came into the register by itself.

use clap::Args;
use jiff::Timestamp;

use super::deny::person;
use super::{Answer, Holdings, SettingsFile, day, meant, short, usable};
use crate::audit::printable;
use crate::message::{Address, CertificateVerdict};
use crate::smime::{Entry, EntryState, Register};

/// What is approved.
#[derive(Args)]
pub struct Approve {
    /// SHA-256 of a certificate in the register, or the first 8 digits of it or more
    fingerprint: String,
    /// Vouch for this certificate although no path leads from it to an anchor, such as a self-signed one. Make sure by
    /// another way that it is the recipient's: whoever holds its key reads the mail
    #[arg(long)]
    without_issuer: bool,
    /// Why; the register keeps it
    #[arg(long, default_value = "")]
    reason: String,
    /// Who decided; without it the user who runs the command
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    pub(super) file: SettingsFile,
}

/// What is removed.
#[derive(Args)]
pub struct Remove {
    /// SHA-256 of a certificate in the register, or the first 8 digits of it or more
    fingerprint: String,
    #[command(flatten)]
    pub(super) file: SettingsFile,
}

pub(super) async fn approve(holdings: &Holdings, what: &Approve, now: Timestamp) -> Result<Answer, String> {
    let (store, entry) = entry(holdings, &what.fingerprint).await?;
    let print = entry.certificate.fingerprint();
    let certificates = holdings.certificates()?;
    let profile = |address: &Address| holdings.policy.profile(address);
    let preview = certificates.preview(entry.certificate.clone(), entry.origin, profile, now);
    let untrusted = |verdict: &CertificateVerdict| matches!(verdict, CertificateVerdict::Untrusted(_));
    let refused = preview
        .iter()
        .map(|listed| &listed.considered.verdict)
        .find(|one| untrusted(one));
    let state = match (refused, what.without_issuer) {
        (Some(verdict), false) => {
            return Err(format!(
                "the certificate {} {}. Approval alone does not mend that: put its CA into the anchors, or vouch for \
                 this certificate with --without-issuer",
                short(print),
                usable(verdict)
            ));
        }
        (_, true) => EntryState::Vouched,
        (None, false) => EntryState::InUse,
    };
    let mut note = format!("approved by {} on {}", person(what.by.as_deref()), day(now));
    if !what.reason.trim().is_empty() {
        note = format!("{note}: {}", what.reason);
    }
    let done = store.set_state(print, state, &printable(&note)).await;
    if !done.map_err(|error| error.to_string())? {
        return Err("the certificate is not in the register any more".to_owned());
    }
    let mut text = format!("Approved {print}. The gateway uses it from now on.\n");
    for listed in preview {
        let verdict = &listed.considered.verdict;
        if *verdict != CertificateVerdict::Usable && !untrusted(verdict) {
            let whom = listed.whom().unwrap_or_else(|| "nobody".to_owned());
            text = format!("Approved {print}, but for {whom} it {}.\n", usable(verdict));
        }
    }
    Ok(Answer::yes(text))
}

pub(super) async fn remove(holdings: &Holdings, what: &Remove) -> Result<Answer, String> {
    let (store, entry) = entry(holdings, &what.fingerprint).await?;
    let print = entry.certificate.fingerprint();
    let done = store.remove(print).await.map_err(|error| error.to_string())?;
    match done {
        true => Ok(Answer::yes(format!(
            "Removed {print} from the register. It may come again; 'sealgate cert deny' keeps it out.\n"
        ))),
        false => Err("the certificate is not in the register any more".to_owned()),
    }
}

/// The entry that is meant, and the register that it is in.
async fn entry(holdings: &Holdings, text: &str) -> Result<(crate::store::Store, Entry), String> {
    let store = holdings.register()?;
    let print = meant(&holdings.certificates()?, text).await?;
    let found = store
        .beginning_with(&print)
        .await
        .map_err(|error| error.to_string())?;
    match found.into_iter().next() {
        Some(entry) => Ok((store, entry)),
        None => Err(format!(
            "the certificate {} is not in the register but in {}; files there are in use as they are",
            short(&print),
            holdings.settings.recipients.display()
        )),
    }
}
