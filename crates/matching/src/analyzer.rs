//! Text → terms. Chinese runs give words (jieba, search mode) and character bigrams; other scripts
//! give words, codes and measures. A word of two characters is its own bigram and comes once, so
//! that one index field serves both.

use crate::field_tree::field_names;
use crate::fold::{fold_char, is_han};
use crate::ipc::class_names;
use crate::kin::words_with_kin;
use crate::measure::read_measure;
use crate::stem::stem;
use duijie_vocab::{industries, regions};
use jieba_rs::Jieba;
use std::ops::Range;
use std::sync::{Arc, LazyLock, OnceLock};

/// Terms longer than this many characters are cut: they are noise, not words.
const MAX_TERM_CHARS: usize = 40;

/// Titles of this many characters are names; longer ones tell what is in a class.
const LONGEST_TITLE: usize = 6;

/// The product's own terms of art, one a line.
const DOMAIN_WORDS: &str = include_str!("../data/words.txt");

/// Changes whenever the same text could give other terms than before; an index keeps it.
const RULES: u32 = 1;

static SHARED: LazyLock<Arc<Analyzer>> = LazyLock::new(|| Arc::new(Analyzer::new(std::iter::empty::<&str>())));

/// Cuts text into terms. The dictionary, some thirty megabytes, is loaded when the first Chinese
/// text is cut: share the analyzer.
pub struct Analyzer {
    jieba: OnceLock<Jieba>,
    /// Words that the dictionary is extended by.
    words: Vec<String>,
    fingerprint: u64,
}

/// One term and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub term: &'a str,
    /// Whether the term is a word of a language, a code or a measure.
    pub word: bool,
    /// Whether the term is a pair of adjacent Chinese characters, or no Chinese at all.
    pub bigram: bool,
    /// The last Chinese character of a run, which no bigram begins with.
    pub single: bool,
    /// Characters of the text, from and to.
    pub at: Range<usize>,
}

/// The terms of a text, in one allocation that can be used again.
#[derive(Default)]
pub struct Tokens {
    arena: String,
    spans: Vec<Span>,
    chars: Vec<char>,
    run: String,
}

struct Span {
    term: Range<u32>,
    at: Range<u32>,
    word: bool,
    bigram: bool,
    single: bool,
}

impl Analyzer {
    /// The analyzer with the built-in dictionary, one for the whole process.
    pub fn shared() -> Arc<Analyzer> {
        Arc::clone(&SHARED)
    }

