//! What a move needs besides the right state and the right person. Each requirement is checked in
//! one place and says in words what is missing.

use crate::{Act, Case, Hat, Introduction, IntroductionState, Outcome, Rules, Side, Who};
use duijie_vocab::{Diagnostic, Text, text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// A reason.
    Why,
    /// The need has a title and says what the problem is.
    NeedTold,
    NoHold,
    /// The case is held for the reason that is to be lifted.
    HeldSo,
    /// Nobody else has the case.
    Unclaimed,
    SomebodyNamed,
    SomethingNamed,
    AnotherCase,
    OtherParts,
    /// Not too many introductions are open.
    Room,
    /// The responder does not belong to the organization whose need it is.
    NoConflict,
    NotPromised,
    /// One speaks for one's own side only.
    OwnSide,
    NotConsented,
    /// No introduction waits for an answer or is being worked on.
    NobodyAtIt,
    LevelAbove,
    /// What is recorded is complete and consistent.
    WellFormed,
    /// The partner accepted an introduction of this case.
    Partner,
    OpenMilestone,
    OpenPayment,
    AllAccepted,
    /// Somebody helped, unless the outcome is that nothing was solved.
    SomebodyHelped,
    NotSurveyed,
    /// The clock did not ring before.
    NotRung,
}

/// The most characters of a reason.
pub const WHY_MAX_CHARS: usize = 2_000;

impl Requirement {
    /// The requirement in a few words.
    pub fn name(self) -> Text {
        match self {
            Requirement::Why => text!("说明理由", "a reason"),
            Requirement::NeedTold => text!("已填名称与主要问题", "title and problem are written"),
            Requirement::NoHold => text!("没有待处理的暂缓原因", "nothing is on hold"),
            Requirement::HeldSo => text!("确有该暂缓原因", "it is on hold for this"),
            Requirement::Unclaimed => text!("尚无经办人", "nobody has it"),
            Requirement::SomebodyNamed => text!("指明经办人", "an officer is named"),
            Requirement::SomethingNamed => text!("文件有名称", "the document has a name"),
            Requirement::AnotherCase => text!("另一张对接单", "another case"),
            Requirement::OtherParts => text!("拆出其他部分", "other parts go on"),
            Requirement::Room => text!("未满推介上限", "not too many introductions"),
            Requirement::NoConflict => text!("不是同一机构", "not the same organization"),
            Requirement::NotPromised => text!("尚未承诺", "not yet promised"),
            Requirement::OwnSide => text!("只代表本方", "for one's own side"),
            Requirement::NotConsented => text!("尚未同意", "not yet consented"),
            Requirement::NobodyAtIt => text!("没有进行中的推介", "no introduction is open"),
            Requirement::LevelAbove => text!("更高一级", "a level above"),
            Requirement::WellFormed => text!("记录完整", "the record is complete"),
            Requirement::Partner => text!("对方已接受推介", "the partner accepted"),
            Requirement::OpenMilestone => text!("节点尚未验收", "the milestone is open"),
            Requirement::OpenPayment => text!("该笔尚未支付", "the payment is open"),
            Requirement::AllAccepted => text!("节点均已验收", "all milestones are accepted"),
            Requirement::SomebodyHelped => text!("有响应方提供了帮助", "somebody helped"),
            Requirement::NotSurveyed => text!("尚未评价", "not yet answered"),
            Requirement::NotRung => text!("尚未提醒", "not yet reminded"),
        }
    }

