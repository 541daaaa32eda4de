//! Acts on a case as forms: which ones a person is offered and what each asks for, and reading
//! what came back.

use crate::casework::{read_case, rules, seen_by};
use crate::{App, AppError, Viewer};
use duijie_docking::{
    Act, Agreement, Case, CaseState, Contract, ContractType, Delivery, Hat, HoldKind, IntroductionMove, Meeting, MeetingResult, Milestone, Outcome, Payment,
    Satisfaction, Side, Verb, Who, moves_of,
};
use duijie_store::View;
use duijie_vocab::{Date, Diagnostic, Digest, Fen, MoneyUnit, Place, RecordId, Text, text};
use serde::Serialize;

/// An act that is offered, with the fields of its form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionView {
    pub verb: Verb,
    pub name: Text,
    /// Whether it leads the case on, and is offered first.
    pub leads_on: bool,
    pub fields: Vec<ActionField>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionField {
    pub key: &'static str,
    pub name: Text,
    /// `text`, `long`, `date`, `money`, `choice` or `hidden`.
    pub ty: &'static str,
    pub help: Text,
    pub options: Vec<(String, Text)>,
    pub value: String,
}

/// What a form of an act sent: its verb and its fields.
#[derive(Clone, Debug, Default)]
pub struct ActForm {
    pub verb: String,
    pub fields: Vec<(String, String)>,
}

/// The words that a responder promises confidentiality with.
pub fn promise_text() -> Text {
    text!(
        "我承诺：对本需求的保密内容严格保密，仅用于本次对接，不向第三方披露，不用于其他目的；对接结束后继续有效。",
        "I promise to keep the confidential part of this need secret, to use it for this case only, to disclose it to nobody and to use it for no other purpose; the promise outlasts the case."
    )
}

impl App {
    /// Does what a form of an act says.
    pub fn act_on_case(&self, viewer: &Viewer, id: &RecordId, version: Option<u32>, form: &ActForm) -> Result<(), AppError> {
        let verb = verb_of(&form.verb)?;
        match verb {
            Verb::Submit => return self.submit_case(viewer, id, version),
            Verb::Split => return self.split_case(viewer, id, version).map(drop),
            _ => {}
        }
        let (form, viewing) = (form.clone(), viewer.clone());
        self.move_case(viewer, id, version, move |case, who, tx| {
            let act = read_act(case, who, verb, &form).map_err(AppError::Invalid)?;
            check_named(&viewing, case, &act, &mut tx.view())?;
            Ok(case.act(act, who, tx.now(), &rules(&mut tx.view(), case.region)?)?)
        })
        .map(drop)
    }
}

/// Refuses an act that names a case the viewer may not see, or an officer who cannot take the case.
/// What is not there and what may not be seen answer alike.
pub(crate) fn check_named(viewer: &Viewer, case: &Case, act: &Act, view: &mut View<'_>) -> Result<(), AppError> {
    let fault = |field: &str, message: Text| Err(AppError::Invalid(vec![Diagnostic::error("act.named", message).at(Place::field(field))]));
    match act {
        Act::Merge { into, .. } => match read_case(view, into).and_then(|other| seen_by(viewer, &other).map(|_| other)) {
            Ok(_) => Ok(()),
            Err(AppError::NotFound) => fault("into", text!("没有编号为 `{into}` 的对接单", "there is no case `{into}`")),
            Err(other) => Err(other),
        },
        Act::Assign { officer } => {
            let login = officer.strip_prefix("user:").unwrap_or_default();
            let takes = |account: &duijie_journal::Account| {
                !account.disabled && account.region.contains(case.desk) && account.roles.iter().any(|role| role == "officer" || role == "admin")
            };
            match view.account(login)? {
                Some(account) if takes(&account) => Ok(()),
                _ => fault("officer", text!("`{login}` 不是本地区的经办人", "`{login}` is no officer of this region")),
            }
        }
        _ => Ok(()),
    }
}

pub(crate) fn verb_of(word: &str) -> Result<Verb, AppError> {
    let known = Verb::ALL.iter().find(|verb| verb.as_str() == word).copied();
    known.ok_or_else(|| AppError::Invalid(vec![Diagnostic::error("act.unknown", text!("没有“{word}”这种办理", "there is no act `{word}`"))]))
}

