//! Makes a fault small enough to read: leaves out what is not needed for it.

use std::fmt::Write as _;

use crate::history::Step;
use crate::question::Question;
use crate::run::{Case, Fault, ask_after};
use crate::store::Store;

const TRIES_MAX: usize = 400;

/// The smallest history found that shows the fault, as text.
pub(crate) async fn smallest(store: &mut Store, time_zone: &str, steps: &[Step], case: &Case, fault: &Fault) -> String {
    let mut steps: Vec<Step> = steps[..fault.steps_done].iter().filter_map(|step| of_case(step, case)).collect();
    let Some(mut difference) = ask_after(store, time_zone, &steps, &fault.question).await else {
        return format!("only beside other cases: {}\n{}", fault.difference, described(&steps));
    };
    let mut tries = 0;
    let mut place = 0;
    let mut since_change = 0;
    while tries < TRIES_MAX && !steps.is_empty() && since_change < removable(&steps) {
        tries += 1;
        let fewer = without(&steps, place % removable(&steps));
        match ask_after(store, time_zone, &fewer, &fault.question).await {
            Some(found) => (steps, difference, since_change) = (fewer, found, 0),
            None => (place, since_change) = (place + 1, since_change + 1),
        }
    }
    let fewer_filters = fewer_filters(&fault.question);
    for question in fewer_filters {
        if let Some(found) = ask_after(store, time_zone, &steps, &question).await {
            difference = found;
            break;
        }
    }
    format!("{difference}\n{}", described(&steps))
}

fn of_case(step: &Step, case: &Case) -> Option<Step> {
    match step {
        Step::Store(events) if !case.sites.is_empty() => {
            let is_of_case = |site: &Option<String>| site.as_ref().is_some_and(|site| case.sites.contains(site));
            let events: Vec<_> = events.iter().filter(|event| is_of_case(&event.site)).cloned().collect();
            (!events.is_empty()).then_some(Step::Store(events))
        }
        Step::Ask(_) => None,
        step => Some(step.clone()),
    }
}

/// Single events, and days that are summed.
fn removable(steps: &[Step]) -> usize {
    steps.iter().map(weight).sum()
}

fn weight(step: &Step) -> usize {
    if let Step::Store(events) = step { events.len() } else { 1 }
}

fn without(steps: &[Step], mut place: usize) -> Vec<Step> {
    let mut fewer = steps.to_vec();
    for index in 0..fewer.len() {
        let weight = weight(&fewer[index]);
        if place < weight {
            match &mut fewer[index] {
                Step::Store(events) if events.len() > 1 => drop(events.remove(place)),
                _ => drop(fewer.remove(index)),
            }
            break;
        }
        place -= weight;
    }
    fewer
}

fn fewer_filters(question: &Question) -> Vec<Question> {
    let mut plain = question.clone();
    plain.filters.named.retain(|key, _| *key == "bot" || *key == "site");
    plain.filters.property.clear();
    vec![plain]
}

fn described(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Store(events) => {
                let _ = writeln!(text, "  a batch:");
                for event in events {
                    let mut line = serde_json::to_value(&**event).unwrap();
                    let line = line.as_object_mut().unwrap();
                    ["received_at", "schema_version", "user_agent"].iter().for_each(|key| drop(line.remove(*key)));
                    let agent: String =
                        event.user_agent.iter().flat_map(|agent| agent.chars().skip(13).take(16)).collect();
                    let _ = writeln!(text, "    {} {agent}", serde_json::to_string(&line).unwrap());
                }
            }
            Step::Sum(day, None) => drop(writeln!(text, "  {day} is summed")),
            Step::SumPeriod(day, days) => drop(writeln!(text, "  {days} days from {day} on are added up")),
            Step::Sum(day, Some(until)) => drop(writeln!(text, "  {day} is summed until {until}")),
            Step::Ask(_) => {}
        }
    }
    text
}
