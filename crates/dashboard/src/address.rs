//! Where we are, as people reach us: what forms must come from, what snippets send to, and whether cookies are to be kept off
//! unencrypted lines. It is what the operator has told; else what a request was sent to. What a request says of the way on
//! which it came to a proxy is not believed.

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use periscope_domain::web_url::BaseUrl;
use periscope_server::{ApiError, State};
use std::fmt;

/// The scheme and host that people reach us by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    base: String,
    is_secure: bool,
    /// The host that the request was sent to.
    host: String,
}

impl Address {
    /// The one that matters for a request.
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let state = State::of(request)?;
        let host = request.headers().get(HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        Ok(Self::new(state.public_url(), state.has_tls(), host))
    }

    fn new(public_url: Option<&BaseUrl>, has_tls: bool, host: &str) -> Self {
        let scheme = if has_tls { "https" } else { "http" };
        Self {
            base: public_url.map_or_else(|| format!("{scheme}://{host}"), ToString::to_string),
            is_secure: has_tls || public_url.is_some_and(BaseUrl::is_https),
            host: host.to_owned(),
        }
    }

    /// Whether it is reached over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Whether a page of this origin is ours.
    pub(crate) fn is_of_origin(&self, origin: &str) -> bool {
        let Some((_, host)) = origin.split_once("://") else {
            return false;
        };
        let own = [self.public_host(), &self.host];
        own.iter().any(|own| own.eq_ignore_ascii_case(host))
    }

    /// Whether only this very machine reaches it.
    pub(crate) fn is_of_this_machine(&self) -> bool {
        let host = self.public_host();
        host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]")
    }

    fn public_host(&self) -> &str {
        let (_, rest) = self.base.split_once("://").unwrap_or_default();
        rest.split('/').next().unwrap_or_default()
    }
}

/// Without a slash at its end.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(public_url: Option<&str>, has_tls: bool, host: &str) -> Address {
        let public_url = public_url.map(|url| BaseUrl::parse(url).unwrap());
        Address::new(public_url.as_ref(), has_tls, host)
    }

    #[test]
    fn it_is_what_the_operator_has_told_or_else_what_was_asked_for() {
        let host = "periscope.internal:8080";
        let public = Some("https://periscope.example.org");
        for (public_url, has_tls, expected, is_secure) in [
            (None, false, "http://periscope.internal:8080", false),
            (None, true, "https://periscope.internal:8080", true),
            (public, false, "https://periscope.example.org", true),
            (
                Some("http://10.0.0.7/periscope/"),
                false,
                "http://10.0.0.7/periscope",
                false,
            ),
        ] {
            let address = address(public_url, has_tls, host);
            assert_eq!(address.to_string(), expected);
            assert_eq!(address.is_secure(), is_secure, "{expected}");
        }
    }

    #[test]
    fn an_origin_is_ours_if_it_has_our_host_and_port() {
        let own = address(Some("https://periscope.example.org/here"), false, "10.0.0.7:8080");
        for ours in ["http://10.0.0.7:8080", "https://PERISCOPE.example.org"] {
            assert!(own.is_of_origin(ours), "{ours}");
        }
        for foreign in [
            "null",
            "",
            "://",
            "http://10.0.0.7",
            "http://10.0.0.7:8080.evil.example",
            "10.0.0.7:8080",
        ] {
            assert!(!own.is_of_origin(foreign), "{foreign}");
        }
    }

    #[test]
    fn it_is_known_whether_others_reach_it() {
        for (host, is_local) in [
            ("127.0.0.1:8080", true),
            ("localhost", true),
            ("[::1]:8080", true),
            ("periscope.example.org", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(
                address(None, false, host).is_of_this_machine(),
                is_local,
                "{host}"
            );
        }
    }
}