/// The acts that `who` is offered now; those with a page of their own are not among them.
pub(crate) fn actions(case: &Case, who: &Who) -> Vec<ActionView> {
    let own_page = [Verb::Write, Verb::Introduce, Verb::Attach, Verb::Remind, Verb::Abandon];
    let offered = case.choices(who).into_iter().filter(|verb| !own_page.contains(verb));
    let sensible = offered.filter(|verb| sensible(case, who, *verb));
    let mut actions: Vec<ActionView> = sensible.map(|verb| action(case, who, verb)).collect();
    actions.sort_by_key(|action| !action.leads_on);
    actions
}

/// Whether the act could succeed as far as the case tells; what is pointless is not offered.
fn sensible(case: &Case, who: &Who, verb: Verb) -> bool {
    match verb {
        // What came back and was handed in again waits to be claimed, by whoever had it or somebody else.
        Verb::Claim => case.state == CaseState::Submitted || case.handler.is_none(),
        Verb::LiftHold => case.open_holds().next().is_some(),
        Verb::Admit => case.open_holds().next().is_none(),
        Verb::Split => duijie_docking::parts(&case.need.problem).len() > 1,
        Verb::AcceptMilestone => open_milestones(case).next().is_some(),
        Verb::Pay => open_payments(case).next().is_some(),
        Verb::Deliver => case.contract.as_ref().is_none_or(Contract::is_accepted),
        Verb::Escalate => case.desk.parent().is_some(),
        Verb::Survey => !case.surveys.iter().any(|survey| Some(&survey.party) == who.party.as_ref()),
        Verb::Promise | Verb::Consent => !introductions(case, who, verb).is_empty(),
        _ => true,
    }
}

fn action(case: &Case, who: &Who, verb: Verb) -> ActionView {
    const ON: [Verb; 10] =
        [Verb::Submit, Verb::Claim, Verb::Admit, Verb::Accept, Verb::Agree, Verb::Contract, Verb::Deliver, Verb::Close, Verb::Advise, Verb::Survey];
    ActionView { verb, name: verb.name(), leads_on: ON.contains(&verb), fields: fields(case, who, verb) }
}

fn field(key: &'static str, ty: &'static str, name: Text) -> ActionField {
    ActionField { key, name, ty, help: Text::default(), options: Vec::new(), value: String::new() }
}

fn fields(case: &Case, who: &Who, verb: Verb) -> Vec<ActionField> {
    let day = || field("on", "date", text!("日期", "Day"));
    let why = || field("why", "long", text!("理由", "Reason"));
    let choice = |key, name, options| ActionField { options, ..field(key, "choice", name) };
    let outcome = || choice("outcome", text!("结果", "Outcome"), Outcome::ALL.iter().map(|outcome| (word(outcome), outcome.name())).collect());
    let mut fields = match verb {
        Verb::LiftHold => vec![
            choice("hold", text!("暂缓原因", "Hold"), case.open_holds().map(|hold| (hold.kind.as_str().to_string(), hold.reason.clone())).collect()),
            why(),
        ],
        Verb::Return => vec![ActionField { options: return_reasons(), ..field("template", "choice", text!("退回原因", "Reason template")) }, why()],
        Verb::Assign => vec![field("officer", "text", text!("经办人登录名", "The officer's login"))],
        Verb::Merge => vec![field("into", "text", text!("并入的对接单编号", "Id of the case it goes into")), why()],
        Verb::Meet => vec![
            day(),
            field("place", "text", text!("地点", "Place")),
            field("present", "text", text!("参加人员", "Present")),
            choice("result", text!("结果", "Result"), MeetingResult::ALL.iter().map(|result| (word(result), result.name())).collect()),
            field("minutes", "long", text!("洽谈情况", "What was talked about")),
        ],
        Verb::Agree => vec![day(), field("subject", "long", text!("合作意向", "What both sides want to do"))],
        Verb::Contract => contract_fields(case),
        Verb::AcceptMilestone => vec![choice("milestone", text!("节点", "Milestone"), open_milestones(case).collect()), day()],
        Verb::Pay => vec![choice("payment", text!("付款", "Payment"), open_payments(case).collect()), day()],
        Verb::Deliver => vec![day(), field("what", "long", text!("交付内容", "What was delivered"))],
        Verb::Close => vec![outcome(), why()],
        Verb::Survey => vec![
            choice("stars", text!("满意度", "Satisfaction"), (1..=5).rev().map(|stars| (stars.to_string(), text!("{stars} 分", "{stars} of 5"))).collect()),
            outcome(),
            field("comment", "long", text!("评价", "Comment")),
        ],
        _ => Vec::new(),
    };
    let takes_reason = moves_of(verb).any(|row| row.needs.contains(&duijie_docking::Requirement::Why)) || verb == Verb::Help;
    if takes_reason && !fields.iter().any(|field| field.key == "why") {
        fields.push(why());
    }
    if verb == Verb::Promise {
        fields.push(ActionField {
            help: promise_text(),
            options: vec![("yes".into(), text!("我承诺", "I promise"))],
            ..field("promised", "choice", text!("保密承诺", "Promise"))
        });
    }
    if let Some(responder) = responder_field(case, who, verb) {
        fields.insert(0, responder);
    }
    fields
}

