//! Needs handed in without an account: by credit code and an e-mail address that a code confirms,
//! followed afterwards on a private link.

use crate::accounts::checked_email;
use crate::case_act::{ActForm, read_act};
use crate::case_open::{Asker, by_credit_code, open};
use crate::case_view::show_to;
use crate::casework::{put_step, read_case, rules, timeline};
use crate::mail::Mail;
use crate::private_link::ended;
use crate::{App, AppError, CaseForm, CaseView};
use duijie_docking::{Case, Opening, Origin, Reader, Seeker, Verb, Who, disclosure};
use duijie_journal::Actor;
use duijie_store::{Tx, View};
use duijie_vocab::{CreditCode, Diagnostic, Digest, Place, RecordId, Text, Timestamp, text};
use serde::{Deserialize, Serialize};

/// What waits for its code.
#[derive(Serialize, Deserialize)]
struct Asked {
    form: CaseForm,
    name: String,
    code: String,
    wrong: u32,
}

/// A need that was handed in: its case, and the token of the link to follow it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectCase {
    pub case: RecordId,
    pub token: String,
}

const ASKED: &str = "direct-asked";
/// How often one address is written to.
const WRITTEN: &str = "direct-written";
const FOLLOWED: &str = "follow-link";
const MINUTE_MICROS: i64 = 60_000_000;
const CODE_MINUTES: i64 = 30;
const PAUSE_MINUTES: i64 = 1;
/// Half a year: as long as a case commonly takes.
const FOLLOW_MINUTES: i64 = 180 * 24 * 60;
const MOST_WRONG: u32 = 5;
/// As whom the journal knows somebody with a private link.
const BY_LINK: &str = "link";

impl App {
    /// Takes a need and sends a code of six digits to its e-mail address; returns the ticket with
    /// which the code is confirmed. `form.organization` is a credit code and `name` what the
    /// organization is called.
    pub fn ask_directly(&self, form: &CaseForm, name: &str) -> Result<String, AppError> {
        let email = checked_direct(form, name)?;
        let (ticket, code) = (Digest(self.random()).to_string(), six_digits(self.random()));
        let asked = Asked { form: form.clone(), name: name.trim().to_string(), code: code.clone(), wrong: 0 };
        let (key, value, to) = (digest_of(ASKED, &ticket), json(&asked)?, email.clone());
        self.write(&link_actor()?, move |tx| {
            let now = tx.now();
            if tx.view().kept(WRITTEN, &to, now)?.is_some() {
                let why = text!("刚刚给这个邮箱发过验证码，请一分钟后再试", "a code was just sent to this address; try again in a minute");
                return Err(AppError::Invalid(vec![Diagnostic::error("direct.pause", why).at(Place::field("email"))]));
            }
            tx.keep(WRITTEN, &to, "", later(now, PAUSE_MINUTES)?)?;
            Ok(tx.keep(ASKED, &key, &value, later(now, CODE_MINUTES)?)?)
        })?;
        let mail = Mail {
            to: email,
            subject: format!("{code} 需求提交验证码 / your code"),
            body: format!(
                "验证码：{code}\n{CODE_MINUTES} 分钟内有效。如果不是您本人提交需求，请忽略本邮件。\n\n\
                 Your code: {code}\nIt is good for {CODE_MINUTES} minutes. If you did not hand in a need, ignore this letter.\n"
            ),
        };
        self.post().send(&Digest(self.random()).to_string()[..32], &mail).map_err(|fault| {
            let why = text!("验证邮件没有发出（{fault}），请稍后再试", "the code could not be sent ({fault}); try again later");
            AppError::Unavailable(why)
        })?;
        Ok(ticket)
    }

    /// Opens and hands in the need behind a ticket if the code is the one that was sent. A ticket is
    /// good once; `portal` is the address of the portal, for the letter with the link.
    pub fn confirm_directly(&self, ticket: &str, code: &str, portal: &str) -> Result<DirectCase, AppError> {
        let (key, code) = (digest_of(ASKED, ticket), code.trim().to_string());
        let (id, token) = (self.fresh_case_id(), Digest(self.random()).to_string());
        let (opened, follow) = (id.clone(), digest_of(FOLLOWED, &token));
        let (mail, right) = self.write(&link_actor()?, move |tx| {
            let now = tx.now();
            let kept = tx.view().kept(ASKED, &key, now)?.ok_or_else(used_up)?;
            let mut asked: Asked = serde_json::from_str(&kept).map_err(|fault| AppError::Internal(fault.into()))?;
            if asked.code != code {
                asked.wrong += 1;
                if asked.wrong >= MOST_WRONG {
                    tx.forget(ASKED, &key)?;
                } else {
                    tx.keep(ASKED, &key, &json(&asked)?, later(now, CODE_MINUTES)?)?;
                }
                return Ok((String::new(), false));
            }
            tx.forget(ASKED, &key)?;
            open_directly(tx, &opened, &asked)?;
            tx.keep(FOLLOWED, &follow, opened.as_str(), later(now, FOLLOW_MINUTES)?)?;
            Ok((asked.form.email, true))
        })?;
        if !right {
            let why = text!("验证码不对", "that is not the code");
            return Err(AppError::Invalid(vec![Diagnostic::error("direct.code", why).at(Place::field("code"))]));
        }
        let link = format!("{}/follow/{token}", portal.trim_end_matches('/'));
        let body = format!("您的需求已提交。请保存以下链接，用它查看进展并办理：\n{link}\n\nYour need was handed in. Keep this link to follow it:\n{link}\n");
        let letter = Mail { to: mail.trim().to_string(), subject: "需求已提交 / your need was handed in".into(), body };
        // The page shows the link too; a letter that is lost loses nothing.
        if let Err(fault) = self.post().send(&Digest(self.random()).to_string()[..32], &letter) {
            return Err(AppError::Unavailable(text!(
                "需求已提交，但邮件没有发出（{fault}）。请保存此链接：{link}",
                "it was handed in, but the letter was not sent ({fault}); keep this link: {link}"
            )));
        }
        Ok(DirectCase { case: id, token })
    }

