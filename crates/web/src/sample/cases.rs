//! Sample values of casework.

use super::values::fault;
use super::visit;
use crate::pages::answer::AnswerPage;
use crate::pages::case::{CasePage, IntroducePage};
use crate::pages::case_bulk::BulkCasesPage;
use crate::pages::case_write::{JudgementPage, WritePage};
use crate::pages::cases::{AssignmentPage, BoardPage, DeskPage, InboxPage, ProcessPage};
use crate::pages::direct::{DirectPage, FollowPage};
use crate::pages::documents::DocumentPage;
use crate::pages::responders::RespondersPage;
use crate::pages::visits::{VisitPage, VisitsPage};
use duijie_app::*;
use duijie_vocab::{RecordId, RegionCode, Text, text};
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

/// Every page of casework, by template.
pub(crate) fn pages() -> Vec<(&'static str, Value)> {
    fn value(page: impl Serialize) -> Value {
        Value::from(Serde(page))
    }
    let id = RecordId::derive("case", "a");
    let link = Some(("张教授".to_string(), "https://duijie.example.cn/answer/ab".to_string()));
    let refused = Some(text!("请说明理由", "give a reason"));
    let conflict = CasePage {
        refused: refused.clone(),
        faults: vec![fault()],
        conflict: true,
        typed_verb: "return".into(),
        typed: vec!["请补充指标".into()],
        ..CasePage::of(case())
    };
    let plain = CaseView { as_of: Some(7), actions: vec![], introductions: vec![], meetings: vec![], contract: None, due: None, holds: vec![], ..case() };
    let form = CaseForm { title: "叶片涂层 <b>".into(), ways: vec!["合作开发".into()], anonymous: true, ..CaseForm::default() };
    let written = WritePage {
        judgement: Some(judgement()),
        faults: vec![fault(), duijie_vocab::Diagnostic::error("case.refused", word("不能修改", "it cannot be changed"))],
        conflict: refused.clone(),
        ..WritePage::of(&visit(Role::Officer), Some(id), Some(3), form.clone())
    };
    vec![
        ("case.html", value(CasePage { link, done: true, sights: vec![sight()], ..CasePage::of(case()) })),
        ("case.html", value(conflict)),
        ("case.html", value(CasePage::of(plain))),
        ("case_print.html", value(CasePage::of(case()))),
        ("case_write.html", value(WritePage::of(&visit(Role::Adviser), None, None, form))),
        ("case_write.html", value(written)),
        ("case_judgement.html", value(JudgementPage { judgement: judgement() })),
        ("introduce.html", value(IntroducePage { case: case(), candidates: vec![], refused: refused.clone() })),
        ("introduce.html", value(IntroducePage { case: case(), candidates: vec![candidate()], refused: None })),
        ("answer.html", value(AnswerPage { answer: answer(), refused, faults: vec![fault()], typed_verb: "decline".into(), done: false })),
        ("responders.html", value(RespondersPage { responders: vec![expert(Some("2026-12-31")), expert(None)], desk: desk() })),
        ("responders.html", value(RespondersPage { responders: vec![], desk: DeskView { rows: vec![], ..desk() } })),
        ("case_bulk.html", value(BulkCasesPage { lines: bulk(), verb: "return".into(), fields: vec![("why".into(), "<b>".into())], done: false })),
        ("case_bulk.html", value(BulkCasesPage { lines: bulk(), verb: "claim".into(), fields: vec![], done: true })),
        ("document.html", value(DocumentPage { document: document(true, None) })),
        ("document.html", value(DocumentPage { document: document(false, Some("涂层")) })),
        ("document.html", value(DocumentPage { document: document(false, None) })),
        ("visits.html", value(VisitsPage { desk: visits(), form: VisitForm::default(), faults: vec![fault()], next_href: Some("/visits?after=x".into()) })),
        ("visits.html", value(VisitsPage { desk: VisitDesk::default(), form: VisitForm::default(), faults: vec![], next_href: None })),
        ("visit.html", value(VisitPage { record: visited(), refused: Some(text!("已变", "moved")), done: true })),
        ("direct.html", value(DirectPage { faults: vec![fault()], ..DirectPage::default() })),
        ("direct.html", value(DirectPage { ticket: Some("t".into()), ..DirectPage::default() })),
        ("follow.html", value(FollowPage { address: Some("https://duijie.example.cn/follow/ab".into()), ..FollowPage::of(case()) })),
        ("follow.html", value(FollowPage { done: true, ..FollowPage::of(case()) })),
        ("cases.html", value(DeskPage::of(&visit(Role::Officer), desk()))),
        ("cases.html", value(DeskPage::of(&visit(Role::Officer), DeskView { rows: vec![], counts: vec![], next: None, ..desk() }))),
        ("board.html", value(BoardPage { columns: vec![] })),
        (
            "assignment.html",
            value(AssignmentPage { plan: plan(), report: Some(RoundReport { introduced: 2, kept_back: vec![("case-1".into(), text!("已变", "moved"))] }) }),
        ),
        ("assignment.html", value(AssignmentPage { plan: AssignmentView::default(), report: None })),
        ("process.html", value(ProcessPage { process: process(), up: Some(("320000".into(), "江苏省".into())) })),
        ("inbox.html", value(InboxPage { notices: vec![notice()], unread: 1, next: Some("/inbox?after=x".into()) })),
        ("inbox.html", value(InboxPage { notices: vec![], unread: 0, next: None })),
    ]
}

