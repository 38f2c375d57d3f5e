//! Sessions: what a person holds who signed in with an API key, so that the key itself need not be sent with each
//! page. A session is bound to its key: it ends by itself, when it is ended, and with the key's revocation or expiry.
//! Like a key it is kept as a hash only. Its token names the organization, so that it is looked up there and
//! nowhere else.

use crate::api_key::{ApiKey, KnownApiKey};
use crate::github::keyed;
use crate::hex;
use crate::id::{ApiKeyId, OrganizationId};
use crate::timestamp::Timestamp;
use hmac::Mac;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use std::fmt;
use thiserror::Error;
use time::Duration;

/// Random bytes in a token.
const RANDOM: usize = 32;

/// How much longer a session has to last for that to be written, so that it is written once a day.
const PROLONGED_BY: Duration = Duration::days(1);

/// What a session is recognised by: the number of its organization, a dot, and 256 random bits as 64 hex digits.
/// Whoever has it is signed in, so it is never logged and never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken {
    organization_id: OrganizationId,
    text: String,
}

/// A text has not the shape of a session's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a session token")]
pub struct InvalidSessionToken;

impl SessionToken {
    /// Makes a new one.
    #[must_use]
    pub fn generate(organization_id: OrganizationId, random: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; RANDOM];
        random.fill_bytes(&mut bytes);
        Self::new(organization_id, &bytes)
    }

    fn new(organization_id: OrganizationId, bytes: &[u8]) -> Self {
        Self {
            organization_id,
            text: format!("{organization_id}.{}", hex::encode(bytes)),
        }
    }

    /// Reads one that a browser sent. There is one way to write each.
    ///
    /// # Errors
    /// [`InvalidSessionToken`], which does not tell what was wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidSessionToken> {
        let (organization_id, digits) = text.split_once('.').ok_or(InvalidSessionToken)?;
        let organization_id = organization_id.parse().map_err(|_| InvalidSessionToken)?;
        let bytes = hex::decode(digits).filter(|bytes| bytes.len() == RANDOM);
        let token = Self::new(
            OrganizationId::new(organization_id),
            &bytes.ok_or(InvalidSessionToken)?,
        );
        let sound = organization_id > 0 && token.text == text;
        sound.then_some(token).ok_or(InvalidSessionToken)
    }

    /// The organization that it says it is of; whether there is such a session is for the store to tell.
    #[must_use]
    pub const fn organization_id(&self) -> OrganizationId {
        self.organization_id
    }

    /// What is stored in its place.
    #[must_use]
    pub fn hash(&self) -> SessionHash {
        SessionHash(Sha256::digest(self.text.as_bytes()).into())
    }

    /// What every form of a page has to send back, 64 hex digits: another site can make a browser send the cookie, but
    /// cannot read this out of a page. It is derived from the token and tells nothing of it.
    #[must_use]
    pub fn csrf_token(&self) -> String {
        hex::encode(&self.csrf_mac().finalize().into_bytes())
    }

    /// Whether a form sent the right one, compared in constant time.
    #[must_use]
    pub fn has_csrf_token(&self, sent: &str) -> bool {
        hex::decode(sent).is_some_and(|sent| self.csrf_mac().verify_slice(&sent).is_ok())
    }

    fn csrf_mac(&self) -> impl Mac {
        let mut mac = keyed(self.text.as_bytes());
        mac.update(b"periscope csrf token 1");
        mac
    }

    /// The token itself, for the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

/// The SHA-256 of a token. The token has 256 random bits, so a slow hash would add nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionHash([u8; 32]);

impl SessionHash {
    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The organization whose pages may be looked at.
    pub organization_id: OrganizationId,
    /// The key that was signed in with.
    pub api_key_id: ApiKeyId,
    /// When it began.
    pub created_at: Timestamp,
    /// From when on it is no more.
    pub expires_at: Timestamp,
}

impl Session {
    /// How long one lasts after its last use, if its key lasts as long: a display on a wall stays signed in.
    pub const LIFETIME: Duration = Duration::days(30);

    /// How many a key may have: whoever signs in anew each time must not fill our tables.
    pub const MOST_OF_A_KEY: usize = 100;

    /// Begins one with a key.
    #[must_use]
    pub fn begin(key: &ApiKey, now: Timestamp) -> Self {
        Self {
            organization_id: key.organization_id,
            api_key_id: key.id,
            created_at: now,
            expires_at: Self::end(key, now),
        }
    }

    /// Until when one lasts that was used now.
    fn end(key: &ApiKey, now: Timestamp) -> Timestamp {
        let end = now.plus(Self::LIFETIME);
        key.expires_at.map_or(end, |key_end| key_end.min(end))
    }
}

/// A session together with its key, which it does not outlive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSession {
    /// The session.
    pub session: Session,
    /// The key that was signed in with, as it now is, and the slug of the organization.
    pub api_key: KnownApiKey,
}

