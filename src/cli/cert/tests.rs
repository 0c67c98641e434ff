mod register;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use clap::Parser;
use jiff::Timestamp;

use super::{About, Allow, Command, Deny, Holdings, deny, doctor, expiring, list, post_quantum};
use crate::cli::SettingsFile;
use crate::policy::Policy;
use crate::smime::issue::{Authority, KeyKind, Placement, Request};
use crate::smime::{Curve, Denied, Settings};

const ANN: &str = "ann@partner.example";
const EC: KeyKind = KeyKind::Ec(Curve::P256);

/// A site with folders, a trusted root and a clock that stands still.
struct Site {
    folder: PathBuf,
    root: Authority,
    holdings: Holdings,
}

impl Site {
    fn new() -> Site {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("sealgate-cert-{}-{number}", std::process::id()));
        for name in ["recipients", "anchors", "intermediates", "crls"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let root = Authority::new("Test Root", EC, at("2026-01-01"), at("2030-01-01")).unwrap();
        fs::write(folder.join("anchors/root.pem"), root.certificate_pem().unwrap()).unwrap();
        let settings = Settings {
            recipients: folder.join("recipients"),
            anchors: folder.join("anchors"),
            intermediates: folder.join("intermediates"),
            crls: folder.join("crls"),
            anchor_domains: folder.join("anchors.toml"),
            denied: folder.join("denied.toml"),
            ..Settings::default()
        };
        Site {
            folder,
            root,
            holdings: Holdings {
                settings,
                policy: Policy::default(),
                store: None,
            },
        }
    }

    /// Issues a certificate and returns its fingerprint.
    fn issue(&self, file: &str, address: &str, from: &str, to: &str) -> String {
        self.put(file, Request::new(address, EC, at(from), at(to)))
    }

