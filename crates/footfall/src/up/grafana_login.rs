//! Grafana's administrator: admin/admin, as in Grafana's own guide, unless other machines can reach it.

use std::fmt;
use std::path::{Path, PathBuf};

use super::addresses::Addresses;
use super::error::UpError;
use crate::processes::Grafana;
use crate::secrets;

/// The user's name.
pub(crate) const USER: &str = "admin";
const KNOWN_PASSWORD: &str = "admin";

/// How to log in to Grafana.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GrafanaLogin {
    /// With the password that everybody knows.
    Known,
    /// With the password in this file.
    Generated(PathBuf),
}

/// The password of the instance in `dir`.
///
/// # Errors
/// Fails if the file with a generated password cannot be read.
pub fn password(dir: &Path) -> std::io::Result<String> {
    let file = file(dir);
    if file.exists() { fs_err::read_to_string(file) } else { Ok(KNOWN_PASSWORD.to_owned()) }
}

/// The file with the generated password, if there is one.
fn file(dir: &Path) -> PathBuf {
    dir.join("credentials/grafana").join(secrets::GRAFANA_PASSWORD)
}

impl GrafanaLogin {
    /// Once generated, the password is kept: Grafana's database has it.
    pub(crate) fn of(dir: &Path, at: Addresses) -> Self {
        let file = file(dir);
        if at.ip().is_loopback() && !file.exists() { Self::Known } else { Self::Generated(file) }
    }

    /// The password. It is generated if necessary, and then also set in a database that already has the known one.
    pub(crate) async fn password(&self, dir: &Path, grafana: &Grafana) -> Result<String, UpError> {
        let Self::Generated(file) = self else { return Ok(KNOWN_PASSWORD.to_owned()) };
        if !file.exists() {
            // It has its final name only once the database has it.
            let pending = dir.join("credentials/grafana/pending");
            secrets::make(&pending, &[secrets::GRAFANA_PASSWORD])?;
            let pending = pending.join(secrets::GRAFANA_PASSWORD);
            grafana.reset_password(dir, &pending).await?;
            fs_err::rename(&pending, file)?;
        }
        Ok(fs_err::read_to_string(file)?)
    }
}

/// As `up` prints it.
impl fmt::Display for GrafanaLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known => write!(f, "login {USER}, password {KNOWN_PASSWORD}"),
            Self::Generated(file) => {
                write!(f, "login {USER}, password: `footfall password --grafana`, which reads {}", file.display())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Addresses, GrafanaLogin, file};

    #[test]
    fn the_known_password_is_only_for_this_machine() {
        let dir = tempfile::tempdir().unwrap();
        let login = |ip: &str| GrafanaLogin::of(dir.path(), Addresses::on(ip.parse().unwrap(), None));
        for ip in ["127.0.0.1", "127.0.0.7", "::1"] {
            assert_eq!(login(ip), GrafanaLogin::Known, "{ip}");
        }
        let generated = file(dir.path());
        for ip in ["192.0.2.1", "2001:db8::1"] {
            assert_eq!(login(ip), GrafanaLogin::Generated(generated.clone()), "{ip}");
        }
        // Grafana's database has it from then on.
        std::fs::create_dir_all(generated.parent().unwrap()).unwrap();
        std::fs::write(&generated, "secret").unwrap();
        assert_eq!(login("127.0.0.1"), GrafanaLogin::Generated(generated));
        assert!(!login("127.0.0.1").to_string().contains("secret"));
    }
}
