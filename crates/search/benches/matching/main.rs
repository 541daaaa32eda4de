//! How fast matching is beside plain engines, over a corpus that is made from a fixed seed:
//! `cargo xtask bench match` or `cargo bench -p duijie-search -- [--records N] [--vectors N] [--needs N] [--postgres URL] [--json]`.

mod corpus;
mod engines;

use corpus::Corpus;
use duijie_matching::{Analyzer, Candidate, Centre, Codes, Profile, QueryTerms, Ranking, TermLimits, TopicOptions, Topics, Weights, likeness, rank};
use duijie_record::{Visibility, schema};
use duijie_search::{CandidateQuery, Change, Index, Options, Query};
use duijie_vocab::{Date, RegionCode};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

// As the product itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const QUERIES: usize = 200;
const LONG_CHARS: usize = 2_000;
/// As long as most needs are.
const NEED_CHARS: usize = 120;
const VECTOR_SIZE: usize = 384;

struct Arguments {
    records: usize,
    vectors: usize,
    /// How many needs are matched as a batch.
    needs: usize,
    postgres: Option<String>,
    json: bool,
}

/// Figures in the order in which they were found.
#[derive(Default)]
pub(crate) struct Figures(Vec<(String, f64)>);

impl Figures {
    pub(crate) fn add(&mut self, name: impl Into<String>, value: f64) {
        let name = name.into();
        eprintln!("{name:<44} {value:.3}");
        self.0.push((name, value));
    }

    /// As [`Figures::times`], and what one question takes of a processor: that also counts on a machine that is shared.
    fn timed(&mut self, name: &str, timed: Timed) -> f64 {
        if let Some(cpu) = timed.cpu {
            self.add(format!("{name}_cpu_mean_ms"), cpu.as_secs_f64() * 1e3 / timed.times.len().max(1) as f64);
        }
        self.times(name, timed.times)
    }

    /// The median and the worst of a hundred, in milliseconds.
    pub(crate) fn times(&mut self, name: &str, mut times: Vec<Duration>) -> f64 {
        times.sort_unstable();
        let at = |share: f64| times.get(((times.len() as f64 - 1.0) * share).round() as usize).map_or(0.0, |time| time.as_secs_f64() * 1e3);
        self.add(format!("{name}_p50_ms"), at(0.5));
        self.add(format!("{name}_p99_ms"), at(0.99));
        at(0.5)
    }
}

fn main() {
    let arguments = Arguments::read();
    let corpus = Corpus::of(arguments.records);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut figures = Figures::default();
    figures.add("records", arguments.records as f64);

    let index = Index::create(folder.path(), Options::default()).expect("an index");
    let begun = Instant::now();
    for chunk in corpus.numbers().collect::<Vec<_>>().chunks(5_000) {
        index.apply(chunk.iter().map(|&at| Change::Put(Arc::new(corpus.record(at))))).expect("the index takes records");
    }
    index.commit(1).expect("the index commits");
    figures.add("index_records_per_s", arguments.records as f64 / begun.elapsed().as_secs_f64());
    index.rest().expect("the index rests");

    let analyzer = Analyzer::shared();
    let begun = Instant::now();
    let sample: Vec<_> = corpus.numbers().take(20_000).map(|at| corpus.profile(at).texts).collect();
    let topics = Topics::learn(&analyzer, sample.iter().map(Vec::as_slice), TopicOptions::default());
    figures.add("topics_of_20000_s", begun.elapsed().as_secs_f64());

    let asked = |text: &str| hybrid(&index, &corpus, &topics, text);
    let short = time(&corpus.questions(QUERIES, 18), asked);
    let hybrid_short = figures.timed("hybrid_short", short);
    let long = time(&corpus.questions(QUERIES, LONG_CHARS), asked);
    let hybrid_long = figures.timed("hybrid_long", long);
    figures.timed("hybrid_need", time(&corpus.questions(QUERIES, NEED_CHARS), asked));
    figures.add("batch_needs", arguments.needs as f64);
    figures.add("batch_2_cores_min", batch(&corpus.questions(arguments.needs, NEED_CHARS), asked).as_secs_f64() / 60.0);
    let page = time(&corpus.questions(QUERIES, 6), |text| page(&index, text));
    figures.timed("page_with_filters", page);

    let questions = |chars: usize| -> Vec<QueryTerms> {
        let text = corpus.questions(QUERIES, chars);
        text.iter().map(|text| QueryTerms::of_text(&analyzer, text, &Frequencies(&index), TermLimits::default())).collect()
    };
    let (short, long) = (questions(18), questions(LONG_CHARS));
    engines::tantivy(&mut figures, folder.path(), &short, &long, hybrid_short, hybrid_long);
    engines::sqlite(&mut figures, &corpus, &analyzer, &short, &long, hybrid_short, hybrid_long);
    match &arguments.postgres {
        Some(url) => engines::postgres(&mut figures, url, &corpus, &analyzer, &short, &long, hybrid_short, hybrid_long),
        None => eprintln!("PostgreSQL is left out: no --postgres URL"),
    }
    vectors(&mut figures, arguments.vectors);
    if arguments.json {
        let members: Vec<String> = figures.0.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        println!("{{{}}}", members.join(", "));
    }
}

