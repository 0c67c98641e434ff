//! Reads one command line (RFC 5321 §4.1.1, RFC 1870, RFC 3030, RFC 3207, RFC 3461, RFC 6152, RFC 6531, RFC 8689).
//!
//! The parser is our own. `smtp-proto`, which the sending side uses, drops CR anywhere in a line, ends a line
//! at a bare LF, and gives the same answer for `<>` and `<postmaster>`: good for a lenient server, wrong for one
//! that must read exactly what other servers read.

use crate::message::{Address, DsnRequest};

use super::chunks::{self, Chunk};
use super::session::{Introduction, Login, introduction};
use super::{dsn, path};

/// What the client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Ehlo(String),
    Helo(String),
    Mail(Mail),
    Rcpt(Forward, DsnRequest),
    Data,
    Chunk(Chunk),
    Reset,
    Noop,
    Verify,
    Help,
    Quit,
    StartTls,
    Login(Login),
    Introduce(Introduction),
    Lhlo(String),
}

/// MAIL with its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mail {
    /// `None` is the null reverse path.
    pub(super) sender: Option<Address>,
    /// What the client says of the message's size (RFC 1870).
    pub(super) size: Option<u64>,
    /// Whether addresses may go beyond ASCII (RFC 6531).
    pub(super) smtputf8: bool,
    /// What the client asks of notices about all recipients.
    pub(super) dsn: DsnRequest,
    /// Whether TLS is asked for on the whole way (RFC 8689 §2).
    pub(super) requiretls: bool,
    body: bool,
}

/// Where RCPT points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Forward {
    Mailbox(Address),
    /// `<Postmaster>` without a domain: this host's own (RFC 5321 §4.5.1).
    Postmaster,
}

/// Why a line is no command that is served here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// No verb of SMTP.
    Unknown,
    /// A verb of SMTP that is not served here.
    NotServed,
    /// Bare CR or LF, NUL, another control character, or no UTF-8.
    Characters,
    /// The form is wrong; the right one is given.
    Form(&'static str),
    /// The reverse path is no mailbox.
    Sender,
    /// The forward path is no mailbox.
    Recipient,
    /// The reverse path goes beyond ASCII without SMTPUTF8.
    NotAscii,
    /// A parameter that nobody offered.
    Parameter,
    /// A parameter that is offered, with a value that it cannot have, or twice.
    Value,
    /// Another protocol, or a command that bytes follow which are not commands.
    Foreign,
    /// BDAT that does not say how many octets follow it, so that the next command cannot be found.
    Uncounted,
}

impl Fault {
    /// Whether the session must end: to go on would be to run commands from somebody's data.
    pub(super) fn is_fatal(self) -> bool {
        matches!(self, Fault::Foreign | Fault::Uncounted)
    }
}

/// Reads `line`, which comes without its CRLF.
pub(super) fn parse(line: &[u8]) -> Result<Command, Fault> {
    let is_chunk = line
        .get(..4)
        .is_some_and(|verb| verb.eq_ignore_ascii_case(b"BDAT"));
    read(line).map_err(|fault| if is_chunk { Fault::Uncounted } else { fault })
}

