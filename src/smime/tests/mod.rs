//! Tests of the module as a whole: a small PKI on disk, real clients.

mod clients;
mod headers;
mod pki;
mod revocation;
mod sealing;
mod verdicts;
