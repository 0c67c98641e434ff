//! How mail is signed, in the words of a policy.

use serde::{Deserialize, Serialize};

/// The two forms of signed mail (RFC 8551 §3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureForm {
    /// multipart/signed (RFC 8551 §3.5.3): a reader that knows no S/MIME still shows the text.
    #[default]
    Detached,
    /// application/pkcs7-mime with signed-data (RFC 8551 §3.5.2): nothing on the way can break it.
    Opaque,
}
