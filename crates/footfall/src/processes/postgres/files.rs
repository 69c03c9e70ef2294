//! A server's data folder and settings, and the command lines of initdb and postgres.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::files;
use crate::processes::error::Result;

/// The settings of every server; the NixOS module uses them too.
const SETTINGS: &str = include_str!("../../../../../nixos/postgresql/postgresql.conf");
/// Appended to them on a small machine.
const LIGHT_SETTINGS: &str = include_str!("../../../../../nixos/postgresql/light.conf");
const INCLUDE: &str = "include 'footfall.conf'";

/// How much of its machine a server may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// nixos/postgresql/postgresql.conf only.
    Full,
    /// With nixos/postgresql/light.conf, for a machine with 512 MB.
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

/// Where a server listens. It also has a Unix socket, whose name contains the port.
#[derive(Debug, Clone, Copy)]
pub struct Listen<'a> {
    /// TCP addresses as in `listen_addresses`; empty for the socket only.
    pub addresses: &'a str,
    /// The port.
    pub port: u16,
    /// The folder of the Unix socket.
    pub socket_dir: &'a Path,
}

/// The files in a server's folder.
#[derive(Debug)]
pub struct ServerFiles {
    folder: PathBuf,
}

impl ServerFiles {
    /// A server with its data in `folder`/data.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// initdb writes here, so that the remains of an interrupted run are not taken for a database.
    fn partial_data(&self) -> PathBuf {
        self.folder.join("data.partial")
    }

    /// The arguments of initdb, or `None` if the database exists. Call [`Self::initialised`] afterwards.
    ///
    /// # Errors
    /// Fails if the remains of an interrupted attempt cannot be removed.
    pub fn to_initialise(&self) -> Result<Option<Vec<OsString>>> {
        if self.data().join("PG_VERSION").exists() {
            return Ok(None);
        }
        let partial = self.partial_data();
        if partial.exists() {
            fs_err::remove_dir_all(&partial)?;
        }
        let options = [
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--no-instructions",
            "-D",
        ];
        Ok(Some(options.iter().map(Into::into).chain([partial.into()]).collect()))
    }

    /// Moves initdb's data into place.
    ///
    /// # Errors
    /// Fails if it cannot be moved.
    pub fn initialised(&self) -> Result<()> {
        Ok(fs_err::rename(self.partial_data(), self.data())?)
    }

    /// Writes the configuration and returns the arguments of postgres. It is written at every start, because addresses
    /// may change between starts.
    ///
    /// # Errors
    /// Fails if a file cannot be written.
    pub fn to_run(&self, listen: Listen<'_>, size: Size) -> Result<Vec<OsString>> {
        let data = self.data();
        let main = data.join("postgresql.conf");
        let text = fs_err::read_to_string(&main)?;
        // Later settings win, so the include goes at the end of initdb's file.
        if !text.ends_with(INCLUDE) {
            fs_err::write(&main, text + "\n" + INCLUDE)?;
        }
        files::update(&data.join("footfall.conf"), settings(listen, size).as_bytes(), 0o644)?;
        Ok(vec!["-D".into(), data.into()])
    }
}

fn settings(Listen { addresses, port, socket_dir }: Listen<'_>, size: Size) -> String {
    format!(
        "{SETTINGS}\n\
         {of_size}\n\
         # This instance.\n\
         listen_addresses = '{addresses}'\n\
         port = {port}\n\
         unix_socket_directories = '{socket_dir}'\n\
         unix_socket_permissions = 0700\n",
        of_size = size.settings(),
        socket_dir = socket_dir.display(),
    )
}