fn bulk() -> Vec<BulkLine> {
    let line = |then: Option<Text>, refused: Option<Text>| BulkLine {
        id: RecordId::derive("case", "a").to_string(),
        version: 3,
        title: "叶片涂层 <b>".into(),
        state_name: word("已提交", "submitted"),
        then,
        refused,
    };
    vec![line(Some(word("审核中", "in triage")), None), line(None, Some(word("已变", "moved")))]
}

fn sight() -> SightView {
    SightView { at: "2026-11-21 10:00".into(), who: "王".into(), role: Role::Leader.name(), grade: CaseGrade::Whole }
}

fn expert(absent_until: Option<&str>) -> ResponderView {
    ResponderView {
        id: RecordId::derive("exp", "a").to_string(),
        kind: "expert".into(),
        name: "张教授".into(),
        competences: vec!["热障涂层".into()],
        load: 2,
        limit: 8,
        absent_until: absent_until.map(str::to_string),
        conflicts: vec!["常州某公司".into()],
    }
}

fn document(is_image: bool, text: Option<&str>) -> DocumentView {
    DocumentView {
        case: RecordId::derive("case", "a").to_string(),
        case_title: "叶片涂层".into(),
        name: "图纸 <1>.png".into(),
        digest: "ab".repeat(32),
        bytes: 12_345,
        at: "2026-11-21 10:00".into(),
        is_image,
        text: text.map(str::to_string),
    }
}

fn visited() -> VisitView {
    let promise = |kept: Option<&str>, late| PromiseView { what: "联系张教授".into(), by: "2026-12-31".into(), kept: kept.map(str::to_string), late };
    VisitView {
        id: RecordId::derive("visit", "a").to_string(),
        version: 1,
        on: "2026-11-20".into(),
        adviser: "周联络".into(),
        organization: "常州星宇航空材料有限公司".into(),
        organization_id: "org-1".into(),
        contact: CaseContact { name: "李工".into(), ..CaseContact::default() },
        problems: "涂层开裂 <b>".into(),
        promises: vec![promise(Some("2026-11-21"), false), promise(None, true), promise(None, false)],
        cases: vec![(RecordId::derive("case", "a").to_string(), "涂层开裂".into())],
        may_keep: true,
    }
}

pub(crate) fn visits() -> VisitDesk {
    let visit = visited();
    VisitDesk { open: vec![(visit.id.clone(), visit.organization.clone(), visit.promises[1].clone())], visits: vec![visit], next: Some("x".into()) }
}

fn word(zh: &str, en: &str) -> Text {
    Text::new(zh, en)
}

