//! Journeys: the real program on loopback, with real mail software before and behind it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod support;

mod authority;
mod cluster;
mod commands;
mod delivery;
mod directory_users;
mod disk;
mod dkim;
mod dsn;
mod durable;
mod enrolment;
mod hostile;
mod hsm;
mod inbound;
mod login;
mod outcomes;
mod postfix;
mod profiles;
mod receiving;
mod refusals;
mod requiretls;
mod resent;
mod settings;
mod signing;
mod smuggling;
mod sources;
