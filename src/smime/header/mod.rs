//! The header section of a message: which of it stays outside of the seal, and which goes inside.
//!
//! Must not know: cryptography.

pub(super) mod addresses;
mod fields;
mod kind;
mod outer;

pub(super) use addresses::{named as named_addresses, sole as sole_address};
pub(super) use fields::{Field, Header};
pub(super) use kind::Kind;
pub(super) use outer::Outer;
