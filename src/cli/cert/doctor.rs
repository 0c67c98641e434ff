//! `cert check`, the certificate doctor: would mail to an address be encrypted today and in 30 days, and if not,
//! what is there to do?

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Holdings, day, describe, short};
use crate::message::{Address, CertificateVerdict, Considered};
use crate::smime::Settings;
use crate::smime::online::Ocsp;

/// How far the doctor looks ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A setting that can be on or off.
type Rule = fn(&mut Settings) -> &mut bool;

/// What the doctor found.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    pub(super) address: Address,
    pub(super) today: Outlook,
    pub(super) in_30_days: Outlook,
    /// What to do next, in plain words; empty when nothing is to be done.
    pub(super) advice: Vec<String>,
    /// Every certificate that was weighed today, best first.
    pub(super) considered: Vec<Considered>,
}

/// The answer for one moment.
#[derive(Debug, Serialize)]
pub(super) struct Outlook {
    pub(super) encrypted: bool,
    /// The certificate that would be used.
    pub(super) certificate: Option<String>,
    /// Whether that holds only if newer revocation lists come until then.
    pub(super) needs_newer_lists: bool,
}

/// Asks what the gateway would do, with the same code.
///
/// # Errors
/// When the certificates cannot be loaded.
pub(super) async fn examine(
    holdings: &Holdings,
    address: &Address,
    now: Timestamp,
) -> Result<Health, String> {
    let settings = &holdings.settings;
    let today = weigh(holdings, settings, address, now).await?;
    // What a responder will say in 30 days, nobody knows.
    let mut unasked = settings.clone();
    unasked.online.ocsp = Ocsp::Off;
    let later = weigh(holdings, &unasked, address, now + AHEAD).await?;
    let mut advice = Vec::new();
    let outlook = Outlook::of(&today, false);
    let ahead = Outlook::of(&later, settings.require_crl && outlook.encrypted);
    if !outlook.encrypted {
        advice.push(match nearest(&today) {
            Some(nearest) => remedy(settings, address, nearest, now),
            None => format!(
                "Ask {address} for a certificate, best by a digitally signed e-mail (S/MIME). {}",
                place(settings)
            ),
        });
        advice.extend(rules(holdings, address, now).await?);
    } else if !ahead.encrypted {
        let end = nearest(&later).map_or_else(String::new, |nearest| {
            let reason = crate::audit::verdict(&nearest.verdict);
            format!(
                " In 30 days the certificate {} {reason}.",
                short(&nearest.fingerprint)
            )
        });
        advice.push(format!(
            "Ask {address} for a new certificate now, before this one ends.{end} {}",
            place(settings)
        ));
    } else if ahead.needs_newer_lists {
        advice.push(format!(
            "Keep fetching the revocation lists of its issuers into {}: those at hand run out before 30 days are over.",
            settings.crls.display()
        ));
    }
    Ok(Health {
        address: address.clone(),
        today: outlook,
        in_30_days: ahead,
        advice,
        considered: today,
    })
}

async fn weigh(
    holdings: &Holdings,
    settings: &Settings,
    address: &Address,
    at: Timestamp,
) -> Result<Vec<Considered>, String> {
    let choice = holdings
        .certificates_by(settings)?
        .choose(address, holdings.policy.least_demand(address), at)
        .await;
    Ok(choice.map_err(|error| error.to_string())?.considered)
}

impl Outlook {
    /// With `renewed`, a certificate that lacks nothing but a current list counts: lists are fetched anew all the time.
    fn of(considered: &[Considered], renewed: bool) -> Outlook {
        let chosen = considered
            .iter()
            .find(|one| one.verdict == CertificateVerdict::Chosen);
        let listed = |one: &&Considered| renewed && one.verdict == CertificateVerdict::RevocationUnknown;
        let unknown = considered.iter().find(listed);
        Outlook {
            encrypted: chosen.or(unknown).is_some(),
            certificate: chosen.or(unknown).map(|one| one.fingerprint.clone()),
            needs_newer_lists: chosen.is_none() && unknown.is_some(),
        }
    }
}

/// The one that people think of: the most recent.
fn nearest(considered: &[Considered]) -> Option<&Considered> {
    considered.iter().rev().max_by_key(|one| one.not_after)
}

fn place(settings: &Settings) -> String {
    format!(
        "Import it ('sealgate cert import FILE'), or put it into {} and send the gateway SIGHUP.",
        settings.recipients.display()
    )
}