impl Arguments {
    fn read() -> Arguments {
        let all: Vec<String> = std::env::args().skip(1).collect();
        let value = |name: &str| all.iter().position(|argument| argument == name).and_then(|at| all.get(at + 1)).cloned();
        let number = |name: &str, default: usize| value(name).map_or(default, |text| text.parse().expect("a number"));
        let records = number("--records", 100_000);
        Arguments {
            records,
            vectors: number("--vectors", records),
            needs: number("--needs", 10_000),
            postgres: value("--postgres"),
            json: all.iter().any(|argument| argument == "--json"),
        }
    }
}

/// How long each question took, and how much of a processor all of them.
struct Timed {
    times: Vec<Duration>,
    cpu: Option<Duration>,
}

/// What this thread has had of a processor so far, where Linux tells it.
fn cpu() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn time(questions: &[String], ask: impl Fn(&str)) -> Timed {
    // The first few bring the index into memory.
    questions.iter().take(10).for_each(|text| ask(text));
    let timed = |text: &String| {
        let begun = Instant::now();
        ask(text);
        begun.elapsed()
    };
    let before = cpu();
    let times = questions.iter().map(timed).collect();
    Timed { times, cpu: cpu().zip(before).map(|(after, before)| after - before) }
}

/// How long two threads take for all needs.
fn batch(needs: &[String], ask: impl Fn(&str) + Sync) -> Duration {
    let begun = Instant::now();
    let half = needs.len().div_ceil(2).max(1);
    thread::scope(|scope| needs.chunks(half).for_each(|half| drop(scope.spawn(|| half.iter().for_each(|need| ask(need))))));
    begun.elapsed()
}

/// The ten best offers of a province for a need, with reasons.
fn hybrid(index: &Index, corpus: &Corpus, topics: &Topics, text: &str) {
    let analyzer = Analyzer::shared();
    let need = Profile { region: RegionCode::parse("320402").expect("a region"), ..Profile::of_text(text) };
    let query = CandidateQuery { kinds: vec!["offer".into()], region: RegionCode::parse("320000").ok(), limit: 60, ..CandidateQuery::default() };
    let found = index.candidates(&need, &query).expect("candidates");
    let candidate = |hit: duijie_search::CandidateHit| Candidate { profile: corpus.profile(corpus.number(&hit.id)), text: hit.text, dense: hit.dense };
    let candidates = found.hits.into_iter().map(candidate).collect();
    let today = Date::parse("2024-06-01").expect("a day");
    let weights = Weights::default();
    let ranking = Ranking { analyzer: &analyzer, weights: &weights, topics: Some(topics), terms: &found.terms, today, limit: 10, per_holder: 3 };
    std::hint::black_box(rank(&need, candidates, &ranking));
}

/// A page of twenty results under filters.
fn page(index: &Index, text: &str) {
    let query = Query { kinds: vec!["offer".into()], region: RegionCode::parse("320400").ok(), viewer: Visibility::Public, ..Query::text(text) };
    std::hint::black_box(index.search(&query).expect("a page"));
}

struct Frequencies<'a>(&'a Index);

impl duijie_matching::DocumentFrequencies for Frequencies<'_> {
    fn documents(&self) -> u64 {
        self.0.records()
    }
    fn frequency(&self, term: &str) -> u64 {
        self.0.doc_freq(term).expect("the index reads")
    }
}

/// Neighbours by signs and bytes against a comparison with every vector.
fn vectors(figures: &mut Figures, count: usize) {
    let mut noise = corpus::Noise(42);
    let fields: Vec<Vec<f32>> = (0..400).map(|_| (0..VECTOR_SIZE).map(|_| noise.signed()).collect()).collect();
    let subjects: Vec<Vec<f32>> = (0..8_000).map(|at| fields[at % 400].iter().map(|value| value + 0.8 * noise.signed()).collect()).collect();
    let mut vector = |at: usize| -> Vec<f32> { subjects[at % 8_000].iter().map(|value| 3.0 + value + 0.6 * noise.signed()).collect() };
    let all: Vec<Vec<f32>> = (0..count).map(&mut vector).collect();
    let centre = Centre::of(all.iter().map(Vec::as_slice));
    let all: Vec<Vec<f32>> = all.iter().map(|vector| centre.seen(vector)).collect();
    let mut codes = Codes::new(VECTOR_SIZE);
    all.iter().for_each(|vector| codes.push(vector));
    let (mut found, mut times, mut used) = (0, Vec::new(), Some(Duration::ZERO));
    let asked: Vec<Vec<f32>> = (0..50).map(|at| centre.seen(&vector(at * 31))).collect();
    for asked in &asked {
        let (begun, before) = (Instant::now(), cpu());
        let near = codes.nearest(asked, 10, |_| true);
        times.push(begun.elapsed());
        used = used.zip(cpu().zip(before)).map(|(used, (after, before))| used + (after - before));
        let mut exact: Vec<(usize, f32)> = all.iter().enumerate().map(|(at, vector)| (at, likeness(asked, vector))).collect();
        exact.select_nth_unstable_by(10, |a, b| b.1.total_cmp(&a.1));
        found += near.iter().filter(|(at, _)| exact[..10].iter().any(|(true_one, _)| true_one == at)).count();
    }
    figures.add("vectors", count as f64);
    figures.timed("vector_scan", Timed { times, cpu: used });
    figures.add("vector_recall_at_10", found as f64 / (10 * asked.len()) as f64);
}

/// Kept here so that the corpus is of a kind that the product knows.
pub(crate) fn offer_schema() -> &'static duijie_record::Schema {
    schema("offer").expect("offers are built in")
}
