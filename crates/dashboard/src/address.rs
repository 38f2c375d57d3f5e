//! Where we are, as whoever asks sees it: what forms must come from, what snippets send to, and whether cookies are to be
//! kept off unencrypted lines. A reverse proxy tells in the usual headers what it was asked for; another site cannot make
//! a browser send those.

use actix_web::HttpRequest;
use std::fmt;

/// The scheme and host that a browser reaches us by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    scheme: String,
    host: String,
}

impl Address {
    /// The one that a request was sent to.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let info = request.connection_info();
        let scheme = if info.scheme().eq_ignore_ascii_case("https") {
            "https"
        } else {
            "http"
        };
        Self {
            scheme: scheme.to_owned(),
            host: info.host().to_owned(),
        }
    }

    /// Whether it is reached over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether a page of this origin is ours.
    pub(crate) fn is_of_origin(&self, origin: &str) -> bool {
        let host = origin.split_once("://").map(|(_, host)| host);
        host.is_some_and(|host| host.eq_ignore_ascii_case(&self.host))
    }

    /// Whether only this very machine reaches it.
    pub(crate) fn is_of_this_machine(&self) -> bool {
        let host = &self.host;
        host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]")
    }
}

/// Without a slash at its end.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn address(headers: &[(&str, &str)]) -> Address {
        let request = headers.iter().fold(TestRequest::default(), |request, header| {
            request.insert_header(*header)
        });
        Address::of(&request.to_http_request())
    }

    #[test]
    fn it_is_what_was_asked_for_or_what_a_proxy_was_asked_for() {
        let direct = ("Host", "periscope.internal:8080");
        for (headers, expected) in [
            (vec![direct], "http://periscope.internal:8080"),
            (
                vec![direct, ("X-Forwarded-Proto", "https")],
                "https://periscope.internal:8080",
            ),
            (
                vec![
                    direct,
                    ("X-Forwarded-Proto", "https"),
                    ("X-Forwarded-Host", "periscope.example.org"),
                ],
                "https://periscope.example.org",
            ),
            (
                vec![direct, ("X-Forwarded-Proto", "gopher")],
                "http://periscope.internal:8080",
            ),
        ] {
            assert_eq!(address(&headers).to_string(), expected);
        }
    }

    #[test]
    fn an_origin_is_ours_if_it_has_our_host_and_port() {
        let own = address(&[("Host", "periscope.internal:8080")]);
        assert!(own.is_of_origin("http://periscope.internal:8080"));
        assert!(own.is_of_origin("https://PERISCOPE.internal:8080"));
        for foreign in [
            "null",
            "",
            "http://periscope.internal",
            "http://periscope.internal:8080.evil.example",
            "periscope.internal:8080",
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
                address(&[("Host", host)]).is_of_this_machine(),
                is_local,
                "{host}"
            );
        }
    }
}
