//! The jail: what a child gives up before it reads its first message. `docs/jail.md` tells it in prose.
//!
//! Four walls stand behind each other, so that a hole in one is not a way out: limits of resources, no new
//! privileges, Landlock, and the list of permitted system calls in [`super::filter`]. Each is entered by the
//! child itself, before it has a second thread, and none can be left again.

use std::os::fd::RawFd;

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope};
use nix::sys::prctl;
use nix::sys::resource::{RLIM_INFINITY, Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

use super::filter;

/// The newest Landlock that we ask for: files, devices, TCP, abstract sockets and signals (Linux 6.12).
pub(super) const LANDLOCK: ABI = ABI::V6;

/// What the kernel or the container did not give, in sentences for an administrator.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct JailReport {
    /// Without these the gateway does not start, unless it is told to.
    pub broken: Vec<String>,
    /// The jail holds without these, with one wall less.
    pub lacking: Vec<String>,
}

/// Enters the jail for good. Afterwards this process may read and write `wire`, compute, and end.
///
/// Must be called before the process has a second thread. A wall that cannot be raised is reported, and the
/// others are raised all the same.
pub(super) fn enter(memory_mb: u64, wire: RawFd) -> JailReport {
    let mut report = JailReport::default();
    // The first wall: its set of rules is a file descriptor, which the limits forbid.
    report.lacking.extend(landlock_lacks());
    let broken = &mut report.broken;
    note(broken, "limits of resources", limit_resources(memory_mb));
    note(broken, "no_new_privs", prctl::set_no_new_privs());
    note(broken, "PR_SET_DUMPABLE", prctl::set_dumpable(false));
    note(broken, "PR_SET_PDEATHSIG", prctl::set_pdeathsig(Signal::SIGKILL));
    // The last wall: it forbids the calls that raise the others.
    note(broken, "seccomp", filter::enter(wire));
    report
}

/// Ignores the signals by which people and service managers stop a gateway. The gateway may still be
/// finishing the messages at hand; its children end when it does, because it hangs up.
pub(super) fn outlive_stop_signals() {
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT] {
        signals.add(signal);
    }
    // Failing costs the messages at hand on a stop, and nothing else.
    let _ = signals.thread_block();
}

/// Gives this process `seconds` more of processor time than it has used so far. When they are used up the
/// kernel ends it with SIGXCPU.
pub(super) fn grant_processor_time(seconds: u64) -> nix::Result<()> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let used = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let used = u64::try_from(used).unwrap_or(0).div_ceil(1_000_000);
    let (_, hard) = getrlimit(Resource::RLIMIT_CPU)?;
    setrlimit(Resource::RLIMIT_CPU, used.saturating_add(seconds).min(hard), hard)
}

fn limit_resources(memory_mb: u64) -> nix::Result<()> {
    lower(Resource::RLIMIT_AS, memory_mb.saturating_mul(1 << 20))?;
    // A core file would hold the message.
    lower(Resource::RLIMIT_CORE, 0)?;
    lower(Resource::RLIMIT_FSIZE, 0)?;
    // What is open stays open; nothing can be added.
    lower(Resource::RLIMIT_NOFILE, 0)?;
    lower(Resource::RLIMIT_NPROC, 0)?;
    lower(Resource::RLIMIT_MEMLOCK, 0)?;
    lower(Resource::RLIMIT_MSGQUEUE, 0)
}

/// Lowers both the soft and the hard limit, never above the hard limit that was inherited.
pub(super) fn lower(resource: Resource, to: u64) -> nix::Result<()> {
    let (_, hard) = getrlimit(resource)?;
    let to = if hard == RLIM_INFINITY { to } else { to.min(hard) };
    setrlimit(resource, to, to)
}

fn landlock_lacks() -> Option<String> {
    match landlock_everything() {
        Ok(RulesetStatus::FullyEnforced) => None,
        Ok(RulesetStatus::PartiallyEnforced) => Some(
            "Landlock is of an older version: files are out of reach, but not all of network, devices and \
             signals are (Linux 6.12 has it all)"
                .to_owned(),
        ),
        Ok(RulesetStatus::NotEnforced) => Some(
            "Landlock is missing: the kernel needs Linux 5.13 or newer with landlock among its active \
             security modules (boot parameter lsm=), and the container must permit it"
                .to_owned(),
        ),
        Err(error) => Some(format!("Landlock failed: {error}")),
    }
}

/// Denies every access that Landlock knows, with no exception.
fn landlock_everything() -> Result<RulesetStatus, RulesetError> {
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?;
    Ok(ruleset.restrict_self()?.ruleset)
}

