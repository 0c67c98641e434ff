//! One thread that starts the child processes, ends them, and lasts as long as any of them.
//!
//! The kernel sends a child the signal of `PR_SET_PDEATHSIG` when the *thread* that started it ends, not the
//! process (prctl(2)). The threads of the runtime come and go; this one does not.

use std::ffi::OsString;
use std::io::{Error, Result};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};

use tokio::sync::oneshot;

/// Octets of freed memory that a reader keeps at most.
const KEPT_MEMORY: &str = "16777216";

/// The program that is started as a child.
#[derive(Debug, Clone, Default)]
pub(super) struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// Its arguments, without the name.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
}

impl Program {
    /// `sealgate` at `path`, in the role of a jailed reader.
    pub(super) fn reader(path: &Path) -> Program {
        Program {
            path: path.to_owned(),
            arguments: vec!["inspect-child".into()],
            // Out of memory, glibc may try further arenas and count the processors for them, by a call that the
            // jail would take for an attack.
            environment: vec![
                ("MALLOC_ARENA_MAX".into(), "1".into()),
                // Memory that one message needed is kept for the next: to give it back and ask for it again, page by
                // page, takes a fifth of the time of a large one.
                ("MALLOC_MMAP_THRESHOLD_".into(), KEPT_MEMORY.into()),
                ("MALLOC_TRIM_THRESHOLD_".into(), KEPT_MEMORY.into()),
            ],
        }
    }
}

/// The thread. Cloning shares it; it ends with its last clone and the last [`Process`].
#[derive(Debug, Clone)]
pub(super) struct Keeper {
    tasks: mpsc::Sender<Task>,
}

/// A child process. Dropping it kills it and waits for it elsewhere.
#[derive(Debug)]
pub(super) struct Process {
    child: Option<Child>,
    keeper: Keeper,
}

#[derive(Debug)]
enum Task {
    Start {
        program: Arc<Program>,
        keeper: Keeper,
        reply: oneshot::Sender<Result<(Process, UnixStream)>>,
    },
    Bury {
        child: Child,
        reply: Option<oneshot::Sender<ExitStatus>>,
    },
}

impl Keeper {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(super) fn new() -> Result<Keeper> {
        let (tasks, inbox) = mpsc::channel();
        let thread = std::thread::Builder::new().name("reader-keeper".to_owned());
        thread.spawn(move || inbox.into_iter().for_each(carry_out))?;
        Ok(Keeper { tasks })
    }

    /// Starts `program` with one end of a socket as its standard input, and gives the other.
    ///
    /// # Errors
    /// When the process or the socket cannot be made.
    pub(super) async fn start(&self, program: Arc<Program>) -> Result<(Process, UnixStream)> {
        let (reply, answer) = oneshot::channel();
        let task = Task::Start {
            program,
            keeper: self.clone(),
            reply,
        };
        self.tasks.send(task).map_err(Error::other)?;
        answer.await.map_err(Error::other)?
    }
}

impl Process {
    /// Its number.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Whether it still runs.
    pub(super) fn is_alive(&mut self) -> bool {
        let state = self.child.as_mut().map(Child::try_wait);
        matches!(state, Some(Ok(None)))
    }

    /// Kills it if it still runs, and tells how it ended: by itself, if it did so before the kill.
    pub(super) async fn end(mut self) -> Option<ExitStatus> {
        let (reply, answer) = oneshot::channel();
        self.kill(Some(reply));
        answer.await.ok()
    }

    fn kill(&mut self, reply: Option<oneshot::Sender<ExitStatus>>) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        // Fails only when it is dead and waited for already.
        let _ = child.kill();
        // The keeper outlives this sender, so this cannot fail while it matters.
        let _ = self.keeper.tasks.send(Task::Bury { child, reply });
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill(None);
    }
}

fn carry_out(task: Task) {
    match task {
        Task::Start {
            program,
            keeper,
            reply,
        } => {
            // Nobody waits any more: the process comes back with the error and is dropped, that is killed.
            let _ = reply.send(start(&program, keeper));
        }
        Task::Bury { mut child, reply } => {
            let ended = child.wait();
            if let (Ok(status), Some(reply)) = (ended, reply) {
                let _ = reply.send(status);
            }
        }
    }
}

fn start(program: &Program, keeper: Keeper) -> Result<(Process, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let mut command = Command::new(&program.path);
    command
        .arg0("sealgate-reader")
        .args(&program.arguments)
        .env_clear()
        .envs(program.environment.iter().cloned())
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C at a terminal is for the gateway, which may still finish the messages at hand.
        .process_group(0);
    let child = Some(command.spawn()?);
    Ok((Process { child, keeper }, ours))
}
