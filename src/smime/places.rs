//! Where a certificate says that something about it lies: CRL distribution points (RFC 5280 §4.2.1.13) and authority
//! information access (§4.2.2.1).

use const_oid::db::rfc5912::{ID_AD_CA_ISSUERS, ID_AD_OCSP};
use x509_cert::TbsCertificate;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityInfoAccessSyntax, CrlDistributionPoints};

/// Places in one certificate of each kind, at most.
const MOST: usize = 8;

/// Addresses of the web.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Of revocation lists for all reasons by the issuer itself.
    pub(super) lists: Vec<String>,
    /// Of OCSP responders.
    pub(super) responders: Vec<String>,
    /// Of the issuer's certificate.
    pub(super) issuers: Vec<String>,
}

impl Places {
    /// None where extensions are missing or cannot be read.
    pub(super) fn of(tbs: &TbsCertificate) -> Places {
        let mut places = Places::default();
        if let Ok(Some((_, points))) = tbs.get_extension::<CrlDistributionPoints>() {
            // Lists for some reasons only, or by somebody else, prove nothing by their silence.
            let whole = points
                .0
                .into_iter()
                .filter(|point| point.reasons.is_none() && point.crl_issuer.is_none());
            let names = whole.filter_map(|point| match point.distribution_point? {
                DistributionPointName::FullName(names) => Some(names),
                DistributionPointName::NameRelativeToCRLIssuer(_) => None,
            });
            places.lists = names.flatten().filter_map(web).take(MOST).collect();
        }
        if let Ok(Some((_, access))) = tbs.get_extension::<AuthorityInfoAccessSyntax>() {
            for description in access.0 {
                let kind = match description.access_method {
                    ID_AD_OCSP => &mut places.responders,
                    ID_AD_CA_ISSUERS => &mut places.issuers,
                    _ => continue,
                };
                kind.extend(web(description.access_location).filter(|_| kind.len() < MOST));
            }
        }
        places
    }
}

fn web(name: GeneralName) -> Option<String> {
    match name {
        GeneralName::UniformResourceIdentifier(place) if place.as_str().len() <= 2048 => {
            Some(place.as_str().to_owned())
        }
        _ => None,
    }
}
