//! The file with the users: one line each, `name:verifier` and the senders that the user may use, as `sealgate user hash`
//! prints it.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::message::{Address, Pattern, Secret};

use super::super::watched::Watched;
use super::directory::Directory;
use super::verifier::{NoVerifier, ROUNDS, Verifier};

/// The longest name and the longest password that are taken, in octets.
const LONGEST: usize = 512;
const MARK: &str = ":SCRAM-SHA-256$";

/// The users of a file, as it is now, and those of a directory.
#[derive(Debug)]
pub(in crate::smtp) struct Users {
    secret: Secret,
    file: Option<Watched<Table>>,
    directory: Option<Directory>,
}

/// Whether a user may send from an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::smtp) enum Permit {
    Yes,
    No,
    /// Nobody knows, now.
    Unknown,
}

type Table = HashMap<String, User>;

#[derive(Debug)]
struct User {
    verifier: Arc<Verifier>,
    /// From which addresses. None are listed where the name says it.
    senders: Vec<Pattern>,
}

/// No line can be made.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// Of this name.
    #[error("a user's name has 1 to 512 letters, digits or signs; it must not begin with # or hold {MARK:?}")]
    Name,
    /// For this password.
    #[error("a password has 8 to 512 characters, none of them a control character")]
    Password,
    /// There is no randomness.
    #[error("OpenSSL failed: {0}")]
    OpenSsl(#[from] openssl::error::ErrorStack),
}

/// A user's line for the file. Without senders, the user may send from the address that is the name, and from no other.
///
/// # Errors
/// When the name or the password cannot be one.
pub fn line(name: &str, password: &str, senders: &[Pattern]) -> Result<String, UserError> {
    let name = prepare(name)
        .filter(|name| is_name(name))
        .ok_or(UserError::Name)?;
    let password = prepare(password).ok_or(UserError::Password)?;
    if password.chars().count() < 8 {
        return Err(UserError::Password);
    }
    let mut line = format!("{name}:{}", Verifier::new(&password)?);
    for sender in senders {
        line.push_str(&format!(" {sender}"));
    }
    Ok(line)
}

/// The form in which names and passwords are compared (RFC 4013), so that one typed on another keyboard is the same.
pub(super) fn prepare(text: &str) -> Option<String> {
    let prepared = stringprep::saslprep(text).ok()?.into_owned();
    (1..=LONGEST).contains(&prepared.len()).then_some(prepared)
}

fn is_name(name: &str) -> bool {
    !name.starts_with('#') && name.trim() == name && !name.contains(MARK)
}

impl Users {
    /// Reads the file, if there is one. Who is in it is not looked for in the directory.
    ///
    /// # Errors
    /// What the administrator has to mend.
    pub(in crate::smtp) fn open(
        path: Option<&Path>,
        directory: Option<Directory>,
        secret: Secret,
    ) -> Result<Users, String> {
        Ok(Users {
            secret,
            file: path.map(|path| Watched::open(path, read)).transpose()?,
            directory,
        })
    }

