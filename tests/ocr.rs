//! Pictures, read by the real Tesseract behind its real walls. Where it is not installed these tests are skipped.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

#[path = "journeys/support/counterparts.rs"]
mod counterparts;

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sealgate::detect::RuleSource;
use sealgate::inspect::{Inspector, Ocr, OcrSettings, Settings};
use sealgate::message::{Inspection, ObstacleKind, RawMessage};

const SEALGATE: &str = env!("CARGO_BIN_EXE_sealgate");

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(repository().join("tests/samples/pictures").join(name)).unwrap()
}

/// The rules that the repository ships.
fn rules() -> Vec<RuleSource> {
    let files = fs::read_dir(repository().join("policies/elements")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension() == Some(OsStr::new("toml")));
    files
        .map(|path| RuleSource {
            file: path.file_name().unwrap().to_string_lossy().into_owned(),
            text: fs::read_to_string(path).unwrap(),
        })
        .collect()
}

async fn inspector(ocr: Option<&OcrSettings>) -> Inspector {
    let settings = Settings {
        children: 1,
        cpu_seconds: 60,
        deadline_seconds: 120,
        ..Settings::default()
    };
    let program = Path::new(SEALGATE);
    let inspector = Inspector::start_from(program, &settings, &settings.limits(), &rules()).await;
    let inspector = inspector.unwrap();
    if let Some(ocr) = ocr {
        inspector.read_pictures_with(Ocr::start_from(program, ocr, false).await.unwrap());
    }
    inspector
}

/// Patient: machines that run tests are slow.
fn patient() -> OcrSettings {
    OcrSettings {
        picture_seconds: 120,
        message_seconds: 240,
        ..OcrSettings::default()
    }
}

/// A message with attachments.
fn mail(text: &str, attachments: &[(&str, &[u8])]) -> RawMessage {
    let mut raw = format!(
        "From: a@agency.example\r\nTo: b@partner.example\r\nSubject: pictures\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=b\"\r\n\r\n--=b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n"
    );
    for (name, octets) in attachments {
        raw.push_str(&format!(
            "--=b\r\nContent-Type: application/octet-stream; name=\"{name}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n"
        ));
        let encoded = openssl::base64::encode_block(octets);
        for line in encoded.as_bytes().chunks(76) {
            raw.push_str(std::str::from_utf8(line).unwrap());
            raw.push_str("\r\n");
        }
    }
    raw.push_str("--=b--\r\n");
    RawMessage::new(raw.into_bytes())
}

async fn read(inspector: &Inspector, name: &str) -> Inspection {
    inspector
        .inspect(&mail("See the picture.", &[(name, &sample(name))]))
        .await
        .unwrap()
}

fn elements(inspection: &Inspection) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = inspection
        .findings
        .iter()
        .map(|finding| (finding.element.as_str(), finding.evidence.as_str()))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn kinds(inspection: &Inspection) -> Vec<ObstacleKind> {
    inspection
        .obstacles
        .iter()
        .map(|obstacle| obstacle.kind)
        .collect()
}

#[tokio::test]
async fn numbers_in_pictures_are_found_and_a_picture_that_was_read_is_no_obstacle() {
    let name = "numbers_in_pictures_are_found_and_a_picture_that_was_read_is_no_obstacle";
    if !counterparts::have(name, &["tesseract"]) {
        return;
    }
    let inspector = inspector(Some(&patient())).await;
    let ssn = [("ssn", "***-**-8145")].as_slice();
    let cases = [
        ("ssn-14px.png", ssn),
        ("card-18px.png", &[("credit_card", "**** **** **** 6467")]),
        ("licence-16px.jpg", &[("drivers_license", "******937")]),
        ("fax.tif", ssn),
        ("two-pages.tif", ssn),
        ("white-on-nothing.png", ssn),
        ("sideways.png", ssn),
        ("moving.gif", ssn),
        ("scan.pdf", ssn),
        ("fax.pdf", ssn),
        ("samples.pdf", ssn),
        ("logo.png", &[]),
    ];
    let mut wrong = Vec::new();
    for (name, expected) in cases {
        let inspection = read(&inspector, name).await;
        if elements(&inspection) != expected || !inspection.obstacles.is_empty() {
            wrong.push(format!(
                "{name}: {:?} {:?}",
                elements(&inspection),
                inspection.obstacles
            ));
        }
        let near = inspection.findings.iter().all(|finding| finding.name_near);
        assert!(near, "{name}: a name stands beside the number");
    }
    assert_eq!(wrong, Vec::<String>::new());
    let table = read(&inspector, "table.png").await;
    assert_eq!(elements(&table).len(), 3, "{:?}", elements(&table));
}

