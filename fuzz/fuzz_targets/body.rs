//! A request body, as any client may send it. The first byte chooses the format.
//!
//! `cargo fuzz run body` needs nightly and cargo-fuzz. Without them, from this folder:
//!
//! ```text
//! export RUSTC_BOOTSTRAP=1 RUSTFLAGS="--cfg fuzzing -Zsanitizer=address -Ccodegen-units=1 -Cdebug-assertions \
//!   -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
//!   -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
//! cargo run --release --target x86_64-unknown-linux-gnu -- -max_total_time=60
//! ```

#![no_main]

use footfall_event::enrich::{ClientHints, agent, enrich};
use footfall_event::{Arrival, BodyFormat, Event, Hints, Limits, parse};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((format, body)) = data.split_first() else {
        return;
    };
    let format = if format % 2 == 0 { BodyFormat::Json } else { BodyFormat::Ndjson };
    let limits = Limits::default();
    let arrival = Arrival {
        received_at: Timestamp::constant(1_705_314_660, 0),
        user_agent: Some("fuzz"),
        hints: Hints::default(),
        site: None,
        country: None,
        visitor: &|_, _| None,
        limits: &limits,
        masked_names: &[],
        import_past_ms_max: None,
    };
    if let Ok(parsed) = parse(body, format, &arrival) {
        assert!(!parsed.events.is_empty());
        for accepted in parsed.events.into_iter().flatten() {
            let line = accepted.event.to_line();
            assert!(!line.contains(&b'\n'));
            let _ = enrich(&accepted.event, agent(&ClientHints::by(&accepted.event)).into());
            assert_eq!(Event::from_line(&line, &limits).as_ref(), Ok(&accepted.event));
        }
    }
    if let Ok(event) = Event::from_line(body, &limits) {
        assert_eq!(Event::from_line(&event.to_line(), &limits), Ok(event));
    }
});
