//! The walls around Tesseract: a program that is not ours, with some sixty libraries, on data that a stranger sent.
//!
//! It needs to load itself and its language data, to compute, and to write to standard output. So it may open files
//! for reading in the folders of libraries and language data, and nothing else: no socket, no process, no thread, no
//! file to write. What it lacks the right for fails; it is not ended, since libraries try many things at their start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landlock::{
    Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
    Scope, path_beneath_rules,
};
use nix::libc;
use nix::sys::prctl;
use nix::sys::resource::Resource;
use nix::sys::signal::Signal;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

use super::role::Orders;
use crate::inspect::jail::{JailReport, LANDLOCK, lower, note};

/// Files that may be open at once: libraries are opened one after the other.
const OPEN_FILES: u64 = 64;

/// Folders of libraries and language data on the usual systems.
const FOLDERS: [&str; 10] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/usr/share/tesseract-ocr",
    "/usr/share/tessdata",
    "/usr/share/tesseract",
    "/usr/local/share/tessdata",
];

/// What the dynamic linker and libraries look at when they start.
const FILES: [&str; 5] = [
    "/dev/null",
    "/dev/urandom",
    "/etc/ld.so.cache",
    "/etc/ld-musl-x86_64.path",
    "/sys/devices/system/cpu/possible",
];

/// Permitted with any argument.
const FREE: [libc::c_long; 45] = [
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_execve,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_getuid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_newfstatat,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_read,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_sigaltstack,
    libc::SYS_statx,
    libc::SYS_sysinfo,
];

/// The older names of the same, which x86 still has.
#[cfg(target_arch = "x86_64")]
const OLDER: [libc::c_long; 7] = [
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_lstat,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_stat,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: [libc::c_long; 0] = [];

/// Raises the walls for good. One that cannot be raised is reported, and the others are raised all the same.
pub(super) fn raise(orders: &Orders) -> JailReport {
    let mut report = JailReport::default();
    report.lacking.extend(landlock_lacks(orders));
    let broken = &mut report.broken;
    note(broken, "limits of resources", limit_resources(orders));
    note(broken, "no_new_privs", prctl::set_no_new_privs());
    // It outlives the change of program; "not dumpable" does not, and is not worth a wall.
    note(broken, "PR_SET_PDEATHSIG", prctl::set_pdeathsig(Signal::SIGKILL));
    note(broken, "seccomp", filter_calls());
    report
}

fn limit_resources(orders: &Orders) -> nix::Result<()> {
    lower(Resource::RLIMIT_AS, orders.memory_mb.saturating_mul(1 << 20))?;
    lower(Resource::RLIMIT_CPU, orders.cpu_seconds)?;
    // A core file would hold the picture.
    lower(Resource::RLIMIT_CORE, 0)?;
    lower(Resource::RLIMIT_FSIZE, 0)?;
    lower(Resource::RLIMIT_NOFILE, OPEN_FILES)?;
    lower(Resource::RLIMIT_NPROC, 0)?;
    lower(Resource::RLIMIT_MEMLOCK, 0)?;
    lower(Resource::RLIMIT_MSGQUEUE, 0)
}

fn landlock_lacks(orders: &Orders) -> Option<String> {
    match landlock(orders) {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => None,
        Ok(RulesetStatus::NotEnforced) => Some(
            "Landlock is missing (Linux 5.13 or newer has it): the OCR process can read every file that the \
             gateway's user can read, though it can send none of it"
                .to_owned(),
        ),
        Err(error) => Some(format!("Landlock failed: {error}")),
    }
}

/// Files can be read in the folders that Tesseract needs, and only Tesseract can be executed.
fn landlock(orders: &Orders) -> Result<RulesetStatus, RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let execute = AccessFs::ReadFile | AccessFs::Execute;
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        .add_rules(path_beneath_rules(readable(orders), read))?
        .add_rules(path_beneath_rules(executable(&orders.program), execute))?;
    Ok(ruleset.restrict_self()?.ruleset)
}

fn readable(orders: &Orders) -> Vec<PathBuf> {
    let fixed = FOLDERS.iter().chain(&FILES).map(PathBuf::from);
    // A Tesseract of one's own, under /opt for example, has its libraries and data beside it.
    let home = orders.program.parent().and_then(Path::parent);
    let own = home.into_iter().flat_map(|home| {
        ["lib", "lib64", "share/tessdata", "share/tesseract-ocr"].map(|folder| home.join(folder))
    });
    fixed.chain(own).chain(orders.tessdata.clone()).collect()
}

/// The program and the dynamic linkers, which the kernel executes along with it.
fn executable(program: &Path) -> Vec<PathBuf> {
    let folders = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"];
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok());
    let linkers = entries
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("ld-linux") || name.starts_with("ld-musl") || name.starts_with("ld64.so")
        });
    linkers.chain([program.to_owned()]).collect()
}

/// # Errors
/// When the kernel has no seccomp filters, or does not permit them here.
fn filter_calls() -> Result<(), Error> {
    let filter = SeccompFilter::new(
        rules()?,
        SeccompAction::Errno(libc::EPERM.cast_unsigned()),
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    apply_filter(&BpfProgram::try_from(filter)?)
}

fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> {
    let calls = FREE.into_iter().chain(OLDER);
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = calls.map(|call| (call, Vec::new())).collect();
    let bits = |bits: libc::c_int| u64::from(bits.cast_unsigned());
    let none = |argument, mask: u64, value: u64| {
        SeccompCondition::new(
            argument,
            SeccompCmpArgLen::Qword,
            SeccompCmpOp::MaskedEq(mask),
            value,
        )
    };
    // Standard output and standard error are all that can be written.
    let one_or_two = [1, 2].map(|descriptor| {
        let is = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, descriptor)?;
        SeccompRule::new(vec![is])
    });
    let [one, two] = one_or_two;
    let (one, two) = (one?, two?);
    // It may abort itself: the number of the process stays when the program changes.
    let own = |argument, value: u32| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value.into())
    };
    let abort = libc::SIGABRT.cast_unsigned();
    let aborts = SeccompRule::new(vec![own(0, std::process::id())?, own(2, abort)?])?;
    rules.insert(libc::SYS_tgkill, vec![aborts]);
    rules.insert(libc::SYS_write, vec![one.clone(), two.clone()]);
    rules.insert(libc::SYS_writev, vec![one, two]);
    // Files are opened for reading.
    let writes = bits(libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND);
    let opens = SeccompRule::new(vec![none(2, writes, 0)?])?;
    rules.insert(libc::SYS_openat, vec![opens]);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, vec![SeccompRule::new(vec![none(1, writes, 0)?])?]);
    // Code comes from files.
    let (code, anonymous) = (bits(libc::PROT_EXEC), bits(libc::MAP_ANONYMOUS));
    let data = SeccompRule::new(vec![none(2, code, 0)?])?;
    let file = SeccompRule::new(vec![none(3, anonymous, 0)?])?;
    rules.insert(libc::SYS_mmap, vec![data.clone(), file]);
    rules.insert(libc::SYS_mprotect, vec![data]);
    // Limits are asked for, not set: the second structure is the new one.
    rules.insert(
        libc::SYS_prlimit64,
        vec![SeccompRule::new(vec![none(2, u64::MAX, 0)?])?],
    );
    Ok(rules)
}
