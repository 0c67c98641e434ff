//! The role `sealgate ocr-child`: gives up everything that reading a picture does not need, and then becomes
//! Tesseract. All walls but one last for the whole life of that process; `docs/ocr.md` names them.
//!
//! Standard input is a socket to the gateway. It becomes standard output too: first the report of the walls goes
//! there, then whatever Tesseract prints.

use std::ffi::OsString;
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::walls;
use crate::inspect::wire::write_frame;
use crate::inspect::{child, jail};

/// What the gateway tells on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Orders {
    /// Mebibytes of address space.
    pub memory_mb: u64,
    /// Processor seconds.
    pub cpu_seconds: u64,
    /// The folder with language data, when it is a special one.
    pub tessdata: Option<PathBuf>,
    /// The program to become.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl Orders {
    /// The arguments of the role.
    pub fn to_arguments(&self) -> Vec<OsString> {
        let tessdata = self.tessdata.clone().unwrap_or_default();
        let mut arguments: Vec<OsString> = vec![
            "ocr-child".into(),
            self.memory_mb.to_string().into(),
            self.cpu_seconds.to_string().into(),
            tessdata.into(),
            self.program.clone().into(),
        ];
        arguments.extend(self.arguments.iter().cloned());
        arguments
    }

    /// Reads what [`Orders::to_arguments`] wrote.
    pub fn of(arguments: impl IntoIterator<Item = OsString>) -> Option<Orders> {
        let mut arguments = arguments.into_iter().skip(1);
        let mut number = || arguments.next()?.to_str()?.parse::<u64>().ok();
        let (memory_mb, cpu_seconds) = (number()?, number()?);
        let tessdata = Some(PathBuf::from(arguments.next()?)).filter(|path| !path.as_os_str().is_empty());
        Some(Orders {
            memory_mb,
            cpu_seconds,
            tessdata,
            program: arguments.next()?.into(),
            arguments: arguments.collect(),
        })
    }
}

/// Raises the walls, reports them, and becomes the program.
///
/// # Errors
/// When that fails. On success this does not return.
pub(super) fn run() -> Result<()> {
    let orders = Orders::of(std::env::args_os().skip(1)).ok_or(ErrorKind::InvalidInput)?;
    jail::outlive_stop_signals();
    child::close_inherited_files();
    nix::unistd::dup2_stdout(std::io::stdin())?;
    let report = walls::raise(&orders);
    let mut output = std::io::stdout();
    write_frame(&mut output, &report)?;
    output.flush()?;
    Err(become_program(&orders))
}

fn become_program(orders: &Orders) -> Error {
    let mut command = Command::new(&orders.program);
    command
        .args(&orders.arguments)
        .env_clear()
        // One thread: more would only compete with the other pictures, and the walls forbid them.
        .env("OMP_THREAD_LIMIT", "1")
        .env("LC_ALL", "C")
        .envs(
            orders
                .tessdata
                .as_deref()
                .map(|path: &Path| ("TESSDATA_PREFIX", path)),
        );
    command.exec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_survive_the_command_line() {
        let orders = Orders {
            memory_mb: 512,
            cpu_seconds: 7,
            tessdata: Some("/opt/data".into()),
            program: "/usr/bin/tesseract".into(),
            arguments: vec!["stdin".into(), "stdout".into()],
        };
        let none = Orders {
            tessdata: None,
            arguments: Vec::new(),
            ..orders.clone()
        };
        for orders in [orders, none] {
            assert_eq!(Orders::of(orders.to_arguments()), Some(orders));
        }
        assert_eq!(Orders::of(["ocr-child".into(), "x".into()]), None);
    }
}
