//! `sealgate scan`: the real program on real files.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const LETTER: &str = "From: clerk@agency.example\nTo: desk@partner.example\nSubject: the form\n\n\
                      Margaret Holloway, SSN 536-22-8145, invoice 123456789.\n";

/// Files in a directory of their own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &[u8])]) -> Folder {
        let folder = std::env::temp_dir().join(format!("sealgate-scan-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        for (file, content) in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Folder(folder)
    }

    fn scan(&self, arguments: &[&str]) -> Output {
        command(arguments).current_dir(&self.0).output().unwrap()
    }

    fn lines(&self, arguments: &[&str]) -> (Vec<Value>, Option<i32>) {
        let output = self.scan(&[&["--json"], arguments].concat());
        let said = String::from_utf8(output.stdout).unwrap();
        let lines = said.lines().map(|line| serde_json::from_str(line).unwrap());
        (lines.collect(), output.status.code())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn command(arguments: &[&str]) -> Command {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
    command
        .args(["scan", "--allow-weak-jail", "--policies"])
        .arg(policies)
        .args(arguments);
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_line_of_json_says_what_was_found_where_and_whether_it_is_personal_information() {
    let folder = Folder::new("json", &[("a.eml", LETTER.as_bytes())]);
    let (lines, status) = folder.lines(&["a.eml"]);
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert_eq!(line["file"], "a.eml");
    assert_eq!(
        (&line["name"], &line["pi"]),
        (&Value::Bool(true), &Value::Bool(true))
    );
    assert_eq!(line["obstacles"].as_array().unwrap().len(), 0);
    let finding = &line["findings"][0];
    assert_eq!(finding["type"], "ssn");
    assert_eq!(finding["part"], "1");
    assert_eq!(finding["evidence"], "***-**-8145");
    assert_eq!(finding["confidence"], "high");
    assert_eq!(finding["span"], serde_json::json!([23, 34]));
    assert!(finding.get("value").is_none());
    assert_eq!(status, Some(1));
}

#[test]
fn values_and_texts_are_told_only_to_whoever_asks_for_them() {
    let folder = Folder::new("reveal", &[("a.eml", LETTER.as_bytes())]);
    let masked =
        said(&folder.scan(&["a.eml", "--explain"])) + &said(&folder.scan(&["a.eml", "--json", "--explain"]));
    assert!(
        !masked.contains("536-22-8145") && masked.contains("8145"),
        "{masked}"
    );
    let (lines, _) = folder.lines(&["a.eml", "--reveal"]);
    assert_eq!(lines[0]["findings"][0]["value"], "536-22-8145");
    let (lines, _) = folder.lines(&["a.eml", "--show-text"]);
    let texts = lines[0]["texts"].as_array().unwrap();
    assert!(
        texts
            .iter()
            .any(|text| text["text"].as_str().unwrap().contains("SSN 536-22-8145"))
    );
}

#[test]
fn the_status_is_0_for_clean_1_for_found_2_for_unread_and_3_for_not_done() {
    let noise: Vec<u8> = (0..4_000u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let files: &[(&str, &[u8])] = &[
        ("found/a.eml", LETTER.as_bytes()),
        ("clean/b.txt", b"Lunch at noon."),
        ("unread/c.bin", &noise),
    ];
    let folder = Folder::new("status", files);
    for (paths, status) in [
        (&["clean"][..], 0),
        (&["found"], 1),
        (&["unread", "clean"], 2),
        (&["missing", "clean"], 3),
        (&["unread", "found", "missing"], 1),
        (&["unread", "missing"], 3),
        (&["--no-such-option", "found"], 3),
    ] {
        let output = folder.scan(paths);
        assert_eq!(output.status.code(), Some(status), "{paths:?}: {}", said(&output));
    }
    let help = said(&folder.scan(&["--help"]));
    assert!(help.contains("Exit status"), "{help}");
}

#[test]
fn files_come_out_in_their_order_however_long_each_takes() {
    let long = LETTER.repeat(100);
    let names: Vec<String> = (0..40).map(|number| format!("{number:03}.txt")).collect();
    let content = |number: usize| {
        if number.is_multiple_of(7) {
            long.as_bytes()
        } else {
            b"short"
        }
    };
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .enumerate()
        .map(|(number, name)| (name.as_str(), content(number)))
        .collect();
    let folder = Folder::new("order", &files);
    let (lines, _) = folder.lines(&["."]);
    let told: Vec<&str> = lines.iter().map(|line| line["file"].as_str().unwrap()).collect();
    let expected: Vec<String> = names.iter().map(|name| format!("./{name}")).collect();
    assert_eq!(told, expected);
}

#[test]
fn a_file_that_ends_its_reader_is_an_obstacle_and_the_next_file_is_read() {
    let files: &[(&str, &[u8])] = &[("a.txt", LETTER.as_bytes()), ("c.txt", LETTER.as_bytes())];
    let folder = Folder::new("death", files);
    // More than the reader's memory holds.
    let large = fs::File::create(folder.0.join("b.txt")).unwrap();
    large.set_len(400 << 20).unwrap();
    for below in ["recipients", "anchors", "intermediates", "crls"] {
        fs::create_dir_all(folder.0.join("certs").join(below)).unwrap();
    }
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    std::os::unix::fs::symlink(policies, folder.0.join("policies")).unwrap();
    let settings = "domains = [\"agency.example\"]\n[smtp]\nrelay_from = [\"127.0.0.1\"]\n\
                    [deliver]\nnext_hop = \"127.0.0.1:25\"\n[inspect]\nmemory_mb = 300\n";
    fs::write(folder.0.join("sealgate.toml"), settings).unwrap();
    let (lines, _) = folder.lines(&["--config", "sealgate.toml", "a.txt", "b.txt", "c.txt"]);
    let [a, b, c] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert_eq!(b["obstacles"][0]["kind"], "reader-died", "{b}");
    assert_eq!((&a["pi"], &c["pi"]), (&Value::Bool(true), &Value::Bool(true)));
}

#[test]
fn each_message_of_a_large_mailbox_has_its_number_although_it_is_read_in_pieces() {
    let message = |number: u32| {
        format!("From a@agency.example Mon Jan  1 00:00:00 2024\nX-Number: {number}\n{LETTER}\n")
    };
    let mailbox: String = (0..1_500).map(message).collect();
    assert!(mailbox.len() > 256 << 10);
    let folder = Folder::new("mailbox", &[("all.mbox", mailbox.as_bytes())]);
    let (lines, _) = folder.lines(&["all.mbox"]);
    assert_eq!(lines.len(), 1);
    let findings = lines[0]["findings"].as_array().unwrap();
    let parts: Vec<&str> = findings
        .iter()
        .map(|finding| finding["part"].as_str().unwrap())
        .collect();
    let numbered: Vec<String> = (1..=1_500).map(|number| format!("1.{number}.1")).collect();
    assert_eq!(parts, numbered);
}

#[test]
fn the_standard_input_is_read() {
    let mut child = command(&["--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(LETTER.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&line["file"], &line["pi"]),
        (&Value::from("-"), &Value::Bool(true))
    );
}

#[test]
fn people_are_told_what_was_found_and_totals_without_a_value_or_a_terminal_code() {
    let files: &[(&str, &[u8])] = &[
        ("a\u{1b}[2J.eml", LETTER.as_bytes()),
        ("b.txt", b"Lunch at noon."),
    ];
    let folder = Folder::new("people", files);
    let told = said(&folder.scan(&["."]));
    for part in [
        "a?[2J.eml",
        "PERSONAL INFORMATION",
        "Social Security number ***-**-8145",
        "in the text (part 1)",
        "1 clean",
    ] {
        assert!(told.contains(part), "{part} is missing in:\n{told}");
    }
    assert!(!told.contains('\u{1b}') && !told.contains("536-22"), "{told}");
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
}

#[test]
fn without_policies_the_built_in_ones_are_used_and_a_broken_policy_is_told() {
    let folder = Folder::new(
        "policies",
        &[("a.eml", LETTER.as_bytes()), ("p/policy.toml", b"counts = 7\n")],
    );
    let bare = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        command.args(["scan", "--allow-weak-jail"]).args(arguments);
        command.current_dir(&folder.0).output().unwrap()
    };
    assert_eq!(bare(&["a.eml"]).status.code(), Some(1));
    let broken = bare(&["--policies", "p", "a.eml"]);
    assert_eq!(broken.status.code(), Some(3));
    assert!(said(&broken).contains("policy.toml:1"), "{}", said(&broken));
}
