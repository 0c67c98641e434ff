//! The policy bundle: `policy.toml`, the rules in `elements/`, the texts in `notices/`.
//!
//! One version names all of it. A bundle with a mistake is not loaded at all: a rule or a text that is silently
//! missing would let mail out that should stay in.

use std::path::Path;

use super::document::Document;
use super::wording::nearest;
use super::{Mistake, text_of};
use crate::detect::{RuleError, RuleSource};
use crate::notice;
use crate::policy::Policy;

/// Rule files that are part of the program, in order of name: `("ssn.toml", include_str!(…))`.
const ELEMENTS: &[(&str, &str)] = &[
    (
        "aba_routing.toml",
        include_str!("../../policies/elements/aba_routing.toml"),
    ),
    (
        "bank_account.toml",
        include_str!("../../policies/elements/bank_account.toml"),
    ),
    (
        "credit_card.toml",
        include_str!("../../policies/elements/credit_card.toml"),
    ),
    (
        "drivers_license.toml",
        include_str!("../../policies/elements/drivers_license.toml"),
    ),
    ("iban.toml", include_str!("../../policies/elements/iban.toml")),
    ("itin.toml", include_str!("../../policies/elements/itin.toml")),
    ("ssn.toml", include_str!("../../policies/elements/ssn.toml")),
];

/// Everything that decides what may leave, and the texts that tell of it.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// `policy.toml`, with the version of the whole bundle.
    pub policy: Policy,
    /// `elements/*.toml` in order of name, not compiled yet.
    pub rules: Vec<RuleSource>,
    /// `notices/*` as (file name, text).
    pub notices: Vec<(String, String)>,
}

/// The texts of a bundle, by name within their folder.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    policy: String,
    elements: Vec<(String, String)>,
    notices: Vec<(String, String)>,
}

impl Bundle {
    /// Loads a bundle from its folder. `notices/` may be missing or hold some of the templates only; the
    /// built-in texts stand in for the rest.
    ///
    /// # Errors
    /// Every mistake at once. No rule at all is one.
    pub fn load(folder: &Path) -> Result<Bundle, Vec<Mistake>> {
        let (files, mistakes) = Files::read_what_can_be(folder);
        join(
            files.bundle(&folder.join("policy.toml").display().to_string()),
            mistakes,
        )
    }

    /// The bundle that is part of the program.
    ///
    /// # Errors
    /// None that a release would have.
    pub fn built_in() -> Result<Bundle, Vec<Mistake>> {
        Files::built_in().bundle("policy.toml")
    }

    /// Writes the bundle that is part of the program into `folder`, as the starting point of a real one.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write_embedded(folder: &Path) -> std::io::Result<()> {
        Files::built_in().write(folder)
    }
}

/// What was made, unless there are mistakes.
fn join<T>(made: Result<T, Vec<Mistake>>, mut mistakes: Vec<Mistake>) -> Result<T, Vec<Mistake>> {
    match made {
        Ok(made) if mistakes.is_empty() => Ok(made),
        Ok(_) => Err(mistakes),
        Err(more) => {
            mistakes.extend(more);
            Err(mistakes)
        }
    }
}

impl Files {
    /// Reads a bundle's texts from its folder, as [`Bundle::load`] does, without asking what they say.
    ///
    /// # Errors
    /// Every file that cannot be read or has no business there.
    pub fn read(folder: &Path) -> Result<Files, Vec<Mistake>> {
        let (files, mistakes) = Files::read_what_can_be(folder);
        join(Ok(files), mistakes)
    }

    fn read_what_can_be(folder: &Path) -> (Files, Vec<Mistake>) {
        let mut mistakes = Vec::new();
        let policy = text_of(&folder.join("policy.toml"));
        let elements = read_folder(&folder.join("elements"), &mut mistakes, element_name);
        let notices = read_folder(&folder.join("notices"), &mut mistakes, notice_name);
        if elements.is_empty() {
            let message = "no rule (*.toml) is here, so nothing would be found; put the shipped ones back";
            mistakes.push(missing(&folder.join("elements"), message));
        }
        let policy = policy.unwrap_or_else(|unreadable| {
            mistakes.extend(unreadable);
            String::new()
        });
        let files = Files {
            policy,
            elements,
            notices,
        };
        (files, mistakes)
    }

    fn built_in() -> Files {
        let owned = |files: &[(&str, &str)]| {
            let owned = files
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
            owned.collect()
        };
        Files {
            policy: include_str!("../../policies/policy.toml").to_owned(),
            elements: owned(ELEMENTS),
            notices: owned(notice::BUILT_IN),
        }
    }

