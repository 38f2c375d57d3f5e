//! Two limits: how often a key may be used, and how often an address may fail to prove who it is. The second never
//! refuses a valid key, because behind one address there may be a whole company: it only stops answering guesses.
//! An address is that of the connection; what a header says about it is not believed.

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota};
use periscope_domain::id::ApiKeyId;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use thiserror::Error;

/// How many seconds' worth of requests may come at once.
const BURST: NonZeroU32 = NonZeroU32::new(4).unwrap();

/// How often an address may fail a minute.
const FAILURES: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// How much somebody may still ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// How many requests may come at once.
    pub(crate) limit: u32,
    /// How many of them are left.
    pub(crate) remaining: u32,
    /// After how many seconds all of them are back.
    pub(crate) reset: u64,
}

/// Asked too often; may ask again in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("Too many requests")]
pub struct Refusal {
    pub(crate) allowance: Allowance,
    pub(crate) seconds: u64,
}

/// What somebody failed to prove who they are with. Each is counted on its own: a webhook with an old secret must not
/// hide from a CI job behind the same proxy why its key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Credential {
    ApiKey,
    Signature,
}

/// Both limits, or none.
pub(crate) struct RateLimits(Option<Limits>);

struct Limits {
    keys: Limit<ApiKeyId>,
    failures: Limit<(Credential, IpAddr)>,
}

/// It tells what is left as well.
type Limiter<K> = DefaultKeyedRateLimiter<K, StateInformationMiddleware>;

struct Limit<K: Hash + Eq + Clone> {
    quota: Quota,
    limiter: Limiter<K>,
}

impl RateLimits {
    /// Allows each key so many requests a second; 0 switches both limits off.
    pub(crate) fn new(per_second: u32) -> Self {
        Self(NonZeroU32::new(per_second).map(|per_second| {
            let burst = per_second.saturating_mul(BURST);
            Limits {
                keys: Limit::new(Quota::per_second(per_second).allow_burst(burst)),
                failures: Limit::new(Quota::per_minute(FAILURES)),
            }
        }))
    }

    /// Counts a use of a key and tells what is left to it, if there is a limit.
    pub(crate) fn use_key(&self, key: ApiKeyId) -> Result<Option<Allowance>, Refusal> {
        let limits = self.0.as_ref();
        limits.map(|limits| limits.keys.count(&key)).transpose()
    }

    /// Counts a failure to prove who one is.
    pub(crate) fn fail(&self, credential: Credential, address: Option<IpAddr>) -> Result<(), Refusal> {
        let sender = (credential, address.map_or(Ipv6Addr::UNSPECIFIED.into(), network));
        self.0
            .as_ref()
            .map_or(Ok(()), |limits| limits.failures.count(&sender).map(drop))
    }

    /// Forgets whoever has not been seen for so long that it makes no difference.
    pub(crate) fn forget_idle(&self) {
        if let Some(limits) = &self.0 {
            limits.keys.limiter.retain_recent();
            limits.failures.limiter.retain_recent();
        }
    }
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(quota: Quota) -> Self {
        Self {
            quota,
            limiter: DefaultKeyedRateLimiter::keyed(quota).with_middleware(),
        }
    }

    fn count(&self, sender: &K) -> Result<Allowance, Refusal> {
        match self.limiter.check_key(sender) {
            Ok(state) => Ok(self.allowance(state.remaining_burst_capacity())),
            Err(refused) => {
                let wait = refused.wait_time_from(DefaultClock::default().now());
                Err(Refusal {
                    allowance: self.allowance(0),
                    seconds: wait.as_secs() + 1,
                })
            }
        }
    }

    fn allowance(&self, remaining: u32) -> Allowance {
        let limit = self.quota.burst_size().get();
        let used = limit.saturating_sub(remaining);
        let refill = self.quota.replenish_interval().saturating_mul(used);
        Allowance {
            limit,
            remaining,
            reset: refill.as_secs() + u64::from(refill.subsec_nanos() > 0),
        }
    }
}

/// Whoever has one IPv6 address has all of its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: ApiKeyId = ApiKeyId::new(1);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_may_be_used_in_a_burst_of_four_seconds_worth_and_then_no_more() {
        // One a second: a fifth use within a second of the first is one too many, however slow this machine is.
        let limits = RateLimits::new(1);
        let refusal = (0..1000).find_map(|_| limits.use_key(KEY).err()).unwrap();
        let spent = Allowance {
            limit: 4,
            remaining: 0,
            reset: 4,
        };
        assert_eq!((refusal.allowance, refusal.seconds), (spent, 1));
        let fresh = Allowance {
            limit: 4,
            remaining: 3,
            reset: 1,
        };
        assert_eq!(
            limits.use_key(ApiKeyId::new(2)),
            Ok(Some(fresh)),
            "another key is not affected"
        );
    }

    #[test]
    fn an_address_may_fail_ten_times_and_each_credential_counts_alone() {
        let limits = RateLimits::new(50);
        let fail = |credential, sender| limits.fail(credential, Some(address(sender)));
        for failure in 0..10 {
            assert_eq!(fail(Credential::ApiKey, "192.0.2.1"), Ok(()), "failure {failure}");
        }
        let refusal = (0..1000)
            .find_map(|_| fail(Credential::ApiKey, "192.0.2.1").err())
            .unwrap();
        assert_eq!(refusal.allowance.limit, 10);
        assert!((1..=7).contains(&refusal.seconds), "{refusal:?}");
        assert!(
            fail(Credential::ApiKey, "::ffff:192.0.2.1").is_err(),
            "the same address"
        );
        assert_eq!(fail(Credential::ApiKey, "192.0.2.2"), Ok(()));
        assert_eq!(fail(Credential::Signature, "192.0.2.1"), Ok(()));
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_count_as_one() {
        let network = |text| network(address(text));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
    }

    #[test]
    fn zero_switches_both_limits_off() {
        let limits = RateLimits::new(0);
        for _ in 0..1000 {
            assert_eq!(limits.use_key(KEY), Ok(None));
            assert_eq!(limits.fail(Credential::ApiKey, None), Ok(()));
        }
    }

    #[test]
    fn who_is_still_refused_is_not_forgotten() {
        let limits = RateLimits::new(50);
        while limits.fail(Credential::ApiKey, None).is_ok() {}
        limits.forget_idle();
        assert!(limits.fail(Credential::ApiKey, None).is_err());
    }
}
