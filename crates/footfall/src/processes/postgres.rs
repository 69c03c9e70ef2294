//! PostgreSQL 17 with TimescaleDB (Apache edition), as its own user.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::error::{At as _, Error, Result};
use super::folders;
use super::launch::Launch;
use super::locations::{Program, Programs};
use super::managed::ManagedProcess;
use super::ready::Ready;

/// The settings that are the same everywhere; also what the NixOS module uses.
const SETTINGS: &str = include_str!("../../../../nixos/postgresql/postgresql.conf");
/// Read after them where the machine is small.
const LIGHT_SETTINGS: &str = include_str!("../../../../nixos/postgresql/light.conf");
const USER: &str = "postgres";
/// Part of the socket's name, also where there is no other.
const PORT: u16 = 5432;
/// The kernel's limit for the path of a Unix socket.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// What a server may take of its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// nixos/postgresql/postgresql.conf.
    Full,
    /// With nixos/postgresql/light.conf: for a machine of 512 MB.
    Light,
}

impl Size {
    fn settings(self) -> &'static str {
        match self {
            Self::Full => "",
            Self::Light => LIGHT_SETTINGS,
        }
    }
}

/// A PostgreSQL server. It is a [`ManagedProcess`]: stopping it is a fast shutdown.
///
/// Local connections (the Unix socket) are trusted, and only the launcher's user and root reach the socket; TCP wants
/// a password (scram-sha-256).
#[derive(Debug)]
pub struct Postgres {
    part: ManagedProcess,
    address: SocketAddr,
    socket_dir: PathBuf,
    /// Where the instance's own path is too long for a socket.
    _short: Option<TempDir>,
}

impl Deref for Postgres {
    type Target = ManagedProcess;
    fn deref(&self) -> &ManagedProcess {
        &self.part
    }
}

impl DerefMut for Postgres {
    fn deref_mut(&mut self) -> &mut ManagedProcess {
        &mut self.part
    }
}

impl Postgres {
    /// Starts a server as [`Postgres::spawn`] does, and waits until it answers a query.
    ///
    /// # Errors
    /// With the last lines of `dir`/logs/postgres.log where the server says why.
    pub async fn start(programs: &Programs, dir: &Path, address: IpAddr, port: u16) -> Result<Self> {
        let postgres = Self::spawn(programs, dir, address, port, Size::Full).await?;
        postgres.wait_until_ready().await?;
        Ok(postgres)
    }

    /// Starts a server on `address`:`port` with its data in `dir`/postgres, which is initialised the first time.
    ///
    /// # Errors
    /// The data cannot be made, or the server cannot be run.
    pub async fn spawn(programs: &Programs, dir: &Path, address: IpAddr, port: u16, size: Size) -> Result<Self> {
        let program = &programs.postgres_bin;
        let address = SocketAddr::new(address, port);
        let folder = folders::make_for(dir, "postgres", program, USER)?;
        let (socket_dir, short) = socket_dir(dir, address.port(), program)?;
        let data = folder.join("data");
        let launch = Launch {
            name: "postgres".into(),
            program: Program { root: program.root.clone(), path: program.path.join("postgres") },
            arguments: vec!["-D".into(), data.clone().into()],
            environment: Vec::new(),
            user: Some(USER),
            binds: vec![folder.clone(), socket_dir.clone()],
            stop_signal: Signal::SIGINT,
            log: folders::log(dir, "postgres")?,
            lock_files: vec![data.join("postmaster.pid"), socket_dir.join(format!(".s.PGSQL.{}.lock", address.port()))],
        };
        if !data.join("PG_VERSION").exists() {
            initialise(&launch, &folder, program).await?;
        }
        write_configuration(&data, &address.ip().to_string(), address.port(), &socket_dir, size)?;
        let ready = Ready::Query(Box::new(admin(&socket_dir, address.port(), "postgres")));
        Ok(Self { part: ManagedProcess::spawn_alone(launch, ready).await?, address, socket_dir, _short: short })
    }

    /// The folder of the Unix socket: libpq's `host`.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Where it listens for TCP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How to connect as the superuser, by the Unix socket and without a password.
    #[must_use]
    pub fn admin(&self, database: &str) -> tokio_postgres::Config {
        admin(&self.socket_dir, self.address.port(), database)
    }

