//! Presidio's pattern recognisers on the same texts, if Python has `presidio-analyzer`.

use std::io::Write;
use std::process::{Command, Stdio};

/// Reads texts as JSON; prints octets, seconds and findings. No language model is loaded.
const SCRIPT: &str = r#"
import json, sys, time, logging
logging.disable(logging.CRITICAL)
from presidio_analyzer import predefined_recognizers as p
names = ["UsSsnRecognizer", "CreditCardRecognizer", "UsLicenseRecognizer", "UsBankRecognizer", "IbanRecognizer"]
recognizers = [getattr(p, name)() for name in names]
texts = json.load(sys.stdin)
start, found = time.perf_counter(), 0
for text in texts:
    for recognizer in recognizers:
        found += len(recognizer.analyze(text, recognizer.supported_entities) or [])
print(sum(len(text.encode()) for text in texts), time.perf_counter() - start, found)
"#;

/// Reads texts as JSON; prints for each what is found with a score of .4 or more: element, first octet, octet behind the last.
const FOUND: &str = r#"
import json, sys, logging
logging.disable(logging.CRITICAL)
from presidio_analyzer import predefined_recognizers as p
recognizers = {"ssn": p.UsSsnRecognizer(), "credit_card": p.CreditCardRecognizer(), "iban": p.IbanRecognizer()}
octets = lambda text, at: len(text[:at].encode())
print(json.dumps([[
    [element, octets(text, found.start), octets(text, found.end)]
    for element, recognizer in recognizers.items()
    for found in recognizer.analyze(text, recognizer.supported_entities) or [] if found.score >= .4
] for text in json.load(sys.stdin)]))
"#;

/// Something found: its element, its first octet, the octet behind its last.
pub type Hit = (String, usize, usize);

/// What is found in each text by its form alone, and where.
///
/// # Errors
/// Why it cannot be measured.
pub fn found(texts: &[&str]) -> Result<Vec<Vec<Hit>>, String> {
    let said = run(FOUND, texts)?;
    serde_json::from_str(&said).map_err(|_| not_there())
}

/// Octets, seconds and findings for about `size` octets of the texts.
///
/// # Errors
/// Why it cannot be measured.
pub fn seconds(texts: &[String], size: usize) -> Result<(usize, f64, usize), String> {
    let mut some = Vec::new();
    let mut octets = 0;
    for text in texts.iter().cycle() {
        octets += text.len();
        some.push(text);
        if octets >= size {
            break;
        }
    }
    let said = run(SCRIPT, &some)?;
    let numbers: Vec<f64> = said
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    match numbers.as_slice() {
        [octets, seconds, found] => Ok((*octets as usize, *seconds, *found as usize)),
        _ => Err(not_there()),
    }
}

/// What a script prints that reads texts as JSON.
fn run(script: &str, texts: &[impl serde::Serialize]) -> Result<String, String> {
    let python = python();
    let mut child = Command::new(&python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{python}: {error}"))?;
    let input = serde_json::to_vec(texts).map_err(|error| error.to_string())?;
    let mut pipe = child.stdin.take().ok_or("no pipe")?;
    // Without the module, Python ends before it has read all.
    let _ = pipe.write_all(&input);
    drop(pipe);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn python() -> String {
    std::env::var("SEALGATE_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn not_there() -> String {
    format!(
        "'{}' has no presidio-analyzer; SEALGATE_BENCH_PYTHON names another Python",
        python()
    )
}
