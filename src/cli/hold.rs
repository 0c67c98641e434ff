//! `sealgate hold`: what waits for a recipient's certificate. Shows no bodies; only the gateway can open them.

use std::io::Write;

use jiff::Timestamp;

use super::queue::print;
use super::table;
use crate::audit::printable;
use crate::message::{Address, MessageId};
use crate::queue::{Waiting, WaitingFilter, WaitingOrder, WaitingRoom};
use crate::store::{Settings, Store};

/// Copies that are listed at most.
const MOST: u32 = 1000;

/// Look at mail that waits for certificates, and steer it
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List what waits, the oldest first
    List {
        /// Mail to this address only
        #[arg(long)]
        recipient: Option<Address>,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Have the gateway decide afresh now, for instance after 'sealgate cert import'. Without a certificate that may be
    /// used, it goes on waiting
    Release(Target),
    /// End the wait now: the sender gets the notice, and the copy is deleted. This cannot be taken back
    Expire(Target),
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Target {
    /// Their numbers in the list
    ids: Vec<i64>,
    /// Everything that waits
    #[arg(long, conflicts_with_all = ["ids", "recipient", "message"])]
    all: bool,
    /// Mail to this address
    #[arg(long)]
    recipient: Option<Address>,
    /// Copies of this message
    #[arg(long, value_name = "ID")]
    message: Option<MessageId>,
}

/// Does what the arguments say. The program ends with status 0 when this is `Ok`.
///
/// # Errors
/// What went wrong and what to do, for the error output; the program ends with status 1 then. A command that
/// changed nothing is an error.
pub async fn run(arguments: &Arguments, settings: &Settings, out: &mut dyn Write) -> Result<(), String> {
    let store = Store::attach(settings).await.map_err(|error| error.to_string())?;
    let text = match &arguments.action {
        Action::List { recipient, json } => listing(&store, recipient.clone(), *json).await,
        Action::Release(target) => order(&store, target, WaitingOrder::LookNow).await,
        Action::Expire(target) => order(&store, target, WaitingOrder::Expire).await,
    };
    store.close().await;
    print(out, &text?)
}

async fn listing(store: &Store, recipient: Option<Address>, json: bool) -> Result<String, String> {
    let filter = WaitingFilter {
        recipient,
        ..WaitingFilter::default()
    };
    let found = store
        .waiting(filter, MOST)
        .await
        .map_err(|error| error.to_string())?;
    if json {
        let text = serde_json::to_string_pretty(&found).map_err(|error| error.to_string())?;
        return Ok(text + "\n");
    }
    Ok(match found.is_empty() {
        true => "Nothing waits.\n".to_owned(),
        false => overview(&found),
    })
}

fn overview(found: &[Waiting]) -> String {
    let head = ["ID", "SINCE", "UNTIL", "SIZE", "MESSAGE", "SENDER", "RECIPIENT"];
    let time = |time: Timestamp| time.strftime("%Y-%m-%d %H:%M").to_string();
    let rows = found.iter().map(|one| {
        [
            one.id.to_string(),
            time(one.since),
            time(one.until),
            one.size.to_string(),
            one.message.decision(one.place).to_string(),
            printable(&one.sender.to_string()),
            printable(&one.recipient.to_string()),
        ]
    });
    table::align(head, rows, &[0, 3])
}

async fn order(store: &Store, target: &Target, order: WaitingOrder) -> Result<String, String> {
    let filter = WaitingFilter {
        ids: target.ids.clone(),
        message: target.message,
        recipient: target.recipient.clone(),
        due: None,
    };
    let changed = store.order(filter, order, Timestamp::now()).await;
    let done = match order {
        WaitingOrder::Expire => "is over",
        _ => "is looked at now",
    };
    match changed.map_err(|error| error.to_string())? {
        0 => Err("nothing like that waits. 'sealgate hold list' shows what does".to_owned()),
        1 => Ok(format!("One copy: its wait {done}.\n")),
        many => Ok(format!("{many} copies: their wait {done}.\n")),
    }
}
