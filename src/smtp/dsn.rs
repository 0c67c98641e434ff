//! The parameters of DSN (RFC 3461 §4), read strictly: they are repeated to other servers and in notices.

use crate::message::{DsnRequest, Notify, Ret, from_xtext};

use super::command::Fault;

/// RFC 3461 §5.4.
const ENVID_LIMIT: usize = 100;
/// RFC 3461 §5.4.
const ORCPT_LIMIT: usize = 500;

/// Takes a parameter of MAIL; false when it is none of DSN.
pub(super) fn of_mail(dsn: &mut DsnRequest, key: &str, value: Option<&str>) -> Result<bool, Fault> {
    match (key, value) {
        ("RET", Some(value)) if dsn.ret.is_none() => dsn.ret = Some(ret(value).ok_or(Fault::Value)?),
        ("ENVID", Some(value)) if dsn.envid.is_none() => {
            dsn.envid = Some(envid(value).ok_or(Fault::Value)?);
        }
        ("RET" | "ENVID", _) => return Err(Fault::Value),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Takes a parameter of RCPT; false when it is none of DSN.
pub(super) fn of_rcpt(dsn: &mut DsnRequest, key: &str, value: Option<&str>) -> Result<bool, Fault> {
    match (key, value) {
        ("NOTIFY", Some(value)) if dsn.notify.is_none() => {
            dsn.notify = Some(notify(value).ok_or(Fault::Value)?);
        }
        ("ORCPT", Some(value)) if dsn.orcpt.is_none() => {
            dsn.orcpt = Some(orcpt(value).ok_or(Fault::Value)?);
        }
        ("NOTIFY" | "ORCPT", _) => return Err(Fault::Value),
        _ => return Ok(false),
    }
    Ok(true)
}

fn ret(value: &str) -> Option<Ret> {
    match value.to_ascii_uppercase().as_str() {
        "FULL" => Some(Ret::Full),
        "HDRS" => Some(Ret::Headers),
        _ => None,
    }
}

fn envid(value: &str) -> Option<String> {
    let fits = (1..=ENVID_LIMIT).contains(&value.len()) && value.is_ascii();
    (fits && from_xtext(value).is_some()).then(|| value.to_owned())
}

/// `NEVER` alone, or a list of the others, each once.
fn notify(value: &str) -> Option<Notify> {
    let mut notify = Notify::default();
    let value = value.to_ascii_uppercase();
    if value == "NEVER" {
        return Some(notify);
    }
    for word in value.split(',') {
        let wish = match word {
            "SUCCESS" => &mut notify.success,
            "FAILURE" => &mut notify.failure,
            "DELAY" => &mut notify.delay,
            _ => return None,
        };
        if std::mem::replace(wish, true) {
            return None;
        }
    }
    Some(notify)
}

/// A type, `;`, an address; only the type utf-8 has characters beyond ASCII (RFC 6533 §3).
fn orcpt(value: &str) -> Option<String> {
    let (kind, address) = value.split_once(';')?;
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*-/?^_`{|}~".contains(&byte);
    let fits = !kind.is_empty()
        && kind.bytes().all(is_atom)
        && !address.is_empty()
        && value.len() <= ORCPT_LIMIT
        && (address.is_ascii() || kind.eq_ignore_ascii_case("utf-8"))
        && from_xtext(address).is_some();
    fits.then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(parameters: &[(&str, Option<&str>)]) -> Result<DsnRequest, Fault> {
        let mut dsn = DsnRequest::default();
        for (key, value) in parameters {
            assert!(of_mail(&mut dsn, key, *value)?);
        }
        Ok(dsn)
    }

    fn rcpt(parameters: &[(&str, Option<&str>)]) -> Result<DsnRequest, Fault> {
        let mut dsn = DsnRequest::default();
        for (key, value) in parameters {
            assert!(of_rcpt(&mut dsn, key, *value)?);
        }
        Ok(dsn)
    }

    #[test]
    fn wishes_are_read() {
        let dsn = mail(&[("RET", Some("hdrs")), ("ENVID", Some("QQ314159+2B"))]).unwrap();
        assert_eq!(
            (dsn.ret, dsn.envid.as_deref()),
            (Some(Ret::Headers), Some("QQ314159+2B"))
        );
        let dsn = rcpt(&[
            ("NOTIFY", Some("Success,delay")),
            ("ORCPT", Some("rfc822;Bob@b.example")),
        ])
        .unwrap();
        assert_eq!(dsn.notify.unwrap().to_string(), "SUCCESS,DELAY");
        assert_eq!(dsn.orcpt.as_deref(), Some("rfc822;Bob@b.example"));
        assert!(rcpt(&[("ORCPT", Some("utf-8;jürgen@b.example"))]).is_ok());
        assert_eq!(of_mail(&mut DsnRequest::default(), "SIZE", Some("1")), Ok(false));
        assert_eq!(
            of_rcpt(&mut DsnRequest::default(), "RET", Some("FULL")),
            Ok(false)
        );
    }

    #[test]
    fn what_the_standard_rules_out_is_refused() {
        let long = "x".repeat(101);
        for (key, value) in [
            ("RET", Some("NONE")),
            ("RET", None),
            ("ENVID", Some("")),
            ("ENVID", Some("a+0D+0AX-Evil:1")),
            ("ENVID", Some("a=b")),
            ("ENVID", Some("ü")),
            ("ENVID", Some(&long)),
        ] {
            assert_eq!(mail(&[(key, value)]), Err(Fault::Value), "{key} {value:?}");
        }
        assert!(mail(&[("RET", Some("FULL")), ("RET", Some("FULL"))]).is_err());
        let long = format!("rfc822;{}", "x".repeat(500));
        for (key, value) in [
            ("NOTIFY", Some("")),
            ("NOTIFY", Some("NEVER,FAILURE")),
            ("NOTIFY", Some("SUCCESS,SUCCESS")),
            ("NOTIFY", Some("FAILURE,")),
            ("NOTIFY", None),
            ("ORCPT", Some("b@b.example")),
            ("ORCPT", Some("rfc822;")),
            ("ORCPT", Some(";b@b.example")),
            ("ORCPT", Some("rfc 822;b")),
            ("ORCPT", Some("rfc822;b+0A@b.example")),
            ("ORCPT", Some("rfc822;jürgen@b.example")),
            ("ORCPT", Some(&long)),
        ] {
            assert_eq!(rcpt(&[(key, value)]), Err(Fault::Value), "{key} {value:?}");
        }
    }
}
