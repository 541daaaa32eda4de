//! Dense vectors from a server elsewhere, over the form of OpenAI's `/v1/embeddings` that most
//! servers of models speak. Whatever the server does, the answer is vectors or a fault.

use duijie_matching::{Embed, EmbedFault, Role, checked};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;
use std::time::Duration;
use ureq::tls::{RootCerts, TlsConfig};

/// A server of embeddings, over `http` in the same house or `https` elsewhere.
#[derive(Debug)]
pub struct EmbeddingServer {
    address: String,
    options: ServerOptions,
    agent: ureq::Agent,
    /// The size of the first vectors that came; others cannot be compared with them.
    size: OnceLock<usize>,
}

/// How the server is asked.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The model to ask for; the server's own if empty.
    pub model: String,
    /// What stands before a query and before a passage, where the server does not add it itself.
    pub prefixes: [String; 2],
    /// How long it may take to connect, and until the whole answer is there.
    pub timeout: Duration,
    /// What the server knows its clients by.
    pub key: Option<Secret>,
    /// Whom a server with TLS has to be vouched for by.
    pub roots: RootCerts,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address of the form http://host:port or https://host")]
pub struct AddressFault(String);

/// An answer of more bytes is no answer.
const MAX_ANSWER: u64 = 64 << 20;
const PATH: &str = "/v1/embeddings";

impl Default for ServerOptions {
    fn default() -> ServerOptions {
        ServerOptions { model: String::new(), prefixes: Default::default(), timeout: Duration::from_secs(30), key: None, roots: RootCerts::WebPki }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    model: &'a str,
    input: Vec<String>,
    encoding_format: &'static str,
    /// Servers that know more than one kind of text go by it; others ignore it.
    input_type: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: Option<usize>,
    embedding: Vec<f32>,
}

impl EmbeddingServer {
    /// The server at `address`, with or without the path `/v1/embeddings`. Nothing is asked yet.
    pub fn at(address: &str) -> Result<EmbeddingServer, AddressFault> {
        EmbeddingServer::with(address, ServerOptions::default())
    }

    pub fn with(address: &str, options: ServerOptions) -> Result<EmbeddingServer, AddressFault> {
        let bare = address.trim().trim_end_matches('/').trim_end_matches(PATH);
        let (scheme, host) = bare.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https")).unwrap_or_default();
        if host.is_empty() || host.contains(['/', '@', ' ', '?', '#']) {
            return Err(AddressFault(address.to_string()));
        }
        let tls = TlsConfig::builder().root_certs(options.roots.clone()).build();
        let config = ureq::Agent::config_builder().tls_config(tls).timeout_global(Some(options.timeout));
        let config = config.http_status_as_error(false).max_redirects(0).proxy(None).build();
        Ok(EmbeddingServer { address: format!("{scheme}://{host}{PATH}"), options, agent: config.into(), size: OnceLock::new() })
    }

    fn ask(&self, texts: &[&str], role: Role) -> Result<Vec<Vec<f32>>, EmbedFault> {
        let (prefix, input_type) = match role {
            Role::Query => (&self.options.prefixes[0], "query"),
            Role::Passage => (&self.options.prefixes[1], "passage"),
        };
        let input = texts.iter().map(|text| format!("{prefix}{text}")).collect();
        let request = Request { model: &self.options.model, input, encoding_format: "float", input_type };
        let mut post = self.agent.post(&self.address);
        if let Some(Secret(key)) = &self.options.key {
            post = post.header("Authorization", format!("Bearer {key}"));
        }
        let mut answer = post.send_json(&request).map_err(fault)?;
        let status = answer.status();
        if !status.is_success() {
            let said = answer.body_mut().with_config().limit(2_000).read_to_string().unwrap_or_default();
            return Err(EmbedFault::Refused(format!("{status} {}", said.chars().take(200).collect::<String>())));
        }
        let answer: Answer = answer.body_mut().with_config().limit(MAX_ANSWER).read_json().map_err(fault)?;
        in_order(answer.data)
    }
}

impl Embed for EmbeddingServer {
    fn name(&self) -> String {
        let ServerOptions { model, prefixes, .. } = &self.options;
        format!("{} {model} {prefixes:?}", self.address)
    }

    fn embed(&self, texts: &[&str], role: Role) -> Result<Vec<Vec<f32>>, EmbedFault> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let vectors = checked(self.ask(texts, role)?, texts.len())?;
        let size = vectors.first().map_or(0, Vec::len);
        let first = *self.size.get_or_init(|| size);
        if size == first { Ok(vectors) } else { Err(EmbedFault::Unusable(format!("vectors of {size} numbers, before it were {first}"))) }
    }
}

/// The vectors in the order of their numbers, which not every server keeps.
fn in_order(mut items: Vec<Item>) -> Result<Vec<Vec<f32>>, EmbedFault> {
    if items.iter().all(|item| item.index.is_some()) {
        items.sort_by_key(|item| item.index);
        if items.iter().enumerate().any(|(at, item)| item.index != Some(at)) {
            return Err(EmbedFault::Unusable("its vectors are not numbered from 0 on".to_string()));
        }
    }
    Ok(items.into_iter().map(|item| item.embedding).collect())
}

fn fault(error: ureq::Error) -> EmbedFault {
    match error {
        ureq::Error::Timeout(_) => EmbedFault::Slow,
        ureq::Error::Json(fault) => EmbedFault::Unusable(fault.to_string()),
        ureq::Error::BodyExceedsLimit(_) => EmbedFault::Unusable("it is too long".to_string()),
        // A reader's time-out reaches the JSON reader as an input fault.
        ureq::Error::Io(fault) if fault.kind() == std::io::ErrorKind::TimedOut => EmbedFault::Slow,
        other => EmbedFault::Unreachable(other.to_string()),
    }
}
