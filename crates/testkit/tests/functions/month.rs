//! Thirty days of generated rows, like the bench's, with fewer visits.

use tokio::sync::OnceCell;

use crate::database::Database;

const EVENTS_OF_A_DAY: &str = include_str!("../../benches/functions/events_of_a_day.sql");
const VISITS_PER_DAY: i32 = 300;

/// A shared read-only database with October 2026 in it.
pub(crate) async fn month() -> Database {
    static NAME: OnceCell<String> = OnceCell::const_new();
    let name = NAME.get_or_init(|| async {
        let database = Database::empty().await;
        database.owner.batch_execute("SELECT setseed(0.5)").await.unwrap();
        let insert = database.owner.prepare(EVENTS_OF_A_DAY).await.unwrap();
        for day in 1..=30 {
            let day = format!("2026-10-{day:02}T00:00:00Z").parse::<jiff::Timestamp>().unwrap();
            database.owner.execute(&insert, &[&day, &VISITS_PER_DAY]).await.unwrap();
        }
        database.build().await;
        database.owner.batch_execute("ANALYZE").await.unwrap();
        database.closed_copy().await
    });
    Database::open_with_copy(name.await).await
}
