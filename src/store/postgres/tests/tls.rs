//! The way to a database on another machine: TLS that is verified, and a password that is shown to nobody.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use super::counterparts::have;
use super::{Server, database};
use crate::audit::Trail;
use crate::store::samples::{TemporaryDirectory, id, minute, record};
use crate::store::{Settings, Store, Url};

fn openssl(folder: &Path, words: &str) {
    let done = Command::new("openssl")
        .args(words.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{words}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[tokio::test]
async fn the_server_is_verified_and_only_the_password_opens() {
    let test = "the_server_is_verified_and_only_the_password_opens";
    if !have(test, &["openssl"]) || database(test).is_none() {
        return;
    }
    // Free a moment ago; nobody else starts servers here.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut server = Server::start("tls", "127.0.0.1", port).unwrap();
    let (folder, name) = (server.directory().to_owned(), server.database());
    let new = "req -x509 -newkey rsa:2048 -nodes -days 2";
    openssl(
        &folder,
        &format!("{new} -subj /CN=db -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem"),
    );
    openssl(
        &folder,
        &format!("{new} -subj /CN=other -keyout other.key -out other.pem"),
    );
    // The server wants its key to be its own, or root's with its group.
    let owned = Command::new("chown")
        .arg("--reference")
        .arg(folder.join("data"))
        .arg(folder.join("key.pem"))
        .status();
    assert!(owned.unwrap().success());
    std::fs::write(
        folder.join("data/pg_hba.conf"),
        "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
    )
    .unwrap();
    for text in [
        format!("ALTER SYSTEM SET ssl_cert_file = '{}/cert.pem'", folder.display()),
        format!("ALTER SYSTEM SET ssl_key_file = '{}/key.pem'", folder.display()),
        "ALTER SYSTEM SET ssl = on".to_owned(),
        "ALTER USER sealgate PASSWORD 'geheim'".to_owned(),
    ] {
        server.ask(&name, &text);
    }
    server.restart("INT");

    let directory = TemporaryDirectory::new();
    let open = async |host: &str, password: &str, rest: &str| {
        std::fs::write(folder.join("password"), format!("{password}\n")).unwrap();
        let url = format!("postgres://sealgate@{host}:{port}/{name}?{rest}");
        let settings = Settings {
            url: Some(Url::from(url)),
            password_file: Some(folder.join("password")),
            ..directory.settings()
        };
        Store::open(&settings).await.map_err(|error| error.to_string())
    };
    let ca = |file: &str| format!("sslmode=verify-full&sslrootcert={}/{file}", folder.display());
    let store = open("localhost", "geheim", &ca("cert.pem")).await.unwrap();
    store
        .commit(record(id(0, 1), minute(0)), Vec::new())
        .await
        .unwrap();
    let encrypted = server.ask(
        &name,
        "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                                       WHERE application_name = 'sealgate'",
    );
    assert_eq!(encrypted, "t");
    for (host, password, rest) in [
        ("localhost", "geheim", ca("other.pem")),
        ("127.0.0.1", "geheim", ca("cert.pem")),
        ("localhost", "falsch", ca("cert.pem")),
        ("localhost", "geheim", "sslmode=disable".to_owned()),
    ] {
        let told = open(host, password, &rest).await.err().unwrap();
        assert!(!told.contains("geheim") && !told.contains("falsch"), "{told}");
    }
}
