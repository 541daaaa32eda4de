//! From the tree of a rule to nodes of the plan: names are resolved, kinds and units checked, series
//! and derived facts written out. Every fault carries its place in the rule.

use crate::lexer::RuleFault;
use crate::period::{Cycle, Period};
use crate::plan::{At, Constant, NodeId, Op, ParameterLine, Plan};
use crate::suggest::closest;
use crate::syntax::{Binary, Expr, ExprKind, Function, RegionWord};
use crate::unit::{Currency, Dimension, Unit};
use crate::vocabulary::{FactDef, FactKind, FactScope, Vocabulary};
use crate::{Fraction, parse_rule};
use duijie_vocab::{Text, text};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

mod functions;
mod operators;
mod periods;
mod tables;

/// What an expression gives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    Quantity {
        dimension: Dimension,
        percent: bool,
    },
    Date,
    /// One word; of the fact with this index, whose words are known.
    Word(Option<u32>),
    Words(Option<u32>),
    Truth,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    One(NodeId),
    Series(Vec<NodeId>),
    /// now ÷ then over a number of periods, to be compared with (1 + rate)^periods.
    Compound {
        ratio: NodeId,
        periods: u32,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lowered {
    pub(crate) shape: Shape,
    pub(crate) kind: Type,
}

/// A comparison inside a condition, kept for explanations.
#[derive(Clone, Debug)]
pub(crate) struct Atom {
    pub(crate) node: NodeId,
    pub(crate) op: Binary,
    pub(crate) left: NodeId,
    pub(crate) right: NodeId,
    pub(crate) left_expr: Expr,
    pub(crate) right_expr: Expr,
    pub(crate) left_kind: Type,
    pub(crate) right_kind: Type,
    /// The words of both sides, once somebody has asked for them.
    pub(crate) words: OnceLock<(Text, Text)>,
}

/// A dated parameter of a measure, lowered.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) lines: Box<[ParameterLine]>,
    pub(crate) kind: Type,
}

/// The period an expression is read in, relative to the period decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Context {
    anchor: Option<Period>,
    years: i32,
    quarters: i32,
    months: i32,
    /// The nth quarter or month of the year, for facts of shorter periods.
    part: Option<u8>,
    region: Option<RegionWord>,
    /// Whether comparisons are those of the condition itself and not of a derived fact.
    inner: bool,
}

/// Derived facts without faults, each once for each period it is read in. They are the same in every rule
/// of measures with periods of one length and without parameters, which may bear the names of facts.
pub(crate) type Written = HashMap<(u32, Context), Lowered>;

/// The parameters of a measure by name; nothing for those whose own lines are faulty.
pub(crate) type Parameters = HashMap<String, Option<Parameter>>;

/// What came of other measures and of derived facts so far.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Conditions and amounts of measures, by id.
    pub(crate) measures: HashMap<String, (NodeId, Option<NodeId>)>,
    /// Measures that cannot be used for faults of their own.
    pub(crate) refused: HashSet<String>,
    /// Derived facts whose rules have faults, which were told in the vocabulary.
    pub(crate) broken: HashSet<u32>,
}

/// Everything that lowering reads and writes.
pub(crate) struct Lowering<'b> {
    pub(crate) vocabulary: &'b Vocabulary,
    pub(crate) plan: &'b mut Plan,
    /// The cycle of the measure's period.
    pub(crate) cycle: Cycle,
    pub(crate) parameters: Parameters,
    /// What there is to refer to besides facts.
    pub(crate) known: &'b Known,
    pub(crate) faults: Vec<RuleFault>,
    pub(crate) remarks: Vec<RuleFault>,
    pub(crate) atoms: Vec<Atom>,
    /// Derived facts being written out, to find cycles.
    pub(crate) open: Vec<u32>,
    /// Derived facts that are written out already: those with faults or remarks, told in this rule, and the others.
    faulty: Written,
    pub(crate) written: Written,
    /// How deep the walk is, over rules and the derived facts in them.
    level: usize,
}

