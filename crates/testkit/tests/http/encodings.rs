//! Compressed bodies: their content is stored, and a decompression bomb does no harm.

use std::io::Write as _;

use flate2::Compression;
use footfall_testkit::{Answer, Pipeline, SOON, memory_kib, processor_s, shared};
use futures_util::future::join_all;

const MIB: usize = 1024 * 1024;
const INFLATED_BYTES_MAX: usize = 4 * MIB;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn brotli(text: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 1, 24);
    encoder.write_all(text).unwrap();
    encoder.into_inner()
}

/// With the largest window of RFC 9659.
fn zstd(text: &[u8]) -> Vec<u8> {
    zstd_of(text, 23)
}

fn zstd_of(text: &[u8], window_log: u32) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(window_log).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// With a window of 1 GiB, which RFC 7932 does not have.
fn large_brotli(text: &[u8]) -> Vec<u8> {
    let parameters =
        brotli::enc::BrotliEncoderParams { quality: 5, lgwin: 30, large_window: true, ..Default::default() };
    let mut encoded = Vec::new();
    brotli::BrotliCompress(&mut &*text, &mut encoded, &parameters).unwrap();
    encoded
}

type Encode = fn(&[u8]) -> Vec<u8>;

const ENCODINGS: [(&str, Encode); 4] =
    [("gzip", gzip), ("deflate", zlib), ("br", brotli), ("zstd", |text| zstd::encode_all(text, 3).unwrap())];

async fn post(pipeline: &Pipeline, encoding: &str, body: Vec<u8>) -> Answer {
    let headers = [("content-type", "application/json"), ("content-encoding", encoding)];
    pipeline.http.send("POST", &pipeline.url(3001, "/analytics"), &headers, body).await.expect("an answer")
}

#[tokio::test]
async fn a_body_in_each_encoding_is_stored() {
    let mut pipeline = Pipeline::start(shared().await).await;
    for (name, encode) in ENCODINGS {
        let event = format!(r#"{{"event_type":"{name}","page_url":"http://a.b/"}}"#);
        let answer = post(&pipeline, name, encode(event.as_bytes())).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        let broken = post(&pipeline, name, event.into_bytes()).await;
        assert_eq!(
            (broken.status.as_u16(), &broken.json()["reason"]),
            (400, &"content_encoding_invalid".into()),
            "{name}"
        );
    }
    let stored =
        "SELECT count(DISTINCT event_type) FROM analytics_events WHERE event_type IN ('gzip', 'deflate', 'br', 'zstd')";
    pipeline.wait_for(stored, 4, SOON).await;
}

#[tokio::test]
async fn the_limit_applies_to_the_byte_after_decompression() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let mut text = br#"{"event_type":"x","page_url":"http://a.b/"}"#.to_vec();
    text.resize(INFLATED_BYTES_MAX + 1, b' ');
    for (name, encode) in ENCODINGS {
        let most = post(&pipeline, name, encode(&text[..INFLATED_BYTES_MAX])).await;
        assert_eq!(most.status, 200, "{name}: {most:?}");
        let more = post(&pipeline, name, encode(&text)).await;
        assert_eq!((more.status.as_u16(), &more.json()["reason"]), (413, &"body_too_large".into()), "{name}: {more:?}");
    }
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 4, SOON).await;
}

#[tokio::test]
async fn a_decompression_bomb_is_refused_immediately_and_takes_no_memory() {
    let pipeline = Pipeline::start(shared().await).await;
    let zeros = vec![b'0'; 256 * MIB];
    let bombs = [("gzip", gzip(&zeros)), ("br", brotli(&zeros)), ("zstd", zstd(&zeros))];
    drop(zeros);
    // After the first requests the process has allocated what it always needs.
    let ready = post(&pipeline, "gzip", gzip(&vec![b' '; INFLATED_BYTES_MAX])).await;
    assert_eq!(ready.status, 400);
    let before = memory_kib(&pipeline.ingest, "VmHWM");
    let began = processor_s(&pipeline.ingest);
    for (name, bomb) in &bombs {
        assert!(bomb.len() <= MIB + MIB / 4, "{name} {}", bomb.len());
        let answers = join_all((0..8).map(|_| post(&pipeline, name, bomb.clone()))).await;
        for answer in answers {
            assert_eq!(answer.status, 413, "{name}: {answer:?}");
        }
    }
    for (name, bomb) in [("br", large_brotli(&vec![b' '; 64 * MIB])), ("zstd", zstd_of(&vec![b' '; 128 * MIB], 27))] {
        for answer in join_all((0..8).map(|_| post(&pipeline, name, bomb.clone()))).await {
            assert_eq!((answer.status.as_u16(), &answer.json()["reason"]), (400, &"content_encoding_invalid".into()));
        }
    }
    let (worked_s, grown) = (processor_s(&pipeline.ingest) - began, memory_kib(&pipeline.ingest, "VmHWM") - before);
    // Eight at once, each at most its body and four MiB of inflated data, and as many windows as there are processors.
    let at_once = u64::try_from(std::thread::available_parallelism().unwrap().get()).unwrap();
    assert!(grown < 64 * 1024 + at_once * 24 * 1024, "{grown} KiB");
    // Work and not time, as other tests run beside this one.
    assert!(worked_s < 10.0, "{worked_s} s of processor time");
}
