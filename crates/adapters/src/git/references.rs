//! The branches of a clone, its tags and its refs of pull requests, read at once and by full names, so that a tag and a
//! branch of one name are never mixed up; and which of the branches is the default one.

use super::GitError;
use super::program::{Git, complaint};
use super::stream::text;
use periscope_domain::commit_graph::Commit;
use periscope_domain::commit_sha::CommitSha;
use periscope_domain::pull_request::PullRequestNumber;
use periscope_domain::text::BranchName;
use std::collections::HashMap;

/// A branch of a clone, as it was at its last fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its name at the forge.
    pub name: BranchName,
    /// Its tip.
    pub commit: CommitSha,
    /// When the tip was committed, in seconds since 1970.
    pub(super) committed_at: i64,
    /// Whether this is the forge's branch rather than a local one.
    pub(super) is_remote: bool,
}

/// The default branch, and what speaks against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultBranch {
    /// The branch.
    pub branch: Branch,
    /// A branch with a usual name of a main one that is newer.
    pub newer: Option<BranchName>,
}

/// Names that main branches have.
const MAIN: [&str; 4] = ["main", "master", "trunk", "default"];

/// Where refs of pull requests lie: before and after the number.
const PULLS: [(&str, &str); 7] = [
    ("refs/pull/", "/head"),
    ("refs/merge-requests/", "/head"),
    ("refs/pull-requests/", "/from"),
    ("refs/remotes/origin/pull/", "/head"),
    ("refs/remotes/origin/pull/", ""),
    ("refs/remotes/origin/pr/", ""),
    ("refs/remotes/origin/merge-requests/", ""),
];

/// All refs of a clone that matter.
#[derive(Clone, Debug, Default)]
pub(super) struct References {
    /// Local branches, and those of the repository's own remote.
    pub(super) branches: Vec<Branch>,
    /// Commits of branches of other remotes.
    others: Vec<CommitSha>,
    /// Commits of tags.
    tags: Vec<CommitSha>,
    /// The objects of annotated tags.
    pub(super) tag_objects: Vec<Commit>,
    /// The commit that is checked out.
    pub(super) head: Option<CommitSha>,
    pub(super) pull_heads: HashMap<PullRequestNumber, CommitSha>,
    /// The branch that `origin/HEAD` points at.
    remote_default: Option<String>,
    /// The branch that is checked out.
    local_default: Option<String>,
}

impl References {
    pub(super) fn read(git: &Git) -> Result<Self, GitError> {
        let format = "--format=%(refname)%00%(symref)%00%(objecttype) %(objectname)%00%(*objecttype) %(*objectname)%00\
                      %(committerdate:unix)";
        let output = git
            .command(&["for-each-ref", format])
            .output()
            .map_err(GitError::NoGit)?;
        if !output.status.success() {
            return Err(GitError::Failed {
                command: "for-each-ref",
                message: complaint(&output.stderr),
            });
        }
        let lines: Vec<String> = output
            .stdout
            .split(|byte| *byte == b'\n')
            .map(|line| text(line.to_vec()))
            .collect();
        let has_origin = lines.iter().any(|line| line.starts_with("refs/remotes/origin/"));
        let mut references = Self::default();
        for line in &lines {
            references.add(line, has_origin);
        }
        let head = git.ask(
            "rev-parse",
            &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"],
        );
        references.head = head.ok().and_then(|sha| CommitSha::parse(&sha).ok());
        let local = git.ask("symbolic-ref", &["symbolic-ref", "--quiet", "HEAD"]);
        references.local_default = local
            .ok()
            .and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned));
        Ok(references)
    }

    /// Reads `name NUL target NUL object NUL peeled object NUL seconds`.
    fn add(&mut self, line: &str, has_origin: bool) {
        let mut fields = line.split('\0');
        let mut field = || fields.next().unwrap_or_default();
        let (name, target, object, peeled, seconds) = (field(), field(), field(), field(), field());
        let commit = [object, peeled]
            .into_iter()
            .find_map(|object| object.strip_prefix("commit "));
        let Some(commit) = commit.and_then(|sha| CommitSha::parse(sha).ok()) else {
            return;
        };
        if let Some(number) = pull_request(name) {
            self.pull_heads.insert(number, commit);
        } else if !target.is_empty() {
            if name == "refs/remotes/origin/HEAD" {
                self.remote_default = target.strip_prefix("refs/remotes/origin/").map(str::to_owned);
            }
        } else if let Some(local) = name.strip_prefix("refs/heads/") {
            self.add_branch(local, commit, seconds, false);
        } else if let Some(remote) = name.strip_prefix("refs/remotes/") {
            match remote.split_once('/') {
                Some((remote, name)) if remote == "origin" || !has_origin => {
                    self.add_branch(name, commit, seconds, true);
                }
                _ => self.others.push(commit),
            }
        } else if name.starts_with("refs/tags/") {
            self.tags.push(commit);
            let object = object.strip_prefix("tag ");
            let object = object.and_then(|sha| CommitSha::parse(sha).ok());
            self.tag_objects
                .extend(object.map(|object| Commit::tag(object, commit)));
        }
    }

    fn add_branch(&mut self, name: &str, commit: CommitSha, seconds: &str, is_remote: bool) {
        let branch = BranchName::clean(name).map(|name| Branch {
            name,
            commit,
            committed_at: seconds.parse().unwrap_or_default(),
            is_remote,
        });
        self.branches.extend(branch);
    }

    /// The branch with a name, the forge's rather than a local one.
    pub(super) fn branch(&self, name: &str) -> Option<&Branch> {
        let named = self.branches.iter().filter(|branch| branch.name.as_str() == name);
        named.max_by_key(|branch| branch.is_remote)
    }

    /// The branch that the forge shows first, else the one that is checked out, else the newest with a usual name. A name
    /// that `origin/HEAD` has kept after the forge's branch was renamed gives way to the branch that continues it.
    pub(super) fn default_branch(
        &self,
        is_ancestor: impl Fn(&CommitSha, &CommitSha) -> bool,
    ) -> Option<DefaultBranch> {
        let usual = || {
            let usual = MAIN.iter().filter_map(|name| self.branch(name));
            usual.max_by_key(|branch| branch.committed_at)
        };
        let pointed = [&self.remote_default, &self.local_default];
        let branch = pointed
            .into_iter()
            .flatten()
            .find_map(|name| self.branch(name))
            .or_else(usual)?;
        let newer = usual().filter(|usual| {
            usual.commit != branch.commit
                && usual.committed_at > branch.committed_at
                && usual.name != branch.name
        });
        Some(match newer {
            Some(newer)
                if is_ancestor(&branch.commit, &newer.commit) && MAIN.contains(&branch.name.as_str()) =>
            {
                DefaultBranch {
                    branch: newer.clone(),
                    newer: None,
                }
            }
            newer => DefaultBranch {
                branch: branch.clone(),
                newer: newer.map(|newer| newer.name.clone()),
            },
        })
    }

    /// The tips of this repository's branches and tags, and what is checked out.
    pub(super) fn own_commits(&self) -> Vec<CommitSha> {
        let branches = self.branches.iter().map(|branch| branch.commit);
        branches
            .chain(self.tags.iter().copied())
            .chain(self.head)
            .collect()
    }

    /// The tips of everything, each once.
    pub(super) fn all_commits(&self) -> Vec<CommitSha> {
        let mut commits = self.own_commits();
        commits.extend(&self.others);
        commits.sort_unstable();
        commits.dedup();
        commits
    }
}

