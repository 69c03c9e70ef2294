//! What a process's log says about its end: the errors without their stack frames, each only once.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use fs_err::File;
use serde_json::{Map, Value};

const LINES_SHOWN: usize = 15;
/// A reason has at most this many lines: as many from its beginning, where the cause is, as from its end.
const REASON_LINES_MAX: usize = 8;
/// An error before these has been survived.
const RECENT_LINES: usize = 200;
const LINE_CHARS_MAX: usize = 400;
const READ_BYTES_MAX: u64 = 256 * 1024;

/// Marks of a line with an error, in the logs of PostgreSQL, Kafka, Java, nginx, Grafana and Footfall's daemons.
const ERRORS: [&str; 14] = [
    "ERROR",
    "FATAL",
    "PANIC",
    "[emerg]",
    "[alert]",
    "[crit]",
    "error:",
    "Error:",
    "Exception",
    "Caused by:",
    "level=error",
    "level=fatal",
    "panic:",
    "configuration:",
];
/// What PostgreSQL says more about an error, in lines of their own.
const FURTHER: [&str; 3] = ["DETAIL:", "HINT:", "CONTEXT:"];

/// The length of a log, which is 0 if there is none yet.
pub(crate) fn length(log: &Path) -> u64 {
    std::fs::metadata(log).map_or(0, |log| log.len())
}

/// The last lines as they are.
pub(crate) fn end(log: &Path) -> String {
    let text = read(log, 0);
    let lines: Vec<_> = text.lines().collect();
    let first = lines.len().saturating_sub(LINES_SHOWN);
    lines.get(first..).unwrap_or_default().join("\n")
}

/// The errors since `from`, or the last lines if there is none.
pub(crate) fn reason(log: &Path, from: u64) -> String {
    let text = read(log, from);
    let lines: Vec<_> = text.lines().filter(|line| !is_stack_frame(line)).collect();
    let recent = lines.len().saturating_sub(RECENT_LINES);
    let mut lines: Vec<_> = lines.get(recent..).unwrap_or_default().iter().map(|line| Line::read(line)).collect();
    let mut follows_error = false;
    for line in &mut lines {
        line.is_error |= follows_error && FURTHER.iter().any(|mark| line.text.contains(mark));
        follows_error = line.is_error;
    }
    let errors: Vec<_> = lines.iter().filter(|line| line.is_error).collect();
    let told = if errors.is_empty() { folded(lines.iter()) } else { folded(errors.into_iter()) };
    let is_cause_first = lines.iter().any(|line| line.is_error);
    let left_out = told.len().saturating_sub(REASON_LINES_MAX);
    if left_out == 0 {
        return told.join("\n");
    }
    let first = if is_cause_first { REASON_LINES_MAX / 2 } else { 0 };
    let (first, rest) = told.split_at(first);
    let last = rest.get(left_out..).unwrap_or_default();
    let between = if first.is_empty() { Vec::new() } else { vec!["...".to_owned()] };
    [first, &between, last].concat().join("\n")
}

