//! What the journeys need: a gateway process, a mailbox behind it, a PKI, real mail software, and a place to work.

pub mod counterparts;
pub mod directory;
pub mod gateway;
pub mod mail;
pub mod mailbox;
pub mod openers;
pub mod pki;
pub mod postfix;
#[allow(dead_code, reason = "the tests of the store use the rest of it")]
pub mod server;
pub mod signer;
pub mod slapd;
pub mod tls;