#[tokio::test]
async fn a_name_in_the_text_counts_for_a_number_in_the_picture() {
    let name = "a_name_in_the_text_counts_for_a_number_in_the_picture";
    if !counterparts::have(name, &["tesseract"]) {
        return;
    }
    let inspector = inspector(Some(&patient())).await;
    let pictures = [
        ("a.png", sample("ssn-14px.png")),
        ("b.png", sample("ssn-14px.png")),
    ];
    let attachments = pictures
        .each_ref()
        .map(|(name, octets)| (*name, octets.as_slice()));
    let inspection = inspector
        .inspect(&mail("My number is 219-40-6621 (SSN).", &attachments))
        .await;
    let inspection = inspection.unwrap();
    let parts: Vec<&str> = inspection
        .findings
        .iter()
        .map(|f| f.place.part.as_str())
        .collect();
    assert_eq!(
        parts,
        ["1", "2", "3"],
        "the text and each picture: {:?}",
        inspection.findings
    );
    assert_eq!(inspection.obstacles, []);
}

#[tokio::test]
async fn a_picture_in_which_nothing_can_be_made_out_stays_an_obstacle() {
    let name = "a_picture_in_which_nothing_can_be_made_out_stays_an_obstacle";
    if !counterparts::have(name, &["tesseract"]) {
        return;
    }
    let inspector = inspector(Some(&patient())).await;
    let noise = read(&inspector, "noise.jpg").await;
    assert_eq!(kinds(&noise), [ObstacleKind::Image]);
    let mut cut = sample("ssn-14px.png");
    cut.truncate(300);
    let cut = inspector.inspect(&mail("", &[("cut.png", &cut)])).await.unwrap();
    assert_eq!(kinds(&cut), [ObstacleKind::Image]);
    // The next message is read.
    assert_eq!(read(&inspector, "ssn-14px.png").await.findings.len(), 1);
}

#[tokio::test]
async fn what_is_over_a_limit_stays_an_obstacle_and_says_which() {
    let name = "what_is_over_a_limit_stays_an_obstacle_and_says_which";
    if !counterparts::have(name, &["tesseract"]) {
        return;
    }
    let one = OcrSettings {
        pictures: 1,
        ..patient()
    };
    let picture = sample("ssn-14px.png");
    let two = mail("", &[("a.png", &picture), ("b.png", &picture)]);
    let inspection = inspector(Some(&one)).await.inspect(&two).await.unwrap();
    let [obstacle] = inspection.obstacles.as_slice() else {
        panic!("{:?}", inspection.obstacles)
    };
    assert!(obstacle.detail.contains("[ocr] pictures"), "{}", obstacle.detail);
    let strict = OcrSettings {
        clears_pictures: false,
        ..patient()
    };
    let strict = read(&inspector(Some(&strict)).await, "ssn-14px.png").await;
    assert_eq!(
        (strict.findings.len(), kinds(&strict)),
        (1, vec![ObstacleKind::Image])
    );
}

#[tokio::test]
async fn without_ocr_a_picture_is_an_obstacle_and_a_tracking_pixel_is_none() {
    let inspector = inspector(None).await;
    assert_eq!(
        kinds(&read(&inspector, "ssn-14px.png").await),
        [ObstacleKind::Image]
    );
    assert_eq!(kinds(&read(&inspector, "tracker.png").await), []);
}

#[tokio::test]
async fn a_program_that_is_no_tesseract_is_found_out_at_start() {
    for (program, expected) in [
        ("/nonexistent/tesseract", "is not installed"),
        (SEALGATE, "does not work"),
    ] {
        let settings = OcrSettings {
            program: PathBuf::from(program),
            ..OcrSettings::default()
        };
        let started = Ocr::start_from(Path::new(SEALGATE), &settings, false).await;
        let why = started.map(|_| ()).unwrap_err().to_string();
        assert!(why.contains(expected), "{why}");
    }
}