fn contract_fields(case: &Case) -> Vec<ActionField> {
    let help = |field: ActionField, help: Text| ActionField { help, ..field };
    let kinds = ContractType::ALL.iter().map(|kind| (word(kind), kind.name())).collect();
    vec![
        ActionField { options: kinds, ..field("kind", "choice", text!("合同类型", "Type")) },
        ActionField { value: case.need.title.clone(), ..field("name", "text", text!("合同名称", "Name")) },
        field("signed", "date", text!("签订日期", "Signed on")),
        field("until", "date", text!("有效期至", "Valid until")),
        help(field("amount", "money", text!("合同金额（万元）", "Amount (10,000 CNY)")), text!("填数字，如 80", "a number such as 80")),
        help(
            field("milestones", "long", text!("验收节点", "Milestones")),
            text!("每行一个：名称 日期，如 样件 2027-03-31", "one a line: name day, such as sample 2027-03-31"),
        ),
        help(
            field("payments", "long", text!("付款计划", "Payments")),
            text!("每行一笔：万元 日期，如 30 2027-01-15", "one a line: 10,000 CNY and day, such as 30 2027-01-15"),
        ),
        help(field("registration", "text", text!("认定登记编号", "Registration number")), text!("16 位，可后补", "16 digits, may follow later")),
    ]
}

/// The introductions that `verb` can be about.
fn introductions<'c>(case: &'c Case, who: &Who, verb: Verb) -> Vec<&'c duijie_docking::Introduction> {
    let fits = |introduction: &&duijie_docking::Introduction| {
        let own = who.hat != Hat::Responder || who.party.as_ref() == Some(&introduction.responder.id);
        let open = match verb {
            Verb::Promise => introduction.promise.is_none(),
            Verb::Consent if who.hat == Hat::Seeker => !introduction.seeker_consents,
            Verb::Consent => !introduction.responder_consents,
            _ => true,
        };
        let state = moves_of(verb).filter(|row| row.from.contains(&case.state)).any(|row| match row.introduction {
            IntroductionMove::Moves(states, _) | IntroductionMove::Stays(states) => states.contains(&introduction.state),
            _ => {
                matches!(verb, Verb::Agree | Verb::Contract)
                    && !matches!(introduction.state, duijie_docking::IntroductionState::Sent | duijie_docking::IntroductionState::NotForMe)
            }
        });
        own && open && state
    };
    case.introductions.iter().filter(fits).collect()
}

fn responder_field(case: &Case, who: &Who, verb: Verb) -> Option<ActionField> {
    let about_one = matches!(verb, Verb::Agree | Verb::Contract) || moves_of(verb).any(|row| row.introduction != IntroductionMove::None);
    if !about_one {
        return None;
    }
    let options: Vec<(String, Text)> = introductions(case, who, verb)
        .into_iter()
        .map(|introduction| (introduction.responder.id.clone(), Text::new(&introduction.responder.name, &introduction.responder.name)))
        .collect();
    let value = options.first().map(|(id, _)| id.clone()).unwrap_or_default();
    let ty = if options.len() == 1 { "hidden" } else { "choice" };
    Some(ActionField { options, value, ..field("responder", ty, text!("响应方", "Responder")) })
}

