//! Tests of the module as a whole: a small PKI on disk, real clients.

#[allow(dead_code, reason = "journeys use the rest of it")]
#[path = "../../../tests/journeys/support/counterparts.rs"]
mod counterparts;
mod headers;
mod interop;
mod pki;
mod profiles;
mod revocation;
mod sealing;
mod verdicts;