    /// The same as a string in libpq's form, for any user.
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

/// `dir`/run, or a short folder under /tmp where the socket's path would be too long there.
fn socket_dir(dir: &Path, port: u16, program: &Program) -> Result<(PathBuf, Option<TempDir>)> {
    let run = dir.join("run");
    let socket = run.join(format!(".s.PGSQL.{port}"));
    if socket.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return Ok((folders::make_for(dir, "run", program, USER)?, None));
    }
    let parent = Path::new("/tmp");
    let short = tempfile::Builder::new().prefix("footfall-run-").tempdir_in(parent).at(parent)?;
    folders::give_to(short.path(), program, USER)?;
    Ok((short.path().to_owned(), Some(short)))
}

/// Makes the data folder by way of a neighbour, so that an interrupted initdb is not taken for a database.
async fn initialise(postgres: &Launch, folder: &Path, program: &Program) -> Result<()> {
    let partial = folder.join("data.partial");
    if partial.exists() {
        std::fs::remove_dir_all(&partial).at(&partial)?;
    }
    let initdb = Launch {
        name: "initdb".into(),
        program: Program { root: program.root.clone(), path: program.path.join("initdb") },
        arguments: initdb_arguments(&partial),
        lock_files: Vec::new(),
        ..postgres.clone()
    };
    let status = initdb.start()?.ended().await;
    if !status.success() {
        return Err(Error::Ended { name: initdb.name.clone(), status, log: initdb.log_end() });
    }
    let data = folder.join("data");
    std::fs::rename(&partial, &data).at(&data)
}

fn initdb_arguments(data: &Path) -> Vec<OsString> {
    let options = [
        "--username=postgres",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--auth-local=trust",
        "--auth-host=scram-sha-256",
        "--no-instructions",
        "-D",
    ];
    options.iter().map(Into::into).chain([data.into()]).collect()
}

/// The files of a server that is nobody's part: a service manager keeps it, and nothing reaches it but its Unix socket.
#[derive(Debug)]
pub struct Alone {
    folder: PathBuf,
}

impl Alone {
    /// A server with its data in `folder`/data.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn partial(&self) -> PathBuf {
        self.folder.join("data.partial")
    }

    /// What initdb is told, where there is no data; whatever an interrupted one left is removed.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn to_initialise(&self) -> Result<Option<Vec<OsString>>> {
        if self.data().join("PG_VERSION").exists() {
            return Ok(None);
        }
        let partial = self.partial();
        if partial.exists() {
            std::fs::remove_dir_all(&partial).at(&partial)?;
        }
        Ok(Some(initdb_arguments(&partial)))
    }

    /// Puts what initdb made in its place.
    ///
    /// # Errors
    /// It cannot be moved.
    pub fn initialised(&self) -> Result<()> {
        std::fs::rename(self.partial(), self.data()).at(&self.data())
    }

    /// What postgres is told, with its configuration written.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn to_run(&self, socket_dir: &Path) -> Result<Vec<OsString>> {
        write_configuration(&self.data(), "", PORT, socket_dir, Size::Full)?;
        Ok(vec!["-D".into(), self.data().into()])
    }
}

/// Written at every start, because addresses may change between them. initdb's own file ends by including it.
fn write_configuration(data: &Path, addresses: &str, port: u16, socket_dir: &Path, size: Size) -> Result<()> {
    const INCLUDE: &str = "include 'footfall.conf'";
    let main = data.join("postgresql.conf");
    let text = std::fs::read_to_string(&main).at(&main)?;
    if !text.ends_with(INCLUDE) {
        std::fs::write(&main, text + "\n" + INCLUDE).at(&main)?;
    }
    let own = data.join("footfall.conf");
    let settings = format!(
        "{SETTINGS}\n\
         {of_size}\n\
         # This instance.\n\
         listen_addresses = '{addresses}'\n\
         port = {port}\n\
         unix_socket_directories = '{socket_dir}'\n\
         unix_socket_permissions = 0700\n",
        of_size = size.settings(),
        socket_dir = socket_dir.display(),
    );
    std::fs::write(&own, settings).at(&own)
}
