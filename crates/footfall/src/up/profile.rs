//! What an instance consists of. Its folder remembers it: data that lies in Kafka is not seen by a profile without one.

use std::fmt;
use std::path::Path;

use super::UpError;

const FILE: &str = "profile";

/// What an instance consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Ingest stores by itself, and view serves the site: no Kafka, nginx or Grafana.
    Light,
    /// Everything, Kafka included.
    Appliance,
}

impl Profile {
    fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Appliance => "appliance",
        }
    }

    /// The profile of the instance in a folder; none where there is no instance yet.
    ///
    /// # Errors
    /// The file that says it cannot be read, or says something else.
    pub fn of(dir: &Path) -> Result<Option<Self>, UpError> {
        let file = dir.join(FILE);
        match std::fs::read_to_string(&file) {
            Ok(text) => match [Self::Light, Self::Appliance].into_iter().find(|known| known.as_str() == text.trim()) {
                Some(profile) => Ok(Some(profile)),
                None => Err(UpError::file(&file, std::io::Error::other(format!("{:?} is no profile", text.trim())))),
            },
            // Before there were profiles there was one.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(dir.join("postgres").exists().then_some(Self::Appliance))
            }
            Err(error) => Err(UpError::file(&file, error)),
        }
    }

    /// Has the folder remember it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn remember(self, dir: &Path) -> Result<(), UpError> {
        let (file, partial) = (dir.join(FILE), dir.join("profile.partial"));
        let written = std::fs::write(&partial, format!("{self}\n")).and_then(|()| std::fs::rename(&partial, &file));
        written.map_err(|source| UpError::file(&file, source))
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
