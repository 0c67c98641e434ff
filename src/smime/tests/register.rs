//! The register beside the folder: what it adds, and what an entry's state means.

use std::sync::{Arc, Mutex};

use super::super::issue::{Authority, Issued, Request};
use super::super::{Capabilities, Entry, EntryState, Put, Register, RegisterError};
use super::pki::*;
use crate::message::{Boxed, CertificateVerdict as Verdict, Origin, Profile};

/// As much of a register as choosing asks for. The databases' own are tried in `store`.
#[derive(Default)]
struct Shelf(Mutex<Vec<Entry>>);

impl Shelf {
    fn with(entries: &[Entry]) -> Arc<dyn Register> {
        Arc::new(Shelf(Mutex::new(entries.to_vec())))
    }

    fn filter(&self, wanted: impl Fn(&Entry) -> bool) -> Boxed<'_, Result<Vec<Entry>, RegisterError>> {
        let found = self
            .0
            .lock()
            .unwrap()
            .iter()
            .filter(|entry| wanted(entry))
            .cloned()
            .collect();
        Box::pin(std::future::ready(Ok(found)))
    }
}

fn nothing<'a, T: Send + 'a>() -> Boxed<'a, Result<T, RegisterError>> {
    Box::pin(std::future::ready(Err(RegisterError("read only".to_owned()))))
}

impl Register for Shelf {
    fn look_up<'a>(&'a self, keys: &'a [String]) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        if keys.iter().any(|key| key.starts_with("broken")) {
            return nothing();
        }
        self.filter(|entry| entry.keys().iter().any(|key| keys.contains(key)))
    }

    fn page<'a>(&'a self, after: &'a str, _limit: u32) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        self.filter(|entry| entry.certificate.fingerprint() > after)
    }

    fn beginning_with<'a>(&'a self, digits: &'a str) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        self.filter(|entry| entry.certificate.fingerprint().starts_with(digits))
    }

    fn put(&self, _entry: Entry) -> Boxed<'_, Result<Put, RegisterError>> {
        nothing()
    }

    fn set_state<'a>(
        &'a self,
        _fingerprint: &'a str,
        _state: EntryState,
        _note: &'a str,
    ) -> Boxed<'a, Result<bool, RegisterError>> {
        nothing()
    }

    fn set_capabilities<'a>(
        &'a self,
        _fingerprint: &'a str,
        _capabilities: Option<Capabilities>,
    ) -> Boxed<'a, Result<bool, RegisterError>> {
        nothing()
    }

    fn remove<'a>(&'a self, _fingerprint: &'a str) -> Boxed<'a, Result<bool, RegisterError>> {
        nothing()
    }
}

fn entry(issued: &Issued, state: EntryState) -> Entry {
    Entry::new(Arc::new(certificate(issued)), Origin::Harvested, state, now())
}

/// The verdict on the only certificate for ann, which is in the register in this state.
fn verdict(folders: &Folders, issued: &Issued, state: EntryState) -> Verdict {
    let register = Shelf::with(&[entry(issued, state)]);
    let certificates = folders.load().unwrap().with_register(register);
    let choice = choose(&certificates, ANN, now());
    assert_eq!(choice.considered.len(), 1);
    let considered = &choice.considered[0];
    assert_eq!(considered.origin, Some(Origin::Harvested));
    assert_eq!(choice.chosen.is_some(), considered.verdict == Verdict::Chosen);
    considered.verdict.clone()
}

