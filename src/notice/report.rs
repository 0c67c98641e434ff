//! The part of a notice that machines read: `message/delivery-status` (RFC 3464). ASCII only, lines bounded.

use jiff::Timestamp;

use super::story::{header_date, plain};
use super::{About, Failure};
use crate::message::{Address, DsnRequest};
use crate::policy::{Action, Judgment};

/// How many characters of a reply go into `Diagnostic-Code`, so that no line reaches 998 octets (RFC 5322 §2.1.1).
const DIAGNOSTIC: usize = 600;

/// One block per recipient of the envelope, refused and sent alike.
pub(super) fn refused(reporting_mta: &str, about: &About, judgment: &Judgment) -> String {
    let mut report = head(reporting_mta, about);
    for (place, decision) in (1..).zip(&judgment.decisions) {
        let (action, status, reason) = match &decision.action {
            Action::Refuse { refusal } => ("failed", refusal.status(), Some(refusal.in_short())),
            // It may still come to a delivery (RFC 3464 §2.3.3); 4.7.0: a matter of security, and not for good.
            Action::Hold { refusal, .. } => ("delayed", "4.7.0", Some(refusal.in_short())),
            // "relayed": taken on for delivery, and no word of success will follow (RFC 3464 §2.3.3).
            Action::Pass | Action::PassEncrypted { .. } | Action::Encrypt { .. } => {
                ("relayed", "2.0.0", None)
            }
        };
        report.push_str(&recipient(dsn(about, place), &decision.recipient, action, status));
        if let Some(reason) = reason {
            report.push_str(&format!("Diagnostic-Code: x-sealgate; {reason}\n"));
        }
        report.push_str(&format!("X-Sealgate-Decision: {}\n", about.id.decision(place)));
    }
    report
}

/// One block per recipient whose copy waits.
pub(super) fn waiting(reporting_mta: &str, about: &About, judgment: &Judgment) -> String {
    let mut report = head(reporting_mta, about);
    for (place, decision) in (1..).zip(&judgment.decisions) {
        if let Action::Hold { refusal, hours } = &decision.action {
            report.push_str(&recipient(
                dsn(about, place),
                &decision.recipient,
                "delayed",
                "4.7.0",
            ));
            let reason = refusal.in_short();
            report.push_str(&format!("Diagnostic-Code: x-sealgate; {reason}\n"));
            let hours = i64::try_from(*hours).unwrap_or(0).min(24 * 366);
            let until = about.received + jiff::SignedDuration::from_hours(hours);
            report.push_str(&format!("Will-Retry-Until: {}\n", header_date(until)));
            report.push_str(&format!("X-Sealgate-Decision: {}\n", about.id.decision(place)));
        }
    }
    report
}

/// One block per delivery that failed.
pub(super) fn failed(reporting_mta: &str, about: &About, failures: &[Failure]) -> String {
    let mut report = head(reporting_mta, about);
    for failure in failures {
        let status = status(&failure.reply, "5").unwrap_or_else(|| no_status(&failure.reply).to_owned());
        report.push_str(&attempted(failure, about, "failed", &status));
    }
    report
}

/// One block per delivery that is late.
pub(super) fn delayed(reporting_mta: &str, about: &About, late: &[Failure], until: Timestamp) -> String {
    let mut report = head(reporting_mta, about);
    for one in late {
        let status = status(&one.reply, "4").unwrap_or_else(|| "4.0.0".to_owned());
        report.push_str(&attempted(one, about, "delayed", &status));
        report.push_str(&format!("Will-Retry-Until: {}\n", header_date(until)));
    }
    report
}

/// One block per delivery that was handed to a host that says nothing more of it (RFC 3461 §5.2.2, §6.3).
pub(super) fn relayed(reporting_mta: &str, about: &About, relayed: &[Failure]) -> String {
    let mut report = head(reporting_mta, about);
    for one in relayed {
        report.push_str(&attempted(one, about, "relayed", "2.0.0"));
    }
    report
}

/// The block of a recipient with whose host was spoken.
fn attempted(failure: &Failure, about: &About, action: &str, status: &str) -> String {
    let mut block = recipient(Some(&failure.dsn), &failure.recipient, action, status);
    let host = ascii(&failure.next_hop, 255);
    let host = host.rsplit_once(':').map_or(host.as_str(), |(host, _)| host);
    if !host.is_empty() {
        block.push_str(&format!("Remote-MTA: dns; {host}\n"));
    }
    let kind = if is_reply(&failure.reply) {
        "smtp"
    } else {
        "x-sealgate"
    };
    let reply = ascii(&failure.reply, DIAGNOSTIC);
    block.push_str(&format!("Diagnostic-Code: {kind}; {reply}\n"));
    block.push_str(&format!("Last-Attempt-Date: {}\n", header_date(about.now)));
    block
}

