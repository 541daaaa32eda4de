//! Notices: who has to hear of a step, kept as matters so that an inbox survives everything the
//! journal survives.

use crate::choice::Topic;
use crate::merged::merged;
use crate::resume::resumed;
use crate::{App, AppError, Role, Viewer};
use duijie_docking::{Origin, Recipient, Step};
use duijie_journal::{Matter, Party};
use duijie_store::{MatterCursor, MatterFilter, MatterPage, MatterRow, Tx};
use duijie_vocab::{RecordId, RegionCode, Text, Timestamp, text};
use serde::{Deserialize, Serialize};

pub(crate) const NOTICE: &str = "notice";
pub(crate) const TO: &str = "to";
const ABOUT: &str = "case";
pub(crate) const DESK: &str = "desk";
/// Before the id of a case: its contact, who has no account and follows it on a private link.
pub(crate) const CONTACT: &str = "contact:";
pub(crate) const UNREAD: &str = "unread";
const READ: &str = "read";

/// How many notices a page of an inbox shows, and how many are marked as read together.
const INBOX: usize = 100;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct NoticeBody {
    case: RecordId,
    text: Text,
    at: Timestamp,
    #[serde(default)]
    topic: Topic,
}

/// A notice as its reader sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticeView {
    pub id: String,
    pub case: String,
    /// Where in the portal it stands.
    pub href: String,
    pub text: Text,
    pub at: String,
    pub unread: bool,
}

/// Journals the notices of a step, in its transaction.
pub(crate) fn put_notices(tx: &mut Tx<'_>, step: &Step) -> Result<(), AppError> {
    let case = &step.after;
    for notice in &step.notices {
        let key = serde_json::to_string(&notice.to).map_err(|fault| AppError::Internal(fault.into()))?;
        let body = NoticeBody { case: case.id.clone(), text: notice.text.clone(), at: step.did.at, topic: Topic::Work };
        let (region, mut parties) = addressed(&notice.to, step);
        parties.push(Party { role: ABOUT.into(), who: case.id.to_string() });
        tx.put_matter(&Matter {
            kind: NOTICE.into(),
            id: RecordId::derive(NOTICE, &format!("{} {} {key}", case.id, case.version)),
            version: 1,
            act: "tell".into(),
            state: UNREAD.into(),
            region,
            due: None,
            title: case.need.title.clone(),
            parties,
            body: serde_json::to_value(&body).map_err(|fault| AppError::Internal(fault.into()))?,
            did: serde_json::Value::Null,
        })?;
    }
    Ok(())
}

/// Journals one notice about any matter to `to`: `user:` and a login, an organization's id, or [`DESK`]
/// of the region. `nth` tells the notices of one version apart.
pub(crate) fn put_notice(
    tx: &mut Tx<'_>,
    (id, version, nth): (&RecordId, i64, usize),
    (title, region): (&str, RegionCode),
    to: &str,
    (topic, said): (Topic, &Text),
) -> Result<(), AppError> {
    let body = NoticeBody { case: id.clone(), text: said.clone(), at: tx.now(), topic };
    let to = Party { role: TO.into(), who: to.to_string() };
    tx.put_matter(&Matter {
        kind: NOTICE.into(),
        id: RecordId::derive(NOTICE, &format!("{id} {version} {nth}")),
        version: 1,
        act: "tell".into(),
        state: UNREAD.into(),
        region,
        due: None,
        title: title.to_string(),
        parties: vec![to, Party { role: ABOUT.into(), who: id.to_string() }],
        body: serde_json::to_value(&body).map_err(|fault| AppError::Internal(fault.into()))?,
        did: serde_json::Value::Null,
    })?;
    Ok(())
}

/// Where in the portal the matter stands that a notice is about.
pub(crate) fn place(about: &RecordId) -> String {
    match about.prefix() {
        "ent" => "/payouts".to_string(),
        "vou" => "/vouchers".to_string(),
        "ord" => "/orders".to_string(),
        "agf" => "/agencies".to_string(),
        "need" => format!("/need/{about}/matches"),
        crate::saved_search::ABOUT => "/searches".to_string(),
        "visit" => format!("/visit/{about}"),
        _ => format!("/case/{about}"),
    }
}

fn addressed(to: &Recipient, step: &Step) -> (RegionCode, Vec<Party>) {
    let party = |who: &str| Party { role: TO.into(), who: who.into() };
    let case = &step.after;
    match to {
        Recipient::Seeker(organization) => {
            let contact = (case.origin == Some(Origin::Direct)).then(|| party(&format!("{CONTACT}{}", case.id)));
            (case.region, std::iter::once(party(organization)).chain(contact).collect())
        }
        Recipient::Person(actor) => (case.region, vec![party(actor)]),
        Recipient::Desk(region) => (*region, vec![party(DESK)]),
        Recipient::Responder(id) => {
            let organization = case.introduction(id).and_then(|introduction| introduction.responder.organization.clone());
            let mut parties = vec![party(id)];
            parties.extend(organization.filter(|organization| organization != id).iter().map(|organization| party(organization)));
            (case.region, parties)
        }
    }
}