impl KnownSession {
    /// Whether it is accepted now: neither expired nor without a live key.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.session.expires_at && self.api_key.key.is_live(now)
    }

    /// Until when it lasts instead because it is used now, if that is worth writing down.
    #[must_use]
    pub fn prolonged_by_use(&self, now: Timestamp) -> Option<Timestamp> {
        let key = &self.api_key.key;
        let end = Session::end(key, now);
        let is_a_day_later = self.session.expires_at.plus(PROLONGED_BY) <= end;
        let is_all_there_is = self.session.expires_at < end && key.expires_at == Some(end);
        (is_a_day_later || is_all_there_is).then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_key::{ApiKeyHint, Scope};
    use crate::organization::OrganizationSlug;
    use crate::text::ApiKeyName;

    fn token(organization_id: i64, byte: u8) -> SessionToken {
        SessionToken::new(OrganizationId::new(organization_id), &[byte; RANDOM])
    }

    fn at(day: u8) -> Timestamp {
        Timestamp::parse(&format!("2024-01-{day:02}T10:30:00Z")).unwrap()
    }

    fn known(expires: Option<u8>, revoked: Option<u8>) -> KnownApiKey {
        KnownApiKey {
            key: ApiKey {
                id: ApiKeyId::new(3),
                organization_id: OrganizationId::new(1),
                name: ApiKeyName::parse("dashboard").unwrap(),
                scopes: vec![Scope::Read],
                hint: ApiKeyHint {
                    first: "abcd".to_owned(),
                    last: "wxyz".to_owned(),
                },
                created_at: at(1),
                expires_at: expires.map(at),
                last_used_at: None,
                revoked_at: revoked.map(at),
            },
            organization_slug: OrganizationSlug::parse("acme").unwrap(),
        }
    }

    #[test]
    fn a_token_is_read_as_it_was_written() {
        for organization_id in [1, 42, i64::MAX] {
            let token = token(organization_id, 0xaf);
            assert_eq!(
                token.expose(),
                format!("{organization_id}.{}", "af".repeat(RANDOM))
            );
            let parsed = SessionToken::parse(token.expose()).unwrap();
            assert_eq!(parsed, token);
            assert_eq!(parsed.organization_id(), OrganizationId::new(organization_id));
        }
    }

    #[test]
    fn whatever_is_no_token_is_refused() {
        let digits = "af".repeat(RANDOM);
        for bad in [
            "",
            ".",
            "1.",
            &digits,
            &format!(".{digits}"),
            &format!("0.{digits}"),
            &format!("-1.{digits}"),
            &format!("+1.{digits}"),
            &format!("01.{digits}"),
            &format!(" 1.{digits}"),
            &format!("1.{digits} "),
            &format!("1.{digits}af"),
            &format!("1.{}", digits.to_uppercase()),
            &format!("1.{}", &digits[1..]),
            &format!("1.{}zz", &digits[2..]),
            &format!("1.1.{digits}"),
            &format!("9223372036854775808.{digits}"),
        ] {
            assert_eq!(SessionToken::parse(bad), Err(InvalidSessionToken), "{bad}");
        }
    }

    #[test]
    fn tokens_differ_in_hash_and_in_what_their_forms_send() {
        let tokens = [token(1, 1), token(1, 2), token(2, 1)];
        for (number, one) in tokens.iter().enumerate() {
            assert_ne!(one.csrf_token(), hex::encode(one.hash().as_bytes()));
            for (other_number, other) in tokens.iter().enumerate() {
                let same = number == other_number;
                assert_eq!(one.hash().as_bytes() == other.hash().as_bytes(), same);
                assert_eq!(one.has_csrf_token(&other.csrf_token()), same);
            }
        }
    }

    #[test]
    fn a_form_that_does_not_come_from_a_page_is_told() {
        let token = token(1, 7);
        let right = token.csrf_token();
        assert_eq!(right.len(), 64);
        for bad in ["", token.expose(), &right[2..], &format!("{right}00"), "zz"] {
            assert!(!token.has_csrf_token(bad), "{bad}");
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        assert_eq!(format!("{:?}", token(1, 7)), "SessionToken(..)");
    }

    #[test]
    fn a_session_lasts_thirty_days_and_no_longer_than_its_key() {
        for (key_expires, key_revoked, ends, live, dead) in [
            (None, None, 31, Some(30), Some(31)),
            (Some(31), None, 31, Some(30), Some(31)),
            (Some(5), None, 5, Some(4), Some(5)),
            (None, Some(3), 31, None, Some(2)),
        ] {
            let api_key = known(key_expires, key_revoked);
            let session = Session::begin(&api_key.key, at(1));
            assert_eq!(session.expires_at, at(ends));
            let known = KnownSession { session, api_key };
            assert!(live.is_none_or(|day| known.is_live(at(day))), "{known:?}");
            assert!(dead.is_none_or(|day| !known.is_live(at(day))), "{known:?}");
        }
    }

    #[test]
    fn a_use_prolongs_a_session_once_a_day_and_never_past_its_key() {
        let hours = |hours| at(1).plus(Duration::hours(hours));
        let lifetime = Session::LIFETIME.whole_hours();
        for (key_ends, used, prolonged) in [
            (None, 0, None),
            (None, 23, None),
            (None, 24, Some(lifetime + 24)),
            (None, lifetime - 1, Some(2 * lifetime - 1)),
            (Some(10), 5, None),
            (Some(lifetime), 24, None),
            (Some(lifetime + 5), 4, None),
            (Some(lifetime + 5), 5, Some(lifetime + 5)),
            (Some(lifetime + 5), 100, Some(lifetime + 5)),
        ] {
            let mut api_key = known(None, None);
            api_key.key.expires_at = key_ends.map(hours);
            let session = Session::begin(&api_key.key, at(1));
            let known = KnownSession { session, api_key };
            assert_eq!(
                known.prolonged_by_use(hours(used)),
                prolonged.map(hours),
                "{key_ends:?} {used}"
            );
        }
    }
}