    /// What EHLO offers.
    pub(in crate::smtp) fn mechanisms(&self) -> &'static str {
        match self.has_verifiers() {
            true => "AUTH SCRAM-SHA-256 PLAIN LOGIN",
            false => "AUTH PLAIN LOGIN",
        }
    }

    /// Whether there is a file, without which nobody could prove a password that is not shown.
    pub(super) fn has_verifiers(&self) -> bool {
        self.file.is_some()
    }

    /// The directory, when it decides on this name.
    pub(super) fn directory_of(&self, name: &str) -> Option<&Directory> {
        let is_listed = self
            .file
            .as_ref()
            .is_some_and(|file| file.now().contains_key(name));
        self.directory.as_ref().filter(|_| !is_listed)
    }

    /// What proves the password of the user of this name, or of nobody, when there is none.
    pub(super) fn verifier(&self, name: &str) -> Option<Arc<Verifier>> {
        let none = Table::new();
        let table = self.file.as_ref().map(Watched::now);
        let table = table.as_deref().unwrap_or(&none);
        // Both are worked out for every name, so that neither takes longer.
        let seed = self.secret.mac("salt of a user", &[name.as_bytes()]);
        let rounds = table.values().map(|user| user.verifier.rounds).max();
        let nobody = Arc::new(Verifier::of_nobody(&seed, rounds.unwrap_or(ROUNDS)));
        Some(table.get(name).map_or(nobody, |user| Arc::clone(&user.verifier)))
    }

    /// Whether the user of this name may send from the address, as the file, or else the directory, is now: whoever is no
    /// longer in it may send from none. The null sender is nobody's address, and notices of a user's mail program have it
    /// (RFC 8098 §3).
    pub(in crate::smtp) async fn may_send(&self, name: &str, sender: Option<&Address>) -> Permit {
        let Some(name) = prepare(name) else {
            return Permit::No;
        };
        if let Some(may) = self.file_permits(&name, sender) {
            return permit(may);
        }
        let Some(directory) = &self.directory else {
            return Permit::No;
        };
        match directory.senders(&name).await {
            Ok(None) => Permit::No,
            Ok(Some(senders)) => permit(sender.is_none_or(|sender| {
                let key = sender.key();
                senders.iter().any(|own| own.key() == key)
            })),
            Err(error) => {
                tracing::error!(?directory, %error, "the directory did not say what a user may send from");
                Permit::Unknown
            }
        }
    }

    /// What the file lists for a user to send from, or the address that is the name.
    pub(super) fn listed_senders(&self, name: &str) -> Vec<String> {
        let table = self.file.as_ref().map(Watched::now);
        let user = table.as_ref().and_then(|table| table.get(name));
        let listed: Vec<String> = user
            .iter()
            .flat_map(|user| user.senders.iter().map(ToString::to_string))
            .collect();
        match own(name) {
            Some(own) if listed.is_empty() => vec![own.to_string()],
            _ => listed,
        }
    }

    /// What the file says of a user; `None` when it does not name one.
    fn file_permits(&self, name: &str, sender: Option<&Address>) -> Option<bool> {
        let table = self.file.as_ref()?.now();
        let user = table.get(name)?;
        Some(match sender {
            None => true,
            Some(sender) if user.senders.is_empty() => own(name).is_some_and(|own| own.matches(sender)),
            Some(sender) => user.senders.iter().any(|pattern| pattern.matches(sender)),
        })
    }
}

fn permit(may: bool) -> Permit {
    match may {
        true => Permit::Yes,
        false => Permit::No,
    }
}

/// The address that a name is.
fn own(name: &str) -> Option<Pattern> {
    let address: Address = name.parse().ok()?;
    Some(Pattern::Mailbox(address.key()))
}

/// Reads a whole file, or says what is wrong with it.
pub(in crate::smtp) fn check(path: &Path) -> Result<(), String> {
    read(path).map(drop)
}

fn read(path: &Path) -> Result<Table, String> {
    let cannot = |error: std::io::Error| format!("users {path:?} cannot be read: {error}");
    let mode = fs::metadata(path).map_err(cannot)?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(format!(
            "users {path:?} may be read by everybody on this machine (mode {:o}); do: chmod 640",
            mode & 0o777
        ));
    }
    let text = fs::read_to_string(path).map_err(cannot)?;
    let mut table = Table::new();
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let at = |what: String| format!("users {path:?}, line {number}: {what}");
        // A name may hold colons.
        let split = line.find(MARK).and_then(|mark| line.split_at_checked(mark));
        let (name, verifier) = split.map_or(("", line), |(name, rest)| (name, rest.trim_start_matches(':')));
        let mut words = verifier.split_ascii_whitespace();
        let verifier = words.next().unwrap_or_default().parse();
        let verifier = Arc::new(verifier.map_err(|error: NoVerifier| at(error.to_string()))?);
        let senders = words.map(sender).collect::<Result<Vec<_>, _>>().map_err(at)?;
        if !is_name(name) || prepare(name).as_deref() != Some(name) {
            return Err(at("the name is not as `sealgate user hash` writes it".to_owned()));
        }
        if table
            .insert(name.to_owned(), User { verifier, senders })
            .is_some()
        {
            return Err(at("this user was named before".to_owned()));
        }
    }
    Ok(table)
}