fn remedy(settings: &Settings, address: &Address, nearest: &Considered, now: Timestamp) -> String {
    let print = short(&nearest.fingerprint);
    let new = |kind: &str| format!("Ask {address} for {kind}. {}", place(settings));
    match &nearest.verdict {
        CertificateVerdict::Chosen | CertificateVerdict::Usable => String::new(),
        CertificateVerdict::BelowProfile => new(
            "a certificate with a longer key, or give the recipient another profile under [sealing] in policy.toml: the \
             last one is shorter than the policy asks for",
        ),
        CertificateVerdict::BelowAssurance => new(
            "a certificate whose issuer checks the person or the organization, or change [[assurance]] in policy.toml",
        ),
        CertificateVerdict::NotPostQuantum => new(
            "a certificate with an ML-KEM key (RFC 9935), or change require_from under [post_quantum] in policy.toml",
        ),
        CertificateVerdict::Expired => new("a new certificate: the last one has expired"),
        CertificateVerdict::Revoked => new("a new certificate: its issuer has revoked the last one"),
        CertificateVerdict::WeakKey => {
            new("a certificate with RSA of 2048 bits or more, or with EC P-256 or P-384")
        }
        CertificateVerdict::WrongUsage => {
            new("a certificate for encrypting e-mail; this one is for something else")
        }
        CertificateVerdict::WrongAddress => {
            new("a certificate that names exactly this address in subjectAltName")
        }
        CertificateVerdict::NotYetValid => {
            format!(
                "The certificate {print} is not valid yet. Wait, or ask {address} for one that is valid today ({}).",
                day(now)
            )
        }
        CertificateVerdict::Untrusted(reason) => format!(
            "The certificate {print} is not trusted: {reason}. If you trust its issuer ({}), put the CA's certificate \
             into {}, or into {} if an anchor vouches for it, and send the gateway SIGHUP. Otherwise ask {address} for \
             a certificate of another CA.",
            nearest.issuer,
            settings.anchors.display(),
            settings.intermediates.display()
        ),
        CertificateVerdict::RevocationUnknown => format!(
            "Fetch the current revocation lists of {} and of the CAs above it into {}, and send the gateway SIGHUP.",
            nearest.issuer,
            settings.crls.display()
        ),
        CertificateVerdict::WaitingForApproval => format!(
            "The certificate {print} came by itself and waits for approval. Look at it ('sealgate cert show {print}'), make \
             sure with {address} that it is theirs, and approve it ('sealgate cert approve {print}')."
        ),
        CertificateVerdict::Denied(reason) => format!(
            "The certificate {print} was denied by an administrator: {reason}. If that is over, 'sealgate cert allow' \
             lifts it; who denied what stands in {}.",
            settings.denied.display()
        ),
    }
}

/// Settings that are off, and with which there would be a certificate.
async fn rules(holdings: &Holdings, address: &Address, now: Timestamp) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let all: [(&str, Rule); 3] = [
        ("plus_addresses", |settings| &mut settings.plus_addresses),
        ("subject_addresses", |settings| &mut settings.subject_addresses),
        ("domain_certificates", |settings| {
            &mut settings.domain_certificates
        }),
    ];
    for (name, field) in all {
        let mut other = holdings.settings.clone();
        *field(&mut other) = true;
        let considered = weigh(holdings, &other, address, now).await?;
        if let Some(print) = Outlook::of(&considered, false).certificate {
            found.push(format!(
                "Or set `{name} = true` in [certificates] and restart the gateway: the certificate {} would then be used.",
                short(&print)
            ));
        }
    }
    Ok(found)
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = &self.address;
        match self.today.encrypted {
            true => writeln!(f, "Mail to {address} would be encrypted.")?,
            false => writeln!(f, "Mail to {address} could not be encrypted.")?,
        }
        match (self.in_30_days.encrypted, self.in_30_days.needs_newer_lists) {
            (true, false) => writeln!(f, "In 30 days: encrypted.")?,
            (true, true) => writeln!(f, "In 30 days: encrypted, if newer revocation lists have come.")?,
            (false, _) => writeln!(f, "In 30 days: not encrypted.")?,
        }
        if self.considered.is_empty() {
            writeln!(f, "  There is no certificate for this address.")?;
        }
        for considered in &self.considered {
            writeln!(f, "  {}", describe(considered))?;
        }
        self.advice.iter().try_for_each(|advice| writeln!(f, "{advice}"))
    }
}
