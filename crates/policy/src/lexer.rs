//! A rule's text as tokens with their byte spans. Full-width characters mean the same as ASCII.

use crate::unit::{KNOWN_UNITS, Unit};
use duijie_vocab::{Date, Decimal, Text, text};
use std::ops::Range;

/// The longest rule that is read, in bytes.
pub(crate) const MAX_RULE_BYTES: usize = 32 * 1024;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Number {
        digits: Decimal,
        unit: Option<String>,
    },
    Date(Date),
    Text(String),
    Name(String),
    /// A name in backquotes, which is never a word of the language.
    Quoted(String),
    /// An operator or bracket, in its ASCII spelling.
    Sign(&'static str),
    End,
}

/// A fault in a rule at a range of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFault {
    pub span: Range<usize>,
    pub code: &'static str,
    pub message: Text,
    pub help: Option<Text>,
    /// Whether it arose in the rule of a derived fact that is used at the place.
    pub(crate) of_fact: bool,
}

impl RuleFault {
    pub(crate) fn new(code: &'static str, span: Range<usize>, message: Text) -> RuleFault {
        RuleFault { span, code, message, help: None, of_fact: false }
    }

    pub(crate) fn help(mut self, help: Text) -> RuleFault {
        self.help = Some(help);
        self
    }
}

/// Signs, the longer before their beginnings.
const SIGNS: [(&str, &str); 46] = [
    ("..=", "..="),
    ("..<", "..<"),
    ("..", ".."),
    ("…", ".."),
    ("&&", "&&"),
    ("||", "||"),
    ("==", "=="),
    ("!=", "!="),
    ("<>", "!="),
    (">=", ">="),
    ("=>", ">="),
    ("<=", "<="),
    ("=<", "<="),
    ("=", "=="),
    ("≠", "!="),
    ("≥", ">="),
    ("≧", ">="),
    ("⩾", ">="),
    ("≤", "<="),
    ("≦", "<="),
    ("⩽", "<="),
    (">", ">"),
    ("<", "<"),
    ("!", "!"),
    ("+", "+"),
    ("-", "-"),
    ("−", "-"),
    ("—", "-"),
    ("*", "*"),
    ("×", "*"),
    ("·", "*"),
    ("/", "/"),
    ("÷", "/"),
    ("(", "("),
    (")", ")"),
    ("{", "{"),
    ("}", "}"),
    ("[", "["),
    ("]", "]"),
    (",", ","),
    ("、", ","),
    (":", ":"),
    ("?", "?"),
    (".", "."),
    (";", ";"),
    ("∈", "in"),
];

/// The tokens of a rule with their spans, the last an end, or the first fault.
pub(crate) fn tokens(rule: &str) -> Result<Vec<(Token, Range<usize>)>, RuleFault> {
    if rule.len() > MAX_RULE_BYTES {
        let kib = rule.len() / 1024;
        let limit = MAX_RULE_BYTES / 1024;
        return Err(RuleFault::new(
            "policy.rule.too_long",
            0..0,
            text!("规则长 {kib} KiB，上限 {limit} KiB", "the rule is {kib} KiB long, the limit is {limit} KiB"),
        )
        .help(text!("拆成多个条件或派生指标", "split it into several conditions or derived facts")));
    }
    let mut lexer = Lexer { rule, at: 0, brackets: 0 };
    let mut found = Vec::new();
    loop {
        lexer.skip_space();
        let start = lexer.at;
        let token = lexer.next()?;
        let done = token == Token::End;
        found.push((token, start..lexer.at));
        if done {
            return Ok(found);
        }
    }
}

/// ASCII for a full-width character; a character for itself otherwise.
fn folded(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        c => c,
    }
}

/// Whether `c` ends a text or name that stands in quotes which `closing` closes.
pub(crate) fn closes(c: char, closing: char) -> bool {
    c == closing || folded(c) == closing
}

fn begins_name(c: char) -> bool {
    is_han(c) || folded(c).is_alphabetic() || c == '_'
}

fn continues_name(c: char) -> bool {
    is_han(c) || folded(c).is_alphanumeric() || c == '_'
}

/// The characters that most names are made of, known without looking them up.
fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}')
}

