//! The words of a region: what its records call things and no general dictionary knows. Values of
//! fields that hold terms are taken whole; in prose, new words are found by how their pieces stand
//! together. Names of firms and places are no words for things.

use crate::new_words::{Evidence, Pieces};
use crate::topic::{begins_with_place, ends_an_organization, is_place, is_stop};
use crate::{Analyzer, FieldText, fold_char, is_han};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Learns words from records, one after another. The same records in the same order give the same words.
pub struct Lexicon {
    /// Knows the built-in dictionary only: what is learnt never depends on what was learnt before.
    base: Analyzer,
    pieces: Pieces,
    /// Values of term fields, and how many records have them.
    terms: HashMap<String, u32>,
    /// Names of firms without the place before them.
    firms: BTreeSet<String>,
}

/// Fields whose values are terms, one by one or in a row.
const TERM_FIELDS: [&str; 8] = ["keywords", "fields", "uses", "processes", "disciplines", "machines", "industries", "products"];
/// Fields that tell in sentences what a record is about. `text` is a text in no particular field.
const PROSE_FIELDS: [&str; 16] = [
    "title",
    "text",
    "summary",
    "description",
    "abstract",
    "main_problem",
    "key_technology",
    "expected_result",
    "background",
    "function",
    "specification",
    "competences",
    "achievements",
    "about",
    "products",
    "results",
];
/// A term has so many characters at most; what is longer is a sentence.
const MOST_CHARS: usize = 8;
/// So many records must use a term.
const TERM_RECORDS: u32 = 2;
/// A region has so many words at most, those of most records.
const MOST_WORDS: usize = 20_000;
/// Stricter than for terms: nobody has said that these are words.
const EVIDENCE: Evidence = Evidence { texts: 5, tie: 4.0, freedom: 1.5, chars: 6 };
/// Characters that join or begin what is no term.
const JOINERS: [char; 10] = ['的', '与', '和', '及', '或', '等', '为', '在', '对', '了'];

/// Characters that begin or end no word found in prose: what stands beside them only often stands there.
const BEGIN_NONE: &str = "一个仍以会但各因均呈尽已应更最未正现越较这那例来可";
const END_NONE: &str = "中为也于以会使出到则均地将应得指是更有未来由着约至较过达里可且个例不很行大小高低强弱好广";

impl Default for Lexicon {
    fn default() -> Lexicon {
        Lexicon { base: Analyzer::new(std::iter::empty()), pieces: Pieces::default(), terms: HashMap::new(), firms: BTreeSet::new() }
    }
}

impl Lexicon {
    /// Reads a record: its texts, and whose it is.
    pub fn read(&mut self, texts: &[FieldText], holder: Option<&str>) {
        for field in texts {
            if TERM_FIELDS.contains(&field.field.as_str()) {
                self.read_terms(&field.text);
            }
            if PROSE_FIELDS.contains(&field.field.as_str()) {
                self.read_prose(&field.text);
            }
        }
        self.firms.extend(holder.map(|name| without_place(&fold(name))));
    }

    /// The words, ordered by themselves.
    pub fn words(self) -> Vec<String> {
        let Lexicon { base, pieces, terms, firms } = self;
        let brands: HashSet<String> = firms.iter().filter_map(|firm| brand(&base, firm)).collect();
        let named = |word: &str| brands.contains(&beginning(word, 2)) || firms.contains(word);
        let mut found: BTreeMap<String, u32> =
            pieces.words(EVIDENCE).into_iter().filter(|(word, _)| is_term(word) && stands_alone(word) && !begins_a_firm(&firms, word)).collect();
        for (term, records) in terms.into_iter().filter(|(_, records)| *records >= TERM_RECORDS) {
            found.entry(term).and_modify(|known| *known = (*known).max(records)).or_insert(records);
        }
        let mut words: Vec<(String, u32)> = found.into_iter().filter(|(word, _)| is_new(&base, word) && !named(word)).collect();
        words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        words.truncate(MOST_WORDS);
        let words: BTreeSet<String> = words.into_iter().map(|(word, _)| word).collect();
        words.into_iter().collect()
    }

    fn read_terms(&mut self, text: &str) {
        let folded = fold(text);
        let terms: BTreeSet<&str> = folded.split(|c: char| !is_han(c)).filter(|term| is_term(term)).collect();
        for term in terms {
            match self.terms.get_mut(term) {
                Some(records) => *records += 1,
                None => {
                    self.terms.insert(term.to_string(), 1);
                }
            }
        }
    }

    fn read_prose(&mut self, text: &str) {
        let chars: Vec<char> = text.chars().map(fold_char).collect();
        let mut pieces: Vec<Option<String>> = Vec::new();
        let mut end = 0;
        for at in self.base.words(text) {
            if at.start != end || !chars[at.clone()].iter().all(|c| is_han(*c)) {
                pieces.push(None);
            }
            end = at.end;
            if chars[at.start..at.end].iter().all(|c| is_han(*c)) {
                pieces.push(Some(chars[at].iter().collect()));
            }
        }
        let base = &self.base;
        let silent = |piece: &str| is_stop(piece) || is_place(piece) || piece.chars().all(|c| JOINERS.contains(&c));
        self.pieces.add(pieces.iter().map(Option::as_deref), |piece| (base.knows(piece), silent(piece)));
    }
}

fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

fn beginning(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// Whether `text` (folded) could be the word for a thing.
fn is_term(text: &str) -> bool {
    let chars = text.chars().count();
    (2..=MOST_CHARS).contains(&chars)
        && text.chars().all(|c| is_han(c) && !JOINERS.contains(&c))
        && !is_stop(text)
        && !ends_an_organization(text)
        && !is_place(text)
        && !begins_with_place(text)
}

/// Whether the dictionary has neither `word` nor words that make it up: 电池回收 is two words that it
/// has, and asks for both wherever they stand.
fn is_new(base: &Analyzer, word: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    let piece = |at: std::ops::Range<usize>| chars[at].iter().collect::<String>();
    !base.knows(word) && base.words(word).into_iter().any(|at| at.len() == 1 || !base.knows(&piece(at)))
}

/// Whether a word from prose is more than a word with its helper.
fn stands_alone(word: &str) -> bool {
    !word.starts_with(|c| BEGIN_NONE.contains(c)) && !word.ends_with(|c| END_NONE.contains(c))
}

/// A firm is called by a place, its own name, its trade and its form, in this order.
fn without_place(name: &str) -> String {
    let longest = (2..=8).rev().find(|&length| is_place(&beginning(name, length)));
    let rest: String = name.chars().skip(longest.unwrap_or(0)).collect();
    rest.trim_start_matches(['省', '市', '县', '区']).to_string()
}

/// The firm's own name, where no word stands there.
fn brand(base: &Analyzer, firm: &str) -> Option<String> {
    let word = (2..=4).any(|length| base.knows(&beginning(firm, length)));
    (!word && firm.chars().count() > 2).then(|| beginning(firm, 2))
}

fn begins_a_firm(firms: &BTreeSet<String>, word: &str) -> bool {
    firms.range(word.to_string()..).next().is_some_and(|firm| firm.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, text: &str) -> FieldText {
        FieldText { field: name.to_string(), weight: 1, text: text.to_string() }
    }

    fn learnt(records: &[(&str, &str, Option<&str>)]) -> Vec<String> {
        let mut lexicon = Lexicon::default();
        for (name, text, holder) in records {
            lexicon.read(&[field(name, text)], *holder);
        }
        lexicon.words()
    }

    #[test]
    fn terms_of_several_records_are_taken_whole_where_the_dictionary_has_no_words_for_them() {
        let keywords = "氪合剂；固态储氢罐；电池回收；高温合金；常州市；江苏氪材；氪业研究院；研发；IGBT模块；氪与氩";
        assert_eq!(learnt(&[("keywords", keywords, None), ("keywords", keywords, None)]), ["固态储氢罐", "氪合剂"]);
        assert!(learnt(&[("keywords", keywords, None)]).is_empty(), "one record may err");
        assert!(learnt(&[("model", keywords, None), ("model", keywords, None)]).is_empty(), "models are no words");
    }

    #[test]
    fn names_of_firms_are_no_words_for_things() {
        let of = |holder| ("fields", "恒晔；恒晔油缸；氪合剂", Some(holder));
        assert_eq!(learnt(&[of("常州恒晔液压有限公司"), of("江苏省常州市恒晔集团")]), ["氪合剂"]);
        // A firm that is called by what it makes takes no word away.
        assert_eq!(learnt(&[of("常州液压有限公司"), of("常州液压有限公司")]), ["恒晔", "恒晔油缸", "氪合剂"]);
    }

    #[test]
    fn prose_gives_new_words_the_same_every_time() {
        let around = ["制备", "研磨", "喷涂", "测试", "回收", "烧结", "成型", "抛光"];
        let text = |at: usize| match at % 20 {
            0 => format!("{}氪合剂{}，材料{}", around[at / 20 % 8], around[(at / 20 * 3 + 1) % 8], around[(at / 20 * 5 + 2) % 8]),
            _ => format!("{}材料的{}与{}", around[at % 8], around[(at * 3 + 1) % 8], around[(at * 5 + 2) % 8]),
        };
        let texts: Vec<String> = (0..480).map(text).collect();
        let records: Vec<(&str, &str, Option<&str>)> = texts.iter().map(|text| ("description", text.as_str(), None)).collect();
        let words = learnt(&records);
        assert!(words.contains(&"氪合剂".to_string()), "{words:?}");
        assert_eq!(learnt(&records), words);
        // Of a firm's own name nothing is learnt, however often it is told.
        let told: Vec<(&str, &str, Option<&str>)> = records.iter().map(|(field, text, _)| (*field, *text, Some("常州氪合剂有限公司"))).collect();
        assert!(!learnt(&told).contains(&"氪合剂".to_string()));
    }
}
