//! What the journeys need: a gateway process, a mailbox behind it, a PKI, real mail software, and a place to work.

pub mod directory;
pub mod gateway;
pub mod mail;
pub mod mailbox;
pub mod openers;
pub mod pki;
pub mod postfix;

use std::process::Command;

/// Whether every one of `programs` is installed. Where one is missing the test is skipped, by name and loudly,
/// unless the environment says that nothing may be.
pub fn have(test: &str, programs: &[&str]) -> bool {
    let missing: Vec<&&str> = programs.iter().filter(|program| !is_installed(program)).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(
        std::env::var_os("SEALGATE_SKIP_NOTHING").is_none(),
        "{test} needs {missing:?}, and nothing may be skipped here"
    );
    // Straight to the terminal: the test harness would keep quiet about it.
    let _ = std::fs::write("/dev/tty", format!("SKIPPED {test}: {missing:?} not installed\n"));
    println!("SKIPPED {test}: {missing:?} not installed");
    false
}

/// Whether the tests run with root's rights, which Postfix's master needs.
pub fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout == b"0\n")
}

fn is_installed(program: &str) -> bool {
    let path = std::path::Path::new(program);
    if path.is_absolute() {
        return path.exists();
    }
    ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        .iter()
        .any(|folder| std::path::Path::new(folder).join(program).exists())
}