fn pull_request(name: &str) -> Option<PullRequestNumber> {
    PULLS.iter().find_map(|(before, after)| {
        let digits = name.strip_prefix(before)?.strip_suffix(after)?;
        PullRequestNumber::parse(digits).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(letter: char) -> String {
        letter.to_string().repeat(40)
    }

    fn references(refs: &[(&str, &str, char, u32)]) -> References {
        let mut references = References::default();
        for (name, target, letter, seconds) in refs {
            let line = format!("{name}\0{target}\0commit {}\0 \0{seconds}", sha(*letter));
            references.add(&line, true);
        }
        references
    }

    fn default_branch(
        refs: &[(&str, &str, char, u32)],
        local: Option<&str>,
        is_ancestor: bool,
    ) -> Option<(String, Option<String>)> {
        let mut references = references(refs);
        references.local_default = local.map(str::to_owned);
        let found = references.default_branch(|_, _| is_ancestor)?;
        Some((
            found.branch.name.to_string(),
            found.newer.map(|name| name.to_string()),
        ))
    }

    #[test]
    fn the_default_branch_is_the_forge_s_even_after_it_was_renamed() {
        let head = ("refs/remotes/origin/HEAD", "refs/remotes/origin/master", 'a', 1);
        let master = ("refs/remotes/origin/master", "", 'a', 1);
        let main = ("refs/remotes/origin/main", "", 'b', 2);
        let next = ("refs/heads/next", "", 'c', 3);
        let name = |name: &str| Some((name.to_owned(), None));
        for (refs, local, is_ancestor, expected) in [
            (&[head, master, next][..], Some("next"), false, name("master")),
            // The old branch is still there, and the new one continues it.
            (&[head, master, main], None, true, name("main")),
            // Two lines: the forge's word holds, and the doubt is said.
            (
                &[head, master, main],
                None,
                false,
                Some(("master".to_owned(), Some("main".to_owned()))),
            ),
            // The old branch is gone.
            (&[head, main], None, false, name("main")),
            (&[main, next], Some("next"), false, name("next")),
            (&[main, next], None, false, name("main")),
            (&[next], None, false, None),
        ] {
            assert_eq!(default_branch(refs, local, is_ancestor), expected, "{refs:?}");
        }
    }

    #[test]
    fn refs_of_pull_requests_are_no_branches() {
        let found = references(&[
            ("refs/pull/7/head", "", 'a', 1),
            ("refs/pull/7/merge", "", 'b', 1),
            ("refs/merge-requests/8/head", "", 'c', 1),
            ("refs/remotes/origin/pr/9", "", 'd', 1),
            ("refs/remotes/upstream/main", "", 'e', 1),
            ("refs/heads/main", "", 'f', 1),
        ]);
        let mut numbers: Vec<_> = found.pull_heads.keys().map(|number| number.get()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [7, 8, 9]);
        assert_eq!(found.own_commits(), [CommitSha::parse(&sha('f')).unwrap()]);
        assert_eq!(found.all_commits().len(), 2);
    }
}
