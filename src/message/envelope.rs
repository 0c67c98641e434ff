//! What SMTP carries: the envelope and the exact bytes (RFC 5321 §2.3.1).

use bytes::Bytes;

use super::{Address, DsnRequest, TlsWish};

/// The SMTP envelope of one transaction. It, and not the header, says who receives the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The reverse path; `None` is the null sender `<>` of notices (RFC 5321 §4.5.5).
    pub sender: Option<Address>,
    /// The forward paths in the order of the RCPT commands, without repetition.
    pub recipients: Vec<Address>,
    /// Whether the sender asked for SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
    /// What the sender asks of notices about each recipient, in the same order; empty when nothing was asked.
    pub dsn: Vec<DsnRequest>,
    /// What the sender asks of TLS on the way.
    pub tls: TlsWish,
}

/// A message exactly as it was received after dot-unstuffing, with CRLF line ends, or as it will be sent.
///
/// Cloning shares the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct RawMessage(Bytes);

impl RawMessage {
    /// Takes the bytes as they are.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        RawMessage(bytes.into())
    }

    /// All bytes: header section, empty line, body.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same bytes, shared.
    pub fn bytes(&self) -> Bytes {
        self.0.clone()
    }

    /// How many octets the message has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for RawMessage {
    /// Shows the size only: the bytes may hold personal information.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RawMessage({} octets)", self.0.len())
    }
}
