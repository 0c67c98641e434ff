//! What templates are given: the facts of a notice, in plain words. Names and meanings are in `docs/notices.md`.
//!
//! Everything that stems from the mail passes [`plain`] here, so no template can be made to break a line.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{About, Failure, Settings, words};
use crate::message::{Address, Inspection, ObstacleKind};
use crate::policy::{Action, Judgment, Refusal};

/// How many findings or obstacles a notice lists; nobody reads more.
const LISTED: usize = 12;
/// How many characters of a text from the mail a notice shows.
const SHOWN: usize = 200;
/// How many characters of a mail server's reply a notice shows.
const REPLY_SHOWN: usize = 500;

/// What every notice names.
#[derive(Debug, Serialize)]
pub(super) struct Common {
    organisation: String,
    help: String,
    id: String,
    received: String,
}

/// The facts of `refused.*`.
#[derive(Debug, Serialize)]
pub(super) struct Refused {
    #[serde(flatten)]
    common: Common,
    total: usize,
    refused_count: usize,
    must_encrypt: bool,
    sent_count: usize,
    refused: Vec<RefusedGroup>,
    sent: Vec<SentGroup>,
    found: Vec<Found>,
    more_found: usize,
    unread: Vec<String>,
    more_unread: usize,
    steps: Vec<String>,
}

#[derive(Debug, Serialize)]
struct RefusedGroup {
    #[serde(skip)]
    refusal: Refusal,
    reason: String,
    addresses: Vec<String>,
}

