//! Whose a clone is. Git trusts the settings of a clone as its owner, and a clone may point at objects elsewhere on the
//! machine, so a clone of another user is read only on request and only with objects of its own owner.

use super::GitError;
use super::program::Git;
use nix::unistd::geteuid;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Whose clone may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// That of the user who runs this process.
    Caller,
    /// That of any user.
    Anybody,
}

/// How deep git itself follows borrowed objects.
const DEPTH: u32 = 5;

/// Refuses a folder, or the Git folder in it, of another user.
pub(super) fn check_folder(path: &Path) -> Result<(), GitError> {
    let own = geteuid().as_raw();
    for part in [path.to_owned(), path.join(".git")] {
        let is_foreign = fs::symlink_metadata(&part).is_ok_and(|metadata| metadata.uid() != own);
        if is_foreign {
            return Err(GitError::OtherOwner(path.to_owned()));
        }
    }
    Ok(())
}

/// Refuses objects that the clone borrows from a folder of another owner than its own.
pub(super) fn check_borrowed_objects(git: &Git) -> Result<(), GitError> {
    let objects = git.ask("rev-parse", &["rev-parse", "--git-path", "objects"])?;
    let objects = git.path.join(objects);
    let owner = fs::metadata(&objects).map_err(GitError::Unreadable)?.uid();
    check_alternates(&objects, owner, DEPTH)
}

fn check_alternates(objects: &Path, owner: u32, depth: u32) -> Result<(), GitError> {
    let text = match fs::read_to_string(objects.join("info/alternates")) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(GitError::Unreadable(error)),
    };
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let alternate = objects.join(line);
        // A path in quotes is for git to unquote, so its owner stays unknown.
        let is_own = !line.starts_with('"')
            && fs::metadata(&alternate).map_or_else(
                |error| error.kind() == io::ErrorKind::NotFound,
                |metadata| metadata.uid() == owner,
            );
        if !is_own {
            return Err(GitError::BorrowedObjects(PathBuf::from(line)));
        }
        if depth > 0 && alternate.exists() {
            check_alternates(&alternate, owner, depth - 1)?;
        }
    }
    Ok(())
}
