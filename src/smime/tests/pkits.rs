//! NIST's Public Key Interoperability Test Suite (PKITS 2011): certificates and revocation lists, and what NIST
//! says about each.
//!
//! The files come with the Python package `cryptography-vectors`; Debian's `python3-cryptography-vectors`, which
//! `packaging/prerequisites test` installs, puts them where this test looks. For another copy (PyPI's, unpacked)
//! set `SEALGATE_PKITS` to its `PKITS_data`. They are not kept here: they weigh more than all the rest.
//!
//! Every case gets the CA certificates and lists whose names lead from the certificate to the root, as a directory
//! would give them, and all of `require_crl`. Whether the certificate may be used is asked of
//! [`Trust`](super::super::trust::Trust), so an answer stands for the whole product.

use std::fs;
use std::path::{Path, PathBuf};

use openssl::x509::{X509, X509Crl, X509NameRef};

use super::super::trust::Trust;
use super::super::{Certificate, Settings};
use super::counterparts::have;
use super::pki::{Temporary, now};
use crate::message::CertificateVerdict as Verdict;

const INSTALLED: &str = "/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data";

/// The sections of PKITS and the certificates that each asks about. The name says what NIST expects.
const SECTIONS: &[(&str, &[&str])] = &[
    (
        "4.1 Signature verification",
        &[
            "ValidCertificatePathTest1",
            "InvalidCASignatureTest2",
            "InvalidEESignatureTest3",
            "ValidDSASignaturesTest4",
            "ValidDSAParameterInheritanceTest5",
            "InvalidDSASignatureTest6",
        ],
    ),
    (
        "4.2 Validity periods",
        &[
            "InvalidCAnotBeforeDateTest1",
            "InvalidEEnotBeforeDateTest2",
            "Validpre2000UTCnotBeforeDateTest3",
            "ValidGeneralizedTimenotBeforeDateTest4",
            "InvalidCAnotAfterDateTest5",
            "InvalidEEnotAfterDateTest6",
            "Invalidpre2000UTCEEnotAfterDateTest7",
            "ValidGeneralizedTimenotAfterDateTest8",
        ],
    ),
    (
        "4.3 Name chaining",
        &[
            "InvalidNameChainingTest1",
            "InvalidNameChainingOrderTest2",
            "ValidNameChainingWhitespaceTest3",
            "ValidNameChainingWhitespaceTest4",
            "ValidNameChainingCapitalizationTest5",
            "ValidNameUIDsTest6",
            "ValidRFC3280MandatoryAttributeTypesTest7",
            "ValidRFC3280OptionalAttributeTypesTest8",
            "ValidUTF8StringEncodedNamesTest9",
            "ValidRolloverfromPrintableStringtoUTF8StringTest10",
            "ValidUTF8StringCaseInsensitiveMatchTest11",
        ],
    ),
    (
        "4.4 Basic revocation",
        &[
            "InvalidMissingCRLTest1",
            "InvalidRevokedCATest2",
            "InvalidRevokedEETest3",
            "InvalidBadCRLSignatureTest4",
            "InvalidBadCRLIssuerNameTest5",
            "InvalidWrongCRLTest6",
            "ValidTwoCRLsTest7",
            "InvalidUnknownCRLEntryExtensionTest8",
            "InvalidUnknownCRLExtensionTest9",
            "InvalidUnknownCRLExtensionTest10",
            "InvalidOldCRLnextUpdateTest11",
            "Invalidpre2000CRLnextUpdateTest12",
            "ValidGeneralizedTimeCRLnextUpdateTest13",
            "ValidNegativeSerialNumberTest14",
            "InvalidNegativeSerialNumberTest15",
            "ValidLongSerialNumberTest16",
            "ValidLongSerialNumberTest17",
            "InvalidLongSerialNumberTest18",
            "ValidSeparateCertificateandCRLKeysTest19",
            "InvalidSeparateCertificateandCRLKeysTest20",
            "InvalidSeparateCertificateandCRLKeysTest21",
        ],
    ),
    (
        "4.5 Self-issued certificates",
        &[
            "ValidBasicSelfIssuedOldWithNewTest1",
            "InvalidBasicSelfIssuedOldWithNewTest2",
            "ValidBasicSelfIssuedNewWithOldTest3",
            "ValidBasicSelfIssuedNewWithOldTest4",
            "InvalidBasicSelfIssuedNewWithOldTest5",
            "ValidBasicSelfIssuedCRLSigningKeyTest6",
            "InvalidBasicSelfIssuedCRLSigningKeyTest7",
            "InvalidBasicSelfIssuedCRLSigningKeyTest8",
        ],
    ),
    (
        "4.6 Basic constraints",
        &[
            "InvalidMissingbasicConstraintsTest1",
            "InvalidcAFalseTest2",
            "InvalidcAFalseTest3",
            "ValidbasicConstraintsNotCriticalTest4",
            "InvalidpathLenConstraintTest5",
            "InvalidpathLenConstraintTest6",
            "ValidpathLenConstraintTest7",
            "ValidpathLenConstraintTest8",
            "InvalidpathLenConstraintTest9",
            "InvalidpathLenConstraintTest10",
            "InvalidpathLenConstraintTest11",
            "InvalidpathLenConstraintTest12",
            "ValidpathLenConstraintTest13",
            "ValidpathLenConstraintTest14",
            "ValidSelfIssuedpathLenConstraintTest15",
            "InvalidSelfIssuedpathLenConstraintTest16",
            "ValidSelfIssuedpathLenConstraintTest17",
        ],
    ),
    (
        "4.7 Key usage",
        &[
            "InvalidkeyUsageCriticalkeyCertSignFalseTest1",
            "InvalidkeyUsageNotCriticalkeyCertSignFalseTest2",
            "ValidkeyUsageNotCriticalTest3",
            "InvalidkeyUsageCriticalcRLSignFalseTest4",
            "InvalidkeyUsageNotCriticalcRLSignFalseTest5",
        ],
    ),
    (
        "4.13 Name constraints",
        &[
            "ValidDNnameConstraintsTest1",
            "InvalidDNnameConstraintsTest2",
            "InvalidDNnameConstraintsTest3",
            "ValidDNnameConstraintsTest4",
            "ValidDNnameConstraintsTest5",
            "ValidDNnameConstraintsTest6",
            "InvalidDNnameConstraintsTest7",
            "InvalidDNnameConstraintsTest8",
            "InvalidDNnameConstraintsTest9",
            "InvalidDNnameConstraintsTest10",
            "ValidDNnameConstraintsTest11",
            "InvalidDNnameConstraintsTest12",
            "InvalidDNnameConstraintsTest13",
            "ValidDNnameConstraintsTest14",
            "InvalidDNnameConstraintsTest15",
            "InvalidDNnameConstraintsTest16",
            "InvalidDNnameConstraintsTest17",
            "ValidDNnameConstraintsTest18",
            "ValidDNnameConstraintsTest19",
            "InvalidDNnameConstraintsTest20",
            "ValidRFC822nameConstraintsTest21",
            "InvalidRFC822nameConstraintsTest22",
            "ValidRFC822nameConstraintsTest23",
            "InvalidRFC822nameConstraintsTest24",
            "ValidRFC822nameConstraintsTest25",
            "InvalidRFC822nameConstraintsTest26",
            "ValidDNandRFC822nameConstraintsTest27",
            "InvalidDNandRFC822nameConstraintsTest28",
            "InvalidDNandRFC822nameConstraintsTest29",
            "ValidDNSnameConstraintsTest30",
            "InvalidDNSnameConstraintsTest31",
            "ValidDNSnameConstraintsTest32",
            "InvalidDNSnameConstraintsTest33",
            "ValidURInameConstraintsTest34",
            "InvalidURInameConstraintsTest35",
            "ValidURInameConstraintsTest36",
            "InvalidURInameConstraintsTest37",
            "InvalidDNSnameConstraintsTest38",
        ],
    ),
    (
        "4.14 Distribution points",
        &[
            "ValiddistributionPointTest1",
            "InvaliddistributionPointTest2",
            "InvaliddistributionPointTest3",
            "ValiddistributionPointTest4",
            "ValiddistributionPointTest5",
            "InvaliddistributionPointTest6",
            "ValiddistributionPointTest7",
            "InvaliddistributionPointTest8",
            "InvaliddistributionPointTest9",
            "ValidNoissuingDistributionPointTest10",
            "InvalidonlyContainsUserCertsTest11",
            "InvalidonlyContainsCACertsTest12",
            "ValidonlyContainsCACertsTest13",
            "InvalidonlyContainsAttributeCertsTest14",
            "InvalidonlySomeReasonsTest15",
            "InvalidonlySomeReasonsTest16",
            "InvalidonlySomeReasonsTest17",
            "ValidonlySomeReasonsTest18",
            "ValidonlySomeReasonsTest19",
            "InvalidonlySomeReasonsTest20",
            "InvalidonlySomeReasonsTest21",
            "ValidIDPwithindirectCRLTest22",
            "InvalidIDPwithindirectCRLTest23",
            "ValidIDPwithindirectCRLTest24",
            "ValidIDPwithindirectCRLTest25",
            "InvalidIDPwithindirectCRLTest26",
            "InvalidcRLIssuerTest27",
            "ValidcRLIssuerTest28",
            "ValidcRLIssuerTest29",
            "ValidcRLIssuerTest30",
            "InvalidcRLIssuerTest31",
            "InvalidcRLIssuerTest32",
            "ValidcRLIssuerTest33",
            "InvalidcRLIssuerTest34",
            "InvalidcRLIssuerTest35",
        ],
    ),
    (
        "4.15 Delta lists",
        &[
            "InvaliddeltaCRLIndicatorNoBaseTest1",
            "ValiddeltaCRLTest2",
            "InvaliddeltaCRLTest3",
            "InvaliddeltaCRLTest4",
            "ValiddeltaCRLTest5",
            "InvaliddeltaCRLTest6",
            "ValiddeltaCRLTest7",
            "ValiddeltaCRLTest8",
            "InvaliddeltaCRLTest9",
            "InvaliddeltaCRLTest10",
        ],
    ),
    (
        "4.16 Private extensions",
        &[
            "ValidUnknownNotCriticalCertificateExtensionTest1",
            "InvalidUnknownCriticalCertificateExtensionTest2",
        ],
    ),
];

