//! Certificates from a real directory server, OpenLDAP's slapd, with TLS.

use std::process::{Child, Command, Stdio};

use super::super::issue::Issued;
use super::super::sources::ldap::Settings;
use super::super::{Certificates, Contents};
use super::counterparts::have;
use super::pki::*;
use crate::message::{Origin, Profile};

const SECRET: &str = "correct horse";
const BOB: &str = "bob@partner.example";

/// A running slapd with ann (a certificate) and bob (a PKCS#7); only the reader sees them.
struct Slapd {
    child: Child,
    folder: Temporary,
    tls: u16,
    plain: u16,
}

impl Slapd {
    /// `None` when there is no slapd on this machine.
    fn start(test: &str, ann: &Issued, bob: &Issued) -> Option<Slapd> {
        if !have(test, &["slapd", "slapadd", "openssl"]) {
            return None;
        }
        let folder = Temporary::new();
        let at = |name: &str| folder.path(name).to_str().unwrap().to_owned();
        let openssl = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=localhost",
                "-days",
                "3",
            ])
            .args([
                "-addext",
                "subjectAltName=DNS:localhost",
                "-keyout",
                &at("tls.key"),
                "-out",
                &at("tls.pem"),
            ])
            .output()
            .unwrap();
        assert!(openssl.status.success());
        let binary = |der: &[u8]| openssl::base64::encode_block(der);
        let ann = binary(&certificate(ann).to_der());
        let bob = binary(&Contents::to_pkcs7(&[certificate(bob).to_der()]));
        folder.write("password", format!("{SECRET}\n"));
        folder.write("wrong", "wrong\n");
        let directory = format!(
            "dn: dc=partner,dc=example\nobjectClass: dcObject\nobjectClass: organization\no: Partner\ndc: partner\n\n\
             dn: cn=reader,dc=partner,dc=example\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: {SECRET}\n\n\
             dn: cn=ann,dc=partner,dc=example\nobjectClass: inetOrgPerson\ncn: ann\nsn: ann\nmail: {ANN}\n\
             userCertificate;binary:: {ann}\n\n\
             dn: cn=bob,dc=partner,dc=example\nobjectClass: inetOrgPerson\ncn: bob\nsn: bob\nmail: {BOB}\n\
             userSMIMECertificate:: {bob}\n"
        );
        let ldif = folder.write("directory.ldif", directory);
        std::fs::create_dir(folder.path("data")).unwrap();
        let schemas = ["core", "cosine", "inetorgperson"];
        let schemas = schemas
            .map(|name| format!("include /etc/ldap/schema/{name}.schema\n"))
            .concat();
        let settings = format!(
            "{schemas}modulepath /usr/lib/ldap\nmoduleload back_mdb\n\
             TLSCertificateFile {tls}\nTLSCertificateKeyFile {key}\n\
             database mdb\nsuffix \"dc=partner,dc=example\"\ndirectory {data}\n\
             access to attrs=userPassword by anonymous auth by * none\n\
             access to * by dn.exact=\"cn=reader,dc=partner,dc=example\" read by * none\n",
            tls = at("tls.pem"),
            key = at("tls.key"),
            data = at("data"),
        );
        let settings = folder.write("slapd.conf", settings);
        let filled = Command::new("/usr/sbin/slapadd")
            .arg("-f")
            .arg(&settings)
            .arg("-l")
            .arg(&ldif)
            .output();
        let filled = filled.unwrap();
        assert!(
            filled.status.success(),
            "{}",
            String::from_utf8_lossy(&filled.stderr)
        );
        let (tls, plain) = (free_port(), free_port());
        let mut child = Command::new("/usr/sbin/slapd")
            .arg("-f")
            .arg(&settings)
            .args([
                "-d",
                "0",
                "-h",
                &format!("ldaps://localhost:{tls}/ ldap://localhost:{plain}/"),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until_it_listens(tls, &mut child);
        until_it_listens(plain, &mut child);
        Some(Slapd {
            child,
            folder,
            tls,
            plain,
        })
    }

    fn settings(&self) -> Settings {
        let settings: Settings = toml::from_str(&format!(
            "url = \"ldaps://localhost:{}\"\nbase = \"dc=partner,dc=example\"\ndomains = [\"partner.example\"]",
            self.tls
        ))
        .unwrap();
        Settings {
            bind_dn: "cn=reader,dc=partner,dc=example".to_owned(),
            password_file: Some(self.folder.path("password")),
            ca_file: Some(self.folder.path("tls.pem")),
            ..settings
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The certificates of the folders, and what this directory has.
fn with(folders: &Folders, directory: Settings) -> Certificates {
    assert_eq!(directory.mistakes(), Vec::<String>::new());
    let settings = super::super::Settings {
        ldap: vec![directory],
        ..super::super::Settings::default()
    };
    folders.load().unwrap().with_directories(&settings).unwrap()
}

/// How many are weighed for the address and whether one is chosen, or why that is not known.
async fn weigh(certificates: &Certificates, mailbox: &str) -> Result<(usize, bool), String> {
    let choice = certificates
        .choose(&address(mailbox), Profile::Compatible, now())
        .await;
    let choice = choice.map_err(|error| error.to_string())?;
    let from = |origin: &Option<Origin>| matches!(origin, Some(Origin::Ldap | Origin::Folder));
    assert!(choice.considered.iter().all(|one| from(&one.origin)));
    Ok((choice.considered.len(), choice.chosen.is_some()))
}

fn people() -> (Folders, Issued, Issued) {
    let root = root();
    let ann = root.issue(&request(ANN, EC)).unwrap();
    let bob = root.issue(&request(BOB, EC)).unwrap();
    (Folders::trusting(&root), ann, bob)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_gives_certificates_over_tls_to_who_knows_the_password() {
    let (folders, ann, bob) = people();
    let name = "a_directory_gives_certificates_over_tls_to_who_knows_the_password";
    let Some(slapd) = Slapd::start(name, &ann, &bob) else {
        return;
    };
    let start_tls = Settings {
        url: format!("ldap://localhost:{}", slapd.plain),
        start_tls: true,
        ..slapd.settings()
    };
    for directory in [slapd.settings(), start_tls] {
        let certificates = with(&folders, directory);
        assert_eq!(weigh(&certificates, ANN).await, Ok((1, true)));
        assert_eq!(weigh(&certificates, BOB).await, Ok((1, true)));
        assert_eq!(
            weigh(&certificates, "nobody@partner.example").await,
            Ok((0, false))
        );
        assert_eq!(
            weigh(&certificates, "ann@other.example").await,
            Ok((0, false)),
            "it is not asked"
        );
    }
    let wrong = Settings {
        password_file: Some(slapd.folder.path("wrong")),
        ..slapd.settings()
    };
    let told = weigh(&with(&folders, wrong), ANN).await.unwrap_err();
    assert!(
        told.contains("ldaps://localhost") && told.contains("49"),
        "{told}"
    );
    assert!(!told.contains("ann"), "{told}");
    let stranger = Settings {
        ca_file: Some(folders.path("anchors/root.pem")),
        ..slapd.settings()
    };
    let told = weigh(&with(&folders, stranger), ANN).await.unwrap_err();
    assert!(told.contains("certificate verify failed"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_made_of_filters_finds_nobody() {
    let (folders, ann, bob) = people();
    let Some(slapd) = Slapd::start("an_address_made_of_filters_finds_nobody", &ann, &bob) else {
        return;
    };
    let certificates = with(&folders, slapd.settings());
    for hostile in [
        "\"*)(cn=*\"@partner.example",
        "*@partner.example",
        "\"*)(|(mail=*\"@partner.example",
        "\"\\\\2a\"@partner.example",
        "\"ann@partner.example)(cn=ann\"@partner.example",
    ] {
        assert_eq!(weigh(&certificates, hostile).await, Ok((0, false)), "{hostile}");
    }
    assert_eq!(weigh(&certificates, ANN).await, Ok((1, true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_dies_keeps_up_only_those_whose_certificate_nobody_knows() {
    let (folders, ann, bob) = people();
    let name = "a_directory_that_dies_keeps_up_only_those_whose_certificate_nobody_knows";
    let Some(mut slapd) = Slapd::start(name, &ann, &bob) else {
        return;
    };
    let carl = "carl@partner.example";
    let issued = root().issue(&request(carl, EC)).unwrap();
    folders.recipient("carl", &issued);
    let certificates = with(&folders, slapd.settings());
    assert_eq!(weigh(&certificates, ANN).await, Ok((1, true)));
    assert_eq!(
        weigh(&certificates, "nobody@partner.example").await,
        Ok((0, false))
    );
    slapd.kill();
    assert_eq!(
        weigh(&certificates, ANN).await,
        Ok((1, true)),
        "what was found is remembered"
    );
    assert_eq!(
        weigh(&certificates, "nobody@partner.example").await,
        Ok((0, false))
    );
    let told = weigh(&certificates, BOB).await.unwrap_err();
    assert!(told.contains("LDAP directory ldaps://localhost"), "{told}");
    let trusted = with(&Folders::trusting(&root()), slapd.settings());
    assert!(weigh(&trusted, carl).await.is_err());
}