fn sender(word: &str) -> Result<Pattern, String> {
    word.parse().map_err(|_| {
        format!(
            "{word:?} is no sender: write addresses, @domain, @*.domain for all below it, or * for any, with blanks between"
        )
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    struct File(PathBuf);

    impl File {
        fn new(name: &str) -> File {
            File(std::env::temp_dir().join(format!("sealgate-users-{name}-{}", std::process::id())))
        }

        fn write(&self, text: &str) {
            fs::write(&self.0, text).unwrap();
            fs::set_permissions(&self.0, fs::Permissions::from_mode(0o640)).unwrap();
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn is(users: &Users, name: &str, password: &str) -> bool {
        users.verifier(name).unwrap().is(password)
    }

    #[test]
    fn users_are_those_of_the_file_as_it_is_now() {
        let file = File::new("now");
        file.write(&format!(
            "# ours\n\n{}\n",
            line("ann@agency.example", "correct horse", &[]).unwrap()
        ));
        let users = Users::open(Some(&file.0), None, Secret::passing().unwrap()).unwrap();
        assert!(is(&users, "ann@agency.example", "correct horse"));
        assert!(!is(&users, "ann@agency.example", "correct hors"));
        assert!(!is(&users, "bob", "battery staple"));
        file.write(&format!(
            "{}\n# and no ann\n",
            line("bob", "battery staple", &[]).unwrap()
        ));
        assert!(is(&users, "bob", "battery staple") && !is(&users, "ann@agency.example", "correct horse"));
        file.write("bob:this is damaged, and longer\n");
        assert!(
            is(&users, "bob", "battery staple"),
            "what was last read stays in force"
        );
    }

    #[test]
    fn nobody_has_the_same_salt_every_time_and_as_many_rounds_as_everybody() {
        let file = File::new("nobody");
        file.write(&line("ann", "correct horse", &[]).unwrap());
        let secret = Secret::passing().unwrap();
        let users = Users::open(Some(&file.0), None, secret.clone()).unwrap();
        let again = Users::open(Some(&file.0), None, secret).unwrap();
        let (first, second) = (users.verifier("bob").unwrap(), again.verifier("bob").unwrap());
        assert!(first == second && first != users.verifier("eve").unwrap());
        let ann = users.verifier("ann").unwrap();
        assert_eq!((first.rounds, first.salt.len()), (ann.rounds, ann.salt.len()));
    }

    #[test]
    fn a_user_may_send_from_the_own_address_or_from_those_that_are_listed() {
        let file = File::new("senders");
        let listed = ["help@agency.example", "@lists.agency.example"].map(|text| text.parse().unwrap());
        let ann = line("ann@agency.example", "correct horse", &[]).unwrap();
        let bob = line("bob", "battery staple", &listed).unwrap();
        let eve = line("eve", "battery staple", &[]).unwrap();
        let any = line("any", "battery staple", &[Pattern::Everybody]).unwrap();
        file.write(&[ann, bob, eve, any].join("\n"));
        let users = Users::open(Some(&file.0), None, Secret::passing().unwrap()).unwrap();
        assert!(is(&users, "bob", "battery staple"));
        for (name, sender, may) in [
            ("ann@agency.example", "Ann@Agency.example", true),
            ("ann@agency.example", "bob@agency.example", false),
            ("ann@agency.example", "ann@sub.agency.example", false),
            ("bob", "HELP@agency.example", true),
            ("bob", "news@lists.agency.example", true),
            ("bob", "news@agency.example", false),
            ("eve", "eve@agency.example", false),
            ("any", "chief@agency.example", true),
            ("nobody", "chief@agency.example", false),
            ("", "chief@agency.example", false),
        ] {
            let sender = sender.parse().unwrap();
            let permitted = users.file_permits(name, Some(&sender)).unwrap_or(false);
            assert_eq!(permitted, may, "{name} {sender}");
        }
        assert_eq!(users.file_permits("eve", None), Some(true));
        assert_eq!(users.file_permits("nobody", None), None);
    }

    #[test]
    fn mistakes_in_the_file_are_named_with_their_line() {
        let file = File::new("mistakes");
        let ann = line("ann", "correct horse", &[]).unwrap();
        for (text, told) in [
            (
                "ann:secret\n".to_owned(),
                "line 1: this is no line of `sealgate user hash`",
            ),
            (format!("{ann}\n{ann}\n"), "line 2: this user was named before"),
            (
                format!("{ann} a@b @"),
                "line 1: \"@\" is no sender: write addresses",
            ),
            (format!("\n {ann}"), "line 2: the name is not as"),
            (ann.replace("ann", ""), "line 1: the name is not as"),
        ] {
            file.write(&text);
            let mistake = check(&file.0).unwrap_err();
            assert!(mistake.contains(told), "{mistake}");
            assert!(!mistake.contains("secret"), "{mistake}");
        }
        fs::set_permissions(&file.0, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(check(&file.0).unwrap_err().contains("chmod 640"));
    }

    #[test]
    fn names_and_passwords_are_prepared_and_bounded() {
        // One letter and a combining mark, or one letter with it: the same password.
        assert_eq!(prepare("pässword"), prepare("pa\u{308}ssword"));
        for (name, password) in [
            ("", "long enough"),
            ("#a", "long enough"),
            (" a", "long enough"),
            ("a", "short"),
            ("a", "tab\tinside it"),
        ] {
            assert!(line(name, password, &[]).is_err(), "{name:?} {password:?}");
        }
    }
}
