//! What is asked of the CA, and what it gives.

use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private, Public};
use openssl::stack::Stack;
use openssl::x509::{X509, X509Req};

use crate::message::Address;

use super::super::Key;
use super::super::issue::{KeyKind, Usage};
use super::Entry;

/// A certificate to issue.
#[derive(Clone)]
pub struct Order {
    /// For whom.
    pub whom: Whom,
    /// The person's name; without it the address stands in the subject.
    pub name: Option<String>,
    /// What it is for.
    pub usage: Usage,
    /// Days that it is valid.
    pub days: u16,
    /// The key.
    pub source: Source,
    /// The serial number of the one that it renews.
    pub renews: Option<String>,
}

/// For whom a certificate is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// A mailbox.
    Address(Address),
    /// The organisation, or a part of it, without an address.
    Organisation(String),
}

/// Where the key comes from.
#[derive(Clone)]
pub enum Source {
    /// It is made here.
    Fresh(KeyKind),
    /// Its owner has made it, and gives the public half.
    Given(PKey<Public>, KeyKind),
}

/// A certificate that was issued.
pub struct Delivered {
    /// Its entry in the ledger.
    pub entry: Entry,
    /// Itself.
    pub certificate: X509,
    /// The CA's.
    pub authority: X509,
    /// The private key, when it was made here.
    pub key: Option<PKey<Private>>,
}

impl Whom {
    /// As the ledger has it.
    pub fn words(&self) -> String {
        match self {
            Whom::Address(address) => address.to_string(),
            Whom::Organisation(name) => name.clone(),
        }
    }
}

impl Source {
    /// Takes a request (PKCS#10, PEM or DER), of which nothing but the key counts. Its signature proves that whoever
    /// wrote it has the private key (RFC 2986 §3).
    ///
    /// # Errors
    /// When it cannot be read, its signature is wrong, or the key is too weak.
    pub fn from_request(bytes: &[u8]) -> Result<Source, String> {
        let request = X509Req::from_pem(bytes).or_else(|_| X509Req::from_der(bytes));
        let request = request.map_err(|_| "this is no certificate request (PKCS#10)".to_owned())?;
        let key = request
            .public_key()
            .map_err(|_| "the key in the request cannot be read".to_owned())?;
        if !request.verify(&key).unwrap_or(false) {
            return Err("the request is not signed with its own key".to_owned());
        }
        match Key::of_public(&key) {
            found if !found.is_strong() => Err(format!("the key in the request cannot be used: {found}")),
            Key::Rsa(bits) => Ok(Source::Given(key, KeyKind::Rsa(bits))),
            Key::Ec(curve) => Ok(Source::Given(key, KeyKind::Ec(curve))),
            other @ (Key::MlKem(_) | Key::Other(_)) => {
                Err(format!("the key in the request cannot be used: {other}"))
            }
        }
    }
}

impl Delivered {
    /// The certificate in PEM.
    pub fn certificate_pem(&self) -> String {
        pem(&self.certificate)
    }

    /// The certificate and the CA's, in PEM.
    pub fn chain_pem(&self) -> String {
        pem(&self.certificate) + &pem(&self.authority)
    }
}

fn pem(certificate: &X509) -> String {
    String::from_utf8_lossy(&certificate.to_pem().unwrap_or_default()).into_owned()
}

/// The certificate with its key and the CA's certificate in one file (PKCS#12, RFC 7292), and the password that was
/// made for it: 120 random bits, which no guessing finds.
///
/// # Errors
/// When the key was not made here, or OpenSSL fails.
pub fn pkcs12(delivered: &Delivered) -> Result<(Vec<u8>, String), String> {
    /// Without letters and digits that are taken for each other.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let key = delivered.key.as_ref().ok_or("its private key is not here")?;
    let mut random = [0; 24];
    openssl::rand::rand_priv_bytes(&mut random).map_err(|error| error.to_string())?;
    let mut password = String::new();
    for (place, byte) in random.iter().enumerate() {
        if place > 0 && place % 6 == 0 {
            password.push('-');
        }
        let letter = LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'a');
        password.push(char::from(letter));
    }
    let make = || -> Result<Vec<u8>, openssl::error::ErrorStack> {
        let mut above = Stack::new()?;
        above.push(delivered.authority.clone())?;
        let mut builder = Pkcs12::builder();
        builder
            .name(&delivered.entry.whom)
            .pkey(key)
            .cert(&delivered.certificate)
            .ca(above)
            .key_algorithm(Nid::AES_256_CBC)
            .cert_algorithm(Nid::AES_256_CBC)
            .key_iter(10_000)
            .mac_iter(10_000)
            .mac_md(openssl::hash::MessageDigest::sha256());
        builder.build2(&password)?.to_der()
    };
    let file = make().map_err(|error| format!("the PKCS#12 file could not be made: {error}"))?;
    Ok((file, password))
}
