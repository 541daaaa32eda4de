//! What kind of benefit a measure gives: a closed list, so that a typing error is told.

use crate::source::Source;
use crate::suggest::closest;
use crate::yaml::Node;
use duijie_vocab::{Diagnostic, Text, text};
use serde::{Deserialize, Serialize};

/// The kind of a benefit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BenefitKind {
    Reward,
    Subsidy,
    Voucher,
    Loan,
    LoanInterest,
    Refund,
    TaxDeduction,
    TaxCredit,
    TaxRelief,
    TaxRate,
    /// The tax itself, which other measures rest on.
    TaxDue,
    Levy,
    Title,
    Recognition,
    Status,
    Housing,
    Service,
}

/// Each kind with its English word, its Chinese word, and the English for people.
const KINDS: [(BenefitKind, &str, &str, &str); 17] = [
    (BenefitKind::Reward, "reward", "奖励", "a reward"),
    (BenefitKind::Subsidy, "subsidy", "补助", "a subsidy"),
    (BenefitKind::Voucher, "voucher", "创新券", "a voucher"),
    (BenefitKind::Loan, "loan", "贷款", "a loan"),
    (BenefitKind::LoanInterest, "loan_interest", "贷款贴息", "interest on a loan"),
    (BenefitKind::Refund, "refund", "返还", "a refund"),
    (BenefitKind::TaxDeduction, "tax_deduction", "税前扣除", "a deduction from taxable income"),
    (BenefitKind::TaxCredit, "tax_credit", "税额抵减", "a credit against tax"),
    (BenefitKind::TaxRelief, "tax_relief", "税额减免", "relief from tax"),
    (BenefitKind::TaxRate, "tax_rate", "优惠税率", "a lower tax rate"),
    (BenefitKind::TaxDue, "tax_due", "应纳税额", "the tax due"),
    (BenefitKind::Levy, "levy", "应缴费额", "a levy due"),
    (BenefitKind::Title, "title", "称号", "a title"),
    (BenefitKind::Recognition, "recognition", "认定", "recognition"),
    (BenefitKind::Status, "status", "资格", "a status"),
    (BenefitKind::Housing, "housing", "住房", "housing"),
    (BenefitKind::Service, "service", "服务", "a service"),
];

impl BenefitKind {
    /// The kind that a word in a file means, English or Chinese.
    pub fn named(word: &str) -> Option<BenefitKind> {
        KINDS.iter().find(|(_, en, zh, _)| word == *en || word == *zh).map(|(kind, ..)| *kind)
    }

    /// The kind in words.
    pub fn described(self) -> Text {
        let (_, _, zh, en) = KINDS.iter().find(|(kind, ..)| *kind == self).expect("BUG: every kind is in the list");
        Text::new(*zh, *en)
    }

    /// The words of files, English.
    pub(crate) fn words() -> [&'static str; KINDS.len()] {
        KINDS.map(|(_, word, ..)| word)
    }
}

/// The kind that a file states. Any other word is remarked and not taken: it changes no decision, and measures
/// that were decided under it are decided again under the same text.
pub(crate) fn read(node: &Node, source: &Source, faults: &mut Vec<Diagnostic>) -> Option<BenefitKind> {
    let written = node.scalar().unwrap_or("");
    let kind = BenefitKind::named(written);
    if kind.is_none() {
        let all = BenefitKind::words().join(" ");
        let help = match closest(written, KINDS.iter().flat_map(|(_, en, zh, _)| [*en, *zh])) {
            Some(near) => text!("是否指 `{near}`？可用：{all}", "did you mean `{near}`? one of: {all}"),
            None => text!("可用：{all}", "one of: {all}"),
        };
        let message = text!("没有 `{written}` 这种待遇", "`{written}` is no kind of benefit");
        faults.push(Diagnostic::warning("policy.measure.benefit_kind", message).at(source.place(node.range.clone())).help(help));
    }
    kind
}
