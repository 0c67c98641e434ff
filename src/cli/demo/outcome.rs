//! What became of each copy, in words, and whether it is what must become of it.

use crate::message::{Finding, Inspection, Leaving, ObstacleKind};
use crate::policy::{Action, Refusal};

use super::mailbox::Letter;
use super::mails::{Expected, Mail};
use super::partner;
use super::pki::Pki;
use super::stage::Performed;

/// One mail as the table shows it.
pub struct Shown {
    /// What the mail is about.
    pub title: &'static str,
    /// What was found, masked.
    pub found: String,
    /// One row per recipient.
    pub copies: Vec<Copy>,
    /// The notice that the sender got, as it came over the wire.
    pub notice: Option<Letter>,
}

/// One recipient's row.
pub struct Copy {
    /// Who.
    pub recipient: &'static str,
    /// What was decided.
    pub decision: String,
    /// What left.
    pub wire: String,
    /// What the partner made of it.
    pub partner: String,
    /// Whether all of it is as it must be.
    pub right: bool,
}

impl Shown {
    /// Whether every copy's outcome is the expected one, and the sender was told exactly when one was refused.
    pub fn is_right(&self) -> bool {
        self.copies.iter().all(|copy| copy.right)
    }
}

/// Compares what happened with what must happen.
pub fn judge(mail: Mail, performed: Performed, pki: &Pki) -> Shown {
    let record = &performed.traced.record;
    let notice = performed
        .letters
        .iter()
        .find(|letter| letter.envelope.sender.is_none())
        .cloned();
    let refused = mail
        .recipients
        .iter()
        .any(|(_, expected)| *expected == Expected::Refused);
    let told = notice.is_some() == refused && record.notice == refused;
    let copies = mail
        .recipients
        .iter()
        .zip(&record.recipients)
        .map(|((recipient, expected), entry)| {
            let letters: Vec<&Letter> = performed
                .letters
                .iter()
                .filter(|letter| is_for(letter, recipient))
                .collect();
            let (wire, opened) = on_the_wire(&letters, entry.leaving.as_ref(), recipient, &performed, pki);
            let right = told && opened.right && is_expected(&entry.decision.action, *expected, letters.len());
            Copy {
                recipient,
                decision: decision(&entry.decision.action),
                wire,
                partner: opened.words,
                right,
            }
        });
    Shown {
        title: mail.title,
        found: found(&record.inspection),
        copies: copies.collect(),
        notice,
    }
}

struct Opened {
    words: String,
    right: bool,
}

fn is_for(letter: &Letter, recipient: &str) -> bool {
    letter.envelope.sender.is_some()
        && letter
            .envelope
            .recipients
            .iter()
            .any(|own| own.to_string() == recipient)
}

fn is_expected(action: &Action, expected: Expected, letters: usize) -> bool {
    match expected {
        Expected::Clear => matches!(action, Action::Pass) && letters == 1,
        Expected::Sealed => matches!(action, Action::Encrypt { .. }) && letters == 1,
        Expected::AlreadyEncrypted => matches!(action, Action::PassEncrypted { .. }) && letters == 1,
        Expected::Refused => matches!(action, Action::Refuse { .. }) && letters == 0,
    }
}

fn on_the_wire(
    letters: &[&Letter],
    leaving: Option<&Leaving>,
    recipient: &str,
    performed: &Performed,
    pki: &Pki,
) -> (String, Opened) {
    let nothing = Opened {
        words: "–".to_owned(),
        right: leaving.is_none(),
    };
    let Some(letter) = letters.first() else {
        return ("nothing".to_owned(), nothing);
    };
    let sent = performed.raw.as_bytes();
    let came = letter.message.as_bytes();
    match leaving {
        Some(Leaving::Smime { algorithm, .. }) => {
            let wire = format!("S/MIME, {algorithm}; Subject: {}", partner::subject(came));
            let hidden = digits(sent).iter().all(|number| !contains(came, number));
            (wire, opened(came, sent, hidden, recipient, pki))
        }
        Some(Leaving::AlreadyEncrypted { .. }) => ("as it came".to_owned(), unchanged(came, sent)),
        Some(Leaving::Clear) => ("as it came".to_owned(), unchanged(came, sent)),
        None => (
            "something, though nothing may leave".to_owned(),
            Opened {
                words: "!".to_owned(),
                right: false,
            },
        ),
    }
}

fn opened(came: &[u8], sent: &[u8], hidden: bool, recipient: &str, pki: &Pki) -> Opened {
    let inside = match partner::open(came, pki.person(recipient)) {
        Ok(inside) => inside,
        Err(error) => {
            return Opened {
                words: format!("cannot open it: {error}"),
                right: false,
            };
        }
    };
    let same = inside.ends_with(partner::body(sent)) && partner::subject(&inside) == partner::subject(sent);
    let words = match (same, hidden) {
        (true, true) => "opened with OpenSSL: same Subject, same text to the byte",
        (true, false) => "opened, but a number stands outside of the encryption",
        (false, _) => "opened, but it is not what was sent",
    };
    Opened {
        words: words.to_owned(),
        right: same && hidden,
    }
}

fn unchanged(came: &[u8], sent: &[u8]) -> Opened {
    let same = came.ends_with(sent);
    let words = if same {
        "reads it: not a byte was changed"
    } else {
        "gets something else than was sent"
    };
    Opened {
        words: words.to_owned(),
        right: same,
    }
}

/// The numbers of nine and more digits in a mail, which no copy may show outside.
fn digits(mail: &[u8]) -> Vec<Vec<u8>> {
    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'-' || *byte == b' ';
    let runs = partner::body(mail)
        .split(|byte| !is_part(byte))
        .map(<[u8]>::trim_ascii);
    runs.filter(|run| run.iter().filter(|byte| byte.is_ascii_digit()).count() > 8)
        .map(<[u8]>::to_vec)
        .collect()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn found(inspection: &Inspection) -> String {
    let one = |finding: &Finding| {
        format!(
            "{} {} in {}",
            finding.title, finding.evidence, finding.place.description
        )
    };
    let mut lines: Vec<String> = inspection.findings.iter().map(one).collect();
    lines.dedup();
    lines.extend(
        inspection
            .structure
            .segments
            .iter()
            .map(|segment| segment.media_type.clone()),
    );
    lines.extend(
        inspection
            .obstacles
            .iter()
            .filter(|obstacle| is_shown(obstacle.kind))
            .map(|o| o.detail.clone()),
    );
    if inspection.structure.sealed.is_some() {
        lines.push("real ciphertext".to_owned());
    }
    if lines.is_empty() {
        "nothing".to_owned()
    } else {
        lines.join("\n")
    }
}

fn is_shown(kind: ObstacleKind) -> bool {
    // A piece of a segmented message is refused for what it is; that it cannot be read either is no news.
    kind != ObstacleKind::UnknownContent
}

fn decision(action: &Action) -> String {
    match action {
        Action::Pass => "pass".to_owned(),
        Action::PassEncrypted { .. } => "pass, encrypted already".to_owned(),
        Action::Encrypt { .. } => "encrypt".to_owned(),
        Action::Refuse { refusal } => format!("refuse: {}", refusal_in_short(refusal)),
    }
}

fn refusal_in_short(refusal: &Refusal) -> String {
    refusal.in_short().to_owned()
}
