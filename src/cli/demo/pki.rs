//! The demo's certificates: a CA, two partners who can receive encrypted mail, and three who cannot.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::X509;

use crate::smime::Curve;
use crate::smime::issue::{Authority, Issued, KeyKind, Request};

/// Has an RSA certificate.
pub const ANNA: &str = "anna@partner.example";
/// Has an EC certificate.
pub const ERNST: &str = "ernst@partner.example";
/// Has no certificate.
pub const NOBODY: &str = "nobody@partner.example";
/// Has a certificate that expired yesterday.
pub const EXPIRED: &str = "expired@partner.example";
/// Has a certificate that its CA has revoked.
pub const REVOKED: &str = "revoked@partner.example";
/// Has a valid certificate, but the policy does not let personal information go there.
pub const NOT_ALLOWED: &str = "stranger@partner.example";

/// Who the people of the demo are, in words.
pub const PEOPLE: &str = "Everybody is @partner.example. anna has an RSA certificate, ernst an EC one, nobody none. The \
certificate of expired has expired, the one of revoked was revoked by its CA. stranger has a good one, but the policy lets \
no personal information go there.";

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The certificates and keys of the demo.
pub struct Pki {
    people: BTreeMap<&'static str, Person>,
    nobody: Person,
}

/// A certificate with its private key, both in PEM.
#[derive(Clone, Default)]
pub struct Person {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

impl Pki {
    /// Makes everything and writes what the gateway may see (never a private key) into `directory`.
    ///
    /// # Errors
    /// When OpenSSL or the file system refuses.
    pub fn create(directory: &Path) -> Result<Pki, String> {
        let words = |error: &dyn std::fmt::Display| format!("the demo PKI cannot be made: {error}");
        let now = Timestamp::now();
        let rsa = KeyKind::Rsa(2048);
        let authority = Authority::new("Demo Root CA", rsa, now - DAY * 400, now + DAY * 3650);
        let authority = authority.map_err(|error| words(&error))?;
        let mut people = BTreeMap::new();
        let mut revoked = String::new();
        for (address, key, end) in [
            (ANNA, rsa, now + DAY * 365),
            (ERNST, KeyKind::Ec(Curve::P256), now + DAY * 365),
            (EXPIRED, rsa, now - DAY),
            (REVOKED, rsa, now + DAY * 365),
            (NOT_ALLOWED, rsa, now + DAY * 365),
        ] {
            let request = Request::new(address, key, now - DAY * 365, end);
            let issued = authority.issue(&request).map_err(|error| words(&error))?;
            if address == REVOKED {
                revoked.clone_from(&issued.serial);
            }
            people.insert(address, Person::from(issued));
        }
        let list = authority
            .revocation_list(&[&revoked], now - DAY, now + DAY * 30)
            .map_err(|error| words(&error))?;
        let root = authority.certificate_pem().map_err(|error| words(&error))?;
        write(directory, &root, &list, &people).map_err(|error| words(&error))?;
        Ok(Pki {
            people,
            nobody: Person::default(),
        })
    }

    /// Writes the partners' private keys, for those who want to open what arrives.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write_keys(&self, directory: &Path) -> Result<(), String> {
        let words = |error: std::io::Error| format!("{}: {error}", directory.display());
        std::fs::create_dir_all(directory).map_err(words)?;
        for (address, person) in &self.people {
            std::fs::write(directory.join(format!("{address}.key")), &person.key).map_err(words)?;
        }
        Ok(())
    }

    /// A person's certificate and key; both empty for somebody who has none.
    pub fn person(&self, address: &str) -> &Person {
        self.people.get(address).unwrap_or(&self.nobody)
    }

    /// A CMS message for Anna in base64, made by somebody who encrypts by himself.
    ///
    /// # Errors
    /// When OpenSSL refuses.
    pub fn encrypted_for_anna(&self) -> Result<String, String> {
        let work = || -> Result<String, openssl::error::ErrorStack> {
            let mut receivers = Stack::new()?;
            receivers.push(X509::from_pem(self.person(ANNA).certificate.as_bytes())?)?;
            let secret = b"Content-Type: text/plain\r\n\r\nJulia Ostrander, SSN 318-52-7746\r\n";
            let cms = CmsContentInfo::encrypt(&receivers, secret, Cipher::aes_256_cbc(), CMSOptions::BINARY)?;
            Ok(openssl::base64::encode_block(&cms.to_der()?))
        };
        let base64 =
            work().map_err(|error| format!("a message could not be encrypted for the demo: {error}"))?;
        let lines: Vec<&str> = base64
            .as_bytes()
            .chunks(64)
            .filter_map(|line| std::str::from_utf8(line).ok())
            .collect();
        Ok(lines.join("\n"))
    }
}

impl From<Issued> for Person {
    fn from(issued: Issued) -> Person {
        Person {
            certificate: issued.certificate_pem,
            key: issued.key_pem,
        }
    }
}

fn write(
    directory: &Path,
    root: &str,
    list: &str,
    people: &BTreeMap<&'static str, Person>,
) -> std::io::Result<()> {
    for folder in ["anchors", "intermediates", "crls", "recipients"] {
        std::fs::create_dir_all(directory.join(folder))?;
    }
    std::fs::write(directory.join("anchors/demo-root.pem"), root)?;
    std::fs::write(directory.join("crls/demo-root.crl"), list)?;
    for (address, person) in people {
        std::fs::write(
            directory.join(format!("recipients/{address}.pem")),
            &person.certificate,
        )?;
    }
    Ok(())
}
