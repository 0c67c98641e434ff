//! Mail whose sender requires TLS on the whole way (RFC 8689): what is asked of a host beyond the settings, and what it
//! comes to when no host has it.
//!
//! | what is found | what it comes to, when no other host takes the mail |
//! |---|---|
//! | the host does not offer REQUIRETLS | `5.7.30`, final (RFC 8689 §4.2.1) |
//! | it does not offer TLS, or nothing proves who it is | `5.7.10`, final |
//! | no connection, no answer of the DNS, a handshake that fails, a certificate that is not valid today | tried again |
//!
//! The last line is what may be otherwise in an hour; RFC 8689 leaves it to the sender how long it tries, and all that
//! time nothing is sent. Mail with a null sender prefers such a way and takes another one rather than none (§5).

use super::Attempt;
use super::plan::Candidate;
use super::report::Failure;
use super::route::Way;
use super::session::Session;
use super::target::{Security, Target};
use super::wire::Broken;

/// REQUIRETLS support required.
const UNSUPPORTED: &str = "5.7.30";
/// Encryption needed.
const NEEDED: &str = "5.7.10";

/// The same host, asked for a certificate that proves who it is.
///
/// # Errors
/// When nothing could prove it.
pub(super) fn raised(mut target: Target, candidate: &Candidate, way: &Way) -> Result<Target, Attempt> {
    target.security = match &target.security {
        Security::Verify(_) | Security::Dane(..) => return Ok(target),
        // RFC 8461 §5: what a domain only tries out is its policy nevertheless.
        Security::Trial(names) => Security::Verify(names.clone()),
        Security::None => return Err(needed(&target.name, "the settings turn TLS off for it")),
        Security::Opportunistic | Security::Required => match candidate.own_names(way) {
            Some(names) => Security::Verify(names),
            None => {
                let why =
                    "neither DNSSEC nor an MTA-STS policy proves that it is the recipient's mail server";
                return Err(needed(&target.name, why));
            }
        },
    };
    Ok(target.with_key())
}

/// What it comes to with a host that has answered; `None` when it promises what is asked.
pub(super) fn lack(session: &Session, target: &Target) -> Option<Attempt> {
    (!session.extensions.requiretls).then(|| {
        Attempt::Never(format!(
            "{UNSUPPORTED} the sender requires TLS on the whole way (REQUIRETLS), and {} does not promise it",
            target.name
        ))
    })
}

/// What a session that could not be had comes to.
pub(super) fn without_session(broken: Broken, target: &Target) -> Attempt {
    match broken {
        Broken::NoTls(Failure::NotSupported, _) => needed(&target.name, "it does not offer TLS"),
        other => Attempt::NotNow(other.into_text()),
    }
}

/// Whether it was for want of TLS, or of a promise of it, that this recipient got nothing.
pub(super) fn is_lack(attempt: &Attempt) -> bool {
    let begins = |text: &String| [UNSUPPORTED, NEEDED].iter().any(|code| text.starts_with(code));
    matches!(attempt, Attempt::Never(text) if begins(text))
}

fn needed(host: &str, why: &str) -> Attempt {
    Attempt::Never(format!(
        "{NEEDED} the sender requires TLS with verified hosts (REQUIRETLS), and nothing is sent to {host}: {why}"
    ))
}
