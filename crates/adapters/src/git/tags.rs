//! The tags of a clone that stand for commits, and those that do not, each with the reason.

use super::GitError;
use super::program::{Git, complaint};
use super::stream::text;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::timestamp::Timestamp;

/// A tag that stands for a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// The commit that it stands for.
    pub commit: CommitSha,
    /// When the tag was made; of a light one, or one that does not say it, when its commit was.
    pub created_at: Timestamp,
}

/// A tag of which no deployment can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedTag {
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The tags of a clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// Those of commits, in order of time.
    pub tags: Vec<Tag>,
    /// The others.
    pub skipped: Vec<SkippedTag>,
}

pub(super) fn read(git: &Git, pattern: Option<&str>) -> Result<Tags, GitError> {
    let pattern = format!("refs/tags/{}", pattern.unwrap_or_default());
    let pattern = pattern.trim_end_matches('/');
    let format = "--format=%(refname:strip=2)%00%(objecttype) %(objectname)%00%(*objecttype) %(*objectname)%00\
                  %(creatordate:unix)%00%(*committerdate:unix)";
    let output = git
        .command(&["for-each-ref", "--sort=creatordate", format, pattern])
        .output()
        .map_err(GitError::NoGit)?;
    if !output.status.success() {
        return Err(GitError::Failed {
            command: "for-each-ref",
            message: complaint(&output.stderr),
        });
    }
    let mut tags = Tags::default();
    for line in output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        match tag(&text(line.to_vec())) {
            Ok(tag) => tags.tags.push(tag),
            Err(skipped) => tags.skipped.push(skipped),
        }
    }
    Ok(tags)
}

/// Reads `name NUL object NUL peeled object NUL seconds NUL seconds of the commit`, each object after its type.
pub(super) fn tag(line: &str) -> Result<Tag, SkippedTag> {
    let mut fields = line.split('\0');
    let mut field = || fields.next().unwrap_or_default();
    let (name, object, peeled) = (field(), field(), field());
    let seconds = [field(), field()].into_iter().find(|seconds| !seconds.is_empty());
    let skipped = |reason: &str| SkippedTag {
        name: name.to_owned(),
        reason: reason.to_owned(),
    };
    let commit = [object, peeled]
        .into_iter()
        .find_map(|object| object.strip_prefix("commit "))
        .ok_or_else(|| skipped("is of no commit"))?;
    let seconds: Option<i64> = seconds.and_then(|seconds| seconds.parse().ok());
    Ok(Tag {
        name: name.to_owned(),
        commit: CommitSha::parse(commit).map_err(|_| skipped("is of a commit without a SHA-1"))?,
        created_at: seconds
            .and_then(Timestamp::from_unix_seconds)
            .ok_or_else(|| skipped("has no date"))?,
    })
}
