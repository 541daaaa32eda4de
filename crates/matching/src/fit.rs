//! The parts of a score that are not text: fields, place, maturity, money, age, completeness, and how
//! it went with whoever answers for a resource. Classes stand in a file of their own.
//! Each gives how well a resource fits a need, from 0 to 1, with its reason; `None` as value means
//! that nothing is known, which is said and not punished.

use crate::field_tree::nearness;
use crate::place::Nearby;
use crate::{Maturity, Profile};
use duijie_vocab::{Date, Fen, RegionCode, Text, text};

/// How well something fits and why.
pub(crate) struct Fit {
    pub(crate) value: Option<f32>,
    pub(crate) reason: Text,
    /// Whether it falls short of what the need asks for, however little.
    pub(crate) falls_short: bool,
}

impl Fit {
    pub(crate) fn known(value: f32, reason: Text) -> Fit {
        Fit { value: Some(value.clamp(0.0, 1.0)), reason, falls_short: false }
    }

    pub(crate) fn unknown(reason: Text) -> Fit {
        Fit { value: None, reason, falls_short: false }
    }

    fn short(value: f32, reason: Text) -> Fit {
        Fit { falls_short: true, ..Fit::known(value, reason) }
    }
}

/// Technology fields in common, the nearer in the tree of fields the better.
pub(crate) fn field(need: &Profile, resource: &Profile) -> Fit {
    if need.fields.is_empty() {
        return Fit::unknown(text!("需求未填技术领域", "the need names no technology field"));
    }
    if resource.fields.is_empty() {
        return Fit::unknown(text!("对方未填技术领域", "the resource names no technology field"));
    }
    let pairs = need.fields.iter().flat_map(|wanted| resource.fields.iter().map(move |offered| (wanted, offered, nearness(wanted, offered))));
    let Some((wanted, offered, near)) = pairs.max_by(|a, b| a.2.value.total_cmp(&b.2.value)).filter(|(_, _, near)| near.value > 0.0) else {
        let offered = resource.fields.join("、");
        return Fit::known(0.0, text!("技术领域不同：{offered}", "other technology fields: {offered}"));
    };
    let reason = match near.common {
        _ if near.value >= 1.0 => text!("技术领域相同：{wanted}", "same technology field: {wanted}"),
        Some(common) if common != wanted && common != offered => {
            text!("技术领域同属{common}：{wanted}、{offered}", "technology fields both within {common}: {wanted}, {offered}")
        }
        _ => text!("技术领域相近：{wanted}、{offered}", "related technology fields: {wanted}, {offered}"),
    };
    Fit::known(near.value, reason)
}

/// By the narrowest division that holds both, and by borders between cities and provinces.
pub(crate) fn region(need: &Profile, resource: &Profile) -> Fit {
    if need.region == RegionCode::NATION || resource.region == RegionCode::NATION {
        return Fit::unknown(text!("所在地未知", "place unknown"));
    }
    let nearby = Nearby::of(need.region, resource.region);
    let (name, there) = (place_name(need.region.common(resource.region)), resource.region.path());
    let reason = match nearby {
        Nearby::SameCounty => text!("同在{name}", "both in {name}"),
        Nearby::SameCity => text!("同城：{name}", "same city: {name}"),
        Nearby::NeighbouringCity => text!("邻市：{there}", "neighbouring city: {there}"),
        Nearby::SameProvince => text!("同省：{there}", "same province: {there}"),
        Nearby::NeighbouringProvince => text!("邻省：{there}", "neighbouring province: {there}"),
        Nearby::Elsewhere => text!("在外省：{there}", "another province: {there}"),
    };
    Fit::known(nearby.value(), reason)
}

/// The name of a division; of one that only groups the districts of a municipality, the municipality's.
fn place_name(at: RegionCode) -> &'static str {
    match at.name() {
        "市辖区" | "县" => at.parent().map_or("", RegionCode::name),
        name => name,
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
            Fit::short(1.0 - 0.3 * missing, text!("成熟度{zh}，低于期望的{wanted_zh}", "{en}, while {wanted_en} is wanted"))
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
        return Fit::known(1.0, text!("价格 {zh_price} 在预算 {zh_budget} 之内", "price {price} is within the budget of {budget}"));
    }
    let value = budget.0.max(0) as f32 / price.0.max(1) as f32;
    Fit::short(value, text!("价格 {zh_price} 超出预算 {zh_budget}", "price {price} exceeds the budget of {budget}"))
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

/// How earlier cases went, drawn towards `unknown` as long as they are few: with [`FEW`] cases record
/// and prior count the same. Without any case nothing is known.
pub(crate) fn track(resource: &Profile, unknown: f32) -> Fit {
    let Some(standing) = resource.standing.as_ref().filter(|standing| standing.closed > 0) else {
        return Fit::unknown(text!("尚无办结记录", "no closed case yet"));
    };
    let (closed, solved) = (standing.closed, standing.solved + standing.partly);
    let value = (standing.worth + FEW * unknown) / (closed as f32 + FEW);
    let mut reason = text!("办结 {closed} 件，解决或部分解决 {solved} 件", "{closed} cases closed, {solved} of them solved at least in part");
    if let Some(stars) = standing.mean_stars() {
        reason = Text::new(format!("{}，满意度 {stars:.1} 星", reason.zh), format!("{}, {stars:.1} stars", reason.en));
    }
    if (closed as f32) < FEW {
        reason = Text::new(format!("{}（件数少，折半看待）", reason.zh), format!("{} (few cases, counted with caution)", reason.en));
    }
    Fit::known(value, reason)
}

/// So many cases weigh as much as what one expects of anybody.
const FEW: f32 = 3.0;

/// How much room is left under the responder's limit of open introductions.
pub(crate) fn load(resource: &Profile) -> Fit {
    let Some(standing) = &resource.standing else { return Fit::unknown(text!("在办数量未知", "workload unknown")) };
    let (open, limit) = (standing.open, standing.limit.max(1));
    let value = 1.0 - open as f32 / limit as f32;
    if open >= limit {
        return Fit::known(0.0, text!("在办 {open} 件，已满（上限 {limit} 件）", "{open} open introductions, at the limit of {limit}"));
    }
    Fit::known(value, text!("在办 {open} 件，上限 {limit} 件", "{open} open introductions of at most {limit}"))
}
