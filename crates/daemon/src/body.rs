//! Reads request bodies within limits on size, time and the memory that all bodies share.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Bytes};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How much of a refused body is read and discarded, so that the client gets to read the refusal.
const DISCARDED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How long a body may still take once shutdown has begun: a slow client must not delay the end until the daemon is
/// killed.
const BODY_IN_STOP_MS_MAX: u64 = 2_000;

/// Limits on one body.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// Size as sent, in bytes.
    pub bytes_max: usize,
    /// Time from the head to the last byte, in milliseconds.
    pub ms_max: u64,
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BodyError {
    /// It exceeds the size limit.
    #[error("the body is too large")]
    TooLarge,
    /// It arrived too slowly, or was cut short.
    #[error("the body did not arrive whole in time")]
    Incomplete,
    /// The bodies of other requests use up the budget.
    #[error("the bodies of other requests fill the memory")]
    OverBudget,
}

/// The memory that the bodies of all requests may use. Counts what has arrived, not the announced length, so that a
/// client cannot reserve memory by announcing much and sending little.
#[derive(Debug)]
pub struct BodyBudget {
    memory: Arc<Semaphore>,
    shutdown: CancellationToken,
}

/// A complete body. Holds its share of the budget until dropped.
#[derive(Debug)]
pub struct Body {
    /// The body's content.
    pub bytes: Bytes,
    share: OwnedSemaphorePermit,
}

impl Body {
    /// Replaces the content, and gives back the part of its share that the new one does not need.
    pub fn replace(&mut self, bytes: Bytes) {
        self.bytes = bytes;
        let unused = self.share.num_permits().saturating_sub(self.bytes.len().div_ceil(1024));
        drop(self.share.split(unused));
    }
}

impl BodyBudget {
    /// A budget of `kib_max` KiB.
    pub fn new(kib_max: usize) -> Self {
        let memory = Arc::new(Semaphore::new(kib_max.min(Semaphore::MAX_PERMITS)));
        Self { memory, shutdown: CancellationToken::new() }
    }

    /// Gives up on slow bodies once `shutdown` is cancelled.
    #[must_use]
    pub fn hurried_by(self, shutdown: CancellationToken) -> Self {
        Self { shutdown, ..self }
    }

    /// Reads the whole body.
    ///
    /// # Errors
    /// See [`BodyError`]. The rest of the body is then left unread; see [`BodyBudget::discard`].
    pub async fn read<B: HttpBody<Data = Bytes> + Unpin>(
        &self,
        body: &mut B,
        limits: BodyLimits,
    ) -> Result<Body, BodyError> {
        let mut share = self.take(0)?;
        let bytes = tokio::select! {
            bytes = collect(body, limits, |bytes| self.grow(&mut share, bytes)) => bytes?,
            () = self.too_late() => return Err(BodyError::Incomplete),
        };
        Ok(Body { bytes, share })
    }

    /// Reads and discards the rest of a refused body, for at most `ms_max`. Closing a connection with unread bytes resets
    /// it, and a client that is still sending may see the reset instead of the response: it would take the refusal for an
    /// outage and send the same again.
    pub async fn discard<B: HttpBody<Data = Bytes> + Unpin>(&self, body: &mut B, ms_max: u64) {
        let discarded = async {
            let mut bytes = 0;
            while let Some(Ok(frame)) = body.frame().await {
                bytes += frame.data_ref().map_or(0, Bytes::len);
                if bytes > DISCARDED_BYTES_MAX {
                    break;
                }
            }
        };
        tokio::select! {
            // A client slower than this would not read the response either.
            _ = timeout(Duration::from_millis(ms_max), discarded) => {}
            () = self.too_late() => {}
        }
    }

    async fn too_late(&self) {
        self.shutdown.cancelled().await;
        tokio::time::sleep(Duration::from_millis(BODY_IN_STOP_MS_MAX)).await;
    }

    /// Makes the body's share cover at least `bytes`, before a larger content takes its place: see [`Body::replace`].
    ///
    /// # Errors
    /// [`BodyError::OverBudget`]
    pub fn reserve(&self, body: &mut Body, bytes: usize) -> Result<(), BodyError> {
        self.grow(&mut body.share, bytes)
    }

    fn take(&self, kib: usize) -> Result<OwnedSemaphorePermit, BodyError> {
        let kib = u32::try_from(kib).map_err(|_| BodyError::OverBudget)?;
        self.memory.clone().try_acquire_many_owned(kib).map_err(|_| BodyError::OverBudget)
    }

    /// Each KiB is counted once, however many frames the body arrives in.
    fn grow(&self, share: &mut OwnedSemaphorePermit, bytes: usize) -> Result<(), BodyError> {
        share.merge(self.take(bytes.div_ceil(1024).saturating_sub(share.num_permits()))?);
        Ok(())
    }
}

/// Reads a body that is small enough to need no budget.
///
/// # Errors
/// [`BodyError::TooLarge`] and [`BodyError::Incomplete`]
pub async fn read_body<B: HttpBody<Data = Bytes> + Unpin>(
    body: &mut B,
    limits: BodyLimits,
) -> Result<Bytes, BodyError> {
    collect(body, limits, |_| Ok(())).await
}

