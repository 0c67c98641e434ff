//! What was learned of one file, and what all files add up to.

use std::path::PathBuf;

use crate::inspect::Examined;
use crate::message::Finding;
use crate::policy::Policy;

use super::NOT_DONE;
use super::files::STANDARD_INPUT;

/// What was learned of one file.
#[derive(Default)]
pub struct Report {
    /// Where it is.
    pub file: PathBuf,
    /// What it holds.
    pub examined: Examined,
    /// Why it could not be opened.
    pub error: Option<String>,
}

/// What a file is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It holds an element with a person's name: personal information as 201 CMR 17.02 has it.
    PersonalInformation,
    /// It holds an element, and no name that could be seen.
    Element,
    /// It could not be opened.
    Failed,
    /// Nothing was found in what could be read.
    Unread,
    /// All was read, nothing was found.
    Clean,
}

/// How many files there are of each kind.
#[derive(Debug, Default, Clone, Copy)]
pub struct Totals {
    /// All of them.
    pub files: usize,
    /// With personal information.
    pub personal: usize,
    /// With an element and no name.
    pub element: usize,
    /// That could not be opened.
    pub failed: usize,
    /// With nothing found, and something unread.
    pub unread: usize,
    /// With something found, and something unread too.
    pub also_unread: usize,
}

impl Report {
    /// What people call the file.
    pub fn name(&self) -> String {
        self.file.to_string_lossy().into_owned()
    }

    /// What is told to people as the file's name.
    pub fn title(&self) -> String {
        match self.name() {
            name if name == STANDARD_INPUT => "standard input".to_owned(),
            name => name,
        }
    }

    /// Whether a person's name stands near a counting element, or in the header.
    pub fn has_name(&self, policy: &Policy) -> bool {
        self.counting(policy)
            .any(|finding| finding.name_near || finding.named_in_header)
    }

    /// Whether the file holds personal information as 201 CMR 17.02 has it.
    pub fn is_personal(&self, policy: &Policy) -> bool {
        self.counting(policy)
            .any(|finding| finding.name_near || (policy.header_names && finding.named_in_header))
    }

    /// What the file is.
    pub fn verdict(&self, policy: &Policy) -> Verdict {
        if self.is_personal(policy) {
            Verdict::PersonalInformation
        } else if self.counting(policy).next().is_some() {
            Verdict::Element
        } else if self.error.is_some() {
            Verdict::Failed
        } else if !self.examined.inspection.obstacles.is_empty() {
            Verdict::Unread
        } else {
            Verdict::Clean
        }
    }

    /// Findings of elements that the law lists, or that the policy names.
    fn counting<'r>(&'r self, policy: &'r Policy) -> impl Iterator<Item = &'r Finding> {
        let named = |finding: &&Finding| !finding.optional || policy.elements.contains(&finding.element);
        self.examined.inspection.findings.iter().filter(named)
    }
}

impl Totals {
    /// Counts a file.
    pub fn add(&mut self, report: &Report, policy: &Policy) {
        self.files += 1;
        let unread = !report.examined.inspection.obstacles.is_empty();
        let verdict = report.verdict(policy);
        match verdict {
            Verdict::PersonalInformation => self.personal += 1,
            Verdict::Element => self.element += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Unread => self.unread += 1,
            Verdict::Clean => {}
        }
        let found = matches!(verdict, Verdict::PersonalInformation | Verdict::Element);
        self.also_unread += usize::from(found && unread);
    }

    /// How many files are clean.
    pub fn clean(&self) -> usize {
        self.files - self.personal - self.element - self.failed - self.unread
    }

    /// The exit status.
    pub fn status(&self) -> u8 {
        if self.personal + self.element > 0 {
            1
        } else if self.failed > 0 {
            NOT_DONE
        } else if self.unread > 0 {
            2
        } else {
            0
        }
    }
}
