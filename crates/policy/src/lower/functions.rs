//! Functions, and facts of regions.

use super::{Context, Got, Lowered, Lowering, Shape, Type, described, join, plain_number, single};
use crate::facts::canonical_name;
use crate::period::Cycle;
use crate::plan::{Constant, NodeId, Op};
use crate::syntax::{Expr, ExprKind, Function, RegionWord};
use crate::unit::Dimension;
use crate::{Fraction, RoundingMode};
use duijie_vocab::text;
use std::sync::Arc;

/// Exponents of `cagr` larger than this are refused.
const MAX_PERIODS: i64 = 30;

impl Lowering<'_> {
    pub(super) fn apply(&mut self, function: Function, arguments: &[Expr], expr: &Expr, context: Context) -> Got {
        let (least, most) = arity(function);
        if arguments.len() < least || arguments.len() > most {
            let (name, given) = (function.cel(), arguments.len());
            let wanted = if least == most {
                least.to_string()
            } else if most == usize::MAX {
                format!("{least}+")
            } else {
                format!("{least}–{most}")
            };
            return self.fault(
                "policy.rule.arguments",
                expr,
                text!("`{name}` 需要 {wanted} 个参数，给了 {given} 个", "`{name}` takes {wanted} arguments, {given} were given"),
                text!("见参考手册的函数表", "see the table of functions in the reference"),
            );
        }
        match function {
            Function::Min | Function::Max => self.extreme(function, arguments, expr, context),
            Function::Sum | Function::Average => self.total(function, arguments, expr, context),
            Function::Abs | Function::Floor | Function::Ceil => self.rounding_to_whole(function, &arguments[0], context),
            Function::Round | Function::RoundDown | Function::RoundUp => self.rounding(function, arguments, expr, context),
            Function::Count | Function::Any | Function::All | Function::NoneOf => self.over_truths(function, arguments, expr, context),
            Function::Growth => self.growth(arguments, expr, context),
            Function::Cagr => self.compound_growth(arguments, expr, context),
            Function::Age => self.age(arguments, expr, context),
            Function::Clamp => self.clamp(arguments, expr, context),
            Function::If => self.choice(&arguments[0], &arguments[1], &arguments[2], expr, context),
            Function::Known => {
                let lowered = self.lower(&arguments[0], context)?;
                let id = self.one(&lowered, &arguments[0])?;
                let id = self.plan.node(Op::Known(id));
                single(id, Type::Truth)
            }
            Function::Year => {
                let lowered = self.date(&arguments[0], context)?;
                self.mapped(&lowered, &arguments[0], |plan, id| plan.node(Op::YearOf(id))).map(|year| Lowered { kind: bare(), ..year })
            }
            Function::Today => {
                let id = self.plan.node(Op::Today);
                single(id, Type::Date)
            }
            Function::PeriodStart | Function::PeriodEnd | Function::YearStart | Function::YearEnd => self.period_day(function, arguments, context),
            Function::Eligible | Function::AmountOf => self.other_measure(function, &arguments[0]),
            Function::Tiers | Function::Progressive | Function::Lookup => self.fault(
                "policy.rule.table",
                expr,
                text!("分档表写作 `{{…}}`", "a table is written `{{…}}`"),
                text!("例如 `分档(x, {{..5000万元: 5%, 5000万元..: 3%}})`", "for example `tiers(x, {{..5000万元: 5%, 5000万元..: 3%}})`"),
            ),
        }
    }

    /// The values of several arguments, series written out, all of one kind.
    fn values(&mut self, arguments: &[Expr], expr: &Expr, context: Context) -> Option<(Vec<NodeId>, Type)> {
        let lowered: Vec<Got> = arguments.iter().map(|argument| self.lower(argument, context)).collect();
        let mut ids = Vec::new();
        let mut kind: Option<Type> = None;
        for (one, argument) in lowered.into_iter().zip(arguments) {
            let one = one?;
            match &one.shape {
                Shape::Series(series) => ids.extend(series),
                _ => ids.push(self.one(&one, argument)?),
            }
            kind = Some(match kind {
                None => one.kind,
                Some(kind) => self.shared_kind(&kind, &one.kind, expr)?,
            });
        }
        Some((ids, kind?))
    }

    fn extreme(&mut self, function: Function, arguments: &[Expr], expr: &Expr, context: Context) -> Got {
        let (ids, kind) = self.values(arguments, expr, context)?;
        self.numeric(&kind, expr)?;
        let ids = ids.into_boxed_slice();
        let id = self.plan.node(if function == Function::Min { Op::Min(ids) } else { Op::Max(ids) });
        single(id, kind)
    }

    fn total(&mut self, function: Function, arguments: &[Expr], expr: &Expr, context: Context) -> Got {
        let (ids, kind) = self.values(arguments, expr, context)?;
        if kind == Type::Date {
            return self.fault(
                "policy.rule.not_number",
                expr,
                text!("日期不能相加", "dates cannot be added"),
                text!("用 `较小值` 或 `较大值`", "use `min` or `max`"),
            );
        }
        self.numeric(&kind, expr)?;
        let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let sum = self.plan.node(Op::Sum(ids.into_boxed_slice()));
        if function == Function::Sum {
            return single(sum, kind);
        }
        let count = self.plan.number(Fraction::whole(count));
        let id = self.plan.node(Op::Divide(sum, count));
        single(id, kind)
    }

    fn numeric(&mut self, kind: &Type, expr: &Expr) -> Option<()> {
        if matches!(kind, Type::Quantity { .. } | Type::Date) {
            return Some(());
        }
        let what = described(kind);
        self.fault(
            "policy.rule.not_number",
            expr,
            join("这里应为数值，实为", &what.zh, "", "a number is wanted here, this is ", &what.en, ""),
            text!("检查指标的类型", "check the kind of the fact"),
        )
    }

    fn rounding_to_whole(&mut self, function: Function, argument: &Expr, context: Context) -> Got {
        let lowered = self.lower(argument, context)?;
        let (dimension, _) = self.quantity(&lowered, argument)?;
        if function != Function::Abs && matches!(dimension, Dimension::Money(_)) {
            return self.fault(
                "policy.rule.rounding",
                argument,
                text!("金额取整需说明到哪一位", "say to what an amount is rounded"),
                text!("写作 `舍去(x, 1万元)`", "write `round_down(x, 1万元)`"),
            );
        }
        self.mapped(&lowered, argument, |plan, id| match function {
            Function::Abs => plan.node(Op::Abs(id)),
            Function::Floor => plan.node(Op::Floor(id)),
            _ => {
                let negative = plan.node(Op::Negate(id));
                let floor = plan.node(Op::Floor(negative));
                plan.node(Op::Negate(floor))
            }
        })
    }

    fn rounding(&mut self, function: Function, arguments: &[Expr], expr: &Expr, context: Context) -> Got {
        let mode = match function {
            Function::Round => RoundingMode::HalfUp,
            Function::RoundDown => RoundingMode::Down,
            _ => RoundingMode::Up,
        };
        let value = self.lower(&arguments[0], context)?;
        let (dimension, _) = self.quantity(&value, &arguments[0])?;
        let kind = value.kind.clone();
        let step = match arguments.get(1) {
            Some(step_expr) => {
                let step = self.lower(step_expr, context)?;
                let (of, _) = self.quantity(&step, step_expr)?;
                if !of.goes_with(&dimension) || step_expr.number().is_none_or(|(step, _)| step <= Fraction::ZERO) {
                    return self.fault(
                        "policy.rule.rounding",
                        step_expr,
                        text!("取整的单位应为同一种量的正数", "the step of rounding is a positive number of the same kind"),
                        text!("例如 `100元`、`0.1%`", "for example `100元` or `0.1%`"),
                    );
                }
                step
            }
            None if matches!(dimension, Dimension::Money(_)) => {
                return self.fault(
                    "policy.rule.rounding",
                    expr,
                    text!("金额取整需说明到哪一位", "say to what an amount is rounded"),
                    text!("写作 `四舍五入(x, 1元)`", "write `round(x, 1元)`"),
                );
            }
            None => Lowered { shape: Shape::One(self.plan.number(Fraction::ONE)), kind: bare() },
        };
        self.zipped(&value, &step, expr, kind, move |plan, value, step| plan.node(Op::Round { value, step, mode }))
    }

    fn over_truths(&mut self, function: Function, arguments: &[Expr], expr: &Expr, context: Context) -> Got {
        let (ids, kind) = self.values(arguments, expr, Context { inner: true, ..context })?;
        if kind != Type::Truth {
            let name = function.cel();
            return self.fault(
                "policy.rule.not_condition",
                expr,
                text!("`{name}` 需要判断的序列", "`{name}` takes a series of conditions"),
                text!("例如 `{name}(研发费用(近3年) > 0)`", "for example `{name}(rd_expense(recent_3_years) > 0)`"),
            );
        }
        let ids = ids.into_boxed_slice();
        match function {
            Function::Count => {
                let id = self.plan.node(Op::CountYes(ids));
                single(id, Type::Quantity { dimension: Dimension::Count(crate::unit::GENERIC_COUNT), percent: false })
            }
            Function::All => {
                let id = self.plan.node(Op::And(ids));
                single(id, Type::Truth)
            }
            _ => {
                let any = self.plan.node(Op::Or(ids));
                let id = if function == Function::NoneOf { self.plan.node(Op::Not(any)) } else { any };
                single(id, Type::Truth)
            }
        }
    }

    /// Growth in a period over the period before, of a fact or an expression over facts.
    fn growth(&mut self, arguments: &[Expr], expr: &Expr, context: Context) -> Got {
        let contexts = match arguments.get(1) {
            Some(period) => self.period_words(period, context)?,
            None => vec![context],
        };
        let monthly = self.cycle_of(&arguments[0]);
        self.in_periods(&contexts, |lowering, context| {
            let earlier = match monthly {
                Cycle::Quarter => Context { quarters: context.quarters - 1, ..context },
                Cycle::Month => Context { months: context.months - 1, ..context },
                _ => Context { years: context.years - 1, ..context },
            };
            let (now, before) = (lowering.lower(&arguments[0], context), lowering.lower(&arguments[0], earlier));
            let (now, before) = (now?, before?);
            lowering.quantity(&now, &arguments[0])?;
            let (now, before) = (lowering.one(&now, &arguments[0])?, lowering.one(&before, &arguments[0])?);
            if now == before {
                return lowering.fault(
                    "policy.rule.growth",
                    expr,
                    text!("没有期间的值没有增幅", "a value without periods has no growth"),
                    text!("用按年、季或月统计的指标", "use a fact with years, quarters or months"),
                );
            }
            let id = lowering.plan.node(Op::Growth { now, before });
            single(id, Type::Quantity { dimension: Dimension::None, percent: true })
        })
    }

    /// The cycle of the fact an expression is about; years for anything else.
    fn cycle_of(&self, expr: &Expr) -> Cycle {
        match &expr.kind {
            ExprKind::Name(name) | ExprKind::Access { name, .. } => self.vocabulary.fact(name).map_or(Cycle::Year, |fact| fact.period),
            _ => Cycle::Year,
        }
    }

    fn compound_growth(&mut self, arguments: &[Expr], expr: &Expr, context: Context) -> Got {
        let periods = plain_number(&arguments[1]).filter(|periods| (1..=MAX_PERIODS).contains(periods)).and_then(|periods| i32::try_from(periods).ok());
        let Some(periods) = periods else {
            return self.fault(
                "policy.rule.cagr",
                &arguments[1],
                text!("期数应为 1 到 {MAX_PERIODS} 的整数", "the number of periods is a whole number from 1 to {MAX_PERIODS}"),
                text!("写作 `复合增长率(营业收入, 3)`", "write `cagr(revenue, 3)`"),
            );
        };
        let earlier = match self.cycle_of(&arguments[0]) {
            Cycle::Quarter => Context { quarters: context.quarters - periods, ..context },
            Cycle::Month => Context { months: context.months - periods, ..context },
            _ => Context { years: context.years - periods, ..context },
        };
        let (now, before) = (self.lower(&arguments[0], context), self.lower(&arguments[0], earlier));
        let (now, before) = (now?, before?);
        self.quantity(&now, &arguments[0])?;
        let (now, before) = (self.one(&now, &arguments[0])?, self.one(&before, &arguments[0])?);
        if now == before {
            return self.fault(
                "policy.rule.growth",
                expr,
                text!("没有期间的值没有增幅", "a value without periods has no growth"),
                text!("用按年、季或月统计的指标", "use a fact with years, quarters or months"),
            );
        }
        let ratio = self.plan.node(Op::Divide(now, before));
        let shape = Shape::Compound { ratio, periods: periods.unsigned_abs() };
        Some(Lowered { shape, kind: Type::Quantity { dimension: Dimension::None, percent: true } })
    }

    fn date(&mut self, argument: &Expr, context: Context) -> Got {
        let lowered = self.lower(argument, context)?;
        if lowered.kind == Type::Date {
            return Some(lowered);
        }
        let what = described(&lowered.kind);
        self.fault(
            "policy.rule.not_date",
            argument,
            join("这里应为日期，实为", &what.zh, "", "a date is wanted here, this is ", &what.en, ""),
            text!("例如 `成立日期` 或 `2021-06-30`", "for example `founded` or `2021-06-30`"),
        )
    }

    /// `满(日期)` up to the day of the decision, `满(日期, 年末)` up to another day.
    fn age(&mut self, arguments: &[Expr], expr: &Expr, context: Context) -> Got {
        let date = self.date(&arguments[0], context)?;
        let until = match arguments.get(1) {
            Some(until) => self.date(until, context)?,
            None => Lowered { shape: Shape::One(self.plan.node(Op::Today)), kind: Type::Date },
        };
        let kind = Type::Quantity { dimension: Dimension::Months, percent: false };
        self.zipped(&date, &until, expr, kind, |plan, date, until| plan.node(Op::Age { date, until }))
    }

    /// `期末`, `年初`, `年末(上年)`: a day that follows from the period that is decided.
    pub(super) fn period_day(&mut self, function: Function, arguments: &[Expr], context: Context) -> Got {
        let contexts = match arguments.first() {
            Some(period) => self.period_words(period, context)?,
            None => vec![context],
        };
        let last = matches!(function, Function::PeriodEnd | Function::YearEnd);
        let of_year = matches!(function, Function::YearStart | Function::YearEnd);
        self.in_periods(&contexts, |lowering, context| {
            let decided = context.anchor.map_or(lowering.cycle, crate::Period::cycle);
            let (cycle, steps) = match decided {
                _ if of_year => (Cycle::Year, 0),
                Cycle::Quarter => (Cycle::Instant, context.quarters),
                Cycle::Month => (Cycle::Instant, context.quarters * 3 + context.months),
                _ => (Cycle::Instant, 0),
            };
            let at = crate::plan::At { cycle, anchor: context.anchor, years: context.years, steps, part: None };
            let id = lowering.plan.node(Op::PeriodDay { at, last });
            single(id, Type::Date)
        })
    }

    fn clamp(&mut self, arguments: &[Expr], expr: &Expr, context: Context) -> Got {
        let (ids, kind) = self.values(arguments, expr, context)?;
        self.numeric(&kind, expr)?;
        let [value, low, high] = ids.as_slice() else {
            return self.fault(
                "policy.rule.series",
                expr,
                text!("`clamp` 需要三个单值", "`clamp` takes three single values"),
                text!("写作 `限于(x, 低, 高)`", "write `clamp(x, low, high)`"),
            );
        };
        let raised = self.plan.node(Op::Max(Box::new([*value, *low])));
        let id = self.plan.node(Op::Min(Box::new([raised, *high])));
        single(id, kind)
    }

    fn other_measure(&mut self, function: Function, argument: &Expr) -> Got {
        let ExprKind::Text(id) = &argument.kind else {
            return self.fault(
                "policy.rule.measure",
                argument,
                text!("这里应为带引号的措施编号", "the id of a measure in quotes is wanted here"),
                text!("例如 `符合(\"000000.2016.hnte\")`", "for example `eligible(\"000000.2016.hnte\")`"),
            );
        };
        let Some(&(conditions, amount)) = self.known.measures.get(id) else {
            if self.known.refused.contains(id) {
                return self.fault(
                    "policy.rule.measure",
                    argument,
                    text!("所引用的措施 `{id}` 本身有误", "the measure `{id}` that this refers to is faulty itself"),
                    text!("先改正 `{id}`", "correct `{id}` first"),
                );
            }
            let near = crate::suggest::closest(id, self.known.measures.keys().map(String::as_str)).map(str::to_string);
            let help = match near {
                Some(near) => text!("是否指 `{near}`？", "did you mean `{near}`?"),
                None => {
                    text!("措施须在同一目录，且不能循环引用", "the measure must be in the same directory, and measures cannot refer to one another in a circle")
                }
            };
            return self.fault("policy.rule.measure", argument, text!("没有可引用的措施 `{id}`", "there is no measure `{id}` to refer to"), help);
        };
        if function == Function::Eligible {
            return single(conditions, Type::Truth);
        }
        let Some(amount) = amount else {
            return self.fault(
                "policy.rule.measure",
                argument,
                text!("措施 `{id}` 没有金额", "the measure `{id}` has no amount"),
                text!("引用有 `benefit.amount` 的措施", "refer to a measure with a `benefit.amount`"),
            );
        };
        let zero = self.plan.number(Fraction::ZERO);
        let id = self.plan.node(Op::If { condition: conditions, then: amount, otherwise: zero });
        single(id, Type::Quantity { dimension: Dimension::Money(crate::unit::Currency::Cny), percent: false })
    }

    /// `全市.x`, `全市.增幅(x, 上年)`: the region's value under that name, else computed from the region's own facts.
    pub(super) fn region(&mut self, level: RegionWord, inner: &Expr, context: Context) -> Got {
        if context.region.is_some() {
            return self.fault("policy.rule.region", inner, text!("区域不能嵌套", "regions cannot be nested"), text!("只写一个层级", "write one level"));
        }
        let within = Context { region: Some(level), ..context };
        let ExprKind::Apply { function: Function::Growth, arguments } = &inner.kind else { return self.lower(inner, within) };
        let Some(name) = canonical_name(self.vocabulary, inner) else { return self.growth(arguments, inner, within) };
        let contexts = match arguments.get(1) {
            Some(period) => self.period_words(period, within)?,
            None => vec![within],
        };
        self.in_periods(&contexts, |lowering, context| {
            let computed = lowering.growth(&arguments[..1], inner, context)?;
            let computed = lowering.one(&computed, inner)?;
            let (ExprKind::Name(fact) | ExprKind::Access { name: fact, .. }) = &arguments[0].kind else { return None };
            let index = lowering.vocabulary.index(fact)?;
            let at = lowering.at(lowering.vocabulary.at(index), inner, context)?;
            let given = lowering.plan.node(Op::RegionFact { level, name: Arc::from(name.as_str()), fact: u32::try_from(index).unwrap_or(u32::MAX), at });
            let id = lowering.plan.node(Op::FirstKnown(given, computed));
            single(id, Type::Quantity { dimension: Dimension::None, percent: true })
        })
    }

    /// A constant number, if the node is one.
    pub(super) fn constant(&self, id: NodeId) -> Option<Fraction> {
        match self.plan.op(id) {
            Op::Constant(Constant::Number(value)) => Some(*value),
            Op::Negate(inner) => self.constant(*inner).map(Fraction::negated),
            _ => None,
        }
    }
}

fn bare() -> Type {
    Type::Quantity { dimension: Dimension::None, percent: false }
}

/// The least and greatest number of arguments.
fn arity(function: Function) -> (usize, usize) {
    match function {
        Function::Min | Function::Max | Function::Sum | Function::Average | Function::Count | Function::Any | Function::All | Function::NoneOf => {
            (1, usize::MAX)
        }
        Function::Abs | Function::Floor | Function::Ceil | Function::Known | Function::Year | Function::Eligible | Function::AmountOf => (1, 1),
        Function::Round | Function::RoundDown | Function::RoundUp | Function::Growth | Function::Age => (1, 2),
        Function::Cagr | Function::Tiers | Function::Progressive | Function::Lookup => (2, 2),
        Function::Clamp | Function::If => (3, 3),
        Function::Today => (0, 0),
        Function::PeriodStart | Function::PeriodEnd | Function::YearStart | Function::YearEnd => (0, 1),
    }
}
