//! What goes over the wire to the client: every reply code and text of the server (RFC 5321 §4.2, RFC 2034,
//! RFC 3463).

use std::borrow::Cow;

use super::Reply;
use super::command::Fault;
use super::intake::Flaw;

/// The longest reply line without its CRLF (RFC 5321 §4.5.3.1.5).
const LINE_LIMIT: usize = 510;

/// One reply of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    code: u16,
    /// Empty where RFC 2034 §4 wants no enhanced status code.
    status: &'static str,
    text: Cow<'static, str>,
}

impl Answer {
    pub(super) const OK: Answer = fixed(250, "2.0.0", "OK");
    pub(super) const SENDER_TAKEN: Answer = fixed(250, "2.1.0", "sender OK");
    pub(super) const RECIPIENT_TAKEN: Answer = fixed(250, "2.1.5", "recipient OK");
    pub(super) const SEND_DATA: Answer = fixed(354, "", "send the message, end it with <CRLF>.<CRLF>");
    pub(super) const START_TLS: Answer = fixed(220, "2.0.0", "ready to start TLS");
    pub(super) const NOT_VERIFIED: Answer = fixed(
        252,
        "2.0.0",
        "addresses are not verified here; mail to them is taken and tried",
    );
    pub(super) const HELP: Answer = fixed(
        214,
        "2.0.0",
        "commands: EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT STARTTLS AUTH",
    );

    pub(super) const HELLO_FIRST: Answer = fixed(503, "5.5.1", "send EHLO first");
    pub(super) const MAIL_FIRST: Answer = fixed(503, "5.5.1", "send MAIL first");
    pub(super) const RECIPIENT_FIRST: Answer = fixed(503, "5.5.1", "no recipient was taken; send RCPT first");
    pub(super) const NESTED_MAIL: Answer = fixed(
        503,
        "5.5.1",
        "a transaction is under way; end it or send RSET first",
    );
    pub(super) const ALREADY_TLS: Answer = fixed(503, "5.5.1", "TLS is already active");
    pub(super) const NO_TLS: Answer = fixed(502, "5.5.1", "STARTTLS is not offered here");
    pub(super) const EARLY_TLS: Answer = fixed(
        554,
        "5.5.0",
        "nothing may follow STARTTLS before its reply; closing",
    );
    pub(super) const EARLY_DATA: Answer = fixed(
        554,
        "5.5.0",
        "message text was sent before DATA was answered; closing",
    );
    pub(super) const CHUNK_TAKEN: Answer = fixed(250, "2.0.0", "chunk OK");
    pub(super) const CHUNKS_FAILED: Answer = fixed(
        503,
        "5.5.1",
        "a chunk was refused, and the others are dropped; send RSET or MAIL",
    );
    pub(super) const CHUNKS_BEGUN: Answer = fixed(
        503,
        "5.5.1",
        "the message has begun with BDAT; go on with BDAT, or send RSET",
    );
    pub(super) const LINE_TOO_LONG: Answer =
        fixed(500, "5.5.2", "the command line is longer than 2048 octets");
    pub(super) const NOT_ASCII: Answer = fixed(
        553,
        "5.6.7",
        "an address beyond ASCII needs the SMTPUTF8 parameter of MAIL",
    );
    pub(super) const NO_POSTMASTER: Answer = fixed(550, "5.1.1", "there is no postmaster here");
    pub(super) const FOREIGN_RECIPIENT: Answer =
        fixed(550, "5.7.1", "mail is taken here for our own domains only");
    pub(super) const TOO_BIG: Answer = fixed(
        552,
        "5.3.4",
        "the message is larger than the limit of this gateway",
    );
    pub(super) const NO_ROOM: Answer = fixed(452, "4.3.1", "no room for this message now; try again later");
    pub(super) const OUR_FAULT: Answer =
        fixed(451, "4.3.0", "the gateway could not do its work; try again later");
    pub(super) const TOO_MANY_RECIPIENTS: Answer = fixed(
        452,
        "4.5.3",
        "too many recipients; send the others in another transaction",
    );
    pub(super) const STRANGER: Answer = fixed(554, "5.7.1", "relaying is not allowed from this address");

