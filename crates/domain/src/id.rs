//! Identifiers that Periscope gives out: positive 64-bit integers, one type for each kind of thing, so that
//! a repository's number can never be passed where a deployment's is meant. What a sender calls a deployment
//! is not one of them: see [`ExternalDeploymentId`](crate::text::ExternalDeploymentId).

use crate::whole_number;
use std::fmt;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Wraps a number that a store gave out.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// Reads a number as an address has it. What is no positive number is the number of nothing.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                whole_number::parse(text).filter(|number| *number > 0).map(Self)
            }

            /// The bare number.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

id! {
    /// An organization: the tenant that owns everything else.
    OrganizationId,
    /// An API key of an organization.
    ApiKeyId,
    /// A Git repository that an organization has told us of.
    RepositoryId,
    /// A recorded deployment: Periscope's own number for it.
    DeploymentId,
    /// A recorded pull request: Periscope's own number, not the forge's.
    PullRequestId,
}