/// At most the last READ_BYTES_MAX bytes after `from`.
fn read(log: &Path, from: u64) -> String {
    let read = || {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        let recent = length.saturating_sub(READ_BYTES_MAX);
        file.seek(SeekFrom::Start(from.min(length).max(recent)))?;
        let mut bytes = Vec::new();
        file.take(READ_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_default()
}

fn is_stack_frame(line: &str) -> bool {
    let text = line.trim_start();
    let is_more = text.starts_with("... ") && text.ends_with(" more");
    text.is_empty() || (text.len() < line.len() && (text.starts_with("at ") || is_more))
}

struct Line {
    /// Without its time, so that equal messages are equal.
    text: String,
    is_error: bool,
}

impl Line {
    fn read(line: &str) -> Self {
        let text = match serde_json::from_str::<Map<String, Value>>(line) {
            Ok(fields) => of_daemon(&fields),
            Err(_) => without_time(line).to_owned(),
        };
        let is_error = ERRORS.iter().any(|mark| text.contains(mark));
        let text = match text.char_indices().nth(LINE_CHARS_MAX) {
            Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
            None => text,
        };
        Self { text, is_error }
    }
}

/// A line of Footfall's daemons: level, message and fields.
fn of_daemon(fields: &Map<String, Value>) -> String {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let further =
        fields.iter().filter(|(name, _)| !["timestamp", "level", "message", "target"].contains(&name.as_str()));
    let further: Vec<_> = further
        .map(|(name, value)| match value {
            Value::String(value) => format!("{name}={value}"),
            value => format!("{name}={value}"),
        })
        .collect();
    format!("{} {} {}", text("level"), text("message"), further.join(" ")).trim().to_owned()
}

/// Removes a time in front: `[2026-11-28 19:00:00,123] `, `2026-11-28 19:00:00.123 UTC [77] `, `2026/11/28 19:00:00 `.
fn without_time(line: &str) -> &str {
    let is_time = |word: &str| {
        let bare = word.trim_matches(['[', ']']);
        let is_zone = bare == "UTC";
        let has_digit_first = bare.starts_with(|first: char| first.is_ascii_digit());
        let is_number = bare.chars().all(|each| each.is_ascii_digit() || "-/:.,+TZ#".contains(each));
        is_zone || (has_digit_first && is_number)
    };
    let mut rest = line.trim();
    while let Some((word, after)) = rest.split_once(' ') {
        let is_logfmt_time = word.starts_with("t=") || word.starts_with("time=");
        if !is_time(word) && !is_logfmt_time {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

/// Each text once, with the number of times that it occurs.
fn folded<'a>(lines: impl Iterator<Item = &'a Line>) -> Vec<String> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for line in lines {
        match counted.iter_mut().find(|(text, _)| *text == line.text) {
            Some((_, count)) => *count += 1,
            None => counted.push((&line.text, 1)),
        }
    }
    let with_count = |(text, count): (&str, usize)| match count {
        1 => text.to_owned(),
        count => format!("{text} ({count} times)"),
    };
    counted.into_iter().map(with_count).collect()
}

#[cfg(test)]
mod tests {
    use super::{length, reason};

    fn reason_of(log: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("ERROR of an earlier run\n{log}")).unwrap();
        reason(file.path(), "ERROR of an earlier run\n".len() as u64)
    }

    #[test]
    fn kafka_s_exception_is_told_with_its_cause_and_without_stack_frames() {
        let frames = "\tat org.apache.kafka.Thing.method(Thing.java:12)\n".repeat(40);
        let log = format!(
            "[2026-11-28 19:00:00,001] INFO Starting (kafka.server.KafkaRaftServer)\n\
             [2026-11-28 19:00:01,002] ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)\n\
             java.lang.RuntimeException: Invalid cluster.id in: meta.properties. Expected A, but read B\n\
             {frames}Caused by: java.nio.file.AccessDeniedException: /data/meta.properties\n{frames}\t... 12 more\n"
        );
        assert_eq!(
            reason_of(&log),
            "ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)\n\
             java.lang.RuntimeException: Invalid cluster.id in: meta.properties. Expected A, but read B\n\
             Caused by: java.nio.file.AccessDeniedException: /data/meta.properties"
        );
    }

    #[test]
    fn a_burst_of_one_message_is_one_line() {
        let burst: String = (0..70)
            .map(|second| {
                format!(
                    r#"{{"timestamp":"2026-11-28T19:00:{second:02}Z","level":"ERROR","error":"refused","message":"Kafka is away","target":"t"}}"#
                ) + "\n"
            })
            .collect();
        assert_eq!(reason_of(&burst), "ERROR Kafka is away error=refused (70 times)");
    }

    #[test]
    fn postgresql_s_and_nginx_s_errors_are_told_without_the_rest() {
        let log = "2026-11-28 19:00:00.123 UTC [77] LOG:  starting PostgreSQL 17.5\n\
                   2026-11-28 19:00:00.124 UTC [77] HINT:  Use text.\n\
                   2026-11-28 19:00:00.125 UTC [77] FATAL:  could not write lock file \"postmaster.pid\": No space left on device\n\
                   2026-11-28 19:00:00.125 UTC [77] HINT:  Make room.\n\
                   2026-11-28 19:00:00.126 UTC [77] LOG:  database system is shut down\n";
        assert_eq!(
            reason_of(log),
            "FATAL:  could not write lock file \"postmaster.pid\": No space left on device\nHINT:  Make room."
        );
        let log = "2026/11/28 19:00:00 [emerg] 12#12: bind() to 127.0.0.1:8080 failed (98: Address already in use)\n";
        let told = reason_of(&log.repeat(5));
        assert_eq!(told, "[emerg] 12#12: bind() to 127.0.0.1:8080 failed (98: Address already in use) (5 times)");
    }

    #[test]
    fn without_an_error_the_last_lines_are_told_and_with_many_the_first_and_the_last() {
        let many = |level: &str| (0..100).map(|number| format!("{level} number {number}\n")).collect::<String>();
        assert!(reason_of(&many("INFO")).starts_with("INFO number 92\n"));
        let told = reason_of(&many("ERROR"));
        assert!(told.starts_with("ERROR number 0\n") && told.contains("\n...\n") && told.ends_with("ERROR number 99"));
    }

    #[test]
    fn a_missing_log_says_nothing() {
        assert_eq!((length("/nonexistent".as_ref()), reason("/nonexistent".as_ref(), 0)), (0, String::new()));
    }
}
