//! Backup while serving, and restore. A SQLite backup is a database file; a PostgreSQL backup is a
//! dump of the journal, from which the state is made again. A dump can be restored to either engine.

use crate::sql::Engine;
use crate::{Location, OpenError, Options, Store, StoreFault, dump};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("`{0}` is there already; name a file that is not")]
    Exists(String),
    #[error("`{0}` holds data already; restore to an empty place")]
    NotEmpty(String),
    #[error("`{0}` is neither a database nor a dump of this product")]
    Unknown(String),
    #[error("a database file cannot be restored to PostgreSQL; restore it to a folder first and dump that")]
    FileToServer,
    #[error("`{path}` line {line}: {why}")]
    Malformed { path: String, line: usize, why: String },
    #[error("`{path}` ends before the dump does; it was cut off")]
    CutOff { path: String },
    #[error("`{path}`")]
    File {
        path: String,
        #[source]
        fault: io::Error,
    },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreFault),
}

const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";

impl Store {
    /// Writes everything that was committed when the backup began to the new file `to`, safely on
    /// disk when this returns. Writers go on meanwhile.
    pub fn backup(&self, to: &Path) -> Result<(), BackupError> {
        let claimed = Claimed::new(to)?;
        match self.location() {
            Location::Sqlite(_) => {
                let mut conn = self.connect()?;
                let sqlite = conn.as_sqlite().expect("BUG: a SQLite location gives a SQLite connection");
                let part = claimed.part.to_string_lossy().into_owned();
                sqlite.execute("VACUUM INTO ?1", [part]).map_err(StoreFault::from)?;
            }
            Location::Postgres(_) => self.dump_into(&claimed)?,
        }
        claimed.finish()
    }

    /// Writes the journal as a dump to the new file `to`, from either engine; `restore` reads it.
    pub fn dump(&self, to: &Path) -> Result<(), BackupError> {
        let claimed = Claimed::new(to)?;
        self.dump_into(&claimed)?;
        claimed.finish()
    }

    fn dump_into(&self, claimed: &Claimed) -> Result<(), BackupError> {
        let file = File::create_new(&claimed.part).map_err(|fault| file_error(&claimed.part, fault))?;
        let mut out = io::BufWriter::new(file);
        self.pool().read(|conn| dump::write(conn, &mut out, &claimed.part))?;
        out.flush().map_err(|fault| file_error(&claimed.part, fault))
    }

    /// Opens an empty `location` with what the backup or dump `from` holds.
    pub fn restore(from: &Path, location: Location, options: Options) -> Result<Store, BackupError> {
        match (is_sqlite(from)?, &location) {
            (true, Location::Sqlite(path)) => {
                copy_database(from, path)?;
                Ok(Store::open(location, options)?)
            }
            (true, Location::Postgres(_)) => Err(BackupError::FileToServer),
            (false, _) => restore_dump(from, location, options),
        }
    }
}

fn restore_dump(from: &Path, location: Location, options: Options) -> Result<Store, BackupError> {
    let store = Store::open(location, options)?;
    let mut conn = store.connect()?;
    conn.begin_write()?;
    if crate::entries::head(&mut conn)?.seq > 0 {
        return Err(BackupError::NotEmpty(store.location().show()));
    }
    let head = dump::read(&mut conn, from)?;
    crate::rebuild::rebuild(&mut conn)?;
    conn.batch("COMMIT")?;
    if conn.engine() == Engine::Postgres {
        conn.batch("ANALYZE")?;
    }
    store.rang(head.seq);
    Ok(store)
}

fn is_sqlite(path: &Path) -> Result<bool, BackupError> {
    let file = File::open(path).map_err(|fault| file_error(path, fault))?;
    let mut begin = Vec::new();
    file.take(SQLITE_MAGIC.len() as u64).read_to_end(&mut begin).map_err(|fault| file_error(path, fault))?;
    match begin.as_slice() {
        begin if begin == SQLITE_MAGIC => Ok(true),
        [b'{', ..] => Ok(false),
        _ => Err(BackupError::Unknown(path.display().to_string())),
    }
}

fn copy_database(from: &Path, to: &Path) -> Result<(), BackupError> {
    // A write-ahead log without its database would be applied to the copy.
    let leftovers = ["-wal", "-shm"].map(|end| with_end(to, end));
    if let Some(left) = leftovers.iter().find(|path| path.exists()) {
        return Err(BackupError::NotEmpty(left.display().to_string()));
    }
    let claimed = Claimed::new(to).map_err(|error| match error {
        BackupError::Exists(path) => BackupError::NotEmpty(path),
        other => other,
    })?;
    fs::copy(from, &claimed.part).map_err(|fault| file_error(&claimed.part, fault))?;
    claimed.finish()
}

/// A new file that is being made: its name is taken at once, its content appears complete or not
/// at all. Dropped unfinished, it leaves nothing.
struct Claimed {
    path: PathBuf,
    part: PathBuf,
    finished: bool,
}

impl Claimed {
    fn new(path: &Path) -> Result<Claimed, BackupError> {
        let part = with_end(path, ".part");
        let claim = OpenOptions::new().write(true).create_new(true).open(path);
        claim.map_err(|fault| match fault.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(path.display().to_string()),
            _ => file_error(path, fault),
        })?;
        let claimed = Claimed { path: path.to_path_buf(), part, finished: false };
        match fs::remove_file(&claimed.part) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(file_error(&claimed.part, fault)),
            _ => Ok(claimed),
        }
    }

    fn finish(mut self) -> Result<(), BackupError> {
        let done = || -> io::Result<()> {
            File::open(&self.part)?.sync_all()?;
            fs::rename(&self.part, &self.path)?;
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()
        };
        done().map_err(|fault| file_error(&self.path, fault))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        if !self.finished {
            // The error that led here is told; a leftover can be removed by hand.
            drop(fs::remove_file(&self.part));
            drop(fs::remove_file(&self.path));
        }
    }
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

pub(crate) fn file_error(path: &Path, fault: io::Error) -> BackupError {
    BackupError::File { path: path.display().to_string(), fault }
}
