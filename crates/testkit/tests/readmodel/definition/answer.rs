//! What a function answers.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// How far the middle of a histogram's bucket is from a value in it, at most.
const HISTOGRAM_ERROR: f64 = 0.01;

#[derive(Clone, Debug)]
pub(crate) enum Cell {
    None,
    Text(String),
    Number(f64),
    Time(Timestamp),
    /// A number of a histogram, which is only known to be in here.
    Between(f64, f64),
}

/// By the column's name.
pub(crate) type Row = BTreeMap<&'static str, Cell>;

/// In any order.
pub(crate) type Answer = Vec<Row>;

impl Cell {
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    pub(crate) fn count(count: usize) -> Self {
        Self::Number(count as f64)
    }

    pub(crate) fn text(text: Option<&str>) -> Self {
        text.filter(|text| !text.is_empty()).map_or(Self::None, |text| Self::Text(text.to_owned()))
    }

    /// `part` of `whole`, if there is a whole.
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    pub(crate) fn share(part: usize, whole: usize) -> Self {
        if whole == 0 { Self::None } else { Self::Number(part as f64 / whole as f64) }
    }

    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    pub(crate) fn mean(values: &[f64]) -> Self {
        if values.is_empty() { Self::None } else { Self::Number(values.iter().sum::<f64>() / values.len() as f64) }
    }

    /// What a histogram may say of this percentile: between the two values around it, with the histogram's error. Values below
    /// `unit` are in one bucket.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small numbers"
    )]
    pub(crate) fn percentile(mut values: Vec<f64>, fraction: f64, unit: f64) -> Self {
        if values.is_empty() {
            return Self::None;
        }
        values.sort_by(f64::total_cmp);
        let place = fraction * (values.len() - 1) as f64;
        let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
        Self::Between(
            if low < unit { 0.0 } else { low * (1.0 - HISTOGRAM_ERROR) },
            if high < unit { unit } else { high * (1.0 + HISTOGRAM_ERROR) },
        )
    }
}