    /// An analyzer that also knows `words`.
    pub fn new<'w>(words: impl IntoIterator<Item = &'w str>) -> Analyzer {
        let domain = DOMAIN_WORDS.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        // Titles of classes; the longer ones are sentences.
        let titles = industries().iter().map(|industry| industry.name).chain(class_names()).chain(field_names());
        let titles = titles.filter(|name| name.chars().count() <= LONGEST_TITLE);
        let fold = |word: &str| word.chars().map(fold_char).collect::<String>();
        let folded = domain.chain(titles).map(fold).chain(words.into_iter().map(fold)).chain(words_with_kin().map(fold));
        let words: Vec<String> = folded.filter(|word| word.chars().count() >= 2 && word.chars().all(is_han)).collect();
        let fingerprint = words.iter().fold(fnv(FNV_START, &RULES.to_le_bytes()), |state, word| fnv(fnv(state, word.as_bytes()), b" "));
        Analyzer { jieba: OnceLock::new(), words, fingerprint }
    }

    fn jieba(&self) -> &Jieba {
        self.jieba.get_or_init(|| {
            let mut jieba = Jieba::new();
            for word in &self.words {
                jieba.add_word(word, None, None);
            }
            for region in regions().iter().filter(|region| region.name.chars().count() <= 8) {
                jieba.add_word(region.name, None, Some("ns"));
            }
            jieba
        })
    }

    /// Whether the dictionary has `word` (folded), rather than guessing it from its characters.
    pub fn knows(&self, word: &str) -> bool {
        self.jieba().has_word(word)
    }

    /// Equal for analyzers that cut every text alike.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The terms of `text`, into `tokens`, which is emptied first.
    pub fn analyze(&self, text: &str, tokens: &mut Tokens) {
        self.cut(text, true, tokens);
    }

    /// The terms of `text` without its Chinese words: bigrams cover every place that a word could
    /// mark, for a fraction of the time.
    pub fn pairs(&self, text: &str) -> Tokens {
        let mut tokens = Tokens::default();
        self.cut(text, false, &mut tokens);
        tokens
    }

    fn cut(&self, text: &str, words: bool, tokens: &mut Tokens) {
        tokens.clear();
        let mut chars = std::mem::take(&mut tokens.chars);
        chars.extend(text.chars().map(fold_char));
        let mut at = 0;
        while at < chars.len() {
            let c = chars[at];
            at = if is_han(c) {
                let end = run_end(&chars, at, is_han);
                self.han_run(&chars[at..end], at, words, tokens);
                end
            } else if c.is_ascii_digit() {
                number(&chars, at, tokens)
            } else if c.is_alphanumeric() {
                latin(&chars, at, tokens)
            } else {
                at + 1
            };
        }
        tokens.chars = chars;
    }

    /// The terms of `text` as one new list.
    pub fn tokens(&self, text: &str) -> Tokens {
        let mut tokens = Tokens::default();
        self.analyze(text, &mut tokens);
        tokens
    }

    /// The words of `text` side by side, none inside another: what a person would say the text consists of.
    pub fn words(&self, text: &str) -> Vec<Range<usize>> {
        let chars: Vec<char> = text.chars().map(fold_char).collect();
        let mut words = Vec::new();
        let mut at = 0;
        while at < chars.len() {
            let c = chars[at];
            if is_han(c) {
                let end = run_end(&chars, at, is_han);
                let run: String = chars[at..end].iter().collect();
                words.extend(self.jieba().cut(&run, true).into_iter().map(|word| at + word.start..at + word.end));
                at = end;
            } else if c.is_alphanumeric() {
                let mut tokens = Tokens::default();
                let end = if c.is_ascii_digit() { number(&chars, at, &mut tokens) } else { latin(&chars, at, &mut tokens) };
                words.push(at..end);
                at = end;
            } else {
                at += 1;
            }
        }
        words
    }

    fn han_run(&self, run: &[char], at: usize, words: bool, tokens: &mut Tokens) {
        let first = tokens.spans.len();
        for pair in 0..run.len() - 1 {
            tokens.push_chars(&run[pair..pair + 2], at + pair, Kind::Bigram);
        }
        tokens.push_chars(&run[run.len() - 1..], at + run.len() - 1, Kind::Single);
        if words && run.len() > 1 {
            self.words_of_run(run, at, first, tokens);
        }
    }

    /// `run` is never empty; its first bigram is the span `first`.
    fn words_of_run(&self, run: &[char], at: usize, first: usize, tokens: &mut Tokens) {
        let mut text = std::mem::take(&mut tokens.run);
        text.clear();
        text.extend(run);
        for word in self.jieba().cut_for_search(&text, true) {
            match word.end - word.start {
                0 | 1 => {}
                2 => tokens.spans[first + word.start].word = true,
                len if len <= MAX_TERM_CHARS => tokens.push(word.word, at + word.start..at + word.end, Kind::Word),
                _ => {}
            }
        }
        tokens.run = text;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A Chinese word that is no bigram.
    Word,
    Bigram,
    Single,
    /// A word of another script, a code or a measure.
    Plain,
}

impl Tokens {
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Token<'_>> {
        (0..self.spans.len()).map(|index| self.get(index))
    }

    pub fn len(&self) -> usize {
        self.spans.len()
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The term at `index`, which must be below [`Tokens::len`].
    pub fn get(&self, index: usize) -> Token<'_> {
        let span = &self.spans[index];
        Token {
            term: &self.arena[span.term.start as usize..span.term.end as usize],
            word: span.word,
            bigram: span.bigram,
            single: span.single,
            at: span.at.start as usize..span.at.end as usize,
        }
    }

    fn clear(&mut self) {
        self.arena.clear();
        self.spans.clear();
        self.chars.clear();
        self.run.clear();
    }

    fn push(&mut self, term: &str, at: Range<usize>, kind: Kind) {
        let start = self.arena.len();
        self.arena.push_str(term);
        self.finish(start, at, kind);
    }

    fn push_chars(&mut self, term: &[char], at: usize, kind: Kind) {
        let start = self.arena.len();
        self.arena.extend(term);
        self.finish(start, at..at + term.len(), kind);
    }

    fn finish(&mut self, start: usize, at: Range<usize>, kind: Kind) {
        self.spans.push(Span {
            term: start as u32..self.arena.len() as u32,
            at: at.start as u32..at.end as u32,
            word: matches!(kind, Kind::Word | Kind::Plain),
            bigram: matches!(kind, Kind::Bigram | Kind::Plain),
            single: kind == Kind::Single,
        });
    }
}

fn run_end(chars: &[char], from: usize, belongs: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|&c| !belongs(c)).map_or(chars.len(), |len| from + len)
}

