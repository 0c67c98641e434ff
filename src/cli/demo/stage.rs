//! The demo's stage: a directory, a gateway, and a mailbox that stands for everybody behind it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::audit::{Lookup, Traced, Trail};
use crate::config::{Bundle, Settings};
use crate::deliver::{self, Attempt, Courier, Tls};
use crate::message::{MessageId, Purpose, RawMessage};
use crate::queue::{Delivery, Filter, Spool, State};
use crate::smtp::{self, Server};
use crate::store::Store;

use super::disk::Disk;
use super::mailbox::{Letter, Mailbox};
use super::mails::{HARMLESS, Mail, SENDER};
use super::pki::{ANNA, NOBODY, Pki};
use crate::cli::gateway;

/// How long the outcome of one mail may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that the demo runs on.
pub struct Stage {
    /// The demo's certificates and keys.
    pub pki: Pki,
    directory: PathBuf,
    temporary: bool,
    address: String,
    mailbox: Arc<Mailbox>,
    client: Courier,
    store: Store,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// One mail, sent: what the gateway recorded and what left.
pub struct Performed {
    /// The exact bytes that were sent.
    pub raw: RawMessage,
    /// The record of it.
    pub traced: Traced,
    /// What came out at the other side.
    pub letters: Vec<Letter>,
}

impl Stage {
    /// Makes the PKI and the settings, starts the mailbox and the gateway.
    ///
    /// # Errors
    /// What could not be made or started.
    pub async fn set(directory: Option<PathBuf>, progress: &ProgressBar) -> Result<Stage, String> {
        progress.set_message("making a demo PKI");
        let temporary = directory.is_none();
        let directory = directory.unwrap_or_else(temporary_directory);
        let pki = Pki::create(&directory.join("certs"))?;
        progress.inc(1);

        progress.set_message("starting the partner's mailbox");
        let (stop, _) = watch::channel(false);
        let mailbox = Arc::new(Mailbox::default());
        let local = smtp::Settings {
            listen: vec![([127, 0, 0, 1], 0).into()],
            ..smtp::Settings::default()
        };
        let server = Server::bind(&local, "partner.example", Arc::clone(&mailbox) as _).await;
        let server = server.map_err(|error| error.to_string())?;
        let next_hop = first_address(&server)?;
        let mut tasks = vec![tokio::spawn(server.run(until(&stop)))];
        progress.inc(1);

        progress.set_message("starting the gateway");
        let settings = write_settings(&directory, &next_hop)?;
        let bundle =
            Bundle::load(&settings.policies).map_err(|mistakes| crate::cli::config::explain(&mistakes))?;
        let (store, vault) = gateway::open(&settings).await?;
        let gateway = gateway::start(&settings, bundle, &store, vault).await?;
        let server = Server::bind(&settings.smtp, &settings.hostname, Arc::clone(&gateway) as _).await;
        let server = server.map_err(|error| error.to_string())?;
        let address = first_address(&server)?;
        tasks.push(tokio::spawn(server.run(until(&stop))));
        tasks.push(tokio::spawn(gateway.deliver(until(&stop))));
        let route = deliver::Settings {
            next_hop: address.clone(),
            tls: Tls::None,
            ..deliver::Settings::default()
        };
        let client = Courier::new(&route, "mail.agency.example")?;
        progress.inc(1);
        Ok(Stage {
            pki,
            directory,
            temporary,
            address,
            mailbox,
            client,
            store,
            stop,
            tasks,
        })
    }

