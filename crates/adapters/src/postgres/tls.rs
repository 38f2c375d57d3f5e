//! How far the server is trusted, in the words of libpq: `sslmode` and `sslrootcert` of the URL. The driver itself
//! knows neither `verify-ca` nor `verify-full`, and managed databases hand out URLs with them.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a server's certificate must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// Nothing: the connection is encrypted, to whomever it may be.
    Anyone,
    /// That a trusted authority issued it.
    Authority,
    /// That a trusted authority issued it for this host.
    Host,
}

/// What a URL says of TLS.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TlsSettings {
    trust: Trust,
    root_certificate: Option<String>,
}

/// Takes out of a URL what the driver does not understand of TLS.
pub(super) fn split_url(url: &str) -> (String, TlsSettings) {
    let mut settings = TlsSettings {
        trust: Trust::Anyone,
        root_certificate: None,
    };
    let Some((address, query)) = url.split_once('?') else {
        return (url.to_owned(), settings);
    };
    let mut rest = Vec::new();
    let mut mode = None;
    for parameter in query.split('&') {
        match parameter.split_once('=') {
            Some(("sslrootcert", path)) => settings.root_certificate = Some(path.replace("%2F", "/")),
            Some(("sslmode", value)) => mode = Some(value),
            _ => rest.push(parameter.to_owned()),
        }
    }
    let (trust, known_to_driver) = match mode {
        Some("verify-full") => (Trust::Host, Some("require")),
        Some("verify-ca") => (Trust::Authority, Some("require")),
        Some("require") if settings.root_certificate.is_some() => (Trust::Authority, Some("require")),
        other => (Trust::Anyone, other),
    };
    settings.trust = trust;
    rest.extend(known_to_driver.map(|mode| format!("sslmode={mode}")));
    let separator = if rest.is_empty() { "" } else { "?" };
    (format!("{address}{separator}{}", rest.join("&")), settings)
}

/// Makes TLS connections as a URL asks for.
pub(super) fn connector(settings: &TlsSettings) -> Result<MakeRustlsConnect, BoxError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match settings.trust {
        Trust::Anyone => Arc::new(Lenient {
            provider: Arc::clone(&provider),
            authority: None,
        }),
        Trust::Authority => {
            let authority = Some(web_pki(settings, &provider)?);
            Arc::new(Lenient {
                provider: Arc::clone(&provider),
                authority,
            })
        }
        Trust::Host => web_pki(settings, &provider)?,
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn web_pki(
    settings: &TlsSettings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, BoxError> {
    let mut roots = RootCertStore::empty();
    match settings.root_certificate.as_deref() {
        None | Some("system") => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Some(path) => {
            for certificate in CertificateDer::pem_file_iter(path)? {
                roots.add(certificate?)?;
            }
        }
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    Ok(verifier.build()?)
}

/// Accepts a certificate whatever host it is for, from an authority if one is asked for.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    authority: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authority) = &self.authority else {
            return Ok(ServerCertVerified::assertion());
        };
        match authority.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_s_words_for_trust_are_those_of_libpq() {
        let settings = |trust, root: Option<&str>| TlsSettings {
            trust,
            root_certificate: root.map(str::to_owned),
        };
        for (url, left, expected) in [
            ("postgres://h/d", "postgres://h/d", settings(Trust::Anyone, None)),
            (
                "postgres://h/d?sslmode=disable",
                "postgres://h/d?sslmode=disable",
                settings(Trust::Anyone, None),
            ),
            (
                "postgres://h/d?sslmode=require",
                "postgres://h/d?sslmode=require",
                settings(Trust::Anyone, None),
            ),
            (
                "postgres://h/d?sslmode=verify-full",
                "postgres://h/d?sslmode=require",
                settings(Trust::Host, None),
            ),
            (
                "postgres://h/d?sslmode=verify-ca&application_name=x&sslrootcert=/etc/ca.pem",
                "postgres://h/d?application_name=x&sslmode=require",
                settings(Trust::Authority, Some("/etc/ca.pem")),
            ),
            (
                "postgres://h/d?sslmode=require&sslrootcert=%2Fetc%2Fca.pem",
                "postgres://h/d?sslmode=require",
                settings(Trust::Authority, Some("/etc/ca.pem")),
            ),
        ] {
            assert_eq!(split_url(url), (left.to_owned(), expected), "{url}");
        }
    }

    #[test]
    fn a_root_certificate_that_cannot_be_read_is_an_error() {
        let (_, settings) = split_url("postgres://h/d?sslmode=verify-full&sslrootcert=/nowhere/ca.pem");
        assert!(connector(&settings).is_err());
        let (_, settings) = split_url("postgres://h/d?sslmode=require");
        assert!(connector(&settings).is_ok());
    }
}
