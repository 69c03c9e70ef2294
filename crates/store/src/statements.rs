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
    pub(crate) add_to_summary: Statement,
    pub(crate) add_to_visits: Statement,
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
            add_to_summary: client.prepare(sql!("add_to_summary")).await?,
            add_to_visits: client.prepare(&fill_in(sql!("add_to_visits"))).await?,
            add_to_outcomes: client.prepare(sql!("add_to_outcomes")).await?,
            quarantine: client.prepare(sql!("quarantine")).await?,
            add_samples: client.prepare(ADD_SAMPLES).await?,
            notify: client.prepare(sql!("notify")).await?,
        })
    }
}
