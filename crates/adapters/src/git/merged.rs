//! Which pull requests a branch's history tells of. A merge commit says `Merge pull request #7 from owner/branch`, a
//! squashed one ends its subject in `(#7)`; both are what GitHub writes by itself. Only the branch's own line of
//! first parents is read: what a pull request contained is not another pull request.

use super::GitError;
use super::stream::Records;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::pull_request::{PullRequest, PullRequestNumber, Source};
use periscope_domain::text::{BranchName, Title};
use periscope_domain::timestamp::Timestamp;

/// Goes through a branch's commits, oldest first: an item for each, `None` where it is no merged pull request.
#[derive(Debug)]
pub struct MergedPullRequests {
    records: Records,
    base_branch: BranchName,
}

impl MergedPullRequests {
    pub(super) const fn new(records: Records, base_branch: BranchName) -> Self {
        Self { records, base_branch }
    }
}

impl Iterator for MergedPullRequests {
    type Item = Result<Option<PullRequest>, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        let commit = self.records.read().transpose()?;
        Some(commit.map(|commit| merged_pull_request(&commit, &self.base_branch)))
    }
}

/// Reads `SHA`, seconds, subject and body, a line each but the last.
pub(super) fn merged_pull_request(commit: &str, base_branch: &BranchName) -> Option<PullRequest> {
    let mut parts = commit.splitn(4, '\n');
    let (sha, seconds, subject) = (parts.next()?, parts.next()?, parts.next()?);
    let told = told_by(subject, parts.next().unwrap_or_default())?;
    Some(PullRequest {
        number: told.number,
        source: Source::Clone,
        merge_commit: CommitSha::parse(sha).ok()?,
        merged_at: Timestamp::from_unix_seconds(seconds.parse().ok()?)?,
        created_at: None,
        title: told.title,
        url: None,
        author: None,
        merged_by: None,
        base_branch: Some(base_branch.clone()),
        head_branch: told.head_branch,
        additions: None,
        deletions: None,
        changed_files: None,
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Told {
    number: PullRequestNumber,
    title: Option<Title>,
    head_branch: Option<BranchName>,
}

fn told_by(subject: &str, body: &str) -> Option<Told> {
    told_by_merge(subject, body).or_else(|| told_by_squash(subject))
}

/// `Merge pull request #7 from owner/branch`, the title in the body.
fn told_by_merge(subject: &str, body: &str) -> Option<Told> {
    let rest = subject.strip_prefix("Merge pull request #")?;
    let (digits, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let head_branch = rest.strip_prefix("from ").and_then(|head| head.split_once('/'));
    Some(Told {
        number: number(digits)?,
        title: body
            .lines()
            .find(|line| !line.trim().is_empty())
            .and_then(Title::clean),
        head_branch: head_branch.and_then(|(_, branch)| BranchName::clean(branch)),
    })
}

/// `Title (#7)`.
fn told_by_squash(subject: &str) -> Option<Told> {
    let (title, rest) = subject.trim_end().rsplit_once("(#")?;
    let digits = rest.strip_suffix(')')?;
    Some(Told {
        number: number(digits)?,
        title: Title::clean(title),
        head_branch: None,
    })
}

fn number(digits: &str) -> Option<PullRequestNumber> {
    let sound = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    PullRequestNumber::new(digits.parse().ok().filter(|_| sound)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_and_squashes_tell_of_pull_requests_and_nothing_else_does() {
        for (subject, body, expected) in [
            (
                "Merge pull request #7 from octocat/fix/red",
                "\nMake it green\n",
                Some((7, Some("Make it green"), Some("fix/red"))),
            ),
            (
                "Merge pull request #7 from octocat/fix",
                "",
                Some((7, None, Some("fix"))),
            ),
            ("Merge pull request #7", "", Some((7, None, None))),
            (
                "fix: the red one (#12)",
                "",
                Some((12, Some("fix: the red one"), None)),
            ),
            (
                "cherry-pick of (#12) to v1 (#13)",
                "",
                Some((13, Some("cherry-pick of (#12) to v1"), None)),
            ),
            ("(#12)", "", Some((12, None, None))),
            ("Revert \"fix: the red one (#12)\"", "", None),
            ("fix #12", "", None),
            ("fix (#)", "", None),
            ("fix (#0)", "", None),
            ("fix (#-1)", "", None),
            ("fix (#+1)", "", None),
            ("fix (#99999999999999999999)", "", None),
            ("fix (#12) again", "", None),
            ("Merge pull request #x from a/b", "", None),
            ("Merge branch 'main' into v1", "", None),
            ("", "", None),
        ] {
            let expected = expected.map(|(number, title, head): (i64, Option<&str>, Option<&str>)| Told {
                number: PullRequestNumber::new(number).unwrap(),
                title: title.and_then(Title::clean),
                head_branch: head.and_then(BranchName::clean),
            });
            assert_eq!(told_by(subject, body), expected, "{subject}");
        }
    }

    #[test]
    fn a_commit_that_cannot_be_dated_or_named_is_passed_over() {
        let main = BranchName::clean("main").unwrap();
        let sha = "a".repeat(40);
        assert!(merged_pull_request(&format!("{sha}\n1700000000\nfix (#1)\n"), &main).is_some());
        for bad in [
            "",
            &sha,
            &format!("{sha}\n1700000000"),
            &format!("{sha}\nsoon\nfix (#1)\n"),
            &format!("{sha}\n99999999999999999\nfix (#1)\n"),
            &format!("{}\n1700000000\nfix (#1)\n", "a".repeat(64)),
        ] {
            assert_eq!(merged_pull_request(bad, &main), None, "{bad}");
        }
    }
}