/// Where the answer differs from NIST's on purpose, always to the safe side.
const STRICTER: &[(&str, &str)] = &[
    ("ValidDSASignaturesTest4", "nothing can be encrypted to a DSA key"),
    (
        "ValidDSAParameterInheritanceTest5",
        "the same, and inherited parameters are not supported",
    ),
    (
        "Validpre2000UTCnotBeforeDateTest3",
        "a certificate from before 1970 is refused when it is read; S/MIME is younger",
    ),
    (
        "ValidonlySomeReasonsTest18",
        "lists for some reasons only are not added up",
    ),
    ("ValidonlySomeReasonsTest19", "the same"),
    (
        "ValidIDPwithindirectCRLTest22",
        "silence of a list about several issuers is not believed",
    ),
    ("ValidIDPwithindirectCRLTest24", "the same"),
    ("ValidIDPwithindirectCRLTest25", "the same"),
    ("ValidcRLIssuerTest28", "the same"),
    ("ValidcRLIssuerTest29", "the same"),
    ("ValidcRLIssuerTest30", "the same"),
    ("ValidcRLIssuerTest33", "the same"),
    (
        "ValiddeltaCRLTest5",
        "what was on hold in the last whole list stays revoked until the next one",
    ),
];

#[test]
fn pkits_is_answered_as_nist_expects() {
    let name = "pkits_is_answered_as_nist_expects";
    let data = std::env::var_os("SEALGATE_PKITS").map_or_else(|| PathBuf::from(INSTALLED), PathBuf::from);
    if !have(name, &[data.join("certs").to_str().unwrap()]) {
        return;
    }
    let suite = Suite::load(&data);
    let mut wrong = Vec::new();
    for (section, cases) in SECTIONS {
        let mut agreed = 0;
        for case in *cases {
            let answer = suite.ask(case);
            println!("{section}: {case}: {answer:?}");
            let usable = answer.as_ref().is_ok_and(|verdict| *verdict == Verdict::Usable);
            let stricter = STRICTER.iter().any(|(known, _)| known == case);
            match (case.starts_with("Valid"), usable, stricter) {
                (expected, found, false) if expected == found => agreed += 1,
                (true, false, true) => {}
                _ => wrong.push(format!("{section}: {case}: {answer:?}")),
            }
        }
        println!("{section}: {agreed} of {} as NIST expects", cases.len());
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

struct Suite {
    data: PathBuf,
    authorities: Vec<(Vec<u8>, X509)>,
    lists: Vec<(Vec<u8>, X509Crl)>,
}

impl Suite {
    fn load(data: &Path) -> Suite {
        let content = |folder: &str, ending: &str| -> Vec<Vec<u8>> {
            let mut paths: Vec<_> = fs::read_dir(data.join(folder))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.to_str().unwrap().ends_with(ending))
                .collect();
            paths.sort();
            paths.iter().map(|path| fs::read(path).unwrap()).collect()
        };
        let authorities = content("certs", ".crt").into_iter().map(|der| {
            let x509 = X509::from_der(&der).unwrap();
            (der, x509)
        });
        let lists = content("crls", ".crl").into_iter().map(|der| {
            let list = X509Crl::from_der(&der).unwrap();
            (der, list)
        });
        Suite {
            data: data.to_owned(),
            // End entities end in `EE`; only their file says so, for some CAs are made not to look like one.
            authorities: authorities.filter(|(_, x509)| !is_end_entity(x509)).collect(),
            lists: lists.collect(),
        }
    }

    /// The verdict, or why the folders were refused altogether.
    fn ask(&self, case: &str) -> Result<Verdict, String> {
        let der = fs::read(self.data.join(format!("certs/{case}EE.crt"))).unwrap();
        let x509 = X509::from_der(&der).unwrap();
        let folder = Temporary::new();
        for name in ["anchors", "intermediates", "crls"] {
            fs::create_dir(folder.0.join(name)).unwrap();
        }
        let root = fs::read(self.data.join("certs/TrustAnchorRootCertificate.crt")).unwrap();
        folder.write("anchors/root.crt", &root);
        let mut names = vec![x509.issuer_name().to_owned().unwrap()];
        let mut place = 0;
        while let Some(name) = names.get(place).map(|name| (**name).to_owned().unwrap()) {
            place += 1;
            for (number, (_, authority)) in self.authorities.iter().enumerate() {
                if same(authority.subject_name(), &name) && self.authorities[number].0 != root {
                    folder.write(
                        &format!("intermediates/{number}.crt"),
                        &self.authorities[number].0,
                    );
                    if !names.iter().any(|known| same(known, authority.issuer_name())) {
                        names.push(authority.issuer_name().to_owned().unwrap());
                    }
                }
            }
            for (number, (der, list)) in self.lists.iter().enumerate() {
                if same(list.issuer_name(), &name) {
                    folder.write(&format!("crls/{number}.crl"), der);
                }
            }
        }
        let settings = Settings {
            anchors: folder.0.join("anchors"),
            intermediates: folder.0.join("intermediates"),
            crls: folder.0.join("crls"),
            require_crl: true,
            anchor_domains: folder.0.join("anchors.toml"),
            denied: folder.0.join("denied.toml"),
            ..Settings::default()
        };
        let trust = Trust::load(&settings)?;
        let certificate = Certificate::from_der(&der).map_err(|error| error.to_string())?;
        Ok(trust.judge_any(&certificate, now()))
    }
}

fn same(one: &X509NameRef, other: &X509NameRef) -> bool {
    one.try_cmp(other).unwrap().is_eq()
}

fn is_end_entity(x509: &X509) -> bool {
    let common = x509
        .subject_name()
        .entries_by_nid(openssl::nid::Nid::COMMONNAME)
        .next();
    let common = common.map(|entry| entry.data().to_string().unwrap());
    common.is_some_and(|text| text.contains(" EE "))
}
