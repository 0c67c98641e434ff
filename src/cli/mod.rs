//! The command line.

pub mod queue;
mod table;
pub mod trace;

use std::process::ExitCode;

/// Runs the program with the arguments it was started with.
pub fn run() -> ExitCode {
    // Before anything else: the jail must be entered before there is a second thread.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|role| role == "inspect-child")
    {
        return crate::inspect::child();
    }
    ExitCode::SUCCESS
}