    fn put(&self, file: &str, request: Request) -> String {
        let issued = self.root.issue(&request).unwrap();
        fs::write(
            self.folder.join(format!("recipients/{file}.pem")),
            &issued.certificate_pem,
        )
        .unwrap();
        let x509 = openssl::x509::X509::from_pem(issued.certificate_pem.as_bytes()).unwrap();
        let digest = x509.digest(openssl::hash::MessageDigest::sha256()).unwrap();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn examine(&self, address: &str) -> doctor::Health {
        wait(doctor::examine(&self.holdings, &address.parse().unwrap(), now())).unwrap()
    }

    fn expiring(&self) -> serde_json::Value {
        let until = at("2027-07-01");
        let answer = wait(expiring::expiring(&self.holdings, now(), until, true)).unwrap();
        serde_json::from_str(&answer.text).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn at(day: &str) -> Timestamp {
    format!("{day}T00:00:00Z").parse().unwrap()
}

fn now() -> Timestamp {
    at("2027-06-01")
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(work)
}

fn file() -> SettingsFile {
    SettingsFile {
        config: PathBuf::from("unused"),
    }
}

fn about(fingerprint: Option<&str>, issuer: Option<&str>) -> About {
    About {
        fingerprint: fingerprint.map(str::to_owned),
        issuer: issuer.map(str::to_owned),
    }
}

fn deny_it(site: &Site, about: About) -> Result<String, String> {
    let what = Deny {
        about,
        reason: "stolen".to_owned(),
        by: Some("root".to_owned()),
        file: file(),
    };
    wait(deny::deny(&site.holdings, &what, now())).map(|answer| answer.text)
}

fn allow_it(site: &Site, about: About) -> Result<String, String> {
    let what = Allow {
        about,
        by: Some("eve".to_owned()),
        file: file(),
    };
    wait(deny::allow(&site.holdings, &what, now())).map(|answer| answer.text)
}

#[test]
fn the_doctor_says_what_happens_today_and_in_30_days_and_what_to_do() {
    for (from, to, today, later, advice) in [
        ("2027-01-01", "2028-01-01", true, true, ""),
        (
            "2027-01-01",
            "2027-06-20",
            true,
            false,
            "for a new certificate now",
        ),
        ("2026-01-01", "2027-05-01", false, false, "has expired"),
        ("2027-06-10", "2028-01-01", false, true, "not valid yet"),
    ] {
        let site = Site::new();
        site.issue("ann", ANN, from, to);
        let health = site.examine(ANN);
        assert_eq!(
            (health.today.encrypted, health.in_30_days.encrypted),
            (today, later),
            "{from} {to}"
        );
        assert_eq!(health.advice.is_empty(), advice.is_empty(), "{:?}", health.advice);
        assert!(health.advice.concat().contains(advice), "{:?}", health.advice);
        let told = health.to_string();
        assert_eq!(told.contains("would be encrypted"), today, "{told}");
        let json = serde_json::to_value(&health).unwrap();
        assert_eq!(json["today"]["encrypted"], today);
        assert_eq!(json["considered"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn without_any_certificate_the_doctor_says_whom_to_ask() {
    let health = Site::new().examine(ANN);
    assert!(!health.today.encrypted && health.considered.is_empty());
    assert!(
        health.advice[0].contains("digitally signed e-mail"),
        "{:?}",
        health.advice
    );
}

#[test]
fn the_doctor_names_a_setting_with_which_there_would_be_a_certificate() {
    let site = Site::new();
    site.issue("ann", ANN, "2027-01-01", "2028-01-01");
    let old = Request {
        placement: Placement::SubjectOnly,
        ..Request::new("old@partner.example", EC, at("2027-01-01"), at("2028-01-01"))
    };
    site.put("old", old);
    let gateway = "domain-confidentiality-authority@agency.example";
    site.issue("gateway", gateway, "2027-01-01", "2028-01-01");
    for (asked, setting) in [
        ("ann+news@partner.example", "plus_addresses"),
        ("old@partner.example", "subject_addresses"),
        ("bob@agency.example", "domain_certificates"),
    ] {
        let advice = site.examine(asked).advice;
        let named = advice.iter().filter(|text| text.contains(" = true"));
        assert_eq!(named.clone().count(), 1, "{asked}: {advice:?}");
        assert!(
            named.clone().all(|text| text.contains(setting)),
            "{asked}: {advice:?}"
        );
    }
}

#[test]
fn a_list_that_runs_out_is_no_reason_to_ask_for_a_new_certificate() {
    let mut site = Site::new();
    site.issue("ann", ANN, "2027-01-01", "2028-01-01");
    site.holdings.settings.require_crl = true;
    let without = site.examine(ANN);
    assert!(!without.today.encrypted && !without.in_30_days.encrypted);
    assert!(
        without.advice[0].contains("revocation lists of CN=Test Root"),
        "{:?}",
        without.advice
    );
    let list = site
        .root
        .revocation_list(&[], at("2027-05-30"), at("2027-06-07"))
        .unwrap();
    fs::write(site.folder.join("crls/root.crl"), list).unwrap();
    let health = site.examine(ANN);
    assert!(health.today.encrypted && health.in_30_days.encrypted && health.in_30_days.needs_newer_lists);
    assert!(health.advice[0].contains("Keep fetching"), "{:?}", health.advice);
    assert_eq!(site.expiring().as_array().unwrap().len(), 0);
}

#[test]
fn expiring_names_those_whose_last_usable_certificate_ends_and_nobody_else() {
    let site = Site::new();
    site.issue("long", "long@partner.example", "2027-01-01", "2028-01-01");
    site.issue("renewed-1", "renewed@partner.example", "2026-01-01", "2027-06-10");
    site.issue("renewed-2", "renewed@partner.example", "2027-05-01", "2028-06-10");
    site.issue("gone", "gone@partner.example", "2026-01-01", "2027-01-01");
    site.issue("second", "second@partner.example", "2026-01-01", "2027-06-20");
    site.issue("first-1", "first@partner.example", "2026-01-01", "2027-06-05");
    let last = site.issue("first-2", "first@partner.example", "2026-01-01", "2027-06-08");
    let found = site.expiring();
    let whom: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["for"].as_str().unwrap())
        .collect();
    assert_eq!(whom, ["first@partner.example", "second@partner.example"]);
    assert_eq!(found[0]["fingerprint"], last);
}

#[test]
fn what_is_denied_is_recorded_and_can_be_lifted() {
    let site = Site::new();
    let print = site.issue("ann", ANN, "2027-01-01", "2028-01-01");
    assert!(site.examine(ANN).today.encrypted);
    // The first digits are enough, and so is any way to write them.
    let said = deny_it(&site, about(Some(&print[..12].to_uppercase()), None)).unwrap();
    assert!(said.contains(&print) && said.contains("SIGHUP"), "{said}");
    let health = site.examine(ANN);
    assert!(!health.today.encrypted);
    assert!(
        health.to_string().contains("denied by an administrator (stolen)"),
        "{health}"
    );
    assert!(health.advice[0].contains("cert allow"), "{:?}", health.advice);
    assert_eq!(
        deny_it(&site, about(Some(&print), None)),
        Err("it is denied already".to_owned())
    );
    allow_it(&site, about(Some(&print), None)).unwrap();
    assert!(site.examine(ANN).today.encrypted);
    assert_eq!(
        allow_it(&site, about(Some(&print), None)),
        Err("it is not denied".to_owned())
    );
    deny_it(&site, about(None, Some("CN=Test Root"))).unwrap();
    assert!(!site.examine(ANN).today.encrypted);
    let text = fs::read_to_string(&site.holdings.settings.denied).unwrap();
    for word in [
        "reason = \"stolen\"",
        "by = \"root\"",
        "lifted_by = \"eve\"",
        "issuer = \"CN=Test Root\"",
    ] {
        assert!(text.contains(word), "{text}");
    }
    assert_eq!(
        Denied::load(&site.holdings.settings.denied)
            .unwrap()
            .in_force()
            .count(),
        1
    );
}

#[test]
fn a_fingerprint_that_is_none_or_unknown_is_an_error_and_a_whole_one_need_not_be_known() {
    let site = Site::new();
    for wrong in ["", "abc", "zzzzzzzzzzzz", "0123456789"] {
        assert!(deny_it(&site, about(Some(wrong), None)).is_err(), "{wrong}");
    }
    assert!(!site.holdings.settings.denied.exists());
    let whole = "AB:".repeat(31) + "AB";
    deny_it(&site, about(Some(&whole), None)).unwrap();
    let text = fs::read_to_string(&site.holdings.settings.denied).unwrap();
    assert!(text.contains(&"ab".repeat(32)), "{text}");
}

#[test]
fn list_show_and_find_tell_the_same_of_a_certificate() {
    let site = Site::new();
    let print = site.issue("ann", ANN, "2027-01-01", "2028-01-01");
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let listed = parse(&wait(list::list(&site.holdings, now(), true)).unwrap().text);
    let shown = parse(
        &wait(list::show(&site.holdings, &print[..16], now(), true))
            .unwrap()
            .text,
    );
    assert_eq!(listed, shown);
    assert_eq!(
        (&listed[0]["for"], &listed[0]["fingerprint"]),
        (&ANN.into(), &print.as_str().into())
    );
    let find = |address: &str, json| {
        wait(list::find(&site.holdings, &address.parse().unwrap(), now(), json)).unwrap()
    };
    let found = find(ANN, true);
    assert!(found.yes);
    assert_eq!(parse(&found.text)[0]["fingerprint"], print);
    assert!(!find("bob@partner.example", false).yes);
    for text in [
        wait(list::list(&site.holdings, now(), false)).unwrap().text,
        wait(list::show(&site.holdings, &print, now(), false))
            .unwrap()
            .text,
        find(ANN, false).text,
    ] {
        assert!(
            text.contains(&print[..16]) && text.contains("can be used"),
            "{text}"
        );
    }
}

#[test]
fn deny_wants_a_reason_and_one_subject() {
    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        _command: Command,
    }
    let takes = |words: &str| Line::try_parse_from(words.split(' ')).is_ok();
    assert!(takes("cert deny 0123456789 --reason stolen"));
    assert!(takes("cert deny --issuer CN=X --reason stolen --by root"));
    assert!(takes("cert allow 0123456789"));
    assert!(takes("cert expiring --days 60 --json"));
    for wrong in [
        "cert deny 0123456789",
        "cert deny --reason stolen",
        "cert deny 0123456789 --issuer CN=X --reason stolen",
        "cert allow",
        "cert expiring --days 0",
    ] {
        assert!(!takes(wrong), "{wrong}");
    }
}

#[test]
fn the_report_on_post_quantum_keys_says_who_is_ready_and_what_the_policy_has_set() {
    let mut site = Site::new();
    site.issue("ann", ANN, "2027-01-01", "2028-01-01");
    site.issue("old", "old@partner.example", "2026-01-01", "2027-01-01");
    let ask = |site: &Site, json: bool| {
        wait(post_quantum::post_quantum(&site.holdings, now(), json))
            .unwrap()
            .text
    };
    let listed: serde_json::Value = serde_json::from_str(&ask(&site, true)).unwrap();
    let states: Vec<(&str, &str)> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["for"].as_str().unwrap(), one["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [("old@partner.example", "none"), (ANN, "classical")]);
    let text = ask(&site, false);
    assert!(
        text.contains("Ready: 0 of 2 recipients") && text.contains("sets no date"),
        "{text}"
    );
    site.holdings.policy.post_quantum.require_from = Some("2026-01-01".parse().unwrap());
    let text = ask(&site, false);
    assert!(
        text.contains("EC P-256") && text.contains("From 2026-01-01 on"),
        "{text}"
    );
    let health = site.examine(ANN);
    assert!(
        !health.today.encrypted,
        "from the day on, nothing else is sealed to"
    );
    assert!(health.to_string().contains("ML-KEM"), "{health}");
}
