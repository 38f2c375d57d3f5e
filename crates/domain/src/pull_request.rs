//! Merged pull requests: the facts of a merge, and how what several sources say of the same one is brought
//! together so that the order of their arrival does not matter. A forge knows when and as what a pull request was
//! merged; a clone only lets it be guessed from commit messages, so a clone never overrides a forge.

use crate::commit_sha::CommitSha;
use crate::id::{PullRequestId, RepositoryId};
use crate::text::{Actor, BranchName, Title};
use crate::timestamp::Timestamp;
use crate::web_url::WebUrl;
use crate::whole_number;
use std::fmt;
use thiserror::Error;

/// The number of a pull request within its repository, as the forge shows it: 1 to 2 147 483 647.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PullRequestNumber(i32);

/// A number is none that a forge gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an integer of 1-2147483647")]
pub struct InvalidPullRequestNumber;

impl PullRequestNumber {
    /// Checks a number.
    ///
    /// # Errors
    /// [`InvalidPullRequestNumber`] when it is below 1 or above 2 147 483 647.
    pub fn new(number: i64) -> Result<Self, InvalidPullRequestNumber> {
        i32::try_from(number)
            .ok()
            .filter(|number| *number >= 1)
            .map(Self)
            .ok_or(InvalidPullRequestNumber)
    }

    /// Reads a number as people write it: `12` or `#12`.
    ///
    /// # Errors
    /// [`InvalidPullRequestNumber`] when it is none, below 1 or above 2 147 483 647.
    pub fn parse(text: &str) -> Result<Self, InvalidPullRequestNumber> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let number = whole_number::parse(digits).ok_or(InvalidPullRequestNumber)?;
        Self::new(number)
    }

    /// The bare number.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for PullRequestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A count of lines or files: 0 to 2 147 483 647.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeCount(i32);

/// A number is no count of lines or files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an integer of 0-2147483647")]
pub struct InvalidChangeCount;

impl ChangeCount {
    /// Checks a count.
    ///
    /// # Errors
    /// [`InvalidChangeCount`] when it is below 0 or above 2 147 483 647.
    pub fn new(count: i64) -> Result<Self, InvalidChangeCount> {
        i32::try_from(count)
            .ok()
            .filter(|count| *count >= 0)
            .map(Self)
            .ok_or(InvalidChangeCount)
    }

    /// The bare count.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

/// How many lines were added and deleted together, if both are known.
#[must_use]
pub fn lines(additions: Option<ChangeCount>, deletions: Option<ChangeCount>) -> Option<u32> {
    let (additions, deletions) = additions.zip(deletions)?;
    Some(additions.0.unsigned_abs() + deletions.0.unsigned_abs())
}

/// Who told us of a pull request, the less certain first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Read from the commit messages of a clone.
    Clone,
    /// Told by the forge, or by a script that asked it.
    Forge,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 2] = [Self::Clone, Self::Forge];

    /// The word that stores keep.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clone => "clone",
            Self::Forge => "forge",
        }
    }
}

/// A merged pull request, as one source or all of them together tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in its repository: its identity there.
    pub number: PullRequestNumber,
    /// The best source that its merge is known from.
    pub source: Source,
    /// The commit that its merge made: a merge commit, a squash, or the last one of a rebase.
    pub merge_commit: CommitSha,
    /// When it was merged.
    pub merged_at: Timestamp,
    /// When it was opened.
    pub created_at: Option<Timestamp>,
    /// Its title.
    pub title: Option<Title>,
    /// Where it can be looked at.
    pub url: Option<WebUrl>,
    /// Who opened it.
    pub author: Option<Actor>,
    /// Who merged it.
    pub merged_by: Option<Actor>,
    /// The branch that it was merged into.
    pub base_branch: Option<BranchName>,
    /// The branch that it came from.
    pub head_branch: Option<BranchName>,
    /// Lines added.
    pub additions: Option<ChangeCount>,
    /// Lines deleted.
    pub deletions: Option<ChangeCount>,
    /// Files changed.
    pub changed_files: Option<ChangeCount>,
}

impl PullRequest {
    /// What is known once a further source has spoken. The better source's word holds, the later one's among
    /// equals; what it leaves out is filled in from the other.
    #[must_use]
    pub fn merged_with(&self, report: &Self) -> Self {
        let (holds, fills) = if report.source >= self.source {
            (report, self)
        } else {
            (self, report)
        };
        let (holds, fills) = (holds.clone(), fills.clone());
        Self {
            created_at: holds.created_at.or(fills.created_at),
            title: holds.title.or(fills.title),
            url: holds.url.or(fills.url),
            author: holds.author.or(fills.author),
            merged_by: holds.merged_by.or(fills.merged_by),
            base_branch: holds.base_branch.or(fills.base_branch),
            head_branch: holds.head_branch.or(fills.head_branch),
            additions: holds.additions.or(fills.additions),
            deletions: holds.deletions.or(fills.deletions),
            changed_files: holds.changed_files.or(fills.changed_files),
            ..holds
        }
    }

