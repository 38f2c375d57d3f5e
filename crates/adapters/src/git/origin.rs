//! Reads the address of `origin`: the project's path, the forge, and the addresses of its pull requests. User names and
//! passwords in the address are dropped.

use super::wordings::Forge;
use periscope_domain::pull_request::PullRequestNumber;
use periscope_domain::web_url::WebUrl;

/// A repository at a forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) host: String,
    /// `owner/name`, without `.git`.
    pub(super) path: String,
}

impl Origin {
    /// Reads `https://host/path`, `ssh://user@host:port/path` or `user@host:path`; `None` of a local path.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let url = url.trim();
        let (authority, path) = match url.split_once("://") {
            Some(("https" | "http" | "ssh" | "git", rest)) => rest.split_once('/')?,
            Some(_) => return None,
            None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?,
        };
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path).to_owned();
        (host.contains('.') && path.contains('/')).then_some(Self { host, path })
    }

    /// The forge that the host's name contains.
    pub(super) fn forge(&self) -> Option<Forge> {
        let known = [
            ("github", Forge::GitHub),
            ("gitlab", Forge::GitLab),
            ("gitea", Forge::Gitea),
            ("forgejo", Forge::Gitea),
            ("codeberg.org", Forge::Gitea),
            ("bitbucket", Forge::Bitbucket),
            ("dev.azure.com", Forge::Azure),
            ("visualstudio.com", Forge::Azure),
        ];
        let found = known.iter().find(|(word, _)| self.host.contains(word));
        found.map(|(_, forge)| *forge)
    }

    /// The address of a pull request, if it follows from that of the repository.
    pub(super) fn pull_request(&self, forge: Forge, number: PullRequestNumber) -> Option<WebUrl> {
        let way = match forge {
            Forge::GitHub => "pull",
            Forge::GitLab => "-/merge_requests",
            Forge::Gitea => "pulls",
            Forge::Bitbucket if self.host == "bitbucket.org" => "pull-requests",
            Forge::Azure if self.path.contains("_git/") => "pullrequest",
            Forge::Bitbucket | Forge::Azure => return None,
        };
        WebUrl::parse(&format!("https://{}/{}/{way}/{number}", self.host, self.path)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_any_form_is_read_without_its_secrets() {
        for (url, expected) in [
            (
                "https://github.com/acme/api.git",
                Some(("github.com", "acme/api")),
            ),
            (
                "https://user:secret@GitLab.example.org/a/b/c",
                Some(("gitlab.example.org", "a/b/c")),
            ),
            (
                "ssh://git@host.example:2222/a/b.git",
                Some(("host.example", "a/b")),
            ),
            ("git@github.com:acme/api.git", Some(("github.com", "acme/api"))),
            ("/srv/git/api.git", None),
            ("../api", None),
            ("file:///srv/a/b", None),
            ("ext::sh -c x/y", None),
            ("", None),
        ] {
            let origin = Origin::parse(url);
            let told = origin
                .as_ref()
                .map(|origin| (origin.host.as_str(), origin.path.as_str()));
            assert_eq!(told, expected, "{url}");
        }
    }

    #[test]
    fn a_pull_request_has_the_address_of_its_forge() {
        let number = PullRequestNumber::new(7).unwrap();
        for (url, forge, expected) in [
            (
                "git@github.com:a/b.git",
                Forge::GitHub,
                Some("https://github.com/a/b/pull/7"),
            ),
            (
                "https://h.org/a/b",
                Forge::GitLab,
                Some("https://h.org/a/b/-/merge_requests/7"),
            ),
            (
                "https://h.org/a/b",
                Forge::Gitea,
                Some("https://h.org/a/b/pulls/7"),
            ),
            (
                "https://bitbucket.org/a/b",
                Forge::Bitbucket,
                Some("https://bitbucket.org/a/b/pull-requests/7"),
            ),
            ("https://h.org/scm/a/b", Forge::Bitbucket, None),
            (
                "https://dev.azure.com/o/p/_git/r",
                Forge::Azure,
                Some("https://dev.azure.com/o/p/_git/r/pullrequest/7"),
            ),
        ] {
            let url = Origin::parse(url).unwrap().pull_request(forge, number);
            assert_eq!(url.as_ref().map(WebUrl::as_str), expected);
        }
    }
}