fn read(line: &[u8]) -> Result<Command, Fault> {
    let text = std::str::from_utf8(line).map_err(|_| Fault::Characters)?;
    if text.chars().any(char::is_control) {
        return Err(Fault::Characters);
    }
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    // Clients do leave spaces at the end, and RFC 5321 §4.1.1 asks for tolerance.
    let rest = rest.trim_matches(' ');
    match verb.to_ascii_uppercase().as_str() {
        "EHLO" => name(rest).map(Command::Ehlo).ok_or(Fault::Form("EHLO host-name")),
        "LHLO" => name(rest).map(Command::Lhlo).ok_or(Fault::Form("LHLO host-name")),
        "XCLIENT" => introduction(rest)
            .map(Command::Introduce)
            .ok_or(Fault::Form("XCLIENT ADDR=address")),
        "HELO" => name(rest).map(Command::Helo).ok_or(Fault::Form("HELO host-name")),
        "MAIL" => mail(rest).map(Command::Mail),
        "RCPT" => rcpt(rest),
        "DATA" => alone(rest, Command::Data, "DATA"),
        "BDAT" => chunks::parse(rest).map(Command::Chunk).ok_or(Fault::Uncounted),
        "RSET" => alone(rest, Command::Reset, "RSET"),
        "QUIT" => alone(rest, Command::Quit, "QUIT"),
        "STARTTLS" => alone(rest, Command::StartTls, "STARTTLS"),
        "AUTH" => login(rest).ok_or(Fault::Form("AUTH mechanism [initial-response]")),
        "NOOP" => Ok(Command::Noop),
        "HELP" => Ok(Command::Help),
        "VRFY" if rest.is_empty() => Err(Fault::Form("VRFY address")),
        "VRFY" => Ok(Command::Verify),
        "EXPN" | "ETRN" | "ATRN" | "TURN" | "SEND" | "SOML" | "SAML" => Err(Fault::NotServed),
        verb if is_foreign(verb) => Err(Fault::Foreign),
        _ => Err(Fault::Unknown),
    }
}

/// BURL brings data that would then be read as commands. The others are HTTP: a browser on an allowed
/// host can be made to send SMTP commands in the body of a request.
fn is_foreign(verb: &str) -> bool {
    [
        "BURL", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "HOST:",
    ]
    .contains(&verb)
}

fn login(rest: &str) -> Option<Command> {
    let mut words = words(rest).map(str::to_owned);
    let login = Login {
        mechanism: words.next()?,
        initial: words.next(),
    };
    words.next().is_none().then_some(Command::Login(login))
}

fn alone(rest: &str, command: Command, form: &'static str) -> Result<Command, Fault> {
    if rest.is_empty() {
        Ok(command)
    } else {
        Err(Fault::Form(form))
    }
}

