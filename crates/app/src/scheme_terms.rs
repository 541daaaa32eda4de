//! A voucher scheme as people read it: its terms line by line, what differs between two versions, and
//! the text that an office changes.

use crate::every_page::every_page;
use crate::promise::{concerning, in_office};
use crate::scheme::{SETTING, change_faults, read_scheme, scheme};
use crate::{Action, App, AppError, Target, Viewer};
use duijie_journal::Event;
use duijie_payout::{Scheme, Settle};
use duijie_store::{MatterOrder, View};
use duijie_vocab::{Date, Digest, Fen, RegionCode, Text, text};
use serde::Serialize;

/// A scheme with its terms in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchemeView {
    pub id: String,
    /// Names this version; a change that was made to another one is refused.
    pub version: String,
    pub name: Text,
    pub region: RegionCode,
    pub region_name: String,
    /// Whether vouchers can be applied for today.
    pub open: bool,
    pub from: String,
    pub until: String,
    pub use_by: String,
    pub redeem_by: String,
    /// Who may hold vouchers, and the most that each gets in a year.
    pub holders: Vec<(Text, Text)>,
    pub services: Vec<SchemeService>,
    pub joint: bool,
    pub two_level: bool,
    pub settle: Text,
    /// Regions whose agencies may be chosen beside those at home.
    pub recognises: Vec<String>,
    /// How one gets a voucher and uses it, step by step.
    pub steps: Vec<Text>,
}

/// What a scheme pays of one class of service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchemeService {
    pub class: Text,
    /// Such as `50%`.
    pub share: String,
    /// The most of one order.
    pub cap: Text,
}

/// One term that is another one than before; nothing where there was or is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchemeChange {
    pub what: Text,
    pub before: Option<Text>,
    pub after: Option<Text>,
}

/// What a text would make of a scheme. Nothing was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchemePreview {
    pub scheme: SchemeView,
    /// Whether there is no such scheme yet.
    pub fresh: bool,
    pub changes: Vec<SchemeChange>,
}

/// A version of a scheme: who made it, and what it changed. The first one has no changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchemeVersion {
    pub seq: i64,
    pub at: String,
    pub by: String,
    pub changes: Vec<SchemeChange>,
}

/// A scheme as the text that an office changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeDraft {
    pub yaml: String,
    /// Which version the text is of; nothing where there is none yet.
    pub base: String,
}

/// How many entries are read at a time.
const PAGE: usize = 100;

impl App {
    /// Every scheme with its terms, open ones first; everybody may read them.
    pub fn scheme_views(&self) -> Result<Vec<SchemeView>, AppError> {
        let today = self.now().china_date();
        let mut views: Vec<SchemeView> = self.schemes()?.iter().map(|scheme| shown(scheme, today)).collect();
        views.sort_by_key(|view| !view.open);
        Ok(views)
    }

    /// One scheme with its terms.
    pub fn scheme_view(&self, id: &str) -> Result<SchemeView, AppError> {
        let scheme = self.store().read(|view| scheme(view, id))?;
        Ok(shown(&scheme, self.now().china_date()))
    }

    /// The versions of a scheme, newest first, for the offices of its region.
    pub fn scheme_history(&self, viewer: &Viewer, id: &str) -> Result<Vec<SchemeVersion>, AppError> {
        let kept = self.store().read(|view| scheme(view, id))?;
        viewer.may(Action::Pay, &Target { region: Some(kept.region), organization: None })?;
        let subject = format!("setting:{SETTING}{id}");
        let entries = every_page(|before| {
            let before = before.and_then(|seq| seq.parse().ok()).unwrap_or(i64::MAX);
            let part = self.store().read(|view| view.entries_about(&subject, before, PAGE))?;
            let next = part.last().filter(|_| part.len() == PAGE).map(|last| last.entry.seq.to_string());
            Ok((part, next))
        })?;
        let mut versions = Vec::new();
        let mut before: Option<Scheme> = None;
        for entry in entries.into_iter().rev() {
            let Event::SettingPut(put) = &entry.entry.event else { continue };
            let after: Scheme = serde_json::from_str(&put.value).map_err(|fault| AppError::Internal(fault.into()))?;
            let changes = before.as_ref().map(|before| changes(before, &after)).unwrap_or_default();
            let (seq, at, by) = (entry.entry.seq, entry.entry.at.china_minute(), entry.entry.actor.as_str().to_string());
            versions.push(SchemeVersion { seq, at, by, changes });
            before = Some(after);
        }
        versions.reverse();
        Ok(versions)
    }

