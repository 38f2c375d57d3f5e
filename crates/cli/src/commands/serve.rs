//! Listens for webhooks. On a private Postgres without an organization it first makes one, so that the first deployment
//! can be reported with what is printed.

use super::{LOCAL, local_organization};
use crate::config::{Config, Database};
use crate::output::print;
use crate::store::{self, Opener};
use crate::telemetry::OpenTelemetry;
use anyhow::Context;
use periscope_adapters::system::{SystemClock, SystemRandom, system_random};
use periscope_dashboard::{first_report, pages};
use periscope_domain::api_key::{ApiKeySecret, Scope};
use periscope_domain::ports::{Clock, Store};
use periscope_domain::text::ApiKeyName;
use periscope_domain::use_cases::{IssueApiKey, issue_api_key};
use periscope_domain::web_url::BaseUrl;
use periscope_server::{Application, Exporter, Outside, Settings, Tls};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};
use tokio::signal::unix::{SignalKind, signal};

/// Serve the API, the webhooks and the pages.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Example:\n  periscope serve --listen 0.0.0.0:8080")]
pub(crate) struct Arguments {
    /// Where to listen; port 0 means any that is free
    #[arg(
        long,
        env = "PERISCOPE_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        value_parser = address
    )]
    listen: SocketAddr,
    /// How many requests a second a key may send, with bursts of four times as many; 0 switches every limit off
    #[arg(
        long,
        env = "PERISCOPE_RATE_LIMIT",
        value_name = "NUMBER",
        default_value_t = 50
    )]
    rate_limit: u32,
    /// Where Prometheus may ask for /metrics, which nobody may without it; port 0 means any that is free
    #[arg(
        long,
        env = "PERISCOPE_METRICS_LISTEN",
        value_name = "ADDRESS",
        value_parser = address
    )]
    metrics_listen: Option<SocketAddr>,
    /// A file with the certificate to show and those of its issuers, in PEM; SIGHUP reads it again
    #[arg(long, env = "PERISCOPE_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// A file with its key, in PEM
    #[arg(long, env = "PERISCOPE_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Bring the database's schema up to date first; a private Postgres always is
    #[arg(long, env = "PERISCOPE_MIGRATE")]
    migrate: bool,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            rate_limit: 50,
            metrics_listen: None,
            tls_cert: None,
            tls_key: None,
            migrate: false,
        }
    }
}

pub(crate) async fn run(arguments: &Arguments, config: &Config) -> anyhow::Result<()> {
    allow_connections();
    let certificate = arguments.tls_cert.as_deref().zip(arguments.tls_key.as_deref());
    let certificate = certificate.map(|(certificate, key)| Certificate { certificate, key });
    let tls = certificate.as_ref().map(Certificate::read).transpose()?;
    // Before anything that would be measured begins.
    let exporter = arguments
        .metrics_listen
        .map(|listen| (listen, Exporter::install()));
    let metrics = match exporter {
        Some((listen, exporter)) => Some((listen, exporter?)),
        None => None,
    };
    let opened = store::open(config, Opener::Service, arguments.migrate).await?;
    let settings = Settings {
        listen: arguments.listen,
        rate_limit: arguments.rate_limit,
        secret_key: opened.secret_key.clone(),
        metrics,
        tls: tls.clone(),
        public_url: config.public_url.clone(),
        traces: config
            .otlp_endpoint
            .as_ref()
            .map(|_| Arc::new(OpenTelemetry) as _),
    };
    let outside = Outside {
        store: Arc::clone(&opened.store),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    };
    let application = match Application::bind(settings, pages, outside) {
        Ok(application) => application,
        Err(error) => {
            let hint = cannot_listen(arguments, error.kind());
            opened.close().await;
            return Err(anyhow::Error::new(error).context(hint));
        }
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = format!("{scheme}://{}", application.local_addr());
    // From here on a signal is answered in order, also while the first lines are written.
    let stop = stop_signal()?;
    if matches!(config.database, Database::Private(_))
        && let Some(key) = first_key(&*opened.store).await?
    {
        let reached = config
            .public_url
            .as_ref()
            .map_or(address.as_str(), BaseUrl::as_str);
        welcome(&key, reached)?;
    }
    if let Some(metrics) = application.metrics_addr() {
        print(&format!("Prometheus may ask http://{metrics}/metrics"))?;
    }
    print(&format!("Periscope listens on {address}"))?;
    match certificate.as_ref().zip(tls.as_ref()) {
        None => application.run(stop).await?,
        Some((certificate, tls)) => tokio::select! {
            result = application.run(stop) => result?,
            never = certificate.renew(tls)? => match never {},
        },
    }
    opened.close().await;
    Ok(())
}

/// An address to listen on, with what to write instead of a host or a port alone.
fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    text.parse().map_err(|_| {
        let port = text.rsplit(':').next().and_then(|port| port.parse().ok());
        let port: u16 = port.unwrap_or(8080);
        format!(
            "must be an IP address and a port: 127.0.0.1:{port} for this machine alone, 0.0.0.0:{port} for others too"
        )
    })
}

