//! Where the PostgreSQL of a cluster is: its address as it stands in the settings, without ever showing the password.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{PolicySource, Settings};

/// `postgres://user@host/database`, as an administrator wrote it. It may hold a password, so it is printed nowhere: not by
/// `Debug`, not by errors.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Url(String);

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://…")
    }
}

impl From<String> for Url {
    fn from(text: String) -> Url {
        Url(text)
    }
}

/// Parameters that the driver knows. An unknown one would be logged with its value, and what it is for would not happen.
const PARAMETERS: &[&str] = &[
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "options",
];

impl Settings {
    /// Whether several gateways share one PostgreSQL.
    pub fn is_shared(&self) -> bool {
        self.url.is_some()
    }

    /// What is wrong with these settings, each with the setting's name first.
    pub fn mistakes(&self) -> Vec<String> {
        let mut list = Vec::new();
        if let Some(url) = &self.url {
            list.extend(url.mistake().map(|mistake| format!("`url` {mistake}")));
        }
        for (name, is_set) in [
            ("password_file", self.password_file.is_some()),
            ("gateway", self.gateway.is_some()),
        ] {
            if is_set && self.url.is_none() {
                list.push(format!(
                    "`{name}` is for a shared store only: set `url`, or leave it out"
                ));
            }
        }
        if self.policies == PolicySource::Published && self.url.is_none() {
            list.push(
                "`policies` is \"published\", which is for a shared store only: set `url`, or leave it out"
                    .to_owned(),
            );
        }
        if self.connections < 3 {
            list.push(
                "`connections` must be 3 or more: one accepts, one delivers, one looks things up".to_owned(),
            );
        }
        list
    }

    /// How to connect, with the password and with TLS where the network is not the machine's own.
    ///
    /// # Errors
    /// What is wrong, without the password.
    pub(super) fn connect_options(&self) -> Result<PgConnectOptions, String> {
        let url = self.url.as_ref().ok_or("there is no `url`")?;
        if let Some(mistake) = url.mistake() {
            return Err(format!("[store] url {mistake}"));
        }
        let mut options = url.parse()?;
        if let Some(file) = &self.password_file {
            options = options.password(&password(file)?);
        }
        if !url.names("sslmode") {
            // What the driver does by default falls back to no TLS when somebody in between says so.
            let mode = match is_local(&options) {
                true => PgSslMode::Disable,
                false => PgSslMode::VerifyFull,
            };
            options = options.ssl_mode(mode);
        }
        Ok(options.application_name("sealgate").disable_statement_logging())
    }
}

impl Url {
    fn parse(&self) -> Result<PgConnectOptions, String> {
        // The driver's words may quote what it could not read.
        PgConnectOptions::from_str(&self.0).map_err(|_| {
            "cannot be read: write it like \"postgres://sealgate@db.agency.example/sealgate\"".to_owned()
        })
    }

    fn parameters(&self) -> impl Iterator<Item = &str> {
        let query = self.0.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name))
    }

    fn names(&self, parameter: &str) -> bool {
        self.parameters().any(|name| name == parameter)
    }

    fn mistake(&self) -> Option<String> {
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| self.0.starts_with(scheme))
        {
            return Some("must begin with \"postgres://\"; leave it out for the built-in store".to_owned());
        }
        if self.parameters().any(|name| !PARAMETERS.contains(&name)) {
            return Some(format!(
                "has a parameter that is not known; there are {}",
                PARAMETERS.join(", ")
            ));
        }
        let options = match self.parse() {
            Ok(options) => options,
            Err(mistake) => return Some(mistake),
        };
        let falls_back = matches!(options.get_ssl_mode(), PgSslMode::Allow | PgSslMode::Prefer);
        (falls_back && self.names("sslmode") && !is_local(&options)).then(|| {
            "has an `sslmode` that goes on without TLS when the server offers none; use \"verify-full\", the default, or \
             \"disable\" if the network is your own"
                .to_owned()
        })
    }
}

/// For people: where it is, and nothing that is secret.
pub(super) fn in_words(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or(options.get_username());
    match options.get_socket() {
        Some(socket) => format!("PostgreSQL at {}, database {database}", socket.display()),
        None => format!(
            "PostgreSQL at {}:{}, database {database}",
            options.get_host(),
            options.get_port()
        ),
    }
}

/// Whether the connection stays on this machine.
pub(super) fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let is_loopback = |address: std::net::IpAddr| address.is_loopback();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(is_loopback)
}

/// The first line of a file.
fn password(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Settings {
        Settings {
            url: Some(Url(url.to_owned())),
            ..Settings::default()
        }
    }

    #[test]
    fn a_password_is_in_no_words_about_the_settings() {
        for url in [
            "postgres://ann:geheim@db.example/mail?sslmode=sometimes",
            "postgres://ann:geheim@db.example:notaport/mail",
            "mysql://ann:geheim@db.example/mail",
            "postgres://ann:geheim@db.example/mail?pasword=geheim",
            "postgres://ann:geheim@db.example/mail?sslmode=prefer",
        ] {
            let settings = settings(url);
            let words = format!(
                "{settings:?} {:?} {:?}",
                settings.mistakes(),
                settings.connect_options().err()
            );
            assert!(!words.contains("geheim"), "{words}");
            assert_eq!(settings.mistakes().len(), 1, "{words}");
        }
    }

    #[test]
    fn a_connection_that_leaves_the_machine_is_encrypted_and_verified_unless_told_otherwise() {
        let mode = |url: &str| settings(url).connect_options().unwrap().get_ssl_mode();
        assert!(matches!(
            mode("postgres://ann@db.example/mail"),
            PgSslMode::VerifyFull
        ));
        assert!(matches!(
            mode("postgres://ann@10.0.0.1/mail?sslmode=disable"),
            PgSslMode::Disable
        ));
        for local in ["localhost", "127.0.0.1", "[::1]", "%2Frun%2Fpostgresql"] {
            let url = format!("postgres://ann@{local}/mail");
            assert!(matches!(mode(&url), PgSslMode::Disable), "{local}");
        }
    }

    #[test]
    fn where_it_is_is_told_without_who_asks() {
        let options = settings("postgres://ann:geheim@db.example:5433/mail").connect_options();
        assert_eq!(
            in_words(&options.unwrap()),
            "PostgreSQL at db.example:5433, database mail"
        );
    }
}