    /// Sends one mail as the organisation's server would, and waits until nothing of it is under way.
    ///
    /// # Errors
    /// When the gateway does not take it, or it stays in the queue.
    pub async fn perform(&self, mail: &Mail) -> Result<Performed, String> {
        let raw = RawMessage::new(mail.text.replace('\n', "\r\n"));
        let id = self.send(mail, &raw).await?;
        let filter = Filter {
            message: Some(id),
            ..Filter::default()
        };
        let mut patience = 0;
        while !self
            .store
            .list(filter.clone())
            .await
            .map_err(|error| error.to_string())?
            .is_empty()
        {
            patience += 1;
            if Duration::from_millis(20) * patience > PATIENCE {
                return Err(format!(
                    "'{}' is still in the queue after {} s",
                    mail.title,
                    PATIENCE.as_secs()
                ));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let found = self
            .store
            .find(Lookup::Id(id))
            .await
            .map_err(|error| error.to_string())?;
        let traced = found.into_iter().next().ok_or("the gateway kept no record")?;
        Ok(Performed {
            raw,
            traced,
            letters: self.mailbox.take(),
        })
    }

    /// Looks for personal information in every file of the gateway's store.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn search_disk(&self, secrets: &[&str]) -> Result<Disk, String> {
        Disk::search(&self.directory.join("data"), secrets, HARMLESS)
    }

    /// What arrived since somebody last asked.
    pub fn arrived(&self) -> Vec<Letter> {
        self.mailbox.take()
    }

    /// What somebody at the terminal can try now.
    pub fn invitation(&self) -> String {
        let program = std::env::args().next().unwrap_or_else(|| "sealgate".to_owned());
        let settings = self.directory.join("sealgate.toml");
        let settings = settings.display();
        format!(
            "The gateway is still up, and what arrives behind it is shown here. In another terminal, try:\n\n\
             \x20 swaks --server {address} --from {SENDER} --to {ANNA} --body 'John Castellano, SSN 536-22-8145'\n\
             \x20 swaks --server {address} --from {SENDER} --to {NOBODY} --body 'John Castellano, SSN 536-22-8145'\n\
             \x20 {program} trace ID --config {settings}        # ID is in swaks' last lines and in the notice\n\
             \x20 {program} cert list --config {settings}\n\n\
             Ctrl-C ends it.",
            address = self.address,
        )
    }

    /// Stops everything and clears up.
    pub async fn strike(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            let _ = task.await;
        }
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }

    async fn send(&self, mail: &Mail, raw: &RawMessage) -> Result<MessageId, String> {
        let mut deliveries = Vec::new();
        for (address, _) in &mail.recipients {
            deliveries.push(delivery(address, raw)?);
        }
        let attempts = self.client.deliver(&deliveries, raw).await;
        match attempts.into_iter().next() {
            Some(Attempt::Delivered(reply)) => {
                let id = reply.split_whitespace().last().and_then(|word| word.parse().ok());
                id.ok_or_else(|| format!("no id in the gateway's reply: {reply}"))
            }
            other => Err(format!("the gateway did not take '{}': {other:?}", mail.title)),
        }
    }
}

fn delivery(recipient: &str, raw: &RawMessage) -> Result<Delivery, String> {
    let now = Timestamp::now();
    let parse = |address: &str| address.parse().map_err(|error| format!("{address}: {error}"));
    Ok(Delivery {
        id: 0,
        message: MessageId::new(0, 0),
        place: 1,
        purpose: Purpose::Mail,
        sender: Some(parse(SENDER)?),
        recipient: parse(recipient)?,
        body: 0,
        size: raw.len() as u64,
        state: State::Queued,
        attempts: 0,
        created: now,
        next_attempt: now,
        last_reply: String::new(),
        dsn: Default::default(),
        told_late: false,
        tls: Default::default(),
    })
}

fn write_settings(directory: &Path, next_hop: &str) -> Result<Settings, String> {
    let policies = directory.join("policies");
    let problem = |error: std::io::Error| format!("{}: {error}", directory.display());
    Bundle::write_embedded(&policies).map_err(problem)?;
    let policy = policies.join("policy.toml");
    let text = std::fs::read_to_string(&policy).map_err(problem)?;
    let denied = "denied_for_personal_information = [";
    let text = text.replace(denied, &format!("{denied}\"{}\"", super::pki::NOT_ALLOWED));
    std::fs::write(&policy, text).map_err(problem)?;
    let file = directory.join("sealgate.toml");
    std::fs::write(&file, settings(next_hop)).map_err(problem)?;
    Settings::load(&file).map_err(|mistakes| crate::cli::config::explain(&mistakes))
}

fn settings(next_hop: &str) -> String {
    format!(
        r#"# The settings of the demo.
hostname = "gate.agency.example"
domains = ["agency.example"]
policies = "policies"

[smtp]
listen = ["127.0.0.1:0"]
relay_from = ["127.0.0.1"]

[inspect]
# A container may not give everything; `sealgate serve` insists on it.
allow_weak_jail = true

[certificates]
recipients = "certs/recipients"
anchors = "certs/anchors"
intermediates = "certs/intermediates"
crls = "certs/crls"

[notice]
organisation = "the Agency"
help = "the help desk, 617-555-0100"

[store]
directory = "data"

[deliver]
next_hop = "{next_hop}"
tls = "none"
"#
    )
}

fn first_address(server: &Server) -> Result<String, String> {
    let address = server.addresses().first().copied();
    address
        .map(|address| address.to_string())
        .ok_or_else(|| "a server listens nowhere".to_owned())
}

fn temporary_directory() -> PathBuf {
    std::env::temp_dir().join(format!("sealgate-demo-{}", std::process::id()))
}

fn until(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stopped = stop.subscribe();
    async move { drop(stopped.wait_for(|stopped| *stopped).await) }
}
