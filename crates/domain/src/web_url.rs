//! A link that a person may click: `http` or `https`, with a host, and nothing that could be read otherwise.

use std::fmt;
use thiserror::Error;

const MAX_CHARACTERS: usize = 2048;

/// An `http` or `https` URL of at most 2048 characters, kept as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WebUrl(Box<str>);

/// A text is no `http` or `https` URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an http or https URL")]
pub struct InvalidWebUrl;

impl WebUrl {
    /// Trims and checks a URL: scheme `http` or `https` in any letter case, a host, no white space or control
    /// characters.
    ///
    /// # Errors
    /// [`InvalidWebUrl`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidWebUrl> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(InvalidWebUrl)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let sound = (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
            && !host.is_empty()
            && !host.starts_with(':')
            && text.chars().count() <= MAX_CHARACTERS
            && !text
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || "<>\"\\^`{|}".contains(c));
        if sound {
            Ok(Self(text.into()))
        } else {
            Err(InvalidWebUrl)
        }
    }

    /// The URL as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where something is reached, to which paths are added: a [`WebUrl`] without query, fragment or credentials, and without
/// the `/` at its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl(WebUrl);

/// A text is no URL to which paths can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an http or https URL without query, fragment or credentials")]
pub struct InvalidBaseUrl;

impl BaseUrl {
    /// Trims and checks a URL.
    ///
    /// # Errors
    /// [`InvalidBaseUrl`] for what is no such URL.
    pub fn parse(text: &str) -> Result<Self, InvalidBaseUrl> {
        let url = WebUrl::parse(text.trim().trim_end_matches('/')).map_err(|_| InvalidBaseUrl)?;
        if url.as_str().contains(['?', '#', '@']) {
            Err(InvalidBaseUrl)
        } else {
            Ok(Self(url))
        }
    }

    /// The URL, to which a path that begins with `/` may be added.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is reached over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        let (scheme, _) = self.as_str().split_once(':').unwrap_or_default();
        scheme.eq_ignore_ascii_case("https")
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_addresses_are_kept_as_sent() {
        for good in [
            "https://github.com/org/repo/actions/runs/12345",
            "HTTP://ci.local:8080",
            "https://ci.example/job?id=1#log",
            "http://[::1]:3000/x",
        ] {
            assert_eq!(WebUrl::parse(&format!(" {good} ")).unwrap().as_str(), good);
        }
    }

    #[test]
    fn paths_can_be_added_to_a_base() {
        for (text, kept, is_https) in [
            (
                " https://periscope.example.org/ ",
                "https://periscope.example.org",
                true,
            ),
            ("HTTPS://x:8443/periscope//", "HTTPS://x:8443/periscope", true),
            ("http://[::1]:8080", "http://[::1]:8080", false),
        ] {
            let base = BaseUrl::parse(text).unwrap();
            assert_eq!((base.as_str(), base.is_https()), (kept, is_https));
        }
        for bad in [
            "",
            "periscope.example.org",
            "https://x/?a",
            "https://x#a",
            "https://me:pw@x",
            "https:///",
        ] {
            assert_eq!(BaseUrl::parse(bad), Err(InvalidBaseUrl), "{bad}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("https://x/{}", "a".repeat(2048));
        for bad in [
            "",
            "ci.example/1",
            "ftp://x/y",
            "javascript:alert(1)",
            "javascript://x/%0aalert(1)",
            "https://",
            "https:///path",
            "https://:80/",
            "https://a b",
            "https://a/\0",
            "https://a/<script>",
            &long,
        ] {
            assert_eq!(WebUrl::parse(bad), Err(InvalidWebUrl), "{bad:?}");
        }
    }
}
