//! Joins the stages to a gateway, from settings and a policy bundle.

use std::sync::Arc;

use crate::config::{Bundle, Settings};
use crate::deliver::Courier;
use crate::detect::Rules;
use crate::dkim::Dkim;
use crate::inspect::{Inspector, Ocr, OcrMode, PendingOcr};
use crate::message::Secret;
use crate::notice::Notices;
use crate::relay::{Couriers, Gateway, Identity, LoopGuard, Rulebook, Stores};
use crate::smime::keys::KeyRing;
use crate::smime::online::Online;
use crate::smime::{Certificates, Opener, Vault};
use crate::store::Store;

/// Opens the store, and the vault, whose key lies in the directory of the store and is made under its lock.
///
/// # Errors
/// Why not, in words for an administrator.
pub async fn open(settings: &Settings) -> Result<(Store, Vault), String> {
    let store = Store::open(&settings.store)
        .await
        .map_err(|error| error.to_string())?;
    let vault = Vault::open(&settings.vault_file()).map_err(|error| error.to_string())?;
    Ok((store, vault))
}

/// Starts the readers, and joins everything to what [`open`] has opened.
///
/// # Errors
/// The first stage that does not start, in words for an administrator.
pub async fn start(
    settings: &Settings,
    bundle: Bundle,
    store: &Store,
    vault: Vault,
) -> Result<Arc<Gateway>, String> {
    let identity = |secret| Identity {
        hostname: settings.hostname.clone(),
        domains: settings
            .domains
            .iter()
            .map(|domain| domain.to_lowercase())
            .collect(),
        give_up_hours: settings.deliver.give_up.0,
        delay_notice_hours: settings.deliver.delay_notice.0,
        concurrency: settings.deliver.concurrency.0,
        memory: settings.smtp.memory_octets(),
        enrol: settings.inbound.enrol.clone(),
        answers_per_hour: settings.inbound.answers_per_hour,
        harvest: settings.harvest.mode,
        administrator: settings.harvest.administrator.clone(),
        loops: LoopGuard::new(settings.loops.clone(), secret),
        conformance: settings.conformance.mode,
        heeds_tls_required_no: settings.deliver.heed_tls_required_no,
    };
    let couriers = couriers(settings)?;
    // At once, for each takes a part of the time that mail has to wait after a crash.
    let prepared = (settings.clone(), bundle.clone());
    let prepared = tokio::task::spawn_blocking(move || rulebook(&prepared.0, &prepared.1));
    let limits = settings.inspect.limits();
    let (rulebook, inspector) = tokio::join!(
        prepared,
        Inspector::start(&settings.inspect, &limits, &bundle.rules)
    );
    let mut rulebook = rulebook.map_err(|error| error.to_string())??;
    let inspector = inspector.map_err(|error| error.to_string())?;
    if let Some(ocr) = ocr(settings).await? {
        inspector.read_pictures_with(ocr);
    }
    rulebook.certificates = rulebook
        .certificates
        .with_directories(&settings.certificates)?
        .with_register(Arc::new(store.clone()))
        .with_online(Online::start(&settings.certificates.online));
    let secret = Secret::open(&settings.secret_file());
    let identity = identity(secret.map_err(|error| format!("the gateway's own key: {error}"))?);
    join(store, &vault, settings, &bundle.policy.version).await?;
    let gateway = Gateway::new(
        identity,
        inspector,
        rulebook,
        Stores {
            trail: Arc::new(store.clone()),
            spool: Arc::new(store.clone()),
            waiting: Arc::new(store.clone()),
            register: Arc::new(store.clone()),
        },
        couriers,
        vault,
    );
    let gateway = gateway.with_dkim(Dkim::load(&settings.dkim)?);
    let expected = gateway.expect_resent().await;
    expected.map_err(|error| error.to_string())?;
    Ok(Arc::new(gateway))
}

/// What gateways that share a store must have alike, and tell each other.
///
/// # Errors
/// When this one could not open what another has sealed.
async fn join(store: &Store, vault: &Vault, settings: &Settings, policy: &str) -> Result<(), String> {
    let agreed = store.agree("vault", vault.fingerprint()).await;
    if agreed.map_err(|error| error.to_string())? != vault.fingerprint() {
        return Err(format!(
            "{}: the gateways that share this store have another key for mail that waits; copy the file from one of them, \
             so that each can open what another has sealed",
            settings.vault_file().display()
        ));
    }
    tell_policy(store, policy).await
}

