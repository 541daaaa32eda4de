//! Operators: arithmetic with dimensions, comparisons, logic and sets of words.

use super::{Atom, Context, Got, Lowered, Lowering, Shape, Type, described, join, single};
use crate::Fraction;
use crate::plan::{Comparison, Constant, NodeId, Op, Plan};
use crate::suggest::closest;
use crate::syntax::{Binary, Expr, ExprKind};
use crate::unit::Dimension;
use duijie_vocab::text;
use std::sync::Arc;

impl Lowering<'_> {
    pub(super) fn binary(&mut self, op: Binary, left: &Expr, right: &Expr, expr: &Expr, context: Context) -> Got {
        match op {
            Binary::And | Binary::Or => self.logic(op, left, right, expr, context),
            Binary::Add | Binary::Subtract => self.sum(op, left, right, expr, context),
            Binary::Multiply => self.product(left, right, expr, context),
            Binary::Divide => self.quotient(left, right, expr, context),
            Binary::In | Binary::NotIn => self.among(op, left, right, expr, context),
            Binary::Begins => self.begins(left, right, expr, context),
            Binary::Contains | Binary::ContainsAny | Binary::ContainsAll | Binary::ContainsNone => self.contains(op, left, right, expr, context),
            _ => self.compare(op, left, right, expr, context),
        }
    }

    fn logic(&mut self, op: Binary, left: &Expr, right: &Expr, expr: &Expr, context: Context) -> Got {
        let (a, b) = (self.lower(left, context), self.lower(right, context));
        let (a, b) = (a?, b?);
        self.truth(&a, left)?;
        self.truth(&b, right)?;
        self.zipped(&a, &b, expr, Type::Truth, move |plan, a, b| {
            // Flattened, so that `a 且 b 且 c` is one node whatever its brackets.
            let mut parts = Vec::new();
            for id in [a, b] {
                match (plan.op(id), op) {
                    (Op::And(inner), Binary::And) | (Op::Or(inner), Binary::Or) => parts.extend(inner.iter().copied()),
                    _ => parts.push(id),
                }
            }
            let parts = parts.into_boxed_slice();
            plan.node(if op == Binary::And { Op::And(parts) } else { Op::Or(parts) })
        })
    }

    fn sum(&mut self, op: Binary, left: &Expr, right: &Expr, expr: &Expr, context: Context) -> Got {
        let (a, b) = (self.lower(left, context), self.lower(right, context));
        let (a, b) = (a?, b?);
        let minus = op == Binary::Subtract;
        let add = move |plan: &mut Plan, a: NodeId, b: NodeId| {
            let b = if minus { plan.node(Op::Negate(b)) } else { b };
            plan.node(Op::Add(a, b))
        };
        match (&a.kind, &b.kind) {
            (Type::Quantity { dimension: x, percent: p }, Type::Quantity { dimension: y, percent: q }) if x.goes_with(y) => {
                let kind = Type::Quantity { dimension: x.wider(y), percent: *p || *q };
                self.zipped(&a, &b, expr, kind, add)
            }
            (Type::Date, Type::Quantity { dimension: Dimension::Days, .. }) => self.zipped(&a, &b, expr, Type::Date, add),
            (Type::Date, Type::Quantity { dimension: Dimension::Months, .. }) => self.zipped(&a, &b, expr, Type::Date, move |plan, date, months| {
                let months = if minus { plan.node(Op::Negate(months)) } else { months };
                plan.node(Op::AddMonths { date, months })
            }),
            (Type::Date, Type::Date) if minus => self.zipped(&a, &b, expr, Type::Quantity { dimension: Dimension::Days, percent: false }, add),
            (x, y) => {
                let (x, y) = (described(x), described(y));
                let verb = if minus { ("相减", "subtracted") } else { ("相加", "added") };
                let message = duijie_vocab::Text::new(format!("{}与{}不能{}", x.zh, y.zh, verb.0), format!("{} and {} cannot be {}", x.en, y.en, verb.1));
                self.fault(
                    "policy.rule.dimension",
                    expr,
                    message,
                    text!("两边应为同一种量；给数加上单位，如 `500万元`", "both sides must be of one kind; give the number a unit, such as `500万元`"),
                )
            }
        }
    }

    fn product(&mut self, left: &Expr, right: &Expr, expr: &Expr, context: Context) -> Got {
        let (a, b) = (self.lower(left, context), self.lower(right, context));
        let (a, b) = (a?, b?);
        let ((x, p), (y, q)) = (self.quantity(&a, left)?, self.quantity(&b, right)?);
        let pure = |dimension: &Dimension| matches!(dimension, Dimension::None | Dimension::Any | Dimension::Count(_));
        let dimension = match (&x, &y) {
            (Dimension::None | Dimension::Any, other) | (other, Dimension::None | Dimension::Any) => other.clone(),
            (Dimension::Count(_), other) | (other, Dimension::Count(_)) => other.clone(),
            _ => {
                let (x, y) = (described(&a.kind), described(&b.kind));
                let message = duijie_vocab::Text::new(format!("{}与{}不能相乘", x.zh, y.zh), format!("{} and {} cannot be multiplied", x.en, y.en));
                return self.fault("policy.rule.dimension", expr, message, text!("一边应为比例或数量", "one side must be a share or a number"));
            }
        };
        let percent = pure(&dimension) && (p || q);
        self.zipped(&a, &b, expr, Type::Quantity { dimension, percent }, |plan, a, b| plan.node(Op::Multiply(a, b)))
    }

    fn quotient(&mut self, left: &Expr, right: &Expr, expr: &Expr, context: Context) -> Got {
        let (a, b) = (self.lower(left, context), self.lower(right, context));
        let (a, b) = (a?, b?);
        let ((x, p), (y, q)) = (self.quantity(&a, left)?, self.quantity(&b, right)?);
        if right.number().is_some_and(|(value, _)| value.is_zero()) {
            return self.fault("policy.rule.zero", right, text!("除数为零", "this divides by zero"), text!("改正除数", "correct the divisor"));
        }
        let (dimension, percent) = match (&x, &y) {
            (x, Dimension::None) => (x.clone(), p && !q),
            (x, y) if x.goes_with(y) => (Dimension::None, true),
            (x, Dimension::Count(_)) => (x.clone(), false),
            _ => {
                let (x, y) = (described(&a.kind), described(&b.kind));
                let message = duijie_vocab::Text::new(format!("{}不能除以{}", x.zh, y.zh), format!("{} cannot be divided by {}", x.en, y.en));
                return self.fault(
                    "policy.rule.dimension",
                    expr,
                    message,
                    text!("除以同一种量得比例，除以数量得均值", "divide by the same kind for a share, by a number for a mean"),
                );
            }
        };
        self.zipped(&a, &b, expr, Type::Quantity { dimension, percent }, |plan, a, b| plan.node(Op::Divide(a, b)))
    }

    pub(super) fn compare(&mut self, op: Binary, left: &Expr, right: &Expr, expr: &Expr, context: Context) -> Got {
        let ordered = matches!(op, Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual);
        let (a, b) = self.two_sides(ordered, left, right, context)?;
        if let Some(compound) = self.compound(op, &a, &b, left, right, context) {
            return compound;
        }
        let negate = op == Binary::NotEqual;
        let lowered = match (&a.kind, &b.kind) {
            (Type::Quantity { dimension: x, percent: p }, Type::Quantity { dimension: y, percent: q }) if x.goes_with(y) => {
                self.warn_bare_percent(*p, *q, left, right);
                self.zipped(&a, &b, expr, Type::Truth, move |plan, a, b| compared(plan, op, a, b))
            }
            (Type::Date, Type::Date) => self.zipped(&a, &b, expr, Type::Truth, move |plan, a, b| compared(plan, op, a, b)),
            (Type::Word(_), Type::Word(_)) if !ordered => self.zipped(&a, &b, expr, Type::Truth, move |plan, a, b| {
                let same = plan.node(Op::SameWord(a, b));
                if negate { plan.node(Op::Not(same)) } else { same }
            }),
            (Type::Truth, Type::Truth) if !ordered => self.zipped(&a, &b, expr, Type::Truth, move |plan, a, b| {
                let (not_a, not_b) = (plan.node(Op::Not(a)), plan.node(Op::Not(b)));
                let both = plan.node(Op::And(Box::new([a, b])));
                let neither = plan.node(Op::And(Box::new([not_a, not_b])));
                let same = plan.node(Op::Or(Box::new([both, neither])));
                if negate { plan.node(Op::Not(same)) } else { same }
            }),
            (x, y) => return self.mismatch(x.clone(), y.clone(), expr, right),
        }?;
        self.note_atom(op, &a, &b, left, right, &lowered, context);
        Some(lowered)
    }

    fn mismatch(&mut self, x: Type, y: Type, expr: &Expr, right: &Expr) -> Got {
        let (shown_x, shown_y) = (described(&x), described(&y));
        let message =
            duijie_vocab::Text::new(format!("{}与{}不能比较", shown_x.zh, shown_y.zh), format!("{} and {} cannot be compared", shown_x.en, shown_y.en));
        let help = match (&x, &y, &right.kind) {
            (Type::Quantity { dimension: Dimension::Money(_), .. }, Type::Quantity { dimension: Dimension::None, .. }, ExprKind::Number { digits, .. }) => {
                text!("给数加上单位，如 `{digits}万元`", "give the number a unit, such as `{digits}万元`")
            }
            (Type::Quantity { dimension: Dimension::Months, .. }, _, _) | (_, Type::Quantity { dimension: Dimension::Months, .. }, _) => {
                text!("年月与年月比较，天数与天数比较，如 `满(成立日期) ≥ 1 年`", "compare years with years and days with days, such as `age(date) >= 1 年`")
            }
            (Type::Words(_), _, _) => text!("集合用 `含`、`含任一`、`含全部`", "use `contains`, `contains_any` or `contains_all` with a set"),
            _ => text!("两边应为同一种量", "both sides must be of one kind"),
        };
        self.fault("policy.rule.dimension", expr, message, help)
    }

    /// Both sides of a comparison; a word that is no fact is read as a word of the other side's list.
    fn two_sides(&mut self, ordered: bool, left: &Expr, right: &Expr, context: Context) -> Option<(Lowered, Lowered)> {
        let is_new = |lowering: &Self, expr: &Expr| matches!(&expr.kind, ExprKind::Name(name) if lowering.vocabulary.index(name).is_none() && !lowering.parameters.contains_key(name));
        let new = (is_new(self, left), is_new(self, right));
        // Beside an unknown fact a word is of a list that nobody knows yet.
        let may_be_word = |lowering: &Self| matches!(&right.kind, ExprKind::Name(name) if !ordered && lowering.vocabulary.suggestion(name).is_none());
        if new == (true, true) && may_be_word(self) {
            return self.lower(left, context).and(None);
        }
        if new == (false, true) {
            let a = self.lower(left, context)?;
            let b = self.other_side(&a.kind, right, context)?;
            return Some((a, b));
        }
        if new == (true, false) {
            let b = self.lower(right, context)?;
            let a = self.other_side(&b.kind, left, context)?;
            return Some((a, b));
        }
        let (a, b) = (self.lower(left, context), self.lower(right, context));
        let (a, b) = (a?, b?);
        if let (Type::Word(Some(fact)), ExprKind::Text(word)) = (&a.kind, &right.kind) {
            self.check_word(*fact, word, right);
        }
        Some((a, b))
    }

    fn other_side(&mut self, kind: &Type, expr: &Expr, context: Context) -> Got {
        let (Type::Word(Some(fact)), ExprKind::Name(word)) = (kind, &expr.kind) else { return self.lower(expr, context) };
        if self.vocabulary.at(*fact as usize).values.is_empty() {
            return self.lower(expr, context);
        }
        self.check_word(*fact, word, expr);
        let id = self.word(word);
        single(id, Type::Word(Some(*fact)))
    }

    /// A word that is not in the fact's list can never be its value.
    pub(super) fn check_word(&mut self, fact: u32, word: &str, expr: &Expr) {
        let fact = self.vocabulary.at(fact as usize);
        if fact.values.is_empty() || fact.values.iter().any(|known| known == word) {
            return;
        }
        let name = fact.zh.clone();
        let all = fact.values.join(" ");
        let help = match closest(word, fact.values.iter().map(String::as_str)) {
            Some(near) => text!("是否指 `{near}`？", "did you mean `{near}`?"),
            None => text!("可用：{all}", "one of: {all}"),
        };
        self.fault::<()>("policy.rule.word", expr, text!("`{name}` 没有 `{word}` 这个值", "`{word}` is no value of `{name}`"), help);
    }

    /// `share >= 3` nearly always means 3 %.
    fn warn_bare_percent(&mut self, left: bool, right: bool, left_expr: &Expr, right_expr: &Expr) {
        for (is_share, number) in [(left && !right, right_expr), (right && !left, left_expr)] {
            let Some((value, None)) = number.number().filter(|_| is_share) else { continue };
            if value > Fraction::ONE {
                let shown = value.to_string();
                self.remark(
                    "policy.rule.bare_percent",
                    number,
                    text!("比例与 {shown} 比较，即 {shown} 倍", "a share is compared with {shown}, that is {shown} times"),
                    text!("是否指 `{shown}%`？确为倍数时写 `{shown} 倍`", "did you mean `{shown}%`? write `{shown} 倍` if times are meant"),
                );
            }
        }
    }

    /// `cagr(x, n) >= c` without roots: x now ÷ x then >= (1 + c)^n.
    fn compound(&mut self, op: Binary, a: &Lowered, b: &Lowered, left: &Expr, right: &Expr, context: Context) -> Option<Got> {
        let (ratio, periods, other, other_expr, flipped) = match (&a.shape, &b.shape) {
            (Shape::Compound { ratio: x, periods: n }, Shape::Compound { ratio: y, periods: m }) if n == m => {
                let (x, y) = (*x, *y);
                let id = compared(self.plan, op, x, y);
                return Some(single(id, Type::Truth));
            }
            (Shape::Compound { ratio, periods }, _) => (*ratio, *periods, b, right, false),
            (_, Shape::Compound { ratio, periods }) => (*ratio, *periods, a, left, true),
            _ => return None,
        };
        let Shape::One(other_id) = other.shape else { return Some(self.one(other, other_expr).and(None)) };
        let Op::Constant(Constant::Number(rate)) = self.plan.op(other_id).clone() else {
            return Some(self.fault(
                "policy.rule.cagr",
                other_expr,
                text!("复合增长率只能与一个数比较", "a compound growth rate can only be compared with a number"),
                text!("写作 `复合增长率(x, 3) ≥ 20%`", "write `cagr(x, 3) >= 20%`"),
            ));
        };
        let Some(factor) = Fraction::ONE.plus(rate).filter(|base| !base.is_negative()).and_then(|base| base.power(periods)) else {
            return Some(self.fault(
                "policy.rule.cagr",
                other_expr,
                text!("这个增长率不能精确计算", "this rate cannot be computed exactly"),
                text!("用位数较少的增长率", "use a rate with fewer digits"),
            ));
        };
        let threshold = self.plan.number(factor);
        let (x, y) = if flipped { (threshold, ratio) } else { (ratio, threshold) };
        let id = compared(self.plan, op, x, y);
        let lowered = Lowered { shape: Shape::One(id), kind: Type::Truth };
        let times = Type::Quantity { dimension: Dimension::None, percent: false };
        let side = |id| Lowered { shape: Shape::One(id), kind: times.clone() };
        self.note_atom(op, &side(x), &side(y), left, right, &lowered, context);
        Some(Some(lowered))
    }

    #[expect(clippy::too_many_arguments, reason = "both sides with their expressions")]
    fn note_atom(&mut self, op: Binary, a: &Lowered, b: &Lowered, left: &Expr, right: &Expr, whole: &Lowered, context: Context) {
        let (Shape::One(left_id), Shape::One(right_id), Shape::One(node)) = (&a.shape, &b.shape, &whole.shape) else { return };
        if context.inner {
            return;
        }
        self.atoms.push(Atom {
            node: *node,
            op,
            left: *left_id,
            right: *right_id,
            left_expr: left.clone(),
            right_expr: right.clone(),
            left_kind: a.kind.clone(),
            right_kind: b.kind.clone(),
            words: std::sync::OnceLock::new(),
        });
    }

    fn among(&mut self, op: Binary, left: &Expr, right: &Expr, expr: &Expr, context: Context) -> Got {
        let value = self.lower(left, context)?;
        let negate = move |plan: &mut Plan, id: NodeId| if op == Binary::NotIn { plan.node(Op::Not(id)) } else { id };
        if let (ExprKind::Set(items), Type::Quantity { .. } | Type::Date) = (&right.kind, &value.kind) {
            let mut equal = Vec::new();
            for item in items {
                let one = self.compare(Binary::Equal, left, item, expr, Context { inner: true, ..context })?;
                equal.push(self.one(&one, item)?);
            }
            let any = self.plan.node(Op::Or(equal.into_boxed_slice()));
            return single(negate(self.plan, any), Type::Truth);
        }
        let Type::Word(fact) = value.kind else {
            let what = described(&value.kind);
            return self.fault(
                "policy.rule.in",
                left,
                join("`属于` 左边应为文字或数，实为", &what.zh, "", "the left side of `in` is a word or a number, this is ", &what.en, ""),
                text!("集合用 `含`、`含任一`", "use `contains` or `contains_any` with a set"),
            );
        };
        let words = self.words(right, fact, context)?;
        let lowered = self.zipped(&value, &words, expr, Type::Truth, move |plan, word, words| {
            let among = plan.node(Op::Among { word, words });
            negate(plan, among)
        })?;
        self.note_atom(op, &value, &words, left, right, &lowered, context);
        Some(lowered)
    }

    /// `应用行业 开头为 {C38, C39}`: classifications whose codes begin as their parents do.
    fn begins(&mut self, left: &Expr, right: &Expr, expr: &Expr, context: Context) -> Got {
        let value = self.lower(left, context)?;
        if !matches!(value.kind, Type::Word(_)) {
            let what = described(&value.kind);
            return self.fault(
                "policy.rule.in",
                left,
                join("`开头为` 左边应为文字，实为", &what.zh, "", "the left side of `begins_with` is a word, this is ", &what.en, ""),
                text!("例如 `应用行业 开头为 {{C38, C39}}`", "for example `industry begins_with {{C38, C39}}`"),
            );
        }
        let items = match &right.kind {
            ExprKind::Set(items) => items.as_slice(),
            _ => std::slice::from_ref(right),
        };
        // Beginnings are no words of the fact's own list.
        let words = self.set(items, None)?;
        let lowered = self.zipped(&value, &words, expr, Type::Truth, |plan, word, words| plan.node(Op::Begins { word, words }))?;
        self.note_atom(Binary::Begins, &value, &words, left, right, &lowered, context);
        Some(lowered)
    }

    fn contains(&mut self, op: Binary, left: &Expr, right: &Expr, expr: &Expr, context: Context) -> Got {
        let set = self.lower(left, context)?;
        let Type::Words(fact) = set.kind else {
            let what = described(&set.kind);
            return self.fault(
                "policy.rule.contains",
                left,
                join("`含` 左边应为集合，实为", &what.zh, "", "the left side of `contains` is a set, this is ", &what.en, ""),
                text!("单个文字用 `属于` 或 `=`", "use `in` or `==` with a single word"),
            );
        };
        let words = self.words(right, fact, context)?;
        let lowered = self.zipped(&set, &words, expr, Type::Truth, move |plan, set, words| match op {
            Binary::ContainsAny => plan.node(Op::ContainsAny { set, words }),
            Binary::ContainsNone => {
                let any = plan.node(Op::ContainsAny { set, words });
                plan.node(Op::Not(any))
            }
            _ => plan.node(Op::ContainsAll { set, words }),
        })?;
        self.note_atom(op, &set, &words, left, right, &lowered, context);
        Some(lowered)
    }

    /// The words on the right of `in` and `contains`: a list, one word, or a fact that is a set.
    fn words(&mut self, expr: &Expr, fact: Option<u32>, context: Context) -> Got {
        match &expr.kind {
            ExprKind::Set(items) => self.set(items, fact),
            ExprKind::Name(name) if self.vocabulary.index(name).is_none() => self.set(std::slice::from_ref(expr), fact),
            ExprKind::Text(_) => self.set(std::slice::from_ref(expr), fact),
            _ => {
                let lowered = self.lower(expr, context)?;
                if matches!(lowered.kind, Type::Words(_)) {
                    return Some(lowered);
                }
                let what = described(&lowered.kind);
                self.fault(
                    "policy.rule.words",
                    expr,
                    join("这里应为一组文字，实为", &what.zh, "", "a list of words is wanted here, this is ", &what.en, ""),
                    text!("写作 `{{甲, 乙}}`", "write `{{a, b}}`"),
                )
            }
        }
    }

    /// A list of words; those of a fact's list are checked.
    pub(super) fn set(&mut self, items: &[Expr], fact: Option<u32>) -> Got {
        let mut words: Vec<Arc<str>> = Vec::new();
        for item in items {
            let (ExprKind::Name(word) | ExprKind::Text(word)) = &item.kind else {
                return self.fault(
                    "policy.rule.words",
                    item,
                    text!("集合中只能写文字", "a list holds words only"),
                    text!("数与范围用比较或 `介于`", "use comparisons or `between` with numbers"),
                );
            };
            if let Some(fact) = fact {
                self.check_word(fact, word, item);
            }
            words.push(Arc::from(word.as_str()));
        }
        words.sort();
        words.dedup();
        let id = self.plan.node(Op::Constant(Constant::Words(words.into_boxed_slice())));
        single(id, Type::Words(fact))
    }

    pub(super) fn choice(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr, expr: &Expr, context: Context) -> Got {
        let c = self.lower(condition, context)?;
        self.truth(&c, condition)?;
        let c = self.one(&c, condition)?;
        let (a, b) = (self.lower(then, context), self.lower(otherwise, context));
        let (a, b) = (a?, b?);
        let kind = self.shared_kind(&a.kind, &b.kind, expr)?;
        self.zipped(&a, &b, expr, kind, move |plan, then, otherwise| plan.node(Op::If { condition: c, then, otherwise }))
    }

    /// The kind of a value that is one of two.
    pub(super) fn shared_kind(&mut self, a: &Type, b: &Type, expr: &Expr) -> Option<Type> {
        match (a, b) {
            (Type::Quantity { dimension: x, percent: p }, Type::Quantity { dimension: y, percent: q }) if x.goes_with(y) => {
                Some(Type::Quantity { dimension: x.wider(y), percent: *p || *q })
            }
            (Type::Date, Type::Date) => Some(Type::Date),
            (Type::Truth, Type::Truth) => Some(Type::Truth),
            (Type::Word(x), Type::Word(y)) => Some(Type::Word(x.or(*y))),
            (Type::Words(x), Type::Words(y)) => Some(Type::Words(x.or(*y))),
            _ => {
                let (x, y) = (described(a), described(b));
                let message =
                    duijie_vocab::Text::new(format!("各分支类型不同：{}与{}", x.zh, y.zh), format!("the branches differ in kind: {} and {}", x.en, y.en));
                self.fault("policy.rule.branches", expr, message, text!("让各分支为同一种量", "make the branches one kind"))
            }
        }
    }
}

/// The node of an ordered comparison or an equality.
pub(super) fn compared(plan: &mut Plan, op: Binary, a: NodeId, b: NodeId) -> NodeId {
    let node = |plan: &mut Plan, comparison, left, right| plan.node(Op::Compare { comparison, left, right });
    match op {
        Binary::Less => node(plan, Comparison::Less, a, b),
        Binary::LessEqual => node(plan, Comparison::LessOrEqual, a, b),
        Binary::Greater => node(plan, Comparison::Less, b, a),
        Binary::GreaterEqual => node(plan, Comparison::LessOrEqual, b, a),
        Binary::NotEqual => {
            let equal = node(plan, Comparison::Equal, a, b);
            plan.node(Op::Not(equal))
        }
        _ => node(plan, Comparison::Equal, a, b),
    }
}
