//! Several gateways on one PostgreSQL. `benches/cluster` does the same with a network between them, and under load.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};

use crate::support::directory::Directory;
use crate::support::gateway::{Gateway, Options, PROGRAM};
use crate::support::mail::{send, send_for_id};
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, NOBODY};
use crate::support::server::Server;

const CLERK: &str = "clerk@agency.example";

struct Cluster {
    server: Server,
    database: String,
    /// What all gateways need alike.
    shared: Directory,
}

impl Cluster {
    fn start(test: &'static str) -> Option<Cluster> {
        if !Server::is_installed(test) {
            return None;
        }
        let server = Server::start(test, "", 5432)?;
        Some(Cluster {
            database: server.database(),
            server,
            shared: Directory::new(),
        })
    }

    fn gateway(&self, name: &str, next_hop: SocketAddr) -> Gateway {
        self.gateway_with(name, next_hop, "")
    }

    /// With more lines for `[store]`.
    fn gateway_with(&self, name: &str, next_hop: SocketAddr, store: &str) -> Gateway {
        let options = Options {
            store: format!(
                "url = \"{}\"\ngateway = \"{name}\"\n{store}",
                self.server.url(&self.database)
            ),
            tables: format!(
                "[vault]\nkey = \"{}\"",
                self.shared.path().join("vault.pem").display()
            ),
            ..Options::default()
        };
        Gateway::start(next_hop, &options)
    }

    fn ask(&self, text: &str) -> String {
        self.server.ask(&self.database, text)
    }
}

fn letter(number: usize) -> String {
    format!(
        "From: {CLERK}\nMessage-ID: <{number}@agency.example>\nSubject: x\n\nMargaret Holloway, SSN 536-22-8145.\n"
    )
}

#[test]
fn what_a_killed_gateway_had_accepted_is_delivered_by_the_others() {
    let Some(cluster) = Cluster::start("cluster-kill") else {
        return;
    };
    let mailbox = Mailbox::start();
    // It takes connections and never says a word, so what the first gateway claims stays under way.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let first = cluster.gateway("first", hole.local_addr().unwrap());
    let ids: Vec<String> = (0..10)
        .map(|number| send_for_id(first.address, CLERK, &[ANNA], &letter(number)))
        .collect();
    first.wait_for_log(&ids[9]);
    while cluster.ask("SELECT count(*) FROM deliveries WHERE lease_by IS NOT NULL") != "10" {
        std::thread::yield_now();
    }
    let second = cluster.gateway("second", mailbox.address);
    let third = cluster.gateway("third", mailbox.address);
    let told = third.ask(&["gateways"]);
    assert!(
        ["first", "second", "third"]
            .iter()
            .all(|name| told.contains(name)),
        "{told}"
    );
    assert!(second.ask(&["queue", "list"]).lines().count() > 10);
    // Nobody says goodbye: this is kill -9.
    drop(first);
    let delivered: BTreeSet<String> = (0..10).map(|_| message_id(&mailbox.next().text())).collect();
    assert_eq!(delivered.len(), 10, "each once");
    second.wait_until_the_queue_is_empty();
    assert!(mailbox.is_empty());
    assert!(
        second.log().contains("other gateways are not at work any more")
            || third.log().contains("not at work any more")
    );
    // Each of them answers for what another has accepted.
    for id in &ids {
        let told = third.ask(&["trace", id]);
        assert!(told.contains("delivered: the next hop took it"), "{told}");
    }
    assert_eq!(third.ask(&["gateways", "--json"]).matches("\"name\"").count(), 2);
}

fn message_id(text: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("Message-ID:"));
    line.expect("the outer header names the message").to_owned()
}

#[test]
fn a_gateway_without_its_database_says_451_and_goes_on_when_it_is_back() {
    let Some(mut cluster) = Cluster::start("cluster-away") else {
        return;
    };
    let mailbox = Mailbox::start();
    let gateway = cluster.gateway("only", mailbox.address);
    send(gateway.address, CLERK, &[ANNA], &letter(1)).unwrap();
    mailbox.next();
    let pid = cluster.server.process().unwrap().to_string();
    let stop = |signal: &str| {
        std::process::Command::new("kill")
            .args([signal, &pid])
            .status()
            .unwrap()
    };
    // The server is ended, and what it was asked last with it.
    stop("-QUIT");
    let mut refusals = 0;
    while refusals == 0 {
        match send(gateway.address, CLERK, &[ANNA], &letter(2)) {
            Ok(_) => drop(mailbox.next()),
            Err(error) => {
                assert!(error.to_string().contains("451"), "{error}");
                refusals += 1;
            }
        }
    }
    cluster.server.restart("QUIT");
    let sent = (0..100).find(|_| send(gateway.address, CLERK, &[ANNA], &letter(3)).is_ok());
    assert!(sent.is_some(), "it takes mail again");
    let mut last = String::new();
    while !last.contains("<3@") {
        last = message_id(&mailbox.next().text());
    }
    gateway.wait_until_the_queue_is_empty();
}

