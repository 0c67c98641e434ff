//! What is wrong with settings although each of them could be read.
//!
//! A stage that knows its settings best says so itself: `Settings::mistakes()`, joined in [`all`].

use std::collections::BTreeSet;
use std::path::Path;

use super::Settings;
use crate::message::{Address, is_listed};

/// A setting that makes no sense, and how to mend it.
pub(super) struct Check {
    /// `smtp`, or nothing for settings outside of any section.
    pub section: &'static str,
    /// The setting.
    pub key: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl Check {
    /// Whether it speaks of one of these settings or sections.
    pub fn is_about(&self, settings: &BTreeSet<String>) -> bool {
        let name = [self.section, &self.key].join(".");
        settings.contains(name.trim_start_matches('.')) || settings.contains(self.section)
    }

    /// The message, with the section that it speaks of.
    pub fn sentence(&self) -> String {
        match self.section {
            "" => self.message.clone(),
            section => format!("[{section}] {}", self.message),
        }
    }
}

/// Everything that is wrong, of all stages. Looks at the file system, at nothing else.
pub(super) fn all(settings: &Settings) -> Vec<Check> {
    let mut checks = general(settings);
    checks.extend(inspect(settings));
    checks.extend(of_stage("ocr", settings.ocr.mistakes()));
    checks.extend(certificates(settings));
    checks.extend(of_stage(
        "certificates.online",
        settings.certificates.online.mistakes(),
    ));
    checks.extend(of_stage("keys", settings.keys.mistakes()));
    checks.extend(of_stage("authority", settings.authority.mistakes()));
    checks.extend(notice(settings));
    checks.extend(store(settings));
    checks.extend(of_stage("smtp", settings.smtp.mistakes()));
    if let Some(directory) = &settings.smtp.ldap {
        checks.extend(of_stage("smtp.ldap", directory.mistakes()));
    }
    checks.extend(of_stage("deliver", settings.deliver.mistakes()));
    checks.extend(of_stage("deliver.dns", settings.deliver.dns.mistakes()));
    checks.extend(of_stage("deliver.mta_sts", settings.deliver.mta_sts.mistakes()));
    checks.extend(of_stage("dkim", settings.dkim.mistakes()));
    checks.extend(inbound(settings));
    checks.extend(of_stage("harvest", settings.harvest.mistakes()));
    checks.extend(of_stage("loops", settings.loops.mistakes()));
    checks
}

/// A stage's own list. Each entry begins with its setting's name, in backticks or without, which gives it its line.
fn of_stage(section: &'static str, mistakes: Vec<String>) -> Vec<Check> {
    let name = |message: &str| -> String {
        let start = message.trim_start_matches('`').chars();
        start
            .take_while(|c| c.is_ascii_lowercase() || *c == '_')
            .collect()
    };
    let check = |message: String| Check {
        section,
        key: name(&message),
        message,
    };
    mistakes.into_iter().map(check).collect()
}

fn general(settings: &Settings) -> Vec<Check> {
    let mut list = Vec::new();
    if !is_host(&settings.hostname) {
        list.push("`hostname` is no host name: write the name that the DNS gives this gateway, like \"seal.agency.example\"".to_owned());
    }
    if settings.domains.is_empty() {
        list.push(
            "`domains` is empty, so nobody could send: list your own mail domains, like domains = [\"agency.example\"]".to_owned(),
        );
    }
    for domain in &settings.domains {
        list.extend(domain_mistake(domain));
    }
    if !settings.policies.is_dir() {
        list.push(format!(
            "`policies` is no folder: {}; it holds policy.toml, elements/ and notices/",
            settings.policies.display()
        ));
    }
    of_stage("", list)
}

fn domain_mistake(domain: &str) -> Option<String> {
    if is_host(domain.strip_prefix("*.").unwrap_or(domain)) {
        return None;
    }
    let cure = match domain.trim_start_matches(['@', '*', '.']) {
        bare if is_host(bare) => format!("write it as \"{bare}\", or \"*.{bare}\" for everything below it"),
        _ => "write the part of your addresses after the @".to_owned(),
    };
    Some(format!("`domains`: {domain:?} is no mail domain; {cure}"))
}

/// Whether the text can be the domain of an address. Only ASCII: other domains are written in their `xn--` form.
fn is_host(text: &str) -> bool {
    let address = format!("postmaster@{text}").parse::<Address>();
    text.is_ascii() && !text.starts_with('[') && address.is_ok_and(|address| address.local() == "postmaster")
}

fn inspect(settings: &Settings) -> Vec<Check> {
    let inspect = &settings.inspect;
    let least = [
        ("cpu_seconds", inspect.cpu_seconds),
        ("deadline_seconds", inspect.deadline_seconds),
        ("memory_mb", inspect.memory_mb),
        ("part_mb", inspect.part_mb),
        ("message_mb", inspect.message_mb),
        ("depth", inspect.depth as u64),
        ("parts", inspect.parts as u64),
        ("messages_per_child", inspect.messages_per_child),
    ];
    let zero = least.iter().filter(|(_, value)| *value == 0);
    let list =
        zero.map(|(key, _)| format!("`{key}` is 0, so no message could be read; it must be 1 or more"));
    of_stage("inspect", list.collect())
}

fn certificates(settings: &Settings) -> Vec<Check> {
    let certificates = &settings.certificates;
    let folders = [
        ("recipients", "recipients' certificates", &certificates.recipients),
        ("anchors", "the trusted root certificates", &certificates.anchors),
        (
            "intermediates",
            "intermediate CA certificates",
            &certificates.intermediates,
        ),
        ("crls", "revocation lists", &certificates.crls),
    ];
    let missing = folders.iter().filter(|(_, _, path)| !path.is_dir());
    let list = missing.map(|(key, what, path)| {
        let path = path.display();
        format!("`{key}` is no folder: {path}; make it (it may be empty) or name the folder with {what}")
    });
    let mut checks = of_stage("certificates", list.collect());
    for directory in &certificates.ldap {
        checks.extend(of_stage("certificates.ldap", directory.mistakes()));
    }
    checks.extend(of_stage("certificates.smimea", certificates.smimea.mistakes()));
    checks
}

fn notice(settings: &Settings) -> Vec<Check> {
    let notice = &settings.notice;
    let mut list = Vec::new();
    let texts = [("organisation", &notice.organisation), ("help", &notice.help)];
    for (key, text) in texts {
        if text.trim().is_empty() {
            list.push(format!("`{key}` is empty: every notice names it"));
        }
        if text.chars().any(char::is_control) {
            list.push(format!("`{key}` must be one line without control characters"));
        }
    }
    if notice.from.as_ref().is_some_and(|from| !from.is_ascii()) {
        list.push(
            "`from` has letters beyond ASCII, which not every mail server takes; use a plain address"
                .to_owned(),
        );
    }
    of_stage("notice", list)
}

fn store(settings: &Settings) -> Vec<Check> {
    let store = &settings.store;
    let mut list = Vec::new();
    if let Some(path) = not_a_folder(&store.directory) {
        list.push(format!(
            "`directory` cannot be made: {} is a file",
            path.display()
        ));
    }
    if store.keep_days == 0 {
        list.push(
            "`keep_days` is 0, so no decision could be explained afterwards; it must be 1 or more".to_owned(),
        );
    }
    list.extend(store.mistakes());
    of_stage("store", list)
}

/// The way in: what it says itself, and what the stages say of its addresses, networks and next hop.
fn inbound(settings: &Settings) -> Vec<Check> {
    let domains: Vec<String> = settings
        .domains
        .iter()
        .map(|domain| domain.to_lowercase())
        .collect();
    let mut list = settings
        .inbound
        .mistakes(|address| is_listed(address.domain(), &domains));
    if settings.inbound.is_on() {
        let smtp = settings.inbound_smtp();
        let ours = |mistake: &String| mistake.starts_with("listen") || mistake.starts_with("relay_from");
        let renamed = |mistake: String| mistake.replacen("relay_from", "from", 1);
        list.extend(smtp.mistakes().into_iter().filter(ours).map(renamed));
        let both = settings
            .inbound
            .listen
            .iter()
            .filter(|address| address.port() != 0);
        for address in both.filter(|address| settings.smtp.listen.contains(address)) {
            list.push(format!(
                "`listen` names {address}, which [smtp] listens on; mail from outside needs its own port"
            ));
        }
        if !settings.inbound.next_hop.is_empty() {
            let deliver = settings.inbound_deliver().mistakes();
            list.extend(
                deliver
                    .into_iter()
                    .filter(|mistake| mistake.trim_start_matches('`').starts_with("next_hop")),
            );
        }
    }
    of_stage("inbound", list)
}

/// The file, if there is one, that stands where the folder or one of its parents should be. A folder that does
/// not exist yet is made when the store opens.
fn not_a_folder(directory: &Path) -> Option<&Path> {
    let existing = directory.ancestors().find(|path| path.exists())?;
    (!existing.is_dir()).then_some(existing)
}
