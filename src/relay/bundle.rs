//! What decisions rest on, replaced as a whole so that no message sees half of a change.

use std::sync::Arc;

use crate::notice::Notices;
use crate::policy::Policy;
use crate::smime::keys::KeyRing;
use crate::smime::{Certificates, Opener};

/// Policy, certificates and notice texts that belong together.
#[derive(Clone)]
pub struct Rulebook {
    /// What the organisation wants.
    pub policy: Policy,
    /// Certificates and trust.
    pub certificates: Certificates,
    /// Own keys, to sign with.
    pub keys: Arc<KeyRing>,
    /// Own keys, to open mail from outside with.
    pub opener: Option<Arc<Opener>>,
    /// What senders are told.
    pub notices: Arc<Notices>,
}