/// What a Perl tries when it is put in Tesseract's place: files of the gateway's and of the system, network, programs,
/// signals.
const ATTEMPTS: &str = r#"
$| = 1;
my ($secret, $port, $parent) = split " ", <STDIN>;
sub try { print "TRIED $_[0]: ", ($_[1]->() ? "escaped" : "denied"), "\n"; }
try("read own file", sub { open(my $f, "<", $secret) });
try("read system file", sub { open(my $f, "<", "/etc/passwd") });
try("list", sub { opendir(my $d, "/") });
try("create", sub { open(my $f, ">", "$secret-new") });
try("append", sub { open(my $f, ">>", $secret) });
try("delete", sub { unlink("$secret-gone") });
try("tcp", sub { my $s; socket($s, 2, 1, 0) && connect($s, pack("S n C4 x8", 2, $port, 127, 0, 0, 1)) });
try("udp", sub { socket(my $s, 2, 2, 0) });
try("unix", sub { socket(my $s, 1, 1, 0) });
try("fork", sub { my $pid = fork(); exit 0 if defined $pid && $pid == 0; defined $pid });
try("signal", sub { kill 0, $parent });
"#;

/// How many there are.
const TRIES: usize = 11;

/// Has Perl try, behind the walls or without them, and answers what it said.
fn tried(behind_walls: bool, input: &str) -> String {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let theirs = OwnedFd::from(theirs);
    let perl = fs::canonicalize("/usr/bin/perl").unwrap();
    let mut command = match behind_walls {
        true => Command::new(SEALGATE),
        false => Command::new(&perl),
    };
    if behind_walls {
        command.args(["ocr-child", "1024", "60", ""]).arg(&perl);
        command.stdout(Stdio::null());
    } else {
        command.stdout(Stdio::from(theirs.try_clone().unwrap()));
    }
    let spawned = command
        .args(["-e", ATTEMPTS])
        .stdin(Stdio::from(theirs))
        .stderr(Stdio::null())
        .spawn();
    // The command keeps its end of the socket open.
    drop(command);
    let mut child = spawned.unwrap();
    ours.write_all(input.as_bytes()).unwrap();
    ours.shutdown(Shutdown::Write).unwrap();
    let mut printed = Vec::new();
    ours.read_to_end(&mut printed).unwrap();
    child.wait().unwrap();
    String::from_utf8_lossy(&printed).into_owned()
}

#[test]
fn whoever_takes_tesseract_over_has_no_network_no_files_and_no_programs() {
    let name = "whoever_takes_tesseract_over_has_no_network_no_files_and_no_programs";
    if !counterparts::have(name, &["perl"]) {
        return;
    }
    let secret = std::env::temp_dir().join(format!("sealgate-ocr-secret-{}", std::process::id()));
    fs::write(&secret, "secret").unwrap();
    let gone = PathBuf::from(format!("{}-gone", secret.display()));
    fs::write(&gone, "").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let input = format!("{} {port} {}\n", secret.display(), std::process::id());
    // This proves that the test can fail: without the walls all of it succeeds.
    let without = tried(false, &input);
    assert_eq!(
        (
            without.matches("escaped").count(),
            without.matches("denied").count()
        ),
        (TRIES, 0),
        "{without}"
    );
    fs::write(&gone, "").unwrap();
    let behind = tried(true, &input);
    for path in [
        secret.clone(),
        PathBuf::from(format!("{}-new", secret.display())),
        gone,
    ] {
        let _ = fs::remove_file(path);
    }
    assert_eq!(behind.matches("TRIED").count(), TRIES, "{behind}");
    // Without Landlock files can be read; still nothing can be written or sent.
    let files = |line: &&str| line.contains("read ") || line.contains("list");
    let landlock = !behind.contains("Landlock");
    let escaped: Vec<&str> = behind
        .lines()
        .filter(|line| line.ends_with("escaped") && (landlock || !files(line)))
        .collect();
    assert_eq!(escaped, Vec::<&str>::new());
}
