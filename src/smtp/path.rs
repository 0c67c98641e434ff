//! Reads the reverse and forward paths of MAIL and RCPT (RFC 5321 §4.1.2).

use crate::message::Address;

/// Splits `<path> parameters` into what stands in the angle brackets and what follows them.
///
/// A space in front of the bracket is taken, since many clients send one; a missing bracket is not.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let inner = text.trim_start_matches(' ').strip_prefix('<')?;
    let (path, rest) = inner.split_at_checked(closing_bracket(inner)?)?;
    let rest = rest.strip_prefix('>')?;
    (rest.is_empty() || rest.starts_with(' ')).then_some((path, rest))
}

/// The mailbox of a path. A source route in front of it is ignored (RFC 5321 §4.1.1.3, appendix C).
pub(super) fn mailbox(path: &str) -> Option<Address> {
    without_route(path)?.parse().ok()
}

/// A quoted local part may hold the bracket as text.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    text.find(|c| {
        let ends = c == '>' && !quoted;
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        ends
    })
}

fn without_route(path: &str) -> Option<&str> {
    if !path.starts_with('@') {
        return Some(path);
    }
    let mut literal = false;
    let end = path.find(|c| {
        literal = c == '[' || literal && c != ']';
        c == ':' && !literal
    })?;
    let (route, mailbox) = path.split_at_checked(end)?;
    let is_hop = |hop: &str| hop.starts_with('@') && format!("x{hop}").parse::<Address>().is_ok();
    route.split(',').all(is_hop).then(|| mailbox.strip_prefix(':'))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let (path, _) = split(text)?;
        mailbox(path).map(|address| address.to_string())
    }

    #[test]
    fn a_source_route_is_ignored() {
        for text in [
            "<ann@c.example>",
            " <@a.example:ann@c.example>",
            "<@a.example,@b.example:ann@c.example>",
            "<@[IPv6:2001:db8::1],@b.example:ann@c.example>",
        ] {
            assert_eq!(read(text).as_deref(), Some("ann@c.example"), "{text}");
        }
    }

    #[test]
    fn a_quoted_local_part_may_hold_brackets_and_quotes() {
        assert_eq!(
            read(r#"<"a>b"@c.example>"#).as_deref(),
            Some(r#""a>b"@c.example"#)
        );
        assert_eq!(
            read(r#"<"a\">b"@c.example> X=1"#).as_deref(),
            Some(r#""a\">b"@c.example"#)
        );
        assert_eq!(read(r#"<"a\\">b@c.example>"#), None);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "",
            "ann@c.example",
            "<ann@c.example",
            "ann@c.example>",
            "<ann>",
            "<ann@c.example>x",
            "<<ann@c.example>>",
            "<@a.example>",
            "<@a.example,ann@c.example>",
            "<@a.example:>",
            "<a.example:ann@c.example>",
            "<@a b.example:ann@c.example>",
            "<@a.example:@b.example:ann@c.example>",
            "<Ann <ann@c.example>>",
            "<ann@c.example,bob@c.example>",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn parameters_are_what_follows() {
        assert_eq!(split("<> SIZE=1 BODY=7BIT"), Some(("", " SIZE=1 BODY=7BIT")));
    }
}
