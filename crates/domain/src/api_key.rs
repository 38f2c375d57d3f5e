//! API keys: `psk_live_`, 30 random base62 characters, and 6 that are their CRC32, so that a mistyped key is
//! refused without asking the database and a scanner can tell a leaked one. Only the hash is ever stored.

use crate::id::{ApiKeyId, OrganizationId};
use crate::organization::OrganizationSlug;
use crate::text::ApiKeyName;
use crate::timestamp::Timestamp;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use std::fmt;
use thiserror::Error;
use time::Duration;

const PREFIX: &str = "psk_live_";
const RANDOM: usize = 30;
const CHECKSUM: usize = 6;
const HINT: usize = 4;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How often the last use of a key is written at most.
const LAST_USED_PRECISION: Duration = Duration::minutes(1);

/// A whole API key. Shown once, when it is made; never logged, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeySecret(String);

/// A text has not the shape of an API key, or its checksum is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an API key")]
pub struct InvalidApiKey;

impl ApiKeySecret {
    /// Makes a new key.
    #[must_use]
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let bytes = std::iter::repeat_with(|| random.next_u32().to_le_bytes()).flatten();
        // 248 is the largest multiple of 62 in a byte: beyond it some characters would be likelier.
        let fair = bytes.filter(|byte| *byte < 248);
        let characters: String = fair.map(|byte| base62(byte.into())).take(RANDOM).collect();
        let checksum = checksum(&characters);
        Self(format!("{PREFIX}{characters}{checksum}"))
    }

    /// Checks the shape and the checksum of a key that a caller sent.
    ///
    /// # Errors
    /// [`InvalidApiKey`], which does not tell what was wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidApiKey> {
        let body = text.strip_prefix(PREFIX).ok_or(InvalidApiKey)?;
        let (characters, sum) = body.split_at_checked(RANDOM).ok_or(InvalidApiKey)?;
        let sound = characters.bytes().all(|b| b.is_ascii_alphanumeric()) && sum == checksum(characters);
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidApiKey)
        }
    }

    /// What is stored in its place.
    #[must_use]
    pub fn hash(&self) -> ApiKeyHash {
        ApiKeyHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The parts of it that may be shown to recognise it by.
    #[must_use]
    pub fn hint(&self) -> ApiKeyHint {
        let body = self.0.strip_prefix(PREFIX).unwrap_or_default();
        let part = |range: std::ops::Range<usize>| body.get(range).unwrap_or_default().to_owned();
        ApiKeyHint {
            first: part(0..HINT),
            last: part(body.len().saturating_sub(HINT)..body.len()),
        }
    }

    /// The key itself, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

fn base62(number: u32) -> char {
    BASE62
        .iter()
        .cycle()
        .nth((number % 62) as usize)
        .copied()
        .map_or('0', char::from)
}

/// The CRC32 of the text in base62, most significant digit first.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits: Vec<char> = Vec::with_capacity(CHECKSUM);
    for _ in 0..CHECKSUM {
        digits.push(base62(rest));
        rest /= 62;
    }
    digits.iter().rev().collect()
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeySecret(..)")
    }
}

/// The SHA-256 of a key. The key has 178 random bits, so a slow hash would add nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKeyHash([u8; 32]);

impl ApiKeyHash {
    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The first four characters after the prefix and the last four of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyHint {
    /// Characters 1 to 4 after the prefix.
    pub first: String,
    /// The last four characters.
    pub last: String,
}

impl fmt::Display for ApiKeyHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}...{}", self.first, self.last)
    }
}

/// What a key allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Send deployments, pull requests and commits.
    Ingest,
    /// Read what was recorded and what follows from it.
    Read,
    /// Change the organization's settings.
    Admin,
}

/// A text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be one of: ingest, read, admin")]
pub struct InvalidScope;

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Read, Self::Admin];

    /// Reads one of the three words.
    ///
    /// # Errors
    /// [`InvalidScope`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(InvalidScope)
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key as it is kept: everything but the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its number.
    pub id: ApiKeyId,
    /// The organization that it speaks for.
    pub organization_id: OrganizationId,
    /// What people call it.
    pub name: ApiKeyName,
    /// What it allows, each once.
    pub scopes: Vec<Scope>,
    /// What it is recognised by.
    pub hint: ApiKeyHint,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused, if it has an end.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to about a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it is accepted now: neither revoked nor expired.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it may do what the scope stands for. No scope implies another.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether people may look at the organization's pages with it: whoever may change settings may also see them.
    #[must_use]
    pub fn allows_signing_in(&self) -> bool {
        self.allows(Scope::Read) || self.allows(Scope::Admin)
    }

    /// Whether a use now is worth writing down.
    #[must_use]
    pub fn last_use_is_outdated(&self, now: Timestamp) -> bool {
        self.last_used_at
            .is_none_or(|last| last.plus(LAST_USED_PRECISION) <= now)
    }
}