#[test]
fn a_gateway_with_another_vault_and_one_with_other_policies_are_told() {
    let Some(cluster) = Cluster::start("cluster-alike") else {
        return;
    };
    let mailbox = Mailbox::start();
    let first = cluster.gateway("first", mailbox.address);
    let url = cluster.server.url(&cluster.database);
    // Its own vault, which the first cannot open.
    let settings = std::fs::read_to_string(first.directory.path().join("sealgate.toml")).unwrap();
    let settings = settings
        .replace("shared", "own")
        .replace("vault.pem", "own-vault.pem");
    let other = first.directory.write("other.toml", settings);
    let refused = std::process::Command::new(PROGRAM)
        .args(["serve", "--config"])
        .arg(&other)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && told.contains("copy the file from one of them"),
        "{told}"
    );
    let policy = std::fs::read_to_string("policies/policy.toml").unwrap() + "\n# changed\n";
    let options = Options {
        store: format!("url = \"{url}\"\ngateway = \"second\""),
        tables: format!(
            "[vault]\nkey = \"{}\"",
            cluster.shared.path().join("vault.pem").display()
        ),
        policy,
        ..Options::default()
    };
    let second = Gateway::start(mailbox.address, &options);
    second.wait_for_log("another gateway decides by other policies");
    assert!(
        first
            .ask(&["gateways"])
            .contains("do not decide by the same policies")
    );
    // Whichever gateway refuses, the record is there for all.
    let id = send_for_id(second.address, CLERK, &[NOBODY], &letter(4));
    mailbox.next();
    assert!(first.ask(&["trace", &id]).contains(NOBODY));
}

/// The policy by which a gateway decides, from `gateways --json`.
fn policy_of(gateway: &Gateway, name: &str) -> String {
    let told = gateway.ask(&["gateways", "--json"]);
    let all: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let all = all.as_array().expect("a list");
    let one = all.iter().find(|one| one["name"] == name).expect("it is at work");
    one["policy"].as_str().expect("text").to_owned()
}

#[test]
fn published_policies_are_put_in_force_by_every_gateway_and_forged_or_unsound_ones_by_none() {
    let Some(cluster) = Cluster::start("cluster-published") else {
        return;
    };
    let mailbox = Mailbox::start();
    let follows = "policies = \"published\"";
    let first = cluster.gateway_with("first", mailbox.address, follows);
    let second = cluster.gateway_with("second", mailbox.address, follows);
    assert!(
        first
            .ask(&["policy", "published"])
            .contains("Nothing is published yet")
    );
    let everywhere = |policy: &str| {
        while ["first", "second"]
            .iter()
            .any(|name| policy_of(&first, name) != policy)
        {
            std::thread::yield_now();
        }
    };
    let number = |told: &str| told.lines().next().unwrap_or_default().to_owned();

    // An unsound one is refused where it is published, with file and line.
    let file = first.directory.path().join("policies/policy.toml");
    let shipped = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("elemnts = []\n{shipped}")).unwrap();
    let refused = first.command(&["policy", "publish"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && told.contains("policy.toml:1"),
        "{told}"
    );

    // One gateway publishes; both decide by it, without a signal.
    std::fs::write(&file, format!("{shipped}\n# Reviewed in spring.\n")).unwrap();
    let told = first.ask(&["policy", "publish", "--note", "the review of spring"]);
    let spring = number(&told).rsplit(' ').next().unwrap().to_owned();
    assert!(told.starts_with("published as 1: policy "), "{told}");
    everywhere(&spring);
    std::fs::write(&file, format!("{shipped}\n# Reviewed in autumn.\n")).unwrap();
    let told = first.ask(&["policy", "publish"]);
    let autumn = number(&told).rsplit(' ').next().unwrap().to_owned();
    everywhere(&autumn);

    // What somebody writes into the database who has not the key of the vault, nobody believes.
    cluster.ask(
        "INSERT INTO publications SELECT 3, version, author, note, at, replace(files, 'autumn', 'winter'), mac
         FROM publications WHERE number = 2",
    );
    second.wait_for_log("do not come from somebody who has the vault's key");
    everywhere(&autumn);

    // What was before comes back, and both decide mail by it.
    let told = second.ask(&[
        "policy",
        "publish",
        "--again",
        "1",
        "--note",
        "autumn was a mistake",
    ]);
    assert!(told.starts_with("published as 4: "), "{told}");
    everywhere(&spring);
    let id = send_for_id(second.address, CLERK, &[ANNA], &letter(1));
    mailbox.next();
    assert!(first.ask(&["trace", &id]).contains(&spring));
    let told = second.ask(&["policy", "published"]);
    assert!(
        told.contains("the review of spring") && told.contains("autumn was a mistake"),
        "{told}"
    );

    // It comes back as files, and a gateway that starts has it, too.
    let folder = first.directory.path().join("fetched");
    first.ask(&["policy", "fetch", "2", folder.to_str().unwrap()]);
    let fetched = std::fs::read_to_string(folder.join("policy.toml")).unwrap();
    assert!(fetched.contains("Reviewed in autumn"));
    drop(second);
    let _third = cluster.gateway_with("third", mailbox.address, follows);
    while policy_of(&first, "third") != spring {
        std::thread::yield_now();
    }
}
