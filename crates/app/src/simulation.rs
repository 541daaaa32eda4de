//! What a change to a measure would do to everybody it may reach, before it is signed: who gains, who
//! loses, what it costs against the pool, between which bounds while facts are missing.

use crate::crowd::Crowd;
use crate::policy_batch::{bounds, period_named};
use crate::{Action, App, AppError, DecideOn, PolicyFiles, Subjects, Target, Viewer};
use duijie_policy::{Fraction, Literal, Measure, Paid, Period, Simulation, ThresholdStep, Totals, Truth, figure_value, literals, simulate, with_figures};
use duijie_vocab::{Date, Diagnostic, Fen, Text, has_errors, text};
use serde::Serialize;
use std::collections::BTreeMap;

/// A change to one measure, over everybody.
#[derive(Clone, Debug, Serialize)]
pub struct SimulationView {
    pub measure: String,
    pub name: Text,
    pub period: String,
    pub on: String,
    pub totals: TotalsView,
    /// What the money comes from, and whether it would do.
    pub pool: Option<PoolView>,
    pub classes: Vec<ClassView>,
    /// Who is decided or paid otherwise, the greatest differences first.
    pub changes: Vec<ChangeView>,
    /// The figure that was changed, at values around the new one.
    pub steps: Vec<StepView>,
    /// What the measure and those it is tied to pay together; nothing where it stands alone. All other sums are of
    /// the measure for itself.
    pub together: Option<TogetherView>,
}

/// The cost of measures that exclude one another or share a limit, each subject paid its best combination.
#[derive(Clone, Debug, Serialize)]
pub struct TogetherView {
    /// The other measures.
    pub beside: Vec<Text>,
    pub cost_before: MoneyBounds,
    pub cost_after: MoneyBounds,
    pub difference: MoneyBounds,
}

/// Counts of subjects and sums of money.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TotalsView {
    pub subjects: u64,
    pub eligible_before: u64,
    pub eligible_after: u64,
    pub gain: u64,
    pub lose: u64,
    /// Not decided before or after.
    pub open: u64,
    pub cost_before: MoneyBounds,
    pub cost_after: MoneyBounds,
    /// After less before.
    pub difference: MoneyBounds,
}

/// An amount between bounds; no upper bound where facts are missing that could make it anything.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MoneyBounds {
    pub least_fen: i64,
    pub most_fen: Option<i64>,
    pub shown: Text,
}

#[derive(Clone, Debug, Serialize)]
pub struct PoolView {
    pub pool: String,
    pub amount_fen: i64,
    pub amount: Text,
    /// `covered`, `perhaps` or `exceeded`, before and after.
    pub before: &'static str,
    pub after: &'static str,
}

/// The same counts by one kind of class: region, size, industry.
#[derive(Clone, Debug, Serialize)]
pub struct ClassView {
    pub key: &'static str,
    pub name: Text,
    pub rows: Vec<ClassRow>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ClassRow {
    pub name: Text,
    pub totals: TotalsView,
}

#[derive(Clone, Debug, Serialize)]
pub struct ChangeView {
    pub id: String,
    pub name: String,
    pub region: Text,
    pub before: &'static str,
    pub after: &'static str,
    pub paid_before: MoneyBounds,
    pub paid_after: MoneyBounds,
    pub difference_fen: i64,
}

/// What one value of the changed figure would mean.
#[derive(Clone, Debug, Serialize)]
pub struct StepView {
    pub value: String,
    pub eligible: u64,
    pub open: u64,
    pub cost: MoneyBounds,
    /// Whether this is the value in force, or the one asked about.
    pub mark: &'static str,
}

/// A figure of a measure that can be changed: where it stands and what it says now.
#[derive(Clone, Debug, Serialize)]
pub struct FigureView {
    pub at: usize,
    pub label: Text,
    pub rule: String,
    pub written: String,
    /// What was asked for in its place, if anything.
    pub asked: String,
}

impl App {
    /// The figures of a measure, in the order of its file.
    pub fn measure_figures(&self, id: &str, asked: &BTreeMap<usize, String>) -> Result<Vec<FigureView>, AppError> {
        self.policies().figures(id, asked)
    }

