//! Why numbers are kept apart.

/// Why a number does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Another forge words its merges so.
    OtherForge,
    /// The line of commits begins at a root of its own: a repository that was merged in.
    OtherRepository,
    /// Only branches of another remote have the commit.
    OtherRemote,
    /// The own numbers start anew after it: a hard fork's upstream.
    BeforeRestart,
    /// The number does not fit those of its time.
    OutOfSequence,
    /// The clone has refs of pull requests, and none of this number.
    NoSuchRef,
    /// Several commits off the own line claim the number.
    Contested,
    /// Neither a merge nor made by the forge, and not on the own line: a pick, or a number of something else.
    Unproved,
    /// Another commit is the merge.
    Second,
    /// The commit is on none of the named branches.
    OtherBranch,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::OtherForge,
        Self::OtherRepository,
        Self::OtherRemote,
        Self::BeforeRestart,
        Self::OutOfSequence,
        Self::NoSuchRef,
        Self::Contested,
        Self::Unproved,
        Self::Second,
        Self::OtherBranch,
    ];

    /// Its code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OtherForge => "other_forge",
            Self::OtherRepository => "other_repository",
            Self::OtherRemote => "other_remote",
            Self::BeforeRestart => "before_restart",
            Self::OutOfSequence => "out_of_sequence",
            Self::NoSuchRef => "no_such_ref",
            Self::Contested => "contested",
            Self::Unproved => "unproved",
            Self::Second => "second",
            Self::OtherBranch => "other_branch",
        }
    }

    /// A sentence about the commits that it concerns.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::OtherForge => "worded as by another forge or an issue tracker",
            Self::OtherRepository => "of a repository that was merged in",
            Self::OtherRemote => "on branches of another remote only",
            Self::BeforeRestart => "of the upstream of a hard fork, because the numbers start anew later",
            Self::OutOfSequence => "far from the numbers of their time",
            Self::NoSuchRef => "without a ref of the pull request, though the clone has such refs",
            Self::Contested => "claimed by several commits off the default branch",
            Self::Unproved => {
                "at the end of a title off the default branch, where picks and issues look alike"
            }
            Self::Second => "named by a further commit, a pick or a part of the same pull request",
            Self::OtherBranch => "on branches that were not named",
        }
    }

    /// Whether the number itself is in doubt, rather than which commit is its merge.
    #[must_use]
    pub const fn is_doubt(self) -> bool {
        !matches!(self, Self::Second | Self::OtherBranch)
    }
}
