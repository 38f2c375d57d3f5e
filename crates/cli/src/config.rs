//! The settings: flags and environment variables, checked together, so that a wrong start lists every mistake.

use clap::{Args, ValueEnum};
use periscope_domain::github::SecretKey;
use periscope_domain::web_url::BaseUrl;
use std::path::{Path, PathBuf};
use std::{env, ffi::OsString, fs};
use tracing_subscriber::EnvFilter;

/// What every command may be told.
#[derive(Args, Debug)]
pub(crate) struct Settings {
    /// Postgres to use; without it, a private one
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env = true,
        global = true,
        value_name = "URL",
        help_heading = DATABASE
    )]
    database_url: Option<String>,
    /// File to read that URL from
    #[arg(
        long,
        env = "DATABASE_URL_FILE",
        hide_env = true,
        global = true,
        value_name = "FILE",
        help_heading = DATABASE
    )]
    database_url_file: Option<PathBuf>,
    /// Connections to open at most
    #[arg(
        long,
        env = "PERISCOPE_POOL_SIZE",
        hide_env = true,
        global = true,
        value_name = "NUMBER",
        default_value = "16",
        help_heading = DATABASE
    )]
    pool_size: String,
    /// Folder of the private Postgres [default: nearest .periscope]
    #[arg(
        long,
        env = "PERISCOPE_DATA_DIR",
        hide_env = true,
        global = true,
        value_name = "FOLDER",
        help_heading = DATABASE
    )]
    data_dir: Option<PathBuf>,
    /// Folder of the programs of Postgres, where they are not found
    #[arg(
        long,
        env = "PERISCOPE_POSTGRES_PROGRAMS",
        hide_env = true,
        global = true,
        value_name = "FOLDER",
        help_heading = DATABASE
    )]
    postgres_programs: Option<PathBuf>,
    /// Secrets of webhooks derive from it; 32 characters or more
    #[arg(
        long,
        env = "PERISCOPE_SECRET_KEY",
        hide_env = true,
        global = true,
        value_name = "TEXT",
        help_heading = SERVICE
    )]
    secret_key: Option<String>,
    /// File to read the secret key from
    #[arg(
        long,
        env = "PERISCOPE_SECRET_KEY_FILE",
        hide_env = true,
        global = true,
        value_name = "FILE",
        help_heading = SERVICE
    )]
    secret_key_file: Option<PathBuf>,
    /// Where users reach the service, if that is not where it listens
    #[arg(
        long,
        env = "PERISCOPE_PUBLIC_URL",
        hide_env = true,
        global = true,
        value_name = "URL",
        help_heading = SERVICE
    )]
    public_url: Option<String>,
    /// Collector of OpenTelemetry, reached by OTLP over HTTP
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        hide_env = true,
        global = true,
        value_name = "URL",
        help_heading = SERVICE
    )]
    otlp_endpoint: Option<String>,
    /// How to answer: text or json
    #[arg(
        long,
        env = "PERISCOPE_OUTPUT",
        hide_env = true,
        hide_possible_values = true,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = OUTPUT
    )]
    pub(crate) output: Output,
    /// What to log: error, warn, info, debug, trace or a filter
    #[arg(
        long,
        env = "PERISCOPE_LOG",
        hide_env = true,
        hide_default_value = true,
        global = true,
        value_name = "FILTER",
        default_value = "info,actix_server=warn,actix_http=off",
        help_heading = OUTPUT
    )]
    log: String,
    /// How to log: text or json
    #[arg(
        long,
        env = "PERISCOPE_LOG_FORMAT",
        hide_env = true,
        hide_possible_values = true,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = OUTPUT
    )]
    log_format: LogFormat,
}

const DATABASE: &str = "Database";
const SERVICE: &str = "Service";
const OUTPUT: &str = "Output";

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// An object a line
    Json,
}

/// How answers look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// For programs
    Json,
}

/// The settings, checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) database: Database,
    pub(crate) pool_size: usize,
    pub(crate) secret_key: Option<SecretKey>,
    pub(crate) public_url: Option<BaseUrl>,
    pub(crate) log: EnvFilter,
    pub(crate) log_format: LogFormat,
    pub(crate) otlp_endpoint: Option<BaseUrl>,
    pub(crate) output: Output,
}

/// Where everything is kept.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// In a database of somebody's.
    Url(String),
    /// In one of our own.
    Private(PrivateDatabase),
}

