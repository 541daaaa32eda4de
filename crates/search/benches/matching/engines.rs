//! What one would take instead, over the same corpus cut into the same terms: tantivy's own BM25, the
//! full text of SQLite and of PostgreSQL.

use crate::Figures;
use crate::corpus::Corpus;
use duijie_matching::{Analyzer, QueryTerms};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Index, Term};

fn asked(terms: &QueryTerms) -> BTreeSet<&str> {
    terms.words.iter().chain(&terms.bigrams).map(|term| term.term.as_str()).collect()
}

fn tokens(analyzer: &Analyzer, corpus: &Corpus, at: usize) -> String {
    let (title, description) = corpus.texts(at);
    let tokens = analyzer.tokens(&format!("{title}；{description}"));
    tokens.iter().filter(|token| !token.single).map(|token| token.term.to_string()).collect::<Vec<_>>().join(" ")
}

fn compare(figures: &mut Figures, engine: &str, questions: [&[QueryTerms]; 2], ours: [f64; 2], mut ask: impl FnMut(&QueryTerms)) {
    for ((questions, ours), name) in questions.into_iter().zip(ours).zip(["short", "long"]) {
        questions.iter().take(3).for_each(&mut ask);
        let mut times = Vec::new();
        for terms in questions {
            let begun = Instant::now();
            ask(terms);
            times.push(begun.elapsed());
            // An engine that takes seconds is slow enough after a few questions.
            if times.iter().sum::<std::time::Duration>().as_secs() > 30 {
                break;
            }
        }
        let median = figures.times(&format!("{engine}_{name}"), times);
        figures.add(format!("{engine}_{name}_times_hybrid"), median / ours.max(1e-6));
    }
}

pub(crate) fn tantivy(figures: &mut Figures, folder: &Path, short: &[QueryTerms], long: &[QueryTerms], ours_short: f64, ours_long: f64) {
    let index = Index::open_in_dir(folder.join("g000001")).expect("the index of the product");
    let field = index.schema().get_field("text_public").expect("the field of public text");
    let searcher = index.reader().expect("a reader").searcher();
    compare(figures, "tantivy", [short, long], [ours_short, ours_long], |terms| {
        let clause = |term: &str| -> (Occur, Box<dyn Query>) {
            (Occur::Should, Box::new(TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs)))
        };
        let query = BooleanQuery::new(asked(terms).into_iter().map(clause).collect());
        std::hint::black_box(searcher.search(&query, &TopDocs::with_limit(60).order_by_score()).expect("an answer"));
    });
}

pub(crate) fn sqlite(figures: &mut Figures, corpus: &Corpus, analyzer: &Analyzer, short: &[QueryTerms], long: &[QueryTerms], ours_short: f64, ours_long: f64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut database = rusqlite::Connection::open(folder.path().join("fts.db")).expect("a database");
    database.execute_batch("PRAGMA journal_mode=off; PRAGMA synchronous=off; CREATE VIRTUAL TABLE offers USING fts5(terms, content='')").expect("a table");
    let begun = Instant::now();
    let change = database.transaction().expect("a transaction");
    {
        let mut insert = change.prepare("INSERT INTO offers(rowid, terms) VALUES (?1, ?2)").expect("a statement");
        for at in corpus.numbers() {
            insert.execute((at as i64 + 1, tokens(analyzer, corpus, at))).expect("a row");
        }
    }
    change.commit().expect("a commit");
    figures.add("sqlite_index_records_per_s", corpus.numbers().len() as f64 / begun.elapsed().as_secs_f64());
    let mut query = database.prepare("SELECT rowid FROM offers WHERE offers MATCH ?1 ORDER BY rank LIMIT 60").expect("a query");
    compare(figures, "sqlite", [short, long], [ours_short, ours_long], |terms| {
        let quoted: Vec<String> = asked(terms).into_iter().map(|term| format!("\"{}\"", term.replace('"', ""))).collect();
        let rows = query.query_map([quoted.join(" OR ")], |row| row.get::<_, i64>(0)).expect("an answer");
        std::hint::black_box(rows.count());
    });
}

#[expect(clippy::too_many_arguments, reason = "the same arguments as its neighbours, and an address")]
pub(crate) fn postgres(
    figures: &mut Figures,
    url: &str,
    corpus: &Corpus,
    analyzer: &Analyzer,
    short: &[QueryTerms],
    long: &[QueryTerms],
    ours_short: f64,
    ours_long: f64,
) {
    let mut client = postgres::Client::connect(url, postgres::NoTls).expect("the server answers");
    client.batch_execute("CREATE TEMP TABLE offers (id BIGINT, terms TSVECTOR)").expect("a table");
    let begun = Instant::now();
    for chunk in corpus.numbers().collect::<Vec<_>>().chunks(1_000) {
        let ids: Vec<i64> = chunk.iter().map(|&at| at as i64).collect();
        let texts: Vec<String> = chunk.iter().map(|&at| tokens(analyzer, corpus, at)).collect();
        let insert = "INSERT INTO offers SELECT id, array_to_tsvector(array(SELECT DISTINCT unnest(string_to_array(terms, ' ')))) FROM unnest($1::bigint[], $2::text[]) AS t(id, terms)";
        client.execute(insert, &[&ids, &texts]).expect("rows");
    }
    client.batch_execute("CREATE INDEX ON offers USING gin (terms); ANALYZE offers").expect("an index");
    figures.add("postgres_index_records_per_s", corpus.numbers().len() as f64 / begun.elapsed().as_secs_f64());
    compare(figures, "postgres", [short, long], [ours_short, ours_long], |terms| {
        let quoted: Vec<String> = asked(terms).into_iter().map(|term| format!("'{}'", term.replace(['\'', '\\'], ""))).collect();
        let query = "SELECT id FROM offers WHERE terms @@ $1::text::tsquery ORDER BY ts_rank(terms, $1::text::tsquery) DESC LIMIT 60";
        std::hint::black_box(client.query(query, &[&quoted.join(" | ")]).expect("an answer"));
    });
}
