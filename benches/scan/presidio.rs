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
    let python = std::env::var("SEALGATE_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut child = Command::new(&python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{python}: {error}"))?;
    let input = serde_json::to_vec(&some).map_err(|error| error.to_string())?;
    let mut pipe = child.stdin.take().ok_or("no pipe")?;
    // Without the module, Python ends before it has read all.
    let _ = pipe.write_all(&input);
    drop(pipe);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = said
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    match numbers.as_slice() {
        [octets, seconds, found] => Ok((*octets as usize, *seconds, *found as usize)),
        _ => Err(format!(
            "'{python}' has no presidio-analyzer; SEALGATE_BENCH_PYTHON names another Python"
        )),
    }
}
