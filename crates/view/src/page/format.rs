//! Formats numbers, times and codes for people.

use footfall_event::dimension::ShownAs;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// 1,234,567
pub(super) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('\u{2212}');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// 42 %, or 4.2 % if less than ten.
pub(super) fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value != 0.0 && value.abs() < 9.95 { format!("{value:.1}\u{a0}%") } else { format!("{value:.0}\u{a0}%") }
}

/// 2.41
pub(super) fn decimal(number: f64) -> String {
    format!("{number:.2}")
}

/// 850 ms, 4.2 s, 3 m 20 s, 1 h 05 m
pub(super) fn seconds(seconds: f64) -> String {
    #[allow(clippy::cast_possible_truncation)] // saturates far beyond any visit
    let whole = seconds.round() as i64;
    match whole {
        _ if seconds > 0.0 && seconds < 1.0 => format!("{:.0}\u{a0}ms", seconds * 1000.0),
        ..10 => format!("{}\u{a0}s", trimmed(seconds)),
        10..60 => format!("{whole}\u{a0}s"),
        60..3600 => format!("{}\u{a0}m {:02}\u{a0}s", whole / 60, whole % 60),
        3600.. => format!("{}\u{a0}h {:02}\u{a0}m", whole / 3600, whole % 3600 / 60),
    }
}

fn trimmed(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// A web vital: milliseconds, except for CLS, which has no unit.
pub(super) fn vital(metric: &str, value: f64) -> String {
    match metric {
        "cls" => format!("{value:.3}"),
        _ if value >= 1000.0 => format!("{:.2}\u{a0}s", value / 1000.0),
        _ => format!("{value:.0}\u{a0}ms"),
    }
}

/// The time of day, with the date unless it is today.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let (local, now) = (at.to_zoned(zone.clone()), Timestamp::now().to_zoned(zone.clone()));
    let format = if local.date() == now.date() { "%H:%M:%S" } else { "%-d %b %H:%M:%S" };
    local.strftime(format).to_string()
}

/// A time, formatted by a strftime pattern.
pub(super) fn time(at: Timestamp, zone: &TimeZone, pattern: &str) -> String {
    at.to_zoned(zone.clone()).strftime(pattern).to_string()
}

/// Germany, for DE.
pub(super) fn country(code: &str) -> String {
    rust_iso3166::from_alpha2(code).map_or_else(|| code.to_owned(), |country| country.name.to_owned())
}

/// German, for de.
pub(super) fn language(code: &str) -> String {
    isolang::Language::from_639_1(code).map_or_else(|| code.to_owned(), |language| language.to_name().to_owned())
}

/// A class of screen widths, with its limit in CSS pixels.
pub(super) fn screen(class: &str) -> String {
    match class {
        "xs" => "Very small, under 576 px".into(),
        "sm" => "Small, under 768 px".into(),
        "md" => "Medium, under 992 px".into(),
        "lg" => "Large, under 1440 px".into(),
        "xl" => "Very large".into(),
        other => other.to_owned(),
    }
}

/// Desktop, for desktop.
pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// The function that formats a dimension's values.
pub(super) fn label_of(shown_as: ShownAs) -> fn(&str) -> String {
    match shown_as {
        ShownAs::Plain => plain,
        ShownAs::Capitalised => capitalised,
        ShownAs::Screen => screen,
        ShownAs::Country => country,
        ShownAs::Language => language,
    }
}

/// Unchanged.
pub(super) fn plain(text: &str) -> String {
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_formatted_with_their_units() {
        assert_eq!([0, 999, 1000, 1_234_567, -1000].map(count), ["0", "999", "1,000", "1,234,567", "\u{2212}1,000"]);
        assert_eq!([0.0, 0.042, 0.42, 1.0].map(percent), ["0\u{a0}%", "4.2\u{a0}%", "42\u{a0}%", "100\u{a0}%"]);
        let texts = [0.0, 0.85, 4.2, 59.0, 200.0, 3900.0].map(seconds).map(|text| text.replace('\u{a0}', " "));
        assert_eq!(texts, ["0 s", "850 ms", "4.2 s", "59 s", "3 m 20 s", "1 h 05 m"]);
        assert_eq!(vital("cls", 0.1234), "0.123");
        assert_eq!(vital("lcp_ms", 2346.0), "2.35\u{a0}s");
    }

    #[test]
    fn codes_have_names() {
        assert_eq!((country("DE").as_str(), country("ZZ").as_str()), ("Germany", "ZZ"));
        assert_eq!((language("de").as_str(), language("xx").as_str()), ("German", "xx"));
    }
}
