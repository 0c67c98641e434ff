//! The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677). Channel binding is not offered.

use super::base64;
use super::verifier::{Digest, Verifier};

/// The first message of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct First {
    /// The user, as the client writes it.
    pub(super) name: String,
    header: String,
    bare: String,
    nonce: String,
}

/// An exchange in which the server has answered the first message.
#[derive(Debug)]
pub(in crate::smtp) struct Challenged {
    header: String,
    /// Both messages so far, as the proof covers them.
    exchange: String,
    nonce: String,
}

/// What the client proves.
#[derive(Debug)]
pub(super) struct Proof {
    exchange: Vec<u8>,
    proof: Digest,
}

/// `n,,n=user,r=nonce`. Extensions that must be understood are not (`m=`, RFC 5802 §5.1).
pub(super) fn first(message: &str) -> Option<First> {
    let mut parts = message.splitn(3, ',');
    let (flag, authzid, bare) = (parts.next()?, parts.next()?, parts.next()?);
    if flag != "n" && flag != "y" {
        return None;
    }
    let mut attributes = bare.split(',');
    let name = unescape(attributes.next()?.strip_prefix("n=")?)?;
    let nonce = attributes.next()?.strip_prefix("r=")?;
    let is_nonce = (1..=256).contains(&nonce.len()) && nonce.bytes().all(|byte| byte.is_ascii_graphic());
    let acts_for = match authzid.strip_prefix("a=") {
        Some(other) => unescape(other)?,
        None if authzid.is_empty() => name.clone(),
        None => return None,
    };
    // Nobody acts for somebody else here.
    if !is_nonce || acts_for != name || name.is_empty() {
        return None;
    }
    Some(First {
        header: format!("{flag},{authzid},"),
        bare: bare.to_owned(),
        nonce: nonce.to_owned(),
        name,
    })
}

impl First {
    /// The server's answer, with its own half of the nonce.
    pub(super) fn challenge(self, verifier: &Verifier, half: &str) -> (Challenged, String) {
        let nonce = format!("{}{half}", self.nonce);
        let salt = base64::encode(&verifier.salt);
        let challenge = format!("r={nonce},s={salt},i={}", verifier.rounds);
        let challenged = Challenged {
            exchange: format!("{},{challenge}", self.bare),
            header: self.header,
            nonce,
        };
        (challenged, challenge)
    }
}

impl Challenged {
    /// `c=biws,r=nonce,p=proof`.
    pub(super) fn finish(self, message: &str) -> Option<Proof> {
        let (without, proof) = message.rsplit_once(",p=")?;
        let mut attributes = without.split(',');
        let header = base64::decode(attributes.next()?.strip_prefix("c=")?)?;
        let nonce = attributes.next()?.strip_prefix("r=")?;
        if header != self.header.as_bytes() || nonce != self.nonce {
            return None;
        }
        Some(Proof {
            exchange: format!("{},{without}", self.exchange).into_bytes(),
            proof: base64::decode(proof)?.try_into().ok()?,
        })
    }
}

impl Proof {
    /// Whether it is the one of this user's password.
    pub(super) fn fits(&self, verifier: &Verifier) -> bool {
        verifier.is_proved(&self.exchange, &self.proof)
    }

    /// The server's own proof, for the client.
    pub(super) fn answer(&self, verifier: &Verifier) -> Option<String> {
        let signature = verifier.signature(&self.exchange)?;
        Some(format!("v={}", base64::encode(&signature)))
    }
}

/// `=2C` is a comma and `=3D` an equals sign; anything else behind an equals sign is a mistake (RFC 5802 §5.1).
fn unescape(name: &str) -> Option<String> {
    let mut pieces = name.split('=');
    let mut text = pieces.next()?.to_owned();
    for piece in pieces {
        let (code, rest) = piece.split_at_checked(2)?;
        text.push(match code {
            "2C" => ',',
            "3D" => '=',
            _ => return None,
        });
        text.push_str(rest);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                         p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

    #[test]
    fn the_exchange_of_rfc_7677_is_the_one_here() {
        let salt = base64::decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = Verifier::salted("pencil", &salt, 4096).unwrap();
        let (challenged, challenge) = first(CLIENT)
            .unwrap()
            .challenge(&verifier, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        assert_eq!(
            challenge,
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        );
        let proof = challenged.finish(FINAL).unwrap();
        assert!(proof.fits(&verifier));
        assert_eq!(
            proof.answer(&verifier).unwrap(),
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
        let other = Verifier::salted("pencils", &salt, 4096).unwrap();
        assert!(!proof.fits(&other));
    }

    #[test]
    fn another_nonce_or_header_than_was_agreed_on_proves_nothing() {
        let verifier = Verifier::new("pencil").unwrap();
        for wrong in [
            FINAL.replace("$k0", "$k1"),
            FINAL.replace("biws", "eSws"),
            FINAL.replace("p=dHzb", "p=dHz"),
            FINAL.replace(",p=", ",q="),
            String::new(),
        ] {
            let (challenged, _) = first(CLIENT)
                .unwrap()
                .challenge(&verifier, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
            assert!(challenged.finish(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn names_are_unescaped_and_nobody_acts_for_another() {
        assert_eq!(first("y,,n=a=2Cb=3Dc,r=x").unwrap().name, "a,b=c");
        assert!(first("n,a=ann,n=ann,r=x").is_some());
        for wrong in [
            "n,a=chief,n=ann,r=x",
            "n,ann,n=ann,r=x",
            "p=tls-unique,,n=ann,r=x",
            "n,,m=x,n=ann,r=x",
            "n,,n=a=2c,r=x",
            "n,,n=a=,r=x",
            "n,,n=,r=x",
            "n,,n=ann,r=",
            "n,,n=ann",
            "n,,",
            "",
        ] {
            assert!(first(wrong).is_none(), "{wrong}");
        }
    }
}