#[test]
fn a_registered_certificate_is_judged_like_any_other_unless_it_waits_or_is_vouched_for() {
    use EntryState::{InUse, Vouched, Waiting};
    let root = root();
    let stranger = Authority::new("Stranger Root", EC, start(), end()).unwrap();
    let folders = Folders::trusting(&root);
    let good = root.issue(&request(ANN, EC)).unwrap();
    assert_eq!(verdict(&folders, &good, InUse), Verdict::Chosen);
    assert_eq!(verdict(&folders, &good, Waiting), Verdict::WaitingForApproval);
    assert_eq!(verdict(&folders, &good, Vouched), Verdict::Chosen);
    let foreign = stranger.issue(&request(ANN, EC)).unwrap();
    assert!(matches!(
        verdict(&folders, &foreign, InUse),
        Verdict::Untrusted(_)
    ));
    assert_eq!(verdict(&folders, &foreign, Waiting), Verdict::WaitingForApproval);
    assert_eq!(verdict(&folders, &foreign, Vouched), Verdict::Chosen);
    // What no approval can mend is said first, and no approval mends it.
    let ended = Request {
        not_after: at("2027-06-01T12:00:00Z"),
        ..request(ANN, EC)
    };
    for ended in [root.issue(&ended).unwrap(), stranger.issue(&ended).unwrap()] {
        for state in EntryState::ALL {
            assert_eq!(verdict(&folders, &ended, state), Verdict::Expired);
        }
    }
    let list = root.revocation_list(&[&good.serial], start(), end()).unwrap();
    folders.put("crls/root.crl", list);
    for state in EntryState::ALL {
        assert_eq!(verdict(&folders, &good, state), Verdict::Revoked);
    }
}

#[test]
fn the_newest_of_folder_and_register_is_chosen_and_one_certificate_is_weighed_once() {
    let root = root();
    let folders = Folders::trusting(&root);
    let from = |day: &str| Request {
        not_before: at(day),
        ..request(ANN, EC)
    };
    let older = root.issue(&from("2027-02-01T00:00:00Z")).unwrap();
    let newer = root.issue(&from("2027-03-01T00:00:00Z")).unwrap();
    let chosen = |in_folder: &Issued, in_register: &[Entry]| {
        folders.recipient("ann", in_folder);
        let certificates = folders.load().unwrap().with_register(Shelf::with(in_register));
        let choice = choose(&certificates, ANN, now());
        (
            choice.chosen.unwrap().fingerprint().to_owned(),
            choice.considered.len(),
        )
    };
    let newest = certificate(&newer).fingerprint().to_owned();
    assert_eq!(
        chosen(&older, &[entry(&newer, EntryState::InUse)]),
        (newest.clone(), 2)
    );
    assert_eq!(
        chosen(&newer, &[entry(&older, EntryState::InUse)]),
        (newest.clone(), 2)
    );
    let old = certificate(&older).fingerprint().to_owned();
    assert_eq!(chosen(&older, &[entry(&newer, EntryState::Waiting)]), (old, 2));
    // In the folder it is in use, whatever the register says of it.
    assert_eq!(chosen(&newer, &[entry(&newer, EntryState::Waiting)]), (newest, 1));
}

#[test]
fn a_register_that_does_not_answer_leaves_nothing_known() {
    let folders = Folders::trusting(&root());
    let certificates = folders.load().unwrap().with_register(Shelf::with(&[]));
    let choice = wait(certificates.choose(&address("broken@partner.example"), Profile::Compatible, now()));
    assert!(choice.is_err());
}

#[test]
fn lists_show_the_folder_and_the_register_and_where_each_is_from() {
    let root = root();
    let folders = Folders::trusting(&root);
    folders.recipient("ann", &root.issue(&request(ANN, EC)).unwrap());
    let vouched = entry(&root.issue(&request(ANN, EC)).unwrap(), EntryState::Vouched);
    let register = Shelf::with(std::slice::from_ref(&vouched));
    let certificates = folders.load().unwrap().with_register(register);
    let sources: Vec<String> = listed(&certificates, Profile::Compatible)
        .iter()
        .map(|line| line.source())
        .collect();
    assert!(sources[0].ends_with("ann.pem"), "{sources:?}");
    assert_eq!(sources[1..], ["register (harvested, vouched for)"]);
    let print = vouched.certificate.fingerprint();
    assert_eq!(wait(certificates.fingerprints(&print[..9])).unwrap(), [print]);
    assert_eq!(
        wait(certificates.of(print, |_| Profile::Compatible, now()))
            .unwrap()
            .len(),
        1
    );
}
