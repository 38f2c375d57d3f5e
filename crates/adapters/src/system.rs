//! The system's clock and its source of randomness: the one place that asks for either.

use periscope_domain::ports::Clock;
use periscope_domain::timestamp::Timestamp;
use rand::CryptoRng;
use time::OffsetDateTime;

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::new(OffsetDateTime::now_utc())
    }
}

/// Randomness that nobody can predict, for keys and secrets.
#[must_use]
pub fn system_random() -> impl CryptoRng + Send {
    rand::make_rng::<rand::rngs::StdRng>()
}
