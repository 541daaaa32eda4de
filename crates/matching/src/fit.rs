//! The parts of a score that are not text: classes, place, maturity, money, age, completeness.
//! Each gives how well a resource fits a need, from 0 to 1, with its reason; `None` as value means
//! that nothing is known, which is said and not punished.

use crate::{Maturity, Profile};
use duijie_vocab::{Date, Fen, RegionCode, RegionLevel, Text, industry, name_key, text};

/// How well something fits and why.
pub(crate) struct Fit {
    pub(crate) value: Option<f32>,
    pub(crate) reason: Text,
}

impl Fit {
    fn known(value: f32, reason: Text) -> Fit {
        Fit { value: Some(value.clamp(0.0, 1.0)), reason }
    }

    fn unknown(reason: Text) -> Fit {
        Fit { value: None, reason }
    }
}

/// Technology fields in common: the same name 1, one name within the other 0.8.
pub(crate) fn field(need: &Profile, resource: &Profile) -> Fit {
    if need.fields.is_empty() {
        return Fit::unknown(text!("需求未填技术领域", "the need names no technology field"));
    }
    if resource.fields.is_empty() {
        return Fit::unknown(text!("对方未填技术领域", "the resource names no technology field"));
    }
    let pairs = need.fields.iter().flat_map(|wanted| resource.fields.iter().map(move |offered| (wanted, offered, likeness(wanted, offered))));
    let best = pairs.max_by(|a, b| a.2.total_cmp(&b.2));
    match best {
        Some((wanted, _, value)) if value >= 1.0 => Fit::known(1.0, text!("技术领域相同：{wanted}", "same technology field: {wanted}")),
        Some((wanted, offered, value)) if value > 0.0 => {
            Fit::known(value, text!("技术领域相近：{wanted}、{offered}", "related technology fields: {wanted}, {offered}"))
        }
        _ => {
            let offered = resource.fields.join("、");
            Fit::known(0.0, text!("技术领域不同：{offered}", "other technology fields: {offered}"))
        }
    }
}

fn likeness(a: &str, b: &str) -> f32 {
    let (a, b) = (name_key(a), name_key(b));
    if a.is_empty() || b.is_empty() {
        0.0
    } else if a == b {
        1.0
    } else if a.contains(&b) || b.contains(&a) {
        0.8
    } else {
        shared_bigrams(&a, &b)
    }
}

/// Sørensen–Dice over character pairs, counted only from one half upwards.
fn shared_bigrams(a: &str, b: &str) -> f32 {
    let pairs = |text: &str| {
        let chars: Vec<char> = text.chars().collect();
        chars.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
    };
    let (a, b) = (pairs(a), pairs(b));
    let shared = a.iter().filter(|pair| b.contains(pair)).count();
    let dice = 2.0 * shared as f32 / (a.len() + b.len()).max(1) as f32;
    if dice >= 0.5 { 0.8 * dice.min(1.0) } else { 0.0 }
}

/// The deepest GB/T 4754 level in common: class 1, group 0.85, division 0.6, section 0.25.
pub(crate) fn industry_class(need: &Profile, resource: &Profile) -> Fit {
    if need.industries.is_empty() || resource.industries.is_empty() {
        return Fit::unknown(text!("应用行业未知", "industry unknown"));
    }
    let pairs = need.industries.iter().flat_map(|a| resource.industries.iter().map(move |b| common_class(a, b)));
    match pairs.flatten().max_by_key(|code| code.len()) {
        None => Fit::known(0.0, text!("应用行业不同", "other industry")),
        Some(code) => {
            let value = match code.len() {
                1 => 0.25,
                3 => 0.6,
                4 => 0.85,
                _ => 1.0,
            };
            let name = industry(&code).map_or("", |class| class.name);
            if code.len() == 1 {
                return Fit::known(value, text!("只是同属门类：{name}（{code}）", "only the section of industry in common: {name} ({code})"));
            }
            Fit::known(value, text!("同属行业：{name}（{code}）", "same industry class: {name} ({code})"))
        }
    }
}

/// The narrowest class that holds both.
fn common_class(a: &str, b: &str) -> Option<String> {
    if a == b {
        return Some(a.to_string());
    }
    [4usize, 3, 1].into_iter().find(|&len| a.get(..len).is_some_and(|head| b.get(..len) == Some(head))).map(|len| a[..len].to_string())
}