pub(super) fn note<E: std::fmt::Display>(report: &mut Vec<String>, wall: &str, result: Result<(), E>) {
    if let Err(error) = result {
        report.push(format!("{wall}: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, ExitStatus, Stdio};

    use nix::unistd::{Pid, getppid};

    use super::*;

    const ATTEMPT: &str = "SEALGATE_ATTEMPT";
    /// Which wall to raise: `jail` for all of them.
    const WALL: &str = "SEALGATE_WALL";
    /// The status that says: the attempt succeeded.
    const ESCAPED: i32 = 41;
    /// The status that says: the attempt was denied, and the process went on.
    const DENIED: i32 = 42;

    /// Runs [`attempt`] in a process of its own and tells how that ended.
    fn in_a_process(wall: &str, what: &str) -> ExitStatus {
        Command::new(std::env::current_exe().unwrap())
            .args(["inspect::jail::tests::attempt", "--exact"])
            .env(WALL, wall)
            .env(ATTEMPT, what)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
    }

    /// Not a test of its own: what the process of [`in_a_process`] runs. Without the variable it is idle.
    #[test]
    fn attempt() {
        let Ok(what) = std::env::var(ATTEMPT) else { return };
        let zero = File::open("/dev/zero").unwrap();
        match std::env::var(WALL).as_deref() {
            Ok("jail") => assert_eq!(enter(4096, 0).broken, Vec::<String>::new()),
            Ok("limits") => limit_resources(4096).unwrap(),
            Ok("landlock") => drop(landlock_lacks()),
            _ => {}
        }
        let escaped = match what.as_str() {
            "open" => File::open("/etc/passwd").is_ok(),
            "create" => File::create(std::env::temp_dir().join("sealgate-escape")).is_ok(),
            "list" => std::fs::read_dir("/").is_ok(),
            "delete" => std::fs::remove_file("/nonexistent").is_ok(),
            "connect" => std::net::TcpStream::connect("127.0.0.1:9").is_ok(),
            "socket" => std::os::unix::net::UnixDatagram::unbound().is_ok(),
            "execute" => Command::new("/bin/true").status().is_ok(),
            "thread" => std::thread::Builder::new().spawn(|| ()).is_ok(),
            "signal" => nix::sys::signal::kill(getppid(), None).is_ok(),
            "signal-itself" => nix::sys::signal::kill(Pid::this(), None).is_ok(),
            "another-file" => nix::unistd::read(&zero, &mut [0]).is_ok(),
            "duplicate" => zero.try_clone().is_ok(),
            "more-memory" => setrlimit(Resource::RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY).is_ok(),
            "dumpable" => prctl::set_dumpable(true).is_ok(),
            "pid-file" => std::env::current_dir().is_ok(),
            "allocate-too-much" => Vec::<u8>::new().try_reserve_exact(5 << 30).is_ok(),
            "abort" => std::process::abort(),
            "overflow-the-stack" => recurse(0) == 0,
            "compute" => {
                let map: std::collections::HashMap<usize, Vec<u8>> =
                    (0..64).map(|size| (size, vec![1; size << 16])).collect();
                grant_processor_time(5).unwrap();
                let read = nix::unistd::read(std::io::stdin(), &mut [0]);
                map.len() == 64 && read == Ok(0)
            }
            "spin" => {
                grant_processor_time(1).unwrap();
                loop {
                    std::hint::spin_loop();
                }
            }
            _ => false,
        };
        std::process::exit(if escaped { ESCAPED } else { DENIED });
    }

    #[test]
    fn whoever_tries_the_walls_is_ended_at_once() {
        for what in [
            "open",
            "create",
            "list",
            "delete",
            "connect",
            "socket",
            "execute",
            "thread",
            "signal",
            "signal-itself",
            "another-file",
            "duplicate",
            "more-memory",
            "dumpable",
            "pid-file",
        ] {
            let signal = in_a_process("jail", what).signal();
            assert_eq!(signal, Some(Signal::SIGSYS as i32), "{what}");
        }
    }

    /// Proves that the test above can fail.
    #[test]
    fn without_the_jail_the_same_attempts_succeed() {
        for what in [
            "open",
            "list",
            "socket",
            "execute",
            "thread",
            "signal",
            "another-file",
            "duplicate",
        ] {
            assert_eq!(in_a_process("none", what).code(), Some(ESCAPED), "{what}");
        }
    }

    #[test]
    fn reading_memory_and_answering_is_permitted() {
        assert_eq!(in_a_process("jail", "compute").code(), Some(ESCAPED));
    }

    #[test]
    fn memory_beyond_the_limit_is_denied_and_an_abort_is_told_from_an_attack() {
        assert_eq!(in_a_process("jail", "allocate-too-much").code(), Some(DENIED));
        for what in ["abort", "overflow-the-stack"] {
            assert_eq!(
                in_a_process("jail", what).signal(),
                Some(Signal::SIGABRT as i32),
                "{what}"
            );
        }
    }

    #[test]
    fn processor_time_beyond_the_grant_ends_the_process() {
        assert_eq!(
            in_a_process("jail", "spin").signal(),
            Some(Signal::SIGXCPU as i32)
        );
    }

    #[test]
    fn the_limits_alone_deny_every_new_file() {
        for what in ["open", "create", "duplicate", "socket"] {
            assert_eq!(in_a_process("limits", what).code(), Some(DENIED), "{what}");
        }
    }

    #[expect(unconditional_recursion, reason = "it is what the test is about")]
    fn recurse(depth: u64) -> u64 {
        let room = std::hint::black_box([depth; 64]);
        recurse(depth + 1) + room.iter().sum::<u64>()
    }

    /// Holds on every kernel: either Landlock denies, or the report says that it is missing.
    #[test]
    fn landlock_alone_denies_files_or_the_report_names_its_lack() {
        let missing = std::thread::spawn(landlock_lacks).join().unwrap();
        let missing = missing.is_some_and(|lack| lack.contains("is missing"));
        let expected = if missing { ESCAPED } else { DENIED };
        assert_eq!(in_a_process("landlock", "open").code(), Some(expected));
        assert_eq!(in_a_process("landlock", "list").code(), Some(expected));
    }
}
