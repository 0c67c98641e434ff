//! What became of each copy, in words, and whether it is what must become of it.

use crate::message::{Finding, Inspection, Leaving, ObstacleKind};
use crate::policy::Action;

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
    /// What must become of it, when it did not.
    pub wrong: Option<String>,
}

impl Shown {
    /// Whether every copy's outcome is the expected one, and the sender was told exactly when one was refused.
    pub fn is_right(&self) -> bool {
        !self.copies.is_empty() && self.copies.iter().all(|copy| copy.wrong.is_none())
    }
}

/// Compares what happened with what must happen.
pub fn judge(mail: Mail, performed: Performed, pki: &Pki) -> Shown {
    let record = &performed.traced.record;
    let notice = performed
        .letters
        .iter()
        .find(|letter| letter.envelope.sender.is_none());
    let sender_is_told = is_told(&mail, &performed, notice);
    let copies = (0..).zip(&mail.recipients).map(|(place, (recipient, expected))| {
        let Some(entry) = record.recipients.get(place) else {
            return unrecorded(recipient, expected);
        };
        let letters: Vec<&Letter> = performed
            .letters
            .iter()
            .filter(|letter| is_for(letter, recipient))
            .collect();
        let (wire, opened) = on_the_wire(
            &letters,
            entry.leaving.as_ref(),
            recipient,
            &mail,
            &performed,
            pki,
        );
        let right = opened.right && is_expected(&entry.decision.action, expected, letters.len());
        Copy {
            recipient,
            decision: decision(&entry.decision.action),
            wire,
            partner: opened.words,
            wrong: match (right, sender_is_told) {
                (false, _) => Some(must(expected)),
                (true, Err(told)) => Some(told.to_owned()),
                (true, Ok(())) => None,
            },
        }
    });
    Shown {
        title: mail.title,
        found: found(&record.inspection),
        copies: copies.collect(),
        notice: notice.cloned(),
    }
}

/// Whether the sender got a notice exactly when something was refused, and the notice gives nothing away.
fn is_told(mail: &Mail, performed: &Performed, notice: Option<&Letter>) -> Result<(), &'static str> {
    let is_refused = |(_, expected): &(&str, Expected)| matches!(expected, Expected::Refused(_));
    let refused = mail.recipients.iter().any(is_refused);
    match notice {
        None if refused => Err("the sender must get a notice"),
        Some(_) if !refused => Err("the sender must get no notice"),
        Some(letter) if !hides(letter, mail) => Err("the notice must not repeat personal information"),
        _ if performed.traced.record.notice != refused => {
            Err("the record must say whether there was a notice")
        }
        _ => Ok(()),
    }
}

fn unrecorded(recipient: &'static str, expected: &Expected) -> Copy {
    Copy {
        recipient,
        decision: "none".to_owned(),
        wire: "unknown".to_owned(),
        partner: "–".to_owned(),
        wrong: Some(must(expected)),
    }
}

fn must(expected: &Expected) -> String {
    match expected {
        Expected::Clear => "it must leave as it came".to_owned(),
        Expected::Sealed => "it must leave encrypted, and the partner must be able to open it".to_owned(),
        Expected::AlreadyEncrypted => "it must leave as its sender had encrypted it".to_owned(),
        Expected::Refused(refusal) => format!("it must not leave: {}", refusal.in_short()),
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

fn is_expected(action: &Action, expected: &Expected, letters: usize) -> bool {
    match expected {
        Expected::Clear => matches!(action, Action::Pass) && letters == 1,
        Expected::Sealed => matches!(action, Action::Encrypt { .. }) && letters == 1,
        Expected::AlreadyEncrypted => matches!(action, Action::PassEncrypted { .. }) && letters == 1,
        Expected::Refused(why) => {
            matches!(action, Action::Refuse { refusal } if refusal == why) && letters == 0
        }
    }
}

fn on_the_wire(
    letters: &[&Letter],
    leaving: Option<&Leaving>,
    recipient: &str,
    mail: &Mail,
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
            let wire = format!("S/MIME ({algorithm})\nSubject: {}", partner::subject(came));
            (wire, opened(came, sent, hides(letter, mail), recipient, pki))
        }
        Some(Leaving::Signed { .. }) => ("signed, in clear".to_owned(), unchanged(came, sent)),
        Some(Leaving::AlreadyEncrypted { .. } | Leaving::Clear) => {
            ("as it came".to_owned(), unchanged(came, sent))
        }
        None => (
            "something, though nothing may leave".to_owned(),
            Opened {
                words: "!".to_owned(),
                right: false,
            },
        ),
    }
}

/// Whether none of the mail's secrets can be read in what came over the wire.
fn hides(letter: &Letter, mail: &Mail) -> bool {
    let came = letter.message.as_bytes();
    mail.secrets
        .iter()
        .all(|secret| memchr::memmem::find(came, secret.as_bytes()).is_none())
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
        (true, true) => "opens it: all is as it was sent",
        (true, false) => "opens it, but personal information stands outside of the encryption",
        (false, _) => "opens it, but it is not what was sent",
    };
    Opened {
        words: words.to_owned(),
        right: same && hidden,
    }
}

fn unchanged(came: &[u8], sent: &[u8]) -> Opened {
    let same = came.ends_with(sent);
    let words = if same {
        "gets it byte by byte"
    } else {
        "gets something else than was sent"
    };
    Opened {
        words: words.to_owned(),
        right: same,
    }
}

fn found(inspection: &Inspection) -> String {
    let one = |finding: &Finding| {
        let (title, ending, place) = (&finding.title, &finding.evidence, &finding.place.description);
        let name = if finding.name_near {
            "near a name"
        } else {
            "no name near"
        };
        format!("{title} {ending} in {place}, {name}")
    };
    let mut lines: Vec<String> = inspection.findings.iter().map(one).collect();
    lines.dedup();
    lines.extend(
        inspection
            .structure
            .segments
            .iter()
            .map(|segment| format!("a piece of a message ({})", segment.media_type)),
    );
    lines.extend(
        inspection
            .obstacles
            .iter()
            .filter(|obstacle| is_shown(obstacle.kind))
            .map(|o| o.detail.clone()),
    );
    if inspection.structure.sealed.is_some() {
        lines.push("nothing: it really is encrypted".to_owned());
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
        Action::Hold { refusal, .. } => format!("hold: {}", refusal.in_short()),
        Action::Refuse { refusal } => format!("refuse: {}", refusal.in_short()),
    }
}