/// By the narrowest division that holds both: county 1, city 0.85, province 0.5, nation 0.2.
pub(crate) fn region(need: &Profile, resource: &Profile) -> Fit {
    if need.region == RegionCode::NATION || resource.region == RegionCode::NATION {
        return Fit::unknown(text!("所在地未知", "place unknown"));
    }
    let common = need.region.common(resource.region);
    let (name, there) = (common.name(), resource.region.path());
    match common.level() {
        RegionLevel::County => Fit::known(1.0, text!("同在{name}", "both in {name}")),
        RegionLevel::City => Fit::known(0.85, text!("同城：{name}", "same city: {name}")),
        RegionLevel::Province => Fit::known(0.5, text!("同省：{there}", "same province: {there}")),
        RegionLevel::Nation => Fit::known(0.2, text!("在外省：{there}", "another province: {there}")),
    }
}

/// What is reached against what is wanted: as far or further 1, each missing step takes 0.3.
pub(crate) fn maturity(need: &Profile, resource: &Profile) -> Fit {
    match (need.maturity, resource.maturity) {
        (_, None) => Fit::unknown(text!("成熟度未知", "maturity unknown")),
        (None, Some(reached)) => {
            let (zh, en) = (reached.term(), reached.english());
            // Without a wish the further technology is the safer one, though never a full fit.
            let value = 0.4 + 0.1 * steps(reached);
            Fit::known(value, text!("成熟度：{zh}", "maturity: {en}"))
        }
        (Some(wanted), Some(reached)) => {
            let (zh, en) = (reached.term(), reached.english());
            let missing = (steps(wanted) - steps(reached)).max(0.0);
            if missing == 0.0 {
                return Fit::known(1.0, text!("成熟度符合要求：{zh}", "mature enough: {en}"));
            }
            let (wanted_zh, wanted_en) = (wanted.term(), wanted.english());
            Fit::known(1.0 - 0.3 * missing, text!("成熟度{zh}，低于期望的{wanted_zh}", "{en}, while {wanted_en} is wanted"))
        }
    }
}

fn steps(maturity: Maturity) -> f32 {
    maturity as u8 as f32
}

/// The lowest price against the budget: within it 1, above it budget ÷ price.
pub(crate) fn budget(need: &Profile, resource: &Profile) -> Fit {
    let Some(price) = resource.price.from.or(resource.price.to) else {
        return Fit::unknown(text!("价格未知", "price unknown"));
    };
    let Some(budget) = need.budget else {
        return Fit::unknown(text!("需求未填预算", "the need names no budget"));
    };
    let (zh_price, zh_budget) = (wan(price), wan(budget));
    if price <= budget {
        return Fit::known(1.0, text!("价格 {zh_price} 在预算 {zh_budget} 之内", "price {zh_price} is within the budget of {zh_budget}"));
    }
    let value = budget.0.max(0) as f32 / price.0.max(1) as f32;
    Fit::known(value, text!("价格 {zh_price} 超出预算 {zh_budget}", "price {zh_price} exceeds the budget of {zh_budget}"))
}

/// An amount in 万元 with as many decimals as it needs.
fn wan(amount: Fen) -> String {
    let (whole, rest) = (amount.0 / 1_000_000, (amount.0 % 1_000_000).abs());
    let decimals = format!("{rest:06}");
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() { format!("{whole}万元") } else { format!("{whole}.{decimals}万元") }
}

/// Whether the resource can be had on `today`; nothing said means it can.
pub(crate) fn availability(resource: &Profile, today: Date) -> Fit {
    if let Some(term) = &resource.unavailable {
        return Fit::known(0.0, text!("状态为{term}", "its state is {term}"));
    }
    match resource.valid_until {
        Some(until) if until.last_day() < today.first_day() => Fit::known(0.0, text!("已于 {until} 到期", "expired on {until}")),
        Some(until) => Fit::known(1.0, text!("有效至 {until}", "valid until {until}")),
        None => Fit::known(1.0, text!("可对接", "available")),
    }
}

/// Half of the value is lost every two years since the record was last touched.
pub(crate) fn freshness(resource: &Profile, today: Date) -> Fit {
    let Some(updated) = resource.updated else {
        return Fit::unknown(text!("更新时间未知", "time of update unknown"));
    };
    let day = updated.china_date();
    let age_days = (today.days_since_epoch() - day.days_since_epoch()).max(0);
    let value = 0.5f32.powf(age_days as f32 / 730.0);
    Fit::known(value, text!("信息更新于 {day}", "last updated {day}"))
}

/// How much of what its kind can say the record says.
pub(crate) fn quality(resource: &Profile) -> Fit {
    let percent = (resource.completeness.clamp(0.0, 1.0) * 100.0).round();
    Fit::known(resource.completeness, text!("信息完整度 {percent}%", "{percent}% of the fields are filled"))
}
