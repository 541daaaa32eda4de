//! What a person calls an account and a transfer of the ledger, whose ids are made for machines.

use crate::AppError;
use duijie_ledger::{AccountId, AccountKind};
use duijie_store::View;
use duijie_vocab::{RecordId, RegionCode, Text};

/// The codes of transfers with what moved there.
const CODES: [(&str, &str, &str); 19] = [
    ("clearing.settle", "区域清算", "settlement between regions"),
    ("order.clear", "跨区记账", "owed by the voucher's region"),
    ("order.pay", "机构付款", "paid to the agency"),
    ("order.redeem", "核准兑付", "claim approved"),
    ("order.release", "解除预留", "reservation released"),
    ("order.reserve", "下单预留", "reserved for an order"),
    ("payout.bounced", "银行退回", "returned by the bank"),
    ("payout.order", "付款指令", "ordered to be paid"),
    ("payout.paid", "已付企业", "paid to the firm"),
    ("payout.recall", "追回待收", "asked back"),
    ("payout.recovered", "追回到账", "came back"),
    ("payout.release", "解除预留", "reservation released"),
    ("payout.reserve", "兑付预留", "reserved for a payout"),
    ("pool.fund", "拨付", "funding"),
    ("reservation.expire", "预留到期", "reservation expired"),
    ("voucher.expire", "券到期收回", "voucher expired"),
    ("voucher.issue", "发券", "voucher issued"),
    ("voucher.rest", "余额收回", "rest of the voucher"),
    ("voucher.void", "作废收回", "voucher void"),
];

/// What moved with a transfer of this code; a code that this version does not know stands for itself.
pub(crate) fn code_name(code: &str) -> Text {
    CODES.iter().find(|(known, _, _)| *known == code).map_or_else(|| Text::new(code, code), |(_, zh, en)| Text::new(*zh, *en))
}

/// Whose an account is: the firm, agency, voucher or payout that its id names, or the other region of a
/// clearing account. None where a name was given by hand.
pub(crate) fn owner(view: &mut View<'_>, account: &AccountId) -> Result<Option<String>, AppError> {
    let name = account.name();
    if account.kind() == AccountKind::Clearing {
        return Ok(RegionCode::parse(name).ok().map(RegionCode::path));
    }
    let Some(id) = RecordId::parse(name) else { return Ok(None) };
    if let Some(row) = view.get(&id)? {
        return Ok(Some(crate::record::title(&row.record)));
    }
    Ok(view.matter(&id)?.map(|matter| matter.title))
}

/// The account's kind and whose it is, or its region and name.
pub(crate) fn account_name(view: &mut View<'_>, account: &AccountId) -> Result<Text, AppError> {
    let kind = account.kind().name();
    let whose = match owner(view, account)? {
        Some(owner) => owner,
        None => format!("{} {}", account.region().path(), account.name()),
    };
    Ok(Text::new(format!("{} {whose}", kind.zh), format!("{} {whose}", kind.en)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_in_words_and_an_unknown_one_as_it_is() {
        assert!(CODES.is_sorted());
        assert_eq!(code_name("voucher.issue"), Text::new("发券", "voucher issued"));
        assert_eq!(code_name("bench"), Text::new("bench", "bench"));
    }
}