    /// Why `act` by `who` does not meet the requirement, if it does not.
    pub(crate) fn unmet(self, case: &Case, act: &Act, who: &Who, rules: &Rules) -> Option<Unmet> {
        match self {
            Requirement::Why => reason(act),
            Requirement::NeedTold => unless(
                !case.need.title.trim().is_empty() && !case.need.problem.trim().is_empty(),
                text!("需求名称和主要问题都要填写", "the title and the problem have to be written"),
            ),
            Requirement::NoHold => on_hold(case),
            Requirement::HeldSo => {
                let held = matches!(act, Act::LiftHold { hold, .. } if case.holds.iter().any(|held| held.kind == *hold && held.lifted.is_none()));
                unless(held, text!("没有这一暂缓原因", "the case is not on hold for this"))
            }
            Requirement::Unclaimed => {
                let handler = case.handler.clone().unwrap_or_default();
                unless(case.handler.is_none(), text!("已由 `{handler}` 经办", "`{handler}` has the case already"))
            }
            Requirement::SomebodyNamed => {
                unless(matches!(act, Act::Assign { officer } if !officer.trim().is_empty()), text!("请指明经办人", "name the officer"))
            }
            Requirement::SomethingNamed => {
                unless(matches!(act, Act::Attach { name, .. } if !name.trim().is_empty()), text!("请填写文件名称", "name the document"))
            }
            Requirement::AnotherCase => {
                unless(matches!(act, Act::Merge { into, .. } if *into != case.id), text!("不能并入自身", "a case cannot be merged into itself"))
            }
            Requirement::OtherParts => {
                unless(matches!(act, Act::Split { into, .. } if !into.is_empty()), text!("拆分至少产生一张新单", "a split makes at least one more case"))
            }
            Requirement::Room => {
                let most = rules.introductions.most_open;
                let open = case.introductions.iter().filter(|introduction| introduction.state.is_open()).count();
                unless(open < usize::from(most), text!("已有 {open} 个未结推介，上限为 {most} 个", "{open} introductions are open, {most} are the most"))
            }
            Requirement::NoConflict => same_organization(case, act),
            Requirement::NotPromised => unless(
                named(case, act).is_some_and(|introduction| introduction.promise.is_none()),
                text!("已签署过保密承诺", "confidentiality was promised already"),
            ),
            Requirement::OwnSide => own_side(act, who),
            Requirement::NotConsented => {
                let consented = |introduction: &Introduction| match act {
                    Act::Consent { side: Side::Seeker, .. } => introduction.seeker_consents,
                    _ => introduction.responder_consents,
                };
                unless(named(case, act).is_some_and(|introduction| !consented(introduction)), text!("已经同意过", "this side consented already"))
            }
            Requirement::NobodyAtIt => {
                unless(!case.introductions.iter().any(|introduction| introduction.state.is_open()), text!("还有未结的推介", "an introduction is still open"))
            }
            Requirement::LevelAbove => {
                let above = matches!(act, Act::Escalate { to, .. } if to.contains(case.desk) && *to != case.desk);
                unless(above, text!("只能上报到上级区划", "a case is escalated to a region above"))
            }
            Requirement::WellFormed => well_formed(act),
            Requirement::Partner => partner(case, act),
            Requirement::OpenMilestone | Requirement::OpenPayment => open_part(case, act),
            Requirement::AllAccepted => {
                unless(case.contract.as_ref().is_none_or(crate::Contract::is_accepted), text!("还有未验收的节点", "a milestone is not accepted yet"))
            }
            Requirement::SomebodyHelped => somebody_helped(case, act),
            Requirement::NotSurveyed => unless(!surveyed(case, act, who), text!("已经评价过", "this side answered already")),
            Requirement::NotRung => unless(matches!(act, Act::Ring { mark } if !case.rung.contains(mark)), text!("该提醒已发过", "this clock rang already")),
        }
    }
}

/// What is missing: the sentence, and faults of single fields if there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unmet {
    pub(crate) reason: Text,
    pub(crate) faults: Vec<Diagnostic>,
}

fn unless(met: bool, reason: Text) -> Option<Unmet> {
    (!met).then_some(Unmet { reason, faults: Vec::new() })
}

fn named<'c>(case: &'c Case, act: &Act) -> Option<&'c Introduction> {
    act.responder().and_then(|responder| case.introduction(responder))
}