/// What to do where the address cannot be had.
fn cannot_listen(arguments: &Arguments, why: io::ErrorKind) -> String {
    let listen = arguments.listen;
    let addresses = match arguments.metrics_listen {
        Some(metrics) => format!("{listen} and {metrics}"),
        None => listen.to_string(),
    };
    let hint = match why {
        io::ErrorKind::AddrInUse => {
            ": another program, perhaps another periscope, uses the port; stop it, or name another port with --listen \
             (0 is any that is free)"
        }
        io::ErrorKind::AddrNotAvailable => {
            ": the address is none of this machine; 0.0.0.0 stands for all of them"
        }
        io::ErrorKind::PermissionDenied => ": ports below 1024 take rights; name a higher one with --listen",
        _ => "",
    };
    format!("cannot listen on {addresses}{hint}")
}

/// The files of a certificate.
struct Certificate<'a> {
    certificate: &'a Path,
    key: &'a Path,
}

impl Certificate<'_> {
    fn files(&self) -> anyhow::Result<[Vec<u8>; 2]> {
        let read = |file: &Path| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
        Ok([read(self.certificate)?, read(self.key)?])
    }

    fn read(&self) -> anyhow::Result<Tls> {
        let [certificate, key] = self.files()?;
        Tls::from_pem(&certificate, &key).with_context(|| self.names())
    }

    fn names(&self) -> String {
        format!("{} and {}", self.certificate.display(), self.key.display())
    }

    /// Shows what is in the files from each SIGHUP on, for ever.
    fn renew(&self, tls: &Tls) -> anyhow::Result<impl Future<Output = Infallible>> {
        let mut hang_up = signal(SignalKind::hangup())?;
        Ok(async move {
            loop {
                hang_up.recv().await;
                let renewed = self.files().and_then(|[certificate, key]| {
                    tls.renew(&certificate, &key).with_context(|| self.names())
                });
                match renewed {
                    Ok(()) => tracing::info!("the certificate was read again"),
                    Err(error) => {
                        let error = format!("{error:#}");
                        tracing::error!(
                            error,
                            "the certificate cannot be renewed, and the one before stays"
                        );
                    }
                }
            }
        })
    }
}

/// Each connection is a file, and most systems start a service with 1024: as many slow clients would keep everyone else
/// waiting. Programs that could not bear more are the reason why it may, but has to, raise that itself.
fn allow_connections() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the number of connections stays limited by that of open files");
    }
}

fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The first key of the private Postgres, made now; `None` where there is one, or another organization.
async fn first_key(store: &dyn Store) -> anyhow::Result<Option<ApiKeySecret>> {
    let organization = match store.organizations().list().await?.as_slice() {
        [] => match local_organization(store).await? {
            Some(organization) => organization,
            None => return Ok(None),
        },
        [one] if one.slug.as_str() == LOCAL => one.clone(),
        _ => return Ok(None),
    };
    if !store.api_keys().list(organization.id).await?.is_empty() {
        return Ok(None);
    }
    let command = IssueApiKey {
        organization_id: organization.id,
        name: ApiKeyName::parse(LOCAL)?,
        scopes: Scope::ALL.to_vec(),
        expires_at: None,
    };
    let (secret, _) = issue_api_key(store, command, &mut system_random(), SystemClock.now()).await?;
    Ok(Some(secret))
}

fn welcome(key: &ApiKeySecret, reached: &str) -> anyhow::Result<()> {
    let key = key.expose();
    let report = first_report(reached, key, SystemClock.now());
    print(&format!(
        "Organization local has this API key. It is shown this once:\n\n{key}\n\nSign in with it at {reached}, and report a first \
         deployment:\n\n{report}\n\nRemove this first deployment when it was a try: periscope deployment remove --org local first\n"
    ))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    #[test]
    fn an_address_without_an_ip_address_or_a_port_has_a_hint() {
        assert_eq!(
            address(" [::1]:80 "),
            Ok(SocketAddr::from((Ipv6Addr::LOCALHOST, 80)))
        );
        for (text, port) in [
            ("localhost:8085", 8085),
            (":8085", 8085),
            ("8085", 8085),
            ("localhost", 8080),
        ] {
            let hint = format!("127.0.0.1:{port} for this machine alone, 0.0.0.0:{port} for others too");
            assert!(address(text).unwrap_err().ends_with(&hint), "{text}");
        }
    }
}
