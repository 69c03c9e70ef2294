//! What pages report of themselves: how far they were read, and web vitals.
//!
//! A visit holds them as numbers, `page << 32 | metric << 28 | value`. Of `scroll_percent` it keeps the greatest for each page, of
//! `engaged_ms` the sum; each web vital is a value of its own, as a bucket of a histogram whose buckets grow by 2 %, so
//! that the middle of a bucket is within 1 % of each value in it.

use serde_json::{Map, Value};

/// The metrics, in the order of their numbers, which are stored: add new ones at the end. footfall.metrics names them in SQL.
const METRICS: [Metric; 7] = [
    Metric { name: "scroll_percent", event_type: "engagement", scale: 1.0, kept: Kept::Greatest, max: 100.0 },
    Metric { name: "engaged_ms", event_type: "engagement", scale: 1.0, kept: Kept::Sum, max: VALUE_MAX as f64 },
    Metric { name: "lcp_ms", event_type: "web_vitals", scale: 1.0, kept: Kept::Bucket, max: VITAL_MAX },
    Metric { name: "inp_ms", event_type: "web_vitals", scale: 1.0, kept: Kept::Bucket, max: VITAL_MAX },
    Metric { name: "cls", event_type: "web_vitals", scale: 10_000.0, kept: Kept::Bucket, max: VITAL_MAX },
    Metric { name: "fcp_ms", event_type: "web_vitals", scale: 1.0, kept: Kept::Bucket, max: VITAL_MAX },
    Metric { name: "ttfb_ms", event_type: "web_vitals", scale: 1.0, kept: Kept::Bucket, max: VITAL_MAX },
];

const VALUE_BITS: u32 = 28;
const METRIC_BITS: u32 = 4;
const VALUE_MAX: i64 = (1 << VALUE_BITS) - 1;
/// A page that took longer than eleven days reports nonsense.
const VITAL_MAX: f64 = 1e9;
/// Each bucket of a histogram begins at this many times the one before.
const GROWTH: f64 = 1.02;

struct Metric {
    name: &'static str,
    event_type: &'static str,
    /// What a value is multiplied by before it is put into a bucket.
    scale: f64,
    kept: Kept,
    max: f64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Greatest,
    Sum,
    Bucket,
}

/// One reported number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Its position in `METRICS`.
    metric: usize,
    value: i64,
}

/// The numbers in a report's metadata. One that no page can have measured is left out.
pub(crate) fn reported(event_type: &str, metadata: &Map<String, Value>) -> Vec<Measure> {
    let of_type = METRICS.iter().enumerate().filter(|(_, metric)| metric.event_type == event_type);
    of_type
        .filter_map(|(number, metric)| {
            let value = metadata.get(metric.name)?.as_f64().filter(|value| *value >= 0.0)?;
            let value = match metric.kept {
                Kept::Bucket if value > metric.max => return None,
                Kept::Bucket => bucket(value * metric.scale),
                #[allow(clippy::cast_possible_truncation, reason = "not above max")]
                Kept::Greatest | Kept::Sum => value.min(metric.max).round() as i64,
            };
            Some(Measure { metric: number, value })
        })
        .collect()
}

/// The bucket of a value: 0 holds what is below 1. The same as footfall.histogram_bucket.
fn bucket(value: f64) -> i64 {
    if value < 1.0 {
        return 0;
    }
    #[allow(clippy::cast_possible_truncation, reason = "the logarithm of a finite number is small")]
    let bucket = (value.ln() / GROWTH.ln()).round() as i64;
    bucket + 1
}

/// Adds a measure of a page to those of a visit, which are sorted.
pub(crate) fn add(all: &mut Vec<i64>, page: i32, Measure { metric, value }: Measure) {
    #[allow(clippy::cast_possible_wrap, reason = "there are few metrics")]
    let subject = (i64::from(page) << METRIC_BITS | metric as i64) << VALUE_BITS;
    add_encoded(all, subject | value);
}

/// Adds the measures of another visit.
pub(crate) fn merge(all: &mut Vec<i64>, others: &[i64]) {
    for other in others {
        add_encoded(all, *other);
    }
}

fn add_encoded(all: &mut Vec<i64>, added: i64) {
    let (subject, value) = (added & !VALUE_MAX, added & VALUE_MAX);
    let place = all.partition_point(|held| *held < subject);
    #[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "four bits")]
    let metric = (subject >> VALUE_BITS & ((1 << METRIC_BITS) - 1)) as usize;
    let kept = METRICS.get(metric).map_or(Kept::Bucket, |metric| metric.kept);
    match all.get_mut(place) {
        Some(held) if *held & !VALUE_MAX == subject && kept != Kept::Bucket => {
            let before = *held & VALUE_MAX;
            let now = if kept == Kept::Sum { (before + value).min(VALUE_MAX) } else { before.max(value) };
            *held = subject | now;
        }
        _ => {
            let place = all.partition_point(|held| *held < added);
            all.insert(place, added);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(event_type: &str, metadata: &Value) -> Vec<(usize, i64)> {
        let found = reported(event_type, metadata.as_object().unwrap());
        found.iter().map(|measure| (measure.metric, measure.value)).collect()
    }

    #[test]
    fn impossible_numbers_are_left_out() {
        assert_eq!(of("engagement", &json!({"scroll_percent": 40.4, "engaged_ms": 1200})), [(0, 40), (1, 1_200)]);
        assert_eq!(
            of("engagement", &json!({"scroll_percent": 1e300, "engaged_ms": 1.7e308})),
            [(0, 100), (1, VALUE_MAX)]
        );
        assert_eq!(of("engagement", &json!({"scroll_percent": -1, "engaged_ms": "5"})), []);
        assert_eq!(of("web_vitals", &json!({"lcp_ms": 1e300, "cls": -0.1, "inp_ms": 0})), [(3, 0)]);
        assert_eq!(of("page_view", &json!({"lcp_ms": 1})), []);
    }

    #[test]
    fn a_bucket_is_within_one_percent() {
        for value in [1.0, 1.01, 2.0, 99.0, 2_500.0, 123_456.7] {
            #[allow(clippy::cast_precision_loss)]
            let middle = GROWTH.powf((bucket(value) - 1) as f64);
            assert!((middle / value - 1.0).abs() < 0.01, "{value} {middle}");
        }
    }

    #[test]
    fn measures_merge_in_any_order() {
        let given = [(7, 0, 50), (7, 0, 40), (7, 1, 10), (7, 1, 20), (7, 2, 300), (7, 2, 300), (6, 0, 90)];
        let all = |order: &[usize]| {
            let mut all = Vec::new();
            for number in order {
                let (page, metric, value) = given[*number];
                add(&mut all, page, Measure { metric, value });
            }
            all
        };
        let wanted = all(&[0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(wanted.len(), 5, "the deepest, the sum, two vitals, and the other page");
        assert_eq!(all(&[6, 5, 4, 3, 2, 1, 0]), wanted);
        let (mut left, right) = (all(&[0, 3, 5]), all(&[1, 2, 4, 6]));
        merge(&mut left, &right);
        assert_eq!(left, wanted);
    }
}
