//! `footfall enter`: becomes another program, inside another root where one is named.
//!
//! The root is entered in a mount namespace of the process's own, so that its mounts vanish with it, and folders are
//! bound at the path they have outside, so that a configuration file reads the same inside and out. The program
//! replaces this process: its pid, its exit status and its signals are the program's.

use std::convert::Infallible;
use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{AccessFlags, Pid, access, chdir, chroot, execvp, getppid, setgid, setgroups, setuid};

use crate::users;

/// What to enter, and as whom.
#[derive(Debug, Default, Clone)]
pub struct Enter {
    /// The folder that becomes `/`; the host's own where none is named.
    pub root: Option<PathBuf>,
    /// The user to become, looked up in the root's /etc/passwd; nothing changes where none is named.
    pub user: Option<String>,
    /// Absolute paths that the program sees at the same place inside.
    pub binds: Vec<PathBuf>,
    /// The process whose end is the program's end too, and the signal that it then gets.
    pub parent: Option<(Pid, Signal)>,
}

/// Why the program could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// A step towards it was refused by the kernel.
    #[error("{what}: {source}")]
    Refused {
        /// The step, in words.
        what: String,
        /// The kernel's answer.
        source: Errno,
    },
    /// The user is not known, or a mount point cannot be made.
    #[error("{what}: {source}")]
    Io {
        /// The step, in words.
        what: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The process that this one must not outlive is gone already.
    #[error("the process that started this one is gone")]
    Orphaned,
    /// An argument holds a NUL character.
    #[error("an argument holds a NUL character")]
    NulCharacter,
}

trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, EnterError>;
}

impl<T> Doing<T> for nix::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, EnterError> {
        self.map_err(|source| EnterError::Refused { what: what(), source })
    }
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, EnterError> {
        self.map_err(|source| EnterError::Io { what: what(), source })
    }
}

impl Enter {
    /// Enters and becomes `program`.
    ///
    /// # Errors
    /// Returns only where that failed.
    pub fn exec(&self, program: &[OsString]) -> Result<Infallible, EnterError> {
        let inside = self.root.as_deref().unwrap_or(Path::new("/"));
        let user = match &self.user {
            Some(name) => Some(users::look_up(inside, name).doing(|| format!("user {name} cannot be looked up"))?),
            None => None,
        };
        if let Some(root) = &self.root {
            self.change_root(root)?;
        }
        if let Some(user) = &user {
            setgroups(&[user.gid]).doing(|| "groups cannot be dropped".into())?;
            setgid(user.gid).doing(|| "the group cannot be changed".into())?;
            setuid(user.uid).doing(|| "the user cannot be changed".into())?;
            for path in &self.binds {
                access(path, AccessFlags::R_OK).doing(|| {
                    format!("{} may not be read by {user:?}: a folder above it is closed to others", path.display())
                })?;
            }
        }
        // Last, because the kernel forgets it when the user changes.
        if let Some((parent, signal)) = self.parent {
            set_pdeathsig(signal).doing(|| "the parent's death cannot be waited for".into())?;
            if getppid() != parent {
                return Err(EnterError::Orphaned);
            }
        }
        let arguments = program
            .iter()
            .map(|argument| CString::new(argument.as_bytes()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| EnterError::NulCharacter)?;
        let name = arguments.first().ok_or(EnterError::NulCharacter)?;
        execvp(name, &arguments).doing(|| format!("{} cannot be run", name.to_string_lossy()))
    }

    fn change_root(&self, root: &Path) -> Result<(), EnterError> {
        unshare(CloneFlags::CLONE_NEWNS)
            .doing(|| "a mount namespace cannot be made (this needs root, or CAP_SYS_ADMIN)".into())?;
        // Or what is mounted below would appear on the host as well.
        mount_one(None, Path::new("/"), None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None)?;
        // Instance folders often lie in /tmp: their mount points go into a file system that vanishes with us.
        tmpfs(&root.join("tmp"))?;
        for path in &self.binds {
            bind(path, root)?;
        }
        for path in ["/proc", "/sys", "/dev"] {
            bind(Path::new(path), root)?;
        }
        // The host's may be closed to the root's users, and PostgreSQL would take another kind of memory.
        tmpfs(&root.join("dev/shm"))?;
        chroot(root).doing(|| format!("{} cannot be entered", root.display()))?;
        chdir("/").doing(|| format!("{} cannot be entered", root.display()))
    }
}

/// Makes `path` visible at the same place below `root`.
fn bind(path: &Path, root: &Path) -> Result<(), EnterError> {
    let target = root.join(path.strip_prefix("/").unwrap_or(path));
    let made = if path.is_dir() { std::fs::create_dir_all(&target) } else { make_file(&target) };
    made.doing(|| format!("{} cannot be made", target.display()))?;
    mount_one(Some(path), &target, None, MsFlags::MS_BIND | MsFlags::MS_REC, None)
}

fn make_file(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true).open(path).map(drop)
}

fn tmpfs(target: &Path) -> Result<(), EnterError> {
    std::fs::create_dir_all(target).doing(|| format!("{} cannot be made", target.display()))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount_one(Some(Path::new("tmpfs")), target, Some("tmpfs"), flags, Some("mode=1777"))
}

fn mount_one(
    source: Option<&Path>,
    target: &Path,
    kind: Option<&str>,
    flags: MsFlags,
    data: Option<&str>,
) -> Result<(), EnterError> {
    mount(source, target, kind, flags, data).doing(|| format!("nothing can be mounted at {}", target.display()))
}