    /// A measure with some of its figures changed, over the enterprises of the viewer's region.
    pub fn simulate_figures(&self, viewer: &Viewer, id: &str, asked: &BTreeMap<usize, String>, period: Option<&str>) -> Result<SimulationView, AppError> {
        viewer.may(Action::Decide, &Target { region: Some(viewer.region), organization: None })?;
        let year = self.year_named(period)?;
        let policies = self.policies();
        let measure = policies.book.measure(id).ok_or(AppError::NotFound)?;
        let crowd = self.crowd(viewer, year)?;
        policies.with_figures(id, asked, &crowd, day_for(measure, year))
    }

    /// A file with changed or new measures, over the enterprises of the viewer's region.
    pub fn simulate_change(&self, viewer: &Viewer, name: &str, text: &str, period: Option<&str>) -> Result<Vec<SimulationView>, AppError> {
        viewer.may(Action::Decide, &Target { region: Some(viewer.region), organization: None })?;
        let year = self.year_named(period)?;
        let policies = self.policies();
        let crowd = self.crowd(viewer, year)?;
        policies.simulated(name, text, &crowd, |measure| day_for(measure, year))
    }

    /// The instant that a file made now says of itself.
    pub fn made_at(&self) -> duijie_vocab::Timestamp {
        self.now()
    }

    /// The year that somebody wrote, or the latest that any enterprise has facts of.
    fn year_named(&self, period: Option<&str>) -> Result<i16, AppError> {
        match period_named(period)? {
            Some(period) => period.year().ok_or(AppError::NotFound),
            None => Ok(self.latest_year()?.unwrap_or_else(|| self.now().china_date().year() - 1)),
        }
    }

    fn latest_year(&self) -> Result<Option<i16>, AppError> {
        let mut latest = None;
        let flow = self.store().read(|view| {
            view.for_each_record("facts", |row| {
                if row.record.state == duijie_record::RecordState::Active {
                    latest = latest.max(Period::parse(row.record.text("period")).ok().and_then(Period::year));
                }
                std::ops::ControlFlow::<()>::Continue(())
            })
        })?;
        debug_assert!(flow.is_continue());
        Ok(latest)
    }
}

impl PolicyFiles {
    /// The figures of a measure, in the order of its file.
    pub fn figures(&self, id: &str, asked: &BTreeMap<usize, String>) -> Result<Vec<FigureView>, AppError> {
        let measure = self.book.measure(id).ok_or(AppError::NotFound)?;
        let figure = |(at, literal): (usize, Literal)| FigureView {
            at,
            label: literal.label,
            rule: literal.rule,
            asked: asked.get(&at).cloned().unwrap_or_default(),
            written: literal.written,
        };
        Ok(literals(measure).into_iter().enumerate().map(figure).collect())
    }

    /// A measure with some of its figures changed, over subjects from a file.
    pub fn simulate_figures(&self, id: &str, asked: &BTreeMap<usize, String>, subjects: Subjects, on: DecideOn) -> Result<SimulationView, AppError> {
        let day = on.day(self.book.measure(id).ok_or(AppError::NotFound)?);
        self.with_figures(id, asked, &Crowd::of(subjects, self.book.vocabulary(), on.about()), day)
    }

