//! Parsing does not limit throughput. The numbers are printed; the bound is generous, because it must hold on a busy machine
//! and without optimisation.

use std::hint::black_box;
use std::time::Instant;

use footfall_event::{BodyFormat, Event, Limits};

use crate::parsed_as;

const EVENTS: u32 = 20_000;
const MICROS_MAX: f64 = 100.0;

fn micros_each(name: &str, mut work: impl FnMut()) -> f64 {
    let best = (0..5).map(|_| {
        let start = Instant::now();
        (0..EVENTS / 5).for_each(|_| work());
        start.elapsed().as_secs_f64() * 1e6 / f64::from(EVENTS / 5)
    });
    let best = best.fold(f64::INFINITY, f64::min);
    println!("{name}: {best:.2} µs");
    best
}

#[test]
fn an_event_takes_microseconds() {
    let body = include_str!("../../testdata/first-generation/button_click.json");
    let body = serde_json::from_str::<serde_json::Value>(body).unwrap().to_string();
    let array = format!("[{}]", vec![body.as_str(); 100].join(","));
    let event = crate::accepted(&body);
    let line = event.to_line();
    let limits = Limits::default();
    println!("body {} bytes, line {} bytes", body.len(), line.len());
    let parse = micros_each("parse, one event", || {
        black_box(parsed_as(black_box(body.as_bytes()), BodyFormat::Json)).unwrap();
    });
    let to_line = micros_each("to_line", || {
        black_box(black_box(&event).to_line());
    });
    let from_line = micros_each("from_line", || {
        black_box(Event::from_line(black_box(&line), &limits)).unwrap();
    });
    let start = Instant::now();
    black_box(parsed_as(black_box(array.as_bytes()), BodyFormat::Json)).unwrap();
    println!("parse, one of 100: {:.2} µs", start.elapsed().as_secs_f64() * 1e4);
    for micros in [parse, to_line, from_line] {
        assert!(micros < MICROS_MAX);
    }
}
