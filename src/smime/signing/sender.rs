//! Who a message says wrote it: the address that a signature must be of (RFC 8550 §3).

use crate::message::{Address, RawMessage};

use super::super::header::{Header, addresses};

/// The one address in the one `From` field. Nothing where there are several, or where readers could disagree on which
/// it is: no signature is better than one for somebody else.
pub fn author(raw: &RawMessage) -> Option<Address> {
    let header = Header::of(raw.as_bytes());
    if !header.is_regular() {
        return None;
    }
    let mut fields = header.fields().filter(|field| field.is("from"));
    let (field, None) = (fields.next()?, fields.next()) else {
        return None;
    };
    addresses::sole(&field)
}

/// Whether the sender has signed it himself, by its label. What the label says is the sender's own business: a wrong one
/// costs him the gateway's signature.
pub fn is_signed(raw: &RawMessage) -> bool {
    let header = Header::of(raw.as_bytes());
    let mut types = header.fields().filter(|field| field.is("content-type"));
    types.any(|field| {
        let value = String::from_utf8_lossy(field.value).to_ascii_lowercase();
        let media = value.split(';').next().unwrap_or_default().trim();
        let cms = matches!(media, "application/pkcs7-mime" | "application/x-pkcs7-mime");
        media == "multipart/signed" || (cms && value.contains("signed-data"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_that_its_sender_signed_is_known_by_its_label() {
        let signed = |kind: &str| {
            is_signed(&RawMessage::new(
                format!("Content-Type: {kind}\r\n\r\n").into_bytes(),
            ))
        };
        assert!(signed("Multipart/Signed; boundary=x"));
        assert!(signed("application/pkcs7-mime;\r\n smime-type=signed-data"));
        assert!(!signed("application/pkcs7-mime; smime-type=enveloped-data"));
        assert!(!signed("text/plain; name=signed-data"));
    }

    #[test]
    fn the_author_is_the_one_address_in_from() {
        let author = |field: &str| {
            let raw = RawMessage::new(format!("To: x@y.example\r\n{field}\r\n\r\nbody").into_bytes());
            author(&raw).map(|address| address.to_string())
        };
        for field in [
            "From: ann@a.example",
            "from: Ann <ann@a.example>",
            "From: \"Lee, Ann\" (boss@a.example) <ann@a.example>",
            "From: Ann Lee\r\n <ann@a.example>",
        ] {
            assert_eq!(author(field).as_deref(), Some("ann@a.example"), "{field}");
        }
        for field in [
            "From: Ann",
            "From: ann@a.example, bob@a.example",
            "From: ann@a.example\r\nFrom: bob@a.example",
            "From: ann@a.example <bob@a.example> <ann@a.example>",
            "From: team: ann@a.example;",
            "From : ann@a.example",
            "From: ann@a.example\nFrom: bob@a.example",
            "From: bob@a.example <ann@a.example>, Bob",
            "X: y",
        ] {
            assert_eq!(author(field), None, "{field}");
        }
    }
}
