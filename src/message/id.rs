//! The identifiers that people read out over the telephone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Crockford's base 32: no I, L, O or U, so that a spoken id is written down right.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 18;

/// The gateway's own name for one accepted transaction: 18 characters, sorted by time of arrival.
///
/// The first ten characters are milliseconds since 1970 (50 bits), the other eight are random (40 bits).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId([u8; LENGTH]);

/// The name of one decision: the message and the recipient's place in the envelope, counted from 1.
///
/// Written `06F3…-2`. A notice that speaks of several recipients carries the message's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DecisionId {
    /// The message that was decided on.
    pub message: MessageId,
    /// The recipient's place in the envelope, counted from 1.
    pub recipient: u32,
}

/// A text that is no identifier of this gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has 18 letters and digits, and a decision's id a dash and a number behind them")]
pub struct IdError;

impl MessageId {
    /// An id for a message that arrived at `milliseconds` since 1970, made unique by `entropy`.
    ///
    /// Only the low 40 bits of `entropy` are used.
    pub fn new(milliseconds: u64, entropy: u64) -> Self {
        let mut bits = (u128::from(milliseconds) << 40) | u128::from(entropy & 0xff_ffff_ffff);
        let mut text = [b'0'; LENGTH];
        for slot in text.iter_mut().rev() {
            let index = usize::try_from(bits & 31).unwrap_or_default();
            *slot = ALPHABET.get(index).copied().unwrap_or(b'0');
            bits >>= 5;
        }
        MessageId(text)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        // Only ASCII from ALPHABET ever gets in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The id of the decision about the recipient at `place`, counted from 1.
    pub fn decision(self, place: u32) -> DecisionId {
        DecisionId {
            message: self,
            recipient: place,
        }
    }
}

impl FromStr for MessageId {
    type Err = IdError;

    /// Takes lower case, and `I`, `L`, `O` for the digits that they look like.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes: &[u8; LENGTH] = text.as_bytes().try_into().map_err(|_| IdError)?;
        let mut id = [0; LENGTH];
        for (slot, byte) in id.iter_mut().zip(bytes) {
            *slot = match byte.to_ascii_uppercase() {
                b'I' | b'L' => b'1',
                b'O' => b'0',
                byte if ALPHABET.contains(&byte) => byte,
                _ => return Err(IdError),
            };
        }
        Ok(MessageId(id))
    }
}

impl FromStr for DecisionId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (message, place) = text.split_once('-').ok_or(IdError)?;
        let recipient = place.parse().map_err(|_| IdError)?;
        Ok(DecisionId {
            message: message.parse()?,
            recipient,
        })
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.message, self.recipient)
    }
}

impl TryFrom<String> for MessageId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl TryFrom<String> for DecisionId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> String {
        id.to_string()
    }
}

impl From<DecisionId> for String {
    fn from(id: DecisionId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_survive_being_read_aloud() {
        let early = MessageId::new(1_790_000_000_000, 0xff_ffff_ffff);
        let late = MessageId::new(1_790_000_000_001, 0);
        assert!(early < late);
        let spoken = late
            .to_string()
            .to_lowercase()
            .replace('0', "o")
            .replace('1', "l");
        assert_eq!(spoken.parse::<MessageId>().unwrap(), late);
        let decision = late.decision(12);
        assert_eq!(decision.to_string().parse::<DecisionId>().unwrap(), decision);
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in [
            "",
            "06F3",
            "06F3-1",
            "!!!!!!!!!!!!!!!!!!",
            "<a@b.example>",
            "0000000000000000000",
        ] {
            assert_eq!(text.parse::<MessageId>(), Err(IdError), "{text}");
            assert_eq!(text.parse::<DecisionId>(), Err(IdError), "{text}");
        }
    }
}