/// A key together with what a request needs to know of its organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownApiKey {
    /// The key.
    pub key: ApiKey,
    /// The slug of the organization that it speaks for.
    pub organization_slug: OrganizationSlug,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::{Infallible, TryCryptoRng, TryRng};

    /// Counts up: predictable, and goes through every byte.
    struct Counter(u8);

    impl TryRng for Counter {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            let bytes = [0, 1, 2, 3].map(|more| self.0.wrapping_add(more));
            self.0 = self.0.wrapping_add(4);
            Ok(u32::from_le_bytes(bytes))
        }
        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            self.try_next_u32().map(u64::from)
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            bytes.fill(7);
            Ok(())
        }
    }
    impl TryCryptoRng for Counter {}

    #[test]
    fn a_generated_key_has_the_documented_shape_and_parses() {
        for first in 0..=255 {
            let key = ApiKeySecret::generate(&mut Counter(first));
            assert_eq!(key.expose().len(), 9 + 30 + 6);
            assert_eq!(ApiKeySecret::parse(key.expose()), Ok(key.clone()));
        }
    }

    #[test]
    fn bytes_that_would_make_some_characters_likelier_are_left_out() {
        let key = ApiKeySecret::generate(&mut Counter(244));
        let fair = (244..248).chain(0..26).map(base62);
        assert_eq!(key.expose()[9..39], fair.collect::<String>());
    }

    #[test]
    fn any_single_wrong_character_is_refused() {
        let key = ApiKeySecret::generate(&mut Counter(1));
        for place in 0..key.expose().len() {
            let mut wrong: Vec<u8> = key.expose().bytes().collect();
            wrong[place] = if wrong[place] == b'x' { b'y' } else { b'x' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert_eq!(ApiKeySecret::parse(&wrong), Err(InvalidApiKey), "{wrong}");
        }
        for bad in [
            "",
            "psk_live_",
            "psk_test_x",
            "psk_live_é",
            &format!("{} ", key.expose()),
        ] {
            assert_eq!(ApiKeySecret::parse(bad), Err(InvalidApiKey), "{bad}");
        }
    }

    #[test]
    fn the_checksum_is_the_crc32_of_the_random_part() {
        // CRC32("123456789") is the well-known check value 0xCBF43926 = 3 421 780 262.
        assert_eq!(checksum("123456789"), "3jZRME");
        assert_eq!(checksum(""), "000000");
    }

    #[test]
    fn a_key_is_recognised_by_its_ends_and_never_printed() {
        let key = ApiKeySecret::generate(&mut Counter(1));
        let hint = key.hint();
        assert_eq!(
            hint.to_string(),
            format!("psk_live_{}...{}", &key.expose()[9..13], &key.expose()[41..])
        );
        assert_eq!(format!("{key:?}"), "ApiKeySecret(..)");
    }

    #[test]
    fn the_sha_256_of_a_key_is_what_is_stored() {
        let key = ApiKeySecret::parse("psk_live_0123456789ABCDEFGHIJKLMNOPQRST4PMbyp").unwrap();
        assert_eq!(
            crate::hex::encode(key.hash().as_bytes()),
            "5f21a767982ed30e9fbd80b32564a0d316714df4cc90d1b8d8eeb5bc1eec02a5"
        );
    }

    fn known(scopes: Vec<Scope>) -> ApiKey {
        ApiKey {
            id: ApiKeyId::new(1),
            organization_id: OrganizationId::new(1),
            name: ApiKeyName::parse("ci").unwrap(),
            scopes,
            hint: ApiKeySecret::generate(&mut Counter(1)).hint(),
            created_at: Timestamp::FIRST,
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn whoever_may_read_or_change_settings_may_sign_in() {
        use Scope::{Admin, Ingest, Read};
        for (scopes, allowed) in [
            (vec![], false),
            (vec![Ingest], false),
            (vec![Read], true),
            (vec![Admin], true),
            (vec![Ingest, Admin], true),
        ] {
            let key = known(scopes);
            assert_eq!(key.allows_signing_in(), allowed, "{:?}", key.scopes);
        }
    }

    #[test]
    fn a_key_is_live_until_it_is_revoked_or_expires() {
        let now = Timestamp::parse("2024-01-15T10:30:00Z").unwrap();
        let key = known(vec![Scope::Ingest]);
        assert!(key.is_live(now) && key.allows(Scope::Ingest) && !key.allows(Scope::Admin));
        assert!(
            !ApiKey {
                revoked_at: Some(now),
                ..key.clone()
            }
            .is_live(now)
        );
        assert!(
            !ApiKey {
                expires_at: Some(now),
                ..key.clone()
            }
            .is_live(now)
        );
        assert!(
            ApiKey {
                expires_at: Some(now.plus(Duration::seconds(1))),
                ..key.clone()
            }
            .is_live(now)
        );
        for (seconds, outdated) in [(0, false), (59, false), (60, true)] {
            let used = ApiKey {
                last_used_at: Some(now),
                ..key.clone()
            };
            assert_eq!(
                used.last_use_is_outdated(now.plus(Duration::seconds(seconds))),
                outdated
            );
        }
        assert!(key.last_use_is_outdated(now));
    }
}
