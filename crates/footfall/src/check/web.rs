//! The stages that are seen by HTTP.

use std::time::Duration;

use hyper::{StatusCode, Uri};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::Failed;
use super::target::{LogOf, Target};
use crate::http::{Answer, Http};

/// Longer than nginx waits for ingest, and ingest for Kafka: theirs is the better answer.
const POST_S_MAX: u64 = 25;
/// Everything else is answered without waiting for anybody.
const GET_S_MAX: u64 = 5;
/// What is quoted of an answer, in characters.
const QUOTED_CHARS_MAX: usize = 300;

/// The kind and the page of the marked events.
pub(crate) const EVENT_TYPE: &str = "footfall_check";
const PAGE_URL: &str = "http://footfall.invalid/check";

pub(crate) struct Web<'a> {
    target: &'a Target,
    gets: Http,
    posts: Http,
}

/// What a stage found, or why it was not passed.
pub(crate) type Found = Result<String, Failed>;

impl<'a> Web<'a> {
    pub(crate) fn new(target: &'a Target) -> Self {
        let http = |seconds| Http::new(Duration::from_secs(seconds));
        Self { target, gets: http(GET_S_MAX), posts: http(POST_S_MAX) }
    }

    pub(crate) async fn site(&self) -> Found {
        let url = &self.target.site;
        let page = format!("{url}/");
        let log = self.target.log_of(LogOf::Nginx);
        let not_there = |came_back: String, page: &str| Failed {
            tried: format!("GET {page}"),
            came_back,
            do_first: format!(
                "Look whether nginx runs and listens there, and into {log}. 404 means that its root is not the \
                 folder web/ that holds site/ and tracker/."
            ),
        };
        let answer = self.get(&page).await.map_err(|words| not_there(words, &page))?;
        if answer.status != StatusCode::OK {
            return Err(not_there(quoted(&answer), &page));
        }
        let script = format!("{url}/analytics.js");
        let answer = self.get(&script).await.map_err(|words| not_there(words, &script))?;
        if answer.status != StatusCode::OK || answer.body.is_empty() {
            return Err(not_there(quoted(&answer), &script));
        }
        Ok(format!("{page}, analytics.js of {} bytes", answer.body.len()))
    }

    /// That ingest answers is enough here; what it says is the next stage's.
    pub(crate) async fn ingest_through_site(&self) -> Found {
        let url = format!("{}/health", self.target.site);
        let failed = |came_back| Failed {
            tried: format!("GET {url}"),
            came_back,
            do_first: format!(
                "If the next stage is passed, nginx looks for ingest in the wrong place: compare `server` in its \
                 upstream footfall_ingest with {}. Else start ingest first.",
                self.target.ingest
            ),
        };
        let answer = self.get(&url).await.map_err(failed)?;
        if kafka_ready(&answer).is_some() { Ok(url) } else { Err(failed(quoted(&answer))) }
    }

    pub(crate) async fn ingest(&self) -> Found {
        let url = format!("{}/health", self.target.ingest);
        let tried = || format!("GET {url}");
        let answer = self.get(&url).await.map_err(|came_back| Failed {
            tried: tried(),
            came_back,
            do_first: format!(
                "Start footfall-ingest, or restart it where it hangs, and look into {}.",
                self.target.log_of(LogOf::Ingest)
            ),
        })?;
        match kafka_ready(&answer) {
            Some(true) if answer.status == StatusCode::OK => Ok(format!("{url}, kafkaReady")),
            Some(_) if self.target.is_light() => Err(Failed {
                tried: tried(),
                came_back: quoted(&answer),
                do_first: format!(
                    "Ingest runs without its database: look into {}.",
                    self.target.log_of(LogOf::Postgres)
                ),
            }),
            Some(_) => Err(Failed {
                tried: tried(),
                came_back: quoted(&answer),
                do_first: format!(
                    "Ingest runs without its Kafka: look whether a broker runs at {}, has the topic {}, and into {}.",
                    self.target.kafka,
                    self.target.events_topic,
                    self.target.log_of(LogOf::Kafka)
                ),
            }),
            None => Err(Failed {
                tried: tried(),
                came_back: quoted(&answer),
                do_first: "Another program has this port: find it with `ss -ltnp`.".into(),
            }),
        }
    }