    pub(super) const LMTP_ONLY: Answer = fixed(500, "5.5.1", "this is LMTP; send LHLO");
    pub(super) const NO_LMTP: Answer = fixed(500, "5.5.1", "this is SMTP; send EHLO");
    pub(super) const NO_XCLIENT: Answer = fixed(550, "5.7.0", "XCLIENT is for named balancers only");
    pub(super) const XCLIENT_IN_TRANSACTION: Answer = fixed(
        503,
        "5.5.1",
        "XCLIENT cannot come within a transaction; send RSET first",
    );
    pub(super) const SUSPENDED: Answer = fixed(
        550,
        "5.7.1",
        "sending from this address has been suspended; please call your administrator",
    );
    pub(super) const SENDER_MESSAGES: Answer = fixed(
        450,
        "4.7.1",
        "this sender has sent too many messages within an hour; try again later",
    );
    pub(super) const CLIENT_MESSAGES: Answer = fixed(
        450,
        "4.7.1",
        "you have sent too many messages within an hour; try again later",
    );
    pub(super) const SENDER_RECIPIENTS: Answer = fixed(
        452,
        "4.5.3",
        "this sender has written to too many recipients within an hour; try again later",
    );
    pub(super) const CLIENT_RECIPIENTS: Answer = fixed(
        452,
        "4.5.3",
        "you have named too many recipients within an hour; try again later",
    );
    pub(super) const LOGGED_IN: Answer = fixed(235, "2.7.0", "logged in");
    pub(super) const LOGIN_FAILED: Answer = fixed(535, "5.7.8", "the user name or the password is wrong");
    /// RFC 4954 §6.
    pub(super) const LOGIN_UNKNOWN: Answer = fixed(
        454,
        "4.7.0",
        "logins cannot be checked at the moment; try again later",
    );
    pub(super) const LOGIN_MALFORMED: Answer =
        fixed(501, "5.5.2", "this is no answer to the challenge, or no base 64");
    pub(super) const LOGIN_CANCELLED: Answer = fixed(501, "5.0.0", "the login was given up");
    pub(super) const NO_LOGIN: Answer = fixed(502, "5.5.1", "AUTH is not offered here");
    pub(super) const LOGIN_NEEDS_TLS: Answer = fixed(538, "5.7.11", "send STARTTLS first");
    pub(super) const LOGIN_FIRST: Answer = fixed(530, "5.7.0", "log in first; AUTH is offered under TLS");
    /// Like a missing STARTTLS (RFC 3207 §4); 5.7.10 is "encryption needed" (RFC 8689 §4.2.1).
    pub(super) const REQUIRETLS_IN_CLEAR: Answer =
        fixed(530, "5.7.10", "REQUIRETLS can be asked for under TLS only");
    pub(super) const NOT_YOUR_ADDRESS: Answer = fixed(
        553,
        "5.7.1",
        "the user that you logged in as may not send from this address; ask your administrator to allow it",
    );
    pub(super) const ADDRESSES_UNKNOWN: Answer = fixed(
        451,
        "4.3.0",
        "which addresses you may send from cannot be looked up at the moment; try again later",
    );
    pub(super) const ALREADY_LOGGED_IN: Answer = fixed(503, "5.5.1", "you are logged in already");
    pub(super) const LOGIN_IN_TRANSACTION: Answer = fixed(
        503,
        "5.5.1",
        "AUTH cannot come within a transaction; send RSET first",
    );
    pub(super) const UNKNOWN_MECHANISM: Answer = fixed(
        504,
        "5.5.4",
        "this mechanism is not offered; take one that EHLO names",
    );

    /// The server's part of a login, in base 64 (RFC 4954 §4).
    pub(super) fn challenge(text: &str) -> Answer {
        told(334, "", text.to_owned())
    }

    pub(super) fn login_blocked(hostname: &str) -> Answer {
        told(
            421,
            "4.7.0",
            format!("{hostname} too many logins from your address have failed; try again in an hour"),
        )
    }

