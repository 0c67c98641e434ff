//! What inspection says of a message: findings, obstacles, structure.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Digits that a name may have and still be shown whole.
const HARMLESS_DIGITS: usize = 4;

/// Everything that inspection learned of one message. It holds no personal information: evidence is masked
/// where it is found, in the jailed child.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// Personal information that was found, in order of place.
    pub findings: Vec<Finding>,
    /// What could not be read for certain. An empty list means that every octet was accounted for.
    pub obstacles: Vec<Obstacle>,
    /// Facts of structure that policy decides on.
    pub structure: Structure,
}

impl Inspection {
    /// Names of the message's own header fields in which anything was found, each once. They must not be
    /// seen outside of a sealed message.
    pub fn secret_fields(&self) -> Vec<String> {
        let own = self
            .findings
            .iter()
            .filter(|finding| finding.place.part == Place::MESSAGE);
        let mut fields: Vec<String> = own.filter_map(|finding| finding.place.field.clone()).collect();
        fields.sort_by_key(|field| field.to_ascii_lowercase());
        fields.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        fields
    }

    /// Masks the digits in names of header fields that hold enough of them for a number worth protecting
    /// (`X-536228145`). To be called before the inspection is kept, and after [`Inspection::secret_fields`].
    pub fn mask_telling_names(&mut self) {
        let names = self
            .findings
            .iter_mut()
            .filter_map(|finding| finding.place.field.as_mut());
        for name in names {
            let digits = name.chars().filter(|c| c.is_numeric()).count();
            if digits > HARMLESS_DIGITS {
                *name = name
                    .chars()
                    .map(|c| if c.is_numeric() { '*' } else { c })
                    .collect();
            }
        }
    }
}

/// One element of personal information (201 CMR 17.02), found in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that found it, which is the name of its file in `policies/elements/`: `ssn`.
    pub element: String,
    /// What people call it: "Social Security number".
    pub title: String,
    /// Where it stands.
    pub place: Place,
    /// How sure the rule is that this is what it looks like.
    pub confidence: Confidence,
    /// The value with all but its ending masked.
    pub evidence: Masked,
    /// Whether a person's name stands near by (201 CMR 17.02: "in combination with").
    pub name_near: bool,
    /// Whether the header names a person as author or recipient: a weaker source, for nearly all mail does.
    #[serde(default)]
    pub named_in_header: bool,
    /// Whether the law does not list this element: it counts only where a policy names it.
    #[serde(default)]
    pub optional: bool,
    /// Whether it is on the list of published test and sample values, which belong to nobody.
    pub test_value: bool,
    /// Why it counts, in words: check passed, keyword and its distance. Holds no value and no name.
    pub reasons: Vec<String>,
}

/// How sure a detection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The form fits, and little else.
    Low,
    /// The form fits and either a check or the context supports it.
    Medium,
    /// Form, check and context agree.
    High,
}

/// A place inside a message, as a person would point at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Path of the MIME part, children counted from 1 as IMAP does (RFC 9051 §6.4.5): `1.2`. The message
    /// itself is `0`; inside a nested message the path goes on: `2.1`.
    pub part: String,
    /// The header field's name, in the spelling of the message, when the place is a header field of that part.
    pub field: Option<String>,
    /// What the part is, for people: "the Subject", "the HTML text", "attachment 'list.csv'".
    pub description: String,
    /// Octet offsets, start and end, within the text that was searched.
    pub span: (usize, usize),
}

impl Place {
    /// The path of the message itself, which owns the header section.
    pub const MESSAGE: &'static str = "0";
}

/// A value with everything but its last characters masked, `***-**-6789`.
///
/// Made by [`Masked::ending`] only; it shows at most the last four characters and never more than half.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Masked(String);

impl Masked {
    /// Masks every letter and digit of `value` but the last `shown` (at most 4, and at most half of them).
    /// Separators stay, so that the reader recognises the form.
    pub fn ending(value: &str, shown: usize) -> Self {
        let count = value.chars().filter(|c| c.is_alphanumeric()).count();
        let shown = shown.min(4).min(count / 2);
        let mut seen = 0;
        let masked = value
            .chars()
            .map(|c| {
                if !c.is_alphanumeric() {
                    return if c == '-' || c == ' ' || c == '.' { c } else { '*' };
                }
                seen += 1;
                if seen > count - shown { c } else { '*' }
            })
            .collect();
        Masked(masked)
    }

