//! What sealing costs beside the bare call of OpenSSL's own CMS: `cargo bench --bench seal`. Prints both rates and
//! their ratio for 10 KB, and the memory that 50 MB take.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::X509;
use sealgate::message::{Profile, RawMessage};
use sealgate::smime::issue::{Authority, KeyKind, Request};
use sealgate::smime::{Algorithms, Certificate, Curve, seal};

const MAIL: usize = 10_240;
const LARGE: usize = 50 << 20;
/// Both sides take turns, so that a busy moment of the machine slows both.
const ROUNDS: u32 = 20;
const ROUND: Duration = Duration::from_millis(100);

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let kinds = [
        KeyKind::Rsa(2048),
        KeyKind::Ec(Curve::P256),
        KeyKind::Ec(Curve::P384),
    ];
    let x509s = kinds.map(|kind| issue(kind).ok());
    let x509s: Vec<X509> = x509s.into_iter().flatten().collect();
    // First, while the process has not grown yet.
    if let Some(x509) = x509s.first() {
        memory(x509)?;
    }
    let mail = message(MAIL);
    for x509 in &x509s {
        for profile in [Profile::Compatible, Profile::Modern] {
            compare(x509, profile, &mail)?;
        }
    }
    Ok(())
}

fn issue(kind: KeyKind) -> Outcome<X509> {
    let now = jiff::Timestamp::now();
    let end = now + jiff::SignedDuration::from_hours(24);
    let root = Authority::new("Bench Root", KeyKind::Ec(Curve::P256), now, end)?;
    let issued = root.issue(&Request::new("ann@partner.example", kind, now, end))?;
    Ok(X509::from_pem(issued.certificate_pem.as_bytes())?)
}

fn message(size: usize) -> RawMessage {
    let mut mail = b"From: a@agency.example\r\nTo: ann@partner.example\r\nSubject: x\r\n\r\n".to_vec();
    let line = b"The committee will meet on Thursday to look at the plan.\r\n";
    mail.extend(line.iter().cycle().take(size.saturating_sub(mail.len())));
    RawMessage::new(mail)
}

/// Our whole sealing, header protection and base64 included, beside the bare encryption to DER.
fn compare(x509: &X509, profile: Profile, mail: &RawMessage) -> Outcome<()> {
    let certificate = Certificate::from_der(&x509.to_der()?)?;
    let algorithms = Algorithms::choose(profile, certificate.key(), None).ok_or("a key for every profile")?;
    let mut recipients = Stack::new()?;
    recipients.push(x509.clone())?;
    let ours = || -> Outcome<usize> { Ok(seal(mail, &certificate, algorithms, &[])?.message.len()) };
    let bare = || -> Outcome<usize> {
        let cms = CmsContentInfo::encrypt(
            &recipients,
            mail.as_bytes(),
            Cipher::aes_256_cbc(),
            CMSOptions::BINARY,
        )?;
        Ok(cms.to_der()?.len())
    };
    let (mut our_rate, mut bare_rate) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        our_rate += rate(&ours)?;
        bare_rate += rate(&bare)?;
    }
    let words = seal(mail, &certificate, algorithms, &[])?.algorithm;
    let (our_rate, bare_rate) = (our_rate / f64::from(ROUNDS), bare_rate / f64::from(ROUNDS));
    println!(
        "10 KB  {:<44} {our_rate:>8.0}/s   bare OpenSSL CMS (AES-256-CBC) {bare_rate:>8.0}/s   ratio {:.2}",
        words,
        our_rate / bare_rate
    );
    Ok(())
}

fn rate(work: &impl Fn() -> Outcome<usize>) -> Outcome<f64> {
    let start = Instant::now();
    let mut done = 0_u32;
    while start.elapsed() < ROUND {
        black_box(work()?);
        done += 1;
    }
    Ok(f64::from(done) / start.elapsed().as_secs_f64())
}

/// How far the process grows while it seals, in bodies. The sealed message itself is 1.37 of them.
fn memory(x509: &X509) -> Outcome<()> {
    let certificate = Certificate::from_der(&x509.to_der()?)?;
    let mail = message(LARGE);
    for profile in [Profile::Compatible, Profile::Modern] {
        let algorithms =
            Algorithms::choose(profile, certificate.key(), None).ok_or("a key for every profile")?;
        // Forgets the peak so far (proc(5)).
        std::fs::write("/proc/self/clear_refs", "5")?;
        let before = kilobytes("VmRSS:")?;
        let start = Instant::now();
        let sealed = seal(&mail, &certificate, algorithms, &[])?;
        let seconds = start.elapsed().as_secs_f64();
        let grown = kilobytes("VmHWM:")?.saturating_sub(before);
        println!(
            "50 MB  {:<44} {:>8.2} bodies of memory, {seconds:.2} s",
            sealed.algorithm,
            grown as f64 * 1024.0 / LARGE as f64
        );
    }
    Ok(())
}

fn kilobytes(field: &str) -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no such field")?.parse()?)
}
