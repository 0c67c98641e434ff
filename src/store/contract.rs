//! What every kind of store must do, as stories against [`Trail`], [`Spool`] and the register. A kind runs them with
//! `contract::suite!(place)`, where `place` is an expression that makes a new [`Ground`].

pub(super) mod commands;
pub(super) mod delivering;
pub(super) mod register;
pub(super) mod trail;
pub(super) mod waiting;

use jiff::Timestamp;

use super::Store;
use super::samples::{id, minute, record};
use crate::audit::Trail;
use crate::message::Outbound;
use crate::queue::{Delivery, Filter, Outcome, Spool};

/// Where a kind of store is tried: every `open` shows the same data, which is empty at first.
pub(super) trait Ground {
    async fn open(&self) -> Store;
}

macro_rules! suite {
    ($ground:expr) => {
        $crate::store::contract::suite! { $ground;
            trail::what_is_committed_is_found_and_claimed_byte_for_byte,
            trail::of_a_commit_that_fails_nothing_is_kept,
            trail::copies_that_left_sealed_are_counted_by_their_recipients,
            delivering::a_lease_keeps_others_away_until_it_ends,
            delivering::the_oldest_are_claimed_first_and_copies_of_one_body_together,
            delivering::a_deferred_delivery_waits_for_its_time,
            delivering::wishes_and_what_was_told_stay_with_the_delivery,
            delivering::what_a_sender_asks_of_tls_stays_with_every_copy,
            delivering::a_body_is_gone_when_its_last_copy_is_finished,
            delivering::a_failure_and_its_notice_become_durable_together,
            delivering::a_settlement_that_fails_changes_nothing,
            commands::a_hold_during_an_attempt_stands_unless_the_mail_was_delivered,
            delivering::what_is_finished_stays_finished,
            commands::a_bounce_is_claimed_at_once_and_survives_a_deferral,
            commands::a_notice_is_given_up_by_its_number_only,
            commands::commands_change_what_the_filter_names_and_count_it,
            commands::lists_show_the_unfinished_by_age_or_what_the_filter_names,
            commands::the_shape_counts_by_age_what_the_filter_names,
            commands::a_filter_narrows_by_sender_recipient_age_and_reply,
            trail::a_message_id_finds_all_its_records_newest_first,
            trail::the_latest_records_are_told_newest_first,
            commands::a_waiting_caller_is_woken_by_mail_notices_and_commands,
            trail::everything_is_there_again_after_a_restart_and_leases_are_over,
            trail::tenants_have_chains_of_their_own,
            trail::hostile_text_comes_back_as_it_went_in,
            register::a_certificate_is_found_by_what_it_names_after_a_restart_too,
            register::another_certificate_for_an_address_is_called_a_change,
            register::seeing_a_certificate_again_never_makes_its_entry_weaker,
            register::an_entry_is_changed_and_removed_by_its_fingerprint,
            register::the_register_is_read_in_pages_and_by_the_first_digits,
            waiting::what_waits_is_not_claimed_and_is_found_after_a_restart,
            waiting::a_wait_ends_once_together_with_what_follows,
            waiting::looks_are_put_off_but_not_beyond_the_end,
        }
    };
    ($ground:expr; $($group:ident::$story:ident,)*) => {
        $(
            #[tokio::test]
            async fn $story() {
                $crate::store::contract::$group::$story(&$ground).await;
            }
        )*
    };
}
pub(super) use suite;

const ALL: Filter = Filter {
    ids: Vec::new(),
    message: None,
    domain: None,
    sender: None,
    recipient: None,
    before: None,
    reply: None,
    state: None,
};

async fn commit(store: &Store, entropy: u64, received: Timestamp, outbounds: Vec<Outbound>) {
    store
        .commit(record(id(0, entropy), received), outbounds)
        .await
        .unwrap();
}

/// Claims what is due at that minute, for an hour.
async fn claim(store: &Store, at: i64) -> Vec<Delivery> {
    store.claim(minute(at), minute(at + 60), 100).await.unwrap()
}

async fn defer(store: &Store, delivery: &Delivery, next_attempt: Timestamp) {
    let reply = "450 busy".to_owned();
    let outcome = Outcome::Deferred { reply, next_attempt };
    store
        .settle(vec![(delivery.clone(), outcome)], Vec::new())
        .await
        .unwrap();
}

fn delivered() -> Outcome {
    Outcome::Delivered {
        reply: "250 taken".to_owned(),
    }
}

fn failed() -> Outcome {
    Outcome::Failed {
        reply: "550 no such user".to_owned(),
    }
}

fn only(id: i64) -> Filter {
    Filter { ids: vec![id], ..ALL }
}

fn recipients(deliveries: &[Delivery]) -> Vec<String> {
    deliveries
        .iter()
        .map(|delivery| delivery.recipient.to_string())
        .collect()
}
