//! Reads and inflates a request body, both within limits.

use std::io::{Error, ErrorKind, Read};
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use bytes::Bytes;
use footfall_daemon::{Body, BodyBudget, BodyError, BodyLimits};
use footfall_event::{Deferral, Reason, Rejection};
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::config::HttpConfig;

/// 8 MiB, the most that RFC 9659 allows in HTTP. Brotli's windows end at 16 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// Why there is no body.
#[derive(Debug)]
pub(crate) enum BodyRefusal {
    /// It is rejected for good.
    Rejected(Rejection),
    /// It may be accepted if sent again.
    Deferred(Deferral),
}

impl From<Rejection> for BodyRefusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl BodyRefusal {
    fn new(error: BodyError, limits: &HttpConfig) -> Self {
        match error {
            BodyError::TooLarge => Self::Rejected(too_large(limits.body_bytes_max, "")),
            BodyError::Incomplete => Self::Deferred(Deferral::BodyIncomplete),
            BodyError::OverBudget => Self::Deferred(Deferral::BodiesFull),
        }
    }
}

/// Reads and inflates bodies.
pub(crate) struct Bodies {
    budget: BodyBudget,
    limits: HttpConfig,
    /// Inflating takes a processor's time, and a window of up to 16 MiB beside the result, so no more at once than there are
    /// processors.
    turns: Arc<Semaphore>,
}

impl Bodies {
    pub(crate) fn new(limits: HttpConfig) -> Self {
        let at_once = available_parallelism().map_or(1, NonZero::get);
        Self { budget: BodyBudget::new(limits.bodies_kib_max), limits, turns: Arc::new(Semaphore::new(at_once)) }
    }

    /// Gives up on slow bodies once `shutdown` is cancelled.
    pub(crate) fn hurried_by(self, shutdown: CancellationToken) -> Self {
        Self { budget: self.budget.hurried_by(shutdown), ..self }
    }

    /// Reads the whole body and decodes its `Content-Encoding`.
    pub(crate) async fn read(&self, body: &mut Incoming, encoding: Option<&str>) -> Result<Body, BodyRefusal> {
        let encoding = Encoding::from_header(encoding)?;
        let of_one = BodyLimits { bytes_max: self.limits.body_bytes_max, ms_max: self.limits.body_ms_max };
        let refusal = |error| BodyRefusal::new(error, &self.limits);
        let body = self.budget.read(body, of_one).await.map_err(refusal)?;
        let bytes_max = self.limits.inflated_bytes_max;
        let Some(encoding) = encoding else {
            return if body.bytes.len() > bytes_max { Err(too_large(bytes_max, "").into()) } else { Ok(body) };
        };
        self.inflate(body, encoding, bytes_max).await
    }

    /// Reads the rest of a refused body, so that the client gets to read the answer.
    pub(crate) async fn discard(&self, body: &mut Incoming) {
        self.budget.discard(body, self.limits.body_ms_max).await;
    }

    /// What the body may become is counted before it is there. Turn and share are held until the end even if the client leaves.
    async fn inflate(&self, mut body: Body, encoding: Encoding, bytes_max: usize) -> Result<Body, BodyRefusal> {
        let turn = self.turns.clone().acquire_owned().await;
        self.budget.reserve(&mut body, bytes_max).map_err(|error| BodyRefusal::new(error, &self.limits))?;
        let inflating = spawn_blocking(move || -> Result<Body, BodyRefusal> {
            let inflated = encoding.inflate(&body.bytes, bytes_max)?;
            body.replace(inflated);
            drop(turn);
            Ok(body)
        });
        // Fails only if the process is exiting: a panic aborts, and nothing else cancels the task.
        inflating.await.unwrap_or(Err(BodyRefusal::Deferred(Deferral::BodyIncomplete)))
    }
}

fn too_large(bytes_max: usize, when: &str) -> Rejection {
    Rejection::body(Reason::BodyTooLarge, format!("The body has more than {bytes_max} bytes{when}."))
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Encoding {
    /// `None` if the body is sent as it is.
    fn from_header(value: Option<&str>) -> Result<Option<Self>, Rejection> {
        match value.map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "identity") => Ok(None),
            Some("gzip" | "x-gzip") => Ok(Some(Self::Gzip)),
            Some("deflate") => Ok(Some(Self::Deflate)),
            Some("br") => Ok(Some(Self::Brotli)),
            Some("zstd") => Ok(Some(Self::Zstd)),
            Some(_) => Err(Rejection::new(
                "Content-Encoding",
                Reason::ContentEncodingUnsupported,
                "The encodings are gzip, deflate, br and zstd, one at a time.",
            )),
        }
    }

    fn inflate(self, body: &[u8], bytes_max: usize) -> Result<Bytes, Rejection> {
        let inflated = match self {
            Self::Gzip => take(flate2::read::MultiGzDecoder::new(body), bytes_max),
            // RFC 9110 requires the zlib format, but some clients send a raw deflate stream.
            Self::Deflate => take(flate2::read::ZlibDecoder::new(body), bytes_max)
                .or_else(|_| take(flate2::read::DeflateDecoder::new(body), bytes_max)),
            Self::Brotli if has_large_window(body) => {
                Err(Error::new(ErrorKind::InvalidData, "its window is larger than RFC 7932 allows"))
            }
            Self::Brotli => take(brotli_decompressor::Decompressor::new(body, 4096), bytes_max),
            Self::Zstd => zstd::stream::read::Decoder::new(body).and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                take(decoder, bytes_max)
            }),
        };
        match inflated {
            Ok(bytes) if bytes.len() > bytes_max => Err(too_large(bytes_max, " after inflation")),
            Ok(bytes) => Ok(bytes.into()),
            Err(error) => {
                Err(Rejection::body(Reason::ContentEncodingInvalid, format!("The body does not inflate: {error}.")))
            }
        }
    }
}

