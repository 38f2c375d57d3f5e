//! What a data folder must be before Periscope opens anything in it: owned by the caller, and free of links.
//!
//! A checkout or another user can put a `.periscope` where Periscope runs. A link in it would lead writes to the user's own
//! files, and its Postgres settings would run programs. The lock file shows who made the folder: Periscope makes it for its
//! owner alone, a checkout makes it readable for others.

use std::fs::{FileType, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::{Uid, User};

use super::OpenError;
use super::folder::LOCK;

/// Options that open or make a file for its owner alone and never follow a link.
pub(super) fn open_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits());
    options
}

/// Refuses a folder of another owner, and one that holds what Periscope never makes.
pub(super) fn check(root: &Path) -> Result<(), OpenError> {
    check_owner(root, root)?;
    check_lock(root)?;
    check_entries(root)
}

/// Root's folder is as good as one's own, since root may do everything anyway.
fn check_owner(root: &Path, path: &Path) -> Result<(), OpenError> {
    let uid = path.symlink_metadata().map_err(OpenError::folder(path))?.uid();
    if uid == 0 || uid == Uid::effective().as_raw() {
        return Ok(());
    }
    let name = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    Err(OpenError::OtherOwner {
        data_dir: root.to_owned(),
        owner: name.map_or_else(|| format!("user id {uid}"), |user| format!("user {}", user.name)),
    })
}

fn check_lock(root: &Path) -> Result<(), OpenError> {
    let path = root.join(LOCK);
    let meta = match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        meta => meta.map_err(OpenError::folder(&path))?,
    };
    check_owner(root, &path)?;
    if meta.file_type().is_file() && meta.mode() & 0o077 != 0 {
        return Err(OpenError::Exposed {
            data_dir: root.to_owned(),
            path,
        });
    }
    Ok(())
}

/// Walks through the whole folder, the server's data included, because Postgres writes there.
fn check_entries(folder: &Path) -> Result<(), OpenError> {
    let entries = match folder.read_dir() {
        // A running server removes files and folders at any time.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(OpenError::folder(folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(OpenError::folder(folder))?;
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => check_entries(&path)?,
            Ok(kind) => check_kind(&path, kind)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(OpenError::folder(&path)(error)),
        }
    }
    Ok(())
}

fn check_kind(path: &Path, kind: FileType) -> Result<(), OpenError> {
    let kind = match kind {
        kind if kind.is_file() || kind.is_socket() => return Ok(()),
        kind if kind.is_symlink() => "a link",
        _ => "a special file",
    };
    Err(OpenError::Planted {
        path: path.to_owned(),
        kind,
    })
}
