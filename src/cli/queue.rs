//! `sealgate queue`: what waits to be delivered, and what to do with it. Shows no bodies.

mod shape;

use std::io::Write;

use jiff::{SignedDuration, Timestamp};

use super::table;
use crate::audit::printable;
use crate::message::MessageId;
use crate::queue::{Command, Delivery, Filter, Spool, State};
use crate::store::{Settings, Store};

/// Columns that a reply gets in the list.
const REPLY: usize = 60;

/// Look at the queue and steer it
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List deliveries that are not finished, the oldest first
    List(List),
    /// Count what waits, by destination or sender and by age in minutes, the biggest first
    Shape(shape::Shape),
    /// Show all that is known of one delivery, also of a finished one
    Show {
        /// Its number in the list
        id: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Try deliveries now instead of at their next attempt
    Retry(Target),
    /// Stop trying until 'release'
    Hold(Target),
    /// Go on after 'hold', at once
    Release(Target),
    /// Give up for good and tell the senders; this cannot be taken back. Notices only by their numbers
    Bounce(Target),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    which: Which,
    /// In this state only: queued, held, bouncing, delivered or bounced
    #[arg(long, value_parser = state)]
    state: Option<State>,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Target {
    /// Their numbers in the list
    ids: Vec<i64>,
    /// Every delivery that is not finished
    #[arg(long, conflicts_with_all = ["ids", "domain", "message", "sender", "recipient", "older_than", "reply"])]
    all: bool,
    #[command(flatten)]
    which: Which,
    /// Print JSON: {"changed": 3}
    #[arg(long)]
    json: bool,
}

/// Which deliveries are meant; several options narrow each other.
#[derive(Debug, clap::Args)]
struct Which {
    /// Recipients in this domain
    #[arg(long)]
    domain: Option<String>,
    /// Copies of this message
    #[arg(long, value_name = "ID")]
    message: Option<MessageId>,
    /// Mail of this sender; "<>" is mail without one
    #[arg(long, value_name = "ADDRESS")]
    sender: Option<String>,
    /// Mail to this recipient
    #[arg(long, value_name = "ADDRESS")]
    recipient: Option<String>,
    /// Accepted longer ago than this: 30m, 4h, 2d
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<SignedDuration>,
    /// With this text in the last reply, in upper or lower case
    #[arg(long, value_name = "TEXT")]
    reply: Option<String>,
}

impl Which {
    fn is_given(&self) -> bool {
        let texts = [&self.domain, &self.sender, &self.recipient, &self.reply];
        texts.iter().any(|text| text.is_some()) || self.message.is_some() || self.older_than.is_some()
    }

    fn filter(&self, now: Timestamp) -> Filter {
        let bare = |address: &String| {
            let inside = address.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
            inside.unwrap_or(address).to_owned()
        };
        let before = |age| now.checked_sub(age).unwrap_or(Timestamp::MIN);
        Filter {
            message: self.message,
            domain: self.domain.clone(),
            sender: self.sender.as_ref().map(bare),
            recipient: self.recipient.as_ref().map(bare),
            before: self.older_than.map(before),
            reply: self.reply.clone(),
            ..Filter::default()
        }
    }
}

/// Does what the arguments say. The program ends with status 0 when this is `Ok`.
///
/// # Errors
/// What went wrong and what to do, for the error output; the program ends with status 1 then. A command that
/// changed nothing is an error.
pub async fn run(arguments: &Arguments, settings: &Settings, out: &mut dyn Write) -> Result<(), String> {
    let store = Store::attach(settings).await.map_err(|error| error.to_string())?;
    let text = answer(&store, &arguments.action).await;
    store.close().await;
    print(out, &text?)
}

/// Writes a text. Nobody is told when the reader has gone (`sealgate queue list | head`).
pub(super) fn print(out: &mut dyn Write, text: &str) -> Result<(), String> {
    print_bytes(out, text.as_bytes())
}

/// The same with bytes.
pub(super) fn print_bytes(out: &mut dyn Write, bytes: &[u8]) -> Result<(), String> {
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

async fn answer(store: &Store, action: &Action) -> Result<String, String> {
    match action {
        Action::List(list) => listing(store, list).await,
        Action::Shape(asked) => shape::shape(store, asked, Timestamp::now()).await,
        Action::Show { id, json } => show(store, *id, *json).await,
        Action::Retry(target) => command(store, target, Command::Retry).await,
        Action::Hold(target) => command(store, target, Command::Hold).await,
        Action::Release(target) => command(store, target, Command::Release).await,
        Action::Bounce(target) => command(store, target, Command::Bounce).await,
    }
}

async fn listing(store: &Store, list: &List) -> Result<String, String> {
    let filter = Filter {
        state: list.state,
        ..list.which.filter(Timestamp::now())
    };
    let is_narrowed = list.which.is_given() || list.state.is_some();
    let found = store.list(filter).await.map_err(|error| error.to_string())?;
    if list.json {
        return json(&found);
    }
    Ok(match found.len() {
        0 if is_narrowed => "No delivery fits.\n".to_owned(),
        0 => "The queue is empty.\n".to_owned(),
        _ => format!("{}{}\n", overview(&found), by_state(&found)),
    })
}

fn overview(found: &[Delivery]) -> String {
    let head = [
        "ID",
        "STATE",
        "TRIES",
        "NEXT ATTEMPT",
        "SIZE",
        "MESSAGE",
        "SENDER",
        "RECIPIENT",
        "LAST REPLY",
    ];
    let rows = found.iter().map(|delivery| {
        let next = match delivery.state {
            State::Queued => next_attempt(delivery),
            _ => "-".to_owned(),
        };
        [
            delivery.id.to_string(),
            delivery.state.name().to_owned(),
            delivery.attempts.to_string(),
            next,
            delivery.size.to_string(),
            delivery.message.to_string(),
            sender(delivery),
            printable(&delivery.recipient.to_string()),
            printable(&delivery.last_reply).chars().take(REPLY).collect(),
        ]
    });
    table::align(head, rows, &[0, 2, 4])
}

async fn show(store: &Store, id: i64, as_json: bool) -> Result<String, String> {
    for state in State::ALL {
        let filter = Filter {
            ids: vec![id],
            state: Some(state),
            ..Filter::default()
        };
        let found = store.list(filter).await.map_err(|error| error.to_string())?;
        if let Some(delivery) = found.first() {
            return if as_json {
                json(delivery)
            } else {
                Ok(details(delivery))
            };
        }
    }
    Err(format!(
        "there is no delivery {id}. 'sealgate queue list' shows the numbers"
    ))
}

fn details(delivery: &Delivery) -> String {
    let recipient = printable(&delivery.recipient.to_string());
    let mut lines = vec![
        ("Delivery", delivery.id.to_string()),
        ("State", delivery.state.name().to_owned()),
        ("Message", delivery.message.to_string()),
        ("Sender", sender(delivery)),
        ("Recipient", recipient),
        ("Size", format!("{} octets", delivery.size)),
        ("Accepted", time(delivery.created)),
        ("Attempts", delivery.attempts.to_string()),
    ];
    if delivery.state == State::Queued {
        lines.push(("Next attempt", next_attempt(delivery)));
    }
    if let Some(notify) = delivery.dsn.notify {
        lines.push(("Notify", notify.to_string()));
    }
    if let Some(tls) = delivery.tls.in_words() {
        lines.push(("TLS", tls.to_owned()));
    }
    if delivery.told_late {
        lines.push(("Delay", "the sender was told that it is late".to_owned()));
    }
    if !delivery.last_reply.is_empty() {
        lines.push(("Last reply", printable(&delivery.last_reply)));
    }
    let lines = lines
        .into_iter()
        .map(|(label, text)| format!("{label:<14}{text}\n"));
    let hint = format!(
        "'sealgate trace {}' explains what was decided and why.\n",
        delivery.message
    );
    lines.chain([hint]).collect()
}

async fn command(store: &Store, target: &Target, command: Command) -> Result<String, String> {
    if target.ids.is_empty() && !target.all && !target.which.is_given() {
        return Err("say which: their numbers, --domain, --sender or another filter, or --all".to_owned());
    }
    let now = Timestamp::now();
    let filter = Filter {
        ids: target.ids.clone(),
        ..target.which.filter(now)
    };
    let changed = store.command(filter, command, now).await;
    let changed = changed.map_err(|error| error.to_string())?;
    let (done, hint) = match command {
        Command::Retry => ("will be tried now", "Held ones need 'release'"),
        Command::Hold => ("put on hold", "Only deliveries that are queued can be held"),
        Command::Release => ("released", "Only deliveries that are held can be released"),
        Command::Bounce => (
            "given up; the gateway tells the senders",
            "Only deliveries that are queued or held can be given up",
        ),
    };
    if changed == 0 {
        return Err(format!("nothing changed: no delivery fits. {hint}"));
    }
    if target.json {
        return json(&serde_json::json!({ "changed": changed }));
    }
    Ok(format!(
        "{} {done}.\n",
        counted(usize::try_from(changed).unwrap_or(usize::MAX))
    ))
}

/// How many there are, and of which states when there are several.
fn by_state(found: &[Delivery]) -> String {
    let count = |state: State| found.iter().filter(|delivery| delivery.state == state).count();
    let states: Vec<String> = State::ALL
        .into_iter()
        .filter(|state| count(*state) > 0)
        .map(|state| format!("{} {}", count(state), state.name()))
        .collect();
    match states.len() {
        1 => counted(found.len()),
        _ => format!("{}: {}", counted(found.len()), states.join(", ")),
    }
}

fn counted(count: usize) -> String {
    match count {
        1 => "1 delivery".to_owned(),
        count => format!("{count} deliveries"),
    }
}

fn sender(delivery: &Delivery) -> String {
    let sender = delivery
        .sender
        .as_ref()
        .map(|sender| printable(&sender.to_string()));
    sender.unwrap_or_else(|| "<>".to_owned())
}

/// A notice is due before it exists, so that it goes out at once.
fn next_attempt(delivery: &Delivery) -> String {
    time(delivery.next_attempt.max(delivery.created))
}

fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

/// `30m`, `4h`, `2d`.
fn age(text: &str) -> Result<SignedDuration, String> {
    let wrong = || "an age is written 30m, 4h or 2d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let count: u32 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    Ok(SignedDuration::from_secs(i64::from(count) * seconds))
}

fn state(name: &str) -> Result<State, String> {
    State::named(name).ok_or_else(|| "a state is queued, held, bouncing, delivered or bounced".to_owned())
}

#[cfg(test)]
mod tests;
