//! What a policy asks of sealed mail and of the certificates it is sealed to.

use serde::{Deserialize, Serialize};

use super::Validated;

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

/// What a certificate must be good for, before mail is sealed to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// How strong the encryption must be.
    pub profile: Profile,
    /// What its issuer must have checked of its subject: any of these. `None` asks nothing.
    pub validated: Option<Vec<Validated>>,
    /// From when on keys that withstand a quantum computer come first.
    pub post_quantum_first: Option<jiff::Timestamp>,
    /// From when on no other keys are used.
    pub post_quantum_only: Option<jiff::Timestamp>,
}

impl From<Profile> for Demand {
    fn from(profile: Profile) -> Demand {
        Demand {
            profile,
            ..Demand::default()
        }
    }
}
