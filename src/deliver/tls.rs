//! TLS towards next hops (RFC 3207, RFC 7435): what is asked of the certificate, and of nothing else.

use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslConnector, SslConnectorBuilder, SslMethod, SslRef, SslVerifyMode, SslVersion};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509Ref, X509StoreContext, X509VerifyResult};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::dane;
use super::report::Failure;
use super::target::Security;

/// Makes TLS sessions. What it asks of a host is loosened for each session, never for all. Cloning shares it.
#[derive(Clone)]
pub(super) struct Connector(Arc<OnceLock<SslConnector>>);

impl Connector {
    /// A connector that trusts the CAs in `ca_file`, or those of the system when it is left out. To read those takes a
    /// while, which the first session takes; a gateway that needs none starts without.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate; the text names it.
    pub(super) fn new(ca_file: Option<&Path>) -> Result<Connector, String> {
        let Some(file) = ca_file else {
            return Ok(Connector(Arc::default()));
        };
        let mut builder = builder().map_err(|why| format!("OpenSSL cannot set up TLS: {why}"))?;
        trust_only(&mut builder, file)?;
        Ok(Connector(Arc::new(OnceLock::from(builder.build()))))
    }

    fn connector(&self) -> Result<&SslConnector, ErrorStack> {
        match self.0.get() {
            Some(connector) => Ok(connector),
            None => {
                let connector = builder()?.build();
                Ok(self.0.get_or_init(|| connector))
            }
        }
    }

    /// Shakes hands as the client of `host`.
    ///
    /// # Errors
    /// Why there is no TLS, in words for the queue listing.
    pub(super) async fn connect(
        &self,
        security: &Security,
        host: &str,
        socket: TcpStream,
    ) -> Result<SslStream<TcpStream>, (Failure, String)> {
        let stream = self
            .session(security, host)
            .and_then(|session| SslStream::new(session, socket));
        let mut stream = stream.map_err(|why| (Failure::Validation, why.to_string()))?;
        if let Err(why) = Pin::new(&mut stream).connect().await {
            return Err(match stream.ssl().verify_result() {
                refused if security.is_verified() && refused != X509VerifyResult::OK => invalid(refused),
                _ => (Failure::Validation, why.to_string()),
            });
        }
        // Nothing was sent yet but the handshake.
        match security {
            Security::Verify(names) | Security::Trial(names) => {
                has_one_of(stream.ssl(), names).map_err(invalid)?;
            }
            Security::Dane(records, names) => dane::verify(stream.ssl(), records, names)?,
            Security::None | Security::Opportunistic | Security::Required => {}
        }
        Ok(stream)
    }

    fn session(&self, security: &Security, host: &str) -> Result<Ssl, ErrorStack> {
        let mut session = self.connector()?.configure()?;
        // Names are looked at afterwards, since there may be several.
        session.set_verify_hostname(false);
        if !security.is_verified() {
            session.set_verify(SslVerifyMode::NONE);
        }
        // RFC 8996 rules out what is older, but for opportunistic TLS the choice would be nothing at all.
        if *security != Security::Opportunistic {
            session.set_min_proto_version(Some(SslVersion::TLS1_2))?;
        }
        session.into_ssl(host)
    }
}

fn builder() -> Result<SslConnectorBuilder, ErrorStack> {
    SslConnector::builder(SslMethod::tls_client())
}

fn invalid(why: X509VerifyResult) -> (Failure, String) {
    let words = format!("its certificate is not valid: {}", why.error_string());
    (Failure::of(why), words)
}

/// Whether the certificate of the other end has one of the names.
fn has_one_of(session: &SslRef, names: &[String]) -> Result<(), X509VerifyResult> {
    let certificate = session.peer_certificate();
    let certificate = certificate.ok_or(X509VerifyResult::APPLICATION_VERIFICATION)?;
    let mut last = X509VerifyResult::APPLICATION_VERIFICATION;
    for name in names {
        match has_name(&certificate, name) {
            Ok(X509VerifyResult::OK) => return Ok(()),
            Ok(refused) => last = refused,
            Err(_) => {}
        }
    }
    Err(last)
}

/// OpenSSL's own comparison of names, which is part of verifying: here of the certificate with itself as the anchor.
fn has_name(certificate: &X509Ref, name: &str) -> Result<X509VerifyResult, ErrorStack> {
    let mut terms = X509VerifyParam::new()?;
    terms.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
    terms.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::NO_CHECK_TIME)?;
    match name.parse::<IpAddr>() {
        Ok(address) => terms.set_ip(address)?,
        Err(_) => terms.set_host(name)?,
    }
    let mut store = X509StoreBuilder::new()?;
    store.set_param(&terms)?;
    store.add_cert(certificate.to_owned())?;
    let mut context = X509StoreContext::new()?;
    context.init(&store.build(), certificate, Stack::new()?.as_ref(), |context| {
        context.verify_cert()?;
        Ok(context.error())
    })
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
