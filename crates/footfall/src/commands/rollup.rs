//! `footfall rollup`

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use footfall_store::{Closer, recount, set_time_zone};
use jiff::civil::Date;
use tokio_postgres::Config;

use super::shared::Instance;

/// Time between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(5);

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: Instance,
    /// A libpq string with the owner of the tables (default: the running instance): "host=/run/postgresql user=footfall_owner dbname=analytics"
    #[arg(long, value_name = "URL", env = "FOOTFALL_DATABASE_URL", conflicts_with = "instance")]
    database: Option<Config>,
    /// Count visits again from their events, and sums from visits, and say what differs; exit 1 if anything does
    #[arg(long)]
    verify: bool,
    /// The first day to verify, in the instance's time zone
    #[arg(long, value_name = "DAY", requires = "verify")]
    since: Option<Date>,
    /// The last day to verify
    #[arg(long, value_name = "DAY", requires = "verify")]
    until: Option<Date>,
    /// Divide days at the midnights of this time zone from now on; events are stored only after the change
    #[arg(long, value_name = "NAME", conflicts_with = "verify")]
    time_zone: Option<String>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let database = match arguments.database {
        Some(database) => database,
        None => owner_of(&arguments.instance)?,
    };
    if arguments.verify {
        return verify(&database, (arguments.since, arguments.until)).await;
    }
    if let Some(time_zone) = arguments.time_zone {
        let former = set_time_zone(&database, &time_zone).await?;
        say(&format!("days are those of {time_zone}; before, they were those of {former}"));
    }
    catch_up(&database).await?;
    Ok(ExitCode::SUCCESS)
}

fn owner_of(instance: &Instance) -> anyhow::Result<Config> {
    let state = instance.state().context("name the database with --database")?;
    let mut config = Config::new();
    config.host_path(&state.socket_dir).port(state.port).user("footfall_owner").dbname(&state.database);
    Ok(config)
}

async fn catch_up(database: &Config) -> anyhow::Result<()> {
    let mut closer = Closer::connect(database).await?;
    let mut said = Instant::now();
    while let Some(progress) = closer.add_older_events().await? {
        if said.elapsed() > PROGRESS {
            said = Instant::now();
            say(&format!(
                "{} events of earlier versions are added to the visits: {} is reached, {} is the oldest",
                progress.events, progress.reached, progress.oldest
            ));
        }
    }
    say("all events are added to the visits");
    let days = closer.days_to_close().await?;
    let all = days.len();
    for (closed, day) in days.into_iter().enumerate() {
        if said.elapsed() > PROGRESS {
            said = Instant::now();
            say(&format!("{closed} of {all} days are closed; {day} is next"));
        }
        closer.sum(day, None).await?;
    }
    closer.sum_periods(true).await?;
    say(&format!("{all} days are closed"));
    Ok(())
}

async fn verify(database: &Config, days: (Option<Date>, Option<Date>)) -> anyhow::Result<ExitCode> {
    let mut said = Instant::now();
    let recounted = recount(database, days, |so_far| {
        if said.elapsed() > PROGRESS {
            said = Instant::now();
            say(&format!("{} closed days and {} events are counted again", so_far.days, so_far.events));
        }
    })
    .await?;
    for differing in &recounted.named {
        say(differing);
    }
    say(&format!("the sums of {} days were counted again from their visits", recounted.days));
    match recounted.range {
        Some((since, until)) => say(&format!(
            "from {since} to {until}, {} visits were counted again from {} events",
            recounted.visits, recounted.events
        )),
        None => say("there are no visits whose events are still there"),
    }
    say(&format!("{} rows differ", recounted.differing));
    Ok(if recounted.differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A closed standard output must not stop the work.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