impl App {
    /// What the viewer has to hear, newest first: the first page.
    pub fn inbox(&self, viewer: &Viewer) -> Result<Vec<NoticeView>, AppError> {
        Ok(self.inbox_page(viewer, None)?.0)
    }

    /// A page of what the viewer has to hear, on it the unread first, and where the inbox goes on.
    pub fn inbox_page(&self, viewer: &Viewer, after: Option<&str>) -> Result<(Vec<NoticeView>, Option<String>), AppError> {
        logged_in(viewer)?;
        let after = resumed(after, MatterCursor::parse)?;
        let MatterPage { mut rows, next } = self.store().read(|view| merged(view, NOTICE, &filters(viewer), after.as_ref(), INBOX))?;
        // The journal knows which of two notices of the same minute came first.
        rows.sort_by_key(|row| std::cmp::Reverse((row.state == UNREAD, row.updated, row.entry)));
        let notices = rows.into_iter().map(shown).collect::<Result<Vec<_>, AppError>>()?;
        Ok((notices, next.map(|cursor| cursor.to_string())))
    }

    /// How many notices the viewer has not read.
    pub fn unread(&self, viewer: &Viewer) -> Result<i64, AppError> {
        let mut count = 0;
        for filter in filters(viewer) {
            let filter = MatterFilter { states: vec![UNREAD.into()], ..filter };
            count += self.store().read(|view| view.count_matters(NOTICE, &filter))?.iter().map(|count| count.count).sum::<i64>();
        }
        Ok(count)
    }

    /// Marks everything in the viewer's inbox as read.
    pub fn read_inbox(&self, viewer: &Viewer) -> Result<(), AppError> {
        logged_in(viewer)?;
        let unread: Vec<MatterFilter> = filters(viewer).into_iter().map(|filter| MatterFilter { states: vec![UNREAD.into()], ..filter }).collect();
        let mut ids: Vec<RecordId> = Vec::new();
        let mut after = None;
        loop {
            let page = self.store().read(|view| merged(view, NOTICE, &unread, after.as_ref(), INBOX))?;
            ids.extend(page.rows.into_iter().map(|row| row.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        // The oldest first, so that they stay in their order.
        ids.reverse();
        ids.chunks(INBOX).try_for_each(|some| self.mark_read(viewer, some.to_vec()))
    }

    fn mark_read(&self, viewer: &Viewer, ids: Vec<RecordId>) -> Result<(), AppError> {
        self.write(&self.actor(viewer)?, move |tx| {
            for id in &ids {
                let Some(row) = tx.view().matter(id)?.filter(|row| row.state == UNREAD) else { continue };
                let parties = tx.view().matter_parties(id)?;
                let read = Matter {
                    kind: row.kind,
                    id: row.id,
                    version: row.version + 1,
                    act: "read".into(),
                    state: READ.into(),
                    region: row.region,
                    due: None,
                    title: row.title,
                    parties,
                    body: row.body,
                    did: serde_json::Value::Null,
                };
                tx.put_matter(&read)?;
            }
            Ok(())
        })
    }
}

/// The case that a stored notice is about, and what it says.
pub(crate) fn notice_text(body: serde_json::Value) -> Result<(RecordId, Text), AppError> {
    let body: NoticeBody = serde_json::from_value(body).map_err(|fault| AppError::Internal(fault.into()))?;
    Ok((body.case, body.text))
}

/// What a stored notice is about, as far as people choose by it.
pub(crate) fn notice_topic(body: &serde_json::Value) -> Topic {
    serde_json::from_value(body["topic"].clone()).unwrap_or_default()
}

fn logged_in(viewer: &Viewer) -> Result<(), AppError> {
    match viewer.login {
        Some(_) => Ok(()),
        None => Err(AppError::Refused(crate::Refused { reason: text!("请先登录", "log in first"), login_helps: true })),
    }
}

/// What to look for: notices to the person, to the organization and to the desk.
fn filters(viewer: &Viewer) -> Vec<MatterFilter> {
    let to = |who: String| MatterFilter { parties: vec![(Some(TO.into()), who)], ..MatterFilter::default() };
    let Some(login) = &viewer.login else { return Vec::new() };
    let mut filters = vec![to(format!("user:{login}"))];
    filters.extend(viewer.organization.iter().filter(|_| viewer.role == Role::Member).map(|organization| to(organization.clone())));
    if matches!(viewer.role, Role::Officer | Role::Admin) {
        filters.push(MatterFilter { regions: vec![viewer.region], ..to(DESK.into()) });
    }
    filters
}

fn shown(row: MatterRow) -> Result<NoticeView, AppError> {
    let body: NoticeBody = serde_json::from_value(row.body).map_err(|fault| AppError::Internal(fault.into()))?;
    Ok(NoticeView {
        id: row.id.to_string(),
        case: body.case.to_string(),
        href: place(&body.case),
        text: body.text,
        at: body.at.china_minute(),
        unread: row.state == UNREAD,
    })
}
