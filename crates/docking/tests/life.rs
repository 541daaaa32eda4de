//! The life of a case as people live it, and the refusals on its way.

use duijie_docking::*;
use duijie_vocab::{Date, Digest, Fen, RecordId, RegionCode, Timestamp};

struct Life {
    case: Case,
    timeline: Vec<Did>,
    notices: Vec<Notice>,
    now: Timestamp,
    book: RuleBook,
    calendar: Calendar,
}

fn county() -> RegionCode {
    RegionCode::parse("320402").unwrap()
}

fn firm() -> Who {
    Who::seeker("user:firm", "org-1")
}

fn officer() -> Who {
    Who::officer("user:officer", county())
}

fn expert() -> Who {
    Who::responder("link:expert", "expert-1")
}

fn why() -> String {
    "理由".into()
}

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn introduce(id: &str) -> Act {
    Act::Introduce {
        responder: Responder { id: id.into(), name: "张教授".into(), organization: Some("org-8".into()), through: None },
        reasons: Vec::new(),
        grounds: None,
    }
}

impl Life {
    fn begin() -> Life {
        let now = Timestamp::parse("2021-03-01T01:00:00Z").unwrap();
        let opening = Opening {
            id: RecordId::derive("case", "1"),
            region: county(),
            seeker: Seeker { organization: "org-1".into(), name: "常州某某公司".into(), anonymous: true },
            need: NeedText { title: "叶片涂层".into(), problem: "涂层开裂".into(), confidential: "配方".into(), ..NeedText::default() },
            contact: Contact { name: "李工".into(), phone: "0519-12345678".into(), email: String::new() },
            origin: None,
        };
        let step = Case::open(opening, &firm(), now).unwrap();
        Life { case: step.after, timeline: vec![step.did], notices: Vec::new(), now, book: RuleBook::built_in(), calendar: Calendar::built_in() }
    }

    fn try_act(&self, act: Act, who: &Who) -> Result<Step, Refusal> {
        self.case.act(act, who, self.now, self.book.for_region(self.case.region))
    }

    fn act(&mut self, act: Act, who: &Who) -> &mut Life {
        let step = self.try_act(act, who).unwrap();
        self.take(step);
        self
    }

    fn take(&mut self, step: Step) {
        self.case = step.after;
        self.timeline.push(step.did);
        self.notices = step.notices;
    }

    fn introduced() -> Life {
        let mut life = Life::begin();
        life.act(Act::Submit { quality: 50, holds: Vec::new() }, &firm())
            .act(Act::Claim, &officer())
            .act(Act::Admit, &officer())
            .act(introduce("expert-1"), &officer());
        life
    }

    fn days(&mut self, days: i64) -> &mut Life {
        self.now = Timestamp::from_micros(self.now.micros() + days * 86_400_000_000).unwrap();
        self
    }

    fn ring(&mut self) -> Vec<Clock> {
        let steps = self.case.ring(self.now, self.book.for_region(self.case.region), &self.calendar).unwrap();
        let clocks = steps.iter().map(|step| if let Act::Ring { mark } = &step.did.act { mark.clock } else { unreachable!("ringing is ringing") }).collect();
        steps.into_iter().for_each(|step| self.take(step));
        clocks
    }

    fn grade(&self, reader: Reader<'_>) -> Option<Grade> {
        disclosure(&self.case, reader).map(|decision| decision.grade)
    }
}

#[test]
fn a_case_goes_from_draft_to_closed_with_a_contract() {
    let mut life = Life::introduced();
    let responder = || "expert-1".to_string();
    life.act(Act::Accept { responder: responder() }, &expert());
    assert_eq!(life.case.state, CaseState::InProgress);
    let meeting = Meeting { on: date("2021-03-10"), place: "常州".into(), present: vec![], result: MeetingResult::GoOn, minutes: "看了样件".into() };
    life.act(Act::Meet { meeting }, &firm());
    life.act(Act::Agree { agreement: Agreement { responder: responder(), on: date("2021-03-12"), subject: "联合开发".into() } }, &firm());
    let contract = Contract {
        kind: ContractType::Development,
        name: "涂层开发".into(),
        registration: None,
        responder: responder(),
        parties: vec!["常州某某公司".into(), "某大学".into()],
        signed: date("2021-03-20"),
        until: date("2021-12-31"),
        amount: Fen(30_000_000),
        milestones: vec![Milestone { name: "样件".into(), due: date("2021-06-30"), accepted: None }],
        payments: vec![
            Payment { amount: Fen(10_000_000), due: date("2021-04-01"), paid: None },
            Payment { amount: Fen(20_000_000), due: date("2021-12-01"), paid: None },
        ],
    };
    life.act(Act::Contract { contract }, &officer());
    let delivery = Delivery { on: date("2021-11-01"), what: "工艺文件".into() };
    let early = life.try_act(Act::Deliver { delivery: delivery.clone() }, &firm()).unwrap_err();
    assert_eq!(early.kind, RefusalKind::Missing(Requirement::AllAccepted));
    life.act(Act::AcceptMilestone { milestone: 0, on: date("2021-06-25") }, &firm()).act(Act::Pay { payment: 0, on: date("2021-04-01") }, &firm());
    assert_eq!(life.case.contract.as_ref().unwrap().paid(), Fen(10_000_000));
    life.act(Act::Help { responder: responder(), why: String::new() }, &expert()).act(Act::Deliver { delivery }, &firm());
    life.act(Act::Close { outcome: Outcome::Solved, why: why() }, &firm());
    let stars = |stars| Satisfaction { stars, outcome: Outcome::Solved, comment: String::new() };
    life.act(Act::Survey { side: Side::Seeker, satisfaction: stars(5) }, &firm()).act(Act::Survey { side: Side::Responder, satisfaction: stars(4) }, &expert());
    assert!(life.try_act(Act::Survey { side: Side::Seeker, satisfaction: stars(1) }, &firm()).is_err());
    assert_eq!(Case::fold(&life.timeline).unwrap(), life.case);
    assert_eq!(life.case.turn().who, None);
}

