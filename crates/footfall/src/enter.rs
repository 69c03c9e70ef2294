//! `footfall enter`: becomes another program, optionally inside another root file system.
//!
//! It enters the root in its own mount namespace, so that the mounts vanish with the process. Folders are mounted at
//! the same path as outside, so that one configuration file works inside and outside. The program replaces this
//! process: it keeps the pid and receives the signals.

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

/// The root, the user and the parent with which to execute a program.
#[derive(Debug, Default, Clone)]
pub struct ExecOptions {
    /// The folder that becomes `/`, if any.
    pub root: Option<PathBuf>,
    /// The user to become, if any, as in the root's /etc/passwd.
    pub user: Option<String>,
    /// Absolute paths to mount at the same path inside.
    pub binds: Vec<PathBuf>,
    /// The process that the program must not outlive, and the signal to end it with when that process ends.
    pub parent: Option<(Pid, Signal)>,
}

/// Why the program could not be executed.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The kernel refused a step.
    #[error("{what}: {source}")]
    Refused {
        /// The step.
        what: String,
        /// The kernel's error.
        source: Errno,
    },
    /// The user is unknown, or a mount point cannot be created.
    #[error("{what}: {source}")]
    Io {
        /// The step.
        what: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The process that this one must not outlive has ended.
    #[error("the process that started this one is gone")]
    Orphaned,
    /// An argument contains a NUL character.
    #[error("an argument holds a NUL character")]
    NulCharacter,
}

trait Step<T> {
    fn step(self, what: impl FnOnce() -> String) -> Result<T, ExecError>;
}

impl<T> Step<T> for nix::Result<T> {
    fn step(self, what: impl FnOnce() -> String) -> Result<T, ExecError> {
        self.map_err(|source| ExecError::Refused { what: what(), source })
    }
}

impl<T> Step<T> for std::io::Result<T> {
    fn step(self, what: impl FnOnce() -> String) -> Result<T, ExecError> {
        self.map_err(|source| ExecError::Io { what: what(), source })
    }
}

impl ExecOptions {
    /// Replaces this process with `program`.
    ///
    /// # Errors
    /// Returns only on failure.
    pub fn exec(&self, program: &[OsString]) -> Result<Infallible, ExecError> {
        let inside = self.root.as_deref().unwrap_or(Path::new("/"));
        let user = match &self.user {
            Some(name) => Some(users::look_up(inside, name).step(|| format!("user {name} cannot be looked up"))?),
            None => None,
        };
        if let Some(root) = &self.root {
            self.change_root(root)?;
        }
        if let Some(user) = &user {
            setgroups(&[user.gid]).step(|| "groups cannot be dropped".into())?;
            setgid(user.gid).step(|| "the group cannot be changed".into())?;
            setuid(user.uid).step(|| "the user cannot be changed".into())?;
            for path in &self.binds {
                access(path, AccessFlags::R_OK).step(|| {
                    format!("{} may not be read by {user:?}: a folder above it is closed to others", path.display())
                })?;
            }
        }
        // Set last, because the kernel clears it when the user changes.
        if let Some((parent, signal)) = self.parent {
            set_pdeathsig(signal).step(|| "the parent's death cannot be waited for".into())?;
            if getppid() != parent {
                return Err(ExecError::Orphaned);
            }
        }
        let arguments = program
            .iter()
            .map(|argument| CString::new(argument.as_bytes()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| ExecError::NulCharacter)?;
        let name = arguments.first().ok_or(ExecError::NulCharacter)?;
        execvp(name, &arguments).step(|| format!("{} cannot be run", name.to_string_lossy()))
    }

    fn change_root(&self, root: &Path) -> Result<(), ExecError> {
        unshare(CloneFlags::CLONE_NEWNS)
            .step(|| "a mount namespace cannot be made (this needs root, or CAP_SYS_ADMIN)".into())?;
        // Otherwise the mounts below would also appear on the host.
        mount_one(None, Path::new("/"), None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None)?;
        // Instance folders are often in /tmp; in a tmpfs, their mount points vanish with the process.
        tmpfs(&root.join("tmp"))?;
        for path in &self.binds {
            bind(path, root)?;
        }
        for path in ["/proc", "/sys", "/dev"] {
            bind(Path::new(path), root)?;
        }
        // The host's may be inaccessible to the root's users, and PostgreSQL would choose another kind of shared
        // memory.
        tmpfs(&root.join("dev/shm"))?;
        chroot(root).step(|| format!("{} cannot be entered", root.display()))?;
        chdir("/").step(|| format!("{} cannot be entered", root.display()))
    }
}

/// Mounts `path` at the same path below `root`.
fn bind(path: &Path, root: &Path) -> Result<(), ExecError> {
    let target = root.join(path.strip_prefix("/").unwrap_or(path));
    let made = if path.is_dir() { std::fs::create_dir_all(&target) } else { make_file(&target) };
    made.step(|| format!("{} cannot be made", target.display()))?;
    mount_one(Some(path), &target, None, MsFlags::MS_BIND | MsFlags::MS_REC, None)
}

fn make_file(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true).open(path).map(drop)
}

fn tmpfs(target: &Path) -> Result<(), ExecError> {
    std::fs::create_dir_all(target).step(|| format!("{} cannot be made", target.display()))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount_one(Some(Path::new("tmpfs")), target, Some("tmpfs"), flags, Some("mode=1777"))
}

fn mount_one(
    source: Option<&Path>,
    target: &Path,
    kind: Option<&str>,
    flags: MsFlags,
    data: Option<&str>,
) -> Result<(), ExecError> {
    mount(source, target, kind, flags, data).step(|| format!("nothing can be mounted at {}", target.display()))
}
