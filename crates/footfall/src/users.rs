//! Looks users up in the /etc/passwd of a root file system. The C library cannot do that: after a chroot it would load
//! the NSS modules of the other root.

use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid};

/// One line of a passwd file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user id.
    pub uid: Uid,
    /// The id of the user's group.
    pub gid: Gid,
    /// The user's home directory, as a path inside the root.
    pub home: PathBuf,
}

/// Looks a user up in `root`/etc/passwd (`root` is `/` for the host).
///
/// # Errors
/// Fails if the file cannot be read or has no such user.
pub fn look_up(root: &Path, name: &str) -> std::io::Result<User> {
    let passwd = root.join("etc/passwd");
    let text = fs_err::read_to_string(&passwd)?;
    parse(&text, name).ok_or_else(|| std::io::Error::other(format!("{} knows no user {name}", passwd.display())))
}

fn parse(passwd: &str, name: &str) -> Option<User> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(User {
        uid: Uid::from_raw(fields.next()?.parse().ok()?),
        gid: Gid::from_raw(fields.next()?.parse().ok()?),
        home: fields.nth(1)?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let passwd = "postgresql:x:1:1::/:/bin/sh\npostgres:x:100:102:DB,,,:/var/lib/postgresql:/bin/bash\n";
        let user = parse(passwd, "postgres").unwrap();
        assert_eq!((user.uid.as_raw(), user.gid.as_raw()), (100, 102));
        assert_eq!(user.home.to_str(), Some("/var/lib/postgresql"));
        assert_eq!(parse(passwd, "post"), None);
    }
}