    /// The greeting of a client that may relay.
    pub(super) fn greeting(hostname: &str) -> Answer {
        told(220, "", format!("{hostname} ESMTP Sealgate"))
    }

    /// The greeting of a client that may not (RFC 5321 §3.1).
    pub(super) fn stranger(hostname: &str) -> Answer {
        told(
            554,
            "5.7.1",
            format!("{hostname} relaying is not allowed from this address"),
        )
    }

    /// Instead of a greeting, to a client that did not wait for it.
    pub(super) fn early(hostname: &str) -> Answer {
        told(
            554,
            "5.5.0",
            format!("{hostname} you spoke before the greeting; closing"),
        )
    }

    pub(super) fn hello(hostname: &str) -> Answer {
        told(250, "", hostname.to_owned())
    }

    pub(super) fn bye(hostname: &str) -> Answer {
        told(221, "2.0.0", format!("{hostname} closing"))
    }

    pub(super) fn too_many_sessions(hostname: &str) -> Answer {
        told(
            421,
            "4.7.0",
            format!("{hostname} too many sessions are open; try again later"),
        )
    }

    pub(super) fn too_many_errors(hostname: &str) -> Answer {
        told(421, "4.7.0", format!("{hostname} too many errors; closing"))
    }

    pub(super) fn too_often(hostname: &str, what: &str) -> Answer {
        told(421, "4.7.0", format!("{hostname} {what}"))
    }

    pub(super) fn too_slow(hostname: &str) -> Answer {
        told(
            421,
            "4.4.2",
            format!("{hostname} the message comes too slowly; closing"),
        )
    }

    pub(super) fn place_needed(hostname: &str) -> Answer {
        told(
            421,
            "4.7.0",
            format!("{hostname} you were idle, and others need the place; come again"),
        )
    }

    pub(super) fn timed_out(hostname: &str) -> Answer {
        told(421, "4.4.2", format!("{hostname} nothing came in time; closing"))
    }

    pub(super) fn stopping(hostname: &str) -> Answer {
        told(
            421,
            "4.3.2",
            format!("{hostname} is shutting down; try again later"),
        )
    }

