//! PostgreSQL and Kafka, started once per test process, or separately for a test that breaks them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use footfall::processes::{Kafka, Postgres, Programs};
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::own_address;

const POSTGRES_PORT: u16 = 5432;
const KAFKA_PORT: u16 = 9092;

/// PostgreSQL and Kafka on their own address.
pub struct Backends {
    /// The database server.
    pub postgres: Postgres,
    /// The broker.
    pub kafka: Kafka,
    dir: PathBuf,
}

impl Backends {
    /// Starts both.
    pub async fn start() -> Self {
        let (address, dir) = (own_address(), run_dir("backends"));
        let programs = programs();
        let (postgres, kafka) = tokio::join!(
            Postgres::start(programs, &dir, address, POSTGRES_PORT),
            Kafka::start(programs, &dir, address, KAFKA_PORT)
        );
        Self { postgres: postgres.unwrap(), kafka: kafka.unwrap(), dir }
    }

    /// The folder with the broker's data.
    pub fn kafka_data(&self) -> PathBuf {
        self.dir.join("kafka/data")
    }
}

/// Shared PostgreSQL without Kafka, for tests that leave it running.
pub async fn postgres() -> &'static Postgres {
    static POSTGRES: OnceCell<Postgres> = OnceCell::const_new();
    POSTGRES.get_or_init(own_postgres).await
}

/// PostgreSQL without Kafka, for a test that breaks it.
pub async fn own_postgres() -> Postgres {
    Postgres::start(programs(), &run_dir("postgres"), own_address(), POSTGRES_PORT).await.unwrap()
}

/// The shared backends, for tests that leave them running.
pub async fn shared() -> &'static Backends {
    static BACKENDS: OnceCell<Backends> = OnceCell::const_new();
    BACKENDS.get_or_init(Backends::start).await
}

/// Where the programs are that `cargo xtask setup` found or installed.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS
        .get_or_init(|| Programs::load(&checkout().join(".parts/parts.json")).expect("run `cargo xtask setup` first"))
}

/// The operator's command, without this process's environment.
pub fn footfall() -> Command {
    let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("footfall");
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The root of the checkout.
pub fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::parent).unwrap()
}

/// The driver of the real browser.
pub fn browser_driver() -> PathBuf {
    checkout().join("web/tests/drive.mjs")
}

/// A new folder for one process of one test, under target/test-runs/PID: it is kept for inspection after a failure, and
/// removed by a later run.
pub fn run_dir(name: &str) -> PathBuf {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    static LAST: AtomicU32 = AtomicU32::new(0);
    let run = RUN.get_or_init(|| {
        let runs = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("test-runs");
        for old in std::fs::read_dir(&runs).into_iter().flatten().flatten() {
            let pid = old.file_name();
            if !Path::new("/proc").join(&pid).exists() {
                let _ = std::fs::remove_dir_all(old.path());
            }
        }
        runs.join(std::process::id().to_string())
    });
    let dir = run.join(format!("{}-{name}", LAST.fetch_add(1, Ordering::Relaxed)));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}
