//! What Footfall keeps in PostgreSQL, and how it gets there.
//!
//! [`prepare`] makes roles, database, extension and tables. [`Writer`] stores a batch of [`Record`]s, from Kafka or (in
//! the light profile) from ingest itself, in one transaction: ledger, rows, roll-ups, quarantine, outcome counts and the
//! offsets move together or not at all, so a crash at any point leaves nothing half done and nothing to be undone.
//! Whoever listens on the channel `footfall_events` hears `{"events":N}` when N rows have been stored.
//!
//! The SQL stands in files under `sql/`, which are part of the program: a program and its statements cannot disagree.

mod batch;
mod columns;
mod enricher;
mod error;
mod parameters;
mod prepare;
mod retention;
mod samples;
mod statements;
mod tally;
mod template;
mod transaction;
mod turn;
mod visits;
mod writer;

pub use batch::{Content, Position, Record};
pub use enricher::Enricher;
pub use error::{WriterError, error_text};
pub use parameters::parameters;
pub use prepare::{PrepareError, Prepared, is_plain_name, make_database, make_roles, prepare};
pub use retention::{Pace, Removed, Remover, Table, is_locked};
pub use samples::SampleWriter;
pub use template::fill_in;
pub use turn::take_turn;
pub use writer::{Claim, Commit, Writer, Written};
