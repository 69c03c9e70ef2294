use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::{Reason, Rejection, clock, source, strict, text};

/// All metrics of one process at one moment, with the names and labels of its `/metrics`. Ingest sends its samples
/// through the topic `analytics-outcomes`, like [`OutcomeCounts`](crate::OutcomeCounts); see
/// [`OutcomesMessage`](crate::OutcomesMessage).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineSample {
    kind: Kind,
    /// The instance, at most 100 characters.
    pub source: String,
    /// When it was taken.
    pub at: Timestamp,
    /// When the process, and so its counters, started.
    pub started_at: Timestamp,
    /// `footfall_ingest_requests_total{status="200"}`: 17
    pub samples: BTreeMap<String, Number>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "sample")]
    Sample,
}

const SERIES_MAX: usize = 1_000;
const SERIES_CHARS_MAX: usize = 200;
/// Far above every metric. Sums of samples fit into a PostgreSQL bigint.
const VALUE_MAX: f64 = 1e15;
/// The size of a number in JSON, with its punctuation.
const VALUE_BYTES_MAX: usize = 30;
/// message.max.bytes in nixos/kafka/server.properties: Kafka refuses a larger sample.
const MESSAGE_BYTES_MAX: usize = 1_048_588;
const _: () = assert!(SERIES_MAX * (4 * SERIES_CHARS_MAX + VALUE_BYTES_MAX) < MESSAGE_BYTES_MAX);
/// The series that counts those that did not fit into a sample.
const LEFT_OUT: &str = "footfall_sample_series_left_out";

impl PipelineSample {
    /// `kind` in the message.
    pub(crate) const KIND: &str = "sample";

    /// Builds a sample. Series with names longer than 200 characters or values beyond 10^15, and those beyond the first 999,
    /// are left out and counted in a separate series.
    #[must_use]
    pub fn new(source: &str, at: Timestamp, started_at: Timestamp, samples: BTreeMap<String, Number>) -> Self {
        let met = samples.len();
        let fitting =
            samples.into_iter().filter(|(series, value)| text::fits(series, SERIES_CHARS_MAX) && is_sound(value));
        let mut samples: BTreeMap<_, _> = fitting.take(SERIES_MAX - 1).collect();
        let left_out = met - samples.len();
        if left_out > 0 {
            samples.insert(LEFT_OUT.to_owned(), left_out.into());
        }
        Self { kind: Kind::Sample, source: source.to_owned(), at, started_at, samples }
    }

    /// One line of JSON, without the newline.
    #[must_use]
    pub fn to_line(&self) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "cannot fail: keys are strings, and writing to a Vec always succeeds")]
        serde_json::to_vec(self).expect("a sample is JSON")
    }

    /// Reads what [`PipelineSample::to_line`] wrote. Names must be valid series names and their number is limited, so
    /// that another program that writes to the topic cannot fill the database with arbitrary text.
    pub fn from_line(line: &[u8]) -> Result<Self, Rejection> {
        let sample: Self = serde_json::from_slice(line).map_err(|error| {
            let reason = if error.is_data() { Reason::FieldType } else { strict::reason_of(&error) };
            Rejection::body(reason, "not a sample of metrics")
        })?;
        source::check(&sample.source)?;
        for (field, time) in [("at", sample.at), ("started_at", sample.started_at)] {
            if time < clock::TIMESTAMP_MIN {
                return Err(Rejection::new(field, Reason::TimestampInvalid, "is before what PostgreSQL can hold"));
            }
        }
        if sample.samples.len() > SERIES_MAX {
            return Err(Rejection::new("samples", Reason::FieldTooLong, "has more than 1,000 series"));
        }
        for (series, value) in &sample.samples {
            if !is_sound(value) {
                return Err(Rejection::new("samples", Reason::NumberOutOfRange, "a value is beyond 10^15"));
            }
            if !text::fits(series, SERIES_CHARS_MAX) {
                return Err(Rejection::new("samples", Reason::FieldTooLong, "a name has more than 200 characters"));
            }
            if series.contains('\0') {
                return Err(Rejection::new("samples", Reason::NulCharacter, "a name contains a NUL character"));
            }
            if !is_series(series) {
                return Err(Rejection::new("samples", Reason::FieldType, "a name is not a valid name of a series"));
            }
        }
        Ok(sample)
    }
}

fn is_sound(value: &Number) -> bool {
    value.as_f64().is_some_and(|value| value.abs() <= VALUE_MAX)
}

