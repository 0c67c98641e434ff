//! How strong sealed mail is, in the words of a policy.

use serde::{Deserialize, Serialize};

/// What a policy asks of the encryption. Which algorithms follow from it is known where messages are sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// What every mail client in use opens.
    #[default]
    Compatible,
    /// Authenticated encryption and OAEP (RFC 8551 §2.3, §2.7), which current clients open and old ones do not.
    Modern,
    /// The same, and only to keys of at least 128 bits of security.
    Strict,
}