    fn with_figures(&self, id: &str, asked: &BTreeMap<usize, String>, crowd: &Crowd, on: Date) -> Result<SimulationView, AppError> {
        let measure = self.book.measure(id).ok_or(AppError::NotFound)?;
        let all = literals(measure);
        let changes: Vec<(&Literal, &str)> = all.iter().enumerate().filter_map(|(at, literal)| asked.get(&at).map(|new| (literal, new.trim()))).collect();
        let with = |changes: &[(&Literal, &str)]| self.replaced(measure.file(), &with_figures(measure, changes));
        let after = with(&changes);
        if has_errors(&after.faults) {
            return Err(AppError::Invalid(after.faults));
        }
        let mut view = compare(self, &after, id, crowd, on);
        view.steps = steps((self, &after), crowd, &view, on, &changes, &with);
        Ok(view)
    }

    /// A file with changed or new measures, over subjects from a file.
    pub fn simulate_change(&self, name: &str, text: &str, subjects: Subjects, on: DecideOn) -> Result<Vec<SimulationView>, AppError> {
        let crowd = Crowd::of(subjects, self.book.vocabulary(), on.about());
        self.simulated(name, text, &crowd, |measure| on.day(measure))
    }

    fn simulated(&self, name: &str, text: &str, crowd: &Crowd, day: impl Fn(&Measure) -> Date) -> Result<Vec<SimulationView>, AppError> {
        let (after, mut ids) = self.changed(name, text);
        if has_errors(&after.faults) {
            return Err(AppError::Invalid(after.faults));
        }
        ids.dedup();
        let one = |id: &String| after.book.measure(id).map(|measure| compare(self, &after, id, crowd, day(measure)));
        Ok(ids.iter().filter_map(one).collect())
    }
}

/// The first day on which a year can be claimed, so that the year is what is decided.
pub(crate) fn day_for(measure: &Measure, year: i16) -> Date {
    crate::decisions::period_and_day(measure, year).1
}

fn compare(before: &PolicyFiles, after: &PolicyFiles, id: &str, crowd: &Crowd, on: Date) -> SimulationView {
    let simulation = simulate(&before.book, &after.book, id, &crowd.population, &crowd.regions, on);
    let measure = after.book.measure(id);
    let totals = simulation.totals();
    SimulationView {
        measure: id.to_string(),
        name: measure.map(|measure| measure.source.name.clone()).unwrap_or_default(),
        period: measure.map_or(String::new(), |measure| measure.default_period(on).to_string()),
        on: on.to_string(),
        pool: measure.and_then(|measure| pool(measure, &totals)),
        classes: vec![
            class("region", text!("按地区", "By region"), &simulation, |at| &crowd.classes[at].region),
            class("size", text!("按规模", "By size"), &simulation, |at| &crowd.classes[at].size),
            class("industry", text!("按行业", "By industry"), &simulation, |at| &crowd.classes[at].industry),
        ],
        changes: changes(&simulation, crowd),
        steps: Vec::new(),
        together: together(before, after, id, crowd, on),
        totals: totals_view(&totals),
    }
}

/// What a measure and those it is tied to pay together before and after, about the period that the day decides.
fn together(before: &PolicyFiles, after: &PolicyFiles, id: &str, crowd: &Crowd, on: Date) -> Option<TogetherView> {
    let mut tied: Vec<&str> = before.book.tied_to(id);
    tied.extend(after.book.tied_to(id));
    tied.sort_unstable();
    tied.dedup();
    let period = after.book.measure(id)?.default_period(on);
    let day = |measure: &Measure| match period.days() {
        _ if measure.id() == id => on,
        Some((_, last)) => DecideOn::PeriodOf(last).day(measure),
        None => on,
    };
    let others: Vec<&str> = tied.iter().copied().filter(|other| *other != id).collect();
    if tied.is_empty() {
        return None;
    }
    let cost = |files: &PolicyFiles| -> i128 { crate::policy_batch::together(files, &tied, &crowd.population, &crowd.regions, &day).values().sum() };
    let (cost_before, cost_after) = (cost(before), cost(after));
    let exactly = |sum: i128| money(&Paid { least: sum, most: Some(sum) });
    Some(TogetherView {
        beside: others
            .iter()
            .filter_map(|other| after.book.measure(other).or_else(|| before.book.measure(other)))
            .map(|measure| measure.source.name.clone())
            .collect(),
        cost_before: exactly(cost_before),
        cost_after: exactly(cost_after),
        difference: difference(Some(cost_after - cost_before), Some(cost_after - cost_before)),
    })
}

fn class<'c>(key: &'static str, name: Text, simulation: &Simulation, of: impl Fn(usize) -> &'c Text) -> ClassView {
    let by = simulation.by(|subject| (of(subject).zh.clone(), of(subject).en.clone()));
    let mut rows: Vec<ClassRow> = by.into_iter().map(|((zh, en), totals)| ClassRow { name: Text::new(zh, en), totals: totals_view(&totals) }).collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.totals.eligible_after.max(row.totals.eligible_before), row.totals.open)));
    ClassView { key, name, rows }
}

