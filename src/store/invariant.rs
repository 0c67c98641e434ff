//! The promise of the 250, for any order of steps: every copy that was accepted is delivered, bounced, or still
//! listed with its bytes. A model says what should stand where; the store must say the same.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::Store;
use super::contract::Ground;
use super::samples::{id, mail, minute, record};
use crate::audit::{ChainState, Trail};
use crate::queue::{Command, Delivery, Filter, Outcome, Spool, State};

#[derive(Debug, Clone)]
enum Step {
    Commit { bodies: u32, recipients: u32 },
    Claim { limit: u32, minutes: i64 },
    Settle { which: usize, outcome: u8 },
    Command { command: Command, which: Option<usize> },
    Wait { minutes: i64 },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let command = prop_oneof![
        Just(Command::Retry),
        Just(Command::Hold),
        Just(Command::Release),
        Just(Command::Bounce)
    ];
    prop_oneof![
        3 => (1..3_u32, 1..4_u32).prop_map(|(bodies, recipients)| Step::Commit { bodies, recipients }),
        4 => (0..6_u32, 0..30_i64).prop_map(|(limit, minutes)| Step::Claim { limit, minutes }),
        6 => (any::<usize>(), 0..3_u8).prop_map(|(which, outcome)| Step::Settle { which, outcome }),
        3 => (command, any::<Option<usize>>()).prop_map(|(command, which)| Step::Command { command, which }),
        2 => (1..40_i64).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Restart),
    ]
}

/// What the model knows of one copy.
#[derive(Debug, Clone)]
struct Copy {
    state: State,
    next_attempt: i64,
    lease_end: i64,
    body: i64,
    bytes: Vec<u8>,
}

#[derive(Default)]
struct Model {
    now: i64,
    messages: u64,
    copies: BTreeMap<i64, Copy>,
    /// Everything that was ever claimed: answers may come late, and twice.
    claimed: Vec<Delivery>,
}

pub(super) fn no_sequence_of_steps_loses_or_changes_a_copy<G: Ground>(ground: impl Fn() -> G) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let settings = ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let steps = proptest::collection::vec(step(), 1..40);
    proptest!(settings, |(steps in steps)| {
        runtime.block_on(async {
            let ground = ground();
            let mut store = ground.open().await;
            let mut model = Model::default();
            for step in &steps {
                if matches!(step, Step::Restart) {
                    store.close().await;
                    store = ground.open().await;
                }
                model.take(&store, step).await;
                model.agrees(&store).await;
            }
            let chain = store.verify_chain().await.unwrap();
            assert_eq!(chain, ChainState::Intact { records: model.messages });
        });
    });
}

impl Model {
    async fn take(&mut self, store: &Store, step: &Step) {
        match *step {
            Step::Commit { bodies, recipients } => self.commit(store, bodies, recipients).await,
            Step::Claim { limit, minutes } => self.claim(store, limit, minutes).await,
            Step::Settle { which, outcome } => self.settle(store, which, outcome).await,
            Step::Command { command, which } => self.command(store, command, which).await,
            Step::Wait { minutes } => self.now += minutes,
            Step::Restart => self.copies.values_mut().for_each(|copy| copy.lease_end = 0),
        }
    }

    async fn commit(&mut self, store: &Store, bodies: u32, recipients: u32) {
        self.messages += 1;
        let bytes = |body: u32| {
            format!("{} {body}", self.messages)
                .repeat(1 + 400 * body as usize)
                .into_bytes()
        };
        let names: Vec<(u32, String)> = (1..=recipients)
            .map(|n| (n, format!("r{n}@one.example")))
            .collect();
        let names: Vec<(u32, &str)> = names.iter().map(|(n, name)| (*n, name.as_str())).collect();
        let outbounds = (0..bodies).map(|body| mail(&bytes(body), &names)).collect();
        let message = id(0, self.messages);
        store
            .commit(record(message, minute(self.now)), outbounds)
            .await
            .unwrap();
        let filter = Filter {
            message: Some(message),
            ..Filter::default()
        };
        let listed = store.list(filter).await.unwrap();
        assert_eq!(listed.len(), (bodies * recipients) as usize);
        for (position, delivery) in listed.iter().enumerate() {
            let copy = Copy {
                state: State::Queued,
                next_attempt: self.now,
                lease_end: 0,
                body: delivery.body,
                bytes: bytes(position as u32 / recipients),
            };
            self.copies.insert(delivery.id, copy);
        }
    }