fn reason(act: &Act) -> Option<Unmet> {
    let why = act.why().unwrap_or_default().trim();
    let length = why.chars().count();
    if why.is_empty() {
        return unless(false, text!("请说明理由", "give a reason"));
    }
    unless(length <= WHY_MAX_CHARS, text!("理由有 {length} 字，最多 {WHY_MAX_CHARS} 字", "the reason has {length} characters, {WHY_MAX_CHARS} are the most"))
}

fn on_hold(case: &Case) -> Option<Unmet> {
    let open: Vec<Text> = case.open_holds().map(|hold| hold.reason.clone()).collect();
    let zh = open.iter().map(|reason| reason.zh.as_str()).collect::<Vec<_>>().join("；");
    let en = open.iter().map(|reason| reason.en.as_str()).collect::<Vec<_>>().join("; ");
    unless(open.is_empty(), text!("仍处于暂缓：{zh}", "still on hold: {en}"))
}

fn same_organization(case: &Case, act: &Act) -> Option<Unmet> {
    let Act::Introduce { responder, .. } = act else { return None };
    let own = responder.id == case.seeker.organization || responder.organization.as_ref() == Some(&case.seeker.organization);
    unless(!own, text!("响应方与需求方是同一机构", "the responder belongs to the organization whose need it is"))
}

fn own_side(act: &Act, who: &Who) -> Option<Unmet> {
    let (Act::Consent { side, .. } | Act::Survey { side, .. }) = act else { return None };
    let own = matches!((side, who.hat), (Side::Seeker, Hat::Seeker) | (Side::Responder, Hat::Responder));
    unless(own, text!("只能代表本方", "one speaks for one's own side only"))
}

fn well_formed(act: &Act) -> Option<Unmet> {
    let faults = match act {
        Act::Meet { meeting } => meeting.faults(),
        Act::Agree { agreement } => agreement.faults(),
        Act::Contract { contract } => contract.faults(),
        Act::Deliver { delivery } => delivery.faults(),
        Act::Survey { satisfaction, .. } => satisfaction.faults(),
        _ => Vec::new(),
    };
    let first = faults.first()?.message.clone();
    Some(Unmet { reason: first, faults })
}

fn partner(case: &Case, act: &Act) -> Option<Unmet> {
    let responder = match act {
        Act::Agree { agreement } => &agreement.responder,
        Act::Contract { contract } => &contract.responder,
        _ => return None,
    };
    let accepted = |introduction: &Introduction| matches!(introduction.state, IntroductionState::Accepted | IntroductionState::Helped);
    unless(
        case.introduction(responder).is_some_and(accepted),
        text!("合作方须是已接受本单推介的响应方", "the partner is a responder who accepted an introduction of this case"),
    )
}

fn open_part(case: &Case, act: &Act) -> Option<Unmet> {
    let contract = case.contract.as_ref();
    let (open, day) = match act {
        Act::AcceptMilestone { milestone, on } => {
            (contract.and_then(|contract| contract.milestones.get(*milestone)).is_some_and(|milestone| milestone.accepted.is_none()), on)
        }
        Act::Pay { payment, on } => (contract.and_then(|contract| contract.payments.get(*payment)).is_some_and(|payment| payment.paid.is_none()), on),
        _ => return None,
    };
    unless(open, text!("没有这一项，或已登记过", "there is no such item, or it was recorded before"))
        .or_else(|| unless(day.day().is_some(), text!("请填写到日", "give the date to the day")))
}

fn somebody_helped(case: &Case, act: &Act) -> Option<Unmet> {
    let helped = case.introductions.iter().any(|introduction| matches!(introduction.state, IntroductionState::Helped | IntroductionState::Accepted));
    let claims_help = !matches!(act, Act::Close { outcome: Outcome::NotSolved, .. });
    unless(helped || !claims_help, text!("没有响应方提供过帮助，不能办结为已解决", "nobody helped, so the case cannot be closed as solved"))
}

fn surveyed(case: &Case, act: &Act, who: &Who) -> bool {
    let Act::Survey { side, .. } = act else { return false };
    let party = who.party.clone().unwrap_or_default();
    case.surveys.iter().any(|survey| survey.side == *side && survey.party == party)
}
