//! Retention and backup take turns.

use tokio_postgres::{Client, Error};

/// "footkeep" as a number; see sql/retention/take_turn.sql.
const TURN: i64 = 0x666f_6f74_6b65_6570;
const TAKE_TURN: &str = include_str!("../../../sql/retention/take_turn.sql");

/// Waits for this connection's turn, which lasts until the connection ends.
///
/// # Errors
/// Fails if PostgreSQL is unreachable, or if the turn does not come within `turn_s_max` seconds: see
/// [`is_locked`](crate::is_locked).
pub async fn take_turn(client: &Client, turn_s_max: u32) -> Result<(), Error> {
    let wait = format!("{turn_s_max}s");
    client.execute("SELECT set_config('lock_timeout', $1, false)", &[&wait]).await?;
    client.execute(TAKE_TURN, &[&TURN]).await?;
    client.batch_execute("RESET lock_timeout").await
}
