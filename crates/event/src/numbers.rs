//! Finds numbers in `metadata` that are not stored with the value that was sent.
//!
//! A number with a fraction, an exponent or more than 64 bits is kept as a 64-bit float, and jsonb knows no negative
//! zero.

use serde::Deserialize;
use serde_json::Number;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Only<'t> {
    #[serde(borrow)]
    metadata: &'t RawValue,
}

/// Whether a number in the `metadata` of this event, which is valid JSON, is stored with another value.
pub(crate) fn are_changed(event: &str) -> bool {
    let only = serde_json::from_str::<Only<'_>>(event);
    only.is_ok_and(|only| numbers(only.metadata.get()).any(is_changed))
}

/// Every number in a JSON text, as it is written.
fn numbers(json: &str) -> impl Iterator<Item = &str> {
    // Every second part is inside a string: an escaped quote is not a boundary.
    let mut is_escaped = false;
    let parts = json.split(move |character| {
        let is_quote = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_quote
    });
    let outside = parts.step_by(2);
    let tokens = outside.flat_map(|part| part.split(|character: char| !is_of_number(character)));
    tokens.filter(|token| token.starts_with(|first: char| first == '-' || first.is_ascii_digit()))
}

fn is_of_number(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '+' | '-' | '.' | 'e' | 'E')
}

fn is_changed(sent: &str) -> bool {
    let is_integer = !sent.contains(['.', 'e', 'E']);
    if is_integer && sent != "-0" && (sent.parse::<i64>().is_ok() || sent.parse::<u64>().is_ok()) {
        return false;
    }
    let stored = sent.parse().ok().and_then(Number::from_f64);
    stored.is_none_or(|stored| {
        let mut stored = Decimal::new(&stored.to_string());
        stored.is_negative &= !stored.digits.is_empty();
        stored != Decimal::new(sent)
    })
}

/// A decimal number, in one form for each value: digits without zeros at either end, times a power of ten.
#[derive(PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn new(text: &str) -> Self {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let short = digits.trim_end_matches('0');
        let zeros = length(&digits) - length(short);
        let digits = short.trim_start_matches('0').to_owned();
        // Beyond i64 the value is 0 or infinite, which is another one in any case.
        let exponent = exponent.parse().unwrap_or(i64::MAX / 2) + zeros - length(fraction);
        Self { is_negative, exponent: if digits.is_empty() { 0 } else { exponent }, digits }
    }
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_changed_if_its_value_is_and_not_if_only_its_spelling_is() {
        for same in [
            "0",
            "1.0",
            "1.10",
            "0.1",
            "1e2",
            "1E+2",
            "-1.5e-3",
            "9007199254740993",
            "18446744073709551615",
            "1e300",
            "0e5",
            "5e-324",
            "100000000000000000000",
        ] {
            assert!(!is_changed(same), "{same}");
        }
        for changed in [
            "123456789012345678901234567890",
            "0.1234567890123456789",
            "-0",
            "-0.0",
            "1e-400",
            "18446744073709551617",
            "-9223372036854775809",
            "3.14159265358979323846",
            "1e-99999999999999999999",
        ] {
            assert!(is_changed(changed), "{changed}");
        }
    }

    #[test]
    fn numbers_in_strings_and_outside_of_metadata_are_none() {
        let changed = |metadata: &str| are_changed(&format!(r#"{{"n":0.1234567890123456789,"metadata":{metadata}}}"#));
        assert!(!changed(r#"{"0.1234567890123456789":"a\"0.1234567890123456789\\","b":[true,null,1]}"#));
        assert!(changed(r#"{"a":"\\","b":[{"c":[1,0.1234567890123456789]}]}"#));
    }
}
