//! A real PostgreSQL of its own for the tests of one process: made by `initdb` in a temporary directory, with `fsync` on,
//! reached by a socket in that directory, gone with the process, however that ends.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::counterparts::have;

/// A server, or rather the shell that looks after it: it stops the server and deletes the directory when its standard input
/// ends, and restarts it for every line.
pub struct Server {
    directory: PathBuf,
    port: u16,
    keeper: Child,
    databases: AtomicU32,
}

/// What `initdb` and `postgres` are run as: they refuse to be root.
const USER: &str = "postgres";

const KEEPER: &str = r#"
initdb="$1" postgres="$2" directory="$3"
shift 3
$initdb -D "$directory/data" -U sealgate -A trust -E UTF8 --locale=C --no-instructions >"$directory/log" 2>&1 || exit 1
start() { "$@" -D "$directory/data" -k "$directory" >>"$directory/log" 2>&1 & }
start "$postgres" "$@"
while read -r order; do
    kill -"$order" $! && wait $!
    start "$postgres" "$@"
done
kill -QUIT $! 2>/dev/null
wait $!
rm -rf "$directory"
"#;

impl Server {
    /// Whether this machine has one; where not, the test is skipped like for any other program.
    pub fn is_installed(test: &str) -> bool {
        let is_there = Server::programs().is_some();
        is_there || have(test, &["/usr/lib/postgresql"])
    }

    fn programs() -> Option<(PathBuf, PathBuf)> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let mut folders: Vec<PathBuf> = versions
            .filter_map(|version| Some(version.ok()?.path().join("bin")))
            .filter(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
            .collect();
        folders.sort();
        let newest = folders.pop()?;
        Some((newest.join("initdb"), newest.join("postgres")))
    }

    /// Starts one. `listen` is what its `listen_addresses` says; it is empty where the socket will do.
    pub fn start(name: &str, listen: &str, port: u16) -> Option<Server> {
        let (initdb, postgres) = Server::programs()?;
        let directory = std::env::temp_dir().join(format!("sealgate-pg-{name}-{}", std::process::id()));
        std::fs::create_dir(&directory).expect("a temporary directory");
        let is_root = Command::new("id")
            .arg("-u")
            .output()
            .is_ok_and(|id| id.stdout == b"0\n");
        let mut command = if is_root {
            let owned = Command::new("chown").arg(USER).arg(&directory).status();
            assert!(
                owned.is_ok_and(|status| status.success()),
                "user {USER} is there with PostgreSQL"
            );
            let mut command = Command::new("setpriv");
            command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command
            .arg("-c")
            .arg(KEEPER)
            .arg("keeper")
            .arg(initdb)
            .arg(postgres)
            .arg(&directory);
        for setting in [
            format!("listen_addresses={listen}"),
            format!("port={port}"),
            "max_connections=300".to_owned(),
            "shared_buffers=128MB".to_owned(),
            "max_wal_size=2GB".to_owned(),
        ] {
            command.arg("-c").arg(setting);
        }
        let keeper = command
            .current_dir("/")
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a shell");
        let server = Server {
            directory,
            port,
            keeper,
            databases: AtomicU32::new(0),
        };
        server.wait();
        Some(server)
    }

    /// Until it answers.
    pub fn wait(&self) {
        let patience = Instant::now() + Duration::from_secs(60);
        while !self.sql("postgres", "SELECT 1").status.success() {
            let log = std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            assert!(Instant::now() < patience, "PostgreSQL does not start: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops it with this signal (INT: at once; QUIT: as in a crash) and starts it again.
    pub fn restart(&mut self, signal: &str) {
        let before = self.process();
        let keeper = self.keeper.stdin.as_mut().expect("a pipe");
        writeln!(keeper, "{signal}").expect("a keeper");
        while self.process().is_none_or(|now| Some(now) == before) {
            std::thread::yield_now();
        }
        self.wait();
    }

    /// Runs a statement with the server's own client.
    pub fn sql(&self, database: &str, text: &str) -> std::process::Output {
        Command::new("psql")
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "sealgate",
                "-h",
            ])
            .arg(&self.directory)
            .args(["-p", &self.port.to_string(), "-d", database, "-c", text])
            .output()
            .expect("psql")
    }

    /// What a statement answers.
    pub fn ask(&self, database: &str, text: &str) -> String {
        let output = self.sql(database, text);
        assert!(
            output.status.success(),
            "{text}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Makes a database; answers its name.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.ask("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// Where a gateway finds a database by the socket.
    pub fn url(&self, database: &str) -> String {
        let socket = self.directory.display().to_string().replace('/', "%2F");
        format!("postgres://sealgate@{socket}:{}/{database}", self.port)
    }

    /// Where its socket is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The process of the server itself, while there is one.
    pub fn process(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.directory.join("data/postmaster.pid")).ok()?;
        text.lines().next()?.parse().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
