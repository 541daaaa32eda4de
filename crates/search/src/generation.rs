//! One index in one directory, and the file that says which of several is the current one. A
//! rebuild makes a new generation beside the current one and then moves that file over.

use crate::counts::FacetCache;
use crate::document::document;
use crate::fields::{Fields, TOKENIZER, version};
use crate::key::first_bits;
use crate::tokenizer::DuijieTokenizer;
use crate::{Change, IndexError, OpenError, Options};
use duijie_matching::Analyzer;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tantivy::indexer::IndexWriterOptions;
use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};
use tantivy::{Index as Tantivy, IndexReader, IndexWriter, ReloadPolicy, Searcher, Term};

const CURRENT: &str = "CURRENT";
/// The words that this generation's analyzer knows beside the built-in ones, one a line.
const WORDS: &str = "words.txt";
/// Below this a writer thread would flush after every few records.
const MIN_MEMORY_PER_THREAD: usize = 16 << 20;

/// The content of the file `CURRENT`.
#[derive(Serialize, Deserialize)]
struct Current {
    generation: String,
    version: String,
}

pub(crate) struct Generation {
    pub(crate) fields: Fields,
    pub(crate) analyzer: Arc<Analyzer>,
    pub(crate) counted: FacetCache,
    name: String,
    options: Options,
    inner: Tantivy,
    reader: IndexReader,
    cursor: AtomicI64,
    writer: Mutex<Writing>,
}

/// The writer exists only while somebody writes, so that readers need no lock and no memory for it.
#[derive(Default)]
struct Writing {
    writer: Option<IndexWriter>,
    /// Records put since the last commit, by their key: these, too, must be deleted before they are put again.
    pending: HashSet<u64>,
}

impl Generation {
    /// Opens the current generation under `root`, or makes the first.
    pub(crate) fn current(root: &Path, options: &Options) -> Result<Generation, OpenError> {
        let Some(current) = read_current(root)? else {
            return Generation::create(root, options);
        };
        let analyzer = analyzer_of(&root.join(&current.generation))?;
        if current.version != version(&analyzer) {
            return Err(OpenError::NeedsRebuild { why: "it was written by another version".to_string() });
        }
        let (_, fields) = Fields::build();
        let broken = |fault: tantivy::TantivyError| OpenError::NeedsRebuild { why: fault.to_string() };
        let mut inner = Tantivy::open_in_dir(root.join(&current.generation)).map_err(broken)?;
        inner.set_tokenizers(tokenizers(&analyzer));
        Generation::with(inner, fields, analyzer, current.generation, options).map_err(broken)
    }

    /// Whether this is the generation that readers under `root` are sent to.
    pub(crate) fn is_current(&self, root: &Path) -> Result<bool, OpenError> {
        Ok(read_current(root)?.is_none_or(|current| current.generation == self.name))
    }

    /// A new, empty generation that is the current one from now on.
    pub(crate) fn create(root: &Path, options: &Options) -> Result<Generation, OpenError> {
        let generation = Generation::beside(root, options, &[])?;
        generation.make_current(root)?;
        Ok(generation)
    }