    /// Writes them into `folder`, which is made when it is not there. Files of other names stay.
    ///
    /// # Errors
    /// When the file system refuses, or a name is none of a rule or a template.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        for (below, files) in [("elements", &self.elements), ("notices", &self.notices)] {
            let wanted = if below == "elements" {
                element_name
            } else {
                notice_name
            };
            std::fs::create_dir_all(folder.join(below))?;
            for (name, text) in files {
                if name.contains(['/', '\0']) || wanted(name) != Ok(true) {
                    return Err(std::io::Error::other(format!(
                        "{below}: {name:?} is no name of such a file"
                    )));
                }
                std::fs::write(folder.join(below).join(name), text)?;
            }
        }
        std::fs::write(folder.join("policy.toml"), &self.policy)
    }

    /// What the texts say; `policy_file` is what mistakes call `policy.toml`.
    ///
    /// # Errors
    /// Every mistake at once. Rules are not compiled yet.
    pub fn bundle(self, policy_file: &str) -> Result<Bundle, Vec<Mistake>> {
        let version = self.version();
        let document = Document::parse(policy_file, &self.policy)?;
        let reading = document.read::<Policy>();
        let mut mistakes = reading.mistakes;
        let Some(mut policy) = reading.value else {
            return Err(mistakes);
        };
        let unknown = unknown_elements(&policy, &self.elements);
        mistakes.extend(unknown.into_iter().map(|message| Mistake {
            file: policy_file.to_owned(),
            line: document.line("", "elements"),
            message,
        }));
        mistakes.extend(empty_assurance(&policy).map(|message| Mistake {
            file: policy_file.to_owned(),
            line: document.line("", "assurance"),
            message,
        }));
        if !mistakes.is_empty() {
            mistakes.sort_by_key(|mistake| mistake.line);
            return Err(mistakes);
        }
        policy.version = version;
        let rules = self.elements.into_iter();
        Ok(Bundle {
            policy,
            rules: rules.map(|(file, text)| RuleSource { file, text }).collect(),
            notices: self.notices,
        })
    }

    /// The first 16 hexadecimal digits of a SHA-256 over all names and texts. Lengths stand before them, so that
    /// no two bundles read the same.
    pub fn version(&self) -> String {
        let mut files = vec![("policy.toml".to_owned(), &self.policy)];
        files.extend(
            self.elements
                .iter()
                .map(|(name, text)| (format!("elements/{name}"), text)),
        );
        files.extend(
            self.notices
                .iter()
                .map(|(name, text)| (format!("notices/{name}"), text)),
        );
        files.sort();
        let mut hash = openssl::sha::Sha256::new();
        for part in files
            .iter()
            .flat_map(|(name, text)| [name.as_str(), text.as_str()])
        {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digits = hash
            .finish()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>();
        digits.concat()
    }
}

/// Mistakes that only compiling finds, named like the loader's own.
pub fn rule_mistakes(folder: &Path, errors: Vec<RuleError>) -> Vec<Mistake> {
    let elements = folder.join("elements");
    let mistake = |error: RuleError| Mistake {
        file: elements.join(&error.file).display().to_string(),
        line: error.line,
        message: error.message,
    };
    errors.into_iter().map(mistake).collect()
}

/// Elements that the policy names and no rule is called: a slip there would count nothing.
fn unknown_elements(policy: &Policy, elements: &[(String, String)]) -> Vec<String> {
    let rules: Vec<&str> = elements
        .iter()
        .map(|(name, _)| name.trim_end_matches(".toml"))
        .collect();
    let concerned = policy.assurance.iter().flat_map(|entry| &entry.elements);
    let named = policy.elements.iter().chain(concerned);
    let unknown = named.filter(|name| *name != "*" && !rules.contains(&name.as_str()));
    unknown
        .map(|name| match nearest(name, &rules) {
            Some(near) => {
                format!("`elements` names \"{name}\", which no rule is called; did you mean \"{near}\"?")
            }
            None => format!("`elements` names \"{name}\", which no rule is called; \"*\" stands for all"),
        })
        .collect()
}

/// An entry that no certificate can keep.
fn empty_assurance(policy: &Policy) -> Option<String> {
    let message = "`validated` names nothing, so nobody would get such mail; name any of \"mailbox\", \"organization\", \
                   \"sponsor\" and \"individual\"";
    policy
        .assurance
        .iter()
        .any(|entry| entry.validated.is_empty())
        .then(|| message.to_owned())
}

/// The files of a folder whose names `wanted` takes, in order of name. A folder that does not exist has none.
fn read_folder(
    folder: &Path,
    mistakes: &mut Vec<Mistake>,
    wanted: fn(&str) -> Result<bool, String>,
) -> Vec<(String, String)> {
    let mut names = match names_in(folder) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            mistakes.push(missing(folder, &format!("cannot be read: {error}")));
            Vec::new()
        }
    };
    names.sort();
    let mut files = Vec::new();
    for name in names {
        let path = folder.join(&name);
        match wanted(&name) {
            Ok(true) => match text_of(&path) {
                Ok(text) => files.push((name, text)),
                Err(unreadable) => mistakes.extend(unreadable),
            },
            Ok(false) => {}
            Err(message) => mistakes.push(missing(&path, &message)),
        }
    }
    files
}

fn names_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    std::fs::read_dir(folder)?.map(name).collect()
}

/// Rules end in `.toml`. Notes and editors' left-overs may lie beside them; anything else may be a rule that
/// somebody believes to be at work.
fn element_name(name: &str) -> Result<bool, String> {
    if is_left_over(name) {
        return Ok(false);
    }
    match name.ends_with(".toml") {
        true => Ok(true),
        false => Err("is no rule: rename it to end in .toml, or move it elsewhere".to_owned()),
    }
}

/// Only the names that notices are made from.
fn notice_name(name: &str) -> Result<bool, String> {
    let known: Vec<&str> = notice::BUILT_IN.iter().map(|(name, _)| *name).collect();
    if known.contains(&name) {
        return Ok(true);
    }
    if is_left_over(name) {
        return Ok(false);
    }
    Err(match nearest(name, &known) {
        Some(near) => format!("is no template of a notice; did you mean {near}?"),
        None => format!("is no template of a notice; they are called {}", known.join(", ")),
    })
}

fn is_left_over(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~') || name.ends_with(".bak") || name.ends_with(".md")
}

fn missing(path: &Path, message: &str) -> Mistake {
    Mistake {
        file: path.display().to_string(),
        line: 0,
        message: message.to_owned(),
    }
}