fn pool(measure: &Measure, totals: &Totals) -> Option<PoolView> {
    let budget = measure.source.budget.as_ref()?;
    let amount = budget.amount?;
    let standing = |paid: &Paid| match (paid.least, paid.most) {
        (least, _) if least > i128::from(amount.0) => "exceeded",
        (_, Some(most)) if most <= i128::from(amount.0) => "covered",
        _ => "perhaps",
    };
    Some(PoolView {
        pool: budget.pool.clone(),
        amount_fen: amount.0,
        amount: amount.text(),
        before: standing(&totals.cost_before),
        after: standing(&totals.cost_after),
    })
}

fn totals_view(totals: &Totals) -> TotalsView {
    let (least, most) = totals.cost_difference();
    TotalsView {
        subjects: totals.subjects,
        eligible_before: totals.eligible_before,
        eligible_after: totals.eligible_after,
        gain: totals.gain,
        lose: totals.lose,
        open: totals.open,
        cost_before: money(&totals.cost_before),
        cost_after: money(&totals.cost_after),
        difference: difference(least, most),
    }
}

fn fen(amount: i128) -> i64 {
    i64::try_from(amount).unwrap_or(if amount < 0 { i64::MIN } else { i64::MAX })
}

fn money(paid: &Paid) -> MoneyBounds {
    let shown = bounds(paid.least, paid.most);
    let shown = if shown.zh.is_empty() { text!("0 元", "0") } else { shown };
    MoneyBounds { least_fen: fen(paid.least), most_fen: paid.most.map(fen), shown }
}

fn difference(least: Option<i128>, most: Option<i128>) -> MoneyBounds {
    let signed = |amount: i128| {
        let (amount, sign) = (Fen(fen(amount.abs())), if amount < 0 { "−" } else { "+" });
        Text::new(format!("{sign}{}", amount.chinese()), format!("{sign}{amount}"))
    };
    let shown = match (least, most) {
        (Some(0), Some(0)) => text!("不变", "no difference"),
        (Some(least), Some(most)) if least == most => signed(least),
        (Some(least), Some(most)) => {
            let (least, most) = (signed(least), signed(most));
            Text::new(format!("{} 至 {}", least.zh, most.zh), format!("{} to {}", least.en, most.en))
        }
        (Some(least), None) => {
            let least = signed(least);
            Text::new(format!("至少 {}", least.zh), format!("at least {}", least.en))
        }
        (None, Some(most)) => {
            let most = signed(most);
            Text::new(format!("至多 {}", most.zh), format!("at most {}", most.en))
        }
        (None, None) => text!("无法估计", "cannot be told"),
    };
    MoneyBounds { least_fen: least.map_or(i64::MIN, fen), most_fen: most.map(fen), shown }
}

fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::Yes => "yes",
        Truth::No => "no",
        Truth::Unknown => "unknown",
        Truth::Error => "error",
    }
}

