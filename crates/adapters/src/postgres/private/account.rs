//! As whom the server runs, and who may connect to it.
//!
//! Postgres refuses to run as root, so root hands it to another user: the owner of existing data, else `postgres`, else
//! `nobody`. Every operating system user that may connect is named in the server's own map; there is no password to know.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Gid, Uid, User};

use super::OpenError;

#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) name: String,
    /// The user and group to become; none when the server runs as we do.
    pub(super) becomes: Option<(u32, u32)>,
    /// Who may connect.
    pub(super) clients: Vec<String>,
}

impl Account {
    pub(super) fn choose(cluster: &Path) -> Result<Self, OpenError> {
        let me = Uid::effective();
        let server = if me.is_root() {
            substitute(cluster)?
        } else {
            named(me)?
        };
        let mut clients: Vec<String> = [me, server.uid, Uid::from_raw(0)]
            .into_iter()
            .filter_map(user)
            .map(|user| user.name)
            .collect();
        clients.sort();
        clients.dedup();
        let becomes = me.is_root().then(|| (server.uid.as_raw(), server.gid.as_raw()));
        Ok(Self {
            name: server.name,
            becomes,
            clients,
        })
    }

    /// Gives a folder or file to the server's user.
    pub(super) fn give(&self, path: &Path) -> Result<(), OpenError> {
        let Some((uid, gid)) = self.becomes else {
            return Ok(());
        };
        std::os::unix::fs::chown(path, Some(uid), Some(gid)).map_err(OpenError::folder(path))
    }

    /// Refuses a place that the server's user cannot reach, which its programs would report as something else.
    pub(super) fn check_walk(&self, place: &Path, remedy: &'static str) -> Result<(), OpenError> {
        let Some((uid, gid)) = self.becomes else {
            return Ok(());
        };
        for folder in place.ancestors() {
            let meta = folder.metadata().map_err(OpenError::folder(folder))?;
            let walk = if meta.uid() == uid {
                0o100
            } else if meta.gid() == gid {
                0o010
            } else {
                0o001
            };
            if meta.mode() & walk == 0 {
                return Err(OpenError::Unwalkable {
                    user: self.name.clone(),
                    folder: folder.to_owned(),
                    remedy,
                });
            }
        }
        Ok(())
    }
}

fn substitute(cluster: &Path) -> Result<User, OpenError> {
    if let Ok(meta) = cluster.symlink_metadata()
        && meta.uid() != 0
    {
        let mut owner = named(Uid::from_raw(meta.uid()))?;
        owner.gid = Gid::from_raw(meta.gid());
        return Ok(owner);
    }
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| User::from_name(name).ok().flatten())
        .filter(|user| !user.uid.is_root())
        .ok_or(OpenError::NoAccount)
}

fn named(uid: Uid) -> Result<User, OpenError> {
    user(uid).ok_or(OpenError::Nameless { uid: uid.as_raw() })
}

fn user(uid: Uid) -> Option<User> {
    User::from_uid(uid).ok().flatten()
}
