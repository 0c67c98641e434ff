//! `sealgate trace`: what was decided about a message, on what grounds, and what became of it.

use std::io::Write;

use serde_json::{Value, json};

use crate::audit::{Lookup, Traced, Trail, explain};
use crate::message::{DecisionId, MessageId};
use crate::store::{Settings, Store};

/// Explain what happened to a message and why
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The number in a notice, in the log or in the reply to DATA, or the header's Message-ID
    id: String,
    /// Print the records as JSON: an array of {record, intact, deliveries}, newest first
    #[arg(long)]
    json: bool,
}

/// Prints what the trail knows. The program ends with status 0 when this is `Ok`.
///
/// # Errors
/// What went wrong and what to do, for the error output; the program ends with status 1 then.
pub async fn run(arguments: &Arguments, settings: &Settings, out: &mut dyn Write) -> Result<(), String> {
    let asked = Asked::read(&arguments.id)?;
    let store = Store::attach(settings).await.map_err(|error| error.to_string())?;
    let found = store.find(asked.lookup.clone()).await;
    store.close().await;
    let found = found.map_err(|error| error.to_string())?;
    asked.check(&found, settings.keep_days)?;
    let text = if arguments.json {
        let all = found.iter().map(as_json).collect();
        format!("{:#}\n", Value::Array(all))
    } else {
        found.iter().map(explain).collect::<Vec<_>>().join("\n")
    };
    super::queue::print(out, &text)
}

/// What the person at the terminal means.
struct Asked {
    lookup: Lookup,
    /// The recipient's place, when it was a decision's id.
    place: Option<u32>,
}

impl Asked {
    fn read(text: &str) -> Result<Asked, String> {
        let text = text.trim();
        let bare = text.trim_start_matches('<').trim_end_matches('>');
        let (lookup, place) = if let Ok(id) = text.parse::<MessageId>() {
            (Lookup::Id(id), None)
        } else if let Ok(id) = text.parse::<DecisionId>() {
            (Lookup::Id(id.message), Some(id.recipient))
        } else if text.starts_with('<') || text.contains('@') {
            (Lookup::MessageId(format!("<{bare}>")), None)
        } else {
            return Err(
                "this is no id. Give a message id (18 letters and digits), a decision id (the same with a \
                        dash and a number), or a Message-ID (with an @)"
                    .to_owned(),
            );
        };
        Ok(Asked { lookup, place })
    }

    /// Whether there is an answer to what was asked.
    fn check(&self, found: &[Traced], keep_days: u64) -> Result<(), String> {
        let Some(first) = found.first() else {
            return Err(format!(
                "no record of this message. Records are kept for {keep_days} days"
            ));
        };
        let recipients = first.record.recipients.len();
        match self.place {
            Some(place) if place == 0 || usize::try_from(place).unwrap_or(usize::MAX) > recipients => {
                Err(format!(
                    "message {} had {recipients} recipients, so it has no such decision",
                    first.record.id
                ))
            }
            _ => Ok(()),
        }
    }
}

fn as_json(traced: &Traced) -> Value {
    let delivery = |(place, state, reply): &(u32, String, String)| json!({ "place": place, "state": state, "last_reply": reply });
    json!({
        "record": traced.record,
        "intact": traced.intact,
        "deliveries": traced.deliveries.iter().map(delivery).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Record;
    use crate::store::samples::{TemporaryDirectory, id, mail, minute, record};

    async fn trace(settings: &Settings, id: &str, json: bool) -> Result<String, String> {
        let mut out = Vec::new();
        let arguments = Arguments {
            id: id.to_owned(),
            json,
        };
        run(&arguments, settings, &mut out).await?;
        Ok(String::from_utf8(out).unwrap())
    }

    async fn filled(settings: &Settings) -> Store {
        let store = Store::open(settings).await.unwrap();
        let copies = vec![mail(b"x", &[(1, "bob@partner.example")])];
        store.commit(record(id(0, 1), minute(0)), copies).await.unwrap();
        store
            .commit(record(id(0, 2), minute(1)), Vec::new())
            .await
            .unwrap();
        store
    }

    #[tokio::test]
    async fn a_message_is_found_by_each_of_its_names_while_the_gateway_runs() {
        let ground = TemporaryDirectory::new();
        let settings = ground.settings();
        let _gateway = filled(&settings).await;
        let message = id(0, 1).to_string();
        for name in [message.clone(), message.to_lowercase(), format!(" {message}-2")] {
            let told = trace(&settings, &name, false).await.unwrap();
            assert!(told.starts_with(&format!("Message {message}\n")), "{told}");
            assert!(told.contains("waiting for its first attempt"), "{told}");
        }
        for name in ["<a.1@agency.example>", "a.1@agency.example"] {
            let told = trace(&settings, name, false).await.unwrap();
            let (second, first) = (told.find(id(0, 2).as_str()), told.find(&message));
            assert!(second.is_some() && second < first, "{told}");
        }
    }

    #[tokio::test]
    async fn json_holds_the_record_as_it_was_written() {
        let ground = TemporaryDirectory::new();
        let settings = ground.settings();
        let _gateway = filled(&settings).await;
        let told = trace(&settings, id(0, 1).as_str(), true).await.unwrap();
        let read: Value = serde_json::from_str(&told).unwrap();
        let written: Record = serde_json::from_value(read[0]["record"].clone()).unwrap();
        assert_eq!(written, record(id(0, 1), minute(0)));
        assert_eq!(read[0]["intact"], true);
        assert_eq!(read[0]["deliveries"][0]["place"], 1);
    }

    #[tokio::test]
    async fn what_is_not_there_is_said_so() {
        let ground = TemporaryDirectory::new();
        let settings = ground.settings();
        let told = trace(&settings, id(0, 1).as_str(), false).await.unwrap_err();
        assert!(told.contains("there is no store"), "{told}");
        let _gateway = filled(&settings).await;
        for (asked, answer) in [
            ("hello", "this is no id"),
            ("", "this is no id"),
            (
                "<nobody@agency.example>",
                "no record of this message. Records are kept for 30 days",
            ),
            (id(0, 9).as_str(), "no record of this message"),
            (&format!("{}-3", id(0, 1)), "had 2 recipients"),
            (&format!("{}-0", id(0, 1)), "had 2 recipients"),
        ] {
            let told = trace(&settings, asked, false).await.unwrap_err();
            assert!(told.contains(answer), "{asked}: {told}");
        }
    }
}
