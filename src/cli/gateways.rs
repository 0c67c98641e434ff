//! `sealgate gateways`: which gateways share the store, and whether they are alike.

use std::collections::BTreeSet;
use std::io::Write;

use jiff::Timestamp;

use super::queue::print;
use super::table;
use crate::audit::printable;
use crate::store::{Gateway, Settings, Store};

/// See which gateways share the store
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// Prints the list. The program ends with status 0 when this is `Ok`.
///
/// # Errors
/// What went wrong and what to do, for the error output; the program ends with status 1 then.
pub async fn run(arguments: &Arguments, settings: &Settings, out: &mut dyn Write) -> Result<(), String> {
    if !settings.is_shared() {
        return Err("the store belongs to one gateway; [store] url makes several share one".to_owned());
    }
    let store = Store::attach(settings).await.map_err(|error| error.to_string())?;
    let found = store.gateways().await.map_err(|error| error.to_string());
    store.close().await;
    let found = found?;
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&found).map_err(|error| error.to_string())? + "\n",
        false if found.is_empty() => "No gateway is at work.\n".to_owned(),
        false => overview(&found),
    };
    print(out, &text)
}

fn overview(found: &[Gateway]) -> String {
    let head = ["GATEWAY", "SINCE", "HEARD", "UNDER WAY", "PROGRAM", "POLICY"];
    let time = |time: Timestamp| time.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let rows = found.iter().map(|one| {
        [
            printable(&one.name),
            time(one.started),
            time(one.seen),
            one.leases.to_string(),
            printable(&one.program),
            printable(&one.policy),
        ]
    });
    let mut text = table::align(head, rows, &[3]);
    let policies: BTreeSet<&str> = found.iter().map(|one| one.policy.as_str()).collect();
    if policies.len() > 1 {
        text.push_str("\nThey do not decide by the same policies. Reload those that have an older folder.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_when_gateways_do_not_decide_alike() {
        let gateway = |name: &str, policy: &str| Gateway {
            id: 1,
            name: name.to_owned(),
            program: "0.1.0".to_owned(),
            policy: policy.to_owned(),
            started: Timestamp::UNIX_EPOCH,
            seen: Timestamp::UNIX_EPOCH,
            leases: 7,
        };
        let alike = overview(&[gateway("seal1", "aa"), gateway("seal2", "aa")]);
        assert!(alike.contains("seal2    1970-01-01 00:00:00  1970-01-01 00:00:00          7  0.1.0    aa"));
        assert!(!alike.contains("do not decide"));
        assert!(overview(&[gateway("seal1", "aa"), gateway("seal2", "ab")]).contains("do not decide"));
    }
}
