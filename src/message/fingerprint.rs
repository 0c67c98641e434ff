//! What tells one message from every other, without saying anything of it.

use serde::{Deserialize, Serialize};

/// Names the octets of a message and its envelope. Only who has the gateway's key can make one, so it does not give away what
/// was guessed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub(super) String);
