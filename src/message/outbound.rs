//! What leaves the gateway.

use serde::{Deserialize, Serialize};

use super::{Address, RawMessage, Sealed, TlsWish};

/// A message ready to leave: already sealed, or cleared to go as it is. This, and nothing else, reaches the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// The reverse path for the next hop; `None` for notices.
    pub sender: Option<Address>,
    /// Who receives exactly these bytes, each with its place in the received envelope, counted from 1.
    /// A notice's recipient has place 0.
    pub recipients: Vec<(u32, Address)>,
    /// Exactly what is sent.
    pub body: RawMessage,
    /// Whether this is mail that passes through, or a notice of our own.
    pub purpose: Purpose,
    /// How it leaves.
    pub leaving: Leaving,
    /// What its sender asks of TLS on the way.
    pub tls: TlsWish,
}

/// Why the gateway sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// It was received for somebody.
    Mail,
    /// The gateway itself tells a sender something.
    Notice,
    /// It came from outside, for the organisation's own people: it goes to the next hop of `[inbound]`.
    Inbound,
    /// It does not leave yet: it waits for a certificate, sealed to the vault, at most until then.
    Waiting {
        /// When it ceases to wait.
        until: jiff::Timestamp,
    },
}

/// In which form a message leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "form")]
pub enum Leaving {
    /// As it came: nothing in it needs protection.
    Clear,
    /// As it came: its sender had encrypted it.
    AlreadyEncrypted {
        /// What the bytes really are.
        with: Sealed,
    },
    /// Sealed by this gateway with S/MIME.
    Smime {
        /// The recipient's certificate, SHA-256 of its DER in hexadecimal. Where several recipients share the
        /// message: that of the first of them; [`Leaving::to`] gives each its own.
        certificate: String,
        /// How many other recipients can open the same CMS; `To` and `Cc` name them all.
        #[serde(default, skip_serializing_if = "is_zero")]
        shared_with: usize,
        /// For people: `AES-256-CBC, RSA PKCS#1 v1.5`.
        algorithm: String,
        /// The signature inside of the seal, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<Signature>,
        /// The sender's own certificate, SHA-256 of its DER, when the copy is sealed to it, too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        copy_to: Option<String>,
    },
    /// In clear, for nothing in it needs protection, but signed by this gateway.
    Signed {
        /// The signature.
        signature: Signature,
    },
}

impl Leaving {
    /// The form for the one of its recipients whose certificate this is.
    pub fn to(mut self, own: &str) -> Leaving {
        if let Leaving::Smime { certificate, .. } = &mut self {
            own.clone_into(certificate);
        }
        self
    }
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A signature that this gateway made for a sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The certificate of the key, SHA-256 of its DER in hexadecimal.
    pub certificate: String,
    /// For people: `RSA PKCS#1 v1.5 with SHA-256, detached`.
    pub algorithm: String,
}
