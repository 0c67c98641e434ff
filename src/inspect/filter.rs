//! The list of system calls that a jailed child may make. Anything else ends it at once (SIGSYS).
//!
//! The list is as long as reading memory and answering needs, and no longer: no call opens, connects, starts,
//! signals another process, or makes memory executable.

use std::collections::BTreeMap;
use std::os::fd::RawFd;

use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, apply_filter,
};

/// Permitted with any argument: they touch nothing but the memory and the end of the process itself.
const FREE: [libc::c_long; 17] = [
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettid,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
];

/// The operations of `futex` that locks use; the others are rare and had holes.
const FUTEX_OPERATIONS: [libc::c_int; 4] = [
    libc::FUTEX_WAIT,
    libc::FUTEX_WAKE,
    libc::FUTEX_WAIT_BITSET,
    libc::FUTEX_WAKE_BITSET,
];

/// The bits of a futex operation that are not flags.
const FUTEX_COMMAND: u64 = 0x7f;

/// Enters the filter. Only `wire` can be read; it, standard output and standard error can be written.
///
/// # Errors
/// When the kernel has no seccomp filters, or does not permit them here.
pub(super) fn enter(wire: RawFd) -> Result<(), Error> {
    let filter = SeccompFilter::new(
        rules(wire)?,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?;
    apply_filter(&BpfProgram::try_from(filter)?)
}

fn rules(wire: RawFd) -> Result<BTreeMap<i64, Vec<SeccompRule>>, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = FREE.map(|call| (call, Vec::new())).into();
    rules.insert(libc::SYS_sigaltstack, Vec::new());
    let wire = number(wire);
    rules.insert(libc::SYS_read, vec![all([is(0, wire)])?]);
    // 1 and 2 are /dev/null: a stray line ends there instead of ending the child.
    let writable = [wire, 1, 2].map(|descriptor| all([is(0, descriptor)]));
    rules.insert(libc::SYS_write, writable.into_iter().collect::<Result<_, _>>()?);
    // Debug builds of the standard library ask whether a file is open before they close it.
    rules.insert(libc::SYS_fcntl, vec![all([is(1, number(libc::F_GETFD))])?]);
    rules.extend(memory()?);
    let locks = FUTEX_OPERATIONS.map(|operation| all([has(1, FUTEX_COMMAND, number(operation))]));
    rules.insert(libc::SYS_futex, locks.into_iter().collect::<Result<_, _>>()?);
    rules.extend(itself()?);
    Ok(rules)
}

/// Memory may be had, but neither from a file nor for code.
fn memory() -> Result<[(i64, Vec<SeccompRule>); 2], BackendError> {
    let (code, anonymous) = (number(libc::PROT_EXEC), number(libc::MAP_ANONYMOUS));
    let map = all([has(2, code, 0), has(3, anonymous, anonymous)])?;
    let protect = all([has(2, code, 0)])?;
    Ok([(libc::SYS_mmap, vec![map]), (libc::SYS_mprotect, vec![protect])])
}

/// The process may abort itself, and ask for its own processor time.
fn itself() -> Result<[(i64, Vec<SeccompRule>); 3], BackendError> {
    let own = u64::from(std::process::id());
    let abort = number(libc::SIGABRT);
    let processor_time = u64::from(libc::RLIMIT_CPU);
    Ok([
        (libc::SYS_tgkill, vec![all([is(0, own), is(2, abort)])?]),
        (libc::SYS_tkill, vec![all([is(0, own), is(1, abort)])?]),
        (libc::SYS_prlimit64, vec![all([is(0, 0), is(1, processor_time)])?]),
    ])
}

fn all<const N: usize>(
    conditions: [Result<SeccompCondition, BackendError>; N],
) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
}

/// The argument, a C `int`, equals `value`.
fn is(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

/// The argument equals `value` in the bits of `mask`.
fn has(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(mask),
        value,
    )
}

/// A C constant or descriptor as the kernel sees it in a register.
fn number(value: libc::c_int) -> u64 {
    u64::from(value.cast_unsigned())
}