fn open_milestones(case: &Case) -> impl Iterator<Item = (String, Text)> {
    let all = case.contract.iter().flat_map(|contract| contract.milestones.iter().enumerate());
    all.filter(|(_, milestone)| milestone.accepted.is_none()).map(|(at, milestone)| {
        let (name, due) = (&milestone.name, milestone.due);
        (at.to_string(), text!("{name}（{due}）", "{name} ({due})"))
    })
}

fn open_payments(case: &Case) -> impl Iterator<Item = (String, Text)> {
    let all = case.contract.iter().flat_map(|contract| contract.payments.iter().enumerate());
    all.filter(|(_, payment)| payment.paid.is_none()).map(|(at, payment)| {
        let (zh, en, due) = (payment.amount.chinese(), payment.amount, payment.due);
        (at.to_string(), Text::new(format!("{zh}（{due}）"), format!("{en} ({due})")))
    })
}

/// Reasons for returning that officers choose from.
fn return_reasons() -> Vec<(String, Text)> {
    [
        ("请补充现状、难点和已做的尝试，便于判断", "please add the situation, the difficulty and what was tried"),
        ("请写出可测量的目标，如指标、成本、期限", "please give a target that can be measured"),
        ("请补充联系人和电话", "please add a contact and a phone number"),
        ("不属于技术需求，请通过其他渠道办理", "this is no technical need; please use another channel"),
        ("含有多个需求，请分开提交", "these are several needs; please submit them one by one"),
    ]
    .into_iter()
    .map(|(zh, en)| (zh.to_string(), Text::new(zh, en)))
    .collect()
}

fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_string)).unwrap_or_default()
}

