//! Rule text to tree: a Pratt parser over the grammar of CEL with the Chinese spellings.

use crate::lexer::{RuleFault, Token, tokens};
use crate::syntax::{Band, BandTest, Binary, EndOwner, Expr, ExprKind, Function, RegionWord};
use duijie_vocab::text;
use std::ops::Range;

/// The deepest tree that is read: every later walk over it is recursive.
const MAX_DEPTH: usize = 120;

const TERNARY: u8 = 1;
const COMPARISON: u8 = 9;
const SUM: u8 = 11;
const UNARY: u8 = 15;

/// The tree of a rule, or the first fault in it.
pub fn parse_rule(rule: &str) -> Result<Expr, RuleFault> {
    let mut parser = Parser { tokens: tokens(rule)?, at: 0, depth: 0 };
    let expr = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.left_over()),
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn span(&self) -> Range<usize> {
        self.tokens[self.at].1.clone()
    }

    fn last_end(&self) -> usize {
        self.at.checked_sub(1).map_or(0, |at| self.tokens[at].1.end)
    }

    /// The next token, whose words leave the list.
    fn take(&mut self) -> Token {
        let token = match &mut self.tokens[self.at].0 {
            Token::End => return Token::End,
            Token::Sign(sign) => Token::Sign(sign),
            words => std::mem::replace(words, Token::End),
        };
        self.at += 1;
        token
    }

    fn sees(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }

    fn sees_word(&self, words: &[&str]) -> bool {
        matches!(self.peek(), Token::Name(name) if words.contains(&name.as_str()))
    }

    fn accept(&mut self, sign: &str) -> bool {
        let seen = self.sees(sign);
        if seen {
            self.at += 1;
        }
        seen
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), RuleFault> {
        if self.accept(sign) {
            return Ok(());
        }
        Err(self.unexpected(text!("这里缺少 `{sign}`", "`{sign}` is missing here")))
    }

    fn unexpected(&self, message: duijie_vocab::Text) -> RuleFault {
        let span = match self.peek() {
            Token::End => self.last_end()..self.last_end(),
            _ => self.span(),
        };
        RuleFault::new("policy.rule.syntax", span, message).help(text!("检查括号、运算符和逗号", "check brackets, operators and commas"))
    }

    /// Something stands where a rule could have ended: a word that is none of the language, or too much.
    fn left_over(&self) -> RuleFault {
        let (Token::Name(word) | Token::Quoted(word) | Token::Text(word)) = self.peek() else {
            return self.unexpected(text!("这里多出了内容", "something is left over here"));
        };
        let fault = self.unexpected(text!("不明白这里的 `{word}`", "`{word}` is not understood here"));
        match word.as_str() {
            "岁" | "周岁" => fault.help(text!("时长用 `年`、`个月`、`天`", "lengths of time are written in `年`, `个月` or `天`")),
            _ if word.contains("开头") => fault.help(text!("写作 `应用行业 开头为 {{C38, C39}}`", "write `industry begins_with {{C38, C39}}`")),
            _ => fault.help(text!(
                "两个值之间用运算词，如 ≥ 至少 不超过 属于 含 且 或；单位紧跟数字",
                "between two values stands an operator such as >= in contains && ||; a unit follows its number"
            )),
        }
    }

    fn node(&self, kind: ExprKind, start: usize) -> Result<Expr, RuleFault> {
        let span = start..self.last_end();
        let mut below = 0;
        each_child(&kind, |child| below = below.max(child.depth));
        let depth = 1 + below;
        if depth > MAX_DEPTH {
            return Err(too_deep(span));
        }
        Ok(Expr { kind, span, depth })
    }

    fn expression(&mut self, least: u8) -> Result<Expr, RuleFault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep(self.span()));
        }
        let expr = self.operators(least);
        self.depth -= 1;
        expr
    }

    fn operators(&mut self, least: u8) -> Result<Expr, RuleFault> {
        let start = self.span().start;
        let mut left = self.operand()?;
        let mut compared = false;
        loop {
            if self.sees("?") && least <= TERNARY {
                self.at += 1;
                let then = Box::new(self.expression(0)?);
                self.expect(":")?;
                let otherwise = Box::new(self.expression(TERNARY)?);
                left = self.node(ExprKind::If { condition: Box::new(left), then, otherwise }, start)?;
                continue;
            }
            let between = self.sees_word(&["介于", "between"]);
            let op = if between { None } else { self.binary() };
            let Some(binding) = op.map(|op| op.spelling().0).or(between.then_some(COMPARISON)).filter(|&binding| binding >= least) else { return Ok(left) };
            if binding == COMPARISON && compared {
                return Err(self
                    .unexpected(text!("比较不能连写", "comparisons cannot be chained"))
                    .help(text!("写作 `x 介于 a 和 b`，或用 `且` 连接两个比较", "write `x between a and b`, or join two comparisons with `&&`")));
            }
            compared |= binding == COMPARISON;
            self.at += 1;
            left = match op {
                Some(op) => {
                    let right = Box::new(self.expression(binding + 1)?);
                    self.node(ExprKind::Binary { op, left: Box::new(left), right }, start)?
                }
                None => self.between(left, start)?,
            };
        }
    }

    fn between(&mut self, value: Expr, start: usize) -> Result<Expr, RuleFault> {
        let low = Box::new(self.expression(SUM)?);
        if !self.sees_word(&["和", "与", "至", "到", "and", "to"]) {
            return Err(self.unexpected(text!("`介于` 需要写成 `介于 a 和 b`", "`between` is written `between a and b`")));
        }
        self.at += 1;
        let high = Box::new(self.expression(SUM)?);
        self.node(ExprKind::Between { value: Box::new(value), low, high }, start)
    }

    fn binary(&self) -> Option<Binary> {
        let spelling = match self.peek() {
            Token::Sign(sign) => sign,
            Token::Name(name) => name.as_str(),
            _ => return None,
        };
        Some(match spelling {
            "||" | "或" | "或者" | "or" => Binary::Or,
            "&&" | "且" | "并且" | "and" => Binary::And,
            "==" | "等于" => Binary::Equal,
            "!=" | "不等于" => Binary::NotEqual,
            "<" | "小于" | "低于" | "少于" => Binary::Less,
            "<=" | "不超过" | "不高于" | "不大于" | "小于等于" | "至多" | "最多" => Binary::LessEqual,
            ">" | "大于" | "高于" | "超过" | "多于" => Binary::Greater,
            ">=" | "不低于" | "不少于" | "不小于" | "大于等于" | "达到" | "至少" | "最少" => Binary::GreaterEqual,
            "in" | "属于" => Binary::In,
            "not_in" | "不属于" => Binary::NotIn,
            "begins_with" | "开头为" => Binary::Begins,
            "含" | "包含" | "contains" => Binary::Contains,
            "含任一" | "contains_any" => Binary::ContainsAny,
            "含全部" | "contains_all" => Binary::ContainsAll,
            "不含" | "不包含" | "contains_none" => Binary::ContainsNone,
            "+" => Binary::Add,
            "-" => Binary::Subtract,
            "*" => Binary::Multiply,
            "/" => Binary::Divide,
            _ => return None,
        })
    }

    fn operand(&mut self) -> Result<Expr, RuleFault> {
        let start = self.span().start;
        if self.binary().is_some() && !self.sees("-") {
            return Err(self.unexpected(text!("运算符前缺少一个值", "a value is missing before this operator")));
        }
        match self.take() {
            Token::Number { digits, unit } => self.node(ExprKind::Number { digits, unit }, start),
            Token::Date(date) => self.node(ExprKind::Date(date), start),
            Token::Text(text) => self.node(ExprKind::Text(text), start),
            Token::Name(name) => self.named(name, start),
            Token::Quoted(name) => self.fact(name, start),
            Token::Sign("-") => {
                let inner = Box::new(self.expression(UNARY)?);
                self.node(ExprKind::Negate(inner), start)
            }
            Token::Sign("!") => {
                let inner = Box::new(self.expression(UNARY)?);
                self.node(ExprKind::Not(inner), start)
            }
            Token::Sign("(") => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(Expr { span: start..self.last_end(), ..inner })
            }
            Token::Sign(open @ ("{" | "[")) => {
                let items = self.items(if open == "{" { "}" } else { "]" })?;
                self.node(ExprKind::Set(items), start)
            }
            _ => {
                self.at = self.at.saturating_sub(usize::from(self.tokens[self.at].0 != Token::End));
                Err(self.unexpected(text!("这里应有一个指标、数或括号", "a fact, a number or a bracket is wanted here")))
            }
        }
    }

    /// Expressions up to the closing bracket, which is taken.
    fn items(&mut self, closing: &'static str) -> Result<Vec<Expr>, RuleFault> {
        let mut items = Vec::new();
        while !self.accept(closing) {
            items.push(self.expression(0)?);
            if !self.accept(",") {
                self.expect(closing)?;
                break;
            }
        }
        Ok(items)
    }

    fn named(&mut self, name: String, start: usize) -> Result<Expr, RuleFault> {
        match name.as_str() {
            "true" | "真" => return self.node(ExprKind::Bool(true), start),
            "false" | "假" => return self.node(ExprKind::Bool(false), start),
            "非" | "not" => {
                let inner = Box::new(self.expression(UNARY)?);
                return self.node(ExprKind::Not(inner), start);
            }
            _ => {}
        }
        if self.sees(".") {
            return self.region(&name, start);
        }
        match if self.sees("(") { Function::named(&name) } else { None } {
            None => self.fact(name, start),
            Some(function) => {
                self.at += 1;
                if function.takes_table() {
                    return self.table(function, start);
                }
                let arguments = self.items(")")?;
                self.node(ExprKind::Apply { function, arguments }, start)
            }
        }
    }

    /// A name that can only be a fact, alone or with its period.
    fn fact(&mut self, name: String, start: usize) -> Result<Expr, RuleFault> {
        if !self.accept("(") {
            return self.node(ExprKind::Name(name), start);
        }
        let periods = self.items(")")?;
        self.node(ExprKind::Access { name, periods }, start)
    }

    fn region(&mut self, name: &str, start: usize) -> Result<Expr, RuleFault> {
        let Some(level) = RegionWord::named(name) else {
            return Err(RuleFault::new("policy.rule.region", start..self.last_end(), text!("`{name}` 不是区域层级", "`{name}` is not a level of region"))
                .help(text!("可用：全国 全省 全市 全县 本地区", "one of: nation province city county region")));
        };
        self.at += 1;
        let inner_start = self.span().start;
        let (quoted, inner) = match self.peek() {
            Token::Name(name) => (false, name.clone()),
            Token::Quoted(name) => (true, name.clone()),
            _ => return Err(self.unexpected(text!("点号后应有区域指标", "a fact of the region is wanted after the dot"))),
        };
        self.at += 1;
        if self.sees(".") {
            return Err(self.unexpected(text!("区域不能嵌套", "regions cannot be nested")).help(text!("只写一个层级", "write one level")));
        }
        let inner = Box::new(if quoted { self.fact(inner, inner_start)? } else { self.named(inner, inner_start)? });
        self.node(ExprKind::Region { level, inner }, start)
    }

    fn table(&mut self, function: Function, start: usize) -> Result<Expr, RuleFault> {
        let subject = Box::new(self.expression(0)?);
        self.expect(",")?;
        self.expect("{")?;
        let mut bands = Vec::new();
        while !self.accept("}") {
            bands.push(self.band(function)?);
            if !self.accept(",") {
                self.expect("}")?;
                break;
            }
        }
        self.expect(")")?;
        self.node(ExprKind::Table { function, subject, bands }, start)
    }

    fn band(&mut self, function: Function) -> Result<Band, RuleFault> {
        let start = self.span().start;
        let test = self.band_test(function)?;
        self.expect(":")?;
        let value = self.expression(0)?;
        Ok(Band { test, value, span: start..self.last_end() })
    }

    fn band_test(&mut self, function: Function) -> Result<BandTest, RuleFault> {
        if self.sees_word(&["else", "其他", "其余"]) {
            self.at += 1;
            return Ok(BandTest::Else);
        }
        if let Some(op) = self.binary().filter(|op| op.is_comparison()) {
            self.at += 1;
            return Ok(BandTest::Compare { op, bound: self.expression(SUM)? });
        }
        let low = if self.range_owner().is_some() { None } else { Some(self.expression(SUM)?) };
        match (self.range_owner(), low) {
            (Some(owner), low) => {
                self.at += 1;
                let high = if self.sees(":") { None } else { Some(self.expression(SUM)?) };
                Ok(BandTest::Range { low, high, owner })
            }
            (None, Some(word)) if function == Function::Lookup => Ok(BandTest::Is(word)),
            (None, _) => Err(self
                .unexpected(text!("档次应写成 `a..b`", "a band is written `a..b`"))
                .help(text!("写作 `..5000万元: 5%`、`≥30%: 20` 或 `其他: 0`", "write `..5000万元: 5%`, `>= 30%: 20` or `else: 0`"))),
        }
    }

    fn range_owner(&self) -> Option<EndOwner> {
        match self.peek() {
            Token::Sign("..") => Some(EndOwner::Unsaid),
            Token::Sign("..=") => Some(EndOwner::This),
            Token::Sign("..<") => Some(EndOwner::Next),
            _ => None,
        }
    }
}