pub(crate) fn case() -> CaseView {
    let introduction = IntroductionView {
        responder: "org-1".into(),
        name: "江南先进制造研究院".into(),
        through: None,
        state: "accepted".into(),
        state_name: word("已接受", "accepted"),
        sent: "2026-11-20 09:00".into(),
        answered: Some("2026-11-21 10:00".into()),
        said: "可以合作".into(),
        reasons: vec![word("共有术语", "shared terms")],
        grounds: Some(Grounds {
            score: 710_000,
            parts: vec![Ground {
                part: "text".into(), name: word("内容", "content"), adds: 710_000, known: true, reason: word("共有术语", "shared terms")
            }],
            against: vec![word("成熟度未知", "maturity unknown")],
            shared_terms: vec!["热障涂层".into()],
        }),
        promised: true,
        seeker_consents: true,
        responder_consents: true,
    };
    let field = |ty| ActionField {
        key: "why",
        name: word("理由", "Reason"),
        ty,
        help: word("说明", "say why"),
        options: vec![("a".into(), word("甲", "A"))],
        value: "a".into(),
    };
    let fields = ["text", "long", "date", "money", "choice", "hidden"].map(field).to_vec();
    CaseView {
        id: RecordId::derive("case", "a").to_string(),
        version: 9,
        state: CaseState::InProgress,
        state_name: CaseState::InProgress.name(),
        since: "2026-11-20 09:00".into(),
        steps: ["done", "now", "ahead"].map(|mark| StepMark { name: word("审核中", "in triage"), mark }).to_vec(),
        need: need(),
        region_name: "江苏省常州市".into(),
        grade: CaseGrade::Whole,
        grade_reason: word("由您所在部门办理", "your desk has the case"),
        grade_next: Some(word("登录", "log in")),
        handler: Some("李华".into()),
        adviser: Some("王强".into()),
        turn_of: Some(word("经办人", "the officer")),
        turn: word("认领审核", "claim it"),
        turn_why: Some("请写明检验方法".into()),
        your_turn: true,
        due: Some((word("提醒", "reminder"), "2026-11-29 09:00".into())),
        quality: 72,
        holds: vec![HoldView { reason: word("内容过短", "too short"), lifted: Some("已电话核实".into()) }],
        introductions: vec![introduction],
        meetings: vec![MeetingView {
            on: "2026-11-21".into(),
            place: "常州".into(),
            present: "甲、乙".into(),
            result: word("继续推进", "go on"),
            minutes: "看样件".into(),
        }],
        agreement: Some(("2026-11-21".into(), "联合开发".into())),
        contract: Some(ContractView {
            kind: word("技术开发", "development"),
            name: "涂层开发".into(),
            registration: Some("2026320400000001".into()),
            parties: vec!["甲".into(), "乙".into()],
            signed: "2026-11-21".into(),
            until: "2027-11-21".into(),
            amount: word("80万元", "CNY 800,000.00"),
            paid: word("0元", "CNY 0.00"),
            milestones: vec![("样件".into(), "2027-03-31".into(), Some("2027-03-30".into()))],
            payments: vec![(word("30万元", "CNY 300,000.00"), "2027-01-15".into(), Some("2027-01-10".into()))],
        }),
        delivery: Some(("2027-06-30".into(), "工艺文件".into())),
        outcome: Some(word("已解决", "solved")),
        surveys: vec![SurveyView { side: word("需求方", "the seeker"), stars: 5, outcome: word("已解决", "solved"), comment: "好".into() }],
        documents: vec![DocumentLine { name: "图纸 <1>.png".into(), digest: "ab".repeat(32), at: "2026-11-21 10:00".into() }],
        may_attach: true,
        related: vec![(word("拆分出", "split off"), "case-0".into())],
        timeline: vec![TimelineLine {
            seq: 12,
            at: "2026-11-20 09:00".into(),
            who: "李华".into(),
            what: word("提交", "submit"),
            why: "说明".into(),
            unlocks: true,
        }],
        actions: vec![
            ActionView { verb: CaseVerb::Claim, name: word("认领", "claim"), leads_on: true, fields: vec![] },
            ActionView { verb: CaseVerb::Return, name: word("退回", "return"), leads_on: false, fields },
        ],
        may_write: true,
        may_introduce: true,
        as_of: None,
    }
}

