//! Puts a notice together: `multipart/report` (RFC 6522) with words, report and the mail's own id.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue, Headers};
use lettre::message::{Body, MultiPart, MultiPartKind, SinglePart};

use super::story::header_date;
use super::templates::Words;
use super::{About, NoticeError};
use crate::message::{Address, Leaving, MessageId, Outbound, Purpose, RawMessage, TlsWish};

/// The longest Message-ID that is repeated; longer ones could not stand in one line (RFC 5322 §2.1.1).
const MESSAGE_ID: usize = 512;

/// The longest line, in octets without its end (RFC 5322 §2.1.1).
const LINE: usize = 998;

/// Who writes.
#[derive(Debug)]
pub(super) struct Sender {
    /// The gateway's host name.
    pub reporting_mta: String,
    /// The address in `From`.
    pub from: Address,
}

/// A letter that is no report.
pub(super) struct Letter<'a> {
    /// Who writes it, and receives answers.
    pub from: &'a Address,
    pub to: &'a Address,
    /// What it is about.
    pub id: MessageId,
    /// Tells letters about one message apart.
    pub kind: &'static str,
    /// The Message-ID that it answers.
    pub answers: Option<&'a str>,
    pub now: Timestamp,
}

/// A letter, ready for the queue. Its envelope's sender is null and it says that a program wrote it, so that no
/// program answers (RFC 3834 §5).
pub(super) fn letter(sender: &Sender, letter: &Letter<'_>, words: Words) -> Result<Outbound, NoticeError> {
    let original = letter.answers.filter(|id| is_message_id(id));
    let mut message = MultiPart::builder().build();
    let automatic = match original {
        Some(_) => "auto-replied",
        None => "auto-generated",
    };
    let own_id = format!(
        "<{}.{}.{}@{}>",
        letter.id,
        letter.now.as_millisecond(),
        letter.kind,
        sender.reporting_mta
    );
    let mut fields = vec![
        ("From", format!("Mail gateway <{}>", mailbox(letter.from))),
        ("To", to(letter.to)),
        ("Date", header_date(letter.now)),
        ("Message-ID", own_id),
    ];
    if let Some(id) = original {
        fields.push(("In-Reply-To", id.to_owned()));
        fields.push(("References", id.to_owned()));
    }
    fields.push(("Auto-Submitted", automatic.to_owned()));
    fields.push(("X-Auto-Response-Suppress", "All".to_owned()));
    fields.push(("MIME-Version", "1.0".to_owned()));
    for (name, value) in fields {
        let name = HeaderName::new_from_ascii_str(name);
        let value = HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value);
        message.headers_mut().insert_raw(value);
    }
    let name = HeaderName::new_from_ascii_str("Subject");
    let subject = HeaderValue::new(name, words.subject.clone());
    message.headers_mut().insert_raw(subject);
    message.headers_mut().set(content_type(&format!(
        "multipart/alternative; boundary=\"=_letter_{}\"",
        letter.id
    ))?);
    let message = message
        .singlepart(words_part("text/plain; charset=utf-8", words.text)?)
        .singlepart(words_part("text/html; charset=utf-8", words.html)?);
    Ok(Outbound {
        sender: None,
        recipients: vec![(0, letter.to.clone())],
        body: RawMessage::new(message.formatted()),
        purpose: Purpose::Notice,
        leaving: Leaving::Clear,
        tls: TlsWish::AsConfigured,
    })
}

/// The finished notice, ready for the queue.
pub(super) fn compose(
    sender: &Sender,
    about: &About,
    words: Words,
    report: String,
) -> Result<Outbound, NoticeError> {
    let original = about.message_id.as_deref().filter(|id| is_message_id(id));
    // The id is random, so no text in the notice can hold the boundary.
    let mut message = MultiPart::builder().build();
    headers(
        message.headers_mut(),
        sender,
        about,
        original,
        &words.subject,
        &report,
    );
    message.headers_mut().set(content_type(&format!(
        "multipart/report; report-type=delivery-status; boundary=\"=_report_{}\"",
        about.id
    ))?);
    let alternative = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("=_words_{}", about.id))
        .singlepart(words_part("text/plain; charset=utf-8", words.text)?)
        .singlepart(words_part("text/html; charset=utf-8", words.html)?);
    let mut message = message
        .multipart(alternative)
        .singlepart(machine_part("message/delivery-status", &report)?);
    if let Some(id) = original {
        // Nothing but the id: any other field could hold what must not leave (RFC 6522 §4 asks for no more).
        let quoted = format!("Message-ID: {id}\n");
        message = message.singlepart(machine_part("text/rfc822-headers", &quoted)?);
    }
    Ok(Outbound {
        sender: None,
        recipients: vec![(0, about.sender.clone())],
        body: RawMessage::new(message.formatted()),
        purpose: Purpose::Notice,
        leaving: Leaving::Clear,
        tls: about.tls.of_notice(),
    })
}