fn changes(simulation: &Simulation, crowd: &Crowd) -> Vec<ChangeView> {
    let changed = simulation.changes.iter().filter(|change| change.before != change.after || change.paid_before != change.paid_after);
    let mut views: Vec<ChangeView> = changed
        .map(|change| ChangeView {
            id: crowd.ids[change.subject].clone(),
            name: crowd.names[change.subject].clone(),
            region: crowd.classes[change.subject].region.clone(),
            before: word(change.before),
            after: word(change.after),
            paid_before: money(&change.paid_before),
            paid_after: money(&change.paid_after),
            difference_fen: fen(change.paid_after.least - change.paid_before.least),
        })
        .collect();
    views.sort_by(|a, b| b.difference_fen.abs().cmp(&a.difference_fen.abs()).then_with(|| a.id.cmp(&b.id)));
    views
}

/// Makes the files in which literals stand for other values.
type With<'a> = &'a dyn Fn(&[(&Literal, &str)]) -> PolicyFiles;

/// Values of the first changed figure from before the old one to beyond the new one, the other
/// changes as they are.
fn steps(files: (&PolicyFiles, &PolicyFiles), crowd: &Crowd, view: &SimulationView, on: Date, changes: &[(&Literal, &str)], with: With<'_>) -> Vec<StepView> {
    let Some(((literal, new), others)) = changes.split_first() else { return Vec::new() };
    let values = between(&literal.written, new);
    let mark = |value: &str| match value {
        _ if value == *new => "asked",
        _ if value == literal.written => "now",
        _ => "",
    };
    let (before, after) = files;
    if let Some(condition) = literal.bounds {
        let found = counted(after, crowd, &view.measure, condition, on, &values);
        let steps: Vec<StepView> = found.into_iter().map(|(value, step)| step_view(value, mark(value), &step)).collect();
        // Where alternatives are decided by cases the counts fall short of what is asked about; then every value is tried.
        if steps.iter().any(|step| step.mark == "asked" && step.eligible == view.totals.eligible_after) {
            return steps;
        }
    }
    let tried = |value: &String| {
        let all: Vec<(&Literal, &str)> = std::iter::once((*literal, value.as_str())).chain(others.iter().copied()).collect();
        let files = with(&all);
        if has_errors(&files.faults) {
            return None;
        }
        let totals = simulate(&before.book, &files.book, &view.measure, &crowd.population, &crowd.regions, on).totals();
        Some(StepView { value: value.clone(), eligible: totals.eligible_after, open: totals.open, cost: money(&totals.cost_after), mark: mark(value) })
    };
    values.iter().filter_map(tried).collect()
}

