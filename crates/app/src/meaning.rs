//! What texts mean, where a model is set in `embedding.yaml`: questions become vectors, and the search goes
//! on without them when the model cannot be had. Nobody waits for longer than [`PATIENCE`].

use crate::tls_roots::TlsRoots;
use crate::{App, AppError};
use duijie_matching::{Embed, EmbedFault, LocalModel, Role};
use duijie_record::{Record, Visibility, schema, schemas};
use duijie_search::{EmbeddingServer, Meaning, MeaningOf, Secret, ServerOptions, Vectors};
use duijie_vocab::{Diagnostic, Text, Timestamp, text};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// The file of the setting in the data directory.
const SETTING: &str = "embedding.yaml";
const VECTORS: &str = "vectors/vectors.bin";
/// A question's vector is waited for so long.
const PATIENCE: Duration = Duration::from_millis(300);
/// After a failure a server is left alone for so long, in microseconds.
const PAUSE_MICROS: i64 = 30_000_000;
/// The vectors of so many questions are remembered.
const REMEMBERED: usize = 512;
/// Of a longer question only the beginning is asked, in characters.
const MAX_QUESTION: usize = 400;

/// `embedding.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Setting {
    /// A packed model file that runs in this process; relative to the data directory.
    model: Option<PathBuf>,
    /// A server of `/v1/embeddings`.
    server: Option<String>,
    /// The model to ask the server for.
    name: String,
    query_prefix: String,
    passage_prefix: String,
    /// A file with the server's key; relative to the data directory.
    key_file: Option<PathBuf>,
}

/// How far embedding is, for the state of the installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeaningState {
    /// Which model it is, or where.
    pub model: String,
    /// Records that have a vector.
    pub embedded: usize,
    /// Records that are to have one.
    pub records: usize,
}

/// The model of a data directory, if one is set.
pub(crate) struct Meanings {
    dir: PathBuf,
    key: Option<Secret>,
    roots: TlsRoots,
    setting: Option<Result<Setting, Text>>,
    /// Nothing until somebody loads it: a model file takes a moment.
    ready: OnceLock<Result<Ready, Text>>,
    asked: Mutex<Asked>,
    /// Why embedding records stands still.
    stuck: Mutex<Option<Text>>,
}

/// A model that can be asked, and what it made of the records.
pub(crate) struct Ready {
    /// Whether texts leave this process: then only what everybody may read is embedded.
    pub(crate) outside: bool,
    questions: Arc<dyn Embed>,
    pub(crate) passages: Arc<dyn Embed>,
    pub(crate) vectors: Arc<Vectors>,
    /// Records are embedded on half of the cores, so that the others answer.
    workers: rayon::ThreadPool,
}

/// Who embeds questions and who embeds records, and whether that is outside this process.
type Embedders = (Arc<dyn Embed>, Arc<dyn Embed>, bool);

/// Vectors of questions, and when one could not be had.
#[derive(Default)]
struct Asked {
    known: HashMap<String, Arc<[f32]>>,
    order: VecDeque<String>,
    failed: Option<(Timestamp, Text)>,
}

impl Meanings {
    pub(crate) fn of(dir: &Path) -> Meanings {
        Meanings {
            dir: dir.to_path_buf(),
            key: None,
            roots: TlsRoots::default(),
            setting: read_setting(dir),
            ready: OnceLock::new(),
            asked: Mutex::default(),
            stuck: Mutex::default(),
        }
    }

    pub(crate) fn trusting(self, roots: &TlsRoots) -> Meanings {
        Meanings { roots: roots.clone(), ..self }
    }

    pub(crate) fn with_key(self, key: Secret) -> Meanings {
        Meanings { key: Some(key), ..self }
    }

    /// Whether a model is set, be it to be had or not.
    pub(crate) fn is_set(&self) -> bool {
        self.setting.is_some()
    }

    /// The model, loaded now if it was not; nothing where none is set.
    pub(crate) fn load(&self) -> Option<&Result<Ready, Text>> {
        let setting = self.setting.as_ref()?;
        Some(self.ready.get_or_init(|| setting.clone().and_then(|setting| self.make_ready(&setting))))
    }

    fn make_ready(&self, setting: &Setting) -> Result<Ready, Text> {
        let (questions, passages, outside) = self.embedders(setting)?;
        let path = self.dir.join(VECTORS);
        let vectors = Vectors::open(&path, &passages.name())
            .map_err(|fault| text!("向量文件 {} 不能打开：{fault}", "the vectors in {} cannot be opened: {fault}", path.display()))?;
        let half = (rayon::current_num_threads() / 2).max(1);
        let workers = rayon::ThreadPoolBuilder::new().num_threads(half).build();
        let workers = workers.map_err(|fault| text!("不能启动计算线程：{fault}", "no thread can be started: {fault}"))?;
        Ok(Ready { outside, questions, passages, vectors: Arc::new(vectors), workers })
    }

