//! TLS of its own.

use crate::program::{Folder, Service};
use rcgen::generate_simple_self_signed;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

/// Puts a new certificate for `periscope.test` and its key into the folder.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let made = generate_simple_self_signed(["periscope.test".to_owned()]).unwrap();
    fs::write(folder.join("tls.crt"), made.cert.pem()).unwrap();
    fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

fn serve(folder: &Folder, arguments: &[&str]) -> Service {
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut command = folder.command(&["serve"]);
    command
        .args(["--tls-cert", &file("tls.crt"), "--tls-key", &file("tls.key")])
        .args(arguments);
    Folder::start(command)
}

/// Asks whether it is alive, of nobody but the holder of the certificate, and gives the head of the answer.
fn ask(host: &str, trusted: &CertificateDer<'static>) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("periscope.test").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(host)?);
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: periscope.test\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    if answer.is_empty() {
        read?;
    }
    Ok(answer.to_lowercase())
}

#[test]
fn with_a_certificate_it_is_reached_over_tls_alone() {
    let folder = Folder::new();
    let certificate = certify(folder.path());
    let service = serve(&folder, &["--public-url", "https://periscope.example.org/"]);
    let answer = ask(&service.host, &certificate).unwrap();
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(
        answer.contains("\r\nstrict-transport-security: max-age=31536000\r\n"),
        "{answer}"
    );
    let mut plain = TcpStream::connect(&service.host).unwrap();
    plain
        .write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(
        !String::from_utf8_lossy(&answer).contains("HTTP/1.1"),
        "{answer:?}"
    );
    assert!(
        service.said.contains("\nPeriscope listens on https://127.0.0.1:"),
        "{}",
        service.said
    );
    assert!(
        service
            .said
            .contains("\ncurl https://periscope.example.org/api/webhooks/deployments "),
        "{}",
        service.said
    );
}

#[test]
fn a_renewed_certificate_is_shown_without_a_restart() {
    let folder = Folder::new();
    let first = certify(folder.path());
    let service = serve(&folder, &[]);
    ask(&service.host, &first).unwrap();
    fs::write(folder.path().join("tls.crt"), "nothing").unwrap();
    service.signal("HUP");
    ask(&service.host, &first).unwrap();
    let second = certify(folder.path());
    service.signal("HUP");
    while ask(&service.host, &second).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(ask(&service.host, &first).is_err());
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_at_the_start() {
    let folder = Folder::new();
    certify(folder.path());
    let key = fs::read(folder.path().join("tls.key")).unwrap();
    certify(folder.path());
    let [cert_file, key_file] = ["tls.crt", "tls.key"].map(|name| folder.path().join(name));
    fs::write(&key_file, key).unwrap();
    let (cert_file, key_file) = (cert_file.to_str().unwrap(), key_file.to_str().unwrap());
    for (arguments, told) in [
        (&["--tls-cert", cert_file][..], "--tls-key"),
        (
            &["--tls-cert", cert_file, "--tls-key", "nowhere"],
            "cannot read nowhere",
        ),
        (
            &["--tls-cert", cert_file, "--tls-key", key_file],
            "the certificate cannot be used with the key",
        ),
        (
            &["--tls-cert", key_file, "--tls-key", key_file],
            "there is no certificate in it",
        ),
        (
            &["--tls-cert", cert_file, "--tls-key", cert_file],
            "the key cannot be read",
        ),
    ] {
        let outcome = folder.run(&[&["serve"], arguments].concat());
        assert!(
            outcome.code != Some(0) && outcome.stderr.contains(told),
            "{arguments:?}: {outcome:?}"
        );
    }
}
