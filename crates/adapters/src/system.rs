//! The system's clock and its source of randomness: the one place that asks for either.

use periscope_domain::ports::{Clock, Randomness};
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

/// The system's source of randomness, to be handed on.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Randomness for SystemRandom {
    fn source(&self) -> Box<dyn CryptoRng + Send> {
        Box::new(system_random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use periscope_domain::api_key::ApiKeySecret;
    use std::sync::Arc;

    #[test]
    fn keys_are_made_from_a_source_that_is_handed_on() {
        let random: Arc<dyn Randomness> = Arc::new(SystemRandom);
        let [one, two] = [(); 2].map(|()| ApiKeySecret::generate(&mut random.source()));
        assert_ne!(one, two);
    }
}
