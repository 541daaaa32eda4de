//! The guided form of a need: what people type, read field by field, judged while they type.

use crate::casework::rules;
use crate::{App, AppError, Viewer};
use duijie_docking::{Contact, Gap, NeedText, Part, Quality, Rules, parts, quality};
use duijie_search::CandidateQuery;
use duijie_vocab::{Date, Diagnostic, Fen, MoneyUnit, Place, Text, text};
use serde::{Deserialize, Serialize};

/// The text without control characters, and without those that turn what follows them around, so that
/// what is read is what was written.
fn clean(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    let kept: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || turns(*c))).collect();
    kept.trim().to_string()
}

/// What stands in the form, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CaseForm {
    /// Id, credit code or exact name; empty for a member, whose own it is.
    pub organization: String,
    pub title: String,
    pub problem: String,
    pub key_technology: String,
    pub expected_result: String,
    pub confidential: String,
    /// In 万元.
    pub budget: String,
    pub until: String,
    pub fields: String,
    pub keywords: String,
    pub ways: Vec<String>,
    pub anonymous: bool,
    pub contact_name: String,
    pub phone: String,
    pub email: String,
}

/// The form, judged: how good the text is, what is missing, whether it is several needs, and what
/// is like it already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseJudgement {
    pub score: u8,
    pub gaps: Vec<Gap>,
    pub parts: Vec<Part>,
    pub alike: Vec<Alike>,
    pub faults: Vec<Diagnostic>,
}

/// A need on record that has much text in common with the one being written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alike {
    pub id: String,
    pub title: String,
    pub percent: u32,
}

/// The ways of solving that the form offers 解决方式.
pub const WAYS: [(&str, &str); 6] = [
    ("合作开发", "Joint development"),
    ("技术转让", "Technology transfer"),
    ("委托开发", "Commissioned development"),
    ("技术咨询", "Consulting"),
    ("技术服务", "Service"),
    ("其他", "Other"),
];

const SHORT_CHARS: usize = 200;
const LONG_CHARS: usize = 5_000;
const MOST_WORDS: usize = 10;
const ALIKE: usize = 3;
/// Texts that have less in common than this are about different things.
const ALIKE_PERCENT: u32 = 35;

impl CaseForm {
    /// The need and the contact as typed; every fault with its field. What could be read is read.
    pub fn read(&self) -> (NeedText, Contact, Vec<Diagnostic>) {
        let mut faults = Vec::new();
        let mut bounded = |field: &str, text: &str, most: usize| {
            let count = text.chars().count();
            if count > most {
                let message = text!("有 {count} 字，最多 {most} 字", "it has {count} characters, {most} are the most");
                faults.push(Diagnostic::error("form.too_long", message).at(Place::field(field)));
            }
            clean(text)
        };
        let mut need = NeedText {
            title: bounded("title", &self.title, SHORT_CHARS),
            problem: bounded("problem", &self.problem, LONG_CHARS),
            key_technology: bounded("key_technology", &self.key_technology, LONG_CHARS),
            expected_result: bounded("expected_result", &self.expected_result, LONG_CHARS),
            confidential: bounded("confidential", &self.confidential, LONG_CHARS),
            fields: words(&bounded("fields", &self.fields, SHORT_CHARS)),
            keywords: words(&bounded("keywords", &self.keywords, SHORT_CHARS)),
            ways: self.ways.iter().filter(|way| WAYS.iter().any(|(known, _)| known == way)).cloned().collect(),
            ..NeedText::default()
        };
        let contact = Contact {
            name: bounded("contact_name", &self.contact_name, SHORT_CHARS),
            phone: bounded("phone", &self.phone, SHORT_CHARS),
            email: bounded("email", &self.email, SHORT_CHARS),
        };
        need.budget = self.budget(&mut faults);
        need.until = self.until(&mut faults);
        if need.title.is_empty() {
            faults.push(Diagnostic::error("form.title", text!("请填写需求名称", "give the need a title")).at(Place::field("title")));
        }
        (need, contact, faults)
    }

    fn budget(&self, faults: &mut Vec<Diagnostic>) -> Option<Fen> {
        let typed = self.budget.trim();
        if typed.is_empty() {
            return None;
        }
        match Fen::parse(typed, Some(MoneyUnit::Wan)) {
            Ok(amount) if amount >= Fen::ZERO => Some(amount),
            _ => {
                let message = text!("`{typed}` 不是金额", "`{typed}` is no amount");
                let help = text!("填数字，单位为万元，如 80", "write a number of 万元, such as 80");
                faults.push(Diagnostic::error("form.budget", message).at(Place::field("budget")).help(help));
                None
            }
        }
    }