async fn collect<B: HttpBody<Data = Bytes> + Unpin>(
    body: &mut B,
    limits: BodyLimits,
    mut reserve: impl FnMut(usize) -> Result<(), BodyError>,
) -> Result<Bytes, BodyError> {
    let is_too_large = |bytes: usize| bytes > limits.bytes_max;
    // Refuse a body that is announced as too large before it is sent.
    if usize::try_from(body.size_hint().lower()).is_ok_and(is_too_large) {
        return Err(BodyError::TooLarge);
    }
    let whole = async {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BodyError::Incomplete)?.into_data() else { continue };
            let length = bytes.len() + data.len();
            if is_too_large(length) {
                return Err(BodyError::TooLarge);
            }
            reserve(length)?;
            bytes.extend_from_slice(&data);
        }
        Ok(Bytes::from(bytes))
    };
    timeout(Duration::from_millis(limits.ms_max), whole).await.map_err(|_| BodyError::Incomplete)?
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::Full;
    use hyper::body::Frame;

    use super::*;

    const LIMITS: BodyLimits = BodyLimits { bytes_max: 4096, ms_max: 1_000 };

    /// A body of unknown length, in pieces; it ends after the last one if `ends`, else never.
    struct Pieces {
        left: Vec<Bytes>,
        ends: bool,
    }

    impl Pieces {
        fn new(sizes: &[usize], ends: bool) -> Self {
            Self { left: sizes.iter().map(|size| Bytes::from(vec![b'x'; *size])).collect(), ends }
        }
    }

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.left.pop() {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                None if self.ends => Poll::Ready(None),
                None => Poll::Pending,
            }
        }
    }

    #[tokio::test]
    async fn the_size_counts_to_the_byte_whether_or_not_it_is_announced() {
        for (size, expected) in [(4096, Ok(4096)), (4097, Err(BodyError::TooLarge))] {
            let announced = read_body(&mut Full::new(Bytes::from(vec![b'x'; size])), LIMITS).await;
            let in_pieces = read_body(&mut Pieces::new(&[size - 1, 1], true), LIMITS).await;
            assert_eq!(announced.map(|bytes| bytes.len()), expected);
            assert_eq!(in_pieces.map(|bytes| bytes.len()), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_is_incomplete_and_gives_its_share_back() {
        let budget = BodyBudget::new(4);
        let slow = budget.read(&mut Pieces::new(&[4096], false), LIMITS).await;
        assert_eq!(slow.unwrap_err(), BodyError::Incomplete);
        assert!(budget.read(&mut Pieces::new(&[4096], true), LIMITS).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_hurries_a_slow_body() {
        let shutdown = CancellationToken::new();
        let budget = BodyBudget::new(4).hurried_by(shutdown.clone());
        let limits = BodyLimits { ms_max: 60_000, ..LIMITS };
        shutdown.cancel();
        let began = tokio::time::Instant::now();
        let slow = budget.read(&mut Pieces::new(&[4096], false), limits).await;
        assert_eq!((slow.unwrap_err(), began.elapsed().as_millis()), (BodyError::Incomplete, 2_000));
        assert!(budget.read(&mut Pieces::new(&[4096], true), limits).await.is_ok(), "a quick one is read");
        let began = tokio::time::Instant::now();
        budget.discard(&mut Pieces::new(&[4096], false), limits.ms_max).await;
        assert_eq!(began.elapsed().as_millis(), 2_000, "nor is what is left of a refused one waited for");
    }

    #[tokio::test]
    async fn bodies_share_the_budget_by_their_size_and_not_by_their_pieces() {
        let budget = BodyBudget::new(4);
        let first = budget.read(&mut Pieces::new(&[1; 1024], true), LIMITS).await.unwrap();
        let second = budget.read(&mut Pieces::new(&[3 * 1024], true), LIMITS).await.unwrap();
        assert_eq!(budget.read(&mut Pieces::new(&[1], true), LIMITS).await.unwrap_err(), BodyError::OverBudget);
        assert!(budget.read(&mut Pieces::new(&[], true), LIMITS).await.is_ok(), "an empty body takes nothing");
        drop(second);
        let mut inflated = first;
        budget.reserve(&mut inflated, 4 * 1024).unwrap();
        assert_eq!(budget.read(&mut Pieces::new(&[1], true), LIMITS).await.unwrap_err(), BodyError::OverBudget);
        assert_eq!(budget.reserve(&mut inflated, 5 * 1024), Err(BodyError::OverBudget));
        inflated.replace(Bytes::from(vec![b'x'; 2 * 1024]));
        assert!(budget.read(&mut Pieces::new(&[3 * 1024], true), LIMITS).await.is_err());
        assert!(budget.read(&mut Pieces::new(&[2 * 1024], true), LIMITS).await.is_ok());
        drop(inflated);
        assert!(budget.read(&mut Pieces::new(&[4 * 1024], true), LIMITS).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn discarding_ends_with_the_body_with_the_time_and_with_far_too_much() {
        for (ends, sizes) in [(true, vec![4096; 2]), (false, vec![4096]), (false, vec![DISCARDED_BYTES_MAX; 3])] {
            let mut body = Pieces::new(&sizes, ends);
            BodyBudget::new(0).discard(&mut body, 1_000).await;
            assert_eq!(body.left.len(), usize::from(sizes.len() == 3));
        }
    }
}
