//! What Footfall stores in PostgreSQL, and how.
//!
//! [`prepare`] creates roles, database, extension and tables. [`Writer`] stores a batch of [`Record`]s, from Kafka or
//! (in the light profile) from ingest itself, in one transaction: ledger, rows, roll-ups, quarantine, outcome counts
//! and offsets are committed together or not at all, so a crash at any point leaves nothing half done or to be undone.
//! Listeners on the channel `footfall_events` receive `{"events":N}` when N rows have been stored. [`WriterLoop`] runs
//! the writer: it connects, writes what its [`RecordSource`] gathers, and starts over after a failure.
//!
//! The SQL is in files under `sql/`, compiled in so that a program and its statements cannot disagree.

mod batch;
mod closing;
mod columns;
mod connect;
mod enricher;
mod error;
mod fingerprint;
mod place;
mod position;
mod prepare;
mod pulse;
mod recount;
mod retention;
mod samples;
mod session;
mod settings;
mod statements;
mod summary;
mod tally;
mod template;
mod time_zone;
mod transaction;
mod turn;
mod visits;
mod writer;
mod writer_loop;

pub use batch::{Content, Record};
pub use closing::{Closer, Progress, keep_closing};
pub use connect::{Connection, cancel, connect, open};
pub use enricher::Enricher;
pub use error::{WriterError, error_text};
pub use fingerprint::{NOTHING_READ, fingerprint};
pub use place::Place;
pub use position::Position;
pub use prepare::{PrepareError, Prepared, is_plain_name, make_database, make_roles, migrate_to, prepare};
pub use pulse::{Trouble, keep_asking, watch_writer, within_patience};
pub use recount::{RecountError, Recounted, recount};
pub use retention::{Compressed, Pace, Removed, Remover, Table, is_locked};
pub use samples::SampleWriter;
pub use session::Commit;
pub use settings::{RETRY_MS_MAX, RETRY_MS_MAX_RANGE, USER_AGENTS_MAX, WRITER_URL, mask_password, parameters};
pub use template::fill_in;
pub use time_zone::{TimeZoneError, set_time_zone};
pub use turn::take_turn;
pub use writer::{Writer, Written};
pub use writer_loop::{Next, RecordSource, WriteError, WriterLoop, WriterLoopOptions};
