//! The stages that are checked over HTTP.

use std::time::Duration;

use footfall_event::Deferral;
use hyper::{StatusCode, Uri};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::answers::{answered_id, conditions, deferral, kafka_ready, quoted};
use super::logs::Log;
use super::stage::{Failed, StageResult};
use super::target::Target;
use crate::http::{Answer, Http};

/// Longer than nginx waits for ingest and ingest for Kafka, because their answers say more than a timeout here.
const POST_S_MAX: u64 = 25;
/// Everything else is answered without waiting for another service.
const GET_S_MAX: u64 = 5;

/// Type and page of the marked events.
pub(crate) const EVENT_TYPE: &str = "footfall_check";
const PAGE_URL: &str = "http://footfall.invalid/check";

pub(crate) struct Web<'a> {
    target: &'a Target,
    gets: Http,
    posts: Http,
}

impl<'a> Web<'a> {
    pub(crate) fn new(target: &'a Target) -> Self {
        let http = |seconds| Http::new(Duration::from_secs(seconds));
        Self { target, gets: http(GET_S_MAX), posts: http(POST_S_MAX).with_key(target.key.as_ref()) }
    }

    pub(crate) async fn site(&self) -> StageResult {
        let url = &self.target.site;
        let page = format!("{url}/");
        let log = self.target.log_of(Log::Nginx);
        let not_there = |came_back: String, page: &str| Failed {
            tried: format!("GET {page}"),
            came_back,
            do_first: format!(
                "Check that nginx runs and listens there, and read {log}. 404 means that its root is not the folder \
                 web/ that holds site/ and tracker/."
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

    /// Checks only that ingest answers; the next stage checks what it says.
    pub(crate) async fn ingest_through_site(&self) -> StageResult {
        let url = format!("{}/health", self.target.site);
        let failed = |came_back| Failed {
            tried: format!("GET {url}"),
            came_back,
            do_first: format!(
                "If the next stage passes, nginx has the wrong address of ingest: compare `server` in its upstream \
                 footfall_ingest with {}. Otherwise start ingest first.",
                self.target.ingest
            ),
        };
        let answer = self.get(&url).await.map_err(failed)?;
        if kafka_ready(&answer).is_some() { Ok(url) } else { Err(failed(quoted(&answer))) }
    }

    pub(crate) async fn ingest(&self) -> StageResult {
        let url = format!("{}/health", self.target.ingest);
        let tried = || format!("GET {url}");
        let answer = self.get(&url).await.map_err(|came_back| Failed {
            tried: tried(),
            came_back,
            do_first: format!(
                "Start footfall-ingest, or restart it if it hangs, and read {}.",
                self.target.log_of(Log::Ingest)
            ),
        })?;
        match kafka_ready(&answer) {
            Some(true) if answer.status == StatusCode::OK => Ok(format!("{url}, kafkaReady")),
            Some(_) => Err(Failed {
                tried: tried(),
                came_back: self.why_ingest_is_not_ready(&answer).await,
                do_first: if self.target.is_light() {
                    format!("Ingest runs, but cannot use its database: read {}.", self.target.log_of(Log::Postgres))
                } else {
                    format!(
                        "Ingest runs, but cannot deliver to Kafka: check that a broker runs at {} and has the topic {}, \
                         and read {}.",
                        self.target.kafka,
                        self.target.events_topic,
                        self.target.log_of(Log::Kafka)
                    )
                },
            }),
            None => Err(Failed {
                tried: tried(),
                came_back: quoted(&answer),
                do_first: "Another program uses this port: find it with `ss -ltnp`.".into(),
            }),
        }
    }

    /// /health says only that ingest is not ready, /ready why.
    async fn why_ingest_is_not_ready(&self, health: &Answer) -> String {
        let Some(admin) = &self.target.ingest_admin else { return quoted(health) };
        let ready = self.get(&format!("{admin}/ready")).await.ok();
        let conditions = ready.as_ref().and_then(conditions);
        conditions.map_or_else(|| quoted(health), |conditions| format!("{}; {conditions}", health.status))
    }

    /// Posts the marked event to `base`.
    pub(crate) async fn post(&self, base: &str, event_id: Uuid) -> StageResult {
        let url = format!("{base}/analytics");
        let now = Timestamp::now();
        let event = json!({
            "event_id": event_id,
            "event_type": EVENT_TYPE,
            "page_url": PAGE_URL,
            "page_title": "footfall check",
            // A new key each time, so that repeated checks reach every partition.
            "session_id": format!("check-{event_id}"),
            "timestamp": now,
            "sent_at": now,
        });
        let failed =
            |came_back, do_first| Failed { tried: format!("POST {url} of event {event_id}"), came_back, do_first };
        let log = self.target.log_of(Log::Ingest);
        let posted = match uri(&url) {
            Ok(uri) => self.posts.post_json(&uri, event.to_string().into_bytes()).await,
            Err(words) => return Err(failed(words, "Give another URL.".into())),
        };
        let answer = match posted {
            Ok(answer) => answer,
            Err(failure) => return Err(failed(failure.to_string(), format!("Read {log}."))),
        };
        let do_first = match answer.status {
            StatusCode::OK if answered_id(&answer).as_deref() == Some(&*event_id.to_string()) => {
                let durable = if self.target.is_light() { "committed" } else { "acknowledged by Kafka" };
                return Ok(format!("{} ms, {durable}", elapsed_ms(now)));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                let store = if self.target.is_light() { Log::Postgres } else { Log::Kafka };
                let advice = deferral(&answer).map_or("", Deferral::remedy);
                format!("{advice} The logs are {log} and {}.", self.target.log_of(store)).trim_start().to_owned()
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                "Only who has a key may write: make one with `footfall key add SITE --secret`, and give it as --key."
                    .into()
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                "The server here is not Footfall's nginx or ingest: compare its configuration with \
                 nixos/nginx/footfall-locations.conf."
                    .into()
            }
            _ => {
                format!("This event is valid: compare the versions of footfall and ingest, and read {log}.")
            }
        };
        Err(failed(quoted(&answer), do_first))
    }

    pub(crate) async fn sink(&self) -> StageResult {
        let url = format!("{}/ready", self.target.sink_admin);
        let failed = |came_back, do_first| Failed { tried: format!("GET {url}"), came_back, do_first };
        let log = self.target.log_of(Log::Sink);
        let answer = match self.get(&url).await {
            Ok(answer) => answer,
            Err(words) => {
                return Err(failed(words, format!("Start footfall-sink, or restart it if it hangs, and read {log}.")));
            }
        };
        let conditions = conditions(&answer);
        if answer.status == StatusCode::OK {
            return Ok(conditions.unwrap_or_else(|| quoted(&answer)));
        }
        let do_first = if self.target.is_light() {
            format!("Repair the database ({}). Ingest then continues by itself.", self.target.log_of(Log::Postgres))
        } else {
            format!(
                "Repair what is not ok: the database ({}) or Kafka ({}). The sink then continues by itself; its log is \
                 {log}.",
                self.target.log_of(Log::Postgres),
                self.target.log_of(Log::Kafka)
            )
        };
        Err(failed(conditions.unwrap_or_else(|| quoted(&answer)), do_first))
    }

    async fn get(&self, url: &str) -> Result<Answer, String> {
        self.gets.get(&uri(url)?).await.map_err(|failure| failure.to_string())
    }
}

fn uri(url: &str) -> Result<Uri, String> {
    url.parse().map_err(|error| format!("this is not a URL: {error}"))
}

fn elapsed_ms(since: Timestamp) -> i128 {
    Timestamp::now().duration_since(since).as_millis()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::{POST_S_MAX, Target, Web};

    /// A server that gives every request this answer.
    async fn answering(body: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = format!("HTTP/1.1 503 x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let read = stream.read(&mut [0; 4096]).await.unwrap();
                assert_ne!(read, 0, "a request");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        url
    }

    #[tokio::test]
    async fn the_reason_why_ingest_is_not_ready_is_named() {
        let ready = r#"{"ready":false,"conditions":{"kafka":{"ok":false,"detail":"the producer has failed"}}}"#;
        let mut target = Target {
            site: String::new(),
            ingest: answering(r#"{"kafkaReady":false}"#).await,
            ingest_admin: Some(answering(ready).await),
            sink_admin: String::new(),
            kafka: "127.0.0.1:1".into(),
            events_topic: "e".into(),
            database: tokio_postgres::Config::new(),
            key: None,
            logs: None,
        };
        let failed = Web::new(&target).ingest().await.unwrap_err();
        assert!(failed.came_back.contains("kafka not ok (the producer has failed)"), "{failed:?}");
        // An admin server that is not known or does not answer hides nothing.
        target.ingest_admin = None;
        let failed = Web::new(&target).ingest().await.unwrap_err();
        assert!(failed.came_back.contains("kafkaReady"), "{failed:?}");
    }

    #[test]
    fn nginx_gives_up_on_ingest_before_the_check_does() {
        let nginx = include_str!("../../../../nixos/nginx/footfall-locations.conf");
        let seconds = nginx.lines().find_map(|line| line.strip_prefix("proxy_read_timeout ")?.strip_suffix("s;"));
        assert!(seconds.unwrap().parse::<u64>().unwrap() < POST_S_MAX);
    }
}
