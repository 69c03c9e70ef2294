//! `cargo xtask`: sets up what is missing, builds, and hands over.
//!
//! It depends on none of our other crates, so that it compiles within seconds on a bare machine.

mod apt;
mod bench;
mod build;
mod command;
mod debian_root;
mod host;
mod image;
mod install;
mod kafka_classes;
mod kafka_libs;
mod lab;
mod nix;
mod package_list;
mod parts_file;
#[path = "../../crates/footfall/src/progress.rs"]
mod progress;
mod setup;
mod size;
mod stamped;
mod test_programs;
mod tidy;
mod user_agents;
mod web_tests;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::progress::Steps;
use crate::setup::For;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Installs what is missing, builds, and runs footfall")]
struct Arguments {
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Set up what is missing (PostgreSQL with TimescaleDB, nginx, Java, Kafka) and build
    Setup {
        /// Also set up what only the tests need (Chromium, curl, npm packages)
        #[arg(long)]
        tests: bool,
        /// Also set up what only `cargo xtask lab` needs; .parts/root then serves both the lab and the tests
        #[arg(long)]
        lab: bool,
        /// Set up every part, including those that this machine already has
        #[arg(long)]
        without_host: bool,
        /// Do not build
        #[arg(long)]
        no_build: bool,
    },
    /// Set up what is missing, then start everything and stay in the foreground (`-- --help` lists the options)
    Up {
        /// Options for `footfall up`, such as --keep DIR
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Set up what is missing, then run every test, several programs at a time
    Test {
        /// Arguments for `cargo test --workspace`, such as part of a test's name; it runs one program after the other
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Measure a release build, and write docs/performance.md
    Bench {
        /// What to measure
        what: bench::What,
        #[command(flatten)]
        size: bench::Size,
    },
    /// Open psql on the database that `up` started: `cargo xtask psql -- -c "SELECT ..."`
    Psql {
        /// The role to connect as: reader, writer or owner
        #[arg(long, default_value = "reader")]
        role: OsString,
        /// Arguments for psql
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Build the programs and install them, the units and the other plain files where a package would put them
    Install {
        /// The folder in which to create bin/, lib/ and share/
        #[arg(long, value_name = "DIR")]
        prefix: PathBuf,
        /// Build the programs with the dev profile
        #[arg(long)]
        dev_profile: bool,
        /// Also install Kafka's jars, for a system that has none
        #[arg(long)]
        with_kafka: bool,
    },
    /// Set up what is missing, then boot machines and run the questions of vm-tests on them (as root)
    Lab {
        /// Names from vm-tests/questions.json; all of them by default
        questions: Vec<OsString>,
    },
    /// Evaluate and build the flake against a stand-in for nixpkgs (as root on Debian)
    Nix {
        /// Update the reference of the options if it is stale
        #[arg(long)]
        write: bool,
    },
    /// Build the container image: target/image/footfall.tar
    Image {
        /// Build it from the programs that the tests use, start it, and check that it keeps its promises
        #[arg(long)]
        test: bool,
    },
    /// Check what the compiler does not: names, lengths, words, module cycles, stale documents
    Tidy {
        /// Also check licences and versions of dependencies against deny.toml (cargo must have fetched them)
        #[arg(long)]
        dependencies: bool,
    },
    /// Fetch the newest rules for recognising browsers, systems and bots by user agent
    RefreshUserAgents,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Prints the causes, but no backtrace.
            let _ = writeln!(std::io::stderr(), "cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let Some(task) = Arguments::parse().task else {
        Arguments::command().print_help()?;
        return Ok(());
    };
    let checkout = checkout()?;
    let steps = Steps::new();
    match task {
        Task::Setup { tests, lab, without_host, no_build } => {
            if lab {
                setup::set_up(&checkout, &steps, For::Lab, without_host)?;
            }
            let purpose = if tests { For::Tests } else { For::Up };
            setup::set_up(&checkout, &steps, purpose, without_host)?;
            if no_build { Ok(()) } else { build::workspace(&checkout, &steps, purpose) }
        }
        Task::Up { arguments } => {
            let parts = setup::set_up(&checkout, &steps, For::Up, false)?;
            build::workspace(&checkout, &steps, For::Up)?;
            let mut up = command::new(build::footfall()?);
            up.arg("up").arg("--parts").arg(parts);
            up.arg("--share").arg(&checkout).args(arguments);
            command::become_it(up)
        }
        Task::Test { arguments } => {
            let parts = setup::set_up(&checkout, &steps, For::Tests, false)?;
            build::workspace(&checkout, &steps, For::Tests)?;
            kafka_classes::learn(&parts, &steps)?;
            if arguments.is_empty() {
                return test_programs::run_all(&checkout, &steps);
            }
            let mut test = command::cargo(&checkout);
            // Run all tests even if one fails.
            test.args(["test", "--workspace", "--no-fail-fast"]).args(arguments);
            command::become_it(test)
        }
        Task::Bench { what: bench::What::Questions, size } => bench::questions(&checkout, &steps, &size),
        Task::Psql { role, arguments } => {
            let mut psql = command::new(build::footfall()?);
            psql.arg("psql").arg("--role").arg(role);
            psql.arg("--").args(arguments);
            command::become_it(psql)
        }
        Task::Install { prefix, dev_profile, with_kafka } => {
            install::Install { prefix: &prefix, dev_profile, with_kafka }.run(&checkout, &steps)
        }
        Task::Lab { questions } => {
            setup::set_up(&checkout, &steps, For::Lab, false)?;
            lab::ask(&checkout, &steps, &questions)
        }
        Task::Nix { write } => {
            build::workspace(&checkout, &steps, For::Up)?;
            nix::check(&checkout, &steps, write)
        }
        Task::Image { test: false } => image::release(&checkout, &steps),
        Task::Image { test: true } => image::trial::run(&checkout, &steps),
        Task::Tidy { dependencies } => tidy::check(&checkout, dependencies),
        Task::RefreshUserAgents => user_agents::refresh(&checkout, &steps),
    }
}

/// The folder that holds the workspace's Cargo.toml.
fn checkout() -> Result<PathBuf> {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    Ok(parent.context("xtask is not in a checkout")?.to_owned())
}