    /// What decides which deployments ship it.
    #[must_use]
    pub fn merge(&self) -> Merge {
        Merge {
            commit: self.merge_commit,
            merged_at: self.merged_at,
            base_branch: self.base_branch.clone(),
        }
    }
}

/// The part of a pull request that decides which deployments ship it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Merge {
    /// The commit that the merge made.
    pub commit: CommitSha,
    /// When it was merged.
    pub merged_at: Timestamp,
    /// The branch that it was merged into; pull requests of which none is known are taken to share one.
    pub base_branch: Option<BranchName>,
}

/// A pull request with the number and the version that a store gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPullRequest {
    /// Periscope's number for it.
    pub id: PullRequestId,
    /// The repository that it belongs to.
    pub repository_id: RepositoryId,
    /// Raised by every change of it.
    pub revision: i64,
    /// What is known of it.
    pub pull_request: PullRequest,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pull_request(source: Source, commit: char, title: Option<&str>, author: Option<&str>) -> PullRequest {
        PullRequest {
            number: PullRequestNumber::new(7).unwrap(),
            source,
            merge_commit: CommitSha::parse(&commit.to_string().repeat(40)).unwrap(),
            merged_at: Timestamp::parse("2024-01-15T10:30:00Z").unwrap(),
            created_at: None,
            title: title.and_then(Title::clean),
            url: None,
            author: author.and_then(Actor::clean),
            merged_by: None,
            base_branch: None,
            head_branch: None,
            additions: None,
            deletions: None,
            changed_files: None,
        }
    }

    #[test]
    fn numbers_and_counts_are_bounded() {
        for (number, as_number, as_count) in [
            (-1, false, false),
            (0, false, true),
            (1, true, true),
            (2_147_483_647, true, true),
            (2_147_483_648, false, false),
        ] {
            let kept = PullRequestNumber::new(number).ok();
            let kept = kept.map(|kept| (i64::from(kept.get()), kept.to_string()));
            assert_eq!(kept, as_number.then(|| (number, number.to_string())), "{number}");
            let kept = ChangeCount::new(number).ok();
            let kept = kept.map(|kept| i64::from(kept.get()));
            assert_eq!(kept, as_count.then_some(number), "{number}");
        }
        for (text, number) in [
            ("12", Some(12)),
            ("#12", Some(12)),
            ("0", None),
            ("##1", None),
            ("+1", None),
            ("#01", None),
            (" 1", None),
            ("", None),
            ("x", None),
        ] {
            let parsed = PullRequestNumber::parse(text).ok();
            assert_eq!(parsed.map(PullRequestNumber::get), number, "{text}");
        }
    }

    #[test]
    fn a_clone_and_a_forge_come_to_the_same_in_either_order() {
        let clone = pull_request(Source::Clone, 'a', Some("guessed"), Some("git author"));
        let forge = pull_request(Source::Forge, 'b', Some("real"), None);
        let together = pull_request(Source::Forge, 'b', Some("real"), Some("git author"));
        assert_eq!(clone.merged_with(&forge), together);
        assert_eq!(forge.merged_with(&clone), together);
    }

    #[test]
    fn each_optional_field_is_kept_until_a_better_source_tells_another() {
        let full = |word: &str, count: i64| PullRequest {
            created_at: Timestamp::parse(&format!("2024-01-1{count}T10:30:00Z")).ok(),
            title: Title::clean(word),
            url: WebUrl::parse(&format!("https://{word}/")).ok(),
            author: Actor::clean(word),
            merged_by: Actor::clean(word),
            base_branch: BranchName::clean(word),
            head_branch: BranchName::clean(word),
            additions: ChangeCount::new(count).ok(),
            deletions: ChangeCount::new(count).ok(),
            changed_files: ChangeCount::new(count).ok(),
            ..pull_request(Source::Forge, 'a', None, None)
        };
        let (known, bare) = (full("one", 1), pull_request(Source::Forge, 'a', None, None));
        assert_eq!(known.merged_with(&bare), known);
        assert_eq!(bare.merged_with(&known), known);
        let other = full("two", 2);
        assert_eq!(known.merged_with(&other), other);
    }

    #[test]
    fn lines_are_those_added_and_deleted_if_both_are_known() {
        let count = |count| ChangeCount::new(count).ok();
        for (additions, deletions, expected) in [
            (count(3), count(4), Some(7)),
            (count(0), count(0), Some(0)),
            (
                count(i64::from(i32::MAX)),
                count(i64::from(i32::MAX)),
                Some(4_294_967_294),
            ),
            (None, count(4), None),
            (count(3), None, None),
        ] {
            assert_eq!(lines(additions, deletions), expected);
        }
    }

    #[test]
    fn among_equals_the_later_word_holds_and_keeps_what_it_leaves_out() {
        let first = pull_request(Source::Forge, 'a', Some("first"), Some("octocat"));
        let second = pull_request(Source::Forge, 'b', Some("second"), None);
        assert_eq!(
            first.merged_with(&second),
            pull_request(Source::Forge, 'b', Some("second"), Some("octocat"))
        );
        assert_eq!(first.merged_with(&first), first);
    }
}
