//! The secrets of an instance: generated if missing, never changed.

use std::path::Path;

use crate::files;

/// Ingest's key for visitor hashes. It must last as long as the data.
pub const VISITOR_SECRET: &str = "privacy.visitor_secret";
/// The live page's password, for footfall-view.
pub const VIEW_PASSWORD: &str = "access.password";
/// What the daemons need.
pub const OF_DAEMONS: [&str; 2] = [VISITOR_SECRET, VIEW_PASSWORD];
/// The password of Grafana's administrator, if other machines can reach Grafana.
pub const GRAFANA_PASSWORD: &str = "admin.password";

/// Creates `folder`, inaccessible to other users, and each missing secret in it: 32 random bytes as hexadecimal digits,
/// in a file that only its owner can read.
///
/// # Errors
/// Fails if the folder or a file cannot be created.
pub fn make(folder: &Path, names: &[&str]) -> std::io::Result<()> {
    files::create_folder(folder, 0o700)?;
    names.iter().try_for_each(|name| make_one(&folder.join(name)))
}

fn make_one(secret: &Path) -> std::io::Result<()> {
    if secret.exists() {
        return Ok(());
    }
    let key: [u8; 32] = rand::random();
    let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    files::replace(secret, text.as_bytes(), 0o600)
}

#[cfg(test)]
mod tests {
    use super::{VISITOR_SECRET, make};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_secret_is_generated_once_and_private() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        let read = || {
            make(&folder, &[VISITOR_SECRET]).unwrap();
            let file = folder.join(VISITOR_SECRET);
            let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            (std::fs::read_to_string(&file).unwrap(), mode(&folder), mode(&file))
        };
        let (secret, folder_mode, mode) = read();
        assert_eq!((secret.len(), folder_mode, mode), (64, 0o700, 0o600));
        assert_eq!(read().0, secret);
    }
}
