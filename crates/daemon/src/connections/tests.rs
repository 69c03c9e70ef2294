use http_body_util::Full;
use hyper::body::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

const CUT_OFF_MS: u64 = 200;
/// Allowance for a busy machine.
const SLACK: Duration = Duration::from_secs(3);
const REQUEST: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

struct Served {
    address: SocketAddr,
    open: Gauge,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Served {
    async fn with(cut_off: CutOff) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, shutdown, open) = (listener.local_addr().unwrap(), CancellationToken::new(), Gauge::default());
        let limits = Limits { connections_max: 4, head_bytes_max: 8 * 1024, cut_off };
        let answer = |_, peer: IpAddr| async move { Response::new(Full::new(Bytes::from(peer.to_string()))) };
        let (stop, connections) = (shutdown.clone(), open.clone());
        let task = tokio::spawn(async move { serve(listener, limits, connections, None, &stop, answer).await });
        Self { address, open, shutdown, task }
    }

    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }
}

/// Everything received until the peer closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A connection that is cut off may also be reset.
    let _ = timeout(SLACK, stream.read_to_end(&mut text)).await.expect("the connection is cut off");
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn each_rule_cuts_off_a_client_that_falls_silent_before_and_after_a_request() {
    for cut_off in [
        CutOff::Deadline { ms_max: CUT_OFF_MS },
        CutOff::NoRequest { silence_ms_max: CUT_OFF_MS },
        CutOff::NoBytes { header_ms_max: CUT_OFF_MS, idle_ms_max: CUT_OFF_MS },
    ] {
        let served = Served::with(cut_off).await;
        for (sent, answers) in [("GET / HTT", 0), (REQUEST, 1)] {
            let began = Instant::now();
            let mut stream = served.send(sent).await;
            let text = rest(&mut stream).await;
            assert_eq!(text.matches("HTTP/1.1 200 OK").count(), answers, "{cut_off:?} {text}");
            let is_kept = !matches!(cut_off, CutOff::Deadline { .. });
            assert_eq!(began.elapsed() > Duration::from_millis(CUT_OFF_MS / 2), answers == 0 || is_kept, "{cut_off:?}");
        }
        timeout(SLACK, async {
            while served.open.get() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("each connection is counted out");
    }
}

#[tokio::test]
async fn an_answer_during_a_stop_says_that_its_connection_ends() {
    let served = Served::with(CutOff::NoRequest { silence_ms_max: 60_000 }).await;
    let mut stream = served.send(REQUEST).await;
    let mut first = [0; 1024];
    let read = stream.read(&mut first).await.unwrap();
    assert!(!String::from_utf8_lossy(&first[..read]).contains("connection: close"));
    served.shutdown.cancel();
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let text = rest(&mut stream).await;
    assert!(text.contains("connection: close") && text.ends_with("127.0.0.1"), "{text}");
    timeout(SLACK, served.task).await.expect("it returns once the last connection has ended").unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}
