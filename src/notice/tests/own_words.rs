//! Templates: the organisation's own, their mistakes, and what the built-in ones must not hold.

use super::*;

#[test]
fn an_organisation_can_write_its_own_words() {
    let own = vec![(
        "refused.txt.jinja".to_owned(),
        "Subject: Nicht gesendet – {{ organisation }}\nSiehe {{ id }}.\n".to_owned(),
    )];
    let mut settings = settings();
    settings.from = Some("mail-help@agency.example".parse().unwrap());
    let notices = Notices::new(settings, "seal.agency.example", &own).unwrap();
    let (inspection, judgment) = five();
    let notice = read(&notices.refused(&about(), &inspection, &judgment).unwrap());
    check_form(&notice.raw);
    assert_eq!(notice.subject, "Nicht gesendet – the Agency");
    assert_eq!(notice.text.trim(), format!("Siehe {}.", about().id));
    assert!(
        notice
            .raw
            .contains("From: Mail gateway <mail-help@agency.example>\r\n")
    );
    assert!(notice.html.contains("<title>Nicht gesendet – the Agency</title>"));
}

#[test]
fn a_mistake_in_a_template_is_told_when_the_gateway_starts() {
    let told = |name: &str, text: &str| {
        let own = vec![(name.to_owned(), text.to_owned())];
        Notices::new(settings(), "seal.agency.example", &own)
            .unwrap_err()
            .to_string()
    };
    let prefix = "the notice could not be written: ";
    assert_eq!(
        told("refused.txt.jinja", "Subject: x\n\n{{ recipent }}"),
        format!("{prefix}refused.txt.jinja:3: a variable is used that does not exist")
    );
    assert_eq!(
        told(
            "refused.html.jinja",
            "{% for group in sent %}\n{{ group.haw }}{% endfor %}"
        ),
        format!("{prefix}refused.html.jinja:2: a variable is used that does not exist")
    );
    assert!(
        told("failed.txt.jinja", "Subject: x\n{% if %}")
            .starts_with(&format!("{prefix}failed.txt.jinja:2: syntax error"))
    );
    assert_eq!(
        told("failed.txt.jinja", "Hello"),
        format!("{prefix}failed.txt.jinja:1: the first line must be `Subject: …`")
    );
    assert_eq!(
        told("notice.txt", ""),
        format!("{prefix}notice.txt is no template of a notice")
    );
}

#[test]
fn a_host_name_that_could_break_a_header_is_refused() {
    for name in ["", "a b", "x\r\nBcc: evil@x.example", "bücher.example"] {
        assert!(Notices::new(settings(), name, &[]).is_err(), "{name:?}");
    }
}

#[test]
fn the_html_loads_nothing_and_leads_nowhere() {
    for (name, text) in BUILT_IN {
        for forbidden in [
            "<a ", "<img", "<form", "<input", "<link", "<script", "url(", "src=", "href=", "|safe", "| safe",
        ] {
            assert!(!text.contains(forbidden), "{name} has {forbidden}");
        }
    }
}

#[test]
fn the_documentation_names_every_variable() {
    let documentation = include_str!("../../../docs/notices.md");
    let (inspection, judgment) = five();
    let refused = story::Refused::new(&settings(), &about(), &inspection, &judgment);
    let failed = story::Failed::new(&settings(), &about(), &[]);
    for facts in [serde_json::to_value(&refused), serde_json::to_value(&failed)] {
        for name in facts.unwrap().as_object().unwrap().keys() {
            assert!(documentation.contains(&format!("`{name}`")), "{name}");
        }
    }
}
