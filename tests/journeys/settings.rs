//! Settings files: the example is right, and mistakes are told all at once.

use std::path::Path;

use crate::support::directory::Directory;
use crate::support::gateway::{Gateway, Options, PROGRAM, check};
use crate::support::mail::send;
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, NOBODY};

#[test]
fn every_mistake_is_told_at_once_with_file_line_and_a_suggestion() {
    let directory = Directory::new();
    let file = directory.write(
        "sealgate.toml",
        "hostname = \"gate.agency.example\"\ndomain = [\"agency.example\"]\n\n[smtp]\nlisten = \"here\"\n\
         mesage_mb = 5\n[deliver]\nnext_hop = 25\n",
    );
    let output = check(&file);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in [
        "sealgate.toml:2:",
        "`domains`",
        "sealgate.toml:5:",
        "sealgate.toml:6:",
        "`message_mb`",
        "sealgate.toml:8:",
    ] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_a_clear_mistake() {
    let directory = Directory::new();
    let said = |output: std::process::Output| {
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let missing = directory.path().join("none.toml");
    assert!(said(check(&missing)).contains("none.toml"));
    let broken = directory.write("broken.toml", "hostname = \n");
    assert!(said(check(&broken)).contains("broken.toml:1"));
}

#[test]
fn the_commented_example_is_right_once_its_paths_exist() {
    let directory = Directory::new();
    let example = std::process::Command::new(PROGRAM)
        .args(["config", "example"])
        .output()
        .unwrap();
    let text = String::from_utf8(example.stdout).unwrap();
    assert_eq!(text, include_str!("../../packaging/sealgate.toml"));
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    std::os::unix::fs::symlink(policies, directory.path().join("policies")).unwrap();
    for folder in ["recipients", "anchors", "intermediates", "crls"] {
        std::fs::create_dir_all(directory.path().join("certs").join(folder)).unwrap();
    }
    let output = check(&directory.write("sealgate.toml", text));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn changed_policies_go_live_on_sighup_and_a_bad_rule_leaves_the_last_good_ones_in_force() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let ssn = "From: clerk@agency.example\nSubject: x\n\nMargaret Holloway, SSN 536-22-8145.\n";
    let rule = gateway.directory.path().join("policies/elements/ssn.toml");
    let right = std::fs::read_to_string(&rule).unwrap();

    let example = right.replace("examples = [\n", "examples = [\n  \"no number at all\",\n");
    let pattern = "[[pattern]]\nname = \"a\"\nregex = '(?<!1)[0-9]{9}'\nconfidence = { alone = \"high\" }\n";
    // Each is told with file, line and what is wrong.
    for (wrong, told) in [
        (example, "stay as they were:\\nssn.toml:"),
        (
            format!("titel = 'a slip'\n{right}"),
            "ssn.toml:1: the rule has no key `titel`; did you mean `title`?",
        ),
        (
            format!("{right}\n{pattern}"),
            "look-around, including look-ahead and look-behind, is not supported",
        ),
    ] {
        std::fs::write(&rule, wrong).unwrap();
        gateway.reload(told);
    }
    send(gateway.address, "clerk@agency.example", &[NOBODY], ssn).unwrap();
    assert_eq!(
        mailbox.next().recipients,
        ["clerk@agency.example"],
        "the old rules are in force"
    );

    std::fs::write(&rule, right).unwrap();
    let policy = "denied_for_personal_information = [\"@partner.example\"]\n";
    gateway
        .directory
        .write("policies/policy.toml", format!("[recipients]\n{policy}"));
    gateway.reload("were read again");
    send(gateway.address, "clerk@agency.example", &[ANNA], ssn).unwrap();
    assert_eq!(
        mailbox.next().recipients,
        ["clerk@agency.example"],
        "the new policy is in force"
    );
}
