//! Where the server's programs are. Distributions keep them off `PATH` and side by side in several versions, and data made
//! by one major version can be opened by that one only.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{OpenError, Options};

const OLDEST: u32 = 14;

/// Folders that hold one folder per version: parent, what a version's name begins with, the rest of the way.
const VERSIONED: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// Where it lands when built from source.
const SOURCE: &str = "/usr/local/pgsql/bin";

#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub(super) folder: PathBuf,
    major: u32,
}

impl Programs {
    /// The first that will do: of the data's own major version, if there is data.
    pub(super) fn find(options: &Options, data: Option<u32>) -> Result<Self, OpenError> {
        let places = places(options);
        let mut found: Vec<Self> = Vec::new();
        for programs in places.iter().filter_map(|place| Self::inspect(place)) {
            if data.map_or(programs.major >= OLDEST, |major| major == programs.major) {
                return Ok(programs);
            }
            found.push(programs);
        }
        match data {
            Some(data) if !found.is_empty() => Err(OpenError::OtherMajor {
                data_dir: options.data_dir.clone(),
                data,
                found: list(&found),
            }),
            _ => Err(OpenError::NoPrograms {
                oldest: OLDEST,
                searched: searched(options, &found),
            }),
        }
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// `initdb` looks for `postgres` beside its real self, so links are followed first.
    fn inspect(folder: &Path) -> Option<Self> {
        let initdb = folder.join("initdb").canonicalize().ok()?;
        let folder = initdb.parent()?.to_owned();
        let text = output_of(Command::new(folder.join("postgres")).arg("--version"))?;
        let version = text
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        Some(Self {
            folder,
            major: leading_number(version)?,
        })
    }
}

fn places(options: &Options) -> Vec<PathBuf> {
    if let Some(folder) = &options.programs {
        return vec![folder.clone()];
    }
    let on_path: Vec<PathBuf> = options
        .path
        .iter()
        .flat_map(std::env::split_paths)
        .filter(|folder| folder.is_absolute())
        .collect();
    let configured = on_path
        .iter()
        .map(|folder| folder.join("pg_config"))
        .find(|program| program.is_file());
    configured
        .and_then(|pg_config| output_of(Command::new(pg_config).arg("--bindir")))
        .map(|line| PathBuf::from(line.trim()))
        .into_iter()
        .chain(on_path)
        .chain(
            VERSIONED
                .into_iter()
                .flat_map(|(parent, prefix, rest)| versions(Path::new(parent), prefix, rest)),
        )
        .chain([PathBuf::from(SOURCE)])
        .collect()
}

fn versions(parent: &Path, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let number = |name: &OsStr| leading_number(name.to_str()?.strip_prefix(prefix)?);
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((number(&entry.file_name())?, entry.path().join(rest))))
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

fn searched(options: &Options, too_old: &[Programs]) -> String {
    if let Some(folder) = &options.programs {
        return folder.display().to_string();
    }
    let path = options
        .path
        .as_ref()
        .map(|path| format!("PATH ({0}), pg_config in {0}", path.display()));
    let versioned = VERSIONED
        .into_iter()
        .map(|(parent, prefix, rest)| format!("{parent}/{prefix}*/{rest}"));
    let too_old = (!too_old.is_empty()).then(|| format!("too old: {}", list(too_old)));
    let all: Vec<String> = path
        .into_iter()
        .chain(versioned)
        .chain([SOURCE.to_owned()])
        .chain(too_old)
        .collect();
    all.join(", ")
}

fn list(found: &[Programs]) -> String {
    let mut texts: Vec<String> = found
        .iter()
        .map(|programs| format!("{} in {}", programs.major, programs.folder.display()))
        .collect();
    texts.dedup();
    texts.join(", ")
}

pub(super) fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
