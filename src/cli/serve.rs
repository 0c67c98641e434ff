//! `sealgate serve`: the relay.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use crate::config::Settings;
use crate::relay::{Gateway, Inward};
use crate::smtp::Server;
use crate::store::Store;

use super::published::{InForce, Policies};
use super::{SettingsFile, block_on, gateway};

/// How often old records are looked for.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How often issuers of certificates are asked for what is due.
const ISSUERS: Duration = Duration::from_secs(15 * 60);

/// What an administrator or the service manager says to the process.
struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

/// Runs until SIGTERM or SIGINT. SIGHUP puts changed policies and certificates in force.
pub fn run(file: &SettingsFile) -> ExitCode {
    start_log();
    keep_memory_to_itself();
    take_all_descriptors();
    block_on(async {
        // Listened for from the first moment: a SIGHUP that nobody listens for ends the process.
        let signals = Signals::listen()?;
        let settings = Settings::load(&file.config).map_err(|mistakes| super::config::explain(&mistakes))?;
        let (store, vault) = gateway::open(&settings).await?;
        let policies = Arc::new(Policies::new(&settings, &store, &vault)?);
        let InForce { bundle, number } = policies.choose().await?;
        let version = bundle.policy.version.clone();
        let gateway = gateway::start(&settings, bundle, &store, vault).await?;
        let server = Server::bind(&settings.smtp, &settings.hostname, Arc::clone(&gateway) as _);
        let server = server.await.map_err(|error| error.to_string())?;
        for address in server.addresses() {
            tracing::info!(%address, policy = version, "ready");
        }
        let inward = inward(&settings, &gateway).await?;
        serve(gateway, (server, inward), &policies, number, signals).await?;
        store.close().await;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    })
}

async fn serve(
    gateway: Arc<Gateway>,
    (server, inward): (Server, Option<Server>),
    policies: &Arc<Policies>,
    published: i64,
    mut signals: Signals,
) -> Result<(), String> {
    let (store, settings) = (policies.store(), policies.settings());
    let mut daily = tokio::time::interval(DAY);
    let (stop, stopped) = watch::channel(false);
    // Each is a task, so that none waits for another: reading many certificates again takes its time.
    let mut parts = JoinSet::new();
    parts.spawn(Arc::clone(&gateway).deliver(until(stopped.clone())));
    parts.spawn(Arc::clone(&gateway).keep_waiting(until(stopped.clone())));
    parts.spawn(server.run(until(stopped.clone())));
    if let Some(inward) = inward {
        parts.spawn(inward.run(until(stopped.clone())));
    }
    let (purges, reloads) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    parts.spawn(Arc::clone(policies).follow(
        Arc::clone(&gateway),
        published,
        Arc::clone(&reloads),
        until(stopped.clone()),
    ));
    if settings.certificates.online.is_on() {
        let again = (Arc::clone(&gateway), settings.clone(), Arc::clone(&reloads));
        parts.spawn(ask_issuers(again, until(stopped.clone())));
    }
    loop {
        tokio::select! {
            ended = parts.join_next() => match ended {
                None => return Ok(()),
                Some(Ok(())) if *stopped.borrow() => {}
                // Without one of its parts the gateway is better restarted than half alive.
                Some(_) => return Err("a part of the gateway stopped by mistake".to_owned()),
            },
            _ = daily.tick() => drop(tokio::spawn(purge(store.clone(), Arc::clone(&purges)))),
            _ = signals.hangup.recv() => {
                let (gateway, policies) = (Arc::clone(&gateway), Arc::clone(policies));
                let reloads = Arc::clone(&reloads);
                drop(tokio::spawn(async move { reload(&gateway, &policies, &reloads).await; }));
            }
            _ = signals.terminate.recv() => { stop.send_replace(true); }
            _ = signals.interrupt.recv() => { stop.send_replace(true); }
        }
    }
}

