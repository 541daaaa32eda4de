//! The analyzer as a tokenizer of the index. A text may begin with a control character that says
//! how often each of its terms counts: terms of a title count more, which is BM25F's weighting.

use duijie_matching::{Analyzer, Tokens};
use std::sync::Arc;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// `\u{1}` to `\u{4}`: the terms that follow count so many times.
const MAX_REPEATS: u32 = 4;

#[derive(Clone)]
pub(crate) struct DuijieTokenizer {
    analyzer: Arc<Analyzer>,
    tokens: TokenBuffer,
}

/// Kept between texts so that its memory is used again; a clone starts with an empty one.
#[derive(Default)]
struct TokenBuffer(Tokens);

impl Clone for TokenBuffer {
    fn clone(&self) -> TokenBuffer {
        TokenBuffer::default()
    }
}

pub(crate) struct DuijieTokens<'a> {
    tokens: &'a Tokens,
    next: usize,
    repeats: u32,
    left: u32,
    token: Token,
}

impl DuijieTokenizer {
    pub(crate) fn new(analyzer: Arc<Analyzer>) -> DuijieTokenizer {
        DuijieTokenizer { analyzer, tokens: TokenBuffer::default() }
    }
}

/// `text` marked so that each of its terms counts `repeats` times.
pub(crate) fn weighted(text: &str, repeats: u32) -> String {
    let mark = char::from_u32(repeats.clamp(1, MAX_REPEATS)).unwrap_or('\u{1}');
    let mut marked = String::with_capacity(text.len() + 1);
    marked.push(mark);
    marked.push_str(text);
    marked
}

impl Tokenizer for DuijieTokenizer {
    type TokenStream<'a> = DuijieTokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> DuijieTokens<'a> {
        let repeats = text.chars().next().map(u32::from).filter(|mark| (1..=MAX_REPEATS).contains(mark)).unwrap_or(1);
        self.analyzer.analyze(text, &mut self.tokens.0);
        DuijieTokens { tokens: &self.tokens.0, next: 0, repeats, left: 0, token: Token::default() }
    }
}

impl TokenStream for DuijieTokens<'_> {
    fn advance(&mut self) -> bool {
        if self.left > 0 {
            self.left -= 1;
            self.token.position = self.token.position.wrapping_add(1);
            return true;
        }
        if self.next >= self.tokens.len() {
            return false;
        }
        let term = self.tokens.get(self.next);
        self.token.text.clear();
        self.token.text.push_str(term.term);
        self.token.offset_from = term.at.start;
        self.token.offset_to = term.at.end;
        self.token.position = self.token.position.wrapping_add(1);
        self.next += 1;
        self.left = self.repeats - 1;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
