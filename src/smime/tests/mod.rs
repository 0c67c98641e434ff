//! Tests of the module as a whole: a small PKI on disk, real clients.

mod containers;
#[allow(dead_code, reason = "journeys use the rest of it")]
#[path = "../../../tests/journeys/support/counterparts.rs"]
mod counterparts;
mod crafted;
mod dns;
mod headers;
mod interop;
mod ldap;
pub(super) mod pki;
mod pkits;
mod profiles;
mod register;
mod revocation;
mod sealing;
mod signed;
mod verdicts;