    /// Posts the marked event to `base`.
    pub(crate) async fn post(&self, base: &str, event_id: Uuid) -> Found {
        let url = format!("{base}/analytics");
        let now = Timestamp::now();
        let event = json!({
            "event_id": event_id,
            "event_type": EVENT_TYPE,
            "page_url": PAGE_URL,
            "page_title": "footfall check",
            // Each check has another key, and so, in time, every partition is checked.
            "session_id": format!("check-{event_id}"),
            "timestamp": now,
            "sent_at": now,
        });
        let failed =
            |came_back, do_first| Failed { tried: format!("POST {url} of event {event_id}"), came_back, do_first };
        let log = self.target.log_of(LogOf::Ingest);
        let posted = match uri(&url) {
            Ok(uri) => self.posts.post_json(&uri, event.to_string().into_bytes()).await,
            Err(words) => return Err(failed(words, "Name another.".into())),
        };
        let answer = match posted {
            Ok(answer) => answer,
            Err(failure) => return Err(failed(failure.to_string(), format!("Look into {log}."))),
        };
        let do_first = match answer.status {
            StatusCode::OK if answered_id(&answer).as_deref() == Some(&*event_id.to_string()) => {
                let durable = if self.target.is_light() { "committed" } else { "acknowledged by Kafka" };
                return Ok(format!("{} ms, {durable}", elapsed_ms(now)));
            }
            StatusCode::SERVICE_UNAVAILABLE if self.target.is_light() => {
                format!("PostgreSQL did not commit in time: look into {}.", self.target.log_of(LogOf::Postgres))
            }
            StatusCode::SERVICE_UNAVAILABLE => format!(
                "Kafka did not acknowledge in time: look into {}. Is its disk full, are replicas out of sync?",
                self.target.log_of(LogOf::Kafka)
            ),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                "What answers here is not Footfall's nginx or ingest: compare its configuration with \
                 nixos/nginx/footfall-locations.conf."
                    .into()
            }
            _ => {
                format!("This event is a valid one: compare the versions of footfall and ingest, and look into {log}.")
            }
        };
        Err(failed(quoted(&answer), do_first))
    }

    pub(crate) async fn sink(&self) -> Found {
        let url = format!("{}/ready", self.target.sink_admin);
        let failed = |came_back, do_first| Failed { tried: format!("GET {url}"), came_back, do_first };
        let log = self.target.log_of(LogOf::Sink);
        let answer = match self.get(&url).await {
            Ok(answer) => answer,
            Err(words) => {
                return Err(failed(
                    words,
                    format!("Start footfall-sink, or restart it where it hangs, and look into {log}."),
                ));
            }
        };
        let conditions = conditions(&answer);
        if answer.status == StatusCode::OK {
            return Ok(conditions.unwrap_or_else(|| quoted(&answer)));
        }
        let do_first = format!(
            "Mend what is not ok: the database ({}), or Kafka ({}). The sink goes on by itself then; its own words \
             are in {log}.",
            self.target.log_of(LogOf::Postgres),
            self.target.log_of(LogOf::Kafka)
        );
        Err(failed(conditions.unwrap_or_else(|| quoted(&answer)), do_first))
    }

    async fn get(&self, url: &str) -> Result<Answer, String> {
        self.gets.get(&uri(url)?).await.map_err(|failure| failure.to_string())
    }
}

fn uri(url: &str) -> Result<Uri, String> {
    url.parse().map_err(|error| format!("this is no URL: {error}"))
}

fn elapsed_ms(since: Timestamp) -> i128 {
    Timestamp::now().duration_since(since).as_millis()
}

/// What an answer of /health says of Kafka; None where it is no such answer.
fn kafka_ready(answer: &Answer) -> Option<bool> {
    let health: Value = serde_json::from_slice(&answer.body).ok()?;
    health.get("kafkaReady")?.as_bool()
}

fn answered_id(answer: &Answer) -> Option<String> {
    let received: Value = serde_json::from_slice(&answer.body).ok()?;
    Some(received.get("eventId")?.as_str()?.to_owned())
}

/// The conditions in an answer of /ready, in words.
fn conditions(answer: &Answer) -> Option<String> {
    let ready: Value = serde_json::from_slice(&answer.body).ok()?;
    let conditions = ready.get("conditions")?.as_object()?.iter().map(|(name, condition)| {
        let is_ok = condition.get("ok").and_then(Value::as_bool).unwrap_or_default();
        let detail = condition.get("detail").and_then(Value::as_str).unwrap_or_default();
        let word = if is_ok { "ok" } else { "not ok" };
        if detail.is_empty() { format!("{name} {word}") } else { format!("{name} {word} ({detail})") }
    });
    let stopping = ready.get("stopping").and_then(Value::as_bool).unwrap_or_default();
    Some(conditions.chain(stopping.then(|| "it is stopping".to_owned())).collect::<Vec<_>>().join(", "))
}

/// An answer for a person: its status and the beginning of its body, on one line.
fn quoted(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut quote: String = words.chars().take(QUOTED_CHARS_MAX).collect();
    if quote.len() < words.len() {
        quote.push_str(" ...");
    }
    format!("{} {quote}", answer.status).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::StatusCode;

    use super::{POST_S_MAX, conditions, kafka_ready, quoted};
    use crate::http::Answer;

    #[test]
    fn nginx_gives_up_on_ingest_before_the_check_does() {
        let nginx = include_str!("../../../../nixos/nginx/footfall-locations.conf");
        let of_all =
            nginx.lines().find_map(|line| line.strip_prefix("proxy_read_timeout ")?.strip_suffix("s;")).unwrap();
        assert!(of_all.parse::<u64>().unwrap() < POST_S_MAX);
    }

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer { status: StatusCode::from_u16(status).unwrap(), retry_after: None, body: Bytes::from(body) }
    }

    #[test]
    fn nginx_that_does_not_reach_ingest_is_told_from_ingest_without_kafka() {
        let nginx = answer(503, r#"{"success":false,"reason":"unavailable"}"#);
        let ingest = answer(503, r#"{"status":"unavailable","kafkaReady":false}"#);
        assert_eq!((kafka_ready(&nginx), kafka_ready(&ingest)), (None, Some(false)));
    }

    #[test]
    fn the_conditions_of_the_sink_are_quoted() {
        let body = r#"{"ready":false,"stopping":true,"conditions":{"database":{"ok":false,"detail":"refused"},"kafka":{"ok":true,"detail":""}}}"#;
        assert_eq!(conditions(&answer(503, body)).unwrap(), "database not ok (refused), kafka ok, it is stopping");
        assert_eq!(conditions(&answer(200, "hello")), None);
    }

    #[test]
    fn a_quote_is_one_short_line() {
        assert_eq!(quoted(&answer(404, "<html>\n <b>no</b>\n")), "404 Not Found <html> <b>no</b>");
        let long: &'static str = Box::leak("é".repeat(400).into_boxed_str());
        assert!(quoted(&answer(200, long)).ends_with("é ..."));
    }
}
