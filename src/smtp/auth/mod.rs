//! Who may send from anywhere: users with passwords (RFC 4954), by PLAIN (RFC 4616), LOGIN and SCRAM-SHA-256
//! (RFC 7677). They stand in a file, or in a directory, which takes PLAIN and LOGIN only: for SCRAM, it would have to give
//! its verifiers away. Knows no session; [`Exchange`] takes what the client says and answers what comes next.
//!
//! What an answer says, and how long it takes, does not depend on whether there is a user of that name: names that do not
//! exist have verifiers as well, which no password fits, and whose salt stays the same.

mod base64;
mod directory;
mod scram;
mod trial;
mod users;
mod verifier;

use std::sync::Arc;

use zeroize::Zeroizing;

use verifier::Verifier;

pub(super) use directory::Directory;
pub use directory::{Depth, DirectorySettings};
pub use trial::{Trial, try_login};
pub(super) use users::{Permit, Users, check};
pub use users::{UserError, line as user_line};

/// An exchange under way.
#[derive(Debug)]
pub(super) enum Exchange {
    Plain,
    LoginName,
    LoginPassword(String),
    ScramFirst,
    ScramFinal(String, Arc<Verifier>, scram::Challenged),
    /// The server has proved itself, and the client has still to say that it has seen it.
    ScramDone(String),
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Step {
    /// Send this and wait for the answer.
    Ask(Exchange, String),
    /// Check this, and go on with [`Claim::proved`].
    Check(Claim),
    /// It is this user.
    Done(String),
    /// What the client said is no part of such an exchange.
    Malformed,
}

/// That the client is this user.
#[derive(Debug)]
pub(super) struct Claim {
    name: String,
    verifier: Arc<Verifier>,
    evidence: Evidence,
}

enum Evidence {
    Password(Zeroizing<String>),
    Proof(scram::Proof),
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evidence")
    }
}

impl Exchange {
    /// The mechanism of this name, and what is sent first when the client has not begun.
    pub(super) fn begin(mechanism: &str, users: &Users) -> Option<(Exchange, &'static str)> {
        match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => Some((Exchange::Plain, "")),
            // "Username:", as every client of this mechanism, which no standard describes, expects it.
            "LOGIN" => Some((Exchange::LoginName, "VXNlcm5hbWU6")),
            "SCRAM-SHA-256" if users.has_verifiers() => Some((Exchange::ScramFirst, "")),
            _ => None,
        }
    }

    /// Goes on with what the client answered, in base 64.
    pub(super) fn step(self, answer: &str, users: &Users) -> Step {
        let octets = base64::decode(answer).map(Zeroizing::new);
        let text = octets
            .as_ref()
            .and_then(|octets| std::str::from_utf8(octets).ok());
        let Some(text) = text else {
            return Step::Malformed;
        };
        self.read(text, users).unwrap_or(Step::Malformed)
    }

    fn read(self, text: &str, users: &Users) -> Option<Step> {
        match self {
            Exchange::Plain => {
                let mut parts = text.split('\0');
                let (acts_for, name, password) = (parts.next()?, parts.next()?, parts.next()?);
                let fits = parts.next().is_none() && (acts_for.is_empty() || acts_for == name);
                let claim = fits.then(|| Claim::by_password(name, password, users)).flatten();
                claim.map(Step::Check)
            }
            Exchange::LoginName => Some(Step::Ask(
                Exchange::LoginPassword(text.to_owned()),
                "UGFzc3dvcmQ6".to_owned(),
            )),
            Exchange::LoginPassword(name) => Claim::by_password(&name, text, users).map(Step::Check),
            Exchange::ScramFirst => {
                let first = scram::first(text)?;
                let name = users::prepare(&first.name)?;
                let verifier = users.verifier(&name)?;
                let (challenged, challenge) = first.challenge(&verifier, &half()?);
                Some(Step::Ask(
                    Exchange::ScramFinal(name, verifier, challenged),
                    base64::encode(challenge.as_bytes()),
                ))
            }
            Exchange::ScramFinal(name, verifier, challenged) => {
                let evidence = Evidence::Proof(challenged.finish(text)?);
                Some(Step::Check(Claim {
                    name,
                    verifier,
                    evidence,
                }))
            }
            Exchange::ScramDone(name) => text.is_empty().then_some(Step::Done(name)),
        }
    }
}

/// The server's half of the nonce, printable and without comma (RFC 5802 §5.1).
fn half() -> Option<String> {
    let mut octets = [0; 18];
    openssl::rand::rand_bytes(&mut octets).ok()?;
    Some(base64::encode(&octets))
}

/// What a claim has turned out to be.
#[derive(Debug)]
pub(super) enum Verdict {
    True(Claim),
    False,
    /// Nobody knows, now.
    Unknown(directory::Silence),
}

impl Claim {
    /// With a name and a password as they were typed, when they can be any.
    fn by_password(name: &str, password: &str, users: &Users) -> Option<Claim> {
        let name = users::prepare(name)?;
        let password = Zeroizing::new(users::prepare(password)?);
        Some(Claim {
            verifier: users.verifier(&name)?,
            name,
            evidence: Evidence::Password(password),
        })
    }

    /// Whether it is true, as the file says, or else the directory. The session that waits for it holds nobody up.
    pub(super) async fn weigh(self, users: &Users) -> Verdict {
        let directory = users.directory_of(&self.name);
        if let (Evidence::Password(password), Some(directory)) = (&self.evidence, directory) {
            return match directory.login(&self.name, password).await {
                Ok(true) => {
                    let name = directory::fold(&self.name);
                    Verdict::True(Claim { name, ..self })
                }
                Ok(false) => Verdict::False,
                Err(silence) => {
                    tracing::error!(?directory, %silence, "the directory did not say whether a login is right");
                    Verdict::Unknown(silence)
                }
            };
        }
        let checked = tokio::task::spawn_blocking(move || self.is_true().then_some(self)).await;
        match checked {
            Ok(Some(claim)) => Verdict::True(claim),
            Ok(None) | Err(_) => Verdict::False,
        }
    }

    /// Whether it is true, as the file says. Takes about ten milliseconds of processor time.
    pub(super) fn is_true(&self) -> bool {
        match &self.evidence {
            Evidence::Password(password) => self.verifier.is(password),
            Evidence::Proof(proof) => proof.fits(&self.verifier),
        }
    }

    /// What comes next once it has been found true.
    pub(super) fn proved(self) -> Step {
        match self.evidence {
            Evidence::Password(_) => Step::Done(self.name),
            Evidence::Proof(proof) => match proof.answer(&self.verifier) {
                Some(answer) => Step::Ask(Exchange::ScramDone(self.name), base64::encode(answer.as_bytes())),
                None => Step::Malformed,
            },
        }
    }
}