    /// A new, empty generation that nobody reads yet, whose analyzer also knows `words`. Left-overs
    /// of earlier rebuilds are removed.
    pub(crate) fn beside(root: &Path, options: &Options, words: &[String]) -> Result<Generation, OpenError> {
        fs::create_dir_all(root)?;
        let current = read_current(root).ok().flatten().map(|current| current.generation);
        let mut number = 1;
        for entry in fs::read_dir(root)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let Some(taken) = name.strip_prefix('g').and_then(|digits| digits.parse::<u64>().ok()) else { continue };
            number = number.max(taken + 1);
            if Some(&name) != current.as_ref() {
                fs::remove_dir_all(root.join(&name))?;
            }
        }
        let name = format!("g{number:06}");
        let directory = root.join(&name);
        fs::create_dir(&directory)?;
        write_words(&directory, words)?;
        let analyzer = analyzer_of(&directory)?;
        let (schema, fields) = Fields::build();
        let inner = Tantivy::builder().schema(schema).tokenizers(tokenizers(&analyzer)).create_in_dir(&directory)?;
        Ok(Generation::with(inner, fields, analyzer, name, options)?)
    }

    fn with(inner: Tantivy, fields: Fields, analyzer: Arc<Analyzer>, name: String, options: &Options) -> tantivy::Result<Generation> {
        let reader = inner.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(32).try_into()?;
        let cursor = committed_cursor(&inner)?;
        Ok(Generation {
            fields,
            analyzer,
            counted: FacetCache::default(),
            name,
            options: options.clone(),
            inner,
            reader,
            cursor: AtomicI64::new(cursor),
            writer: Mutex::default(),
        })
    }

    /// Moves the file `CURRENT` over to this generation: in one step, or not at all.
    pub(crate) fn make_current(&self, root: &Path) -> Result<(), OpenError> {
        let current = Current { generation: self.name.clone(), version: version(&self.analyzer) };
        let content = serde_json::to_vec(&current).expect("BUG: two strings serialize");
        let draft = root.join("CURRENT.new");
        let mut file = fs::File::create(&draft)?;
        file.write_all(&content)?;
        file.sync_all()?;
        fs::rename(&draft, root.join(CURRENT))?;
        fs::File::open(root)?.sync_all()?;
        Ok(())
    }

    pub(crate) fn directory(&self, root: &Path) -> PathBuf {
        root.join(&self.name)
    }

    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    pub(crate) fn cursor(&self) -> i64 {
        self.cursor.load(Ordering::Acquire)
    }

    /// Takes changes in; they are seen after the next commit.
    pub(crate) fn apply(&self, changes: impl IntoIterator<Item = Change>) -> Result<(), IndexError> {
        self.write(|writing| self.take_in(writing, changes))
    }

    /// Seals what was applied together with `cursor`, and makes it seen.
    pub(crate) fn commit(&self, cursor: i64) -> Result<(), IndexError> {
        self.write(|writing| self.seal(writing, cursor))
    }

    /// After a failure the writer is given up, and with it all that was not committed: the next
    /// one begins where the last commit ended.
    fn write(&self, act: impl FnOnce(&mut Writing) -> Result<(), IndexError>) -> Result<(), IndexError> {
        let mut writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let done = act(&mut writing);
        if done.is_err() {
            *writing = Writing::default();
        }
        done
    }

    fn take_in(&self, writing: &mut Writing, changes: impl IntoIterator<Item = Change>) -> Result<(), IndexError> {
        let searcher = self.searcher();
        let fresh = searcher.num_docs() == 0;
        let Writing { writer, pending } = writing;
        let writer = self.open_writer(writer)?;
        for change in changes {
            let id = match &change {
                Change::Put(record) => &record.id,
                Change::Remove(id) => id,
            };
            let term = Term::from_field_text(self.fields.id, id.as_str());
            let key = first_bits(id);
            // Deleting is dear in a large import; most records of one are new.
            if pending.contains(&key) || !fresh && searcher.doc_freq(&term)? > 0 {
                writer.delete_term(term);
            }
            if let Change::Put(record) = change {
                pending.insert(key);
                writer.add_document(document(&self.fields, &record))?;
            }
        }
        Ok(())
    }

    fn seal(&self, writing: &mut Writing, cursor: i64) -> Result<(), IndexError> {
        let writer = self.open_writer(&mut writing.writer)?;
        let mut prepared = writer.prepare_commit()?;
        prepared.set_payload(&cursor.to_string());
        prepared.commit()?;
        writing.pending.clear();
        self.reader.reload()?;
        self.cursor.store(cursor, Ordering::Release);
        Ok(())
    }

    /// Waits for running merges and gives the writer's memory and lock back.
    pub(crate) fn rest(&self) -> Result<(), IndexError> {
        let mut writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writing.pending.clear();
        if let Some(writer) = writing.writer.take() {
            writer.wait_merging_threads()?;
            self.reader.reload()?;
        }
        Ok(())
    }

    /// Reads commits that another process has made.
    pub(crate) fn refresh(&self) -> Result<(), IndexError> {
        self.reader.reload()?;
        self.cursor.store(committed_cursor(&self.inner)?, Ordering::Release);
        Ok(())
    }

    fn open_writer<'w>(&self, writer: &'w mut Option<IndexWriter>) -> Result<&'w mut IndexWriter, IndexError> {
        if writer.is_none() {
            let threads = self.options.threads.max(1);
            let options = IndexWriterOptions::builder()
                .num_worker_threads(threads)
                .memory_budget_per_thread((self.options.writer_memory / threads).max(MIN_MEMORY_PER_THREAD))
                .num_merge_threads(1)
                .build();
            *writer = Some(self.inner.writer_with_options(options)?);
        }
        Ok(writer.as_mut().expect("BUG: the writer was just made"))
    }
}

/// The cursor is the payload of the last commit; an index without a commit has eaten nothing.
fn committed_cursor(index: &Tantivy) -> tantivy::Result<i64> {
    let payload = index.load_metas()?.payload;
    Ok(payload.and_then(|cursor| cursor.parse().ok()).unwrap_or(0))
}

fn read_current(root: &Path) -> Result<Option<Current>, OpenError> {
    match fs::read(root.join(CURRENT)) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_| OpenError::NeedsRebuild { why: format!("its file `{CURRENT}` cannot be read") }),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

fn write_words(directory: &Path, words: &[String]) -> std::io::Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let mut file = fs::File::create(directory.join(WORDS))?;
    file.write_all(words.join("\n").as_bytes())?;
    file.sync_all()
}

/// The analyzer with the words of the generation in `directory`, which may have none of its own.
fn analyzer_of(directory: &Path) -> Result<Arc<Analyzer>, OpenError> {
    match fs::read_to_string(directory.join(WORDS)) {
        Ok(words) => Ok(Arc::new(Analyzer::new(words.lines()))),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(Analyzer::shared()),
        Err(fault) if fault.kind() == std::io::ErrorKind::InvalidData => Err(OpenError::NeedsRebuild { why: format!("its file `{WORDS}` is damaged") }),
        Err(fault) => Err(fault.into()),
    }
}

fn tokenizers(analyzer: &Arc<Analyzer>) -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(TOKENIZER, TextAnalyzer::from(DuijieTokenizer::new(Arc::clone(analyzer))));
    manager
}