/// What a form says, as an act; faults with their fields.
pub(crate) fn read_act(case: &Case, who: &Who, verb: Verb, form: &ActForm) -> Result<Act, Vec<Diagnostic>> {
    let mut read = Reading { form, faults: Vec::new() };
    let responder = read.text("responder");
    let why = [read.text("template"), read.text("why")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("；");
    let side = if who.hat == Hat::Responder { Side::Responder } else { Side::Seeker };
    let act = match verb {
        Verb::Claim => Act::Claim,
        Verb::Assign => {
            Act::Assign { officer: Some(read.text("officer")).filter(|login| !login.is_empty()).map(|login| format!("user:{login}")).unwrap_or_default() }
        }
        Verb::LiftHold => Act::LiftHold { hold: read.choice("hold", HoldKind::parse).unwrap_or(HoldKind::TooShort), why },
        Verb::Return => Act::Return { why },
        Verb::Merge => {
            Act::Merge { into: read.choice("into", |text| RecordId::parse(text).filter(|id| id.prefix() == "case")).unwrap_or_else(|| case.id.clone()), why }
        }
        Verb::Admit => Act::Admit,
        Verb::Accept => Act::Accept { responder },
        Verb::Decline => Act::Decline { responder, why },
        Verb::Help => Act::Help { responder, why },
        Verb::NoHelp => Act::NoHelp { responder, why },
        Verb::Unreachable => Act::Unreachable { responder, why },
        Verb::Resend => Act::Resend { responder, why },
        Verb::Promise => {
            read.choice("promised", |text| (text == "yes").then_some(()));
            let document = Digest::of(&[promise_text().zh.as_bytes(), case.id.as_str().as_bytes(), responder.as_bytes()]);
            Act::Promise { responder, document }
        }
        Verb::Consent => Act::Consent { responder, side },
        Verb::Rematch => Act::Rematch { why },
        Verb::Escalate => Act::Escalate { to: case.desk.parent().unwrap_or(case.desk), why },
        Verb::Advise => Act::Advise { why },
        Verb::Meet => Act::Meet { meeting: meeting(&mut read) },
        Verb::Agree => Act::Agree { agreement: Agreement { responder, on: read.day("on"), subject: read.text("subject") } },
        Verb::Contract => Act::Contract { contract: contract(&mut read, case, responder) },
        Verb::AcceptMilestone => {
            Act::AcceptMilestone { milestone: read.choice("milestone", |text| text.parse().ok()).unwrap_or(usize::MAX), on: read.day("on") }
        }
        Verb::Pay => Act::Pay { payment: read.choice("payment", |text| text.parse().ok()).unwrap_or(usize::MAX), on: read.day("on") },
        Verb::Deliver => Act::Deliver { delivery: Delivery { on: read.day("on"), what: read.text("what") } },
        Verb::Close => Act::Close { outcome: read.outcome(), why },
        Verb::GiveUp => Act::GiveUp { why },
        Verb::Reopen => Act::Reopen { why },
        Verb::Withdraw => Act::Withdraw { why },
        Verb::Survey => {
            let stars = read.choice("stars", |text| text.parse().ok()).unwrap_or(0);
            Act::Survey { side, satisfaction: Satisfaction { stars, outcome: read.outcome(), comment: read.text("comment") } }
        }
        _ => Act::Note { why },
    };
    if read.faults.is_empty() { Ok(act) } else { Err(read.faults) }
}

fn meeting(read: &mut Reading<'_>) -> Meeting {
    let result = read.choice("result", |text| MeetingResult::ALL.into_iter().find(|result| word(result) == text)).unwrap_or(MeetingResult::MeetAgain);
    let present = read.text("present").split(['、', '，', ',', ';', '；']).map(|name| name.trim().to_string()).filter(|name| !name.is_empty()).collect();
    Meeting { on: read.day("on"), place: read.text("place"), present, result, minutes: read.text("minutes") }
}

fn contract(read: &mut Reading<'_>, case: &Case, responder: String) -> Contract {
    let partner = case.introduction(&responder).map(|introduction| introduction.responder.name.clone()).unwrap_or_default();
    let milestones = read.lines("milestones", |name, day| Some(Milestone { name: name.to_string(), due: day, accepted: None }));
    let payments = read.lines("payments", |amount, day| Some(Payment { amount: wan(amount)?, due: day, paid: None }));
    Contract {
        kind: read.choice("kind", |text| ContractType::ALL.into_iter().find(|kind| word(kind) == text)).unwrap_or(ContractType::Development),
        name: read.text("name"),
        registration: Some(read.text("registration")).filter(|number| !number.is_empty()),
        responder,
        parties: vec![case.seeker.name.clone(), partner],
        signed: read.day("signed"),
        until: read.day("until"),
        amount: read.choice("amount", wan).unwrap_or(Fen::ZERO),
        milestones,
        payments,
    }
}

fn wan(text: &str) -> Option<Fen> {
    Fen::parse(text, Some(MoneyUnit::Wan)).ok()
}

struct Reading<'f> {
    form: &'f ActForm,
    faults: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn text(&self, key: &str) -> String {
        self.form.fields.iter().find(|(field, _)| field == key).map(|(_, value)| value.trim().to_string()).unwrap_or_default()
    }

    fn fault(&mut self, key: &str) {
        let typed = self.text(key);
        let message =
            if typed.is_empty() { text!("这一项没有填写", "this is missing") } else { text!("`{typed}` 无法识别", "`{typed}` cannot be used") };
        self.faults.push(Diagnostic::error("act.field", message).at(Place::field(key)));
    }

    fn choice<T>(&mut self, key: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let found = read(&self.text(key));
        if found.is_none() {
            self.fault(key);
        }
        found
    }

    /// The day in a field; today's epoch stands in for one that cannot be read, with a fault.
    fn day(&mut self, key: &str) -> Date {
        let read = self.choice(key, |text| Date::parse(text).ok().filter(|date| date.day().is_some()));
        read.unwrap_or_else(|| Date::new(1970, Some(1), Some(1)).expect("BUG: 1970-01-01 does not exist"))
    }

    fn outcome(&mut self) -> Outcome {
        self.choice("outcome", |text| Outcome::ALL.into_iter().find(|outcome| word(outcome) == text)).unwrap_or(Outcome::NotSolved)
    }

    /// Lines of `first part, white space, day`.
    fn lines<T>(&mut self, key: &str, read: impl Fn(&str, Date) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        for line in self.text(key).lines().map(str::trim).filter(|line| !line.is_empty()) {
            let parts = line.rsplit_once(char::is_whitespace);
            let item = parts.and_then(|(first, day)| read(first.trim(), Date::parse(day).ok().filter(|date| date.day().is_some())?));
            match item {
                Some(item) => found.push(item),
                None => {
                    let message = text!("`{line}` 读不出名称（或金额）和日期", "`{line}` has no name (or amount) and day");
                    self.faults.push(Diagnostic::error("act.line", message).at(Place::field(key)));
                }
            }
        }
        found
    }
}