fn too_deep(span: Range<usize>) -> RuleFault {
    RuleFault::new("policy.rule.too_deep", span, text!("规则嵌套超过 {MAX_DEPTH} 层", "the rule nests deeper than {MAX_DEPTH} levels"))
        .help(text!("把内层写成派生指标或单独的条件", "make the inner part a derived fact or a condition of its own"))
}

/// Calls `see` with the expressions directly below one, in order.
pub(crate) fn each_child<'e>(kind: &'e ExprKind, mut see: impl FnMut(&'e Expr)) {
    match kind {
        ExprKind::Number { .. } | ExprKind::Date(_) | ExprKind::Text(_) | ExprKind::Bool(_) | ExprKind::Name(_) => {}
        ExprKind::Access { periods: items, .. } | ExprKind::Set(items) | ExprKind::Apply { arguments: items, .. } => items.iter().for_each(see),
        ExprKind::Region { inner, .. } | ExprKind::Negate(inner) | ExprKind::Not(inner) => see(inner),
        ExprKind::Binary { left, right, .. } => [left, right].into_iter().for_each(|part| see(part)),
        ExprKind::Between { value, low, high } => [value, low, high].into_iter().for_each(|part| see(part)),
        ExprKind::If { condition, then, otherwise } => [condition, then, otherwise].into_iter().for_each(|part| see(part)),
        ExprKind::Table { subject, bands, .. } => {
            see(subject);
            for band in bands {
                match &band.test {
                    BandTest::Range { low, high, .. } => low.iter().chain(high).for_each(&mut see),
                    BandTest::Compare { bound, .. } | BandTest::Is(bound) => see(bound),
                    BandTest::Else => {}
                }
                see(&band.value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) {
        assert_eq!(parse_rule(left).unwrap(), parse_rule(right).unwrap(), "{left} / {right}");
    }

    #[test]
    fn both_spellings_make_one_tree() {
        same("a ≥ 5 且 b ≠ 3 或 非 (c 属于 {x, y})", "a >= 5 && b != 3 || !(c in {x, y})");
        same("a × b ÷ c - d", "((a * b) / c) - d");
        same("x 介于 1 和 5", "x between 1 and 5");
        same("增幅(a, 上年) > 2 × 全市.增幅(a)", "growth(a, 上年) > 2*city.growth(a)");
        same("x 不低于 3%", "x >= 3%");
        same("分档(x, {≥30%: 20, 其他: 0})", "tiers(x, {>= 30%: 20, else: 0})");
        same("a ? 1 : b ? 2 : 3", "a ? 1 : (b ? 2 : 3)");
        same("a 或 b 且 c", "a || (b && c)");
    }

    #[test]
    fn faults_are_found_where_they_are() {
        for (rule, words) in [
            ("a >= ", ""),
            ("a >= 5 5", "5"),
            ("1 < a < 3", "<"),
            ("(a", ""),
            ("增幅(a", ""),
            ("火星.a > 1", "火星"),
            (">= 3", ">="),
            ("a ++ b", "+"),
            ("tiers(x, {5: 1})", ":"),
        ] {
            let fault = parse_rule(rule).unwrap_err();
            assert_eq!(&rule[fault.span.clone()], words, "{rule}: {fault:?}");
        }
    }

    #[test]
    fn depth_of_every_shape_is_limited() {
        for deep in [
            "(".repeat(10_000),
            "-".repeat(10_000),
            "!".repeat(10_000),
            format!("a{}", "+a".repeat(10_000)),
            "min(".repeat(5_000),
            "全市.".repeat(3_000),
            format!("a{}", "?a".repeat(9_000)),
            "{".repeat(10_000),
        ] {
            assert!(parse_rule(&deep).is_err());
        }
    }
}
