//! Why a number that looks like an element did not count: for `sealgate scan --explain`, never for the gateway.
//!
//! Searching knows nothing of this; the texts are gone through a second time, and only when somebody asks.

use super::Rules;
use crate::message::{Masked, Place};
use crate::mime::Text;

/// Something that has the form of an element and did not count.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rejected {
    /// Which of the searched texts it stands in.
    pub text: usize,
    /// The rule whose form it has: `ssn`.
    pub element: String,
    /// What people call that: "Social Security number".
    pub title: String,
    /// Where it stands; the span points into the text.
    pub place: Place,
    /// The value with all but its ending masked.
    pub evidence: Masked,
    /// Why it does not count, in words: a check failed, no keyword near, a word against it and its distance,
    /// another element has its place. Never empty; holds no value and no name.
    pub why: Vec<String>,
}

/// See [`Rules::rejected`].
pub(super) fn rejected(_rules: &Rules, _texts: &[Text]) -> Vec<Rejected> {
    Vec::new()
}
