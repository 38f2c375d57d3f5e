//! Where clients reach the server. The socket lies in the data folder itself, which only the server's user and root may
//! enter; a socket's address has room for about a hundred bytes, so under a longer path it gets a folder of its own in
//! `/tmp`.

use std::fmt::Write;
use std::fs::DirBuilder;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::OpenError;
use super::account::Account;

const FILES: [&str; 2] = [".s.PGSQL.5432", ".s.PGSQL.5432.lock"];
/// The shortest `sun_path` in use, without its closing zero.
const ADDRESS: usize = 103;
const SHORT: &str = "/tmp/periscope-";

#[derive(Debug, Clone)]
pub(super) struct Socket {
    pub(super) folder: PathBuf,
    /// How the server is told: relative to its data folder, which it may be unable to name.
    pub(super) setting: String,
}

impl Socket {
    pub(super) fn place(cluster: &Path, account: &Account) -> Result<Self, OpenError> {
        if cluster.as_os_str().len() + "/.s.PGSQL.5432".len() <= ADDRESS {
            return Ok(Self::of_running(cluster, "."));
        }
        let pid = std::process::id();
        let mut number = 0;
        loop {
            let folder = PathBuf::from(format!("{SHORT}{pid}-{number}"));
            // Fails on whatever is there already, a link included.
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => {
                    account.give(&folder)?;
                    return Ok(Self {
                        setting: folder.display().to_string(),
                        folder,
                    });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < 1000 => {
                    number += 1;
                }
                Err(source) => return Err(OpenError::Folder { path: folder, source }),
            }
        }
    }

    pub(super) fn of_running(cluster: &Path, setting: &str) -> Self {
        let folder = if setting == "." {
            cluster.to_owned()
        } else {
            PathBuf::from(setting)
        };
        Self {
            folder,
            setting: setting.to_owned(),
        }
    }

    /// The folder in `/tmp`, if it needed one.
    pub(super) fn short_folder(&self) -> Option<&Path> {
        self.setting.starts_with(SHORT).then_some(self.folder.as_path())
    }

    pub(super) fn clear_files(&self) {
        for file in FILES {
            // Mostly already gone.
            let _ = std::fs::remove_file(self.folder.join(file));
        }
    }

    /// Removes what a server leaves that was killed: its socket, and the folder made for it.
    pub(super) fn clear(&self) {
        self.clear_files();
        if let Some(folder) = self.short_folder() {
            let _ = std::fs::remove_dir(folder);
        }
    }

    pub(super) fn url(&self) -> String {
        let mut host = String::new();
        for byte in self.folder.as_os_str().as_bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
                host.push(char::from(*byte));
            } else {
                let _ = write!(host, "%{byte:02X}");
            }
        }
        format!("postgres://periscope@{host}/periscope")
    }
}
