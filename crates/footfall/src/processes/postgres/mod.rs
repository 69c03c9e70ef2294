//! PostgreSQL 17 with TimescaleDB (Apache edition), as its own user.

mod files;

use std::net::{IpAddr, SocketAddr};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::error::Result;
use super::folders;
use super::launch::Launch;
use super::managed::ManagedProcess;
use super::programs::{Program, Programs};
use super::ready::Ready;

pub use files::{Listen, ServerFiles, Size};

const USER: &str = "postgres";
/// PostgreSQL's standard port.
pub const PORT: u16 = 5432;
/// The kernel's limit for the path of a Unix socket.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// A PostgreSQL server. It is a [`ManagedProcess`]: stopping it is a fast shutdown.
///
/// Connections through the Unix socket are trusted, and only root and the launcher's user can reach the socket; TCP
/// needs a password (scram-sha-256).
#[derive(Debug)]
pub struct Postgres {
    process: ManagedProcess,
    place: PostgresPlace,
}

/// Where a server is, whether or not it runs.
#[derive(Debug, Clone)]
pub struct PostgresPlace {
    bin: Program,
    dir: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    socket_dir: PathBuf,
    /// Holds the socket if the path of the instance's folder is too long for one.
    _short_dir: Option<Arc<TempDir>>,
}

impl Deref for Postgres {
    type Target = ManagedProcess;
    fn deref(&self) -> &ManagedProcess {
        &self.process
    }
}

impl DerefMut for Postgres {
    fn deref_mut(&mut self) -> &mut ManagedProcess {
        &mut self.process
    }
}

impl Postgres {
    /// Starts a server as [`Postgres::spawn`] does, and waits until it answers a query.
    ///
    /// # Errors
    /// Fails, with the last lines of `dir`/logs/postgres.log, if the server does not start.
    pub async fn start(programs: &Programs, dir: &Path, address: IpAddr, port: u16) -> Result<Self> {
        let postgres = Self::spawn(programs, dir, address, port, Size::Full).await?;
        postgres.wait_until_ready().await?;
        Ok(postgres)
    }

    /// Starts a server on `address`:`port` with its data in `dir`/postgres, which is initialised on the first start.
    ///
    /// # Errors
    /// Fails if the data cannot be initialised or the server cannot be run.
    pub async fn spawn(programs: &Programs, dir: &Path, address: IpAddr, port: u16, size: Size) -> Result<Self> {
        PostgresPlace::new(programs, dir, address, port)?.spawn(size).await
    }

    /// The folder of the Unix socket: libpq's `host`.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        self.place.socket_dir()
    }

    /// The TCP address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.place.address
    }

    /// As [`PostgresPlace::admin`].
    #[must_use]
    pub fn admin(&self, database: &str) -> tokio_postgres::Config {
        self.place.admin(database)
    }

    /// As [`PostgresPlace::url`].
    #[must_use]
    pub fn url(&self, user: &str, database: &str) -> String {
        self.place.url(user, database)
    }
}

impl PostgresPlace {
    /// A server on `address`:`port` with its data in `dir`/postgres.
    ///
    /// # Errors
    /// Fails if its folders cannot be created.
    pub fn new(programs: &Programs, dir: &Path, address: IpAddr, port: u16) -> Result<Self> {
        let bin = programs.postgres_bin.clone();
        let folder = folders::make_for(dir, "postgres", &bin, USER)?;
        let (socket_dir, short_dir) = socket_dir(dir, port, &bin)?;
        let (dir, address) = (dir.to_owned(), SocketAddr::new(address, port));
        Ok(Self { bin, dir, folder, address, socket_dir, _short_dir: short_dir.map(Arc::new) })
    }

    /// Starts the server; its data is initialised on the first start.
    ///
    /// # Errors
    /// Fails if the data cannot be initialised or the server cannot be run.
    pub async fn spawn(&self, size: Size) -> Result<Postgres> {
        let Self { bin, folder, socket_dir, address, .. } = self;
        let (port, files) = (address.port(), ServerFiles::in_folder(folder));
        let launch = Launch {
            name: "postgres".into(),
            program: bin.join("postgres"),
            arguments: Vec::new(),
            environment: Vec::new(),
            user: Some(USER),
            binds: vec![folder.clone(), socket_dir.clone()],
            stop_signal: Signal::SIGINT,
            log: folders::log(&self.dir, "postgres")?,
            lock_files: vec![files.data().join("postmaster.pid"), socket_dir.join(format!(".s.PGSQL.{port}.lock"))],
        };
        if let Some(arguments) = files.to_initialise()? {
            let (name, program) = ("initdb".into(), bin.join("initdb"));
            Launch { name, program, arguments, lock_files: Vec::new(), ..launch.clone() }.run_to_end().await?;
            files.initialised()?;
        }
        let listen = Listen { addresses: &address.ip().to_string(), port, socket_dir };
        let launch = Launch { arguments: files.to_run(listen, size)?, ..launch };
        let ready = Ready::Query(Box::new(self.admin("postgres")));
        let process = ManagedProcess::spawn_alone(launch, ready).await?;
        Ok(Postgres { process, place: self.clone() })
    }

    /// The folder of the Unix socket: libpq's `host`.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// How to connect as the superuser, through the Unix socket and without a password.
    #[must_use]
    pub fn admin(&self, database: &str) -> tokio_postgres::Config {
        admin(&self.socket_dir, self.address.port(), database)
    }

    /// A libpq connection string for any user.
    #[must_use]
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("host='{}' port={} user={user} dbname={database}", self.socket_dir.display(), self.address.port())
    }
}

fn admin(socket_dir: &Path, port: u16, database: &str) -> tokio_postgres::Config {
    let mut config = tokio_postgres::Config::new();
    config.host_path(socket_dir).port(port).user(USER).dbname(database).connect_timeout(Duration::from_secs(2));
    config
}

/// `dir`/run, or a short folder under /tmp if the socket's path would be too long.
fn socket_dir(dir: &Path, port: u16, program: &Program) -> Result<(PathBuf, Option<TempDir>)> {
    let run = dir.join("run");
    let socket = run.join(format!(".s.PGSQL.{port}"));
    if socket.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return Ok((folders::make_for(dir, "run", program, USER)?, None));
    }
    let parent = Path::new("/tmp");
    let short = tempfile::Builder::new().prefix("footfall-run-").tempdir_in(parent)?;
    folders::give_to(short.path(), program, USER)?;
    Ok((short.path().to_owned(), Some(short)))
}
