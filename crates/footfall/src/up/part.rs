//! The parts of an instance, and which of them each needs before it starts.

use std::fmt;

use super::profile::Profile;

/// A process, or a step that must have been done before some process starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Postgres,
    Schema,
    Kafka,
    Topics,
    Sink,
    Ingest,
    View,
    Nginx,
    Grafana,
}

/// How much one part needs another before it starts for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// It can do nothing without it: a writer must not meet an old schema.
    Ready(Part),
    /// It is better started afterwards, but serves its users while the other is down.
    Tried(Part),
}

impl Part {
    pub(crate) fn all(profile: Profile, with_grafana: bool) -> Vec<Self> {
        match profile {
            Profile::Light => vec![Self::Postgres, Self::Schema, Self::Ingest, Self::View],
            Profile::Appliance => {
                let grafana = with_grafana.then_some(Self::Grafana);
                let all = [Self::Postgres, Self::Schema, Self::Kafka, Self::Topics];
                all.into_iter().chain([Self::Sink, Self::Ingest, Self::View, Self::Nginx]).chain(grafana).collect()
            }
        }
    }

    pub(crate) fn needs(self, profile: Profile) -> &'static [Need] {
        match self {
            Self::Postgres | Self::Kafka | Self::Nginx => &[],
            Self::Schema => &[Need::Ready(Self::Postgres)],
            Self::Topics => &[Need::Ready(Self::Kafka)],
            Self::Sink => &[Need::Ready(Self::Schema), Need::Ready(Self::Topics)],
            Self::Ingest if profile == Profile::Light => &[Need::Ready(Self::Schema)],
            Self::Ingest => &[Need::Tried(Self::Topics)],
            Self::View | Self::Grafana => &[Need::Tried(Self::Schema)],
        }
    }

    /// The parts that are stopped at the same time, from the clients to the data: each group can still finish what the
    /// one before it sent. View is stopped with nginx, because nginx waits for view's streams to end.
    pub(crate) fn stop_order() -> [&'static [Self]; 4] {
        [
            &[Self::Nginx, Self::View, Self::Grafana],
            &[Self::Ingest],
            &[Self::Sink],
            // These two keep data, and may take their time.
            &[Self::Kafka, Self::Postgres],
        ]
    }

    /// Whether it keeps data, which takes time to write at the end.
    pub(crate) fn keeps_data(self) -> bool {
        matches!(self, Self::Kafka | Self::Postgres)
    }

    /// Whether it is a step instead of a process.
    pub(crate) fn is_step(self) -> bool {
        matches!(self, Self::Schema | Self::Topics)
    }
}

/// As `up` prints it.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Schema => "database schema",
            Self::Kafka => "Kafka",
            Self::Topics => "topics",
            Self::Sink => "sink",
            Self::Ingest => "ingest",
            Self::View => "live page",
            Self::Nginx => "nginx",
            Self::Grafana => "Grafana",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Need, Part, Profile};

    #[test]
    fn every_need_is_started_before_the_part_that_has_it() {
        for profile in [Profile::Light, Profile::Appliance] {
            let all = Part::all(profile, true);
            for (index, part) in all.iter().enumerate() {
                for Need::Ready(other) | Need::Tried(other) in part.needs(profile) {
                    assert!(all[..index].contains(other), "{part} needs {other}");
                }
            }
        }
    }

    #[test]
    fn every_process_is_stopped_once() {
        let mut stopped: Vec<_> = Part::stop_order().concat();
        stopped.sort_unstable();
        let processes = Part::all(Profile::Appliance, true).into_iter().filter(|part| !part.is_step());
        let mut processes: Vec<_> = processes.collect();
        processes.sort_unstable();
        assert_eq!(stopped, processes);
    }
}
