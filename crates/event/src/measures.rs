//! What browsers measure of a page, in `metadata`. An impossible value is left out, because it would spoil the sums and
//! percentiles of all pages.

use crate::{Event, Flag};

const SCROLL_PERCENT_MAX: f64 = 100.0;
/// Three days: no page is read for longer between two reports, and `analytics_visits.measures` has 28 bits for it.
const ENGAGED_MS_MAX: f64 = 259_200_000.0;
/// A day: a page that takes longer was suspended meanwhile.
const VITAL_MS_MAX: f64 = 86_400_000.0;
/// The layout shifts of five seconds, each below 1, at 200 frames a second.
const CLS_MAX: f64 = 1_000.0;

/// A number in the metadata of one type of event, from 0 to a maximum.
struct Measure {
    event_type: &'static str,
    name: &'static str,
    max: f64,
    flag: Flag,
}

const MEASURES: [Measure; 7] = [
    engagement("scroll_percent", SCROLL_PERCENT_MAX, Flag::ScrollPercentLeftOut),
    engagement("engaged_ms", ENGAGED_MS_MAX, Flag::EngagedMsLeftOut),
    vital("lcp_ms", VITAL_MS_MAX, Flag::LcpMsLeftOut),
    vital("inp_ms", VITAL_MS_MAX, Flag::InpMsLeftOut),
    vital("fcp_ms", VITAL_MS_MAX, Flag::FcpMsLeftOut),
    vital("ttfb_ms", VITAL_MS_MAX, Flag::TtfbMsLeftOut),
    vital("cls", CLS_MAX, Flag::ClsLeftOut),
];

const fn engagement(name: &'static str, max: f64, flag: Flag) -> Measure {
    Measure { event_type: "engagement", name, max, flag }
}

const fn vital(name: &'static str, max: f64, flag: Flag) -> Measure {
    Measure { event_type: "web_vitals", name, max, flag }
}

/// Removes impossible measures and flags them. Null means that the browser does not measure it.
pub(crate) fn leave_out_impossible(event: &mut Event) {
    let Some(metadata) = &mut event.metadata else { return };
    for measure in MEASURES.iter().filter(|measure| measure.event_type == event.event_type) {
        let is_possible = |value: &serde_json::Value| {
            value.is_null() || value.as_f64().is_some_and(|number| (0.0..=measure.max).contains(&number))
        };
        if metadata.get(measure.name).is_some_and(|value| !is_possible(value)) {
            metadata.remove(measure.name);
            event.flags.insert(measure.flag);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn checked(event_type: &str, metadata: &Value) -> (Value, Vec<&'static str>) {
        let metadata = metadata.as_object().cloned();
        let mut event = Event { event_type: event_type.to_owned(), metadata, ..Event::default() };
        leave_out_impossible(&mut event);
        (event.metadata.into(), event.flags.iter().map(Flag::as_str).collect())
    }

    #[test]
    fn a_measure_is_left_out_if_it_is_negative_above_its_maximum_or_no_number() {
        for measure in &MEASURES {
            for wrong in [json!(-1), json!(-1e-300), json!(measure.max * 1.001), json!(f64::MAX), json!(u64::MAX)] {
                let (metadata, flags) = checked(measure.event_type, &json!({measure.name: wrong, "other": wrong}));
                assert_eq!(metadata, json!({"other": wrong}), "{}", measure.name);
                assert_eq!(flags, [measure.flag.as_str()]);
            }
            for wrong in [json!("5"), json!(true), json!([5]), json!({"a": 5})] {
                assert_eq!(checked(measure.event_type, &json!({measure.name: wrong})).1.len(), 1, "{wrong}");
            }
            for right in [json!(0), json!(-0.0), json!(0.5), json!(measure.max), Value::Null] {
                let metadata = json!({measure.name: right});
                assert_eq!(checked(measure.event_type, &metadata), (metadata, vec![]));
            }
        }
    }

    #[test]
    fn the_metadata_of_other_events_is_free() {
        for event_type in ["page_view", "web_vitals_of_ours", "order"] {
            let metadata = json!({"scroll_percent": -5, "engaged_ms": 1e300, "cls": "high"});
            assert_eq!(checked(event_type, &metadata), (metadata, vec![]));
        }
    }

    #[test]
    fn the_flag_of_a_measure_names_its_field_and_its_maximum() {
        for measure in &MEASURES {
            assert_eq!(measure.flag.field(), format!("metadata.{}", measure.name));
            assert_eq!(measure.flag.as_str(), format!("{}_left_out", measure.name));
            assert!(measure.flag.message().starts_with(&format!("is not a number from 0 to {}", measure.max)));
        }
    }
}
