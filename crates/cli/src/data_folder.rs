//! Finds the folder of the private Postgres: the one that the user names, else the nearest `.periscope`, looking upwards as
//! git does. Only `serve` and `import` make one, so that a command in another folder never reads an empty second database.

use anyhow::bail;
use std::fs;
use std::path::{Path, PathBuf};

const NAME: &str = ".periscope";

/// Of all that lies in a data folder, what Periscope makes first.
const LOCK: &str = "periscope.lock";

/// The folder to use, whether or not it is there yet.
pub(crate) fn find(named: Option<&Path>, here: &Path) -> anyhow::Result<PathBuf> {
    if let Some(folder) = named {
        return Ok(here.join(folder));
    }
    for folder in here.ancestors().map(|above| above.join(NAME)) {
        let Ok(meta) = folder.symlink_metadata() else {
            continue;
        };
        if meta.is_symlink() {
            bail!(
                "{} is a link, which a checkout may have put there; remove it, or name its target in PERISCOPE_DATA_DIR",
                folder.display()
            );
        }
        if fs::symlink_metadata(folder.join(LOCK)).is_ok() {
            return Ok(folder);
        }
    }
    Ok(here.join(NAME))
}

/// What to do where there is no data: the sentence for a command that makes none.
pub(crate) fn missing(named: Option<&Path>, here: &Path) -> String {
    match named {
        Some(folder) => format!(
            "PERISCOPE_DATA_DIR names {}, which holds no private Postgres: name the folder of `periscope serve`, or set \
             DATABASE_URL",
            here.join(folder).display()
        ),
        None => format!(
            "DATABASE_URL is not set, and neither {} nor a folder above has a {NAME}: run this where `periscope serve` \
             runs, or set DATABASE_URL or PERISCOPE_DATA_DIR",
            here.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env;
    use std::os::unix::fs::symlink;
    use std::process;

    /// A folder with `a/.periscope` and `a/b/c`, removed with this value.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str) -> Self {
            let root = env::temp_dir().join(format!("data-folder-{}-{name}", process::id()));
            fs::create_dir_all(root.join("a/b/c")).unwrap();
            fs::create_dir(root.join("a").join(NAME)).unwrap();
            Self(root)
        }

        fn nearest(&self, here: &str) -> String {
            match find(None, &self.0.join(here)) {
                Ok(folder) => folder.strip_prefix(&self.0).unwrap().to_str().unwrap().to_owned(),
                Err(error) => error.to_string(),
            }
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn the_nearest_folder_with_data_is_used_else_one_here() {
        let tree = Tree::new("nearest");
        assert_eq!(tree.nearest("a/b"), "a/b/.periscope");
        fs::write(tree.0.join("a/.periscope").join(LOCK), "").unwrap();
        for (here, found) in [
            ("a", "a/.periscope"),
            ("a/b", "a/.periscope"),
            ("a/b/c", "a/.periscope"),
            ("", ".periscope"),
        ] {
            assert_eq!(tree.nearest(here), found, "{here}");
        }
        let named = find(Some(Path::new("data")), &tree.0.join("a")).unwrap();
        assert_eq!(named, tree.0.join("a/data"));
    }

    #[test]
    fn a_link_in_the_place_of_the_folder_is_refused() {
        let tree = Tree::new("link");
        symlink(tree.0.join("a/.periscope"), tree.0.join("a/b").join(NAME)).unwrap();
        let said = tree.nearest("a/b/c");
        assert!(said.contains("/a/b/.periscope is a link"), "{said}");
    }
}
