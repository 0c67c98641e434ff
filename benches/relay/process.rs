//! What processes cost, read from /proc.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Ticks of /proc per second: a constant of the Linux interface (`USER_HZ`).
const TICKS: f64 = 100.0;

/// A process and everything below it.
#[derive(Clone, Copy)]
pub struct Tree(pub u32);

impl Tree {
    /// Processor seconds of all its processes, dead ones that were waited for included.
    pub fn processor_seconds(self) -> f64 {
        let ticks = |pid: &u32| -> f64 {
            let fields = stat(*pid).unwrap_or_default();
            // utime, stime, cutime, cstime (proc_pid_stat(5)), counted behind the name.
            fields
                .iter()
                .skip(11)
                .take(4)
                .filter_map(|field| field.parse::<f64>().ok())
                .sum()
        };
        self.processes().iter().map(ticks).sum::<f64>() / TICKS
    }

    /// Memory in MB as the processes share it out among themselves (PSS).
    pub fn memory(self) -> f64 {
        self.processes()
            .iter()
            .map(|pid| kilobytes(*pid, "smaps_rollup", "Pss:"))
            .sum::<f64>()
            / 1024.0
    }

    /// The most memory that each process ever had (RSS), in MB, with its name.
    pub fn peaks(self) -> Vec<(String, f64)> {
        let peak = |pid: &u32| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            (
                name.trim().to_owned(),
                kilobytes(*pid, "status", "VmHWM:") / 1024.0,
            )
        };
        self.processes().iter().map(peak).collect()
    }

    /// Kills what is below it without warning: of a gateway, the readers in their jails.
    pub fn kill_children(self) {
        for pid in self.processes().into_iter().filter(|pid| *pid != self.0) {
            signal("-KILL", pid);
        }
    }

    /// Has it read its settings anew.
    pub fn hang_up(self) {
        signal("-HUP", self.0);
    }

    fn processes(self) -> BTreeSet<u32> {
        let all = fs::read_dir("/proc")
            .expect("/proc is there")
            .filter_map(|entry| {
                let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
                let parent: u32 = stat(pid)?.get(1)?.parse().ok()?;
                Some((pid, parent))
            });
        let all: Vec<(u32, u32)> = all.collect();
        let mut tree = BTreeSet::from([self.0]);
        loop {
            let children = all
                .iter()
                .filter(|(_, parent)| tree.contains(parent))
                .map(|(pid, _)| *pid);
            let grown: BTreeSet<u32> = children.chain(tree.iter().copied()).collect();
            if grown.len() == tree.len() {
                return tree;
            }
            tree = grown;
        }
    }
}

/// A process that has gone meanwhile is no mistake.
fn signal(which: &str, pid: u32) {
    let _ = std::process::Command::new("kill")
        .args([which, &pid.to_string()])
        .status();
}

/// Notes the most memory that a tree has while it runs.
pub struct MemoryWatch {
    most: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl MemoryWatch {
    pub fn start(tree: Tree) -> MemoryWatch {
        let (most, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (noted, told) = (Arc::clone(&most), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                noted.fetch_max((tree.memory() * 1024.0) as u64, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        MemoryWatch { most, stop, thread }
    }

    /// The most, in MB.
    pub fn end(self) -> f64 {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
        self.most.load(Ordering::Relaxed) as f64 / 1024.0
    }
}

/// The fields of /proc/PID/stat behind the name, which may hold spaces.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn kilobytes(pid: u32, file: &str, field: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0.0)
}
