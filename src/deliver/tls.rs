//! TLS towards next hops (RFC 3207, RFC 7435): what is asked of the certificate, and of nothing else.

use std::path::Path;
use std::pin::Pin;

use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslConnector, SslConnectorBuilder, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509VerifyResult};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::Tls;

/// Makes TLS sessions. What it asks of a host is loosened for each session, never for all.
#[derive(Clone)]
pub(super) struct Connector(SslConnector);

impl Connector {
    /// A connector that trusts the CAs in `ca_file`, or those of the system when it is left out.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate; the text names it.
    pub(super) fn new(ca_file: Option<&Path>) -> Result<Connector, String> {
        let mut builder = SslConnector::builder(SslMethod::tls_client())
            .map_err(|why| format!("OpenSSL cannot set up TLS: {why}"))?;
        if let Some(file) = ca_file {
            trust_only(&mut builder, file)?;
        }
        Ok(Connector(builder.build()))
    }

    /// Shakes hands as the client of `host`.
    ///
    /// # Errors
    /// Why there is no TLS, in words for the queue listing.
    pub(super) async fn connect(
        &self,
        tls: Tls,
        host: &str,
        socket: TcpStream,
    ) -> Result<SslStream<TcpStream>, String> {
        let stream = self
            .session(tls, host)
            .and_then(|session| SslStream::new(session, socket));
        let mut stream = stream.map_err(|why| why.to_string())?;
        match Pin::new(&mut stream).connect().await {
            Ok(()) => Ok(stream),
            Err(why) => Err(match stream.ssl().verify_result() {
                refused if tls == Tls::Verify && refused != X509VerifyResult::OK => {
                    format!("its certificate is not valid: {}", refused.error_string())
                }
                _ => why.to_string(),
            }),
        }
    }

    fn session(&self, tls: Tls, host: &str) -> Result<Ssl, ErrorStack> {
        let mut session = self.0.configure()?;
        if tls != Tls::Verify {
            session.set_verify_hostname(false);
            session.set_verify(SslVerifyMode::NONE);
        }
        // RFC 8996 rules out what is older, but for opportunistic TLS the choice would be nothing at all.
        if tls != Tls::Opportunistic {
            session.set_min_proto_version(Some(SslVersion::TLS1_2))?;
        }
        session.into_ssl(host)
    }
}

fn trust_only(builder: &mut SslConnectorBuilder, file: &Path) -> Result<(), String> {
    let name = file.display();
    let pem = std::fs::read(file).map_err(|why| format!("ca_file {name} cannot be read: {why}"))?;
    let useless = || format!("ca_file {name} must hold CA certificates in PEM form");
    let certificates = X509::stack_from_pem(&pem).map_err(|_| useless())?;
    if certificates.is_empty() {
        return Err(useless());
    }
    let mut store = X509StoreBuilder::new().map_err(|_| useless())?;
    for certificate in certificates {
        store.add_cert(certificate).map_err(|_| useless())?;
    }
    builder.set_cert_store(store.build());
    Ok(())
}
