//! Coordinates of the curve: x in percent of its width, y in pixels.

use jiff::Timestamp;

pub(super) const HEIGHT: f64 = 240.0;
pub(super) const TOP: f64 = 22.0;
pub(super) const BOTTOM: f64 = 212.0;
/// Width of the lines' coordinate system, which is stretched to the width of the chart.
pub(super) const SPAN: f64 = 1000.0;

pub(super) struct Point {
    pub(super) at: Timestamp,
    pub(super) value: i64,
}

/// The ticks of an axis, in steps of 1, 2 or 5 times a power of ten, up to at least `max`.
pub(super) fn ticks(max: i64) -> Vec<i64> {
    let least = (max + 3) / 4;
    let mut step = 1;
    for factor in [2, 5, 10].into_iter().cycle() {
        if step >= least.max(1) {
            break;
        }
        let power = 10_i64.pow(step.ilog10());
        step = power * factor;
    }
    let count = (max + step - 1) / step;
    (0..=count.max(2)).map(|tick| tick * step).collect()
}

#[allow(clippy::cast_precision_loss)] // coordinates need no more precision
pub(super) fn across(index: usize, count: usize) -> f64 {
    if count < 2 { 50.0 } else { index as f64 / (count - 1) as f64 * 100.0 }
}

#[allow(clippy::cast_precision_loss)]
pub(super) fn down(value: i64, top: i64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * value as f64 / top.max(1) as f64
}

pub(super) fn path(points: &[Point], count: usize, top: i64) -> String {
    let mut path = String::new();
    for (index, point) in points.iter().enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        path.push_str(&format!("{letter}{:.1} {:.1}", across(index, count) / 100.0 * SPAN, down(point.value, top)));
    }
    path
}

pub(super) fn area(points: &[Point], count: usize, top: i64) -> String {
    let Some(last) = points.len().checked_sub(1) else { return String::new() };
    format!("{}L{:.1} {BOTTOM}L0 {BOTTOM}Z", path(points, count, top), across(last, count) / 100.0 * SPAN)
}

/// Keeps the labels at both ends inside the chart.
pub(super) fn anchor(percent: f64) -> &'static str {
    match percent {
        ..8.0 => "start",
        92.0.. => "end",
        _ => "middle",
    }
}

/// The same for a tooltip, which is wider.
pub(super) fn anchor_of_tooltip(percent: f64) -> &'static str {
    match percent {
        ..35.0 => "start",
        65.0.. => "end",
        _ => "middle",
    }
}

pub(super) fn percentage(value: f64) -> String {
    format!("{value:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_steps_and_reaches_the_maximum() {
        assert_eq!(ticks(0), [0, 1, 2]);
        assert_eq!(ticks(3), [0, 1, 2, 3]);
        assert_eq!(ticks(7), [0, 2, 4, 6, 8]);
        assert_eq!(ticks(130), [0, 50, 100, 150]);
        assert_eq!(ticks(4_000), [0, 1_000, 2_000, 3_000, 4_000]);
        for max in 0..20_000 {
            let ticks = ticks(max);
            assert!(*ticks.last().unwrap() >= max && (3..=6).contains(&ticks.len()), "{max}: {ticks:?}");
        }
    }
}
