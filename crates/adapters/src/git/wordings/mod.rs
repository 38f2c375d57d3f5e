//! What a commit message says of pull requests: the pure reading of one message, by a table of the wordings of every
//! forge. Whether a number is one of this repository is decided elsewhere, by all that the whole history says.

mod table;
mod template;

use periscope_domain::pull_request::PullRequestNumber;
use periscope_domain::text::{BranchName, Title};
use table::{DIRECTIONS, WORDINGS, Wording};
use template::{Fields, fit};

/// A kind of forge, as far as its numbers and wordings differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Forge {
    /// GitHub, with homu, bors and bors-ng.
    GitHub,
    /// GitLab.
    GitLab,
    /// Gitea and Forgejo.
    Gitea,
    /// Bitbucket Cloud and Data Center.
    Bitbucket,
    /// Azure DevOps.
    Azure,
}

impl Forge {
    /// Every forge; of several that fit a history equally well the first counts.
    pub(super) const ALL: [Self; 5] = [
        Self::GitHub,
        Self::GitLab,
        Self::Gitea,
        Self::Bitbucket,
        Self::Azure,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub",
            Self::GitLab => "GitLab",
            Self::Gitea => "Gitea or Forgejo",
            Self::Bitbucket => "Bitbucket",
            Self::Azure => "Azure DevOps",
        }
    }
}

/// Where a message names a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a subject that a forge or a merge bot writes for a merge.
    Merge,
    /// At the end of a title.
    Squash,
    /// In a line of the body.
    Trailer,
}

/// A pull request that a message names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) number: PullRequestNumber,
    pub(super) place: Place,
    pub(super) forges: &'static [Forge],
    pub(super) title: Option<Title>,
    pub(super) head_branch: Option<BranchName>,
    pub(super) base_branch: Option<BranchName>,
    /// The project as the message names it: `group/project` or the path of an address.
    pub(super) project: Option<Box<str>>,
}

/// The pull requests that a message names, at most one reading of each place.
pub(super) fn mentions(subject: &str, body: &str) -> Vec<Mention> {
    let subject = subject.trim_end();
    let read = |place: Place, line: &str| {
        let mut of_place = WORDINGS.iter().filter(|wording| wording.place == place);
        of_place
            .find_map(|wording| read(wording, line, subject, body))
            .unwrap_or_default()
    };
    let merge = read(Place::Merge, subject);
    let mut mentions = if merge.is_empty() {
        read(Place::Squash, subject)
    } else {
        merge
    };
    // The last line counts: a message may quote that of another commit.
    let trailer = body
        .lines()
        .rev()
        .map(|line| read(Place::Trailer, line.trim_end()));
    mentions.extend(
        trailer
            .into_iter()
            .find(|found| !found.is_empty())
            .unwrap_or_default(),
    );
    mentions
}

fn read(wording: &'static Wording, line: &str, subject: &str, body: &str) -> Option<Vec<Mention>> {
    let fields = fit(wording.template, line)?;
    let numbers = match (fields.get("number"), fields.get("numbers")) {
        (Some(digits), _) => vec![number(digits)?],
        (None, Some(list)) => numbers(list)?,
        (None, None) => return None,
    };
    let directions = directions(subject, body);
    let find = |name| fields.get(name).or_else(|| directions.get(name));
    let mention = |number: PullRequestNumber| Mention {
        number,
        place: wording.place,
        forges: wording.forges,
        title: title(&fields, number, wording.place, subject, body),
        head_branch: find("head").and_then(|head| BranchName::clean(after_last(head, ':'))),
        base_branch: find("base").and_then(BranchName::clean),
        project: fields
            .get("url")
            .map(path_of)
            .or_else(|| fields.get("project"))
            .map(Into::into),
    };
    Some(numbers.into_iter().map(mention).collect())
}

fn number(digits: &str) -> Option<PullRequestNumber> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    PullRequestNumber::new(digits.parse().ok().filter(|_| is_number)?).ok()
}

/// Reads `#7 #8`.
fn numbers(list: &str) -> Option<Vec<PullRequestNumber>> {
    list.split(' ')
        .map(|word| number(word.strip_prefix('#')?))
        .collect()
}

/// The first line of a message that says which branch went where.
fn directions<'a>(subject: &'a str, body: &'a str) -> Fields<'a> {
    let lines = [subject].into_iter().chain(body.lines());
    lines
        .into_iter()
        .find_map(|line| DIRECTIONS.iter().find_map(|template| fit(template, line)))
        .unwrap_or_default()
}

/// The title is in the wording itself, or the subject is it, or it stands in the body.
fn title(
    fields: &Fields<'_>,
    number: PullRequestNumber,
    place: Place,
    subject: &str,
    body: &str,
) -> Option<Title> {
    if let Some(title) = fields.get("title") {
        return Title::clean(title);
    }
    if place == Place::Squash {
        return None;
    }
    if place == Place::Trailer && !subject.starts_with("Merge ") {
        return Title::clean(subject);
    }
    let mark = format!("{number}: ");
    let of_bors = body.lines().find_map(|line| line.strip_prefix(&mark));
    if let Some(title) = of_bors {
        return Title::clean(title.split(" r=").next().unwrap_or(title));
    }
    let is_title = |line: &&str| {
        !["* commit ", "Merge in ", "See merge request "]
            .iter()
            .any(|start| line.starts_with(start))
    };
    body.lines()
        .find(|line| !line.trim().is_empty())
        .filter(is_title)
        .and_then(Title::clean)
}

fn after_last(text: &str, mark: char) -> &str {
    text.rsplit_once(mark).map_or(text, |(_, after)| after)
}

/// `group/project` of `https://host/group/project`.
fn path_of(url: &str) -> &str {
    let without_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    without_scheme
        .split_once('/')
        .map_or(without_scheme, |(_, path)| path)
}

#[cfg(test)]
mod tests;
