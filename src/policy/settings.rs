//! What `policy.toml` may say. The shipped file and these defaults say the same.

use serde::Deserialize;

use crate::message::{
    Address, Confidence, Demand, Finding, Inspection, ObstacleKind, Pattern, Profile, SignatureForm,
    Validated,
};

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
    /// Which certificates some personal information may be sealed to.
    pub assurance: Vec<AssuranceFor>,
    /// From when on keys must withstand a quantum computer.
    pub post_quantum: PostQuantum,
    /// What is signed, and how.
    pub signing: Signing,
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
    /// Whether sealed copies can be opened by their sender, too.
    pub copy_to_sender: bool,
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

/// `[[assurance]]`: what the issuer of a certificate must have checked, for some elements and recipients. All
/// entries that concern a message and a recipient must be kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssuranceFor {
    /// The elements it concerns; `*` stands for all that count. What could not be read may hold any of them.
    #[serde(default = "everything")]
    pub elements: Vec<String>,
    /// Whom it concerns.
    #[serde(default = "everybody")]
    pub recipients: Vec<Pattern>,
    /// What must have been checked: any of these.
    pub validated: Vec<Validated>,
}

/// `[post_quantum]`: the way from RSA and elliptic curves to ML-KEM (RFC 9936), by dates. Each begins at midnight UTC.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostQuantum {
    /// Whom it concerns.
    pub recipients: Vec<Pattern>,
    /// From this day on, of several usable certificates one with an ML-KEM key is taken.
    pub prefer_from: Option<jiff::civil::Date>,
    /// From this day on, no other certificate is used.
    pub require_from: Option<jiff::civil::Date>,
}

impl Default for PostQuantum {
    fn default() -> Self {
        PostQuantum {
            recipients: everybody(),
            prefer_from: None,
            require_from: None,
        }
    }
}

/// Midnight UTC of a day.
fn midnight(day: jiff::civil::Date) -> Option<jiff::Timestamp> {
    let zoned = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

fn everybody() -> Vec<Pattern> {
    vec![Pattern::Everybody]
}

/// `[signing]`: what is signed with the sender's key, where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Signing {
    /// What is signed.
    pub mode: SigningMode,
    /// Whether mail of a sender who has a key must wait when it cannot be signed.
    pub required: bool,
    /// The form for everybody whom no exception names.
    pub form: SignatureForm,
    /// Whether `From` must be the envelope's sender.
    pub from_is_sender: bool,
    /// `[[signing.for]]`: the first one that names a recipient counts.
    #[serde(rename = "for")]
    pub exceptions: Vec<SigningFor>,
}

/// What is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SigningMode {
    /// Nothing.
    Off,
    /// What is sealed: first signed, then encrypted.
    #[default]
    Sealed,
    /// That, and what leaves in clear.
    All,
}

/// `[[signing.for]]`: another form for some recipients.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningFor {
    /// Whom it is for.
    pub recipients: Vec<Pattern>,
    /// What it is.
    pub form: SignatureForm,
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
            assurance: Vec::new(),
            post_quantum: PostQuantum::default(),
            signing: Signing::default(),
            delivery: Delivery::default(),
            hold: Hold::default(),
            structure: Structure::default(),
        }
    }
}

impl Default for Signing {
    fn default() -> Self {
        Signing {
            mode: SigningMode::default(),
            required: false,
            form: SignatureForm::default(),
            from_is_sender: true,
            exceptions: Vec::new(),
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

    /// What a certificate must be good for, so that this message may be sealed to it for the recipient.
    pub fn demand(&self, recipient: &Address, inspection: &Inspection) -> Demand {
        let need = self.need(inspection);
        let found: Vec<&str> = need
            .findings
            .iter()
            .filter_map(|index| inspection.findings.get(*index))
            .map(|finding| finding.element.as_str())
            .collect();
        let holds = |entry: &&AssuranceFor| {
            let named = |element: &String| element == "*" || found.contains(&element.as_str());
            !need.obstacles.is_empty() || !found.is_empty() && entry.elements.iter().any(named)
        };
        self.demand_of(recipient, holds)
    }

    /// What a certificate must be good for at least, so that some mail may be sealed to it for the recipient.
    pub fn least_demand(&self, recipient: &Address) -> Demand {
        self.demand_of(recipient, |entry| {
            entry.elements.iter().any(|element| element == "*")
        })
    }

    fn demand_of(&self, recipient: &Address, concerns: impl Fn(&&AssuranceFor) -> bool) -> Demand {
        let named = |entry: &&AssuranceFor| entry.recipients.iter().any(|pattern| pattern.matches(recipient));
        let entries = self.assurance.iter().filter(named).filter(concerns);
        let kept_by_all = |one: Vec<Validated>, other: Vec<Validated>| {
            one.into_iter()
                .filter(|validated| other.contains(validated))
                .collect()
        };
        let concerned = self.post_quantum.recipients.iter();
        let concerned = concerned.filter(|pattern| pattern.matches(recipient)).count() > 0;
        let from = |day: Option<jiff::civil::Date>| day.filter(|_| concerned).and_then(midnight);
        let only = from(self.post_quantum.require_from);
        Demand {
            profile: self.profile(recipient),
            validated: entries.map(|entry| entry.validated.clone()).reduce(kept_by_all),
            post_quantum_first: from(self.post_quantum.prefer_from).into_iter().chain(only).min(),
            post_quantum_only: only,
        }
    }

    /// In which form mail to this recipient is signed.
    pub fn signature_form(&self, recipient: &Address) -> SignatureForm {
        let names = |exception: &&SigningFor| {
            let mut patterns = exception.recipients.iter();
            patterns.any(|pattern| pattern.matches(recipient))
        };
        let exception = self.signing.exceptions.iter().find(names);
        exception.map_or(self.signing.form, |exception| exception.form)
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
