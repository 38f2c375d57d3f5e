//! What is decided from the outside: by an operator, and how long things may take.

use crate::monitoring::Exporter;
use crate::tls::Tls;
use periscope_domain::github::SecretKey;
use periscope_domain::web_url::BaseUrl;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tracing::Span;

/// What an operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 means any that is free.
    pub listen: SocketAddr,
    /// How many requests a second a key may send; 0 switches every rate limit off.
    pub rate_limit: u32,
    /// What the secrets of webhooks are derived from. Without it no webhook of GitHub is accepted.
    pub secret_key: Option<SecretKey>,
    /// Where Prometheus may ask for what is collected, if it is.
    pub metrics: Option<(SocketAddr, Exporter)>,
    /// The certificate to show, where TLS is not somebody else's business.
    pub tls: Option<Tls>,
    /// Where users reach it, if that is known.
    pub public_url: Option<BaseUrl>,
    /// Who follows requests across services, if anybody does.
    pub traces: Option<Arc<dyn Traces>>,
}

/// Follows requests across services.
pub trait Traces: fmt::Debug + Send + Sync {
    /// Makes a span, which has not begun, the child of the one that a caller tells of in `traceparent`, if it makes sense.
    fn adopt(&self, span: &Span, traceparent: &str);

    /// Names a span by what has turned out to be its route.
    fn name(&self, span: &Span, name: String);
}

impl Settings {
    /// Whether users reach it over TLS, as far as is known: that of its own, or of whoever is at the public address.
    /// What a request says of the way it came is not believed.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.tls.is_some() || self.public_url.as_ref().is_some_and(BaseUrl::is_https)
    }
}

/// How long things may take. The defaults are what the product promises; tests have less patience.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// For the head of a request to arrive.
    pub head: Duration,
    /// For its body to arrive.
    pub body: Duration,
    /// For all of it, from its head to its answer.
    pub request: Duration,
    /// For a client to read on in what it is sent.
    pub unread: Duration,
    /// How long a connection is kept on which nothing is asked for.
    pub keep_alive: Duration,
    /// How long the rest of a refused body is thrown away, so that its sender gets to read why.
    pub linger: Duration,
    /// How long a key is remembered, and so may still work once it is revoked.
    pub key: Duration,
    /// How often to look for deployments that have to be linked again.
    pub relink: Duration,
    /// How long to say that we are about to stop before we do.
    pub notice: Duration,
    /// How long to wait for what runs once we stop, in whole seconds.
    pub drain: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            body: Duration::from_secs(10),
            request: Duration::from_secs(15),
            unread: Duration::from_secs(30),
            // Longer than the minute after which most load balancers drop an idle connection: whoever closes first must
            // not be the one that requests are sent to.
            keep_alive: Duration::from_secs(75),
            linger: Duration::from_secs(2),
            key: Duration::from_secs(9),
            relink: Duration::from_millis(500),
            notice: Duration::from_secs(1),
            drain: Duration::from_secs(25),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_reached_over_tls_if_the_public_address_says_so() {
        let settings = |url: Option<&str>| Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            rate_limit: 0,
            secret_key: None,
            metrics: None,
            tls: None,
            public_url: url.map(|url| BaseUrl::parse(url).unwrap()),
            traces: None,
        };
        assert!(settings(Some("https://periscope.example.org")).is_secure());
        assert!(!settings(Some("http://periscope.local")).is_secure());
        assert!(!settings(None).is_secure());
    }
}
