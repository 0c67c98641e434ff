//! What decisions rest on, replaced as a whole so that no message sees half of a change.

use crate::notice::Notices;
use crate::policy::Policy;
use crate::smime::Certificates;

/// Policy, certificates and notice texts that belong together.
pub struct Rulebook {
    /// What the organisation wants.
    pub policy: Policy,
    /// Certificates and trust.
    pub certificates: Certificates,
    /// What senders are told.
    pub notices: Notices,
}
