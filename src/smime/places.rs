//! Where a certificate says that something about it lies: CRL distribution points (RFC 5280 §4.2.1.13) and authority
//! information access (§4.2.2.1).

use const_oid::db::rfc5912::{ID_AD_CA_ISSUERS, ID_AD_OCSP};
use der::{Decode, Encode};
use x509_cert::TbsCertificate;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityInfoAccessSyntax, CrlDistributionPoints};
use x509_cert::name::{Name, RdnSequence};

/// Places in one certificate of each kind, at most.
const MOST: usize = 8;
/// Names of distribution points of one certificate, at most.
const MOST_NAMES: usize = 32;

/// Addresses of the web.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Of revocation lists for all reasons by the issuer itself.
    pub(super) lists: Vec<String>,
    /// The names of these lists' distribution points in DER, whatever they name: addresses, entries of directories.
    pub(super) points: Vec<Vec<u8>>,
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
            let names = whole.filter_map(|point| point_names(point.distribution_point?, tbs.issuer()));
            let names: Vec<GeneralName> = names.flatten().take(MOST_NAMES).collect();
            places.points = names.iter().filter_map(|name| name.to_der().ok()).collect();
            places.lists = names.into_iter().filter_map(web).take(MOST).collect();
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

/// The full names of a distribution point; one that is written relative to the issuer of the list stands below that
/// (RFC 5280 §4.2.1.13).
pub(super) fn point_names(point: DistributionPointName, issuer: &Name) -> Option<Vec<GeneralName>> {
    match point {
        DistributionPointName::FullName(names) => Some(names),
        DistributionPointName::NameRelativeToCRLIssuer(relative) => {
            let mut whole = RdnSequence::default();
            issuer.iter_rdn().for_each(|one| whole.push(one.clone()));
            whole.push(relative);
            let name = Name::from_der(&whole.to_der().ok()?).ok()?;
            Some(vec![GeneralName::DirectoryName(name)])
        }
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