#[test]
fn a_refusal_says_why_and_what_is_possible() {
    let life = Life::begin();
    let refusal = life.try_act(Act::Admit, &officer()).unwrap_err();
    assert_eq!(refusal.reason.zh, "“草稿”的对接单不能“审核通过”");
    let refusal = life.try_act(Act::Claim, &firm()).unwrap_err();
    assert_eq!(refusal.help.unwrap().zh, "现在可以：修改内容、提交、撤回、添加文件");
    let stranger = life.try_act(Act::Submit { quality: 0, holds: Vec::new() }, &Who::seeker("user:rival", "org-2")).unwrap_err();
    assert_eq!((stranger.kind, stranger.reason.zh.as_str()), (RefusalKind::NotYou, "这张对接单不归您办理，不能“提交”"));
}

#[test]
fn a_held_case_goes_on_only_after_somebody_said_why() {
    let mut life = Life::begin();
    let rules = life.book.for_region(county()).clone();
    let found = holds(&life.case.need, &Contact::default(), &[], life.now, &rules.holds);
    assert_eq!(found.iter().map(|hold| hold.kind).collect::<Vec<_>>(), [HoldKind::TooShort, HoldKind::NoContact]);
    life.act(Act::Submit { quality: 50, holds: found }, &firm()).act(Act::Claim, &officer());
    assert_eq!(life.try_act(Act::Admit, &officer()).unwrap_err().kind, RefusalKind::Missing(Requirement::NoHold));
    life.act(Act::LiftHold { hold: HoldKind::TooShort, why: why() }, &officer()).act(Act::LiftHold { hold: HoldKind::NoContact, why: why() }, &officer());
    life.act(Act::Admit, &officer());
}

#[test]
fn holds_look_at_what_the_organization_handed_in_before() {
    let book = RuleBook::built_in();
    let rules = &book.for_region(county()).holds;
    let need = NeedText {
        title: "高温合金叶片表面防护涂层工艺".into(),
        problem: "现有涂层在一千一百度循环氧化下三百小时后开裂剥落，需要从粘结层成分与界面应力两方面找原因".into(),
        ..NeedText::default()
    };
    let contact = Contact { name: "李工".into(), phone: String::new(), email: "li@example.cn".into() };
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let earlier =
        Earlier { case: RecordId::derive("case", "0"), title: need.title.clone(), submitted: at("2021-03-01T01:00:00Z"), pairs: Pairs::of(&need.joined()) };
    let kinds = |now: &str| holds(&need, &contact, std::slice::from_ref(&earlier), at(now), rules).into_iter().map(|hold| hold.kind).collect::<Vec<_>>();
    assert_eq!(kinds("2021-03-01T03:00:00Z"), [HoldKind::Several, HoldKind::SameSubject]);
    assert_eq!(kinds("2021-03-02T03:00:00Z"), [HoldKind::SameSubject]);
    assert!(kinds("2021-07-02T03:00:00Z").is_empty());
    let bad = NeedText { problem: format!("{}代 开-发票", need.problem), ..need.clone() };
    assert_eq!(holds(&bad, &contact, &[], at("2021-03-01T01:00:00Z"), rules)[0].kind, HoldKind::Forbidden);
    let copied = NeedText { problem: "请填写企业当前在生产、研发中遇到的主要技术问题。".into(), ..need };
    assert!(holds(&copied, &contact, &[], at("2021-03-01T01:00:00Z"), rules).iter().any(|hold| hold.kind == HoldKind::Template));
}

