//! TLS of our own, for who runs no proxy that does it: a certificate with its key, which may be renewed without a restart.
//! TLS 1.2 and 1.3, and HTTP/1.1 only, since what bounds a connection in time is proved for that.

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use thiserror::Error;

/// A certificate and its key. A clone shares them.
#[derive(Clone)]
pub struct Tls {
    provider: Arc<CryptoProvider>,
    shown: Arc<Shown>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(..)")
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The text is not PEM.
    #[error("the certificate cannot be read")]
    Certificate(#[source] pem::Error),
    /// The text has other things in it.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// The text is not PEM, or has no key that is not encrypted.
    #[error("the key cannot be read")]
    Key(#[source] pem::Error),
    /// The key is not that of the certificate, or of an unknown kind.
    #[error("the certificate cannot be used with the key")]
    Pair(#[source] rustls::Error),
}

/// What is shown to whoever connects now.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&shown))
    }
}

impl Tls {
    /// A certificate, those of its issuers behind it, and its key, in PEM.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be read or do not belong together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let pair = pair(&provider, certificates, key)?;
        Ok(Self {
            provider,
            shown: Arc::new(Shown(RwLock::new(Arc::new(pair)))),
        })
    }

    /// Shows another certificate to whoever connects from now on.
    ///
    /// # Errors
    /// [`TlsError`] when it cannot be used; then the one before stays.
    pub fn renew(&self, certificates: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let pair = pair(&self.provider, certificates, key)?;
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
        Ok(())
    }

    pub(crate) fn config(&self) -> Result<ServerConfig, rustls::Error> {
        let config = ServerConfig::builder_with_provider(Arc::clone(&self.provider));
        let config = config
            .with_safe_default_protocol_versions()?
            .with_no_client_auth();
        Ok(config.with_cert_resolver(Arc::clone(&self.shown) as _))
    }
}

fn pair(provider: &CryptoProvider, certificates: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
    let chain = chain.map_err(TlsError::Certificate)?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(TlsError::Key)?;
    CertifiedKey::from_der(chain, key, provider).map_err(TlsError::Pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_or_no_key_is_refused() {
        let garbled = b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        let empty = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let refused = |certificates: &[u8]| Tls::from_pem(certificates, b"nothing").unwrap_err();
        assert!(matches!(refused(b"nothing"), TlsError::NoCertificate));
        assert!(matches!(refused(garbled), TlsError::Certificate(_)));
        assert!(matches!(refused(empty), TlsError::Key(_)));
    }
}