/// Where our own Postgres has its data and its programs.
#[derive(Clone, Debug)]
pub(crate) struct PrivateDatabase {
    /// As the user named it.
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) programs: Option<PathBuf>,
    pub(crate) path: Option<OsString>,
}

/// Everything that is wrong with the settings.
#[derive(Debug)]
pub(crate) struct Mistakes(pub(crate) Vec<String>);

impl Config {
    pub(crate) fn check(settings: &Settings) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let url = text_or_file(
            "DATABASE_URL",
            settings.database_url.as_deref(),
            settings.database_url_file.as_deref(),
            &mut mistakes,
        );
        let secret_key = text_or_file(
            "PERISCOPE_SECRET_KEY",
            settings.secret_key.as_deref(),
            settings.secret_key_file.as_deref(),
            &mut mistakes,
        );
        let secret_key = secret_key.and_then(|text| match SecretKey::parse(&text) {
            Ok(key) => Some(key),
            Err(error) => {
                mistakes.push(format!("PERISCOPE_SECRET_KEY {error}"));
                None
            }
        });
        let pool_size = settings.pool_size.trim().parse().unwrap_or(0);
        if !(1..=1000).contains(&pool_size) {
            mistakes.push(format!(
                "PERISCOPE_POOL_SIZE must be a number of 1-1000, not {:?}",
                settings.pool_size
            ));
        }
        let public_url = base_url(
            "PERISCOPE_PUBLIC_URL",
            settings.public_url.as_deref(),
            &mut mistakes,
        );
        let otlp_endpoint = base_url(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            settings.otlp_endpoint.as_deref(),
            &mut mistakes,
        );
        let log = EnvFilter::try_new(&settings.log).unwrap_or_else(|error| {
            mistakes.push(format!("PERISCOPE_LOG must be a log filter: {error}"));
            EnvFilter::default()
        });
        if !mistakes.is_empty() {
            return Err(Mistakes(mistakes));
        }
        Ok(Self {
            database: url.map_or_else(|| Database::Private(private(settings)), Database::Url),
            pool_size,
            secret_key,
            public_url,
            log,
            log_format: settings.log_format,
            otlp_endpoint,
            output: settings.output,
        })
    }
}

/// Whether errors are to be JSON, as far as that can be known where the command line itself makes no sense.
pub(crate) fn asks_for_json() -> bool {
    let words: Vec<_> = env::args().collect();
    let option = words
        .iter()
        .rposition(|word| word == "--output")
        .and_then(|place| words.get(place + 1).cloned());
    let joined = words
        .iter()
        .rev()
        .find_map(|word| word.strip_prefix("--output=").map(str::to_owned));
    #[expect(clippy::disallowed_methods, reason = "settings are read here")]
    let output = option.or(joined).or_else(|| env::var("PERISCOPE_OUTPUT").ok());
    output.is_some_and(|output| output == "json")
}

#[expect(clippy::disallowed_methods, reason = "settings are read here")]
fn private(settings: &Settings) -> PrivateDatabase {
    PrivateDatabase {
        data_dir: settings
            .data_dir
            .clone()
            .filter(|folder| !folder.as_os_str().is_empty()),
        programs: settings.postgres_programs.clone(),
        path: env::var_os("PATH"),
    }
}

/// A URL, if one is given. Empty means not given.
fn base_url(name: &str, text: Option<&str>, mistakes: &mut Vec<String>) -> Option<BaseUrl> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    match BaseUrl::parse(text) {
        Ok(url) => Some(url),
        Err(error) => {
            mistakes.push(format!("{name} {error}, not {text:?}"));
            None
        }
    }
}

/// A secret may be given itself or, as container platforms do it, as the name of a file. Empty means not given.
fn text_or_file(
    name: &str,
    text: Option<&str>,
    file: Option<&Path>,
    mistakes: &mut Vec<String>,
) -> Option<String> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let file = file.filter(|file| !file.as_os_str().is_empty());
    match (text, file) {
        (Some(_), Some(_)) => {
            mistakes.push(format!("{name} and {name}_FILE are both set: set one of them"));
            None
        }
        (Some(text), None) => Some(text.to_owned()),
        (None, None) => None,
        (None, Some(file)) => match fs::read_to_string(file) {
            Ok(text) if text.trim().is_empty() => {
                mistakes.push(format!("{name}_FILE: {} is empty", file.display()));
                None
            }
            Ok(text) => Some(text.trim().to_owned()),
            Err(error) => {
                mistakes.push(format!("{name}_FILE: cannot read {}: {error}", file.display()));
                None
            }
        },
    }
}
