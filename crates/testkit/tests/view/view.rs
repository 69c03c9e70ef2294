//! A test's own footfall-view with its own database.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use footfall::processes::{DaemonOptions, ManagedProcess, Postgres};
use footfall_testkit::{Answer, Http, SOON, connect, eventually, new_database, own_address, postgres, run_dir};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_postgres::{Client, Config};

/// Fills the roll-ups from the rows, as the sink would.
const ROLL_UP: &str = include_str!("../../benches/functions/roll_up.sql");

pub(crate) struct View {
    pub(crate) part: ManagedProcess,
    pub(crate) database: Client,
    owner: Config,
    at: SocketAddr,
    pub(crate) http: Http,
}

impl View {
    /// One that is open to everyone.
    pub(crate) async fn public() -> Self {
        Self::start("access.public = true", &[]).await
    }

    /// One with these configuration lines and secrets.
    pub(crate) async fn start(lines: &str, secrets: &[(&str, &str)]) -> Self {
        Self::start_on(postgres().await, lines, secrets).await
    }

    pub(crate) async fn start_on(postgres: &Postgres, lines: &str, secrets: &[(&str, &str)]) -> Self {
        let (name, dir) = (new_database(postgres).await, run_dir("view"));
        let owner = postgres.admin(&name);
        let (at, credentials, config) =
            (SocketAddr::new(own_address(), 3003), dir.join("credentials"), dir.join("view.toml"));
        std::fs::create_dir_all(&credentials).unwrap();
        for (secret, text) in secrets {
            std::fs::write(credentials.join(secret), text).unwrap();
        }
        let admin = SocketAddr::new(at.ip(), 3004);
        let (url, state) = (postgres.url("footfall_reader", &name), dir.join("state"));
        // Most tests look at single events, and few have a password.
        let events = if lines.contains("readers_see_events") { "" } else { "access.readers_see_events = true" };
        let text = format!(
            "{lines}\n{events}\nlisten = \"{at}\"\nadmin.address = \"{admin}\"\nstate_dir = \"{}\"\ndatabase.url = \"{url}\"\n",
            state.display()
        );
        std::fs::write(&config, text).unwrap();
        let options = DaemonOptions {
            program: "footfall-view",
            name: "view".into(),
            config,
            credentials: Some(credentials),
            admin,
            environment: Vec::new(),
        };
        let part = options.start(&dir).await.unwrap();
        Self { part, database: connect(&owner).await, owner, at, http: Http::default() }
    }