    /// The case as the holder of a follow link sees it.
    pub fn followed_case(&self, token: &str) -> Result<CaseView, AppError> {
        let now = self.now();
        self.store().read(|view| {
            let (case, who) = followed(view, token, now)?;
            let disclosed = disclosure(&case, Reader::Owner).ok_or_else(ended)?;
            let steps = timeline(view, &case.id)?;
            let shown = show_to(view, &case, steps, disclosed, Some(&who))?;
            // Forms with a page of their own need an account.
            Ok(CaseView { may_write: false, may_introduce: false, may_attach: false, ..shown })
        })
    }

    /// Does what the holder of a follow link sent.
    pub fn act_on_followed(&self, token: &str, version: Option<u32>, form: &ActForm) -> Result<(), AppError> {
        let (token, form) = (token.to_string(), form.clone());
        self.write(&link_actor()?, move |tx| {
            let now = tx.now();
            let (case, who) = followed(&mut tx.view(), &token, now)?;
            if version.is_some_and(|version| version != case.version) {
                return Err(crate::casework::overtaken(&mut tx.view(), &case)?);
            }
            let verb = Verb::ALL.iter().copied().find(|verb| verb.as_str() == form.verb).ok_or(AppError::NotFound)?;
            let step = match verb {
                Verb::Submit => crate::case_open::hand_in(&case, &who, tx)?,
                _ => case.act(read_act(&case, &who, verb, &form).map_err(AppError::Invalid)?, &who, now, &rules(&mut tx.view(), case.region)?)?,
            };
            put_step(tx, &step)
        })
    }
}

fn open_directly(tx: &mut Tx<'_>, id: &RecordId, asked: &Asked) -> Result<Case, AppError> {
    let (need, contact, faults) = asked.form.read();
    if !faults.is_empty() {
        return Err(AppError::Invalid(faults));
    }
    let Asker { id: organization, name, region } = by_credit_code(&mut tx.view(), &asked.form.organization, &asked.name)?;
    let who = Who::seeker(BY_LINK, organization.clone());
    let seeker = Seeker { organization, name, anonymous: asked.form.anonymous };
    open(tx, Opening { id: id.clone(), region, seeker, need, contact, origin: Some(Origin::Direct) }, &who, true)
}

/// The e-mail address, if the form has what it takes to be handed in without an account.
fn checked_direct(form: &CaseForm, name: &str) -> Result<String, AppError> {
    let (_, _, mut faults) = form.read();
    let mut fault = |field: &str, message: Text, help: Text| faults.push(Diagnostic::error("direct", message).at(Place::field(field)).help(help));
    if CreditCode::parse(&form.organization).is_err() {
        let typed = form.organization.trim();
        fault(
            "organization",
            text!("`{typed}` 不是统一社会信用代码", "`{typed}` is no credit code"),
            text!("18 位，见营业执照", "18 characters, see the business licence"),
        );
    }
    if name.trim().is_empty() || name.chars().count() > 100 {
        fault("name", text!("请填写单位名称", "name the organization"), text!("与营业执照一致", "as on the business licence"));
    }
    let email = checked_email(&form.email).unwrap_or_default();
    if email.is_empty() {
        fault("email", text!("请填写电子邮箱", "give an e-mail address"), text!("验证码和进展发到这里", "the code and the news go there"));
    }
    if faults.is_empty() { Ok(email) } else { Err(AppError::Invalid(faults)) }
}

fn followed(view: &mut View<'_>, token: &str, now: Timestamp) -> Result<(Case, Who), AppError> {
    let kept = view.kept(FOLLOWED, &digest_of(FOLLOWED, token), now)?.ok_or_else(ended)?;
    let case = read_case(view, &RecordId::parse(&kept).ok_or(AppError::NotFound)?)?;
    let who = Who::seeker(BY_LINK, case.seeker.organization.clone());
    Ok((case, who))
}

fn used_up() -> AppError {
    let why = text!("验证码已过期、已用过，或输错太多次", "the code has expired, was used, or was typed wrong too often");
    AppError::Invalid(vec![Diagnostic::error("direct.ended", why).help(text!("请重新提交需求", "hand the need in again"))])
}

fn link_actor() -> Result<Actor, AppError> {
    Actor::parse(BY_LINK).map_err(|fault| AppError::Internal(fault.into()))
}

fn later(now: Timestamp, minutes: i64) -> Result<Timestamp, AppError> {
    Timestamp::from_micros(now.micros() + minutes * MINUTE_MICROS).map_err(|fault| AppError::Internal(fault.into()))
}

fn json(value: &impl Serialize) -> Result<String, AppError> {
    serde_json::to_string(value).map_err(|fault| AppError::Internal(fault.into()))
}

fn digest_of(space: &str, token: &str) -> String {
    Digest::of(&[space.as_bytes(), b":", token.as_bytes()]).to_string()
}

/// Six digits; of 2⁶⁴ numbers a million leaves no bias that counts.
fn six_digits(random: [u8; 32]) -> String {
    let number = random[..8].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{:06}", number % 1_000_000)
}
