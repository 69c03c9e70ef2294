//! The writer's statements: files under `sql/writer`, prepared once per connection.

use tokio_postgres::{Client, Statement};

use crate::fill_in;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/writer/", $name, ".sql"))
    };
}

/// Also prepared on its own, for a connection that stores only samples.
pub(crate) const ADD_SAMPLES: &str = sql!("add_samples");

/// Several statements at once, so it is not prepared.
pub(crate) const PULSE: &str = sql!("pulse");

pub(crate) struct Statements {
    pub(crate) claim_offset: Statement,
    pub(crate) next_offset: Statement,
    pub(crate) advance_offsets: Statement,
    pub(crate) begin_anew: Statement,
    pub(crate) enter_ledger: Statement,
    pub(crate) copy_events: Statement,
    pub(crate) summary_start: Statement,
    pub(crate) add_to_summary: Statement,
    pub(crate) find_values: Statement,
    pub(crate) add_values: Statement,
    pub(crate) find_kinds: Statement,
    pub(crate) add_kinds: Statement,
    pub(crate) find_entries: Statement,
    pub(crate) add_entries: Statement,
    pub(crate) visits_of_keys: Statement,
    pub(crate) put_visits: Statement,
    pub(crate) remove_visits: Statement,
    pub(crate) events_of_key: Statement,
    pub(crate) note_changes: Statement,
    pub(crate) add_to_summary_hours: Statement,
    pub(crate) add_to_outcomes: Statement,
    pub(crate) quarantine: Statement,
    pub(crate) add_samples: Statement,
    pub(crate) notify: Statement,
}

impl Statements {
    pub(crate) async fn prepare(client: &Client) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            claim_offset: client.prepare(sql!("claim_offset")).await?,
            next_offset: client.prepare(sql!("next_offset")).await?,
            advance_offsets: client.prepare(sql!("advance_offsets")).await?,
            begin_anew: client.prepare(sql!("begin_anew")).await?,
            enter_ledger: client.prepare(sql!("enter_ledger")).await?,
            copy_events: client.prepare(&fill_in(sql!("copy_events"))).await?,
            summary_start: client.prepare(sql!("summary_start")).await?,
            add_to_summary: client.prepare(sql!("add_to_summary")).await?,
            find_values: client.prepare(sql!("find_values")).await?,
            add_values: client.prepare(sql!("add_values")).await?,
            find_kinds: client.prepare(sql!("find_kinds")).await?,
            add_kinds: client.prepare(sql!("add_kinds")).await?,
            find_entries: client.prepare(sql!("find_entries")).await?,
            add_entries: client.prepare(sql!("add_entries")).await?,
            visits_of_keys: client.prepare(&fill_in(sql!("visits_of_keys"))).await?,
            put_visits: client.prepare(&fill_in(sql!("put_visits"))).await?,
            remove_visits: client.prepare(sql!("remove_visits")).await?,
            events_of_key: client.prepare(&fill_in(sql!("events_of_key"))).await?,
            note_changes: client.prepare(&fill_in(sql!("note_changes"))).await?,
            add_to_summary_hours: client.prepare(sql!("add_to_summary_hours")).await?,
            add_to_outcomes: client.prepare(sql!("add_to_outcomes")).await?,
            quarantine: client.prepare(sql!("quarantine")).await?,
            add_samples: client.prepare(ADD_SAMPLES).await?,
            notify: client.prepare(sql!("notify")).await?,
        })
    }
}
