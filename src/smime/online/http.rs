//! Plain HTTP to hosts that an administrator has named. TLS would add nothing: what comes is signed.

use std::time::Duration;

use ureq::Agent;
use ureq::http::Uri;

/// The largest answer, in octets; the lists of large CAs have some tens of megabytes.
const LARGEST: u64 = 64 << 20;

/// Asks, within limits.
pub(super) struct Http {
    agent: Agent,
    hosts: Vec<String>,
}

impl Http {
    pub(super) fn new(hosts: Vec<String>, timeout: Duration) -> Http {
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent("sealgate")
            .build();
        let hosts = hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect();
        Http {
            agent: config.new_agent(),
            hosts,
        }
    }

    /// Whether this place may be asked.
    pub(super) fn allows(&self, place: &str) -> bool {
        self.uri(place).is_ok()
    }

    /// What lies at a place.
    ///
    /// # Errors
    /// In half a sentence, when it may not be asked or does not answer as it should.
    pub(super) fn get(&self, place: &str) -> Result<Vec<u8>, String> {
        let answer = self.agent.get(self.uri(place)?).call();
        body(answer)
    }

    /// The answer to a question that is put to a place.
    ///
    /// # Errors
    /// Like [`Http::get`].
    pub(super) fn post(&self, place: &str, media_type: &str, question: &[u8]) -> Result<Vec<u8>, String> {
        let request = self.agent.post(self.uri(place)?);
        body(request.header("Content-Type", media_type).send(question))
    }

    fn uri(&self, place: &str) -> Result<Uri, String> {
        let uri: Uri = place
            .parse()
            .map_err(|_| "it is no address of the web".to_owned())?;
        if uri.scheme_str() != Some("http") {
            return Err("only http is used".to_owned());
        }
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let named = |known: &String| match known.strip_prefix('*') {
            Some(domain) => host.len() > domain.len() && host.ends_with(domain),
            None => host == *known,
        };
        let has_user = uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'));
        match !has_user && self.hosts.iter().any(named) {
            true => Ok(uri),
            false => Err(format!("{host} is not among `hosts` in [certificates.online]")),
        }
    }
}

/// Whether a text can stand in `hosts`.
pub(super) fn is_host(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(fits)
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn body(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Vec<u8>, String> {
    let mut answer = answer.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("it answers with {}", answer.status().as_u16()));
    }
    let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
    body.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_hosts_are_asked_and_only_by_plain_http() {
        let hosts = vec!["crl.ca.example".to_owned(), "*.pki.example".to_owned()];
        let http = Http::new(hosts, Duration::from_secs(1));
        for fine in [
            "http://crl.ca.example/a.crl",
            "http://CRL.ca.example:8080/a",
            "http://x.pki.example/",
            "http://y.x.pki.example",
        ] {
            assert!(http.allows(fine), "{fine}");
        }
        for refused in [
            "https://crl.ca.example/a.crl",
            "ldap://crl.ca.example/cn=x",
            "http://pki.example/",
            "http://evilpki.example/",
            "http://crl.ca.example.evil.example/",
            "http://evil.example/crl.ca.example",
            "http://crl.ca.example@evil.example/",
            "http://user@crl.ca.example/",
            "http://127.0.0.1/",
            "http://[::1]/",
            "file:///etc/passwd",
            "crl.ca.example",
            "http:///x",
            "",
        ] {
            assert!(!http.allows(refused), "{refused}");
        }
        assert!(is_host("a.example") && is_host("*.a.example") && is_host("localhost"));
        assert!(!is_host("*") && !is_host("http://a") && !is_host("a..b") && !is_host("a*.b"));
    }
}
