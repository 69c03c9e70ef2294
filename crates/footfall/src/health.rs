//! `footfall health`: whether every part of an instance can do its job, asked of the parts themselves.
//!
//! It may be asked every few seconds for years: it sends no event and leaves nothing behind. `footfall check` does more.

use std::fmt;
use std::time::Duration;

use hyper::{StatusCode, Uri};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::http::Http;

/// Each part answers from what it knows, without asking others.
const ANSWER_MS_MAX: u64 = 3_000;

/// A part, and the address that answers 200 while it can do its job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sign {
    /// The part.
    pub part: String,
    /// The address.
    pub url: String,
}

/// A part that cannot do its job, or does not say that it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ill {
    /// What was asked.
    pub sign: Sign,
    /// What came back.
    pub came_back: String,
}

impl fmt::Display for Ill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.sign.part, self.sign.url, self.came_back)
    }
}

/// Asks all at once; answers those that are ill.
pub async fn ill(signs: &[Sign]) -> Vec<Ill> {
    let http = Http::new(Duration::from_millis(ANSWER_MS_MAX));
    let mut asked: JoinSet<_> = signs.iter().map(|sign| ask(http.clone(), sign.clone())).collect();
    let mut ill = Vec::new();
    while let Some(answer) = asked.join_next().await {
        // A task of ours does not panic, and nothing cancels it.
        ill.extend(answer.ok().flatten());
    }
    ill.sort_by(|one, other| one.sign.cmp(&other.sign));
    ill
}

async fn ask(http: Http, sign: Sign) -> Option<Ill> {
    let came_back = match sign.url.parse::<Uri>() {
        Ok(uri) => match http.get(&uri).await {
            Ok(answer) if answer.status == StatusCode::OK => return None,
            Ok(answer) => format!("answers {}", answer.status),
            Err(failure) => failure.to_string(),
        },
        Err(error) => error.to_string(),
    };
    Some(Ill { sign, came_back })
}

#[cfg(test)]
mod tests {
    use super::{Sign, ill};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    async fn answering(status: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/ready", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        url
    }

    #[tokio::test]
    async fn who_does_not_say_200_is_ill() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let sign = |part: &str, url| Sign { part: part.into(), url };
        let signs = [
            sign("sink", answering("503 Service Unavailable").await),
            sign("view", answering("200 OK").await),
            sign("ingest", format!("http://{free}/ready")),
        ];
        let ill = ill(&signs).await;
        let words: Vec<_> = ill.iter().map(|ill| (ill.sign.part.as_str(), ill.came_back.as_str())).collect();
        assert_eq!(words, [("ingest", "the connection was refused"), ("sink", "answers 503 Service Unavailable")]);
    }
}
