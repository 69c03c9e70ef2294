//! Why `up` or `migrate-profile` could not do its job.

use std::net::IpAddr;
use std::path::PathBuf;

use rdkafka::error::KafkaError;

use super::profile::Profile;
use super::state::StateError;
use crate::port_holder::Taken;
use crate::processes;
use crate::topics::TopicsError;

/// How Footfall's daemons end if their configuration is invalid (EX_USAGE of sysexits.h).
const EXIT_USAGE: i32 = 64;

/// Why `up` or `migrate-profile` could not do its job.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// Other processes use the ports.
    #[error("{}", lines(.0))]
    PortsTaken(Vec<Taken>),
    /// Kafka needs one address to give to its clients.
    #[error("{0} is not one address, and Kafka's clients need one: name an address of this machine")]
    NoOneAddress(IpAddr),
    /// It cannot be listened on.
    #[error("{0} is not an address of this machine")]
    ForeignAddress(IpAddr),
    /// The folder holds the data of the other profile.
    #[error(
        "{} holds the data of the profile {remembered}: start it with --profile {remembered}, or convert it \
         with `footfall migrate-profile --keep {} {asked}`", dir.display(), dir.display()
    )]
    OtherProfile {
        /// The instance's folder.
        dir: PathBuf,
        /// The profile of its data.
        remembered: Profile,
        /// The profile on the command line.
        asked: Profile,
    },
    /// The folder holds no instance.
    #[error("{} holds no data of a `footfall up --keep`", .0.display())]
    NoInstance(PathBuf),
    /// Kafka holds messages that a profile without Kafka would never see.
    #[error(
        "Kafka still holds {messages} messages that are not stored, so the instance stays an appliance: {} says why; \
         --wait-s waits for longer", log.display()
    )]
    NotAllStored {
        /// How many.
        messages: i64,
        /// The sink's log.
        log: PathBuf,
    },
    /// The stored offsets cannot be read.
    #[error("the database does not say how far it has stored: {}", footfall_store::error_text(.0))]
    StoredOffsets(tokio_postgres::Error),
    /// A process did not start.
    #[error(transparent)]
    Process(#[from] processes::Error),
    /// The database could not be set up.
    #[error(transparent)]
    Database(#[from] footfall_store::PrepareError),
    /// The topics could not be created.
    #[error(transparent)]
    Topics(#[from] TopicsError),
    /// Kafka did not answer.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// The instance could not be announced.
    #[error(transparent)]
    State(#[from] StateError),
    /// /proc could not be read.
    #[error("/proc cannot be read: {0}")]
    Proc(#[from] procfs::ProcError),
    /// The signals that end `up` cannot be listened for.
    #[error("the signals of this process: {0}")]
    Signals(std::io::Error),
    /// A file of the instance cannot be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
}

impl UpError {
    /// Whether a program is missing or its configuration is invalid: only the user can change that, by another start.
    pub(crate) fn is_in_the_installation(&self) -> bool {
        match self {
            Self::Process(processes::Error::Missing(_)) => true,
            Self::Process(processes::Error::Ended { status, .. }) => status.code() == Some(EXIT_USAGE),
            _ => false,
        }
    }
}

fn lines(taken: &[Taken]) -> String {
    let lines: Vec<_> = taken.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