/// Fetches what the issuers of certificates publish, at start, from time to time, and when certificates come up whose
/// issuers were not asked yet. What is new counts at once; nothing else that has changed on the disk does.
async fn ask_issuers(
    (gateway, settings, reloads): (Arc<Gateway>, Settings, Arc<Mutex<()>>),
    stopped: impl Future<Output = ()>,
) {
    tokio::pin!(stopped);
    let Some(online) = gateway.certificates().online() else {
        return stopped.await;
    };
    loop {
        let refreshed = gateway.certificates().refresh(Timestamp::now()).await;
        for (place, why) in &refreshed.failed {
            tracing::warn!(
                place,
                why,
                "nothing could be fetched from the issuer of certificates"
            );
        }
        if refreshed.is_news() {
            take_in_news(Arc::clone(&gateway), settings.clone(), Arc::clone(&reloads)).await;
        }
        tokio::select! {
            () = &mut stopped => return,
            () = online.news() => {}
            () = tokio::time::sleep(ISSUERS) => {}
        }
    }
}

/// The server for mail from outside, if there is to be one.
async fn inward(settings: &Settings, gateway: &Arc<Gateway>) -> Result<Option<Server>, String> {
    if !settings.inbound.is_on() {
        return Ok(None);
    }
    let accept = Arc::new(Inward(Arc::clone(gateway)));
    let domains = settings
        .domains
        .iter()
        .map(|domain| domain.to_lowercase())
        .collect();
    let server = Server::bind_for(
        &settings.inbound_smtp(),
        &settings.hostname,
        accept,
        Some(domains),
    )
    .await;
    let server = server.map_err(|error| format!("[inbound] {error}"))?;
    for address in server.addresses() {
        tracing::info!(%address, "ready for mail from outside");
    }
    Ok(Some(server))
}

/// Forgets what is older than `keep_days`.
async fn purge(store: Store, one_at_a_time: Arc<Mutex<()>>) {
    let _turn = one_at_a_time.lock().await;
    match store.purge(Timestamp::now()).await {
        Ok(0) => {}
        Ok(records) => tracing::info!(records, "old records were deleted"),
        Err(error) => tracing::error!(%error, "old records could not be deleted"),
    }
}

/// In turn with reloads, so that neither undoes the other. Reading lists takes its time.
async fn take_in_news(gateway: Arc<Gateway>, settings: Settings, one_at_a_time: Arc<Mutex<()>>) {
    let _turn = one_at_a_time.lock().await;
    let taken = tokio::task::spawn_blocking(move || gateway::take_in_news(&gateway, &settings)).await;
    match taken {
        Ok(Ok(())) => tracing::info!("what issuers of certificates publish was taken in"),
        Ok(Err(mistake)) => tracing::error!("what came from issuers cannot be taken in: {mistake}"),
        Err(_) => {}
    }
}

/// In turn, so that what was asked for last is what is in force. Answers whether it is.
pub(super) async fn reload(gateway: &Gateway, policies: &Policies, one_at_a_time: &Mutex<()>) -> bool {
    let _turn = one_at_a_time.lock().await;
    let reloaded = match policies.choose().await {
        Ok(InForce { bundle, .. }) => gateway::reload(gateway, policies.settings(), bundle).await,
        Err(mistakes) => Err(mistakes),
    };
    match reloaded {
        Ok(policy) => {
            tracing::info!(policy, "policies and certificates were read again");
            if let Err(error) = gateway::tell_policy(policies.store(), &policy).await {
                tracing::warn!(error, "the other gateways could not be told");
            }
            true
        }
        Err(mistakes) => {
            tracing::error!("policies and certificates stay as they were:\n{mistakes}");
            false
        }
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is an end as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

impl Signals {
    fn listen() -> Result<Signals, String> {
        let listen = |kind| signal(kind).map_err(|error| format!("signals cannot be received: {error}"));
        Ok(Signals {
            hangup: listen(SignalKind::hangup())?,
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }
}

/// Logs to standard error: for people on a terminal, as JSON lines otherwise. `RUST_LOG` sets the detail.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    if std::io::stderr().is_terminal() {
        log.init()
    } else {
        log.json().flatten_event(true).init()
    }
}

/// Each session takes one, and what starts this process often allows 1,024 where it could allow many more.
fn take_all_descriptors() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}

/// Mail in clear is in memory only. A core file would put it on the disk, and the words of a panic may quote it.
fn keep_memory_to_itself() {
    if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
        tracing::warn!(%error, "core files cannot be turned off; one could hold mail in clear");
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a mistake in Sealgate; please report it with this place");
    }));
}
