//! Bars for the last 30 minutes, one per minute.

use maud::{Markup, html};

use super::axes::percentage;
use crate::table::Table;

const HEIGHT: f64 = 56.0;

/// Hidden from screen readers: the text beside it says the same.
pub(super) fn minutes(table: &Table) -> Markup {
    let counts: Vec<_> = table.lines().map(|line| line.count("events")).collect();
    let top = counts.iter().copied().max().unwrap_or_default().max(1);
    let width = 100.0 / f64::from(u32::try_from(counts.len().max(1)).unwrap_or(u32::MAX));
    html! {
        svg.pulse aria-hidden="true" width="100%" height=(HEIGHT) {
            @for (count, left) in counts.iter().zip((0_u32..).map(|index| f64::from(index) * width)) {
                @let height = height(*count, top);
                rect x=(percentage(left)) width=(percentage(width * 0.72)) y=(HEIGHT - height) height=(height) rx="1.5" {}
            }
        }
    }
}

/// A minute without events is still visible as a line.
#[allow(clippy::cast_precision_loss)]
fn height(count: i64, top: i64) -> f64 {
    (count as f64 / top as f64 * HEIGHT).max(2.0)
}