    fn embedders(&self, setting: &Setting) -> Result<Embedders, Text> {
        match (&setting.model, &setting.server) {
            (Some(model), None) => {
                let path = self.dir.join(model);
                let shown = path.display();
                let bytes =
                    std::fs::read(&path).map_err(|fault| text!("模型文件 {shown} 不能读取：{fault}", "the model file {shown} cannot be read: {fault}"))?;
                let model = LocalModel::read(&bytes).map_err(|fault| text!("{shown} 不是可用的模型：{fault}", "{shown} is no usable model: {fault}"))?;
                let model: Arc<dyn Embed> = Arc::new(model);
                Ok((Arc::clone(&model), model, false))
            }
            (None, Some(address)) => {
                let options = ServerOptions {
                    model: setting.name.clone(),
                    prefixes: [setting.query_prefix.clone(), setting.passage_prefix.clone()],
                    key: self.key(setting)?,
                    roots: self.roots.http(),
                    ..ServerOptions::default()
                };
                let server = |options| {
                    EmbeddingServer::with(address, options)
                        .map_err(|fault| text!("向量服务地址不能使用：{fault}", "the address of the embedding server cannot be used: {fault}"))
                };
                let questions = server(ServerOptions { timeout: PATIENCE, ..options.clone() })?;
                Ok((Arc::new(questions), Arc::new(server(options)?), true))
            }
            _ => Err(text!("{SETTING} 须写明 model 或 server 之一", "{SETTING} must name either a model or a server")),
        }
    }

    fn key(&self, setting: &Setting) -> Result<Option<Secret>, Text> {
        let Some(file) = &setting.key_file else { return Ok(self.key.clone()) };
        let path = self.dir.join(file);
        let read = std::fs::read_to_string(&path);
        let key = read.map_err(|fault| text!("密钥文件 {} 不能读取：{fault}", "the key file {} cannot be read: {fault}", path.display()))?;
        Ok(Some(Secret::new(key.trim())))
    }

    /// The model if it is loaded; why not, if one is set.
    fn ready(&self) -> Result<Option<&Ready>, Text> {
        match (&self.setting, self.ready.get()) {
            (None, _) => Ok(None),
            (Some(_), Some(Ok(ready))) => Ok(Some(ready)),
            (Some(_), Some(Err(fault))) => Err(fault.clone()),
            (Some(_), None) => Err(text!("语义模型正在载入", "the model is being loaded")),
        }
    }

    /// What a typed text means. Nothing where no model is set; a fault says why it cannot be known now.
    pub(crate) fn of_question(&self, question: &str, now: Timestamp) -> Result<Option<Meaning>, Text> {
        let question: String = question.trim().chars().take(MAX_QUESTION).collect();
        if question.is_empty() {
            return Ok(None);
        }
        let Some(ready) = self.ready()?.filter(|ready| ready.vectors.embedded() > 0) else { return Ok(None) };
        let of = match Role::of_asked(&question) {
            Role::Query => MeaningOf::Question,
            Role::Passage => MeaningOf::Passage,
        };
        let vector = self.vector(ready, question, now)?;
        Ok(Some(Meaning { vectors: Arc::clone(&ready.vectors), of: of(vector) }))
    }

    /// What a record means: by its own vector if it is stored, otherwise as a question, which is not sent outside. A
    /// stored one that is not embedded yet is matched by its words: nobody waits for its turn.
    pub(crate) fn of_record(&self, record: &Record, stored: bool, now: Timestamp) -> Result<Option<Meaning>, Text> {
        let Some(ready) = self.ready()? else { return Ok(None) };
        if ready.vectors.has(&record.id) {
            return Ok(Some(Meaning { vectors: Arc::clone(&ready.vectors), of: MeaningOf::Record(record.id.clone()) }));
        }
        let text = passage(record).filter(|_| !ready.outside || stored && record.visibility == Visibility::Public);
        match text {
            Some(_) if stored => Err(text!("这条记录的语义尚未计算", "the meaning of this record is not computed yet")),
            Some(text) => self.of_question(&text, now),
            None => Ok(None),
        }
    }

