//! The command line.

use std::process::ExitCode;

/// Runs the program with the arguments it was started with.
pub fn run() -> ExitCode {
    ExitCode::SUCCESS
}
