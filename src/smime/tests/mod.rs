//! Tests of the module as a whole: a small PKI on disk, real clients.

mod authority;
mod containers;
#[allow(dead_code, reason = "journeys use the rest of it")]
#[allow(
    clippy::duplicate_mod,
    reason = "shared with the journeys, which are a crate of their own"
)]
#[path = "../../../tests/journeys/support/counterparts.rs"]
pub mod counterparts;
mod crafted;
mod dns;
mod header_rules;
mod headers;
mod interop;
mod keys;
mod ldap;
mod opening;
pub mod pki;
mod pkits;
mod profiles;
mod quantum;
mod register;
mod revocation;
mod sealing;
pub mod signed;
pub mod signing;
mod verdicts;
