//! `footfall`: the operator's command.
//!
//! Ground rules:
//! - This file lists the subcommands. Each has a file in `commands` with its arguments and a `run` that calls the
//!   library. `retain`, `backup` and `restore` have both in the library; timers run the first two, which read a
//!   configuration file like the daemons.
//! - Results go to standard output. An error is one message on standard error, with its cause and without a backtrace.
//! - The exit code is 0 if the job is done, 1 if it is not, 2 if the command line is wrong. `retain`, `backup` and
//!   `restore` document further codes in their help.
//! - A command that only starts another program (`psql`, `kafka`, `postgres`, `enter`) becomes it: same process id and
//!   signals.

mod commands;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use footfall::{backup, restore, retain};
use footfall_daemon::CommandArguments;

use commands::{
    check, enter, health, kafka, kafka_classes, key, load, migrate, migrate_profile, password, postgres, psql, rollup,
    secrets, site, topics, up,
};

#[derive(Parser)]
#[command(name = "footfall", version, about = "Runs and operates Footfall")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything on this machine and stay in the foreground; Ctrl-C stops everything
    Up(up::Arguments),
    /// Change the profile of an instance kept by `up --keep`; no stored data changes
    MigrateProfile(migrate_profile::Arguments),
    /// Ask every service of the running instance whether it can do its job; exit 1 unless all can
    Health(health::Arguments),
    /// Print the live page's password, or Grafana's
    Password(password::Arguments),
    /// Open psql on the running instance: `footfall psql -- -c "SELECT ..."`
    Psql(psql::Arguments),
    /// Follow one marked event along the whole path and report each stage; exit 1 unless it gets through
    Check(check::Arguments),
    /// Post events at a steady rate and report the results; exit 1 unless all were acknowledged
    Load(load::Arguments),
    /// Run a Kafka broker; its directory is formatted on the first run
    Kafka(kafka::Arguments),
    /// Keep what Java works out about Kafka's classes beside the jars, so that brokers start in half of the time
    KafkaClasses(kafka_classes::Arguments),
    /// Run a PostgreSQL server on a Unix socket only; its database is created on the first run
    Postgres(postgres::Arguments),
    /// Create missing secrets; existing ones are never changed
    Secrets(secrets::Arguments),
    /// List and change the sites that events are taken for; footfall-ingest notices within a second
    Site(site::Arguments),
    /// Make, replace and withdraw the keys that may write for a site
    Key(key::Arguments),
    /// Create missing topics
    Topics(topics::Arguments),
    /// Create roles, database, extension and tables, and bring them up to date
    Migrate(migrate::Arguments),
    /// Delete data older than its retention (footfall-retention.timer runs this)
    Retain(CommandArguments),
    /// Close days and add older events now; recount what is stored; change the time zone of days
    Rollup(rollup::Arguments),
    /// Write and verify a backup of the database, and remove the oldest (footfall-backup.timer runs this)
    Backup(CommandArguments),
    /// Restore the database from a backup; the sinks read later events from Kafka again
    Restore(restore::Arguments),
    /// Run a program inside another root (how `up` starts each service)
    #[command(hide = true)]
    Enter(enter::Arguments),
}

fn main() -> ExitCode {
    run(Arguments::parse().command).unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "footfall: {error}");
        ExitCode::FAILURE
    })
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up(arguments) => in_runtime(up::run(arguments)),
        Command::MigrateProfile(arguments) => in_runtime(migrate_profile::run(arguments)),
        Command::Health(arguments) => in_runtime(health::run(arguments)),
        Command::Password(arguments) => password::run(arguments),
        Command::Psql(arguments) => match psql::run(arguments)? {},
        Command::Check(arguments) => in_runtime(check::run(arguments)),
        Command::Load(arguments) => in_runtime(load::run(arguments)),
        Command::Kafka(arguments) => match kafka::run(arguments)? {},
        Command::KafkaClasses(arguments) => in_runtime(kafka_classes::run(arguments)),
        Command::Postgres(arguments) => match postgres::run(&arguments)? {},
        Command::Secrets(arguments) => secrets::run(&arguments),
        Command::Site(arguments) => site::run(arguments),
        Command::Key(arguments) => key::run(arguments),
        Command::Topics(arguments) => in_runtime(topics::run(arguments)),
        Command::Migrate(arguments) => in_runtime(migrate::run(arguments)),
        Command::Retain(arguments) => Ok(retain::main(arguments)),
        Command::Rollup(arguments) => in_runtime(rollup::run(arguments)),
        Command::Backup(arguments) => Ok(backup::main(arguments)),
        Command::Restore(arguments) => Ok(restore::main(&arguments)),
        Command::Enter(arguments) => match enter::run(arguments)? {},
    }
}

fn in_runtime(command: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}