/// What the measure would do with each of the values as the bound of a condition, counted in one pass.
fn counted<'v>(files: &PolicyFiles, crowd: &Crowd, id: &str, condition: usize, on: Date, values: &'v [String]) -> Vec<(&'v str, ThresholdStep)> {
    let bounds: Vec<(&str, Fraction)> = values.iter().filter_map(|value| Some((value.as_str(), figure_value(value)?))).collect();
    let thresholds: Vec<Fraction> = bounds.iter().map(|(_, bound)| *bound).collect();
    let steps = crowd.population.threshold_histogram(&files.book, id, condition, &thresholds, &crowd.regions, on).unwrap_or_default();
    let step = |(value, bound): (&'v str, Fraction)| steps.iter().find(|step| step.at == bound).map(|step| (value, *step));
    bounds.into_iter().filter_map(step).collect()
}

fn step_view(value: &str, mark: &'static str, step: &ThresholdStep) -> StepView {
    let cost = money(&Paid { least: step.amount_low, most: step.amount_most });
    StepView { value: value.to_string(), eligible: step.eligible, open: step.open, cost, mark }
}

/// Nine values in equal steps: the old one, the new one, three between them and two on either side.
/// Nothing unless both are a number with the same unit.
fn between(old: &str, new: &str) -> Vec<String> {
    let split = |text: &str| {
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
        let (digits, unit) = text.split_at(end);
        duijie_vocab::Decimal::parse(digits).ok().map(|number| (number, unit.to_string()))
    };
    let (Some((from, unit)), Some((to, same))) = (split(old), split(new)) else { return Vec::new() };
    if unit.trim() != same.trim() || from == to {
        return Vec::new();
    }
    // Four times finer than the written digits, so that a quarter of the way is exact.
    let scale = from.scale().max(to.scale()).saturating_add(2);
    let digits = |number: duijie_vocab::Decimal| 10i128.checked_pow(scale - number.scale()).and_then(|power| number.digits().checked_mul(power));
    let (Some(from), Some(to)) = (digits(from), digits(to)) else { return Vec::new() };
    let shown = |step: i128| {
        let value = from + (to - from) * step / 4;
        match step {
            0 => Some(old.to_string()),
            4 => Some(new.to_string()),
            _ if value < 0 => None,
            _ => Some(format!("{}{unit}", plain(value, scale))),
        }
    };
    (-2..=6).filter_map(shown).collect()
}

/// A number without zeros behind its last digit.
fn plain(value: i128, scale: u32) -> String {
    let shown = duijie_vocab::Decimal::new(value, scale).to_string();
    if shown.contains('.') { shown.trim_end_matches('0').trim_end_matches('.').to_string() } else { shown }
}

impl PolicyFiles {
    /// The same files with another text for one of them.
    pub(crate) fn replaced(&self, name: &str, text: &str) -> PolicyFiles {
        let mut files = self.files.clone();
        files.insert(name.to_string(), text.to_string());
        let mut replaced = PolicyFiles::compile(files);
        replaced.faults.retain(|fault: &Diagnostic| fault.place.file.as_deref() == Some(name));
        replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_from_before_the_old_figure_to_beyond_the_new_one() {
        assert_eq!(between("5%", "4%"), ["5.5%", "5.25%", "5%", "4.75%", "4.5%", "4.25%", "4%", "3.75%", "3.5%"]);
        assert_eq!(between("2000万元", "1000万元")[8], "500万元");
        assert!(between("5%", "4万元").is_empty() && between("5%", "5%").is_empty() && between("2021-01-01", "2022-01-01").is_empty());
        assert_eq!(between("1", "0").first().map(String::as_str), Some("1.5"));
    }

    #[test]
    fn a_lower_threshold_is_compared_with_bounds_and_classes() {
        let facts = "facts:\n  revenue: {zh: 营业收入, kind: money, unit: 万元, period: year, min: 0}\n  rd: {zh: 研发费用, kind: money, unit: 万元, period: year, min: 0}\n";
        let measure = |share: &str| {
            format!(
                "id: m\nname: 补助\nperiod: year\nwhen:\n  - {{label: 强度, rule: 研发费用 ÷ 营业收入 ≥ {share}}}\nbenefit: {{amount: 研发费用 × 10%}}\nbudget: {{pool: p, amount: 12万元}}\n"
            )
        };
        let files = PolicyFiles::read(vec![("facts.yaml".into(), facts.into()), ("m.yaml".into(), measure("5%"))]);
        assert!(!has_errors(&files.faults), "{:?}", files.faults);
        let on = Date::parse("2021-12-31").unwrap();
        let table = "id,region,营业收入,研发费用\n甲,320402,1000,50\n乙,320402,1000,40\n丙,320404,1000,39.99\n丁,320404,1000,\n";
        let subjects = files.subjects("f.csv", table.as_bytes(), on);
        let found = files.simulate_change("new.yaml", &measure("4%"), subjects, DecideOn::Day(on)).unwrap();
        let totals = &found[0].totals;
        assert_eq!((totals.eligible_before, totals.eligible_after, totals.gain, totals.lose, totals.open), (1, 2, 1, 0, 1));
        assert_eq!((totals.cost_before.least_fen, totals.cost_after.least_fen), (5_000_000, 9_000_000));
        assert_eq!(totals.cost_after.most_fen, None);
        assert_eq!(found[0].pool.as_ref().map(|pool| pool.after), Some("perhaps"));
        assert_eq!(found[0].classes[0].rows.len(), 2);
        assert_eq!(found[0].changes[0].id, "乙");
        // The same figure changed in place, with what other bounds would do.
        let asked = BTreeMap::from([(0, "4%".to_string())]);
        assert_eq!(files.figures("m", &asked).unwrap()[0].written, "5%");
        let tried = files.simulate_figures("m", &asked, files.subjects("f.csv", table.as_bytes(), on), DecideOn::Day(on)).unwrap();
        assert_eq!((tried.totals.gain, tried.totals.eligible_after), (1, 2));
        let steps: Vec<(&str, u64, u64, i64)> = tried.steps.iter().map(|step| (step.value.as_str(), step.eligible, step.open, step.cost.least_fen)).collect();
        assert_eq!(steps[2], ("5%", 1, 1, 5_000_000));
        assert_eq!(steps[6..], [("4%", 2, 1, 9_000_000), ("3.75%", 3, 1, 12_999_000), ("3.5%", 3, 1, 12_999_000)]);
        assert!(tried.steps.iter().all(|step| step.cost.most_fen.is_none()));
        let broken = files.simulate_change("new.yaml", &measure("4万元"), files.subjects("f.csv", table.as_bytes(), on), DecideOn::Day(on));
        let Err(AppError::Invalid(faults)) = broken else { panic!("a rule that compares a share with money was simulated") };
        assert!(faults.iter().all(|fault| fault.place.file.as_deref() == Some("new.yaml (change)") && fault.place.line == Some(5)), "{faults:?}");
    }

    #[test]
    fn a_change_is_also_costed_beside_the_measures_that_exclude_it() {
        let facts = "facts:\n  fee: {zh: 担保费, kind: money, unit: 万元, period: year, min: 0}\n  interest: {zh: 利息, kind: money, unit: 万元, period: year, min: 0}\n";
        let measure = |id: &str, fact: &str, rate: &str| {
            format!(
                "id: {id}\nname: {id}\nperiod: year\nwhen:\n  - {{label: 有支出, rule: {fact} > 0元}}\nbenefit: {{amount: {fact} × {rate}}}\nexclusive: [g]\n"
            )
        };
        let files = PolicyFiles::read(vec![
            ("facts.yaml".into(), facts.into()),
            ("a.yaml".into(), measure("a", "担保费", "50%")),
            ("b.yaml".into(), measure("b", "利息", "50%")),
        ]);
        let on = DecideOn::period("2024").unwrap();
        let subjects = || files.subjects("f.csv", "id,担保费@2024,利息@2024\n甲,12,30\n乙,10,0\n".as_bytes(), on.about());
        let batch = files.batch(&subjects(), on);
        let sums: Vec<(i128, i128)> = batch.measures.iter().map(|line| (line.amount_fen, line.together_fen)).collect();
        assert_eq!(sums, [(11_000_000, 5_000_000), (15_000_000, 15_000_000)], "甲 is paid b alone");
        assert_eq!((batch.alone_fen, batch.together_fen, batch.has_tied), (26_000_000, 20_000_000, true));
        let decided = files.decide(&subjects(), 0, on, None).unwrap();
        assert!(decided[0].beside.zh.contains("就高不重复") && decided[1].beside.zh.is_empty(), "{decided:?}");
        let found = files.simulate_change("new.yaml", &measure("a", "担保费", "200%"), subjects(), on).unwrap();
        assert_eq!(found[0].totals.difference.least_fen, 33_000_000, "the measure for itself");
        let together = found[0].together.as_ref().unwrap();
        assert_eq!((together.cost_before.least_fen, together.cost_after.least_fen, together.difference.least_fen), (20_000_000, 44_000_000, 24_000_000));
        assert_eq!(together.beside.len(), 1);
    }
}
