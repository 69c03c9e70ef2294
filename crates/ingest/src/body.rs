//! A request's body: read within its time and size, and inflated within its size.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use footfall_event::{Reason, Rejection};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::HttpConfig;

/// How much of a refused body is read and thrown away, so that its client comes to read why.
const DISCARDED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Why there is no body.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It was refused.
    Rejected(Rejection),
    /// It came too slowly, or broke off.
    Incomplete,
    /// Bodies of other requests fill the memory that there is for them.
    OverBudget,
}

impl From<Rejection> for BodyError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// The memory that the bodies of all requests may fill, counted by what has arrived of them: who announces much and
/// sends little takes little.
pub(crate) struct BodyBudget(Arc<Semaphore>);

/// A whole body, and its share of the room.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    _share: OwnedSemaphorePermit,
}

impl BodyBudget {
    pub(crate) fn new(kib: usize) -> Self {
        Self(Arc::new(Semaphore::new(kib)))
    }

    fn take(&self, kib: usize) -> Result<OwnedSemaphorePermit, BodyError> {
        let kib = u32::try_from(kib).map_err(|_| BodyError::OverBudget)?;
        self.0.clone().try_acquire_many_owned(kib).map_err(|_| BodyError::OverBudget)
    }

    /// Lets a share be enough for this many bytes. Each KiB is taken once, into however many pieces a body is cut.
    fn grow(&self, share: &mut OwnedSemaphorePermit, bytes: usize) -> Result<(), BodyError> {
        share.merge(self.take(bytes.div_ceil(1024).saturating_sub(share.num_permits()))?);
        Ok(())
    }

    /// Reads the whole body and undoes its `Content-Encoding`.
    pub(crate) async fn read(
        &self,
        body: &mut Incoming,
        encoding: Option<&str>,
        limits: &HttpConfig,
    ) -> Result<Body, BodyError> {
        let encoding = Encoding::from_header(encoding)?;
        // What is announced as too large is refused before it is sent.
        if body.size_hint().lower() > limits.body_bytes_max as u64 {
            return Err(too_large(limits.body_bytes_max, "").into());
        }
        let whole = self.collect(body, limits.body_bytes_max);
        let time = Duration::from_millis(limits.body_ms_max);
        let (sent, mut share) = tokio::time::timeout(time, whole).await.map_err(|_| BodyError::Incomplete)??;
        let sent_bytes = sent.len();
        let bytes = encoding.inflate(sent, limits.inflated_bytes_max)?;
        self.grow(&mut share, sent_bytes.max(bytes.len()))?;
        Ok(Body { bytes, _share: share })
    }

    async fn collect(&self, body: &mut Incoming, bytes_max: usize) -> Result<(Bytes, OwnedSemaphorePermit), BodyError> {
        let mut bytes = BytesMut::new();
        let mut share = self.take(1)?;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BodyError::Incomplete)?.into_data() else { continue };
            if bytes.len() + data.len() > bytes_max {
                return Err(too_large(bytes_max, "").into());
            }
            self.grow(&mut share, bytes.len() + data.len())?;
            bytes.extend_from_slice(&data);
        }
        Ok((bytes.freeze(), share))
    }
}

/// Reads what is left of a refused body. A connection that is closed on bytes that nobody reads is reset, and many a
/// client that is still sending sees only that: it would take a refusal for an outage, and come again for ever.
pub(crate) async fn discard(body: &mut Incoming, limits: &HttpConfig) {
    let discarded = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > DISCARDED_BYTES_MAX {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(limits.body_ms_max), discarded).await;
}

fn too_large(bytes_max: usize, when: &str) -> Rejection {
    Rejection::body(Reason::BodyTooLarge, format!("The body has more than {bytes_max} bytes{when}."))
}

enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Encoding {
    fn from_header(value: Option<&str>) -> Result<Self, Rejection> {
        match value.map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "identity") => Ok(Self::Identity),
            Some("gzip" | "x-gzip") => Ok(Self::Gzip),
            Some("deflate") => Ok(Self::Deflate),
            Some("br") => Ok(Self::Brotli),
            Some("zstd") => Ok(Self::Zstd),
            Some(_) => Err(Rejection::new(
                "Content-Encoding",
                Reason::ContentEncodingUnsupported,
                "The encodings are gzip, deflate, br and zstd, one at a time.",
            )),
        }
    }

    fn inflate(&self, body: Bytes, bytes_max: usize) -> Result<Bytes, Rejection> {
        let inflated = match self {
            Self::Identity if body.len() <= bytes_max => return Ok(body),
            Self::Identity => return Err(too_large(bytes_max, "")),
            Self::Gzip => take(flate2::read::MultiGzDecoder::new(&*body), bytes_max),
            // RFC 9110 means the zlib format; some clients send a bare deflate stream.
            Self::Deflate => take(flate2::read::ZlibDecoder::new(&*body), bytes_max)
                .or_else(|_| take(flate2::read::DeflateDecoder::new(&*body), bytes_max)),
            Self::Brotli => take(brotli_decompressor::Decompressor::new(&*body, 4096), bytes_max),
            Self::Zstd => zstd::stream::read::Decoder::new(&*body).and_then(|decoder| take(decoder, bytes_max)),
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

/// One byte more than the limit tells that there was more; a bomb is never inflated any further.
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
            // Made by `brotli --stdout`; there is no encoder among our dependencies.
            (Some("br"), Bytes::from_static(b"\x8b\x0c\x80{\"event_type\":\"page_view\"}\x03")),
        ];
        for (name, body) in bodies {
            let inflated = Encoding::from_header(name).unwrap().inflate(body, 1024).unwrap();
            assert_eq!(inflated, TEXT, "{name:?}");
        }
    }

    #[test]
    fn a_bomb_is_refused_for_its_size() {
        let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
        assert!(bomb.len() < 128 * 1024);
        let refused = Encoding::Gzip.inflate(bomb, 1024 * 1024).unwrap_err();
        assert_eq!(refused.reason, Reason::BodyTooLarge);
    }

    #[test]
    fn the_inflated_size_counts_to_the_byte() {
        assert!(Encoding::Gzip.inflate(gzip(TEXT), TEXT.len()).is_ok());
        assert_eq!(Encoding::Gzip.inflate(gzip(TEXT), TEXT.len() - 1).unwrap_err().reason, Reason::BodyTooLarge);
    }

    #[test]
    fn a_broken_stream_and_an_unknown_encoding_have_reasons_of_their_own() {
        let broken = Encoding::Gzip.inflate(Bytes::from_static(TEXT), 1024).unwrap_err();
        assert_eq!(broken.reason, Reason::ContentEncodingInvalid);
        let truncated = gzip(TEXT).slice(..20);
        assert_eq!(Encoding::Gzip.inflate(truncated, 1024).unwrap_err().reason, Reason::ContentEncodingInvalid);
        let unknown = Encoding::from_header(Some("gzip, br")).err().unwrap();
        assert_eq!((unknown.field.as_str(), unknown.reason), ("Content-Encoding", Reason::ContentEncodingUnsupported));
    }
}