    /// The masked text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that was not read for certain. Policy treats it like personal information unless it is told
/// otherwise: unread means not cleared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// What stood in the way.
    pub kind: ObstacleKind,
    /// Path of the part, as in [`Place::part`].
    pub part: String,
    /// One sentence for people, without content of the message beyond its labels.
    pub detail: String,
}

/// The kinds of obstacle, by what an administrator would do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleKind {
    /// Two plausible readings of the structure disagree about the content.
    AmbiguousStructure,
    /// The bytes do not decode as what they say they are.
    Malformed,
    /// A container that only its owner can open: an encrypted archive, document or part.
    EncryptedContainer,
    /// A kind of content that no reader here understands.
    UnknownContent,
    /// A picture, which no reader here understands.
    Image,
    /// Sound or video, which no reader here understands.
    AudioVideo,
    /// Nesting, size or count went over a limit.
    LimitReached,
    /// Reading took longer than its deadline.
    TimedOut,
    /// The jailed reader died or answered nonsense.
    ReaderDied,
}

impl ObstacleKind {
    /// Every kind, for settings and documentation.
    pub const ALL: [ObstacleKind; 9] = [
        ObstacleKind::AmbiguousStructure,
        ObstacleKind::Malformed,
        ObstacleKind::EncryptedContainer,
        ObstacleKind::UnknownContent,
        ObstacleKind::Image,
        ObstacleKind::AudioVideo,
        ObstacleKind::LimitReached,
        ObstacleKind::TimedOut,
        ObstacleKind::ReaderDied,
    ];
}

/// Facts about how a message is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// Parts that are pieces of a larger message (RFC 2046 §5.2.2), at any depth.
    pub segments: Vec<Segment>,
    /// Whether any part, at any depth, is a multipart of any subtype.
    pub multipart: bool,
    /// What the whole body really is, when it is encrypted already and nothing stands beside the ciphertext.
    pub sealed: Option<Sealed>,
    /// The header's Message-ID with its angle brackets, when there is exactly one, it is well-formed
    /// (RFC 5322 §3.6.4), and nothing was found in it.
    #[serde(default)]
    pub message_id: Option<String>,
}

/// A piece of segmented mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Path of the part, as in [`Place::part`].
    pub part: String,
    /// The type as it was understood, in lower case: `message/partial`.
    pub media_type: String,
}

/// An encryption that was verified by reading the bytes, not the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sealed {
    /// CMS EnvelopedData (RFC 5652 §6).
    EnvelopedData,
    /// CMS AuthEnvelopedData (RFC 5083).
    AuthEnvelopedData,
    /// OpenPGP encrypted data inside PGP/MIME (RFC 3156 §4).
    PgpMime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_are_kept_unless_a_number_hides_in_them() {
        let finding = |field: &str| Finding {
            element: "ssn".to_owned(),
            title: "Social Security number".to_owned(),
            place: Place {
                part: Place::MESSAGE.to_owned(),
                field: Some(field.to_owned()),
                description: "a field".to_owned(),
                span: (0, 9),
            },
            confidence: Confidence::High,
            evidence: Masked::ending("536-22-8145", 4),
            name_near: true,
            test_value: false,
            named_in_header: false,
            optional: false,
            reasons: Vec::new(),
        };
        let names = ["Subject", "X-Year-2026", "X-SSN-536-22-8145", "X-٥٣٦٢٢٨١٤٥"];
        let mut inspection = Inspection {
            findings: names.map(finding).into(),
            ..Inspection::default()
        };
        inspection.mask_telling_names();
        let masked = ["Subject", "X-*********", "X-SSN-***-**-****", "X-Year-2026"];
        assert_eq!(inspection.secret_fields(), masked);
    }

    #[test]
    fn a_masked_value_shows_its_ending_and_its_form_only() {
        assert_eq!(Masked::ending("536-22-8145", 4).as_str(), "***-**-8145");
        assert_eq!(
            Masked::ending("4539 1488 0343 6467", 9).as_str(),
            "**** **** **** 6467"
        );
        assert_eq!(Masked::ending("S12", 4).as_str(), "**2");
        assert_eq!(Masked::ending("7", 4).as_str(), "*");
        assert_eq!(Masked::ending("", 4).as_str(), "");
        assert_eq!(Masked::ending("12\r\n34", 2).as_str(), "****34");
    }
}