/// Whether this is a metric's name, with or without labels in braces.
fn is_series(text: &str) -> bool {
    let (name, labels) = text.split_at(text.find('{').unwrap_or(text.len()));
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
    is_name && (labels.is_empty() || labels.ends_with('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> PipelineSample {
        let samples = [
            ("footfall_ingest_requests_total{status=\"200\"}", Number::from(17)),
            ("process_cpu_seconds_total", Number::from_f64(0.25).unwrap()),
        ];
        let samples = samples.map(|(series, value)| (series.to_owned(), value)).into();
        let at = "2024-01-15T10:30:00Z".parse().unwrap();
        PipelineSample::new("ingest-1", at, "2024-01-15T10:00:00Z".parse().unwrap(), samples)
    }

    #[test]
    fn a_sample_comes_back_as_it_was_written() {
        let line = sample().to_line();
        assert_eq!(
            String::from_utf8(line.clone()).unwrap(),
            r#"{"kind":"sample","source":"ingest-1","at":"2024-01-15T10:30:00Z","started_at":"2024-01-15T10:00:00Z","samples":{"footfall_ingest_requests_total{status=\"200\"}":17,"process_cpu_seconds_total":0.25}}"#
        );
        assert_eq!(PipelineSample::from_line(&line).unwrap(), sample());
    }

    #[test]
    fn excess_series_are_left_out_and_counted_and_the_result_can_be_read() {
        let of = |series: Vec<String>| {
            let samples = series.into_iter().map(|series| (series, Number::from(1))).collect();
            let sample = PipelineSample::new("x", Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, samples);
            assert_eq!(PipelineSample::from_line(&sample.to_line()).unwrap(), sample);
            (sample.samples.len(), sample.samples.get(LEFT_OUT).and_then(Number::as_u64))
        };
        let many = |count: usize| (0..count).map(|number| format!("m_{number}")).collect();
        assert_eq!(of(many(999)), (999, None));
        assert_eq!(of(many(1_500)), (1_000, Some(501)));
        assert_eq!(of(vec!["a".repeat(200), "b".repeat(201)]), (2, Some(1)));
        let huge = [("a".to_owned(), Number::from_f64(1e300).unwrap()), ("b".to_owned(), 1.into())].into();
        let sample = PipelineSample::new("x", Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, huge);
        assert_eq!(sample.samples, [("b".to_owned(), 1.into()), (LEFT_OUT.to_owned(), 1.into())].into());
    }

    #[test]
    fn samples_that_the_database_should_not_hold_are_refused() {
        let refused = |change: fn(&mut PipelineSample)| {
            let mut sample = sample();
            change(&mut sample);
            PipelineSample::from_line(&sample.to_line()).unwrap_err().reason
        };
        let with = |sample: &mut PipelineSample, series: &str| sample.samples.insert(series.to_owned(), 1.into());
        assert_eq!(refused(|it| it.source = "a".repeat(101)), Reason::FieldTooLong);
        assert_eq!(refused(|it| it.source.clear()), Reason::FieldEmpty);
        assert_eq!(refused(|it| it.at = Timestamp::MIN), Reason::TimestampInvalid);
        assert_eq!(refused(|it| it.started_at = Timestamp::MIN), Reason::TimestampInvalid);
        assert_eq!(
            refused(|it| it.samples = (0..1_001).map(|n| (format!("m{n}"), 1.into())).collect()),
            Reason::FieldTooLong
        );
        let refused_series = |series: &str| {
            let mut sample = sample();
            with(&mut sample, series);
            PipelineSample::from_line(&sample.to_line()).unwrap_err().reason
        };
        assert_eq!(refused_series(&"a".repeat(201)), Reason::FieldTooLong);
        assert_eq!(refused_series("m{a=\"\0\"}"), Reason::NulCharacter);
        for series in ["", "1m", "a person typed this", "m{a=\"b\"", "{a=\"b\"}"] {
            assert_eq!(refused_series(series), Reason::FieldType, "{series}");
        }
        let line = String::from_utf8(sample().to_line()).unwrap();
        let reason = |line: &str| PipelineSample::from_line(line.as_bytes()).unwrap_err().reason;
        assert_eq!(reason(&line.replace("17", "\"17\"")), Reason::FieldType);
        for number in ["1e999", "1e300", "-1e16", "18446744073709551615"] {
            assert_eq!(reason(&line.replace("17", number)), Reason::NumberOutOfRange, "{number}");
        }
        assert_eq!(reason(&line.replace("\"source\"", "\"other\":1,\"source\"")), Reason::FieldType);
        assert_eq!(reason("{"), Reason::JsonSyntax);
    }
}
