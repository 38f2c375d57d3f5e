//! The sentences by which forges say that a commit merges a pull request. A new wording is one line here and one line in
//! the test. Shapes and shares were counted in public repositories of every forge.

use super::Forge::{Azure, Bitbucket, GitHub, GitLab, Gitea};
use super::{Forge, Place};

/// One sentence of one or more forges.
#[derive(Debug)]
pub(super) struct Wording {
    /// Where the sentence stands.
    pub(super) place: Place,
    /// The forges that write it.
    pub(super) forges: &'static [Forge],
    /// The sentence; its fields are `number`, `numbers`, `title`, `owner`, `head`, `base`, `project`, `url` and `_`.
    pub(super) template: &'static str,
}

const fn subject(forges: &'static [Forge], template: &'static str) -> Wording {
    Wording {
        place: Place::Merge,
        forges,
        template,
    }
}

const fn squash(forges: &'static [Forge], template: &'static str) -> Wording {
    Wording {
        place: Place::Squash,
        forges,
        template,
    }
}

const fn trailer(forges: &'static [Forge], template: &'static str) -> Wording {
    Wording {
        place: Place::Trailer,
        forges,
        template,
    }
}

/// Every wording. Of each place the first that fits a commit counts.
pub(super) static WORDINGS: [Wording; 31] = [
    subject(
        &[Gitea],
        "Merge pull request '{title}' (#{number}) from {head} into {base}",
    ),
    subject(
        &[Gitea],
        "Merge pull request '{title}' (!{number}) from {head} into {base}",
    ),
    subject(&[Gitea], "Merge pull request '{title}' (#{number}) from {head}"),
    subject(&[Gitea], "Merge pull request '{title}' (!{number}) from {head}"),
    subject(
        &[Bitbucket],
        "Merge pull request #{number} in {project} from {head} to {base}",
    ),
    subject(
        &[GitHub, Gitea],
        "Merge pull request #{number} from {owner}/{head}",
    ),
    subject(&[GitHub, Gitea], "Merge pull request #{number} from {head}"),
    subject(&[GitHub, Gitea], "Merge pull request #{number}"),
    subject(&[GitHub, Gitea], "Merge pull request #{number} {_}"),
    subject(&[GitHub], "Merge #{number} from {owner}/{head}"),
    subject(&[GitHub], "Merge {numbers}"),
    subject(&[GitHub], "Auto merge of #{number} - {owner}:{head}, r={_}"),
    subject(&[GitHub], "auto merge of #{number} : {owner}/{head}, r={_}"),
    subject(&[GitHub], "Rollup merge of #{number} - {owner}:{head}, r={_}"),
    subject(&[Bitbucket], "Merged in {head} (pull request #{number})"),
    subject(&[Bitbucket], "Pull request #{number}: {title}"),
    subject(&[Azure], "Merged PR {number}: {title}"),
    squash(&[GitHub, Gitea], "{title} (#{number})"),
    squash(&[GitLab, Gitea], "{title} (!{number})"),
    squash(&[GitHub, Gitea], "(#{number})"),
    squash(&[GitLab, Gitea], "(!{number})"),
    trailer(&[GitLab], "See merge request {url}/-/merge_requests/{number}"),
    trailer(&[GitLab], "See merge request {url}/merge_requests/{number}"),
    trailer(&[GitLab], "See merge request {project}!{number}"),
    trailer(&[GitLab], "See merge request !{number}"),
    trailer(&[GitLab], "Part-of: <{url}/-/merge_requests/{number}>"),
    trailer(&[GitLab], "Part-of: <{url}/merge_requests/{number}>"),
    trailer(&[Gitea], "Reviewed-on: {url}/pulls/{number}"),
    trailer(&[GitHub], "PR-URL: {url}/pull/{number}"),
    trailer(&[GitHub], "Pull Request resolved: {url}/pull/{number}"),
    trailer(&[GitHub], "GitHub-Pull-Request: {project}#{number}"),
];

/// Lines that say which branch went where, and no number.
pub(super) static DIRECTIONS: [&str; 4] = [
    "Merge branch '{head}' into '{base}'",
    "Merge branch '{head}' into {base}",
    "Merge branch '{head}'",
    "Merge in {project} from {head} to {base}",
];
