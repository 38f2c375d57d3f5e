//! Making the data and its settings. A cluster is made under another name and renamed when it is complete, so that what a
//! killed `initdb` leaves is never taken for data. Roles are made in single-user mode: the superuser can never connect.

use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::account::Account;
use super::folder::Folder;
use super::programs::{Programs, leading_number};
use super::socket::Socket;
use super::{Durability, OpenError, Options, trust};

const REMOVAL: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
const UNFINISHED: &str = "unfinished-";
const ROLES: &str = "CREATE ROLE periscope LOGIN CREATEDB\nCREATE DATABASE periscope OWNER periscope\n";
const SETTINGS: &str = "periscope.conf";

/// The major version that made the data, if there is data.
pub(super) fn major(cluster: &Path) -> Option<u32> {
    leading_number(&std::fs::read_to_string(cluster.join("PG_VERSION")).ok()?)
}

pub(super) fn create(
    programs: &Programs,
    account: &Account,
    folder: &Folder,
    durability: Durability,
) -> Result<(), OpenError> {
    remove_unfinished(&folder.root)?;
    // A name of its own: an initdb whose starter was killed may still be writing under the last one.
    let unfinished = folder.root.join(format!("{UNFINISHED}{}", std::process::id()));
    DirBuilder::new()
        .mode(0o700)
        .create(&unfinished)
        .map_err(OpenError::folder(&unfinished))?;
    account.give(&unfinished)?;

    let mut initdb = command(&programs.path("initdb"), None, &unfinished, account)?;
    initdb.args([
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C",
        "--data-checksums",
        "--auth=reject",
    ]);
    initdb.arg("--no-instructions");
    if durability == Durability::None {
        initdb.arg("--no-sync");
    }
    run("initdb", initdb.stdin(Stdio::null()), "")?;

    let mut single = command(&programs.path("postgres"), Some("--single"), &unfinished, account)?;
    if durability == Durability::None {
        single.arg("-F");
    }
    run(
        "postgres --single",
        single.arg("postgres").stdin(Stdio::piped()),
        ROLES,
    )?;

    let conf = unfinished.join("postgresql.conf");
    trust::open_options()
        .append(true)
        .open(&conf)
        .and_then(|mut file| writeln!(file, "\ninclude '{SETTINGS}'").and_then(|()| file.sync_all()))
        .map_err(OpenError::folder(&conf))?;
    std::fs::rename(&unfinished, folder.cluster())
        .and_then(|()| File::open(&folder.root)?.sync_all())
        .map_err(OpenError::folder(&folder.root))
}

/// An initdb that was left over adds files until it finds its folder gone.
fn remove_unfinished(root: &Path) -> Result<(), OpenError> {
    for entry in root.read_dir().map_err(OpenError::folder(root))?.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            continue;
        }
        let started = Instant::now();
        while let Err(source) = std::fs::remove_dir_all(entry.path()) {
            if source.kind() == io::ErrorKind::NotFound {
                break;
            }
            if started.elapsed() > REMOVAL {
                return Err(OpenError::Folder {
                    path: entry.path(),
                    source,
                });
            }
            std::thread::sleep(POLL);
        }
    }
    Ok(())
}

/// Written anew at each start: who opens the data may be another user, at another place, with other wishes.
pub(super) fn configure(
    cluster: &Path,
    account: &Account,
    socket: &Socket,
    options: &Options,
) -> Result<(), OpenError> {
    let users: Vec<String> = account
        .clients
        .iter()
        .map(|name| format!("periscope \"{name}\" periscope\n"))
        .collect();
    replace(
        &cluster.join("pg_hba.conf"),
        "local all periscope peer map=periscope\n",
        account,
    )?;
    replace(&cluster.join("pg_ident.conf"), &users.concat(), account)?;
    replace(&cluster.join(SETTINGS), &settings(socket, options), account)
}

fn settings(socket: &Socket, options: &Options) -> String {
    let connections = if options.ephemeral { 400 } else { 100 };
    let mut text = format!(
        "# Written at each start.\n\
         listen_addresses = ''\n\
         port = 5432\n\
         unix_socket_directories = '{}'\n\
         unix_socket_permissions = 0700\n\
         cluster_name = 'periscope'\n\
         max_connections = {connections}\n\
         shared_buffers = 128MB\n\
         autovacuum_naptime = 5s\n\
         jit = off\n\
         autovacuum_vacuum_insert_scale_factor = 0.02\n\
         logging_collector = on\n\
         log_directory = 'log'\n\
         log_filename = 'postgres-%u.log'\n\
         log_rotation_age = 1d\n\
         log_rotation_size = 0\n\
         log_truncate_on_rotation = on\n\
         log_min_messages = log\n\
         log_checkpoints = off\n",
        socket.setting
    );
    if options.durability == Durability::None {
        text += "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n";
    }
    text
}

/// Never written through what lies there: root would follow a link planted by the server's user.
fn replace(path: &Path, text: &str, account: &Account) -> Result<(), OpenError> {
    if path.symlink_metadata().is_ok() {
        std::fs::remove_file(path).map_err(OpenError::folder(path))?;
    }
    trust::open_options()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(OpenError::folder(path))?;
    account.give(path)
}

/// A server program on its data, as the server's user.
///
/// That user may be unable to walk to the data, in root's home for one. On Linux it is handed the open folder instead of the
/// path; the shell moves it from standard output, which nobody reads, to a descriptor that all its children inherit.
pub(super) fn command(
    program: &Path,
    mode: Option<&str>,
    data: &Path,
    account: &Account,
) -> Result<Command, OpenError> {
    let by_path = account.becomes.is_none() || !Path::new("/proc/self/fd").exists();
    let mut command = if by_path {
        Command::new(program)
    } else {
        Command::new("/bin/sh")
    };
    if !by_path {
        command
            .args(["-c", r#"exec 9<&1 >/dev/null; exec "$@""#, "sh"])
            .arg(program);
    }
    command.args(mode).arg("-D");
    if by_path {
        account.check_walk(data, "name a folder elsewhere in PERISCOPE_DATA_DIR")?;
        command.arg(data).stdout(Stdio::null());
    } else {
        command
            .arg("/proc/self/fd/9")
            .stdout(File::open(data).map_err(OpenError::folder(data))?);
    }
    account.check_walk(program, "install PostgreSQL where it may")?;
    if let Some((uid, gid)) = account.becomes {
        command.uid(uid).gid(gid);
    }
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir("/");
    Ok(command)
}

/// Runs a program to its end, with its mistakes as the error. In single-user mode a failed statement is no failure, so it is
/// looked for in what was said.
fn run(name: &'static str, command: &mut Command, input: &str) -> Result<(), OpenError> {
    let spawned = |source| OpenError::Spawn {
        program: PathBuf::from(name),
        source,
    };
    let mut child = command.stderr(Stdio::piped()).spawn().map_err(spawned)?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes()).map_err(spawned)?;
    }
    let Output { status, stderr, .. } = child.wait_with_output().map_err(spawned)?;
    let said = String::from_utf8_lossy(&stderr);
    if status.success() && !said.contains("ERROR:") {
        return Ok(());
    }
    Err(OpenError::Failed {
        program: name,
        output: last_lines(&said),
    })
}

pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines
        .get(lines.len().saturating_sub(5)..)
        .unwrap_or_default()
        .join("; ")
}
