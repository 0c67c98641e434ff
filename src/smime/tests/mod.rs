//! Tests of the module as a whole: a small PKI on disk, real clients.

mod clients;
#[path = "../../../tests/journeys/support/counterparts.rs"]
mod counterparts;
mod crafted;
mod headers;
mod pki;
mod pkits;
mod revocation;
mod sealing;
mod verdicts;