fn headers(
    headers: &mut Headers,
    sender: &Sender,
    about: &About,
    original: Option<&str>,
    subject: &str,
    report: &str,
) {
    let mut raw = |name: &'static str, value: String| {
        let name = HeaderName::new_from_ascii_str(name);
        headers.insert_raw(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value));
    };
    raw("From", format!("Mail gateway <{}>", mailbox(&sender.from)));
    raw("To", to(&about.sender));
    raw("Date", header_date(about.now));
    raw("Message-ID", own_id(sender, about, report));
    if let Some(id) = original {
        raw("In-Reply-To", id.to_owned());
        raw("References", id.to_owned());
    }
    // RFC 3834 §5: an answer that no program shall answer; the second line says the same to Exchange.
    raw("Auto-Submitted", "auto-replied".to_owned());
    raw("X-Auto-Response-Suppress", "All".to_owned());
    raw("MIME-Version", "1.0".to_owned());
    let name = HeaderName::new_from_ascii_str("Subject");
    headers.insert_raw(HeaderValue::new(name, subject.to_owned()));
}

/// A part for people, in an encoding that no mail server rewrites.
fn words_part(kind: &str, text: String) -> Result<SinglePart, NoticeError> {
    let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable)
        .map_err(|_| NoticeError(format!("{kind} does not fit into its encoding")))?;
    Ok(SinglePart::builder().header(content_type(kind)?).body(body))
}

/// A part for machines, which must stand as it is (RFC 3464 §2.1). Lines end in LF here.
fn machine_part(kind: &str, text: &str) -> Result<SinglePart, NoticeError> {
    let fits = |line: &str| line.len() <= LINE && line.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    if !text.split('\n').all(fits) {
        return Err(NoticeError(format!(
            "{kind} is not ASCII in lines of {LINE} octets"
        )));
    }
    let body = text.replace('\n', "\r\n").into_bytes();
    let body = Body::dangerous_pre_encoded(body, ContentTransferEncoding::SevenBit);
    Ok(SinglePart::builder().header(content_type(kind)?).body(body))
}

fn content_type(text: &str) -> Result<ContentType, NoticeError> {
    ContentType::parse(text).map_err(|_| NoticeError(format!("{text} is no media type")))
}

/// The notice's own id. Two notices about one mail may be written in the same moment, so the report's content
/// takes part: equal ids would let a mail server drop one of them as a copy.
fn own_id(sender: &Sender, about: &About, report: &str) -> String {
    let mut hash = DefaultHasher::new();
    report.hash(&mut hash);
    let moment = about.now.as_millisecond();
    format!(
        "<{}.{moment}.{:x}@{}>",
        about.id,
        hash.finish(),
        sender.reporting_mta
    )
}

/// The sender's address for the header. One beyond ASCII stands in the envelope only, since a header that names
/// it would need SMTPUTF8 all the way (RFC 6532).
fn to(address: &Address) -> String {
    match address.is_ascii() {
        true => format!("<{}>", mailbox(address)),
        false => "undisclosed-recipients:;".to_owned(),
    }
}

/// An address as headers write it: a local part with an empty atom needs quotes there (RFC 5322 §3.4.1).
fn mailbox(address: &Address) -> String {
    let local = address.local();
    if local.starts_with('"') || local.split('.').all(|atom| !atom.is_empty()) {
        return address.to_string();
    }
    format!("\"{local}\"@{}", address.domain())
}

/// Whether the text can stand in a header as a Message-ID (RFC 5322 §3.6.4). Whether it may, the relay has decided.
fn is_message_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inner.is_some_and(|inner| {
        !inner.is_empty()
            && inner.len() <= MESSAGE_ID
            && inner
                .bytes()
                .all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')
    })
}
