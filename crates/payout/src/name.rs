//! What people call the acts and the states of promises, whichever promise it is.

use crate::agency::FilingState;
use crate::course::AnyEntitlement;
use crate::order::OrderState;
use crate::voucher::VoucherState;
use duijie_vocab::{Text, text};

/// The name of the act with this word, as it stands on a button; the word itself if it has none.
pub fn act_name(word: &str) -> Text {
    match word {
        "push" => text!("推送", "Tell the firm"),
        "confirm" => text!("确认收款账户", "Confirm account"),
        "review" => text!("审核", "Review"),
        "clear" => text!("核查通过", "Found right"),
        "approve" => text!("审批", "Approve"),
        "publish" => text!("公示", "Publish"),
        "object" => text!("提出异议", "Object"),
        "settle" => text!("登记已付", "Record as paid"),
        "bounce" => text!("登记退回", "Record as returned"),
        "archive" => text!("归档", "Archive"),
        "recall" => text!("追回", "Ask back"),
        "recover" => text!("已退回（流水号）", "Came back (number)"),
        "reject" => text!("驳回", "Reject"),
        "appeal" => text!("申诉", "Appeal"),
        "dismiss" => text!("维持驳回", "Dismiss the appeal"),
        "uphold" => text!("申诉成立", "Uphold the appeal"),
        "withdraw" => text!("放弃", "Withdraw"),
        "refuse" => text!("不予通过", "Refuse"),
        "void" => text!("作废", "Void"),
        "expire" => text!("过期", "Expire"),
        "order" => text!("下单", "Order"),
        "deliver" => text!("交付", "Deliver"),
        "claim" => text!("申请兑付", "Claim"),
        "cancel" => text!("取消", "Cancel"),
        "redeem" => text!("核准兑付", "Redeem"),
        "pay" => text!("付款", "Pay"),
        "decline" => text!("不予兑付", "Decline"),
        "list" => text!("予以备案", "Accept the filing"),
        "strike" => text!("移出目录", "Strike off"),
        other => Text::new(other, other),
    }
}

/// The name of the state with this word; the word itself if no promise has it.
pub(crate) fn state_name(word: &str) -> Text {
    let names = [AnyEntitlement::state_name, VoucherState::name, OrderState::name, FilingState::name];
    names.iter().find_map(|name| name(word)).unwrap_or_else(|| Text::new(word, word))
}
