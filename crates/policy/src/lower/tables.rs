//! Tables: bands by value, brackets that are summed, and words looked up. Gaps and overlaps are faults.

use super::{Context, Got, Lowering, Type, single};
use crate::Fraction;
use crate::lower::operators::compared;
use crate::plan::{Constant, NodeId, Op, Tier};
use crate::syntax::{Band, BandTest, Binary, EndOwner, Expr, ExprKind, Function};
use crate::unit::Dimension;
use duijie_vocab::text;
use std::sync::Arc;

/// One line of a table with its constant ends.
struct Line<'e> {
    low: Option<Fraction>,
    high: Option<Fraction>,
    owner: EndOwner,
    value: NodeId,
    band: &'e Band,
}

/// A line with its comparison (none for `else`), what it gives, and where it stands.
type Tested<'e> = (Option<(Binary, Fraction)>, NodeId, &'e Band);

impl Lowering<'_> {
    pub(super) fn table(&mut self, function: Function, subject: &Expr, bands: &[Band], expr: &Expr, context: Context) -> Got {
        if bands.is_empty() {
            return self.fault("policy.rule.table", expr, text!("分档表是空的", "the table has no lines"), text!("至少写一档", "write at least one line"));
        }
        if function == Function::Lookup {
            return self.lookup(subject, bands, expr, context);
        }
        let lowered = self.lower(subject, context)?;
        let dimension = match &lowered.kind {
            Type::Quantity { dimension, .. } => Some(dimension.clone()),
            Type::Date => None,
            _ => {
                self.quantity(&lowered, subject)?;
                None
            }
        };
        let subject_id = self.one(&lowered, subject)?;
        let compares = bands.iter().any(|band| matches!(band.test, BandTest::Compare { .. } | BandTest::Else));
        if compares && function == Function::Tiers {
            return self.first_match(subject_id, dimension.as_ref(), bands, expr, context);
        }
        let (lines, kind) = self.lines(dimension.as_ref(), bands, expr, context)?;
        let from = lines[0].low;
        let tiers = self.contiguous(&lines, &lowered.kind)?;
        if function == Function::Tiers {
            let id = self.plan.node(Op::Tiers { subject: subject_id, tiers });
            return single(id, kind);
        }
        match &kind {
            Type::Quantity { dimension: Dimension::None | Dimension::Any, .. } => {}
            _ => {
                return self.fault(
                    "policy.rule.progressive",
                    expr,
                    text!("累进表的各档应为比例", "each line of a progressive table gives a rate"),
                    text!("例如 `{{..36000元: 3%, 36000元..: 10%}}`", "for example `{{..36000元: 3%, 36000元..: 10%}}`"),
                );
            }
        }
        let tiers = if from.is_some() { tiers[1..].to_vec().into_boxed_slice() } else { tiers };
        let id = self.plan.node(Op::Progressive { subject: subject_id, from: from.unwrap_or(Fraction::ZERO), tiers });
        single(id, lowered.kind)
    }

    /// Lines as ranges with constant ends and values of one kind.
    fn lines<'e>(&mut self, dimension: Option<&Dimension>, bands: &'e [Band], expr: &Expr, context: Context) -> Option<(Vec<Line<'e>>, Type)> {
        let mut lines = Vec::new();
        let mut kind: Option<Type> = None;
        for band in bands {
            let BandTest::Range { low, high, owner } = &band.test else {
                return self.fault(
                    "policy.rule.table",
                    &band.value,
                    text!("此表只用 `a..b` 的档次", "this table takes bands `a..b` only"),
                    text!("全部写成 `a..b`", "write every line as `a..b`"),
                );
            };
            let low = self.ends(low.as_ref(), dimension, context)?;
            let high = self.ends(high.as_ref(), dimension, context)?;
            let value = self.lower(&band.value, context)?;
            let id = self.one(&value, &band.value)?;
            kind = Some(match kind {
                None => value.kind,
                Some(kind) => self.shared_kind(&kind, &value.kind, expr)?,
            });
            lines.push(Line { low, high, owner: *owner, value: id, band });
        }
        Some((lines, kind?))
    }

    /// An end of a band: absent, or a constant of the subject's kind.
    fn ends(&mut self, end: Option<&Expr>, dimension: Option<&Dimension>, context: Context) -> Option<Option<Fraction>> {
        let Some(end) = end else { return Some(None) };
        self.end(end, dimension, context).map(Some)
    }

    fn end(&mut self, end: &Expr, dimension: Option<&Dimension>, context: Context) -> Option<Fraction> {
        let lowered = self.lower(end, context)?;
        let id = self.one(&lowered, end)?;
        let fits = match (&lowered.kind, dimension) {
            (Type::Quantity { dimension: of, .. }, Some(dimension)) => of.goes_with(dimension),
            (Type::Date, None) => true,
            _ => false,
        };
        match self.constant(id) {
            Some(value) if fits => Some(value),
            Some(_) => self.fault(
                "policy.rule.dimension",
                end,
                text!("档次的单位与被分档的量不同", "the unit of this band is not that of the value"),
                text!("用同一种单位", "use the same kind of unit"),
            ),
            None => self.fault(
                "policy.rule.table",
                end,
                text!("档次的界限应为固定的数", "the end of a band is a fixed number"),
                text!("把变化的部分移到被分档的量里", "move what varies into the value"),
            ),
        }
    }

    /// The bands in order without gap or overlap.
    fn contiguous(&mut self, lines: &[Line<'_>], kind: &Type) -> Option<Box<[Tier]>> {
        let mut tiers = Vec::new();
        if let Some(low) = lines[0].low {
            // The first band begins after its lower end, as every band does, unless its end says `..<`.
            tiers.push(Tier { high: Some((low, lines[0].owner != EndOwner::Next)), value: None });
        }
        for (at, line) in lines.iter().enumerate() {
            let span = line.band.span.clone();
            let shown = |value: Fraction| crate::shown::shown_value(&crate::value::Value::exact(value), kind);
            let mut refuse = |code, message, help| self.faults.push(crate::lexer::RuleFault::new(code, span.clone(), message).help(help));
            if matches!((line.low, line.high), (Some(low), Some(high)) if low >= high) {
                refuse(
                    "policy.rule.band_empty",
                    text!("这一档的下限不小于上限", "the lower end of this band is not below its upper end"),
                    text!("交换两端", "swap the ends"),
                );
                return None;
            }
            if let Some(next) = lines.get(at + 1) {
                match (line.high, next.low) {
                    (Some(high), Some(low)) if high == low => {}
                    (Some(high), Some(low)) if low > high => {
                        let (high, low) = (shown(high), shown(low));
                        refuse(
                            "policy.rule.band_gap",
                            duijie_vocab::Text::new(
                                format!("此档与下一档之间有空隙（{} 至 {}）", high.zh, low.zh),
                                format!("there is a gap between this band and the next ({} to {})", high.en, low.en),
                            ),
                            text!("让下一档从本档的上限开始", "let the next band begin where this one ends"),
                        );
                        return None;
                    }
                    _ => {
                        refuse(
                            "policy.rule.band_overlap",
                            text!("此档与下一档重叠", "this band and the next overlap"),
                            text!("让下一档从本档的上限开始，并按从小到大排列", "let the next band begin where this one ends, in rising order"),
                        );
                        return None;
                    }
                }
                if line.owner == EndOwner::Unsaid {
                    self.remarks.push(
                        crate::lexer::RuleFault::new(
                            "policy.rule.band_owner",
                            span.clone(),
                            text!(
                                "未写明界限值归哪一档，按“不超过”归本档",
                                "the table does not say to which band its end belongs; it is taken as `up to and including`"
                            ),
                        )
                        .help(text!("写 `..=` 归本档，写 `..<` 归下一档", "write `..=` for this band or `..<` for the next")),
                    );
                }
            }
            tiers.push(Tier { high: line.high.map(|high| (high, line.owner != EndOwner::Next)), value: Some(line.value) });
            if at + 1 == lines.len() && line.high.is_some() {
                tiers.push(Tier { high: None, value: None });
            }
        }
        if tiers.last().is_some_and(|tier| tier.value.is_none()) || tiers[0].value.is_none() {
            let span = lines[0].band.span.start..lines[lines.len() - 1].band.span.end;
            self.remarks.push(
                crate::lexer::RuleFault::new(
                    "policy.rule.band_ends",
                    span,
                    text!("分档表没有覆盖所有的值，界外的值得不出结果", "the table does not cover every value; values outside give an error"),
                )
                .help(text!("首档写 `..a`，末档写 `b..`", "begin with `..a` and end with `b..`")),
            );
        }
        Some(tiers.into_boxed_slice())
    }

    /// Lines with comparisons: the first that holds is taken.
    fn first_match(&mut self, subject: NodeId, dimension: Option<&Dimension>, bands: &[Band], expr: &Expr, context: Context) -> Got {
        let mut kind: Option<Type> = None;
        let mut read: Vec<Tested<'_>> = Vec::new();
        for band in bands {
            let test = match &band.test {
                BandTest::Compare { op, bound } => Some((*op, self.end(bound, dimension, context)?)),
                BandTest::Else => None,
                _ => {
                    return self.fault(
                        "policy.rule.table",
                        &band.value,
                        text!("比较与 `a..b` 不能混写", "comparisons and bands `a..b` cannot be mixed"),
                        text!("统一写法", "write all lines in one way"),
                    );
                }
            };
            let value = self.lower(&band.value, context)?;
            let id = self.one(&value, &band.value)?;
            kind = Some(match kind {
                None => value.kind,
                Some(kind) => self.shared_kind(&kind, &value.kind, expr)?,
            });
            read.push((test, id, band));
        }
        self.check_order(&read);
        let kind = kind?;
        if let Some(tiers) = as_tiers(&read) {
            if tiers.iter().any(|tier| tier.value.is_none()) {
                self.remarks.push(
                    crate::lexer::RuleFault::new(
                        "policy.rule.band_ends",
                        expr.span.clone(),
                        text!("分档表没有覆盖所有的值", "the table does not cover every value"),
                    )
                    .help(text!("末行加 `其他: …`", "add a last line `else: …`")),
                );
            }
            let id = self.plan.node(Op::Tiers { subject, tiers });
            return single(id, kind);
        }
        let [rest @ .., (None, last, _)] = read.as_slice() else {
            return self.fault(
                "policy.rule.band_ends",
                expr,
                text!("分档表缺少 `其他`", "the table lacks an `else`"),
                text!("末行加 `其他: …`", "add a last line `else: …`"),
            );
        };
        let mut id = *last;
        for (test, value, _) in rest.iter().rev() {
            let Some((op, bound)) = test else { continue };
            let bound = self.plan.number(*bound);
            let condition = compared(self.plan, *op, subject, bound);
            id = self.plan.node(Op::If { condition, then: *value, otherwise: id });
        }
        single(id, kind)
    }

    /// A line that an earlier one hides can never be taken.
    fn check_order(&mut self, lines: &[Tested<'_>]) {
        for (at, (test, _, band)) in lines.iter().enumerate() {
            let hidden = lines[..at].iter().any(|(earlier, _, _)| match (earlier, test) {
                (None, _) => true,
                // After `> a` the line `>= a` still has the one point a; otherwise the earlier bound covers the later.
                (Some((Binary::Greater, low)), Some((Binary::GreaterEqual, bound))) => bound > low,
                (Some((Binary::GreaterEqual | Binary::Greater, low)), Some((Binary::GreaterEqual | Binary::Greater, bound))) => bound >= low,
                (Some((Binary::Less, high)), Some((Binary::LessEqual, bound))) => bound < high,
                (Some((Binary::LessEqual | Binary::Less, high)), Some((Binary::LessEqual | Binary::Less, bound))) => bound <= high,
                _ => false,
            });
            if hidden {
                self.faults.push(
                    crate::lexer::RuleFault::new(
                        "policy.rule.band_hidden",
                        band.span.clone(),
                        text!("前面的档次已包括这一档", "an earlier line already covers this one"),
                    )
                    .help(text!("按从严到宽排列", "order the lines from the strictest")),
                );
            }
        }
    }

    fn lookup(&mut self, subject: &Expr, bands: &[Band], expr: &Expr, context: Context) -> Got {
        let lowered = self.lower(subject, context)?;
        let Type::Word(fact) = lowered.kind else {
            return self.fault(
                "policy.rule.lookup",
                subject,
                text!("`lookup` 查的是文字", "`lookup` looks up a word"),
                text!("数值用 `分档`", "use `tiers` with numbers"),
            );
        };
        let subject_id = self.one(&lowered, subject)?;
        let mut otherwise: Option<NodeId> = None;
        let mut kind: Option<Type> = None;
        let mut chosen = Vec::new();
        for band in bands {
            let value = self.lower(&band.value, context)?;
            let id = self.one(&value, &band.value)?;
            kind = Some(match kind {
                None => value.kind,
                Some(kind) => self.shared_kind(&kind, &value.kind, expr)?,
            });
            match &band.test {
                BandTest::Else => otherwise = Some(id),
                BandTest::Is(Expr { kind: ExprKind::Name(word) | ExprKind::Text(word), span, .. }) => {
                    if let Some(fact) = fact {
                        self.check_word(fact, word, &Expr { kind: ExprKind::Text(word.clone()), span: span.clone(), depth: 1 });
                    }
                    chosen.push((word.clone(), id));
                }
                _ => {
                    return self.fault(
                        "policy.rule.lookup",
                        &band.value,
                        text!("`lookup` 的每行写作 `文字: 值`", "each line of `lookup` is `word: value`"),
                        text!("数值用 `分档`", "use `tiers` with numbers"),
                    );
                }
            }
        }
        // A list of which every word has a line needs no other one: the last line is for its word.
        let listed = fact.map(|fact| &self.vocabulary.at(fact as usize).values).filter(|values| !values.is_empty());
        if otherwise.is_none() && listed.is_some_and(|values| values.iter().all(|value| chosen.iter().any(|(word, _)| word == value))) {
            otherwise = chosen.pop().map(|(_, value)| value);
        }
        let Some(mut id) = otherwise else {
            return self.fault(
                "policy.rule.lookup",
                expr,
                text!("查表缺少 `其他`", "the table lacks an `else`"),
                text!("末行加 `其他: …`，或给指标的每个 values 各写一行", "add a last line `else: …`, or a line for each of the fact's values"),
            );
        };
        for (word, value) in chosen.into_iter().rev() {
            let word = self.plan.node(Op::Constant(Constant::Word(Arc::from(word.as_str()))));
            let condition = self.plan.node(Op::SameWord(subject_id, word));
            id = self.plan.node(Op::If { condition, then: value, otherwise: id });
        }
        single(id, kind?)
    }
}

/// Falling `>=` lines or rising `<=` lines as bands in rising order; nothing when they are neither.
fn as_tiers(lines: &[Tested<'_>]) -> Option<Box<[Tier]>> {
    let (tests, last) = match lines.split_last() {
        Some(((None, value, _), rest)) => (rest, Some(*value)),
        _ => (lines, None),
    };
    let tests: Vec<(Binary, Fraction, NodeId)> = tests.iter().map(|(test, value, _)| test.map(|(op, bound)| (op, bound, *value))).collect::<Option<_>>()?;
    let falling = tests.iter().all(|(op, ..)| matches!(op, Binary::GreaterEqual | Binary::Greater)) && tests.windows(2).all(|pair| pair[0].1 > pair[1].1);
    let rising = tests.iter().all(|(op, ..)| matches!(op, Binary::LessEqual | Binary::Less)) && tests.windows(2).all(|pair| pair[0].1 < pair[1].1);
    if falling && !tests.is_empty() {
        // Below the last bound comes `else`; each bound belongs to the upper band for `>=`.
        let mut values: Vec<Option<NodeId>> = tests.iter().rev().map(|(.., value)| Some(*value)).collect();
        values.insert(0, last);
        let mut tiers: Vec<Tier> =
            tests.iter().rev().zip(&values).map(|((op, bound, _), value)| Tier { high: Some((*bound, *op == Binary::Greater)), value: *value }).collect();
        tiers.push(Tier { high: None, value: *values.last()? });
        return Some(tiers.into_boxed_slice());
    }
    if rising && !tests.is_empty() {
        let mut tiers: Vec<Tier> =
            tests.iter().map(|(op, bound, value)| Tier { high: Some((*bound, *op == Binary::LessEqual)), value: Some(*value) }).collect();
        tiers.push(Tier { high: None, value: last });
        return Some(tiers.into_boxed_slice());
    }
    None
}
