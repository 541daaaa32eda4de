//! Authorities that TLS trusts beside the usual ones: those of a house that signs for itself.

use crate::AppError;
use crate::accounts::invalid;
use duijie_vocab::{Text, text};
use lettre::transport::smtp::client::Certificate as MailRoot;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::fmt;
use std::path::Path;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// Whom connections that this product opens trust: the roots of Mozilla, which are built in, and
/// perhaps more.
#[derive(Clone)]
pub struct TlsRoots {
    more: Vec<CertificateDer<'static>>,
    all: RootCerts,
}

impl Default for TlsRoots {
    fn default() -> TlsRoots {
        TlsRoots { more: Vec::new(), all: RootCerts::WebPki }
    }
}

impl fmt::Debug for TlsRoots {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TlsRoots").field("more", &self.more.len()).finish()
    }
}

impl TlsRoots {
    /// The usual roots and the certificates of authorities in the PEM file at `path`.
    pub fn read(path: &Path) -> Result<TlsRoots, AppError> {
        let shown = path.display();
        let pem = std::fs::read(path).map_err(|fault| wrong(text!("无法读取 {shown}：{fault}", "{shown} cannot be read: {fault}")))?;
        let mut more = Vec::new();
        for (place, certificate) in CertificateDer::pem_slice_iter(&pem).enumerate() {
            let number = place + 1;
            let broken = |why: &dyn fmt::Display| wrong(text!("{shown} 中第 {number} 个证书有误：{why}", "certificate {number} in {shown} is broken: {why}"));
            let certificate = certificate.map_err(|why| broken(&why))?;
            RootCertStore::empty().add(certificate.clone()).map_err(|why| broken(&why))?;
            more.push(certificate);
        }
        if more.is_empty() {
            return Err(wrong(text!(
                "{shown} 中没有证书；应为 PEM 格式（-----BEGIN CERTIFICATE-----）的根证书",
                "{shown} holds no certificate; it should hold roots in PEM (-----BEGIN CERTIFICATE-----)"
            )));
        }
        let usual = TLS_SERVER_ROOT_CERTS.iter().map(|root| Certificate::from_der(root.as_ref()));
        let all = more.iter().map(|root| Certificate::from_der(root).to_owned()).chain(usual).collect::<Vec<_>>();
        Ok(TlsRoots { more, all: all.into() })
    }

    /// All of them, for requests over HTTP.
    pub(crate) fn http(&self) -> RootCerts {
        self.all.clone()
    }

    pub(crate) fn http_config(&self) -> TlsConfig {
        TlsConfig::builder().root_certs(self.http()).build()
    }

    /// Those beside the usual ones, for mail servers.
    pub(crate) fn mail(&self) -> Vec<MailRoot> {
        self.more.iter().filter_map(|root| MailRoot::from_der(root.to_vec()).ok()).collect()
    }
}

fn wrong(message: Text) -> AppError {
    invalid("tls_roots", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    fn read(text: &str) -> Result<TlsRoots, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        std::fs::write(&path, text).unwrap();
        TlsRoots::read(&path).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_file_gives_its_roots_beside_the_usual_ones() {
        let made = |name: &str| CertificateParams::new([name.to_string()]).unwrap().self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
        let roots = read(&format!("# of the house\n{}\n{}", made("a.example.cn"), made("b.example.cn"))).unwrap();
        let RootCerts::Specific(all) = roots.http() else { panic!("the usual ones alone") };
        assert_eq!((roots.mail().len(), all.len()), (2, 2 + TLS_SERVER_ROOT_CERTS.len()));
        assert!(matches!(TlsRoots::default().http(), RootCerts::WebPki));
    }

    #[test]
    fn a_file_that_gives_none_is_told_at_the_start() {
        for (text, told) in [
            ("", "holds no certificate"),
            ("hello", "holds no certificate"),
            ("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "holds no certificate"),
            ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "certificate 1"),
            ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "certificate 1"),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.contains(told), "{text}: {fault}");
        }
        assert!(TlsRoots::read(Path::new("/nowhere/roots.pem")).is_err());
    }
}
