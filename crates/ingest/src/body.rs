//! Reads and inflates a request body, both within limits.

use std::io::Read;

use bytes::Bytes;
use footfall_daemon::{Body, BodyBudget, BodyError, BodyLimits};
use footfall_event::{Deferral, Reason, Rejection};
use hyper::body::Incoming;

use crate::config::HttpConfig;

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

/// Reads the whole body and decodes its `Content-Encoding`.
pub(crate) async fn read(
    budget: &BodyBudget,
    body: &mut Incoming,
    encoding: Option<&str>,
    limits: &HttpConfig,
) -> Result<Body, BodyRefusal> {
    let encoding = Encoding::from_header(encoding)?;
    let of_one = BodyLimits { bytes_max: limits.body_bytes_max, ms_max: limits.body_ms_max };
    let body = budget.read(body, of_one).await.map_err(|error| BodyRefusal::new(error, limits))?;
    let inflated = encoding.inflate(body.bytes.clone(), limits.inflated_bytes_max)?;
    budget.replace(body, inflated).map_err(|error| BodyRefusal::new(error, limits))
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
            // RFC 9110 requires the zlib format, but some clients send a raw deflate stream.
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
