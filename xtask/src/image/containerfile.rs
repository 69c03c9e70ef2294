//! The Containerfile for buildah: one layer for each archive, and the settings in nixos/image.json.

use std::fmt::Write as _;

use serde_json::json;

use super::statement::Statement;

/// The folders of Debian's programs and of ours.
const PATH: &str = "/usr/sbin:/usr/bin:/usr/lib/postgresql/17/bin";
/// Where `cargo xtask image` puts Kafka's jars.
pub(crate) const KAFKA_LIBS: &str = "/usr/share/footfall/kafka";

/// `archives` are relative to buildah's context, the lowest layer first.
pub(crate) fn text(statement: &Statement, archives: &[String], labels: &[(&str, String)]) -> String {
    let mut text = "FROM scratch\n".to_owned();
    for archive in archives {
        let _ = writeln!(text, "ADD {archive} /");
    }
    let stated = statement.environment.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    for (key, value) in [("PATH", PATH)].into_iter().chain(stated) {
        let _ = writeln!(text, "ENV {key}={}", json!(value));
    }
    let stated = statement.labels.iter().map(|(key, value)| (key.as_str(), value.clone()));
    for (key, value) in stated.chain(labels.iter().cloned()) {
        let _ = writeln!(text, "LABEL {key}={}", json!(value));
    }
    for port in &statement.ports {
        let _ = writeln!(text, "EXPOSE {port}");
    }
    let Statement { user, health, volumes, entry_point, .. } = statement;
    let _ = write!(
        text,
        "WORKDIR {}\nVOLUME {}\nSTOPSIGNAL {}\nUSER {}:{}\nHEALTHCHECK --interval={}s --timeout={}s --start-period={}s --retries={} CMD {}\nENTRYPOINT {}\n",
        statement.working_directory,
        json!(volumes),
        statement.stop_signal,
        user.uid,
        user.gid,
        health.interval_s,
        health.time_out_s,
        health.start_period_s,
        health.retries,
        json!(health.command),
        json!(entry_point),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::{Statement, text};
    use std::path::Path;

    #[test]
    fn what_is_stated_stands_in_it() {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let statement = Statement::read(checkout).unwrap();
        assert!(statement.user.uid > 0 && statement.user.uid < 65_536, "rootless users have 65536 numbers");
        let text = text(&statement, &["base.tar".into()], &[("org.opencontainers.image.version", "1 \"2\"".into())]);
        assert!(!text.contains("ENV FOOTFALL_"), "a daemon that is started by itself would not know the setting");
        for line in [
            "FROM scratch",
            "ADD base.tar /",
            "ENV LC_ALL=\"C.UTF-8\"",
            "LABEL org.opencontainers.image.version=\"1 \\\"2\\\"\"",
            "EXPOSE 8080/tcp",
            "VOLUME [\"/tmp\",\"/var/lib/footfall\"]",
            "USER 10001:10001",
            "HEALTHCHECK --interval=30s --timeout=10s --start-period=180s --retries=3 CMD [\"footfall\",\"health\"]",
        ] {
            assert!(text.lines().any(|each| each == line), "{line}\nis not in\n{text}");
        }
    }
}
