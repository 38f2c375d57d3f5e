//! An organization's connection to GitHub: the secret that GitHub signs its webhooks with. The secret is derived
//! from a key that lives outside of the database and a number that lives in it, so neither a dump of the database
//! nor the key alone tells it.

use crate::delivery::ReceivedDelivery;
use crate::hex;
use crate::id::OrganizationId;
use crate::timestamp::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;
use std::fmt;
use thiserror::Error;
use time::Duration;

const MIN_SECRET_KEY: usize = 32;

/// How often it is written at most that a delivery was wrongly signed.
pub const WRONG_SIGNATURE_PRECISION: Duration = Duration::minutes(1);

/// The installation's own secret, from which others are derived. Never stored in the database, never logged.
#[derive(Clone)]
pub struct SecretKey(Box<[u8]>);

/// A text is too short to be a secret key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must have at least {MIN_SECRET_KEY} characters")]
pub struct InvalidSecretKey;

impl SecretKey {
    /// Takes any text of at least 32 characters, white space around it ignored.
    ///
    /// # Errors
    /// [`InvalidSecretKey`] when it is shorter.
    pub fn parse(text: &str) -> Result<Self, InvalidSecretKey> {
        let text = text.trim();
        if text.len() >= MIN_SECRET_KEY {
            Ok(Self(text.as_bytes().into()))
        } else {
            Err(InvalidSecretKey)
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// A random number that makes each connection's secret its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionNonce([u8; 16]);

impl ConnectionNonce {
    /// Draws a new one.
    #[must_use]
    pub fn generate(random: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 16];
        random.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Wraps the bytes that a store keeps.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// An organization's connection to GitHub. A new one replaces the old one and its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GithubConnection {
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// What its secret is derived from, beside the secret key.
    pub nonce: ConnectionNonce,
    /// When it was made.
    pub created_at: Timestamp,
}

impl GithubConnection {
    /// The secret that GitHub and we share.
    #[must_use]
    pub fn webhook_secret(&self, key: &SecretKey) -> WebhookSecret {
        let mut mac = keyed(&key.0);
        mac.update(b"periscope github webhook 1");
        mac.update(&self.organization_id.get().to_be_bytes());
        mac.update(self.nonce.as_bytes());
        let digest = mac.finalize().into_bytes();
        WebhookSecret(hex::encode(&digest))
    }
}

/// A connection together with what was heard of it since it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownGithubConnection {
    /// The connection.
    pub connection: GithubConnection,
    /// The last delivery with a valid signature.
    pub last_delivery: Option<ReceivedDelivery>,
    /// When a delivery last came without one, to about a minute. Anybody may have sent that.
    pub last_wrong_signature_at: Option<Timestamp>,
}

impl KnownGithubConnection {
    /// Whether a wrongly signed delivery now is worth writing down.
    #[must_use]
    pub fn last_wrong_signature_is_outdated(&self, now: Timestamp) -> bool {
        self.last_wrong_signature_at
            .is_none_or(|last| last.plus(WRONG_SIGNATURE_PRECISION) <= now)
    }
}

/// The secret of one webhook: 64 hex digits. Shown once, when the connection is made.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(String);

impl WebhookSecret {
    /// Whether `signature` (the value of `X-Hub-Signature-256`, `sha256=` and 64 hex digits) is the HMAC-SHA256 of
    /// the raw body under this secret, compared in constant time.
    #[must_use]
    pub fn signed(&self, body: &[u8], signature: &str) -> bool {
        let Some(signature) = digest(signature) else {
            return false;
        };
        let mut mac = keyed(self.0.as_bytes());
        mac.update(body);
        mac.verify_slice(&signature).is_ok()
    }

    /// Whether a text could be a signature, under whatever secret.
    #[must_use]
    pub fn is_signature(text: &str) -> bool {
        digest(text).is_some()
    }

    /// The secret itself, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The 32 bytes that a signature tells.
fn digest(signature: &str) -> Option<Vec<u8>> {
    let digest = signature.strip_prefix("sha256=").and_then(hex::decode);
    digest.filter(|digest| digest.len() == 32)
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

#[expect(
    clippy::expect_used,
    reason = "HMAC takes keys of any length; the error type is the trait's"
)]
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in GitHub's documentation, "Validating webhook deliveries".
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn connection(organization: i64, nonce: u8) -> GithubConnection {
        GithubConnection {
            organization_id: OrganizationId::new(organization),
            nonce: ConnectionNonce::from_bytes([nonce; 16]),
            created_at: Timestamp::parse("2024-01-15T10:30:00Z").unwrap(),
        }
    }

    #[test]
    fn github_s_own_example_is_accepted_and_anything_else_refused() {
        let secret = WebhookSecret(SECRET.to_owned());
        assert!(secret.signed(BODY, SIGNATURE));
        assert!(!secret.signed(b"Hello, World?", SIGNATURE));
        for bad in [
            "",
            "sha256=",
            "sha256=7571",
            &SIGNATURE[7..],
            &SIGNATURE.replace('7', "8"),
            &format!("{SIGNATURE}0"),
            "sha256=zz",
        ] {
            assert!(!secret.signed(BODY, bad), "{bad}");
        }
    }

    #[test]
    fn every_connection_and_every_key_has_a_secret_of_its_own() {
        let [one, two] = ["1", "2"].map(|key| SecretKey::parse(&key.repeat(32)).unwrap());
        let secret = connection(1, 1).webhook_secret(&one);
        assert_eq!(secret.expose().len(), 64);
        assert_eq!(connection(1, 1).webhook_secret(&one), secret);
        for other in [
            connection(1, 1).webhook_secret(&two),
            connection(2, 1).webhook_secret(&one),
            connection(1, 2).webhook_secret(&one),
        ] {
            assert_ne!(other, secret);
        }
    }

    #[test]
    fn a_wrong_signature_is_noted_once_a_minute() {
        let connection = connection(1, 1);
        let noted_at = connection.created_at;
        for (noted, seconds, outdated) in [
            (false, 0, true),
            (true, -1, false),
            (true, 0, false),
            (true, 59, false),
            (true, 60, true),
        ] {
            let known = KnownGithubConnection {
                connection,
                last_delivery: None,
                last_wrong_signature_at: noted.then_some(noted_at),
            };
            let now = noted_at.plus(Duration::seconds(seconds));
            assert_eq!(known.last_wrong_signature_is_outdated(now), outdated, "{seconds}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(
            format!("{:?}", SecretKey::parse(&"k".repeat(32)).unwrap()),
            "SecretKey(..)"
        );
        assert_eq!(
            format!("{:?}", WebhookSecret(SECRET.to_owned())),
            "WebhookSecret(..)"
        );
        assert_eq!(SecretKey::parse(" short ").unwrap_err(), InvalidSecretKey);
    }
}
