//! Tries a login outside of any session, for an administrator who sets users up.

use std::path::Path;

use crate::message::Secret;

use super::super::Settings;
use super::directory::{Directory, Silence};
use super::{Claim, Users, Verdict};

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Trial {
    /// The password is right.
    Right {
        /// Who says so: `the file …` or `the directory …`.
        source: String,
        /// What the user may send from; empty when from no address.
        senders: Vec<String>,
    },
    /// It is not, or there is no such user.
    Wrong {
        /// Who says so.
        source: String,
    },
}

/// Whether a mail program could log in with these. Waits for no pause and counts nothing.
///
/// # Errors
/// What the administrator has to mend: no users in the settings, a file that cannot be read, a directory that does not say.
pub async fn try_login(settings: &Settings, name: &str, password: &str) -> Result<Trial, String> {
    if settings.users.is_none() && settings.ldap.is_none() {
        return Err("there are no users: neither [smtp] users nor [smtp.ldap] is set".to_owned());
    }
    let directory = settings.ldap.as_ref().map(Directory::open).transpose()?;
    let secret = Secret::passing().map_err(|error| error.to_string())?;
    let users = Users::open(settings.users.as_deref(), directory, secret)?;
    let claim = Claim::by_password(name, password, &users);
    let claim = claim
        .ok_or("a name or a password like this no user can have: empty, too long, or with forbidden signs")?;
    let name = claim.name.clone();
    let directory = users.directory_of(&name);
    let file = settings.users.as_deref().unwrap_or(Path::new(""));
    let source = match directory {
        Some(directory) => format!("the directory {}", directory.url()),
        None => format!("the file {}", file.display()),
    };
    let silent = |silence: Silence| format!("{source} did not say: {silence}");
    match claim.weigh(&users).await {
        Verdict::False => Ok(Trial::Wrong { source }),
        Verdict::Unknown(silence) => Err(silent(silence)),
        Verdict::True(_) => {
            let senders = match directory {
                None => users.listed_senders(&name),
                Some(directory) => {
                    let senders = directory.senders(&name).await.map_err(silent)?;
                    senders
                        .iter()
                        .flat_map(|all| all.iter())
                        .map(ToString::to_string)
                        .collect()
                }
            };
            Ok(Trial::Right { source, senders })
        }
    }
}