    /// What `yaml` would make of its scheme: the terms, and what differs from now. Nothing is kept.
    pub fn preview_scheme(&self, viewer: &Viewer, file: &str, yaml: &str) -> Result<SchemePreview, AppError> {
        in_office(viewer)?;
        let next = read_scheme(file, yaml).map_err(AppError::Invalid)?;
        viewer.may(Action::Pay, &Target { region: Some(next.region), organization: None })?;
        let before = self.store().read(|view| {
            change_faults(view, viewer, &next)?;
            found(view, &next.id)
        })?;
        let changes = before.as_ref().map(|before| changes(before, &next)).unwrap_or_default();
        Ok(SchemePreview { scheme: shown(&next, self.now().china_date()), fresh: before.is_none(), changes })
    }

    /// The text of a scheme to change; for one that is not there yet an example of the viewer's region.
    pub fn scheme_draft(&self, viewer: &Viewer, id: &str) -> Result<SchemeDraft, AppError> {
        let kept = self.store().read(|view| found(view, id))?;
        let region = kept.as_ref().map_or(viewer.region, |kept| kept.region);
        viewer.may(Action::Pay, &Target { region: Some(region), organization: None })?;
        let Some(kept) = kept else {
            return Ok(SchemeDraft { yaml: EXAMPLE.replace("REGION", &viewer.region.to_string()), base: String::new() });
        };
        Ok(SchemeDraft { yaml: written(&kept), base: version_of(&kept) })
    }
}

/// What names a version of a scheme: two are the same where all their terms are.
pub(crate) fn version_of(scheme: &Scheme) -> String {
    let text = serde_json::to_string(scheme).expect("BUG: a scheme holds nothing that is no JSON");
    Digest::of(&[text.as_bytes()]).to_string()
}

/// Whether any voucher was applied for under a scheme.
pub(crate) fn in_use(view: &mut View<'_>, id: &str) -> Result<bool, AppError> {
    Ok(!view.matters("voucher", &concerning("scheme", id), MatterOrder::Updated, None, 1)?.rows.is_empty())
}