/// What was asked about the recipient at a place of the envelope.
fn dsn(about: &About, place: u32) -> Option<&DsnRequest> {
    let place = usize::try_from(place).ok()?.checked_sub(1)?;
    about.dsn.get(place)
}

/// The block about the message (RFC 3464 §2.2).
fn head(reporting_mta: &str, about: &About) -> String {
    let named = about.dsn.iter().find_map(DsnRequest::original_envelope);
    let named = named.map(|name| format!("Original-Envelope-Id: {}\n", ascii(&name, 255)));
    format!(
        "{}Reporting-MTA: dns; {reporting_mta}\nArrival-Date: {}\nX-Sealgate-Decision: {}\n",
        named.unwrap_or_default(),
        header_date(about.received),
        about.id
    )
}

/// The beginning of a recipient's block (RFC 3464 §2.3), with the empty line before it.
fn recipient(dsn: Option<&DsnRequest>, address: &Address, action: &str, status: &str) -> String {
    let original = dsn.and_then(DsnRequest::original_recipient);
    let original = original.map(|original| format!("Original-Recipient: {}\n", ascii(&original, DIAGNOSTIC)));
    format!(
        "\n{}Final-Recipient: {}\nAction: {action}\nStatus: {status}\n",
        original.unwrap_or_default(),
        typed(address)
    )
}

/// `rfc822; …`, or for addresses beyond ASCII the 7-bit form of RFC 6533 §3.
fn typed(address: &Address) -> String {
    if address.is_ascii() {
        return format!("rfc822; {address}");
    }
    let mut text = String::from("utf-8; ");
    for c in address.to_string().chars() {
        if c.is_ascii_graphic() && !matches!(c, '\\' | '+' | '=') {
            text.push(c);
        } else {
            text.push_str(&format!("\\x{{{:X}}}", u32::from(c)));
        }
    }
    text
}

/// The enhanced status code of a reply (RFC 3463), when it has one of the class that is wanted.
fn status(reply: &str, wanted: &str) -> Option<String> {
    // A reason of our own begins with the code itself.
    let place = usize::from(is_reply(reply));
    let code = reply.split([' ', '-', '\r', '\n']).nth(place)?;
    let mut numbers = code.split('.');
    let class = numbers.next()?;
    let rest: Vec<&str> = numbers.collect();
    let is_number = |text: &&str| (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    (class == wanted && rest.len() == 2 && rest.iter().all(is_number)).then(|| code.to_owned())
}

/// What to say when the reply itself says nothing more: refused, or out of time (RFC 3463 §3.5).
fn no_status(reply: &str) -> &'static str {
    match reply.starts_with('5') && is_reply(reply) {
        true => "5.0.0",
        false => "5.4.7",
    }
}

/// Whether the text begins like an SMTP reply: three digits.
fn is_reply(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits == 3
}

/// One line of printable ASCII.
fn ascii(text: &str, most: usize) -> String {
    let printable = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    plain(text, most).chars().map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_final_reply_is_kept_and_all_else_gets_a_5() {
        let told = |reply: &str| status(reply, "5").unwrap_or_else(|| no_status(reply).to_owned());
        assert_eq!(told("550 5.1.1 no such user"), "5.1.1");
        assert_eq!(told("550-5.7.26 not\n550 5.7.26 authenticated"), "5.7.26");
        assert_eq!(told("550 no such user"), "5.0.0");
        assert_eq!(told("550 5.1.1111 x"), "5.0.0");
        assert_eq!(told("451 4.3.0 try later"), "5.4.7");
        assert_eq!(told("5.7.30 the host promises nothing"), "5.7.30");
        assert_eq!(told("given up after 120 hours: 4.4.1 no connection"), "5.4.7");
        assert_eq!(told("connection refused"), "5.4.7");
        assert_eq!(told(""), "5.4.7");
        assert_eq!(told("550 5.a.b x"), "5.0.0");
    }

    #[test]
    fn addresses_beyond_ascii_are_written_in_seven_bits() {
        let address: Address = "jürgen+a@bücher.example".parse().unwrap();
        assert_eq!(
            typed(&address),
            "utf-8; j\\x{FC}rgen\\x{2B}a@b\\x{FC}cher.example"
        );
        let address: Address = "a+b@c.example".parse().unwrap();
        assert_eq!(typed(&address), "rfc822; a+b@c.example");
    }
}
