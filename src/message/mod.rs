//! The words that all stages share: who writes to whom, the bytes, and what was found in them.
//!
//! This module knows no stage. A type belongs here when it crosses more than two of them; anything else
//! belongs to the stage that produces it.

mod address;
pub(crate) mod ber;
mod certificate;
mod dsn;
mod envelope;
mod fingerprint;
mod id;
mod inspection;
mod outbound;
mod pattern;
mod profile;
mod secret;
mod signing;
mod tls_wish;

pub use address::{Address, AddressError, is_listed};
pub use certificate::{Assurance, CertificateVerdict, Considered, Generation, Origin, Validated};
pub use dsn::{DsnRequest, Notify, Ret, from_xtext};
pub use envelope::{Envelope, RawMessage};
pub use fingerprint::Fingerprint;
pub use id::{DecisionId, IdError, MessageId};
pub use inspection::{
    Confidence, Finding, Inspection, Masked, Obstacle, ObstacleKind, Place, Sealed, Segment, Structure,
};
pub use outbound::{Leaving, Outbound, Purpose, Signature};
pub use pattern::{Pattern, PatternError};
pub use profile::{Demand, Profile};
pub use secret::{Secret, is_equal};
pub use signing::SignatureForm;
pub use tls_wish::TlsWish;

/// A future that a trait method returns, so that the trait can be used behind a pointer.
pub type Boxed<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
