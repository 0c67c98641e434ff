//! Settings files: the example is right, and mistakes are told all at once.

use std::path::Path;

use crate::support::directory::Directory;
use crate::support::gateway::{PROGRAM, check};

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
