//! What happens next with a case, and whose turn it is.

use crate::{Case, CaseState, Hat, IntroductionState};
use duijie_vocab::{Text, text};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// Who has to act, unless it is over.
    pub who: Option<Hat>,
    pub what: Text,
}

impl Case {
    /// The next step and whose it is.
    pub fn turn(&self) -> Turn {
        let turn = |who, what| Turn { who: Some(who), what };
        let over = |what| Turn { who: None, what };
        match self.state {
            CaseState::Draft => turn(Hat::Seeker, text!("填好后提交", "finish and hand in")),
            CaseState::Submitted => turn(Hat::Officer, text!("认领审核", "claim it")),
            CaseState::Triage if self.open_holds().next().is_some() => {
                turn(Hat::Officer, text!("处理暂缓原因，再通过或退回", "deal with the holds, then admit or return"))
            }
            CaseState::Triage => turn(Hat::Officer, text!("审核通过或退回", "admit or return")),
            CaseState::Returned => turn(Hat::Seeker, text!("按退回理由修改后再提交", "change it as asked and hand in again")),
            CaseState::Matching => turn(Hat::Officer, text!("选择响应方推介", "choose responders")),
            CaseState::Introduced if self.waits_for_answer() => turn(Hat::Responder, text!("答复推介", "answer the introduction")),
            CaseState::Introduced => turn(Hat::Officer, text!("没有待答复的推介，请增加推介或重新匹配", "no introduction is waiting; add some or match again")),
            CaseState::InProgress => turn(Hat::Seeker, text!("与响应方洽谈，记录结果", "meet the responder and record the result")),
            CaseState::Agreed => turn(Hat::Seeker, text!("签订技术合同，或办结", "sign a contract, or close")),
            CaseState::Contracted => turn(Hat::Seeker, text!("按节点验收付款，完成后登记交付", "accept and pay by milestones, then record delivery")),
            CaseState::Delivered => turn(Hat::Seeker, text!("确认结果并办结", "confirm the outcome and close")),
            CaseState::Escalated => turn(Hat::Officer, text!("上级研究后答复", "the level above answers")),
            CaseState::Closed if self.surveys.is_empty() => turn(Hat::Seeker, text!("请评价", "say whether you are satisfied")),
            CaseState::Closed => over(text!("已办结", "closed")),
            CaseState::Unsolved => over(text!("未解决；经办人可重新打开", "unsolved; the officer can reopen it")),
            CaseState::Withdrawn => over(text!("已撤回", "withdrawn")),
        }
    }

    fn waits_for_answer(&self) -> bool {
        self.introductions.iter().any(|introduction| introduction.state == IntroductionState::Sent)
    }
}