#[test]
fn clocks_ring_once_in_order_and_end_in_abandonment() {
    let mut life = Life::introduced();
    let mut rang = Vec::new();
    for day in 1..60 {
        life.days(1);
        rang.extend(life.ring().into_iter().map(|clock| (day, clock)));
    }
    // Day 45 after 1 March 2021 is a Thursday; day 21 is a Monday.
    assert_eq!(rang, [(3, Clock::Pending), (9, Clock::Reminder), (21, Clock::LastChance), (45, Clock::Abandon)]);
    assert_eq!((life.case.state, life.case.abandoned), (CaseState::Unsolved, true));
    assert!(life.notices.iter().any(|notice| notice.to == Recipient::Seeker("org-1".into())));
}

#[test]
fn a_product_that_was_off_sends_only_the_last_reminder_and_a_clock_set_back_changes_nothing() {
    let mut life = Life::introduced();
    assert_eq!(life.days(22).ring(), [Clock::LastChance]);
    assert_eq!(life.ring(), []);
    assert_eq!(life.days(-15).ring(), []);
    assert_eq!(life.days(16).ring(), []);
    life.act(Act::Accept { responder: "expert-1".into() }, &expert());
    assert_eq!(life.days(100).ring(), []);
}

#[test]
fn disclosure_opens_step_by_step() {
    let mut life = Life::introduced();
    let responder = || "expert-1".to_string();
    assert_eq!(life.grade(Reader::Stranger), Some(Grade::Public));
    assert_eq!(life.grade(Reader::Responder("expert-1")), Some(Grade::Registered));
    assert_eq!(life.grade(Reader::Responder("expert-2")), None);
    life.act(Act::Promise { responder: responder(), document: Digest::ZERO }, &expert()).act(Act::Accept { responder: responder() }, &expert());
    assert_eq!(life.grade(Reader::Responder("expert-1")), Some(Grade::Confidential));
    life.act(Act::Consent { responder: responder(), side: Side::Responder }, &expert());
    assert_eq!(life.grade(Reader::Responder("expert-1")), Some(Grade::Confidential));
    life.act(Act::Consent { responder: responder(), side: Side::Seeker }, &firm());
    assert_eq!(life.grade(Reader::Responder("expert-1")), Some(Grade::Contact));
    let registered = seen(&life.case, Grade::Registered);
    assert_eq!((registered.organization, registered.region, registered.confidential, registered.contact), (None, None, None, None));
    let contact = seen(&life.case, Grade::Contact);
    assert_eq!((contact.organization.as_deref(), contact.confidential.as_deref()), (Some("常州某某公司"), Some("配方")));
    assert_eq!(unlockings(&life.timeline).count(), 4);
    let draft = Life::begin();
    assert_eq!(draft.grade(Reader::Registered), None);
}

#[test]
fn an_escalated_case_comes_back_with_the_answer() {
    let mut life = Life::introduced();
    let city = Who::officer("user:city", RegionCode::parse("320400").unwrap());
    life.act(Act::Escalate { to: RegionCode::parse("320400").unwrap(), why: why() }, &officer());
    assert_eq!(life.try_act(Act::Advise { why: why() }, &officer()).unwrap_err().kind, RefusalKind::NotYou);
    life.act(Act::Advise { why: why() }, &city);
    assert_eq!((life.case.state, life.case.desk), (CaseState::Matching, county()));
    assert_eq!(life.case.handler.as_deref(), Some(officer().actor.as_str()), "whoever had it has it again");
    assert!(life.notices.iter().any(|notice| notice.to == Recipient::Person(officer().actor)), "{:?}", life.notices);
}

#[test]
fn a_visit_becomes_as_many_needs_as_it_names() {
    let long = "现有产线在高速运行时温度波动大导致良率下降需要新的控制方法";
    let visit = Visit {
        id: RecordId::derive("visit", "1"),
        on: date("2021-03-05"),
        adviser: "user:adviser".into(),
        region: county(),
        organization: Seeker { organization: "org-1".into(), name: "常州某某公司".into(), anonymous: false },
        contact: Contact::default(),
        problems: format!("1、焊接工艺，{long}。\n2、视觉检测，{long}。"),
        promises: Vec::new(),
        cases: Vec::new(),
    };
    assert!(visit.faults().is_empty());
    let needs = visit.needs(|number| RecordId::derive("case", &number.to_string()));
    assert_eq!(needs.iter().map(|need| need.need.title.as_str()).collect::<Vec<_>>(), ["焊接工艺", "视觉检测"]);
    let one = Visit { problems: "焊接不牢，要改。".into(), ..visit };
    assert_eq!(one.needs(|_| RecordId::derive("case", "1")).len(), 1);
}

#[test]
fn the_reference_shows_the_table_as_it_is() {
    let reference = include_str!("../../../docs/reference/case-moves.md");
    for lang in duijie_vocab::Lang::ALL {
        assert!(reference.contains(&table_markdown(lang)), "make docs/reference/case-moves.md anew with `duijie case table`");
    }
}
