//! The trace field that a relay adds (RFC 5321 §4.4), and the count that ends loops (§6.3).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::message::{MessageId, RawMessage};
use crate::smtp::Client;

use super::header;

/// Puts the gateway's `Received` field on top, and below it `marker`, a field of its own. There is no `for` clause: it would
/// show a Bcc recipient.
pub fn stamp(
    raw: &RawMessage,
    client: &Client,
    hostname: &str,
    id: MessageId,
    now: Timestamp,
    marker: &str,
) -> RawMessage {
    // RFC 3848.
    let smtp = match (client.extended, client.tls, &client.user) {
        (true, true, Some(_)) => "ESMTPSA",
        (true, true, None) => "ESMTPS",
        (true, false, _) => "ESMTP",
        (false, ..) => "SMTP",
    };
    let protocol = match client.lmtp {
        true => smtp.replace("ESMTP", "LMTP"),
        false => smtp.to_owned(),
    };
    let helo = printable(&client.helo);
    let address = client.address;
    let date = now
        .to_zoned(TimeZone::UTC)
        .strftime("%a, %d %b %Y %H:%M:%S +0000");
    let field = format!(
        "Received: from {helo} ([{address}])\r\n\tby {hostname} (Sealgate) with {protocol} id {id};\r\n\t{date}\r\n{marker}"
    );
    let mut stamped = Vec::with_capacity(field.len() + raw.len());
    stamped.extend_from_slice(field.as_bytes());
    stamped.extend_from_slice(raw.as_bytes());
    RawMessage::new(stamped)
}

/// How many `Received` fields the header section has.
pub fn hops(raw: &RawMessage) -> usize {
    header::values(raw, "Received").count()
}

/// A greeting reduced to what may stand in a header field.
fn printable(helo: &str) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || ".-_:[]".contains(*c);
    let name: String = helo.chars().filter(allowed).take(255).collect();
    if name.is_empty() {
        "unknown".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn client(helo: &str) -> Client {
        Client {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            helo: helo.to_owned(),
            tls: false,
            extended: true,
            user: None,
            lmtp: false,
        }
    }

    #[test]
    fn the_stamp_is_one_folded_field_and_leaves_the_rest_alone() {
        let raw = RawMessage::new("Subject: x\r\n\r\nbody");
        let id = MessageId::new(1_790_000_000_000, 7);
        let stamped = stamp(
            &raw,
            &client("mail\r\nX-Evil: 1"),
            "gate.example",
            id,
            Timestamp::UNIX_EPOCH,
            "Sealgate-Pass: 1 00\r\n",
        );
        let text = String::from_utf8(stamped.as_bytes().to_vec()).unwrap();
        assert_eq!(
            text,
            format!(
                "Received: from mailX-Evil:1 ([127.0.0.1])\r\n\tby gate.example (Sealgate) with ESMTP id {id};\r\n\t\
                 Thu, 01 Jan 1970 00:00:00 +0000\r\nSealgate-Pass: 1 00\r\nSubject: x\r\n\r\nbody"
            )
        );
    }

    #[test]
    fn only_received_fields_of_the_header_section_are_hops() {
        let raw =
            RawMessage::new("received: a\r\nX-Received: b\r\nRECEIVED: c\r\n\r\nReceived: in the body\r\n");
        assert_eq!(hops(&raw), 2);
        assert_eq!(hops(&RawMessage::new("")), 0);
    }
}