#[derive(Debug, Serialize)]
struct SentGroup {
    how: &'static str,
    addresses: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Found {
    title: String,
    ending: String,
    #[serde(rename = "where")]
    place: String,
    sample: bool,
    times: usize,
}

/// The facts of `failed.*`.
#[derive(Debug, Serialize)]
pub(super) struct Failed {
    #[serde(flatten)]
    common: Common,
    failures: Vec<FailedRecipient>,
    steps: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FailedRecipient {
    address: String,
    next_hop: String,
    reply: String,
}

impl Common {
    fn new(settings: &Settings, about: &About) -> Self {
        Common {
            organisation: plain(&settings.organisation, SHOWN),
            help: plain(&settings.help, SHOWN),
            id: about.id.to_string(),
            received: about.received.strftime("%-d %B %Y, %H:%M UTC").to_string(),
        }
    }
}

impl Refused {
    /// The facts of what was refused, and of what was sent beside it.
    pub fn new(settings: &Settings, about: &About, inspection: &Inspection, judgment: &Judgment) -> Self {
        let common = Common::new(settings, about);
        let refused = refused_groups(judgment, &common.organisation);
        let sent = sent_groups(judgment);
        let (found, more_found) = found(inspection, judgment);
        let (unread, more_unread) = unread(inspection, judgment);
        let sent_count = sent.iter().map(|group| group.addresses.len()).sum();
        Refused {
            total: judgment.decisions.len(),
            refused_count: refused.iter().map(|group| group.addresses.len()).sum(),
            sent_count,
            must_encrypt: is_for_protection(&refused),
            steps: steps(&refused, judgment, &common.help),
            common,
            refused,
            sent,
            found,
            more_found,
            unread,
            more_unread,
        }
    }
}

impl Failed {
    /// The facts of deliveries that failed for good.
    pub fn new(settings: &Settings, about: &About, failures: &[Failure]) -> Self {
        let common = Common::new(settings, about);
        let failed = failures.iter().map(|failure| FailedRecipient {
            address: address(&failure.recipient),
            next_hop: match failure.next_hop.as_str() {
                "" => "this gateway".to_owned(),
                host => plain(host, SHOWN),
            },
            reply: plain(&failure.reply, REPLY_SHOWN),
        });
        let mut steps = vec![
            "Check that the address is spelled right.".to_owned(),
            "If it is, send the message again tomorrow, or reach the recipient in another way.".to_owned(),
            format!("If it comes back again, contact {}.", common.help),
        ];
        if about.tls.is_required() && failures.iter().any(is_for_want_of_tls) {
            let why = "Your mail program asked that the message travel only where TLS is certain (REQUIRETLS), and a mail \
                       server on the way does not promise that. If it may go without, send it again without asking for that.";
            steps.insert(0, why.to_owned());
        }
        Failed {
            failures: failed.collect(),
            steps,
            common,
        }
    }
}

/// What a delivery says, by this gateway or a later host, when REQUIRETLS stands in its way (RFC 8689 §4.2.1).
fn is_for_want_of_tls(failure: &Failure) -> bool {
    let words = || failure.reply.split([' ', '-']).take(2);
    ["5.7.30", "5.7.10"]
        .iter()
        .any(|code| words().any(|word| word == *code))
}

/// Recipients who were refused, those with one reason together, in the order of the envelope.
fn refused_groups(judgment: &Judgment, organisation: &str) -> Vec<RefusedGroup> {
    let mut groups: Vec<RefusedGroup> = Vec::new();
    for decision in &judgment.decisions {
        let Action::Refuse { refusal } = &decision.action else {
            continue;
        };
        let reason = words::reason(refusal, organisation);
        // There are few different reasons, however many recipients.
        match groups.iter_mut().find(|group| group.reason == reason) {
            Some(group) => group.addresses.push(address(&decision.recipient)),
            None => groups.push(RefusedGroup {
                refusal: refusal.clone(),
                reason,
                addresses: vec![address(&decision.recipient)],
            }),
        }
    }
    // "Another recipient" is no reason before that other one was named.
    groups.sort_by_key(|group| group.refusal == Refusal::AnotherRecipient);
    groups
}

/// Recipients who get the message, by the way it leaves.
fn sent_groups(judgment: &Judgment) -> Vec<SentGroup> {
    let mut groups: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for decision in &judgment.decisions {
        let how = match decision.action {
            Action::Encrypt { .. } => "Encrypted for this recipient.",
            Action::PassEncrypted { .. } => "As you had encrypted it.",
            Action::Pass => "As you wrote it.",
            Action::Hold { .. } | Action::Refuse { .. } => continue,
        };
        groups.entry(how).or_default().push(address(&decision.recipient));
    }
    let group = |(how, addresses)| SentGroup { how, addresses };
    groups.into_iter().map(group).collect()
}

/// What counts as personal information, equal lines once, and how many lines were left out.
fn found(inspection: &Inspection, judgment: &Judgment) -> (Vec<Found>, usize) {
    let mut lines: BTreeMap<(String, String, String, bool), (usize, usize)> = BTreeMap::new();
    let counting = judgment
        .need
        .findings
        .iter()
        .filter_map(|index| inspection.findings.get(*index));
    for (order, finding) in counting.enumerate() {
        let key = (
            plain(&finding.title, SHOWN),
            plain(finding.evidence.as_str(), SHOWN),
            plain(&finding.place.description, SHOWN),
            finding.test_value,
        );
        lines.entry(key).or_insert((order, 0)).1 += 1;
    }
    let mut found: Vec<(usize, Found)> = lines
        .into_iter()
        .map(|((title, ending, place, sample), (order, times))| {
            (
                order,
                Found {
                    title,
                    ending,
                    place,
                    sample,
                    times,
                },
            )
        })
        .collect();
    found.sort_by_key(|(order, _)| *order);
    limit(found.into_iter().map(|(_, found)| found).collect())
}

/// What stood in the way of reading, equal sentences once, and how many were left out.
fn unread(inspection: &Inspection, judgment: &Judgment) -> (Vec<String>, usize) {
    let mut seen = std::collections::BTreeSet::new();
    let sentences = inspection
        .obstacles
        .iter()
        .filter(|obstacle| judgment.need.obstacles.contains(&obstacle.kind))
        .map(|obstacle| match plain(&obstacle.detail, SHOWN) {
            detail if detail.is_empty() || is_for_administrators(obstacle.kind) => {
                words::obstacle(obstacle.kind).to_owned()
            }
            detail => detail,
        })
        .filter(|sentence| seen.insert(sentence.clone()));
    limit(sentences.collect())
}

/// Whether the details of an obstacle speak of the gateway's settings and processes, of which its users know nothing.
fn is_for_administrators(kind: ObstacleKind) -> bool {
    matches!(kind, ObstacleKind::TimedOut | ObstacleKind::ReaderDied)
}

/// What to do, most helpful first, each thing once.
fn steps(refused: &[RefusedGroup], judgment: &Judgment, help: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    let mut say = |step: String| {
        if !steps.contains(&step) {
            steps.push(step);
        }
    };
    for (refusal, addresses) in by_advice(refused, help) {
        say(words::advice(refusal, &whom(&addresses), help));
    }
    if is_for_protection(refused) {
        for kind in &judgment.need.obstacles {
            say(words::obstacle_advice(*kind).to_owned());
        }
        if !judgment.need.findings.is_empty() {
            say(words::LEAVE_IT_OUT.to_owned());
        }
    }
    steps
}

/// Whether anything was refused because it needs protection.
fn is_for_protection(refused: &[RefusedGroup]) -> bool {
    refused.iter().any(|group| {
        matches!(
            group.refusal,
            Refusal::NoCertificate | Refusal::NoUsableCertificate { .. } | Refusal::NotAllowed
        )
    })
}

/// Refusals that call for the same, together with all the addresses that they concern.
fn by_advice<'g>(refused: &'g [RefusedGroup], help: &str) -> Vec<(&'g Refusal, Vec<String>)> {
    let mut kinds: Vec<(&Refusal, Vec<String>)> = Vec::new();
    for RefusedGroup {
        refusal, addresses, ..
    } in refused
    {
        let same = |known: &&mut (&Refusal, Vec<String>)| {
            words::advice(known.0, "", help) == words::advice(refusal, "", help)
        };
        match kinds.iter_mut().find(same) {
            Some((_, all)) => all.extend(addresses.iter().cloned()),
            None => kinds.push((refusal, addresses.clone())),
        }
    }
    kinds
}

/// The recipients of a piece of advice, by name while they are few.
fn whom(addresses: &[String]) -> String {
    match addresses {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        _ => "these recipients".to_owned(),
    }
}

fn limit<T>(mut list: Vec<T>) -> (Vec<T>, usize) {
    let more = list.len().saturating_sub(LISTED);
    list.truncate(LISTED);
    (list, more)
}

pub(super) fn address(address: &Address) -> String {
    plain(&address.to_string(), usize::MAX)
}

/// One line without anything that changes how the rest is shown: no line breaks, control characters, or marks
/// that turn the direction of writing or are invisible.
pub(super) fn plain(text: &str, most: usize) -> String {
    let shown = text.chars().filter(|c| !is_invisible(*c));
    let mut shown = shown.map(|c| if breaks_line(c) { ' ' } else { c });
    let mut line: String = shown.by_ref().take(most).collect();
    if shown.next().is_some() {
        line.push('…');
    }
    line.trim().to_owned()
}

fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The date form of mail headers (RFC 5322 §3.3).
pub(super) fn header_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