    async fn claim(&mut self, store: &Store, limit: u32, minutes: i64) {
        let lease_end = self.now + minutes;
        let claimed = store
            .claim(minute(self.now), minute(lease_end), limit)
            .await
            .unwrap();
        let now = self.now;
        let is_due = |copy: &&mut Copy| {
            matches!(copy.state, State::Queued | State::Bouncing)
                && copy.next_attempt <= now
                && copy.lease_end <= now
        };
        let due = self.copies.values_mut().filter(is_due).count();
        assert_eq!(claimed.len(), due.min(limit as usize));
        for delivery in &claimed {
            let mut copy = self.copies.get_mut(&delivery.id).unwrap();
            assert!(is_due(&copy), "{delivery:?} {copy:?}");
            copy = self.copies.get_mut(&delivery.id).unwrap();
            copy.lease_end = lease_end;
        }
        self.claimed.extend(claimed);
    }

    async fn settle(&mut self, store: &Store, which: usize, outcome: u8) {
        let Some(delivery) = self.claimed.get(which % self.claimed.len().max(1)).cloned() else {
            return;
        };
        let reply = "reply".to_owned();
        let copy = self.copies.get_mut(&delivery.id).unwrap();
        let outcome = match outcome {
            0 => Outcome::Delivered { reply },
            1 => Outcome::Failed { reply },
            _ => Outcome::Deferred {
                reply,
                next_attempt: minute(self.now + 10),
            },
        };
        if !copy.state.is_finished() {
            copy.lease_end = 0;
            match outcome {
                Outcome::Delivered { .. } => copy.state = State::Delivered,
                Outcome::Failed { .. } => copy.state = State::Bounced,
                Outcome::Deferred { .. } if copy.state == State::Bouncing => {}
                Outcome::Deferred { .. } => copy.next_attempt = self.now + 10,
            }
        }
        store.settle(vec![(delivery, outcome)], Vec::new()).await.unwrap();
    }

    async fn command(&mut self, store: &Store, command: Command, which: Option<usize>) {
        let ids: Vec<i64> = match which {
            Some(which) => self
                .copies
                .keys()
                .copied()
                .skip(which % self.copies.len().max(1))
                .take(1)
                .collect(),
            None => Vec::new(),
        };
        let mut changed = 0;
        for (id, copy) in &mut self.copies {
            if !ids.is_empty() && !ids.contains(id) {
                continue;
            }
            let after = match (command, copy.state) {
                (Command::Retry, State::Queued) => State::Queued,
                (Command::Hold, State::Queued) => State::Held,
                (Command::Release, State::Held) => State::Queued,
                (Command::Bounce, State::Queued | State::Held) => State::Bouncing,
                _ => continue,
            };
            copy.state = after;
            if command != Command::Hold {
                copy.next_attempt = self.now;
            }
            changed += 1;
        }
        let filter = Filter {
            ids,
            ..Filter::default()
        };
        assert_eq!(
            store.command(filter, command, minute(self.now)).await.unwrap(),
            changed
        );
    }

    /// Every copy stands where the model says, and the bytes of the unfinished can be read.
    async fn agrees(&self, store: &Store) {
        let mut listed = BTreeMap::new();
        for state in State::ALL {
            let filter = Filter {
                state: Some(state),
                ..Filter::default()
            };
            listed.extend(
                store
                    .list(filter)
                    .await
                    .unwrap()
                    .into_iter()
                    .map(|found| (found.id, found)),
            );
        }
        assert_eq!(listed.len(), self.copies.len());
        for (id, copy) in &self.copies {
            let found = &listed[id];
            assert_eq!((found.state, found.body), (copy.state, copy.body));
            if !copy.state.is_finished() {
                assert_eq!(found.next_attempt, minute(copy.next_attempt));
                assert_eq!(store.body(copy.body).await.unwrap().as_bytes(), copy.bytes);
            }
        }
    }
}