    /// Reconnects after a restart of PostgreSQL.
    pub(crate) async fn connect_again(&mut self) {
        self.database = connect(&self.owner).await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at)
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.http.send("GET", &self.url(path), headers, "").await.expect("an answer")
    }

    /// The page once all its numbers are there, loaded again and again as by a browser without scripts.
    pub(crate) async fn page(&self, path: &str) -> String {
        let mut page = String::new();
        eventually("the page is complete", SOON, async || {
            page = self.first_paint(path).await;
            !page.contains("http-equiv=\"refresh\"")
        })
        .await;
        assert!(!page.contains("aria-busy"), "{page}");
        page
    }

    /// The page as it is at first.
    pub(crate) async fn first_paint(&self, path: &str) -> String {
        let answer = self.get(path, &[]).await;
        assert_eq!(answer.status, 200, "{path}");
        String::from_utf8(answer.body.to_vec()).unwrap()
    }

    /// Submits a form as our own page does, unless the headers say otherwise.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        if !headers.iter().any(|(name, _)| *name == "sec-fetch-site") {
            all.push(("sec-fetch-site", "same-origin"));
        }
        all.extend(headers);
        self.http.send("POST", &self.url(path), &all, form.to_owned()).await.expect("an answer")
    }

    /// The JSON of a query.
    pub(crate) async fn ask(&self, question: &str) -> Value {
        let answer = self.get(&format!("/live/api/v1/{question}"), &[]).await;
        assert_eq!(answer.status, 200, "{question}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// Stores events, whose times are in seconds ago, and notifies listeners as the sink does.
    pub(crate) async fn store(&self, events: Value) {
        let insert = r#"
            INSERT INTO analytics_events
            SELECT event.*
            FROM jsonb_array_elements($1) AS row,
                jsonb_populate_record(NULL::analytics_events, jsonb_build_object(
                    'timestamp', now() - make_interval(secs => coalesce((row ->> 'seconds_ago')::double precision, 0)),
                    'bot', false, 'schema_version', 1, 'created_at', now(), 'received_at', now(),
                    'event_id', gen_random_uuid(), 'page_url', 'https://shop.example' || (row ->> 'page_path')) || row) AS event"#;
        self.database.execute(insert, &[&events]).await.unwrap();
        self.database
            .batch_execute("TRUNCATE analytics_visits, analytics_summary_parts, analytics_summary_hours")
            .await
            .unwrap();
        self.database.batch_execute(ROLL_UP).await.unwrap();
        footfall_testkit::add_to_visits(&self.database, &self.owner).await;
        self.notify().await;
    }

    pub(crate) async fn notify(&self) {
        self.database.batch_execute(r#"NOTIFY footfall_events, '{"events":1}'"#).await.unwrap();
    }

    /// The value of a metric.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let metrics = format!("http://{}:3004/metrics", self.at.ip());
        let answer = self.http.send("GET", &metrics, &[], "").await.unwrap();
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let line = text.lines().find(|line| line.split(' ').next() == Some(name)).unwrap_or_else(|| panic!("{name}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    pub(crate) async fn is_ready(&self) -> bool {
        let ready = format!("http://{}:3004/ready", self.at.ip());
        self.http.send("GET", &ready, &[], "").await.is_some_and(|answer| answer.status == 200)
    }

    /// A request that has been sent, and whose answer is not awaited.
    pub(crate) async fn send(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        stream
    }

    /// An open page.
    pub(crate) async fn watch(&self, path: &str) -> Watcher {
        self.watch_with(path, "").await
    }

    /// With these additional header lines.
    pub(crate) async fn watch_with(&self, path: &str, lines: &str) -> Watcher {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream
            .write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n{lines}connection: close\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).await.unwrap() > 0, "{head}");
        }
        Watcher { reader, head, shown: HashMap::new() }
    }
}

/// A stream of server-sent events.
pub(crate) struct Watcher {
    reader: BufReader<TcpStream>,
    pub(crate) head: String,
    /// The page's content, by part.
    shown: HashMap<String, String>,
}

impl Watcher {
    /// The next changed parts, by id; none if nothing changes in time, or the stream ends.
    pub(crate) async fn next(&mut self, within: Duration) -> Option<HashMap<String, String>> {
        let ends_at = Instant::now() + within;
        let mut line = Vec::new();
        loop {
            line.clear();
            let left = ends_at.saturating_duration_since(Instant::now());
            let read = tokio::time::timeout(left, self.reader.read_until(b'\n', &mut line)).await;
            match read {
                Ok(Ok(bytes)) if bytes > 0 => {}
                _ => return None,
            }
            if let Some(json) = line.strip_prefix(b"data: ") {
                let parts: HashMap<String, String> = serde_json::from_slice(json).unwrap();
                self.shown.extend(parts.clone());
                return Some(parts);
            }
        }
    }

    /// Waits until these parts are there and are not being worked out.
    pub(crate) async fn until_complete(&mut self, parts: &[&str], within: Duration) {
        for part in parts {
            self.until_without(part, "aria-busy", within).await;
        }
    }

    /// Waits until a part does not contain this text.
    pub(crate) async fn until_without(&mut self, part: &str, text: &str, within: Duration) {
        let ends_at = Instant::now() + within;
        while self.shown.get(part).is_none_or(|html| html.contains(text)) {
            let left = ends_at.saturating_duration_since(Instant::now());
            assert!(self.next(left).await.is_some(), "{part} still contains {text} after {within:?}");
        }
    }

    /// Waits until the stream ends.
    pub(crate) async fn until_ended(&mut self, within: Duration) {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(within, self.reader.read_to_end(&mut rest)).await;
        read.expect("the stream ends").unwrap();
    }

    /// Whether any part contains this text.
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.shown.values().any(|html| html.contains(text))
    }

    /// Waits until a part contains this text.
    pub(crate) async fn until(&mut self, part: &str, text: &str, within: Duration) {
        let ends_at = Instant::now() + within;
        while !self.shown.get(part).is_some_and(|html| html.contains(text)) {
            let left = ends_at.saturating_duration_since(Instant::now());
            assert!(self.next(left).await.is_some(), "{part} does not contain {text} within {within:?}");
        }
    }
}