fn need() -> NeedSeen {
    NeedSeen {
        title: "高温合金叶片涂层 <b>".into(),
        fields: vec!["新材料".into()],
        problem: Some("开裂".into()),
        key_technology: Some("粘结层".into()),
        expected_result: Some("≥ 600 小时".into()),
        budget: Some(duijie_vocab::Fen(80_000_000)),
        until: duijie_vocab::Date::parse("2027-06-30").ok(),
        region: RegionCode::parse("320400").ok(),
        confidential: Some("配方".into()),
        organization: Some("某公司".into()),
        contact: Some(CaseContact { name: "李工".into(), phone: "0519-1".into(), email: String::new() }),
    }
}

fn judgement() -> CaseJudgement {
    CaseJudgement {
        score: 61,
        gaps: vec![CaseGap { kind: CaseGapKind::NoTarget, field: "expected_result", points: 20, advice: word("写成指标", "give a target") }],
        parts: vec![CasePart { title: "焊接".into(), text: "焊接不牢".into() }],
        alike: vec![Alike { id: "need-1".into(), title: "涂层".into(), percent: 61 }],
        faults: vec![],
    }
}

fn candidate() -> CandidateView {
    CandidateView {
        found: super::values::matches().groups.remove(0).matches.remove(0),
        kind_name: word("科技成果", "Offer"),
        responder: CaseResponder { id: "org-1".into(), name: "研究院".into(), organization: None, through: None },
        against: Some(word("已推介", "was introduced")),
    }
}

fn answer() -> AnswerView {
    AnswerView {
        version: 4,
        need: need(),
        grade: CaseGrade::Confidential,
        grade_reason: word("已签", "promised"),
        grade_next: None,
        responder: "张教授".into(),
        state: "sent".into(),
        state_name: word("待答复", "sent"),
        sent: "2026-11-20 09:00".into(),
        reasons: vec![word("共有术语", "shared terms")],
        actions: case().actions,
    }
}

pub(crate) fn desk() -> DeskView {
    let row = CaseRow {
        id: "case-1".into(),
        version: 3,
        title: "叶片涂层".into(),
        state: CaseState::Triage,
        state_name: CaseState::Triage.name(),
        organization: Some("某公司".into()),
        region_name: "天宁区".into(),
        handler: Some("officer".into()),
        turn: word("认领审核", "claim it"),
        your_turn: true,
        since: "2026-11-20 09:00".into(),
        due: Some((word("提醒", "reminder"), "2026-11-29 09:00".into())),
        late: true,
        holds: vec![word("内容过短", "too short")],
        introductions: (1, 2),
        quality: 60,
    };
    let counts = vec![StateCount { state: CaseState::Triage, name: CaseState::Triage.name(), count: 1 }];
    DeskView { counts, rows: vec![row], next: Some("case-0.1".into()), may_open: true, works: true }
}

fn plan() -> AssignmentView {
    let proposal = ProposalView {
        case: "case-1".into(),
        case_title: "涂层".into(),
        version: 3,
        responder: CaseResponder { id: "org-1".into(), name: "研究院".into(), organization: None, through: None },
        percent: 71,
        reasons: vec![word("匹配度 71%", "a match of 71 %")],
    };
    AssignmentView { proposals: vec![proposal], left: vec![("case-2".into(), "电池".into(), word("没有候选", "no candidate"))], max_load: 2 }
}

fn process() -> ProcessView {
    let tally = ProcessTally { submitted: 40, answered_in_9_days_permille: 527, ..ProcessTally::default() };
    let region = RegionCode::parse("320400").unwrap_or(RegionCode::NATION);
    ProcessView {
        region,
        region_name: "江苏省常州市".into(),
        whole: tally.clone(),
        fields: vec![(String::new(), tally.clone()), ("新材料 & 涂层".into(), tally.clone())],
        advisers: vec![("zhou".into(), "周".into(), tally.clone())],
        below: vec![(region, "天宁区".into(), tally)],
    }
}

fn notice() -> NoticeView {
    NoticeView {
        id: "notice-1".into(),
        case: "case-1".into(),
        href: "/case/case-1".into(),
        text: word("《涂层》已提交", "“Coating” was handed in"),
        at: "2026-11-20 09:00".into(),
        unread: true,
    }
}

pub(crate) fn clocks() -> Vec<NextClock> {
    vec![NextClock { case: RecordId::derive("case", "a"), clock: word("提醒答复", "reminder"), at: "2026-11-29 09:00".into(), overdue: true }]
}
