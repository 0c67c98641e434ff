//! TLS towards next hops (RFC 3207, RFC 7435): what is asked of the certificate, and of nothing else.

use std::path::Path;
use std::pin::Pin;

use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslConnectorBuilder, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509VerifyResult};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::Tls;

/// One connector for each kind of TLS.
#[derive(Clone)]
pub(super) struct Connectors {
    /// Takes any certificate and any version: what it replaces is no TLS at all.
    opportunistic: SslConnector,
    /// Takes any certificate; RFC 8996 rules out what is older than TLS 1.2.
    required: SslConnector,
    verify: SslConnector,
}

impl Connectors {
    /// Connectors that trust the CAs in `ca_file`, or those of the system when it is left out.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate; the text names it.
    pub(super) fn new(ca_file: Option<&Path>) -> Result<Connectors, String> {
        let broken = |why: ErrorStack| format!("OpenSSL cannot set up TLS: {why}");
        let mut verify = builder().map_err(broken)?;
        verify
            .set_min_proto_version(Some(SslVersion::TLS1_2))
            .map_err(broken)?;
        if let Some(file) = ca_file {
            trust_only(&mut verify, file)?;
        }
        Ok(Connectors {
            opportunistic: blind(None).map_err(broken)?,
            required: blind(Some(SslVersion::TLS1_2)).map_err(broken)?,
            verify: verify.build(),
        })
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
        let connector = match tls {
            Tls::Verify => &self.verify,
            Tls::Required => &self.required,
            Tls::None | Tls::Opportunistic => &self.opportunistic,
        };
        let stream = connector
            .configure()
            .and_then(|one| one.verify_hostname(tls == Tls::Verify).into_ssl(host))
            .and_then(|ssl| SslStream::new(ssl, socket));
        let mut stream = stream.map_err(|why| why.to_string())?;
        match Pin::new(&mut stream).connect().await {
            Ok(()) => Ok(stream),
            Err(why) => Err(match stream.ssl().verify_result() {
                X509VerifyResult::OK => why.to_string(),
                refused => format!("its certificate is not valid: {}", refused.error_string()),
            }),
        }
    }
}

fn builder() -> Result<SslConnectorBuilder, ErrorStack> {
    SslConnector::builder(SslMethod::tls_client())
}

fn blind(oldest: Option<SslVersion>) -> Result<SslConnector, ErrorStack> {
    let mut builder = builder()?;
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_min_proto_version(oldest)?;
    Ok(builder.build())
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