/// Whether a brotli stream needs a window that RFC 7932 does not have. The decoder takes it all the same, and up to 1 GiB of memory.
fn has_large_window(body: &[u8]) -> bool {
    body.first().is_some_and(|first| first & 0x7F == 0x11)
}

/// Reads one byte past the limit to detect excess; a bomb is inflated no further.
fn take(reader: impl Read, bytes_max: usize) -> std::io::Result<Vec<u8>> {
    let mut inflated = Vec::new();
    reader.take(bytes_max as u64 + 1).read_to_end(&mut inflated)?;
    Ok(inflated)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const TEXT: &[u8] = b"{\"event_type\":\"page_view\"}";

    fn gzip(text: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap().into()
    }

    fn zlib(text: &[u8]) -> Bytes {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn each_encoding_gives_back_the_text() {
        let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        bare.write_all(TEXT).unwrap();
        let bodies = [
            (None, Bytes::from_static(TEXT)),
            (Some("gzip"), gzip(TEXT)),
            (Some("deflate"), zlib(TEXT)),
            (Some("deflate"), bare.finish().unwrap().into()),
            (Some("ZSTD"), zstd::encode_all(TEXT, 3).unwrap().into()),
            // Made with `brotli --stdout`; no dependency has an encoder.
            (Some("br"), Bytes::from_static(b"\x8b\x0c\x80{\"event_type\":\"page_view\"}\x03")),
        ];
        for (name, body) in bodies {
            let encoding = Encoding::from_header(name).unwrap();
            let inflated = encoding.map_or(body.clone(), |encoding| encoding.inflate(&body, 1024).unwrap());
            assert_eq!(inflated, TEXT, "{name:?}");
        }
    }

    #[test]
    fn a_bomb_is_refused_for_its_size() {
        let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
        assert!(bomb.len() < 128 * 1024);
        let refused = Encoding::Gzip.inflate(&bomb, 1024 * 1024).unwrap_err();
        assert_eq!(refused.reason, Reason::BodyTooLarge);
    }

    #[test]
    fn a_window_beyond_the_standards_is_refused() {
        // A stream that begins like this makes the decoder allocate up to 1 GiB.
        let large = Encoding::Brotli.inflate(b"\x11\x1e\x00", 1024).unwrap_err();
        assert_eq!(large.reason, Reason::ContentEncodingInvalid);
        assert!(large.message.contains("RFC 7932"), "{}", large.message);
        let zstd = |window_log| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(window_log).unwrap();
            encoder.write_all(TEXT).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(Encoding::Zstd.inflate(&zstd(ZSTD_WINDOW_LOG_MAX), 1024).unwrap(), TEXT);
        let large = Encoding::Zstd.inflate(&zstd(ZSTD_WINDOW_LOG_MAX + 1), 1024).unwrap_err();
        assert_eq!(large.reason, Reason::ContentEncodingInvalid);
    }

    #[test]
    fn the_inflated_size_counts_to_the_byte() {
        assert!(Encoding::Gzip.inflate(&gzip(TEXT), TEXT.len()).is_ok());
        assert_eq!(Encoding::Gzip.inflate(&gzip(TEXT), TEXT.len() - 1).unwrap_err().reason, Reason::BodyTooLarge);
    }

    #[test]
    fn a_broken_stream_and_an_unknown_encoding_have_reasons_of_their_own() {
        let broken = Encoding::Gzip.inflate(TEXT, 1024).unwrap_err();
        assert_eq!(broken.reason, Reason::ContentEncodingInvalid);
        let truncated = gzip(TEXT).slice(..20);
        assert_eq!(Encoding::Gzip.inflate(&truncated, 1024).unwrap_err().reason, Reason::ContentEncodingInvalid);
        let unknown = Encoding::from_header(Some("gzip, br")).err().unwrap();
        assert_eq!((unknown.field.as_str(), unknown.reason), ("Content-Encoding", Reason::ContentEncodingUnsupported));
    }
}