type Got = Option<Lowered>;

/// The deepest nesting of rules, derived facts and measures together: evaluation recurses over it.
const MAX_LEVEL: usize = 200;
/// The code of a fault that is told in the vocabulary.
pub(crate) const BROKEN: &str = "policy.fact.broken";

impl<'b> Lowering<'b> {
    /// Lowering for a measure or derived fact with periods of `cycle`.
    pub(crate) fn new(vocabulary: &'b Vocabulary, plan: &'b mut Plan, cycle: Cycle, known: &'b Known) -> Lowering<'b> {
        Lowering {
            vocabulary,
            plan,
            cycle,
            parameters: Parameters::default(),
            known,
            faults: Vec::new(),
            remarks: Vec::new(),
            atoms: Vec::new(),
            open: Vec::new(),
            faulty: Written::new(),
            written: Written::new(),
            level: 0,
        }
    }

    /// The truth a condition gives.
    pub(crate) fn condition(&mut self, expr: &Expr) -> Option<NodeId> {
        let lowered = self.lower(expr, Context::default())?;
        match (&lowered.shape, &lowered.kind) {
            (Shape::One(id), Type::Truth) => Some(*id),
            (Shape::Series(_), Type::Truth) => self.fault(
                "policy.rule.series",
                expr,
                text!("这里得到一个序列，需要一个判断", "this is a series, one yes or no is wanted"),
                text!("用 `每一(…)`、`任一(…)` 或 `均无(…)`", "use `all(…)`, `any(…)` or `none(…)`"),
            ),
            (_, kind) => {
                let what = described(kind);
                self.fault(
                    "policy.rule.not_condition",
                    expr,
                    join("条件应为判断，这里得到", &what.zh, "", "a condition is a yes or no, this is ", &what.en, ""),
                    text!("加上比较，如 `… ≥ 3%`", "add a comparison such as `… >= 3%`"),
                )
            }
        }
    }

    /// An amount of money.
    pub(crate) fn money(&mut self, expr: &Expr) -> Option<NodeId> {
        let lowered = self.lower(expr, Context::default())?;
        match (&lowered.shape, &lowered.kind) {
            (Shape::One(id), Type::Quantity { dimension: Dimension::Money(Currency::Cny) | Dimension::Any, .. }) => Some(*id),
            (_, kind) => {
                let what = described(kind);
                self.fault(
                    "policy.rule.not_money",
                    expr,
                    join("这里应为人民币金额，实为", &what.zh, "", "an amount of CNY is wanted here, this is ", &what.en, ""),
                    text!("例如 `合同金额 × 50%` 或 `30万元`", "for example `contract × 50%` or `30万元`"),
                )
            }
        }
    }

    /// A share or pure number.
    pub(crate) fn rate(&mut self, expr: &Expr) -> Option<NodeId> {
        let lowered = self.lower(expr, Context::default())?;
        match (&lowered.shape, &lowered.kind) {
            (Shape::One(id), Type::Quantity { dimension: Dimension::None | Dimension::Any, .. }) => Some(*id),
            (_, kind) => {
                let what = described(kind);
                self.fault(
                    "policy.rule.not_rate",
                    expr,
                    join("这里应为比例，实为", &what.zh, "", "a rate is wanted here, this is ", &what.en, ""),
                    text!("例如 `15%`", "for example `15%`"),
                )
            }
        }
    }

    /// Any single value, for parameters.
    pub(crate) fn value(&mut self, expr: &Expr) -> Option<(NodeId, Type)> {
        let lowered = self.lower(expr, Context::default())?;
        let id = self.one(&lowered, expr)?;
        Some((id, lowered.kind))
    }

    fn lower(&mut self, expr: &Expr, context: Context) -> Got {
        self.level += 1;
        let lowered = if self.level > MAX_LEVEL { self.too_deep(expr) } else { self.lower_here(expr, context) };
        self.level -= 1;
        let lowered = lowered?;
        let deepest = match &lowered.shape {
            Shape::One(id) | Shape::Compound { ratio: id, .. } => self.plan.depth(*id),
            Shape::Series(ids) => ids.iter().map(|&id| self.plan.depth(id)).max().unwrap_or(0),
        };
        if deepest > MAX_LEVEL { self.too_deep(expr) } else { Some(lowered) }
    }

    fn too_deep(&mut self, expr: &Expr) -> Got {
        self.fault(
            "policy.rule.too_deep",
            expr,
            text!("规则连同派生指标和所引用的措施嵌套超过 {MAX_LEVEL} 层", "the rule with its derived facts and measures nests deeper than {MAX_LEVEL} levels"),
            text!("减少层层引用", "let fewer things refer to one another in a row"),
        )
    }

    fn lower_here(&mut self, expr: &Expr, context: Context) -> Got {
        if self.plan.is_full() {
            return self.fault(
                "policy.rule.too_large",
                expr,
                text!("规则展开后过大", "the rules are too large when written out"),
                text!("减少派生指标的层层引用", "let derived facts refer to one another less"),
            );
        }
        match &expr.kind {
            ExprKind::Number { unit, .. } => self.number(expr, unit.as_deref()),
            ExprKind::Date(date) => {
                let id = self.plan.number(Fraction::whole(i64::from(date.days_since_epoch())));
                single(id, Type::Date)
            }
            ExprKind::Text(word) => {
                let id = self.word(word);
                single(id, Type::Word(None))
            }
            ExprKind::Bool(value) => {
                let id = self.plan.node(Op::Constant(Constant::Truth(*value)));
                single(id, Type::Truth)
            }
            ExprKind::Name(name) => self.named(name, expr, context),
            ExprKind::Access { name, periods } => self.access(name, periods, expr, context),
            ExprKind::Set(items) => self.set(items, None),
            ExprKind::Region { level, inner } => self.region(*level, inner, context),
            ExprKind::Apply { function, arguments } => self.apply(*function, arguments, expr, context),
            ExprKind::Table { function, subject, bands } => self.table(*function, subject, bands, expr, context),
            ExprKind::Negate(inner) => {
                let lowered = self.lower(inner, context)?;
                self.quantity(&lowered, inner)?;
                self.mapped(&lowered, inner, |plan, id| plan.node(Op::Negate(id)))
            }
            ExprKind::Not(inner) => {
                let lowered = self.lower(inner, context)?;
                self.truth(&lowered, inner)?;
                self.mapped(&lowered, inner, |plan, id| plan.node(Op::Not(id)))
            }
            ExprKind::Binary { op, left, right } => self.binary(*op, left, right, expr, context),
            ExprKind::Between { value, low, high } => {
                let above = self.compare(Binary::GreaterEqual, value, low, expr, context);
                let below = self.compare(Binary::LessEqual, value, high, expr, context);
                let (above, below) = (above?, below?);
                self.zipped(&above, &below, expr, Type::Truth, |plan, a, b| plan.node(Op::And(Box::new([a, b]))))
            }
            ExprKind::If { condition, then, otherwise } => self.choice(condition, then, otherwise, expr, context),
        }
    }

    fn number(&mut self, expr: &Expr, unit: Option<&str>) -> Got {
        // Amounts are kept in Fen of 64 bits, so that no larger one is ever paid or compared.
        let is_kept = |(value, unit): &(Fraction, Option<Unit>)| {
            !unit.as_ref().is_some_and(|unit| matches!(unit.dimension, Dimension::Money(_))) || i64::try_from(value.floor()).is_ok()
        };
        let Some((value, unit_read)) = expr.number().filter(is_kept) else {
            let shown = unit.unwrap_or("");
            return self.fault(
                "policy.rule.number",
                expr,
                text!("数值过大 {shown}", "the number is too large {shown}"),
                text!("核对位数和单位", "check its digits and its unit"),
            );
        };
        let id = self.plan.number(value);
        let bare = if value.is_zero() { Dimension::Any } else { Dimension::None };
        let (dimension, percent) = unit_read.map_or((bare, false), |unit: Unit| (unit.dimension, unit.percent));
        single(id, Type::Quantity { dimension, percent })
    }

    fn word(&mut self, word: &str) -> NodeId {
        self.plan.node(Op::Constant(Constant::Word(Arc::from(word))))
    }

    /// A name alone: a parameter, a fact in the period decided, or the day.
    fn named(&mut self, name: &str, expr: &Expr, context: Context) -> Got {
        if context.region.is_none() {
            if let Some(parameter) = self.parameters.get(name).cloned() {
                // The faults of its own lines are told there.
                let parameter = parameter?;
                let id = self.plan.node(Op::Parameter(parameter.lines));
                return single(id, parameter.kind);
            }
            if let (None, Some(day)) = (self.vocabulary.index(name), Function::named(name).filter(|function| function.is_day())) {
                return self.apply(day, &[], expr, context);
            }
        }
        self.access(name, &[], expr, context)
    }

    fn access(&mut self, name: &str, periods: &[Expr], expr: &Expr, context: Context) -> Got {
        let Some(index) = self.vocabulary.index(name) else { return self.unknown_name(name, expr, context) };
        let fact = self.vocabulary.at(index);
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        if fact.scope == FactScope::Region && context.region.is_none() {
            return self.fault(
                "policy.rule.region_fact",
                expr,
                text!("`{name}` 是区域指标", "`{name}` is a fact of a region"),
                text!("写作 `全市.{name}` 或 `全省.{name}`", "write `city.{name}` or `province.{name}`"),
            );
        }
        let [] = periods else {
            if periods.len() > 1 {
                return self.fault(
                    "policy.rule.arguments",
                    expr,
                    text!("指标只接受一个期间", "a fact takes one period"),
                    text!("写作 `{name}(上年)`", "write `{name}(last_year)`"),
                );
            }
            let contexts = self.periods(&periods[0], fact, context)?;
            return self.in_periods(&contexts, |lowering, context| lowering.fact(index, fact, expr, context));
        };
        self.fact(index, fact, expr, context)
    }

    fn unknown_name<T>(&mut self, name: &str, expr: &Expr, context: Context) -> Option<T> {
        let parameters: Vec<String> = self.parameters.keys().cloned().collect();
        let near = closest(name, parameters.iter().map(String::as_str).chain(self.vocabulary.suggestion(name)));
        let is_call = matches!(expr.kind, ExprKind::Access { .. });
        let function = closest(name, crate::syntax::FUNCTIONS.iter().flat_map(|(_, cel, zh, _)| [*cel, *zh])).filter(|_| is_call);
        if matches!(name, "是" | "否" | "有" | "无" | "yes" | "no") {
            let help = text!("是否类指标直接写 `x` 或 `非 x`，不与 `{name}` 比较", "a yes-or-no fact stands alone: `x` or `!x`, without `{name}`");
            return self.fault("policy.rule.unknown_name", expr, text!("`{name}` 不能作值", "`{name}` is no value"), help);
        }
        let help = match (near.filter(|_| glued(name).is_none()), function) {
            (Some(near), _) | (None, Some(near)) => text!("是否指 `{near}`？", "did you mean `{near}`?"),
            (None, None) => periods::word_help(name, context)
                .or_else(|| glued(name))
                .unwrap_or_else(|| text!("在 facts.yaml 中声明它；若是文字写作 `\"{name}\"`", "declare it in facts.yaml; a text is written `\"{name}\"`")),
        };
        self.fault("policy.rule.unknown_name", expr, text!("未知的指标 `{name}`", "unknown fact `{name}`"), help)
    }

    /// A fact in one period.
    fn fact(&mut self, index: u32, fact: &FactDef, expr: &Expr, context: Context) -> Got {
        if let Some(rule) = fact.rule_at.as_ref().filter(|_| context.region.is_none()) {
            return self.derived(index, fact, &rule.text, expr, context);
        }
        let at = self.at(fact, expr, context)?;
        let op = match context.region {
            Some(level) => Op::RegionFact { level, name: fact.key.clone(), fact: index, at },
            None => Op::Fact { fact: index, at },
        };
        let id = self.plan.node(op);
        single(id, kind_of(index, fact))
    }

    fn at(&mut self, fact: &FactDef, expr: &Expr, context: Context) -> Option<At> {
        let (years, steps) = match fact.period {
            Cycle::Instant => (0, 0),
            Cycle::Year => (context.years, 0),
            Cycle::Quarter => (context.years, context.quarters),
            Cycle::Month => (context.years, context.quarters * 3 + context.months),
        };
        let decided = context.anchor.map_or(self.cycle, Period::cycle);
        let finer = fact.period != Cycle::Instant && decided != Cycle::Instant && fact.period > decided && context.part.is_none();
        if finer {
            let name = &fact.zh;
            let (each, recent) = if fact.period == Cycle::Quarter { ("本年各季", "近4季") } else { ("本年各月", "近12月") };
            return self.fault(
                "policy.rule.period",
                expr,
                text!("`{name}` 按更短的期间统计，需说明取哪些期间", "`{name}` has shorter periods than the measure; say which are meant"),
                text!("写作 `合计({name}({each}))` 或 `平均({name}({recent}))`", "write `sum({name}({each}))` or `average({name}({recent}))`"),
            );
        }
        Some(At {
            cycle: fact.period,
            anchor: if fact.period == Cycle::Instant { None } else { context.anchor },
            years,
            steps,
            part: context.part.filter(|_| matches!(fact.period, Cycle::Quarter | Cycle::Month)),
        })
    }

    fn derived(&mut self, index: u32, fact: &FactDef, rule: &str, expr: &Expr, context: Context) -> Got {
        if self.open.contains(&index) {
            let names: Vec<&str> = self.open.iter().chain([&index]).map(|&at| self.vocabulary.at(at as usize).zh.as_str()).collect();
            let path = names.join(" → ");
            return self.fault(
                "policy.fact.cycle",
                expr,
                text!("派生指标循环引用：{path}", "derived facts refer to one another in a circle: {path}"),
                text!("让其中一个成为填报的指标", "make one of them a fact that is reported"),
            );
        }
        let inner = Context { inner: true, ..context };
        if let Some(written) = self.written.get(&(index, inner)).or_else(|| self.faulty.get(&(index, inner))) {
            return Some(written.clone());
        }
        let tree = parse_rule(rule).ok().filter(|_| !self.known.broken.contains(&index));
        let Some(tree) = tree else {
            let name = &fact.zh;
            return self.fault(
                BROKEN,
                expr,
                text!("派生指标 `{name}` 的规则有误", "the rule of the derived fact `{name}` is faulty"),
                text!("先改正 facts.yaml", "correct facts.yaml first"),
            );
        };
        self.open.push(index);
        let (faults, remarks) = (self.faults.len(), self.remarks.len());
        let lowered = self.lower(&tree, inner);
        self.open.pop();
        if let Some(lowered) = &lowered {
            let clean = (faults, remarks) == (self.faults.len(), self.remarks.len());
            let written = if clean { &mut self.written } else { &mut self.faulty };
            written.insert((index, inner), lowered.clone());
        }
        // Faults inside the derived rule are shown where it is used; its own place is shown by the vocabulary's check.
        for fault in &mut self.faults[faults..] {
            fault.span = expr.span.clone();
            fault.of_fact = true;
        }
        lowered
    }

    fn one(&mut self, lowered: &Lowered, expr: &Expr) -> Option<NodeId> {
        match &lowered.shape {
            Shape::One(id) => Some(*id),
            Shape::Series(_) => self.fault(
                "policy.rule.series",
                expr,
                text!("这里需要一个值，得到一个序列", "one value is wanted here, this is a series"),
                text!("用 `合计(…)`、`平均(…)`、`较大值(…)` 合为一个值", "make it one value with `sum(…)`, `average(…)` or `max(…)`"),
            ),
            Shape::Compound { .. } => self.fault(
                "policy.rule.cagr",
                expr,
                text!("复合增长率只能与一个数比较", "a compound growth rate can only be compared with a number"),
                text!("写作 `复合增长率(x, 3) ≥ 20%`", "write `cagr(x, 3) >= 20%`"),
            ),
        }
    }

    fn mapped(&mut self, lowered: &Lowered, expr: &Expr, build: impl Fn(&mut Plan, NodeId) -> NodeId) -> Got {
        let shape = match &lowered.shape {
            Shape::Series(ids) => Shape::Series(ids.iter().map(|&id| build(self.plan, id)).collect()),
            _ => Shape::One({
                let id = self.one(lowered, expr)?;
                build(self.plan, id)
            }),
        };
        Some(Lowered { shape, kind: lowered.kind.clone() })
    }

    /// Joins two values, or a series with a value, or two series of one length.
    fn zipped(&mut self, left: &Lowered, right: &Lowered, expr: &Expr, kind: Type, build: impl Fn(&mut Plan, NodeId, NodeId) -> NodeId) -> Got {
        let shape = match (&left.shape, &right.shape) {
            (Shape::Series(a), Shape::Series(b)) if a.len() == b.len() => Shape::Series(a.iter().zip(b).map(|(&a, &b)| build(self.plan, a, b)).collect()),
            (Shape::Series(_), Shape::Series(_)) => {
                return self.fault(
                    "policy.rule.series",
                    expr,
                    text!("两个序列长短不同", "the two series differ in length"),
                    text!("取相同的期间", "take the same periods"),
                );
            }
            (Shape::Series(a), _) => {
                let b = self.one(right, expr)?;
                Shape::Series(a.iter().map(|&a| build(self.plan, a, b)).collect())
            }
            (_, Shape::Series(b)) => {
                let a = self.one(left, expr)?;
                Shape::Series(b.iter().map(|&b| build(self.plan, a, b)).collect())
            }
            _ => {
                let (a, b) = (self.one(left, expr)?, self.one(right, expr)?);
                Shape::One(build(self.plan, a, b))
            }
        };
        Some(Lowered { shape, kind })
    }

    fn quantity(&mut self, lowered: &Lowered, expr: &Expr) -> Option<(Dimension, bool)> {
        match &lowered.kind {
            Type::Quantity { dimension, percent } => Some((dimension.clone(), *percent)),
            kind => {
                let what = described(kind);
                self.fault(
                    "policy.rule.not_number",
                    expr,
                    join("这里应为数值，实为", &what.zh, "", "a number is wanted here, this is ", &what.en, ""),
                    text!("检查指标的类型", "check the kind of the fact"),
                )
            }
        }
    }

    fn truth(&mut self, lowered: &Lowered, expr: &Expr) -> Option<()> {
        match &lowered.kind {
            Type::Truth => Some(()),
            kind => {
                let what = described(kind);
                self.fault(
                    "policy.rule.not_condition",
                    expr,
                    join("这里应为判断，实为", &what.zh, "", "a yes or no is wanted here, this is ", &what.en, ""),
                    text!("加上比较，或给比较加括号", "add a comparison, or put brackets around it"),
                )
            }
        }
    }

    fn fault<T>(&mut self, code: &'static str, expr: &Expr, message: Text, help: Text) -> Option<T> {
        // What is read in several periods is lowered for each.
        let fault = RuleFault::new(code, expr.span.clone(), message).help(help);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
        None
    }

    fn remark(&mut self, code: &'static str, expr: &Expr, message: Text, help: Text) {
        self.remarks.push(RuleFault::new(code, expr.span.clone(), message).help(help));
    }
}

fn single(id: NodeId, kind: Type) -> Got {
    Some(Lowered { shape: Shape::One(id), kind })
}

/// The kind of a fact's values.
fn kind_of(index: u32, fact: &FactDef) -> Type {
    match fact.kind {
        FactKind::Money | FactKind::Count | FactKind::Number | FactKind::Length => Type::Quantity { dimension: fact.dimension.clone(), percent: false },
        FactKind::Ratio => Type::Quantity { dimension: Dimension::None, percent: true },
        FactKind::Date => Type::Date,
        FactKind::Code | FactKind::Text => Type::Word(Some(index)),
        FactKind::Set => Type::Words(Some(index)),
        FactKind::Bool => Type::Truth,
    }
}

/// The kind in words, for messages.
pub(crate) fn described(kind: &Type) -> Text {
    match kind {
        Type::Quantity { dimension: Dimension::Any, .. } => text!("零", "zero"),
        Type::Quantity { dimension: Dimension::None, percent: true } => text!("比例", "a share"),
        Type::Quantity { dimension: Dimension::None, percent: false } => text!("纯数", "a bare number"),
        Type::Quantity { dimension: Dimension::Money(currency), .. } => {
            let (zh, en) = (currency.chinese(), currency.code());
            text!("金额（{zh}）", "money ({en})")
        }
        Type::Quantity { dimension: Dimension::Months, .. } => text!("时长（年、月）", "a length of time (years, months)"),
        Type::Quantity { dimension: Dimension::Days, .. } => text!("天数", "a number of days"),
        Type::Quantity { dimension: Dimension::Count(of), .. } => text!("数量（{of}）", "a count ({of})"),
        Type::Quantity { dimension: Dimension::Quantity(of), .. } => text!("数量（{of}）", "a quantity ({of})"),
        Type::Date => text!("日期", "a date"),
        Type::Word(_) => text!("文字", "a word"),
        Type::Words(_) => text!("一组文字", "a set of words"),
        Type::Truth => text!("判断（是/否）", "a yes or no"),
    }
}

/// A message around words that differ by language.
fn join(zh_before: &str, zh: &str, zh_after: &str, en_before: &str, en: &str, en_after: &str) -> Text {
    Text::new(format!("{zh_before}{zh}{zh_after}"), format!("{en_before}{en}{en_after}"))
}

/// A whole number without a unit, or with a unit of time that is dropped.
fn plain_number(expr: &Expr) -> Option<i64> {
    match &expr.kind {
        ExprKind::Number { digits, .. } => digits.to_i64(),
        ExprKind::Negate(inner) => plain_number(inner).map(|number| -number),
        _ => None,
    }
}

/// What to write for a name in which an operator or a number in Chinese got stuck, if it is one.
fn glued(name: &str) -> Option<Text> {
    const OPERATORS: [&str; 12] = ["不少于", "不低于", "不超过", "不高于", "大于", "小于", "低于", "高于", "超过", "达到", "至少", "属于"];
    if let Some((left, operator, right)) = OPERATORS.iter().find_map(|operator| name.split_once(operator).map(|(left, right)| (left, operator, right))) {
        return Some(text!("运算词前后留空格：`{left} {operator} {right}`", "put spaces around the operator: `{left} {operator} {right}`"));
    }
    name.starts_with(['一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '百', '千'])
        .then(|| text!("数字用阿拉伯数字，如 20人、3年", "write numbers in digits, such as 20人 or 3年"))
}
