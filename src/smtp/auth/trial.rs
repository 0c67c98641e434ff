//! Tries a login outside of any session, for an administrator who sets users up.

use zeroize::Zeroizing;

use crate::message::Secret;

use super::super::Settings;
use super::{Directory, Users, users};

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
    let directory = settings.ldap.as_ref().map(Directory::open).transpose()?;
    let secret = Secret::passing().map_err(|error| error.to_string())?;
    let users = Users::open(settings.users.as_deref(), directory, secret)?;
    let name = users::prepare(name).ok_or("this name cannot be a user's")?;
    let password = users::prepare(password).map(Zeroizing::new);
    let password =
        password.ok_or("this password cannot be a user's: it is empty, too long, or has forbidden signs")?;
    if let Some(directory) = users.directory_of(&name) {
        let source = format!("the directory {}", directory.url());
        let silent = |error: super::directory::Silence| format!("{source} did not say: {error}");
        if !directory.login(&name, &password).await.map_err(silent)? {
            return Ok(Trial::Wrong { source });
        }
        let senders = directory.senders(&name).await.map_err(silent)?;
        let senders = senders.iter().flat_map(|all| all.iter());
        let senders = senders.map(ToString::to_string).collect();
        return Ok(Trial::Right { source, senders });
    }
    let Some(file) = &settings.users else {
        return Err("there are no users: neither [smtp] users nor [smtp.ldap] is set".to_owned());
    };
    let source = format!("the file {}", file.display());
    match users
        .verifier(&name)
        .is_some_and(|verifier| verifier.is(&password))
    {
        true => Ok(Trial::Right {
            source,
            senders: users.listed_senders(&name),
        }),
        false => Ok(Trial::Wrong { source }),
    }
}
