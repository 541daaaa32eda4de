//! Voucher schemes: read from text, kept as settings in the journal.

use crate::promise::in_office;
use crate::scheme_terms::{found, in_use, version_of};
use crate::{Action, App, AppError, Target, Viewer};
use duijie_payout::Scheme;
use duijie_store::View;
use duijie_vocab::{Decimal, Diagnostic, Fen, MoneyUnit, Place, RegionCode, Text, text};
use serde_json::Value;

/// In front of the id in the setting that keeps a scheme.
pub(crate) const SETTING: &str = "voucher.scheme/";
/// Fields that are amounts, written as people do: `30万元`.
const AMOUNTS: [&str; 3] = ["yearly_cap", "cap", "small_below"];
/// Fields that are shares, written as `50%`.
const SHARES: [&str; 2] = ["rate", "agency_share"];

impl App {
    /// Reads a scheme from YAML – amounts as `30万元`, shares as `50%` – and keeps it.
    pub fn put_scheme(&self, viewer: &Viewer, file: &str, yaml: &str) -> Result<Scheme, AppError> {
        self.change_scheme(viewer, file, yaml, None)
    }

    /// As [`App::put_scheme`], if the scheme is still in the version `base` that the change was made to.
    pub fn change_scheme(&self, viewer: &Viewer, file: &str, yaml: &str, base: Option<&str>) -> Result<Scheme, AppError> {
        in_office(viewer)?;
        let scheme = read_scheme(file, yaml).map_err(AppError::Invalid)?;
        viewer.may(Action::Pay, &Target { region: Some(scheme.region), organization: None })?;
        let text = serde_json::to_string(&scheme).map_err(|fault| AppError::Internal(fault.into()))?;
        let (viewer_in, next, base) = (viewer.clone(), scheme.clone(), base.map(str::to_string));
        self.write(&self.actor(viewer)?, move |tx| {
            let before = found(&mut tx.view(), &next.id)?;
            if base.as_ref().is_some_and(|base| *base != before.as_ref().map(version_of).unwrap_or_default()) {
                return Err(AppError::Conflict(text!(
                    "方案已被他人修改，请核对现行内容后重新提交",
                    "somebody else changed the scheme; look at it as it is now and send again"
                )));
            }
            change_faults(&mut tx.view(), &viewer_in, &next)?;
            if before.as_ref() != Some(&next) {
                tx.put_setting(&format!("{SETTING}{}", next.id), &text)?;
            }
            Ok(())
        })?;
        Ok(scheme)
    }

    /// Every scheme, by id.
    pub fn schemes(&self) -> Result<Vec<Scheme>, AppError> {
        self.store().read(schemes)
    }
}

pub(crate) fn schemes(view: &mut View<'_>) -> Result<Vec<Scheme>, AppError> {
    let settings = view.settings(SETTING)?;
    settings.into_iter().map(|(_, text)| serde_json::from_str(&text).map_err(|fault| AppError::Internal(fault.into()))).collect()
}

/// Refuses a scheme that takes the place of one of another office, or that would lead money of vouchers
/// that are out already elsewhere.
pub(crate) fn change_faults(view: &mut View<'_>, viewer: &Viewer, next: &Scheme) -> Result<(), AppError> {
    let Some(before) = found(view, &next.id)? else { return Ok(()) };
    viewer.may(Action::Pay, &Target { region: Some(before.region), organization: None })?;
    let place = |scheme: &Scheme| (scheme.region, scheme.pool.clone(), scheme.bank.clone());
    if place(&before) != place(next) && in_use(view, &next.id)? {
        let message = text!(
            "已有创新券的方案不能更换地区、资金池和银行账户，请另立方案",
            "a scheme with vouchers keeps its region, pool and bank account; make another scheme"
        );
        return Err(AppError::Invalid(vec![Diagnostic::error("voucher.scheme", message)]));
    }
    Ok(())
}

pub(crate) fn scheme(view: &mut View<'_>, id: &str) -> Result<Scheme, AppError> {
    let text = view.setting(&format!("{SETTING}{id}"))?.ok_or(AppError::NotFound)?;
    serde_json::from_str(&text).map_err(|fault| AppError::Internal(fault.into()))
}

/// The scheme of a region, or of the nearest region above it.
pub(crate) fn scheme_of(view: &mut View<'_>, region: RegionCode) -> Result<Option<Scheme>, AppError> {
    let fitting = schemes(view)?.into_iter().filter(|scheme| scheme.region.contains(region));
    Ok(fitting.max_by_key(|scheme| scheme.region.level()))
}

pub(crate) fn read_scheme(file: &str, yaml: &str) -> Result<Scheme, Vec<Diagnostic>> {
    let fault = |message: Text| vec![Diagnostic::error("voucher.scheme", message).at(Place::file(file))];
    let mut value: Value = serde_saphyr::from_str(yaml).map_err(|why| fault(text!("不是有效的 YAML：{why}", "no valid YAML: {why}")))?;
    let mut faults = Vec::new();
    numbers(&mut value, &mut faults);
    if !faults.is_empty() {
        return Err(faults.into_iter().flat_map(fault).collect());
    }
    let scheme: Scheme = serde_json::from_value(value).map_err(|why| fault(text!("方案不完整：{why}", "the scheme is incomplete: {why}")))?;
    scheme.check().map_err(|faults| faults.into_iter().flat_map(fault).collect())
}

/// Replaces amounts and shares as people write them with numbers, wherever they stand.
fn numbers(value: &mut Value, faults: &mut Vec<Text>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| numbers(item, faults)),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                match field {
                    Value::String(written) if AMOUNTS.contains(&key.as_str()) => match Fen::parse(written, Some(MoneyUnit::Yuan)) {
                        Ok(amount) => *field = amount.0.into(),
                        Err(why) => faults.push(text!("{key} `{written}` 不是金额：{why}", "{key} `{written}` is no amount: {why}")),
                    },
                    Value::String(written) if SHARES.contains(&key.as_str()) => match share(written) {
                        Some(share) => *field = share.into(),
                        None => faults.push(text!("{key} `{written}` 不是百分比", "{key} `{written}` is no percentage")),
                    },
                    other => numbers(other, faults),
                }
            }
        }
        _ => {}
    }
}

/// `37.5%` as 3,750 of 10,000.
fn share(written: &str) -> Option<i64> {
    let number = Decimal::parse(written.trim().strip_suffix('%')?.trim()).ok()?;
    number.shifted(2).filter(|_| number.scale() <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_read_as_people_write_it() {
        let yaml = include_str!("../../../demo/voucher/320412-2021.yaml");
        let scheme = read_scheme("320412-2021.yaml", yaml).unwrap();
        assert_eq!(scheme.services[0].rate, 5_000);
        assert_eq!(scheme.services[0].cap, Fen(30_000_000));
        for (from, to) in [("50%", "0.5"), ("30万元", "0.001元"), ("30万元", "NaN"), ("region: \"320412\"", "region: \"999999\""), ("50%", "150%")] {
            let faults = read_scheme("x.yaml", &yaml.replacen(from, to, 1)).unwrap_err();
            assert!(faults.iter().all(|fault| !fault.message.zh.is_empty()), "{to}");
        }
    }
}
