//! A raw connection, for what a well-behaved client library would not send, or not so slowly.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use footfall_testkit::{Answer, Pipeline};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

const ANSWER_MAX: Duration = Duration::from_secs(20);

/// A connection to ingest.
pub(crate) struct ByHand(TcpStream);

impl ByHand {
    /// From an address that is not a proxy's.
    pub(crate) async fn open(pipeline: &Pipeline) -> Self {
        Self::open_from(pipeline, Ipv4Addr::LOCALHOST.into()).await
    }

    /// To nginx, which listens at this address.
    pub(crate) async fn open_to(at: SocketAddr) -> Self {
        Self(TcpStream::connect(at).await.unwrap())
    }

    /// From this loopback address.
    pub(crate) async fn open_from(pipeline: &Pipeline, address: IpAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(address, 0)).unwrap();
        Self(socket.connect(SocketAddr::new(pipeline.address, 3001)).await.unwrap())
    }

    /// Sends; false if the other end is gone.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Posts an event with these additional header lines.
    pub(crate) async fn post(&mut self, head: &str, body: &str) -> Answer {
        let length = body.len();
        let text = format!("POST /analytics HTTP/1.1\r\nhost: x\r\n{head}content-length: {length}\r\n\r\n{body}");
        assert!(self.send(text).await);
        self.answer().await.expect("an answer")
    }

    /// The next answer; None if the connection ends before it is complete.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        timeout(ANSWER_MAX, self.read_answer()).await.expect("an answer or the connection's end, within 20 s")
    }

    /// Whether an answer comes within the time.
    pub(crate) async fn is_answered_within(&mut self, time: Duration) -> bool {
        timeout(time, self.read_answer()).await.is_ok()
    }

    /// Sends these bytes one by one, with a pause after each, until the other end closes; how long that took.
    pub(crate) async fn trickle(&mut self, bytes: &[u8], pause: Duration) -> Duration {
        let began = Instant::now();
        let mut bytes = bytes.iter().cycle();
        let (mut reader, mut writer) = self.0.split();
        let closed = async { while reader.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {} };
        let write = async {
            while writer.write_all(&[*bytes.next().unwrap()]).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        };
        tokio::select! {
            () = closed => {}
            () = write => {}
            () = tokio::time::sleep(ANSWER_MAX) => panic!("the connection stays open as long as bytes trickle in"),
        }
        began.elapsed()
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if self.0.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        };
        let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse::<StatusCode>().unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let length: usize = headers.get("content-length").map_or(0, |value| value.to_str().unwrap().parse().unwrap());
        let mut body = bytes.split_off(head_end + 4);
        while body.len() < length {
            if self.0.read_buf(&mut body).await.ok()? == 0 {
                return None;
            }
        }
        Some(Answer { status, headers, body: Bytes::from(body) })
    }
}
