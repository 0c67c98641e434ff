use super::{RuleSource, Rules};

/// The rules that the repository ships.
fn shipped() -> Vec<RuleSource> {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/elements");
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let source = |path: &std::path::PathBuf| RuleSource {
        file: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: std::fs::read_to_string(path).unwrap(),
    };
    files.iter().map(source).collect()
}

fn rules() -> Rules {
    Rules::compile(&shipped()).unwrap_or_else(|errors| {
        panic!(
            "{}",
            errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        )
    })
}

#[test]
fn every_shipped_rule_keeps_its_word() {
    let failures: Vec<String> = rules().prove().iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
