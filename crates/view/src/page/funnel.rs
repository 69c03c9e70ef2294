//! The steps of the funnel, each with the number of visits that reached it.

use maud::{Markup, html};

use super::format;
use super::tables::{error, nothing};
use crate::answers::Answers;

pub(super) fn funnel(answers: &Answers) -> Markup {
    let table = match answers.get("funnel") {
        None => return nothing(),
        Some(Err(cause)) => return error(cause),
        Some(Ok(table)) => table,
    };
    html! {
        ol.funnel {
            @for line in table.lines() {
                li {
                    (step_bar(line.number("of_first")))
                    span.name { (line.text("name").unwrap_or_default()) }
                    span.number {
                        strong { (format::count(line.count("visits"))) }
                        @if let Some(share) = line.number("of_first").filter(|_| line.count("step") > 1) {
                            " " span.quiet { (format::percent(share)) span.hide { " of the first step" } }
                        }
                    }
                }
            }
        }
    }
}

fn step_bar(share: Option<f64>) -> Markup {
    let percent = share.unwrap_or_default().clamp(0.0, 1.0) * 100.0;
    html! { svg.bar aria-hidden="true" width="100%" height="100%" { rect width=(format!("{percent:.1}%")) height="100%" rx="4" {} } }
}