/// A host name or address literal is not checked further: it proves nothing, and RFC 5321 §4.1.4 forbids to
/// refuse mail for it.
fn name(text: &str) -> Option<String> {
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

fn mail(text: &str) -> Result<Mail, Fault> {
    const FORM: Fault = Fault::Form("MAIL FROM:<address> [parameters]");
    let (path, parameters) = after(text, "FROM:").and_then(path::split).ok_or(FORM)?;
    let mut mail = Mail::default();
    for parameter in words(parameters) {
        mail.set(parameter)?;
    }
    if !path.is_empty() {
        let sender = path::mailbox(path).ok_or(Fault::Sender)?;
        if !mail.smtputf8 && !sender.is_ascii() {
            return Err(Fault::NotAscii);
        }
        mail.sender = Some(sender);
    }
    Ok(mail)
}

impl Mail {
    /// The size that the client announced, or 0.
    pub(super) fn expected(&self) -> usize {
        usize::try_from(self.size.unwrap_or(0)).unwrap_or(usize::MAX)
    }

    fn set(&mut self, parameter: &str) -> Result<(), Fault> {
        let (key, value) = halves(parameter);
        if dsn::of_mail(&mut self.dsn, &key, value)? {
            return Ok(());
        }
        match (key.as_str(), value) {
            ("SIZE", Some(value)) if self.size.is_none() => {
                self.size = Some(size(value).ok_or(Fault::Value)?)
            }
            ("BODY", Some(value)) if !self.body && is_body(value) => self.body = true,
            ("SMTPUTF8", None) if !self.smtputf8 => self.smtputf8 = true,
            ("REQUIRETLS", None) if !self.requiretls => self.requiretls = true,
            // Who is said to have submitted the message first changes nothing here (RFC 4954 §5).
            ("AUTH", Some(value)) if !value.is_empty() => {}
            ("SIZE" | "BODY" | "SMTPUTF8" | "REQUIRETLS" | "AUTH", _) => return Err(Fault::Value),
            _ => return Err(Fault::Parameter),
        }
        Ok(())
    }
}

/// Up to 20 digits (RFC 1870 §3); what exceeds a `u64` is too big in any case.
fn size(text: &str) -> Option<u64> {
    let fits = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn is_body(value: &str) -> bool {
    value.eq_ignore_ascii_case("7BIT") || value.eq_ignore_ascii_case("8BITMIME")
}

fn rcpt(text: &str) -> Result<Command, Fault> {
    const FORM: Fault = Fault::Form("RCPT TO:<address> [parameters]");
    let (path, parameters) = after(text, "TO:").and_then(path::split).ok_or(FORM)?;
    let mut dsn = DsnRequest::default();
    for (key, value) in words(parameters).map(halves) {
        if !dsn::of_rcpt(&mut dsn, &key, value)? {
            return Err(Fault::Parameter);
        }
    }
    if path.eq_ignore_ascii_case("postmaster") {
        return Ok(Command::Rcpt(Forward::Postmaster, dsn));
    }
    let mailbox = path::mailbox(path).ok_or(Fault::Recipient)?;
    Ok(Command::Rcpt(Forward::Mailbox(mailbox), dsn))
}

/// A parameter's keyword, in upper case, and its value.
fn halves(parameter: &str) -> (String, Option<&str>) {
    match parameter.split_once('=') {
        Some((key, value)) => (key.to_ascii_uppercase(), Some(value)),
        None => (parameter.to_ascii_uppercase(), None),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

fn after<'a>(text: &'a str, keyword: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(keyword.len())?;
    head.eq_ignore_ascii_case(keyword).then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(line: &str) -> Fault {
        parse(line.as_bytes()).expect_err(line)
    }

    #[test]
    fn verbs_and_keywords_are_read_in_any_case() {
        assert_eq!(
            parse(b"eHlO client.example"),
            Ok(Command::Ehlo("client.example".to_owned()))
        );
        assert_eq!(parse(b"rset "), Ok(Command::Reset));
        let Ok(Command::Mail(mail)) = parse(b"mail from:<A@B.example> size=12 body=8bitmime smtputf8") else {
            panic!("MAIL is read");
        };
        assert_eq!(mail.sender.unwrap().to_string(), "A@b.example");
        assert_eq!((mail.size, mail.smtputf8), (Some(12), true));
        assert_eq!(
            parse(b"RCPT TO:<PostMaster>"),
            Ok(Command::Rcpt(Forward::Postmaster, DsnRequest::default()))
        );
    }

    #[test]
    fn the_null_sender_is_a_sender_and_no_recipient() {
        assert_eq!(parse(b"MAIL FROM:<>"), Ok(Command::Mail(Mail::default())));
        assert_eq!(fault("RCPT TO:<>"), Fault::Recipient);
    }

    #[test]
    fn a_line_with_a_control_character_is_no_command() {
        for line in [
            "RSET\n",
            "RSET\rx",
            "DA\rTA",
            "MAIL FROM:<a@b.c>\nRSET",
            "NOOP \0",
            "NOOP\tx",
            "NOOP \u{85}",
        ] {
            assert_eq!(fault(line), Fault::Characters, "{line:?}");
        }
        assert_eq!(parse(b"NOOP \xff"), Err(Fault::Characters));
    }

    #[test]
    fn parameters_that_nobody_offered_are_told_from_bad_values() {
        assert_eq!(fault("MAIL FROM:<a@b.c> NOTIFY=NEVER"), Fault::Parameter);
        assert_eq!(fault("MAIL FROM:<a@b.c> AUTH="), Fault::Value);
        assert!(parse(b"MAIL FROM:<a@b.c> AUTH=<>").is_ok());
        assert_eq!(fault("RCPT TO:<a@b.c> RET=FULL"), Fault::Parameter);
        assert_eq!(fault("RCPT TO:<a@b.c> NOTIFY=SOMETIMES"), Fault::Value);
        assert_eq!(fault("MAIL FROM:<a@b.c> RET=HALF"), Fault::Value);
        assert!(parse(b"MAIL FROM:<a@b.c> ENVID=x RET=HDRS SIZE=1").is_ok());
        assert!(parse(b"RCPT TO:<a@b.c> notify=failure ORCPT=rfc822;a@b.c").is_ok());
        for value in [
            "SIZE",
            "SIZE=",
            "SIZE=x",
            "SIZE=+1",
            "SIZE=1 SIZE=2",
            "BODY=BINARYMIME",
            "BODY",
            "SMTPUTF8=1",
            "REQUIRETLS=1",
            "REQUIRETLS REQUIRETLS",
            "SIZE=123456789012345678901",
        ] {
            assert_eq!(
                fault(&format!("MAIL FROM:<a@b.c> {value}")),
                Fault::Value,
                "{value}"
            );
        }
        let Ok(Command::Mail(mail)) = parse(b"MAIL FROM:<a@b.c> SIZE=99999999999999999999") else {
            panic!("20 digits are allowed");
        };
        assert_eq!(mail.size, Some(u64::MAX));
    }

    #[test]
    fn a_chunk_whose_length_is_not_told_ends_the_session() {
        let chunk = Chunk {
            octets: 5,
            last: true,
        };
        assert_eq!(parse(b"bdat 5 Last"), Ok(Command::Chunk(chunk)));
        for line in [
            "BDAT",
            "BDAT x",
            "BDAT LAST",
            "BDAT\t5",
            "bdat5",
            "BDAT 5\n",
            "BDAT 5\r LAST",
        ] {
            let fault = fault(line);
            assert!(fault == Fault::Uncounted && fault.is_fatal(), "{line:?}");
        }
    }

    #[test]
    fn addresses_beyond_ascii_need_smtputf8() {
        assert_eq!(fault("MAIL FROM:<ü@b.c>"), Fault::NotAscii);
        assert!(parse("MAIL FROM:<ü@b.c> SMTPUTF8".as_bytes()).is_ok());
    }

    #[test]
    fn wrong_forms_are_told_by_kind() {
        for line in [
            "EHLO",
            "EHLO a b",
            "HELO ü",
            "DATA now",
            "QUIT now",
            "RSET 1",
            "STARTTLS x",
            "VRFY",
        ] {
            assert!(matches!(fault(line), Fault::Form(_)), "{line}");
        }
        for line in [
            "MAIL",
            "MAIL FROM",
            "MAIL FROM:",
            "MAIL FROM:a@b.c",
            "MAIL TO:<a@b.c>",
            "MAIL FROM:<a@b.c>x",
        ] {
            assert!(matches!(fault(line), Fault::Form(_)), "{line}");
        }
        for line in ["", " EHLO x", "XYZZY", "MAILFROM:<a@b.c>", "EHLOx", "ＱＵＩＴ"] {
            assert_eq!(fault(line), Fault::Unknown, "{line}");
        }
        assert_eq!(fault("MAIL FROM:<a>"), Fault::Sender);
        assert_eq!(fault("RCPT TO:<a>"), Fault::Recipient);
        assert_eq!(fault("ETRN b.c"), Fault::NotServed);
        assert!(matches!(fault("AUTH"), Fault::Form(_)) && matches!(fault("AUTH a b c"), Fault::Form(_)));
        assert_eq!(fault("BURL imap://x LAST"), Fault::Foreign);
        assert_eq!(fault("POST / HTTP/1.1"), Fault::Foreign);
    }

    proptest! {
        #[test]
        fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&line);
        }

        #[test]
        fn no_path_panics(text in "(MAIL FROM:|RCPT TO:)[ <>@:,\\[\\]\"\\\\a.ü=]{0,40}") {
            let _ = parse(text.as_bytes());
        }
    }
}