/// A measure, or the code that the digits begin.
fn number(chars: &[char], at: usize, tokens: &mut Tokens) -> usize {
    match read_measure(&chars[at..]) {
        Some(measure) => {
            let end = at + measure.len;
            tokens.push(&measure.term, at..end, Kind::Plain);
            if let Some(also) = measure.also {
                tokens.push(&also, at..end, Kind::Plain);
            }
            end
        }
        None => latin(chars, at, tokens),
    }
}

/// A word or a code of letters and digits: `ph`, `igbt`, `pm2.5`, `c++`. `mcm-41` gives its parts
/// and, as people leave the hyphen out, the whole without it.
fn latin(chars: &[char], at: usize, tokens: &mut Tokens) -> usize {
    let end = code_end(chars, at);
    push_code(&chars[at..end], at, tokens);
    let joins = |from: usize| chars.get(from) == Some(&'-') && chars.get(from + 1).is_some_and(|c| is_plain(*c));
    if joins(end) && chars[at].is_ascii_alphabetic() && chars[end + 1].is_ascii_digit() {
        let tail = code_end(chars, end + 1);
        if tail - at <= MAX_TERM_CHARS {
            let whole: String = chars[at..end].iter().chain(&chars[end + 1..tail]).collect();
            tokens.push(&whole, at..tail, Kind::Plain);
        }
    }
    end
}

fn push_code(code: &[char], at: usize, tokens: &mut Tokens) {
    for (index, part) in code.chunks(MAX_TERM_CHARS).enumerate() {
        let from = at + index * MAX_TERM_CHARS;
        let term: String = part.iter().collect();
        tokens.push(&stem(&term), from..from + part.len(), Kind::Plain);
    }
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() && !is_han(c)
}

fn code_end(chars: &[char], at: usize) -> usize {
    let mut end = run_end(chars, at, is_plain);
    // `pm2.5`: a point between digits belongs to the code.
    while chars.get(end) == Some(&'.') && chars[end - 1].is_ascii_digit() && chars.get(end + 1).is_some_and(char::is_ascii_digit) {
        end = run_end(chars, end + 1, is_plain);
    }
    if chars[at..end].iter().all(char::is_ascii_alphabetic) {
        end += chars[end..].iter().take(2).take_while(|&&c| matches!(c, '+' | '#')).count();
    }
    end
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: stable over runs and machines, unlike the standard hasher.
fn fnv(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(text: &str, keep: impl Fn(&Token<'_>) -> bool) -> Vec<String> {
        Analyzer::shared().tokens(text).iter().filter(keep).map(|t| t.term.to_string()).collect()
    }

    #[test]
    fn chinese_gives_words_and_bigrams_each_once() {
        assert_eq!(terms("高温合金", |t| t.bigram), ["高温", "温合", "合金"]);
        let words = terms("高温合金叶片", |t| t.word);
        for word in ["高温", "合金", "叶片"] {
            assert_eq!(words.iter().filter(|w| *w == word).count(), 1, "{word} in {words:?}");
        }
        assert_eq!(terms("铝", |t| t.single), ["铝"]);
    }

    #[test]
    fn codes_measures_and_latin_words_are_normalised() {
        let all = |text| terms(text, |t| t.word);
        assert_eq!(all("ＩＧＢＴ Modules"), ["igbt", "module"]);
        assert_eq!(all("MCM-41"), ["mcm", "mcm41", "41"]);
        assert_eq!(all("PM2.5、C++"), ["pm2.5", "c++"]);
        assert_eq!(all("纯度99.99999%"), ["纯度", "99.99999%", "7n"]);
        assert_eq!(all("7N高純鋁"), terms("7n高纯铝", |t| t.word));
        assert!(all("额定电压500kV").contains(&"500kv".to_string()));
    }

    proptest! {
        #[test]
        fn every_term_lies_in_its_text(text in "\\PC{0,60}|[一-龥a-z0-9 .%-]{0,40}") {
            let count = text.chars().count();
            for token in Analyzer::shared().tokens(&text).iter() {
                prop_assert!(token.at.start < token.at.end && token.at.end <= count);
                prop_assert!(!token.term.is_empty());
                prop_assert!(token.word || token.bigram || token.single);
            }
        }

        #[test]
        fn a_text_has_the_terms_of_its_runs(left in "[一-龥]{1,12}", right in "[a-z]{1,8}") {
            let bigrams = |text: &str| terms(text, |t| t.bigram);
            let mut apart = bigrams(&left);
            apart.extend(bigrams(&right));
            prop_assert_eq!(bigrams(&format!("{left}，{right}")), apart);
        }
    }
}
