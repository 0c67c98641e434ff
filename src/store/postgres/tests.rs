//! What is particular to this kind; everything else is in the contract suite. Against a real PostgreSQL; skipped by name
//! where there is none.

#[allow(dead_code, reason = "journeys use the rest of it")]
#[allow(
    clippy::duplicate_mod,
    reason = "shared with the journeys, which are a crate of their own"
)]
#[path = "../../../tests/journeys/support/counterparts.rs"]
mod counterparts;
mod losing;
#[allow(dead_code, reason = "journeys use the rest of it")]
#[allow(
    clippy::duplicate_mod,
    reason = "shared with the journeys, which are a crate of their own"
)]
#[path = "../../../tests/journeys/support/server.rs"]
mod server;
mod sharing;
mod tls;
mod upgrade;

use std::sync::OnceLock;

use crate::store::contract::{self, Ground};
use crate::store::samples::TemporaryDirectory;
use crate::store::{Settings, Store, Url, invariant};
use counterparts::have;
use server::Server;

use super::Postgres;

/// One server for all tests of this process; it ends with the process.
fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| Server::start("unit", "", 5432)).as_ref()
}

/// A database of its own.
struct Database {
    directory: TemporaryDirectory,
    server: &'static Server,
    name: String,
}

impl Database {
    fn new(server: &'static Server) -> Database {
        Database {
            directory: TemporaryDirectory::new(),
            name: server.database(),
            server,
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            url: Some(Url::from(self.server.url(&self.name))),
            ..self.directory.settings()
        }
    }

    fn named(&self, gateway: &str) -> Settings {
        Settings {
            gateway: Some(gateway.to_owned()),
            ..self.settings()
        }
    }

    fn ask(&self, text: &str) -> String {
        self.server.ask(&self.name, text)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self
            .server
            .sql("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

impl Ground for Database {
    async fn open(&self) -> Store {
        Store::open(&self.settings()).await.unwrap()
    }
}

/// A new database for the test of that name, or nothing where there is no PostgreSQL.
fn database(test: &str) -> Option<Database> {
    if !have(test, &["psql", "setpriv"]) || !Server::is_installed(test) {
        return None;
    }
    server().map(Database::new)
}

mod contract_suite {
    use super::*;

    contract::suite!(match database("the contract of a store on PostgreSQL") {
        Some(database) => database,
        None => return,
    });

    #[test]
    fn no_sequence_of_steps_loses_or_changes_a_copy() {
        let Some(_) = database("no_sequence_of_steps_loses_or_changes_a_copy") else {
            return;
        };
        invariant::no_sequence_of_steps_loses_or_changes_a_copy(|| database("again").unwrap());
    }
}