/// Tells the other gateways by which policies this one decides, and the log when they do not decide by the same.
///
/// # Errors
/// When the store does not answer.
pub async fn tell_policy(store: &Store, policy: &str) -> Result<(), String> {
    store
        .decides_by(policy)
        .await
        .map_err(|error| error.to_string())?;
    let gateways = store.gateways().await.map_err(|error| error.to_string())?;
    for other in gateways
        .iter()
        .filter(|one| one.policy != policy && !one.policy.is_empty())
    {
        tracing::warn!(
            gateway = other.name,
            theirs = other.policy,
            ours = policy,
            "another gateway decides by other policies"
        );
    }
    Ok(())
}

fn couriers(settings: &Settings) -> Result<Couriers, String> {
    let inward = || Courier::new(&settings.inbound_deliver(), &settings.hostname);
    Ok(Couriers {
        outward: Courier::new(&settings.deliver, &settings.hostname)?,
        inward: settings.inbound.is_on().then(inward).transpose()?,
    })
}

/// What reads pictures, if anything is to. Unless it is required, only mail with pictures waits until it was tried.
///
/// # Errors
/// When it is required and does not work.
async fn ocr(settings: &Settings) -> Result<Option<PendingOcr>, String> {
    let asked = settings.ocr.clone();
    let weak = settings.inspect.allow_weak_jail;
    match asked.mode {
        OcrMode::Off => {
            tracing::info!("pictures are not read: [ocr] mode is \"off\"");
            Ok(None)
        }
        OcrMode::Required => match Ocr::start(&asked, weak).await {
            Ok(ocr) => {
                tell_of(&ocr);
                Ok(Some(ocr.into()))
            }
            Err(why) => Err(format!(
                "pictures cannot be read: {why}; [ocr] mode = \"when-installed\" starts without"
            )),
        },
        OcrMode::WhenInstalled => Ok(Some(PendingOcr::on_trial(asked.clone(), async move {
            let started = Ocr::start(&asked, weak).await;
            let started = started.inspect_err(|why| {
                tracing::warn!(%why, "pictures are not read and count as unread");
            });
            started.ok().inspect(tell_of)
        }))),
    }
}

fn tell_of(ocr: &Ocr) {
    tracing::info!(program = ocr.version(), "pictures are read");
}

/// Puts changed policies and certificates in force. When anything in them is wrong, what was in force stays.
///
/// # Errors
/// Every mistake that was found.
pub async fn reload(gateway: &Gateway, settings: &Settings, bundle: Bundle) -> Result<String, String> {
    let version = bundle.policy.version.clone();
    let mut rulebook = rulebook(settings, &bundle)?;
    // The same directories and the same word of issuers: what they have said still holds.
    let in_force = gateway.certificates();
    rulebook.certificates = rulebook.certificates.with_sources_of(&in_force);
    gateway
        .inspector()
        .reload(&bundle.rules)
        .await
        .map_err(|error| error.to_string())?;
    gateway.replace_rulebook(rulebook);
    Ok(version)
}

/// Takes in what was fetched from the issuers of certificates. Policies, keys and recipients' certificates stay as they are:
/// somebody may be at work on them.
///
/// # Errors
/// As for loading the certificates; what was in force stays.
pub fn take_in_news(gateway: &Gateway, settings: &Settings) -> Result<(), String> {
    gateway.replace_certificates(gateway.certificates().renewed(&settings.certificates)?);
    Ok(())
}

fn rulebook(settings: &Settings, bundle: &Bundle) -> Result<Rulebook, String> {
    // The readers compile the rules again in their jail; here a mistake can still be told. Rules that fail their
    // own examples do not go live.
    let rules = Rules::compile(&bundle.rules).map_err(|mistakes| in_lines(&mistakes))?;
    let failures = rules.prove();
    if !failures.is_empty() {
        return Err(in_lines(&failures));
    }
    let notices = Notices::new(settings.notice.clone(), &settings.hostname, &bundle.notices);
    Ok(Rulebook {
        policy: bundle.policy.clone(),
        certificates: Certificates::load(&settings.certificates)?,
        keys: Arc::new(KeyRing::load(&settings.keys)?),
        opener: opener(settings)?.map(Arc::new),
        notices: Arc::new(notices.map_err(|error| error.to_string())?),
    })
}

/// The keys to decrypt mail from outside with, if there are to be any.
///
/// # Errors
/// Names the file that cannot be used.
pub fn opener(settings: &Settings) -> Result<Option<Opener>, String> {
    let load = |folder: &std::path::PathBuf| Opener::load(folder, settings.keys.secret_file.as_deref());
    settings.inbound.decrypt_keys.as_ref().map(load).transpose()
}

fn in_lines(mistakes: &[impl ToString]) -> String {
    mistakes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
