//! Settings and bundles as an administrator meets them: files on disk, and the list of what is wrong.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;

use super::*;
use crate::detect::RuleError;
use crate::message::Profile;
use crate::policy::Policy;

const EXAMPLE: &str = include_str!("../../packaging/sealgate.toml");
const SHIPPED: &str = include_str!("../../policies/policy.toml");

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "sealgate-config-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// One in which the settings' default paths exist.
    fn with_defaults() -> Self {
        let folder = Folder::new();
        for name in ["recipients", "anchors", "intermediates", "crls"] {
            fs::create_dir_all(folder.0.join("certs").join(name)).unwrap();
        }
        fs::create_dir_all(folder.0.join("policies")).unwrap();
        folder
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Reads a settings file. Unless the text speaks of delivery, a next hop is put below it.
    fn settings(&self, text: &str) -> Result<Settings, Vec<String>> {
        let hop = if text.contains("deliver") {
            ""
        } else {
            "\n[deliver]\nnext_hop = \"mail.a.example\"\n"
        };
        let path = self.write("sealgate.toml", format!("{text}{hop}"));
        Settings::load(&path).map_err(|mistakes| self.told(mistakes))
    }

    fn bundle(&self) -> Result<Bundle, Vec<String>> {
        Bundle::load(&self.0).map_err(|mistakes| self.told(mistakes))
    }

    /// Mistakes as they are shown, without the folder.
    fn told(&self, mistakes: Vec<Mistake>) -> Vec<String> {
        let folder = format!("{}/", self.0.display());
        mistakes
            .iter()
            .map(|mistake| mistake.to_string().replace(&folder, ""))
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_mistake_is_told_at_once_with_its_line_and_the_cure() {
    let text = r#"
domain = ["agency.example"]
hostname = "two words"

[smtp]
lisen = ["127.0.0.1:25"]
relay_from = "192.0.2.0/24"
listen = ["127.0.0.1:25", "nonsense", 5]
message_mb = "fifty"
memory_mb = -3
errors = 99999999999

[inspect]
depth = 0
allow_weak_jail = "yes"

[smpt]
errors = 3

[notice]
from = "nobody"
help = " "

[store]
keep_days = 0

[deliver]
tls = "requird"

[[deliver.route]]
domian = "agency.example"

[[deliver.route]]
domain = 5
next_hop = "mail.agency.example"

[colours]
"#;
    let told = Folder::with_defaults().settings(text).unwrap_err();
    let port = "an address and port in quotes, like \"127.0.0.1:10025\"";
    let expected = [
        "2: unknown setting `domain`; did you mean `domains`?".to_owned(),
        "3: `hostname` is no host name: write the name that the DNS gives this gateway, like \"seal.agency.example\"".to_owned(),
        "6: unknown setting `lisen` in [smtp]; did you mean `listen`?".to_owned(),
        "7: `relay_from` in [smtp] takes a list in square brackets, not a text".to_owned(),
        format!("8: `listen`, entry 2 in [smtp] takes {port}"),
        format!("8: `listen`, entry 3 in [smtp] takes {port}, not 5"),
        "9: `message_mb` in [smtp] takes a whole number, not a text".to_owned(),
        "10: `memory_mb` in [smtp] takes a whole number from 0 up, not -3".to_owned(),
        "11: `errors` in [smtp] takes a whole number from 0 to 4294967295, not 99999999999".to_owned(),
        "14: [inspect] `depth` is 0, so no message could be read; it must be 1 or more".to_owned(),
        "15: `allow_weak_jail` in [inspect] takes true or false, not a text".to_owned(),
        "17: unknown setting `smpt`; did you mean `smtp`?".to_owned(),
        "21: `from` in [notice]: an address is written local@domain".to_owned(),
        "22: [notice] `help` is empty: every notice names it".to_owned(),
        "25: [store] `keep_days` is 0, so no decision could be explained afterwards; it must be 1 or more".to_owned(),
        "28: `tls` in [deliver] does not know \"requird\"; it takes \"none\", \"opportunistic\", \"required\", \"verify\", \"dane\", \"mta-sts\", \"published\"; did you mean \"required\"?".to_owned(),
        "30: [[deliver.route]] lacks `next_hop`".to_owned(),
        "31: unknown setting `domian` in [[deliver.route]]; did you mean `domain`?".to_owned(),
        "34: `domain` in [[deliver.route]] takes a text in quotes, not 5".to_owned(),
        "37: unknown setting `colours`; it takes `hostname`, `domains`, `policies`, `smtp`, `inspect`, `ocr`, `certificates`, `keys`, `authority`, `notice`, `store`, `deliver`, `dkim`, `inbound`, `harvest`, `loops`, `conformance`, `vault`".to_owned(),
    ];
    let expected: Vec<String> = expected
        .iter()
        .map(|line| format!("sealgate.toml:{line}"))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn what_is_missing_is_told_too() {
    let told = Folder::new()
        .settings("[certificates]\nanchors = \"trust\"\n")
        .unwrap_err();
    let begins = [
        "sealgate.toml:1: [certificates] `recipients` is no folder: certs/recipients; make it",
        "sealgate.toml:1: [certificates] `intermediates` is no folder",
        "sealgate.toml:1: [certificates] `crls` is no folder",
        "sealgate.toml:2: [certificates] `anchors` is no folder: trust; make it",
        "sealgate.toml: `domains` is empty, so nobody could send",
        "sealgate.toml: `policies` is no folder: policies",
    ];
    assert_eq!(told.len(), begins.len(), "{told:#?}");
    for (told, begin) in told.iter().zip(begins) {
        assert!(told.starts_with(begin), "{told}");
    }
}

#[test]
fn a_file_that_is_no_toml_or_no_text_or_not_there_is_told_with_its_line() {
    let folder = Folder::with_defaults();
    let told = folder
        .settings("domains = [\"a.example\"]\nhostname = \"x\"\nhostname = \"y\"\n")
        .unwrap_err();
    assert_eq!(told, ["sealgate.toml:3: not valid TOML: duplicate key"]);
    let path = folder.write("latin.toml", b"hostname = \"x\"\n# caf\xe9\n");
    assert_eq!(
        folder.told(Settings::load(&path).unwrap_err()),
        ["latin.toml:2: this is no UTF-8 text; save the file as UTF-8"]
    );
    let told = folder.told(Settings::load(&folder.0.join("none.toml")).unwrap_err());
    assert_eq!(told, ["none.toml: there is no such file"]);
}

#[test]
fn domains_are_written_bare() {
    let told = Folder::with_defaults()
        .settings("domains = [\"@agency.example\", \"*.agency.example\", \"a b\", \"ok.example\"]")
        .unwrap_err();
    assert_eq!(
        told,
        [
            "sealgate.toml:1: `domains`: \"@agency.example\" is no mail domain; write it as \"agency.example\", or \"*.agency.example\" for everything below it",
            "sealgate.toml:1: `domains`: \"a b\" is no mail domain; write the part of your addresses after the @",
        ]
    );
}

#[test]
fn relative_paths_start_at_the_files_folder_and_absolute_ones_stay() {
    let folder = Folder::with_defaults();
    let settings = folder
        .settings("domains = [\"a.example\"]\n[store]\ndirectory = \"data\"\n")
        .unwrap();
    assert_eq!(settings.store.directory, folder.0.join("data"));
    assert_eq!(settings.policies, folder.0.join("policies"));
    assert_eq!(settings.certificates.crls, folder.0.join("certs/crls"));
    let mut settings = Settings::default();
    settings.smtp.tls_key = Some(PathBuf::from("/etc/key.pem"));
    settings.smtp.tls_certificate = Some(PathBuf::from("chain.pem"));
    settings.deliver.ca_file = Some(PathBuf::from("ca.pem"));
    settings.resolve(Path::new("/srv"));
    assert_eq!(settings.smtp.tls_key, Some(PathBuf::from("/etc/key.pem")));
    assert_eq!(
        settings.smtp.tls_certificate,
        Some(PathBuf::from("/srv/chain.pem"))
    );
    assert_eq!(settings.deliver.ca_file, Some(PathBuf::from("/srv/ca.pem")));
}

#[test]
fn a_stages_own_mistakes_have_their_line_too() {
    let told = Folder::with_defaults()
        .settings("domains = [\"a.example\"]\n[smtp]\nerrors = 3\nsessions = 0\n")
        .unwrap_err();
    assert_eq!(
        told,
        ["sealgate.toml:4: [smtp] sessions is 0: no mail could be received; give it at least 1"]
    );
}

#[test]
fn a_data_directory_below_a_file_is_a_mistake_and_one_that_will_be_made_is_none() {
    let folder = Folder::with_defaults();
    folder.write("file", "");
    let told = folder
        .settings("domains = [\"a.example\"]\n[store]\ndirectory = \"file/data\"\n")
        .unwrap_err();
    assert_eq!(
        told,
        ["sealgate.toml:3: [store] `directory` cannot be made: file is a file"]
    );
    let new = folder.settings("domains = [\"a.example\"]\n[store]\ndirectory = \"new/data\"\n");
    assert!(new.is_ok());
}

/// The example with the `#` taken from every line that shows a default.
fn example_with_all_settings() -> String {
    let uncomment = |line: &str| {
        let bare = line.strip_prefix('#').filter(|rest| {
            rest.starts_with('[')
                || rest.starts_with(|c: char| c.is_ascii_lowercase())
                    && rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
        });
        bare.unwrap_or(line).to_owned() + "\n"
    };
    EXAMPLE.lines().map(uncomment).collect()
}

#[test]
fn the_example_is_correct_as_it_stands_and_with_every_setting_written_out() {
    let folder = Folder::with_defaults();
    folder.settings(EXAMPLE).unwrap();
    let all = example_with_all_settings();
    // Its TLS files are not there, so only the reading is tried.
    let reading = Document::parse("example", &all).unwrap().read::<Settings>();
    assert_eq!(reading.mistakes, []);
}

#[test]
fn the_example_names_every_setting_with_its_default() {
    let all = example_with_all_settings();
    let document = Document::parse("example", &all).unwrap();
    let example = format!("{:#?}", document.read::<Settings>().value.unwrap());
    let default = format!("{:#?}", Settings::default());
    for line in default.lines() {
        let Some((name, value)) = line.trim().split_once(':') else {
            continue;
        };
        if value.trim_end().ends_with('{') || name.starts_with(['"', '1']) {
            continue;
        }
        // `routes` is written `route`.
        let written = name.trim_end_matches('s');
        assert!(
            all.lines().any(|line| line.contains(written)),
            "{name} is not in the example"
        );
        let filled_in = [
            "hostname",
            "domains",
            "next_hop",
            "routes",
            "tls_certificate",
            "listen_tls",
            "listen_lmtp",
            "proxy_from",
            "xclient_from",
            "users",
            "suspended",
            "tls_key",
            "from",
            "ca_file",
            "tessdata",
            "folder",
            "secret_file",
            "rules",
            "module",
            "token",
            "pin_file",
            "publish",
            "crl_url",
            "enrol",
            "decrypt_keys",
            "administrator",
            "key",
            "learned",
            "ldap",
            "trust_anchors",
            "cache",
            "url",
            "password_file",
            "gateway",
            "keys",
        ];
        assert!(
            filled_in.contains(&name) || example.lines().any(|other| other.trim() == line.trim()),
            "the example's default of {name} is not {value}"
        );
    }
}

#[test]
fn the_shipped_policy_says_what_the_program_does_without_it() {
    let document = Document::parse("policy.toml", SHIPPED).unwrap();
    let reading = document.read::<Policy>();
    assert_eq!(reading.mistakes, []);
    assert_eq!(reading.value.unwrap(), Policy::default());
    let empty = Document::parse("policy.toml", "")
        .unwrap()
        .read::<Policy>()
        .value
        .unwrap();
    assert_eq!(empty, Policy::default());
}

#[test]
fn the_documentation_and_the_shipped_policy_name_every_setting() {
    let documentation = include_str!("../../docs/policy.md");
    let settings = format!("{:#?}", Policy::default());
    let names = settings.lines().filter_map(|line| line.trim().split_once(": "));
    let sections = [
        "version",
        "recipients",
        "sealing",
        "signing",
        "exceptions",
        "assurance",
        "post_quantum",
        "delivery",
        "hold",
        "structure",
    ];
    for (name, _) in names.filter(|(name, _)| !sections.contains(name)) {
        let shipped = |before: &str| SHIPPED.contains(&format!("\n{before}{name} = "));
        // A day that is not set cannot be written.
        let is_day = name.ends_with("_from");
        assert!(shipped("") || (is_day && shipped("# ")), "{name}");
        assert!(documentation.contains(&format!("`{name}")), "{name}");
    }
    for entry in ["[[sealing.for]]", "[[assurance]]"] {
        assert!(SHIPPED.contains(&format!("\n# {entry}\n")) && documentation.contains(&format!("`{entry}`")));
    }
}

#[test]
fn the_shipped_policy_names_every_kind_of_obstacle() {
    for kind in crate::message::ObstacleKind::ALL {
        let name = serde_json::to_string(&kind).unwrap();
        assert!(SHIPPED.contains(&name), "{name}");
    }
}

#[test]
fn a_policys_mistakes_are_all_told() {
    let folder = Folder::new();
    folder.write("elements/ssn.toml", "");
    folder.write(
        "policy.toml",
        "elements = [\"snn\"]\ncounts = \"always\"\nminimum_confidence = \"hihg\"\nignored_obstacles = [\"picture\"]\n\
         [recipients]\nallowed_for_personal_information = [\"agency.example\"]\n[structure]\nblock_multipart = true\n",
    );
    let told = folder.bundle().unwrap_err();
    let begins = [
        "policy.toml:1: `elements` names \"snn\", which no rule is called; did you mean \"ssn\"?",
        "policy.toml:2: `counts` does not know \"always\"; it takes \"with-name\", \"with-name-or-certain\", \"alone\"",
        "policy.toml:3: `minimum_confidence` does not know \"hihg\"; it takes \"low\", \"medium\", \"high\"; did you mean \"high\"?",
        "policy.toml:4: `ignored_obstacles`, entry 1 does not know \"picture\"",
        "policy.toml:6: `allowed_for_personal_information`, entry 1 in [recipients]: a recipient pattern is",
        "policy.toml:8: unknown setting `block_multipart` in [structure]",
    ];
    assert_eq!(told.len(), begins.len(), "{told:#?}");
    for (told, begin) in told.iter().zip(begins) {
        assert!(told.starts_with(begin), "{told}");
    }
}

#[test]
fn the_example_of_another_profile_in_the_shipped_policy_works_when_its_marks_are_taken_away() {
    let (before, example) = SHIPPED.split_once("# [[sealing.for]]\n").unwrap();
    let text = format!("{before}[[sealing.for]]\n{}", example.replacen("# ", "", 2));
    let document = Document::parse("policy.toml", &text).unwrap();
    let reading = document.read::<Policy>();
    assert_eq!(reading.mistakes, []);
    let policy = reading.value.unwrap();
    let profile = |address: &str| policy.profile(&address.parse().unwrap());
    assert_eq!(profile("ann@partner.example"), Profile::Modern);
    assert_eq!(profile("ann@hr.Partner.example"), Profile::Modern);
    assert_eq!(profile("ann@notpartner.example"), Profile::Compatible);
}

#[test]
fn a_profile_that_nobody_knows_is_told_with_its_line_and_the_cure() {
    let folder = Folder::new();
    folder.write("elements/ssn.toml", "");
    folder.write(
        "policy.toml",
        "[sealing]\nprofile = \"modren\"\n[[sealing.for]]\nrecipients = [\"partner.example\"]\n\
         profile = \"paranoid\"\n[[sealing.for]]\nrecipient = [\"*\"]\n",
    );
    let told = folder.bundle().unwrap_err();
    let begins = [
        "policy.toml:2: `profile` in [sealing] does not know \"modren\"; it takes \"compatible\", \"modern\", \"strict\"; did you mean \"modern\"?",
        "policy.toml:4: `recipients`, entry 1 in [[sealing.for]]: a recipient pattern is",
        "policy.toml:5: `profile` in [[sealing.for]] does not know \"paranoid\"; it takes",
        "policy.toml:7: unknown setting `recipient` in [[sealing.for]]; did you mean `recipients`?",
    ];
    assert_eq!(told.len(), begins.len(), "{told:#?}");
    for (told, begin) in told.iter().zip(begins) {
        assert!(told.starts_with(begin), "{told:#?}");
    }
}

#[test]
fn a_bundle_without_rules_or_policy_is_not_loaded() {
    let folder = Folder::new();
    let told = folder.bundle().unwrap_err();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("elements: no rule (*.toml) is here"),
        "{told:?}"
    );
    assert!(
        told[1].starts_with("policy.toml: there is no such file"),
        "{told:?}"
    );
}

#[test]
fn a_file_that_somebody_may_believe_to_be_a_rule_or_a_template_is_a_mistake() {
    let folder = Folder::new();
    folder.write("policy.toml", "");
    folder.write("elements/ssn.toml", "");
    folder.write("elements/iban.tml", "");
    folder.write("elements/README.md", "");
    folder.write("elements/.ssn.toml.swp", "");
    folder.write("notices/refused.text.jinja", "");
    assert_eq!(
        folder.bundle().unwrap_err(),
        [
            "elements/iban.tml: is no rule: rename it to end in .toml, or move it elsewhere",
            "notices/refused.text.jinja: is no template of a notice; did you mean refused.txt.jinja?",
        ]
    );
}

#[test]
fn the_version_changes_with_every_file_and_with_nothing_else() {
    let folder = Folder::new();
    folder.write("policy.toml", "");
    folder.write("elements/ssn.toml", "a");
    folder.write("elements/iban.toml", "b");
    let version = || folder.bundle().unwrap().policy.version;
    let first = version();
    assert_eq!(first.len(), 16);
    assert!(first.chars().all(|c| c.is_ascii_hexdigit()));
    let bundle = folder.bundle().unwrap();
    let names: Vec<&str> = bundle.rules.iter().map(|rule| rule.file.as_str()).collect();
    assert_eq!(names, ["iban.toml", "ssn.toml"]);
    folder.write("elements/notes.md", "nothing");
    assert_eq!(version(), first);
    let mut seen = vec![first];
    for (name, text) in [
        ("policy.toml", "# a comment"),
        ("elements/ssn.toml", "c"),
        ("elements/new.toml", "a"),
        ("notices/failed.txt.jinja", "Subject: x"),
    ] {
        folder.write(name, text);
        let next = version();
        assert!(!seen.contains(&next), "{name}");
        seen.push(next);
    }
}

/// Fails when a rule file was added and its line in `ELEMENTS` was not.
#[test]
fn the_bundle_in_the_program_is_the_shipped_one() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut names: Vec<String> = fs::read_dir(shipped.join("elements"))
        .map(|entries| {
            entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect()
        })
        .unwrap_or_default();
    names.retain(|name| name.ends_with(".toml"));
    names.sort();
    let folder = Folder::new();
    Bundle::write_embedded(&folder.0).unwrap();
    let embedded = Bundle::load(&folder.0).unwrap();
    let files: Vec<String> = embedded.rules.iter().map(|rule| rule.file.clone()).collect();
    assert_eq!(files, names);
    assert_eq!(
        Bundle::load(&shipped).unwrap().policy.version,
        embedded.policy.version
    );
}

#[test]
fn mistakes_in_rules_are_told_like_all_others() {
    let error = RuleError {
        file: "ssn.toml".to_owned(),
        line: 3,
        message: "no pattern".to_owned(),
    };
    let mistakes = rule_mistakes(Path::new("policies"), vec![error]);
    assert_eq!(
        mistakes[0].to_string(),
        "policies/elements/ssn.toml:3: no pattern"
    );
}

proptest! {
    /// Any file ends in settings or in at least one mistake with a line of the file, never in a panic or a loop.
    #[test]
    fn any_text_is_settings_or_mistakes(text in "[a-z\\[\\]{}=.,\"' \n0-9-]{0,200}") {
        match Document::parse("f", &text) {
            Ok(document) => {
                let reading = document.read::<Settings>();
                prop_assert!(reading.value.is_some());
                for mistake in reading.mistakes {
                    prop_assert!(mistake.line <= text.lines().count().max(1));
                }
            }
            Err(mistakes) => prop_assert!(!mistakes.is_empty()),
        }
    }

    /// Words of the example in any order: valid keys in odd places and with odd values.
    #[test]
    fn shuffled_settings_never_defeat_the_reader(
        lines in proptest::collection::vec(proptest::sample::select(example_with_all_settings().lines()
            .filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()), 0..40)
    ) {
        let text = lines.join("\n");
        if let Ok(document) = Document::parse("f", &text) {
            prop_assert!(document.read::<Settings>().value.is_some());
            let policy = document.read::<Policy>();
            prop_assert!(policy.value.is_some());
            prop_assert_eq!(policy.mistakes.is_empty(), text.trim().is_empty());
        }
    }
}