    fn until(&self, faults: &mut Vec<Diagnostic>) -> Option<Date> {
        let typed = self.until.trim();
        if typed.is_empty() {
            return None;
        }
        let date = Date::parse(typed).ok();
        if date.is_none() {
            let message = text!("`{typed}` 不是日期", "`{typed}` is no date");
            faults.push(Diagnostic::error("form.until", message).at(Place::field("until")).help(text!("如 2027-06-30", "such as 2027-06-30")));
        }
        date
    }

    /// The form that shows what a case holds.
    pub fn of(case: &duijie_docking::Case) -> CaseForm {
        let need = &case.need;
        CaseForm {
            organization: case.seeker.organization.clone(),
            title: need.title.clone(),
            problem: need.problem.clone(),
            key_technology: need.key_technology.clone(),
            expected_result: need.expected_result.clone(),
            confidential: need.confidential.clone(),
            budget: need.budget.map(|budget| budget.in_unit(MoneyUnit::Wan).to_string()).unwrap_or_default(),
            until: need.until.map(|until| until.to_string()).unwrap_or_default(),
            fields: need.fields.join("、"),
            keywords: need.keywords.join("、"),
            ways: need.ways.clone(),
            anonymous: case.seeker.anonymous,
            contact_name: case.contact.name.clone(),
            phone: case.contact.phone.clone(),
            email: case.contact.email.clone(),
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text.split(['、', '，', ',', '；', ';', '\n']).map(|word| word.trim().to_string()).filter(|word| !word.is_empty()).collect();
    words.dedup();
    words.truncate(MOST_WORDS);
    words
}

/// The score and the gaps of a text.
pub(crate) fn judged(need: &NeedText, rules: &Rules) -> Quality {
    quality(need, &rules.quality, &rules.holds)
}

impl App {
    /// Judges what stands in the form so far.
    pub fn judge_case(&self, viewer: &Viewer, form: &CaseForm) -> Result<CaseJudgement, AppError> {
        let (need, _, faults) = form.read();
        let rules = self.store().read(|view| rules(view, viewer.region))?;
        let Quality { score, gaps } = judged(&need, &rules);
        let parts = parts(&need.problem);
        let alike = if need.problem.is_empty() { Vec::new() } else { self.alike(viewer, &need)? };
        Ok(CaseJudgement { score, gaps, parts, alike, faults })
    }

    /// Needs that the viewer may read and that are much like this one.
    fn alike(&self, viewer: &Viewer, need: &NeedText) -> Result<Vec<Alike>, AppError> {
        let record = crate::case_match::need_record(need, viewer.region, self.now());
        let schema = duijie_record::schema("need").ok_or(AppError::NotFound)?;
        let profile = duijie_matching::Profile::from_record(&record, schema);
        let query = CandidateQuery { kinds: vec!["need".to_string()], viewer: viewer.clearance(), limit: ALIKE * 3, ..CandidateQuery::default() };
        let found = self.index.candidates(&profile, &query).map_err(crate::follow::index_error)?;
        let pairs = duijie_docking::Pairs::of(&need.joined());
        let ids: Vec<_> = found.hits.into_iter().map(|hit| hit.id).collect();
        let rows = self.store().read(|view| view.get_many(&ids))?;
        let alike = rows.iter().map(|row| {
            let body = ["title", "main_problem", "key_technology", "expected_result"].map(|field| row.record.text(field).to_string()).join("\n");
            let percent = pairs.likeness_percent(&duijie_docking::Pairs::of(&body));
            Alike { id: row.record.id.to_string(), title: crate::record::title(&row.record), percent }
        });
        let mut alike: Vec<Alike> = alike.filter(|alike| alike.percent >= ALIKE_PERCENT).collect();
        alike.sort_by(|a, b| b.percent.cmp(&a.percent).then_with(|| a.id.cmp(&b.id)));
        alike.truncate(ALIKE);
        Ok(alike)
    }
}

/// The name of a way of solving in both languages.
pub fn way_name(way: &str) -> Text {
    WAYS.iter().find(|(zh, _)| *zh == way).map_or_else(|| Text::new(way, way), |(zh, en)| Text::new(*zh, *en))
}