struct Lexer<'r> {
    rule: &'r str,
    at: usize,
    /// How many brackets are open; within them a comma stands between values.
    brackets: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.rule[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let blank: usize = rest.chars().take_while(|&c| folded(c).is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')).map(char::len_utf8).sum();
            self.at += blank;
            if !self.rest().starts_with("//") {
                return;
            }
            let line = self.rest().find('\n').unwrap_or(self.rest().len());
            self.at += line;
        }
    }

    fn next(&mut self) -> Result<Token, RuleFault> {
        let Some(c) = self.peek() else { return Ok(Token::End) };
        if folded(c).is_ascii_digit() {
            return self.number();
        }
        if begins_name(c) {
            return Ok(Token::Name(self.name()));
        }
        match folded(c) {
            '`' => return self.quoted('`').map(Token::Quoted),
            '"' | '\'' => return self.quoted(folded(c)).map(Token::Text),
            '“' => return self.quoted('”').map(Token::Text),
            '「' => return self.quoted('」').map(Token::Text),
            _ => {}
        }
        self.sign()
    }

    fn sign(&mut self) -> Result<Token, RuleFault> {
        // The longest sign has three characters; full-width ones take three bytes each.
        let mut ahead = [' '; 3];
        ahead.iter_mut().zip(self.rest().chars()).for_each(|(place, c)| *place = folded(c));
        if let Some((spelling, sign)) = SIGNS.iter().find(|(spelling, _)| spelling.chars().zip(ahead).all(|(a, b)| a == b)) {
            self.at += self.rest().chars().take(spelling.chars().count()).map(char::len_utf8).sum::<usize>();
            match *sign {
                "(" | "{" | "[" => self.brackets += 1,
                ")" | "}" | "]" => self.brackets = self.brackets.saturating_sub(1),
                _ => {}
            }
            return Ok(Token::Sign(sign));
        }
        let c = self.peek().unwrap_or(' ');
        let span = self.at..self.at + c.len_utf8();
        let fault = RuleFault::new("policy.rule.character", span, text!("规则中不应出现 `{c}`", "`{c}` has no meaning in a rule"));
        Err(match c {
            '&' => fault.help(text!("“且”写作 `且` 或 `&&`", "write `and` as `且` or `&&`")),
            '|' => fault.help(text!("“或”写作 `或` 或 `||`", "write `or` as `或` or `||`")),
            '%' => fault.help(text!("百分号须紧跟数字，如 `3%`", "a percent sign follows a number, as in `3%`")),
            _ => fault.help(text!("删去它，或给文字加引号", "take it out, or put quotes around a text")),
        })
    }

    fn name(&mut self) -> String {
        let start = self.at;
        self.at += self.rest().chars().take_while(|&c| continues_name(c)).map(char::len_utf8).sum::<usize>();
        self.rule[start..self.at].chars().map(folded).collect()
    }

    fn quoted(&mut self, closing: char) -> Result<String, RuleFault> {
        let start = self.at;
        let mut chars = self.rest().char_indices();
        chars.next();
        let Some((end, mark)) = chars.find(|(_, c)| closes(*c, closing)) else {
            return Err(RuleFault::new("policy.rule.quote", start..self.rule.len(), text!("引号没有结束", "this quote has no end"))
                .help(text!("在末尾加上 `{closing}`", "add `{closing}` at its end")));
        };
        let opening = self.peek().map_or(1, char::len_utf8);
        let text = self.rule[start + opening..start + end].to_string();
        self.at = start + end + mark.len_utf8();
        Ok(text)
    }

    fn digits(&mut self) -> String {
        let mut taken = String::new();
        while let Some(c) = self.peek().filter(|&c| folded(c).is_ascii_digit()) {
            taken.push(folded(c));
            self.at += c.len_utf8();
        }
        taken
    }

    fn number(&mut self) -> Result<Token, RuleFault> {
        let start = self.at;
        let mut written = self.digits();
        let may_group = self.brackets == 0 && written.len() <= 3;
        while may_group && self.sees_group() {
            self.at += self.peek().map_or(1, char::len_utf8);
            written.push_str(&self.digits());
        }
        if let Some(date) = self.date_after(&written, start)? {
            return Ok(Token::Date(date));
        }
        let mut ahead = self.rest().chars();
        if ahead.next().map(folded) == Some('.') && ahead.next().is_some_and(|c| folded(c).is_ascii_digit()) {
            self.at += self.peek().map_or(1, char::len_utf8);
            written.push('.');
            written.push_str(&self.digits());
        }
        let span = start..self.at;
        let digits = Decimal::parse(&written).map_err(|_| {
            RuleFault::new("policy.rule.number", span, text!("`{written}` 的位数太多", "`{written}` has more digits than can be kept"))
                .help(text!("用更大的单位，如 `亿元`", "use a larger unit such as `亿元`"))
        })?;
        Ok(Token::Number { digits, unit: self.unit()? })
    }

    /// Whether `,000` follows: a comma with exactly three digits behind it.
    fn sees_group(&self) -> bool {
        let mut ahead = self.rest().chars().map(folded);
        ahead.next() == Some(',') && (0..3).all(|_| ahead.next().is_some_and(|c| c.is_ascii_digit())) && !ahead.next().is_some_and(|c| c.is_ascii_digit())
    }

    /// `-06-30` after four digits makes a date.
    fn date_after(&mut self, year: &str, start: usize) -> Result<Option<Date>, RuleFault> {
        if year.len() != 4 {
            return Ok(None);
        }
        let tail: String = self.rest().chars().take(6).map(folded).collect();
        let shape: String = tail.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        if shape != "-00-00" {
            return Ok(None);
        }
        self.at += self.rest().chars().take(6).map(char::len_utf8).sum::<usize>();
        let written = format!("{year}{tail}");
        Date::parse(&written).map(Some).map_err(|_| {
            RuleFault::new("policy.rule.date", start..self.at, text!("日期 `{written}` 不存在", "the date `{written}` does not exist"))
                .help(text!("检查月和日", "check the month and the day"))
        })
    }

    /// The unit after a number: `%` or a unit word; a word that touches the digits must be a unit.
    fn unit(&mut self) -> Result<Option<String>, RuleFault> {
        let after_digits = self.at;
        if let Some(c) = self.peek().filter(|&c| matches!(folded(c), '%' | '‰')) {
            self.at += c.len_utf8();
            return Ok(Some(folded(c).to_string()));
        }
        let blank: usize = self.rest().chars().take_while(|&c| matches!(folded(c), ' ' | '\t')).map(char::len_utf8).sum();
        self.at += blank;
        let start = self.at;
        let word = if self.peek().is_some_and(|c| begins_name(c) || c == '㎡') { self.name_or_sign() } else { String::new() };
        if Unit::named(&word).is_some() {
            return Ok(Some(word));
        }
        if blank == 0 && !word.is_empty() {
            let fault = RuleFault::new("policy.rule.unit", start..self.at, text!("未知的单位 `{word}`", "unknown unit `{word}`"));
            return Err(match crate::suggest::closest(&word, KNOWN_UNITS.split(' ')) {
                Some(near) => fault.help(text!("是否指 `{near}`？运算词前后请留空格", "did you mean `{near}`? put spaces around operator words")),
                None => fault.help(text!("可用：{KNOWN_UNITS}", "known: {KNOWN_UNITS}")),
            });
        }
        self.at = after_digits;
        Ok(None)
    }

    fn name_or_sign(&mut self) -> String {
        if self.peek() == Some('㎡') {
            self.at += '㎡'.len_utf8();
            return "㎡".to_string();
        }
        self.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rule: &str) -> String {
        let spelled = |token: Token| match token {
            Token::Number { digits, unit } => format!("{digits}{}", unit.unwrap_or_default()),
            Token::Date(date) => date.to_string(),
            Token::Text(text) => format!("'{text}'"),
            Token::Name(name) | Token::Quoted(name) => name,
            Token::Sign(sign) => sign.to_string(),
            Token::End => "$".to_string(),
        };
        tokens(rule).unwrap().into_iter().map(|(token, _)| spelled(token)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn tokens_of_both_scripts_are_the_same() {
        assert_eq!(shown("研发费用 ≥ 500万元"), "研发费用 >= 500万元 $");
        assert_eq!(shown("研发费用＞＝５００ 万元"), "研发费用 >= 500万元 $");
        assert_eq!(shown("{..5000万元: 5%, 2亿元..: 3%}"), "{ .. 5000万元 : 5% , 2亿元 .. : 3% } $");
        assert_eq!(shown("x>=5 or x<5"), "x >= 5 or x < 5 $");
        assert_eq!(shown("2021-06-30 - 10 年"), "2021-06-30 - 10年 $");
        assert_eq!(shown("x ≥ 5,000,000元"), "x >= 5000000元 $");
        assert_eq!(shown("max(1,200) + {100,200}"), "max ( 1 , 200 ) + { 100 , 200 } $");
        assert_eq!(shown("本年-2 “在业” 1.5亿元×2"), "本年 - 2 '在业' 1.5亿元 * 2 $");
    }

    #[test]
    fn faults_name_their_place() {
        for (rule, code, words) in [
            ("a >= 5万无", "policy.rule.unit", "万无"),
            ("2021-02-30", "policy.rule.date", "2021-02-30"),
            ("a & b", "policy.rule.character", "&"),
            ("a = \"b", "policy.rule.quote", "\"b"),
        ] {
            let fault = tokens(rule).unwrap_err();
            assert_eq!((fault.code, &rule[fault.span.clone()]), (code, words), "{rule}");
            assert!(fault.help.is_some());
        }
        assert_eq!(tokens(&"1+".repeat(MAX_RULE_BYTES)).unwrap_err().code, "policy.rule.too_long");
    }
}
