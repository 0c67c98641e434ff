//! `sealgate queue shape`: how much waits for whom, and for how long.

use jiff::Timestamp;
use serde_json::json;

use super::{Which, counted, json, state};
use crate::audit::printable;
use crate::cli::table;
use crate::queue::{AGES, By, Filter, Group, MINUTES, Spool, State};
use crate::store::Store;

/// Columns of the table: the name, the total and the ages.
const COLUMNS: usize = AGES + 2;

#[derive(Debug, clap::Args)]
pub(super) struct Shape {
    #[command(flatten)]
    which: Which,
    /// In this state only: queued, held, bouncing, delivered or bounced
    #[arg(long, value_parser = state)]
    state: Option<State>,
    /// What is counted together: domain, recipient, sender or sender-domain
    #[arg(long, value_name = "WHAT", default_value = "domain", value_parser = by)]
    by: By,
    /// Show so many of the biggest groups only; the total still counts all
    #[arg(long, value_name = "COUNT")]
    top: Option<usize>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// The table, or what stands for an empty one.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn shape(store: &Store, asked: &Shape, now: Timestamp) -> Result<String, String> {
    let filter = Filter {
        state: asked.state,
        ..asked.which.filter(now)
    };
    let is_narrowed = asked.which.is_given() || asked.state.is_some();
    let groups = store.shape(filter, asked.by, now).await;
    let groups = groups.map_err(|error| error.to_string())?;
    let total = total(&groups);
    let shown = groups.get(..asked.top.unwrap_or(groups.len())).unwrap_or(&groups);
    if asked.json {
        return json(&json!({
            "by": asked.by.name(),
            "minutes": MINUTES,
            "total": { "count": total.count, "ages": total.ages, "groups": groups.len() },
            "groups": shown,
        }));
    }
    Ok(match groups.len() {
        0 if is_narrowed => "No delivery fits.\n".to_owned(),
        0 => "The queue is empty.\n".to_owned(),
        all => format!(
            "{}{}\n",
            page(asked.by, &total, shown),
            end(&total, all, shown.len())
        ),
    })
}

/// What all groups are together.
fn total(groups: &[Group]) -> Group {
    let mut ages = [0; AGES];
    for group in groups {
        for (sum, age) in ages.iter_mut().zip(group.ages) {
            *sum += age;
        }
    }
    Group {
        name: "TOTAL".to_owned(),
        count: ages.iter().sum(),
        ages,
    }
}

fn page(by: By, total: &Group, shown: &[Group]) -> String {
    let mut head = vec![by.name().to_uppercase().replace('-', " "), "ALL".to_owned()];
    head.extend(MINUTES.map(|minutes| format!("<{minutes}m")));
    head.extend(MINUTES.last().map(|minutes| format!(">{minutes}m")));
    let head = cells(head);
    let rows = std::iter::once(total).chain(shown).map(row);
    let numbers: Vec<usize> = (1..COLUMNS).collect();
    table::align(head.each_ref().map(String::as_str), rows, &numbers)
}

fn row(group: &Group) -> [String; COLUMNS] {
    let name = match &*group.name {
        "" => "<>".to_owned(),
        name => printable(name),
    };
    let counts = [group.count].into_iter().chain(group.ages);
    // A zero is no news; a dot keeps the eye on the others.
    let counts = counts.map(|count| match count {
        0 => ".".to_owned(),
        count => count.to_string(),
    });
    cells([name].into_iter().chain(counts))
}

fn cells(texts: impl IntoIterator<Item = String>) -> [String; COLUMNS] {
    let mut texts = texts.into_iter();
    std::array::from_fn(|_| texts.next().unwrap_or_default())
}

fn end(total: &Group, all: usize, shown: usize) -> String {
    let count = counted(usize::try_from(total.count).unwrap_or(usize::MAX));
    match all {
        1 => format!("{count} in 1 group"),
        _ if shown < all => format!("{count} in {all} groups, of which {shown} are shown"),
        _ => format!("{count} in {all} groups"),
    }
}

fn by(name: &str) -> Result<By, String> {
    By::named(name).ok_or_else(|| "mail is counted by domain, recipient, sender or sender-domain".to_owned())
}
