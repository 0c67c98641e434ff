//! Sealgate: the relay that seals personal information before it leaves.
//!
//! A mail server hands its outbound mail to Sealgate over SMTP. Each message takes one path:
//!
//! 1. [`smtp`] receives an envelope and the exact bytes of a message.
//! 2. [`inspect`] reads them in a jailed child: [`mime`] gives every plausible reading of the structure,
//!    [`documents`] turns attachments into text, [`detect`] searches the texts for personal information.
//! 3. [`policy`] decides, for each recipient of the envelope, what may happen. It is a pure function.
//! 4. [`protect`] carries the decision out, with [`smime`] for certificates, trust and sealing.
//! 5. [`notice`] tells the sender, once, what did not leave and why.
//! 6. [`store`] makes all of it durable in one transaction, with the decision records of [`audit`].
//! 7. Only now does the mail server read `250`. What [`queue`] holds, [`deliver`] brings to the next hop.
//!
//! [`relay::Gateway::accept`] is that list as code. Anything that fails on the way ends in `451`: the gateway keeps
//! nothing, and the mail server still has the message. `tests/layers.rs` holds each module to the imports
//! that its place on the path allows.

pub mod audit;
pub mod cli;
pub mod config;
pub mod deliver;
pub mod detect;
pub mod dkim;
pub mod documents;
pub mod inspect;
pub mod ldap;
pub mod message;
pub mod mime;
pub mod notice;
pub mod policy;
pub mod protect;
pub mod queue;
pub mod relay;
pub mod smime;
pub mod smtp;
pub mod store;