/// The scheme under this id, if there is one.
pub(crate) fn found(view: &mut View<'_>, id: &str) -> Result<Option<Scheme>, AppError> {
    match scheme(view, id) {
        Ok(scheme) => Ok(Some(scheme)),
        Err(AppError::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

fn shown(scheme: &Scheme, today: Date) -> SchemeView {
    SchemeView {
        id: scheme.id.clone(),
        version: version_of(scheme),
        name: scheme.name.clone(),
        region: scheme.region,
        region_name: scheme.region.path(),
        open: scheme.from <= today && today <= scheme.until,
        from: scheme.from.to_string(),
        until: scheme.until.to_string(),
        use_by: scheme.use_by.to_string(),
        redeem_by: scheme.redeem_by.to_string(),
        holders: scheme.holders.iter().map(|holder| (holder.name.clone(), holder.yearly_cap.text())).collect(),
        services: scheme.services.iter().map(|rule| SchemeService { class: rule.class.name(), share: percent(rule.rate), cap: rule.cap.text() }).collect(),
        joint: scheme.joint,
        two_level: scheme.two_level,
        settle: settled(scheme.settle),
        recognises: scheme.recognises.iter().map(|region| region.path()).collect(),
        steps: steps(scheme),
    }
}

fn settled(settle: Settle) -> Text {
    match settle {
        Settle::Refund => text!("通用：企业先付全款，由持券地返还抵用部分", "refund: the firm pays in full and its own region pays the share back"),
        Settle::Direct => {
            text!("通兑：企业只付自付部分，抵用部分由服务地兑付给机构", "direct: the firm pays its part, the agency's region pays the share to the agency")
        }
    }
}

fn steps(scheme: &Scheme) -> Vec<Text> {
    let (region, from, until) = (scheme.region.name(), scheme.from, scheme.until);
    let (use_by, redeem_by) = (scheme.use_by, scheme.redeem_by);
    let review = if scheme.two_level {
        text!("县区初审、市级复审，通过后从资金池发券", "the county reviews, then the city; the voucher is issued out of the pool")
    } else {
        text!("经办人审核，通过后从资金池发券", "an officer reviews; the voucher is issued out of the pool")
    };
    vec![
        text!("{region}的企业登录后在“创新券”页申领（{from} 至 {until}）", "firms of {region} log in and apply on the vouchers page ({from} to {until})"),
        review,
        text!("在 {use_by} 前凭合同向已备案的服务机构下单", "order from a listed agency with a contract until {use_by}"),
        text!("机构交付，附发票和服务报告", "the agency delivers, with invoice and report"),
        text!("在 {redeem_by} 前申请兑付，按批核准付款", "claim until {redeem_by}; claims are redeemed and paid in batches"),
    ]
}

/// So many of 10,000 as people write it.
pub(crate) fn percent(share: u32) -> String {
    let (whole, rest) = (share / 100, share % 100);
    match rest {
        0 => format!("{whole}%"),
        rest if rest % 10 == 0 => format!("{whole}.{}%", rest / 10),
        rest => format!("{whole}.{rest:02}%"),
    }
}

fn changes(before: &Scheme, after: &Scheme) -> Vec<SchemeChange> {
    let (old, new) = (terms(before), terms(after));
    let value_in = |terms: &[(Text, Text)], what: &Text| terms.iter().find(|(name, _)| name == what).map(|(_, value)| value.clone());
    let gone = old.iter().filter(|(what, _)| value_in(&new, what).is_none()).map(|(what, _)| what);
    let whats = new.iter().map(|(what, _)| what).chain(gone);
    whats
        .map(|what| SchemeChange { what: what.clone(), before: value_in(&old, what), after: value_in(&new, what) })
        .filter(|change| change.before != change.after)
        .collect()
}

/// Everything that a scheme says, each with its name.
fn terms(scheme: &Scheme) -> Vec<(Text, Text)> {
    let same = |text: String| Text::new(text.clone(), text);
    let yes = |yes: bool| if yes { text!("是", "yes") } else { text!("否", "no") };
    let mut terms = vec![
        (text!("名称", "name"), scheme.name.clone()),
        (text!("地区", "region"), same(scheme.region.path())),
        (text!("资金池", "pool"), same(scheme.pool.clone())),
        (text!("银行账户", "bank account"), same(scheme.bank.clone())),
        (text!("开始申领", "applications from"), same(scheme.from.to_string())),
        (text!("截止申领", "applications until"), same(scheme.until.to_string())),
        (text!("截止使用", "use by"), same(scheme.use_by.to_string())),
        (text!("截止兑付", "redeem by"), same(scheme.redeem_by.to_string())),
    ];
    for holder in &scheme.holders {
        let (zh, en) = (&holder.name.zh, &holder.name.en);
        terms.push((text!("持券人：{zh}，每年上限", "holder {en}, at most a year"), holder.yearly_cap.text()));
    }
    for rule in &scheme.services {
        let Text { zh, en } = rule.class.name();
        let (share, cap, cap_zh) = (percent(rule.rate), rule.cap, rule.cap.chinese());
        terms.push((text!("服务：{zh}", "service {en}"), text!("{share}，单笔至多 {cap_zh}", "{share}, at most {cap} an order")));
    }
    let regions = scheme.recognises.iter().map(|region| region.path()).collect::<Vec<_>>().join("、");
    let watch = &scheme.watch;
    let (below, below_zh) = (watch.small_below, watch.small_below.chinese());
    let (days, most) = (watch.small_days, percent(watch.agency_share));
    terms.extend([
        (text!("可联合持券", "joint vouchers"), yes(scheme.joint)),
        (text!("结算方式", "settlement"), settled(scheme.settle)),
        (text!("互认地区", "regions recognised"), same(regions)),
        (text!("两级审核", "two levels of review"), yes(scheme.two_level)),
        (
            text!("风险线索", "signs of abuse"),
            text!(
                "{days} 天内低于 {below_zh} 的同类订单合并计；一家机构至多占 {most}",
                "orders below {below} within {days} days are added up; one agency has at most {most}"
            ),
        ),
    ]);
    terms
}

/// The scheme as YAML that reads back to the same scheme.
fn written(scheme: &Scheme) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let name = |text: &Text| format!("{{zh: {}, en: {}}}", quoted(&text.zh), quoted(&text.en));
    let money = |amount: Fen| amount.chinese();
    let mut lines = vec![
        format!("id: {}", quoted(&scheme.id)),
        format!("name: {}", name(&scheme.name)),
        format!("region: \"{}\"", scheme.region),
        format!("pool: {}", quoted(&scheme.pool)),
        format!("bank: {}", quoted(&scheme.bank)),
        format!("from: {}", scheme.from),
        format!("until: {}", scheme.until),
        format!("use_by: {}", scheme.use_by),
        format!("redeem_by: {}", scheme.redeem_by),
        "holders:".to_string(),
    ];
    lines.extend(
        scheme
            .holders
            .iter()
            .map(|holder| format!("  - {{class: {}, name: {}, yearly_cap: {}}}", quoted(&holder.class), name(&holder.name), quoted(&money(holder.yearly_cap)))),
    );
    lines.push("services:".to_string());
    lines.extend(
        scheme.services.iter().map(|rule| format!("  - {{class: {}, rate: {}, cap: {}}}", rule.class.as_str(), percent(rule.rate), quoted(&money(rule.cap)))),
    );
    let settle = if scheme.settle == Settle::Direct { "direct" } else { "refund" };
    let regions = scheme.recognises.iter().map(|region| format!("\"{region}\"")).collect::<Vec<_>>().join(", ");
    let watch = &scheme.watch;
    lines.extend([
        format!("joint: {}", scheme.joint),
        format!("settle: {settle}"),
        format!("recognises: [{regions}]"),
        format!("two_level: {}", scheme.two_level),
        format!(
            "watch: {{small_below: {}, small_days: {}, agency_share: {}}}",
            quoted(&money(watch.small_below)),
            watch.small_days,
            percent(watch.agency_share)
        ),
    ]);
    lines.join("\n") + "\n"
}

/// What a new scheme begins with.
const EXAMPLE: &str = r#"id: "REGION-2026"
name: {zh: 科技创新券, en: Innovation voucher}
region: "REGION"
pool: REGION.voucher.2026
bank: treasury
from: 2026-01-01
until: 2026-10-31
use_by: 2026-11-30
redeem_by: 2026-12-31
holders:
  - {class: sme, name: {zh: 中小企业, en: Small or medium enterprise}, yearly_cap: 20万元}
services:
  - {class: research, rate: 50%, cap: 10万元}
joint: false
settle: direct
recognises: []
two_level: true
watch: {small_below: 1万元, small_days: 30, agency_share: 80%}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = include_str!("../../../demo/voucher/320412-2021.yaml");

    #[test]
    fn what_is_written_reads_back_to_the_same_scheme() {
        for yaml in [DEMO.to_string(), EXAMPLE.replace("REGION", "320412"), DEMO.replace("50%", "33.33%").replace("30万元", "\"1,234,567.89元\"")] {
            let scheme = read_scheme("x.yaml", &yaml).unwrap();
            let again = written(&scheme);
            assert_eq!(read_scheme("x.yaml", &again).unwrap(), scheme, "{again}");
            assert_eq!(changes(&scheme, &scheme), []);
        }
    }

    #[test]
    fn a_change_names_what_was_and_what_is() {
        let scheme = read_scheme("x.yaml", DEMO).unwrap();
        let more = DEMO.replace("{class: research, rate: 50%", "{class: research, rate: 62.5%").replace("  - {class: testing, rate: 50%, cap: 30万元}\n", "");
        let told = changes(&scheme, &read_scheme("x.yaml", &more).unwrap());
        let told: Vec<_> =
            told.iter().map(|change| (change.what.zh.as_str(), change.before.is_some(), change.after.as_ref().map(|text| text.zh.as_str()))).collect();
        assert_eq!(told, [("服务：研究开发", true, Some("62.5%，单笔至多 30万元")), ("服务：检验检测认证", true, None)]);
    }

    #[test]
    fn an_open_scheme_says_how_to_get_a_voucher() {
        let scheme = read_scheme("x.yaml", DEMO).unwrap();
        let on = |text: &str| shown(&scheme, Date::parse(text).unwrap());
        assert!(on("2026-11-22").open && !on("2020-12-31").open && !on("2036-01-01").open);
        let view = on("2026-11-22");
        assert_eq!((view.services[0].share.as_str(), view.holders[0].1.clone(), view.recognises.len()), ("50%", text!("60万元", "CNY 600,000.00"), 4));
        assert!(view.steps[0].zh.contains("武进区") && view.steps[2].en.contains("2036-06-30"));
    }
}
