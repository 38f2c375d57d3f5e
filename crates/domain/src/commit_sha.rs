//! Git commits by name. A forge knows the whole SHA-1 ([`CommitSha`]); a CI job may send an abbreviation of it
//! ([`CommitReference`]), which means a commit only when it fits exactly one of those that are known.

use std::fmt;
use std::ops::RangeInclusive;
use thiserror::Error;

/// A whole SHA-1 commit name: 20 bytes, 40 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitSha([u8; 20]);

/// A text is no whole commit SHA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be a 40-digit hex string")]
pub struct InvalidCommitSha;

impl CommitSha {
    /// Wraps the bytes of a SHA-1.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Reads 40 hex digits in any letter case, with white space around them ignored.
    ///
    /// # Errors
    /// [`InvalidCommitSha`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidCommitSha> {
        let digits = text.trim().as_bytes();
        let (pairs, rest) = digits.as_chunks::<2>();
        let mut bytes = [0; 20];
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return Err(InvalidCommitSha);
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte =
                hex_value(*high).ok_or(InvalidCommitSha)? << 4 | hex_value(*low).ok_or(InvalidCommitSha)?;
        }
        Ok(Self(bytes))
    }

    /// Whether it is zeros only, which stands for no commit.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 20]
    }

    /// The 20 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

impl fmt::Display for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitSha({self})")
    }
}

/// A commit as a sender names it: 5 to 40 hex digits, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitReference(Box<str>);

/// A text names no commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be a valid hex string (5-40 characters)")]
pub struct InvalidCommitReference;

impl CommitReference {
    /// Trims the text, puts it in lower case and checks it.
    ///
    /// # Errors
    /// [`InvalidCommitReference`] when it is not 5 to 40 hex digits.
    pub fn parse(text: &str) -> Result<Self, InvalidCommitReference> {
        let digits = text.trim();
        let sound = (5..=40).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if sound {
            Ok(Self(digits.to_ascii_lowercase().into()))
        } else {
            Err(InvalidCommitReference)
        }
    }

    /// Whether it is zeros only, which is how CI systems say that a new branch has no commit before.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.bytes().all(|digit| digit == b'0')
    }

    /// The first and the last of all commits that begin with these digits.
    #[must_use]
    pub fn span(&self) -> RangeInclusive<CommitSha> {
        let filled = |filler: u8| {
            let mut bytes = [filler << 4 | filler; 20];
            for (byte, digits) in bytes.iter_mut().zip(self.0.as_bytes().chunks(2)) {
                let mut values = digits.iter().filter_map(|digit| hex_value(*digit));
                *byte = values.next().unwrap_or(filler) << 4 | values.next().unwrap_or(filler);
            }
            CommitSha(bytes)
        };
        filled(0)..=filled(0xf)
    }

    /// Whether all digits are given, so that it can mean one commit alone.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.as_str().len() == 40
    }

    /// Whether this names the given commit, whole or by its first digits.
    #[must_use]
    pub fn matches(&self, sha: &CommitSha) -> bool {
        self.span().contains(sha)
    }

    /// The digits in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<CommitSha> for CommitReference {
    fn from(sha: CommitSha) -> Self {
        Self(sha.to_string().into())
    }
}

impl fmt::Display for CommitReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab2";

    #[test]
    fn a_sha_is_written_as_it_was_read_in_lower_case() {
        assert_eq!(CommitSha::parse(&SHA.to_uppercase()).unwrap().to_string(), SHA);
        for bad in [
            "",
            "a1b2c",
            &SHA[1..],
            &format!("{SHA}0"),
            &SHA.replace('a', "g"),
            "é1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab",
        ] {
            assert_eq!(CommitSha::parse(bad), Err(InvalidCommitSha), "{bad:?}");
        }
    }

    #[test]
    fn a_reference_is_5_to_40_hex_digits() {
        for (text, kept) in [
            ("ABC12", Some("abc12")),
            (" a1b2c3d ", Some("a1b2c3d")),
            (SHA, Some(SHA)),
        ] {
            assert_eq!(
                CommitReference::parse(text)
                    .ok()
                    .as_ref()
                    .map(CommitReference::as_str),
                kept
            );
        }
        for bad in [
            "",
            "abc1",
            "abcdg",
            "HEAD",
            "v1.2.3",
            &format!("{SHA}0"),
            "abc 12",
            "éabcd",
        ] {
            assert_eq!(
                CommitReference::parse(bad),
                Err(InvalidCommitReference),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_reference_matches_the_commits_that_begin_with_it() {
        let sha = CommitSha::parse(SHA).unwrap();
        for length in 5..=40 {
            assert!(
                CommitReference::parse(&SHA[..length]).unwrap().matches(&sha),
                "{length} digits"
            );
        }
        for other in [
            "a1b2d",
            "a1b2c4",
            "b1b2c",
            "a1b2c3d4e5f60ab2c3d4e5f60ab2c3d4e5f60ab3",
        ] {
            assert!(!CommitReference::parse(other).unwrap().matches(&sha), "{other}");
        }
    }

    #[test]
    fn only_zeros_means_no_commit() {
        assert!(CommitReference::parse(&"0".repeat(40)).unwrap().is_zero());
        assert!(!CommitReference::parse("00001").unwrap().is_zero());
    }
}
