//! What `policy.toml` may say. The shipped file and these defaults say the same.

use serde::Deserialize;

use super::pattern::Pattern;
use crate::message::{Address, Confidence, Finding, ObstacleKind, Profile};

/// What the organisation wants: `policies/policy.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Names the exact bundle that decided: the first 16 hexadecimal digits of the SHA-256 over all its files.
    /// Not a setting: whoever loads the bundle puts it in.
    #[serde(skip)]
    pub version: String,
    /// What people call this policy.
    pub name: String,
    /// The elements that count, by the names of their rule files; `*` stands for all but the optional ones.
    pub elements: Vec<String>,
    /// When an element counts as personal information.
    pub counts: Counts,
    /// Whether a person whom the header names as author or recipient counts as a name.
    pub header_names: bool,
    /// How sure a finding must be to count.
    pub minimum_confidence: Confidence,
    /// Whether published sample values count.
    pub test_values: TestValues,
    /// Kinds of obstacle that do not ask for encryption.
    pub ignored_obstacles: Vec<ObstacleKind>,
    /// Who may receive personal information.
    pub recipients: Recipients,
    /// How strong sealed mail is.
    pub sealing: Sealing,
    /// What happens when some recipients are refused.
    pub delivery: Delivery,
    /// Whether mail waits for a recipient's certificate.
    pub hold: Hold,
    /// What is decided on structure alone.
    pub structure: Structure,
}

/// When an element of personal information counts (201 CMR 17.02: "in combination with").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    /// Only with a person's name near by: the letter of the definition.
    WithName,
    /// With a name near by, or when the finding is certain even without one: the name may stand in `To`, in a
    /// picture or in a file name, where no rule sees it.
    #[default]
    WithNameOrCertain,
    /// Always.
    Alone,
}

/// Whether published test and sample values count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestValues {
    /// Like any other value, so that a trial mail shows the gateway at work.
    #[default]
    Count,
    /// Not at all.
    Ignore,
}

/// `[recipients]`: who may receive personal information.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipients {
    /// Who may receive it, encrypted.
    pub allowed_for_personal_information: Vec<Pattern>,
    /// Who may not, although a pattern above lets them.
    pub denied_for_personal_information: Vec<Pattern>,
    /// Whether mail to the organisation's own domains is protected like any other.
    pub own_domains: OwnDomains,
}

/// What happens with mail to the organisation's own domains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnDomains {
    /// It is protected like mail to anybody.
    #[default]
    Protect,
    /// It passes as it is: it goes back to the organisation's own server.
    Pass,
}

/// `[sealing]`: how strong sealed mail is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sealing {
    /// For everybody whom no exception names.
    pub profile: Profile,
    /// `[[sealing.for]]`: the first one that names a recipient counts.
    #[serde(rename = "for")]
    pub exceptions: Vec<SealingFor>,
}

/// `[[sealing.for]]`: another profile for some recipients.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealingFor {
    /// Whom it is for.
    pub recipients: Vec<Pattern>,
    /// What it is.
    pub profile: Profile,
}

/// `[delivery]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// Whether one refused recipient holds the others back.
    pub mode: Mode,
}

/// Whether recipients are decided one by one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Each recipient gets what is right for him; refused ones hold nobody back.
    #[default]
    Split,
    /// All recipients get the message, or none does.
    AllOrNothing,
}

/// `[hold]`: whether mail waits while its recipient is asked for a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hold {
    /// Whether a copy that lacks nothing but a usable certificate waits for one.
    pub enrol: bool,
    /// For how many hours.
    pub hours: u64,
    /// For whom.
    pub recipients: Vec<Pattern>,
}

impl Hold {
    /// The longest that a copy may wait: a month.
    pub const LONGEST: u64 = 31 * 24;
}

impl Default for Hold {
    fn default() -> Self {
        Hold {
            enrol: false,
            hours: 72,
            recipients: vec![Pattern::Everybody],
        }
    }
}

/// `[structure]`: what is decided on structure alone. Segments are always refused and are no setting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Structure {
    /// Whether every multipart is refused: the literal reading of MG-1.4.
    pub block_all_multipart: bool,
    /// What happens with mail that its sender had encrypted.
    pub already_encrypted: AlreadyEncrypted,
}

/// What happens with mail that its sender had really encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlreadyEncrypted {
    /// It leaves as it came.
    #[default]
    Pass,
    /// It is refused, for nobody here can say what is in it.
    Refuse,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            version: String::new(),
            name: "Personal information under 201 CMR 17.00".to_owned(),
            elements: vec!["*".to_owned()],
            counts: Counts::default(),
            header_names: true,
            minimum_confidence: Confidence::Medium,
            test_values: TestValues::default(),
            ignored_obstacles: Vec::new(),
            recipients: Recipients::default(),
            sealing: Sealing::default(),
            delivery: Delivery::default(),
            hold: Hold::default(),
            structure: Structure::default(),
        }
    }
}

impl Default for Recipients {
    fn default() -> Self {
        Recipients {
            allowed_for_personal_information: vec![Pattern::Everybody],
            denied_for_personal_information: Vec::new(),
            own_domains: OwnDomains::default(),
        }
    }
}

impl Policy {
    /// How strong mail to this recipient must be sealed.
    pub fn profile(&self, recipient: &Address) -> Profile {
        let names = |exception: &&SealingFor| {
            exception
                .recipients
                .iter()
                .any(|pattern| pattern.matches(recipient))
        };
        let exception = self.sealing.exceptions.iter().find(names);
        exception.map_or(self.sealing.profile, |exception| exception.profile)
    }

    /// Whether this finding is personal information in the eyes of the policy.
    pub fn counts(&self, finding: &Finding) -> bool {
        let element = self
            .elements
            .iter()
            .any(|name| *name == finding.element || (name == "*" && !finding.optional));
        let sure = finding.confidence >= self.minimum_confidence;
        let real = self.test_values == TestValues::Count || !finding.test_value;
        let named = finding.name_near || (self.header_names && finding.named_in_header);
        let person = match self.counts {
            Counts::WithName => named,
            Counts::WithNameOrCertain => named || finding.confidence == Confidence::High,
            Counts::Alone => true,
        };
        element && sure && real && person
    }
}