    /// Appends the reply as one line. Whatever its text holds, no line break, control character or octet
    /// beyond ASCII gets through.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        self.write_line(out, ' ');
    }

    /// Appends the reply with further lines behind it (RFC 5321 §4.2.1).
    pub(super) fn write_list<'a>(&self, out: &mut Vec<u8>, lines: &[impl AsRef<str> + 'a]) {
        self.write_line(out, if lines.is_empty() { ' ' } else { '-' });
        for (place, line) in lines.iter().enumerate() {
            let mark = if place + 1 == lines.len() { ' ' } else { '-' };
            told(self.code, self.status, line.as_ref().to_owned()).write_line(out, mark);
        }
    }

    fn write_line(&self, out: &mut Vec<u8>, mark: char) {
        let mut line = format!("{}{mark}", self.code);
        if !self.status.is_empty() {
            line.push_str(self.status);
            line.push(' ');
        }
        line.extend(self.text.chars().map(printable));
        // All of it is ASCII now, so that any cut is between characters.
        line.truncate(LINE_LIMIT);
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

fn printable(c: char) -> char {
    match c {
        ' '..='~' => c,
        c if c.is_whitespace() || c.is_control() => ' ',
        _ => '?',
    }
}

const fn fixed(code: u16, status: &'static str, text: &'static str) -> Answer {
    Answer {
        code,
        status,
        text: Cow::Borrowed(text),
    }
}

fn told(code: u16, status: &'static str, text: String) -> Answer {
    Answer {
        code,
        status,
        text: Cow::Owned(text),
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Answer {
        match reply {
            Reply::Accepted(id) => told(250, "2.0.0", format!("Accepted as {id}")),
            Reply::Refused { status, text } => told(550, permanent(status), text),
            Reply::TryLater { text } => told(451, "4.3.0", text),
            Reply::NoRoom => Answer::NO_ROOM,
        }
    }
}

/// A status that contradicts the 550 in front of it would mislead the client (RFC 2034 §4).
fn permanent(status: &'static str) -> &'static str {
    let mut parts = status.split('.');
    let class = parts.next() == Some("5");
    let rest: Vec<_> = parts.collect();
    let is_number =
        |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if class && rest.len() == 2 && rest.iter().all(is_number) {
        status
    } else {
        "5.7.1"
    }
}

impl From<Flaw> for Answer {
    fn from(flaw: Flaw) -> Answer {
        match flaw {
            Flaw::NoRoom => Answer::NO_ROOM,
            Flaw::TooBig => Answer::TOO_BIG,
            Flaw::Nul => fixed(
                550,
                "5.6.0",
                "the message holds a NUL octet, which mail must not (RFC 5321 2.3.8)",
            ),
            Flaw::BareCr => fixed(
                550,
                "5.6.0",
                "the message holds a CR without LF; lines end with CRLF (RFC 5321 2.3.8)",
            ),
            Flaw::BareLf => fixed(
                550,
                "5.6.0",
                "the message holds a LF without CR; lines end with CRLF (RFC 5321 2.3.8)",
            ),
        }
    }
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Answer {
        match fault {
            Fault::Unknown => fixed(500, "5.5.2", "this command is not known here"),
            Fault::NotServed => fixed(502, "5.5.1", "this command is not offered here"),
            Fault::Characters => fixed(
                500,
                "5.5.2",
                "the command holds octets that are not text; lines end with CRLF",
            ),
            Fault::Form(form) => told(501, "5.5.4", format!("write it as: {form}")),
            Fault::Sender => fixed(501, "5.1.7", "the sender is not an address like local@domain"),
            Fault::Recipient => fixed(501, "5.1.3", "the recipient is not an address like local@domain"),
            Fault::NotAscii => Answer::NOT_ASCII,
            Fault::Parameter => fixed(555, "5.5.4", "a parameter is not known here"),
            Fault::Value => fixed(
                501,
                "5.5.4",
                "a parameter has a value that it cannot have, or stands twice",
            ),
            Fault::Foreign => fixed(
                554,
                "5.5.1",
                "this command is not offered here, and what follows it is no mail; closing",
            ),
            Fault::Uncounted => fixed(
                554,
                "5.5.4",
                "write it as: BDAT octets [LAST]; it cannot be told where the chunk ends; closing",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(answer: impl Into<Answer>) -> String {
        let mut out = Vec::new();
        answer.into().write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_from_elsewhere_cannot_break_out_of_its_line() {
        let text = "no\r\n250 2.0.0 yes\0\u{85}\u{2028}ü\u{7f}".to_owned();
        let line = written(Reply::Refused {
            status: "5.7.1",
            text,
        });
        assert_eq!(line, "550 5.7.1 no  250 2.0.0 yes   ? \r\n");
    }

    #[test]
    fn a_long_text_is_cut_to_the_line_that_clients_read() {
        let line = written(Reply::TryLater {
            text: "ü".repeat(5000),
        });
        assert_eq!(line.len(), 512);
        assert!(line.starts_with("451 4.3.0 ??"));
    }

    #[test]
    fn a_status_that_is_no_permanent_one_is_not_sent() {
        for status in [
            "",
            "4.3.0",
            "2.0.0",
            "5.7",
            "5.7.x",
            "5.7.1\r\n250 ok",
            "5.7.1000",
            "5..1",
            "5.7.1.1",
        ] {
            let line = written(Reply::Refused {
                status,
                text: "no".to_owned(),
            });
            assert_eq!(line, "550 5.7.1 no\r\n", "{status:?}");
        }
        let line = written(Reply::Refused {
            status: "5.6.3",
            text: "no".to_owned(),
        });
        assert_eq!(line, "550 5.6.3 no\r\n");
    }

    #[test]
    fn an_accepted_message_is_named() {
        let id = "06F3ABCDEFGHJKMNPQ".parse().unwrap();
        assert_eq!(
            written(Reply::Accepted(id)),
            "250 2.0.0 Accepted as 06F3ABCDEFGHJKMNPQ\r\n"
        );
    }
}
