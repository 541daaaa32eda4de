//! Offers and questions made from a fixed seed, of the names of industries and the words of trades:
//! some words are in every other text, most in hardly any.

use crate::offer_schema;
use duijie_matching::Profile;
use duijie_record::{Body, Record, RecordState, Source, Value, Visibility};
use duijie_vocab::{RecordId, RegionCode, Timestamp, industries};
use std::collections::{BTreeMap, HashMap};

const ACTS: [&str; 24] = [
    "研究", "开发", "制备", "检测", "设计", "优化", "改造", "加工", "焊接", "涂层", "成型", "控制", "仿真", "回收", "提纯", "合成", "装配", "监测", "识别",
    "节能", "降噪", "防腐", "封装", "测试",
];
const PLACES: [&str; 6] = ["320402", "320404", "320411", "320213", "330203", "330302"];
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Numbers from a fixed sequence.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(SEED);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From −1 to 1.
    pub(crate) fn signed(&mut self) -> f32 {
        (self.share() * 2.0 - 1.0) as f32
    }

    /// The low numbers much oftener than the high ones.
    fn skewed(&mut self, count: usize) -> usize {
        ((self.share().powi(3) * count as f64) as usize).min(count - 1)
    }
}

pub(crate) struct Corpus {
    records: usize,
    names: Vec<&'static str>,
    numbers: HashMap<RecordId, usize>,
}

impl Corpus {
    pub(crate) fn of(records: usize) -> Corpus {
        let names = industries().iter().map(|industry| industry.name).filter(|name| name.chars().count() >= 3).collect();
        let numbers = (0..records).map(|at| (id(at), at)).collect();
        Corpus { records, names, numbers }
    }

    pub(crate) fn numbers(&self) -> std::ops::Range<usize> {
        0..self.records
    }

    pub(crate) fn number(&self, id: &RecordId) -> usize {
        self.numbers[id]
    }

    pub(crate) fn texts(&self, at: usize) -> (String, String) {
        let mut noise = Noise(at as u64 * 7 + 1);
        let title = format!("{}{}技术", self.names[noise.skewed(self.names.len())], ACTS[noise.skewed(ACTS.len())]);
        let count = 4 + noise.skewed(10);
        (title, self.phrases(&mut noise, count))
    }

    pub(crate) fn record(&self, at: usize) -> Record {
        let (title, description) = self.texts(at);
        let mut noise = Noise(at as u64 * 13 + 5);
        let mut body = Body::default();
        body.insert("title".into(), Value::text(title));
        body.insert("description".into(), Value::text(description));
        Record {
            id: id(at),
            kind: "offer".into(),
            version: 1,
            region: RegionCode::parse(PLACES[noise.skewed(PLACES.len())]).expect("a region"),
            visibility: Visibility::Public,
            state: RecordState::Active,
            updated: Timestamp::parse("2024-03-05T06:07:08Z").expect("a time"),
            source: Source::default(),
            marks: BTreeMap::new(),
            body,
        }
    }

    pub(crate) fn profile(&self, at: usize) -> Profile {
        Profile::from_record(&self.record(at), offer_schema())
    }

    /// Texts of about so many characters, of other phrases than any record has.
    pub(crate) fn questions(&self, count: usize, chars: usize) -> Vec<String> {
        let question = |at: usize| {
            let mut noise = Noise(at as u64 * 31 + 977);
            let mut text = String::new();
            while text.chars().count() < chars {
                text.push_str(&self.phrases(&mut noise, 1));
            }
            text.chars().take(chars).collect()
        };
        (0..count).map(question).collect()
    }

    fn phrases(&self, noise: &mut Noise, count: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            text.push_str(self.names[noise.skewed(self.names.len())]);
            text.push_str(ACTS[noise.skewed(ACTS.len())]);
            match noise.next() % 4 {
                0 => text.push_str(&format!("{}kV，", 10 + noise.next() % 990)),
                1 => text.push('的'),
                2 => text.push('、'),
                _ => text.push('，'),
            }
        }
        text
    }
}

fn id(at: usize) -> RecordId {
    RecordId::derive(&offer_schema().prefix, &at.to_string())
}
