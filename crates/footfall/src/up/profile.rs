//! What an instance consists of. Its folder remembers it, because a profile without Kafka would not see data in Kafka.

use std::path::Path;
use std::{fmt, io};

use crate::files;

const FILE: &str = "profile";

/// What an instance consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Ingest stores events itself, and view serves the site: no Kafka, nginx or Grafana.
    Light,
    /// Everything, including Kafka.
    Appliance,
}

impl Profile {
    fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Appliance => "appliance",
        }
    }

    /// The profile of the instance in a folder; `None` if there is no instance yet.
    ///
    /// # Errors
    /// Fails if the file with the profile cannot be read, or names no profile.
    pub fn of(dir: &Path) -> io::Result<Option<Self>> {
        let file = dir.join(FILE);
        match fs_err::read_to_string(&file) {
            Ok(text) => match [Self::Light, Self::Appliance].into_iter().find(|known| known.as_str() == text.trim()) {
                Some(profile) => Ok(Some(profile)),
                None => Err(files::invalid(&file, format!("{:?} is not a profile", text.trim()))),
            },
            // An instance from before there were profiles is an appliance.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(dir.join("postgres").exists().then_some(Self::Appliance))
            }
            Err(error) => Err(error),
        }
    }

    /// Writes the profile to the folder.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(crate) fn remember(self, dir: &Path) -> io::Result<()> {
        files::update(&dir.join(FILE), format!("{self}\n").as_bytes(), 0o644)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Profile;

    #[test]
    fn a_folder_remembers_its_profile_and_one_from_before_profiles_is_an_appliance() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Profile::of(dir.path()).unwrap(), None);
        std::fs::create_dir(dir.path().join("postgres")).unwrap();
        assert_eq!(Profile::of(dir.path()).unwrap(), Some(Profile::Appliance));
        for profile in [Profile::Light, Profile::Appliance] {
            profile.remember(dir.path()).unwrap();
            assert_eq!(Profile::of(dir.path()).unwrap(), Some(profile));
        }
        std::fs::write(dir.path().join("profile"), "huge").unwrap();
        assert!(Profile::of(dir.path()).unwrap_err().to_string().contains("huge"));
    }
}