    fn vector(&self, ready: &Ready, question: String, now: Timestamp) -> Result<Arc<[f32]>, Text> {
        {
            let asked = self.asked();
            if let Some(vector) = asked.known.get(&question) {
                return Ok(Arc::clone(vector));
            }
            if let Some((_, why)) = asked.failed.as_ref().filter(|(at, _)| now.micros() < at.micros().saturating_add(PAUSE_MICROS)) {
                return Err(why.clone());
            }
        }
        let embedded = ready.question(&question);
        let mut asked = self.asked();
        match embedded {
            Ok(vector) => {
                asked.failed = None;
                Ok(asked.remember(question, vector.into()))
            }
            Err(fault) => {
                let why = text!("语义模型暂不可用：{fault}", "the model cannot be asked: {fault}");
                asked.failed = Some((now, why.clone()));
                Err(why)
            }
        }
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entry up to which records are embedded, where a model can be asked.
    pub(crate) fn cursor(&self) -> Option<i64> {
        self.load()?.as_ref().ok().map(|ready| ready.vectors.cursor())
    }

    pub(crate) fn set_stuck(&self, why: Option<Text>) {
        *self.stuck.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// What is wrong with the setting, the model or the embedding of records.
    pub(crate) fn problem(&self) -> Option<Diagnostic> {
        let why = match self.load()? {
            Err(why) => why.clone(),
            Ok(_) => self.stuck.lock().unwrap_or_else(PoisonError::into_inner).clone()?,
        };
        let message = Text::new(format!("语义检索停用：{}", why.zh), format!("search by meaning is off: {}", why.en));
        let help = text!("检索照常进行，只是不按语义；见 {SETTING}", "search goes on without it; see {SETTING}");
        Some(Diagnostic::warning("health.meaning", message).help(help))
    }
}

impl Ready {
    /// The vectors of records' texts.
    pub(crate) fn embed(&self, texts: &[&str], role: Role) -> Result<Vec<Vec<f32>>, EmbedFault> {
        self.workers.install(|| self.passages.embed(texts, role))
    }

    /// The vector of a question, as long as those of records.
    fn question(&self, question: &str) -> Result<Vec<f32>, EmbedFault> {
        let vector = self.questions.embed(&[question], Role::of_asked(question))?.pop().unwrap_or_default();
        let (given, wanted) = (vector.len(), self.vectors.size());
        if given == wanted { Ok(vector) } else { Err(EmbedFault::Unusable(format!("a vector of {given} numbers, those of records have {wanted}"))) }
    }
}

impl Asked {
    fn remember(&mut self, question: String, vector: Arc<[f32]>) -> Arc<[f32]> {
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        if self.known.insert(question.clone(), Arc::clone(&vector)).is_none() {
            self.order.push_back(question);
        }
        vector
    }
}

impl App {
    /// Loads the model that is set, if one is; whether there is one to ask now.
    pub fn load_meaning(&self) -> bool {
        matches!(self.meanings.load(), Some(Ok(_)))
    }

    pub(crate) fn meaning_state(&self) -> Result<Option<MeaningState>, AppError> {
        let Some(Ok(ready)) = self.meanings.load() else { return Ok(None) };
        let filter = duijie_store::Filter { visibility: if ready.outside { Visibility::Public } else { Visibility::Office }, ..Default::default() };
        let counts = self.store().read(|view| view.count_by_kind(&filter))?;
        let records = counts.iter().filter(|(kind, _)| has_meaning(kind)).map(|(_, count)| usize::try_from(*count).unwrap_or(0)).sum();
        Ok(Some(MeaningState { model: ready.passages.name(), embedded: ready.vectors.embedded(), records }))
    }
}

/// Whether records of the kind are embedded: what can be needed and what can help.
pub(crate) fn has_meaning(kind: &str) -> bool {
    schemas().get(kind).is_some_and(|schema| schema.resource || matches!(kind, "need" | "policy"))
}

/// The public text of a record as it is embedded; nothing where there is none.
pub(crate) fn passage(record: &Record) -> Option<String> {
    /// Models read hardly more of a text, in characters.
    const LONGEST: usize = 2_000;
    let profile = duijie_matching::Profile::from_record(record, schema(&record.kind)?);
    let texts: Vec<&str> = profile.texts.iter().map(|field| field.text.trim()).filter(|text| !text.is_empty()).collect();
    let whole: String = texts.join("\n").chars().take(LONGEST).collect();
    (!whole.is_empty()).then_some(whole)
}

fn read_setting(dir: &Path) -> Option<Result<Setting, Text>> {
    let path = dir.join(SETTING);
    let shown = path.display();
    match std::fs::read_to_string(&path) {
        Ok(yaml) => Some(serde_saphyr::from_str(&yaml).map_err(|fault| text!("{shown} 不能使用：{fault}", "{shown} cannot be used: {fault}"))),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => None,
        Err(fault) => Some(Err(text!("{shown} 不能读取：{fault}", "{shown} cannot be read: {fault}"))),
    }
}
