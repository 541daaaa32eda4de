//! Who saw a case: the first look of a person on a day at what was disclosed to them is journalled,
//! for the owner and the desk to read. Looks of the organization at its own need are nobody's business.

use crate::casework::{read_case, seen_by, who_is};
use crate::{App, AppError, CaseView, Viewer};
use duijie_docking::{Grade, Hat};
use duijie_journal::{Matter, Party};
use duijie_store::{MatterFilter, MatterOrder};
use duijie_vocab::{RecordId, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// One look at a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SightView {
    pub at: String,
    pub who: String,
    pub role: Text,
    /// How much was seen.
    pub grade: Grade,
}

#[derive(Serialize, Deserialize)]
struct Sight {
    login: String,
    role: Text,
    grade: Grade,
    at: Timestamp,
}

const SIGHT: &str = "sight";
const OF: &str = "case";
const SHOWN: usize = 50;

impl App {
    /// The case as the viewer may see it now; that they saw it is on record.
    pub fn look_at_case(&self, viewer: &Viewer, id: &RecordId) -> Result<CaseView, AppError> {
        let shown = self.case(viewer, id)?;
        match self.put_sight(viewer, id, shown.grade) {
            // Somebody who may read has to be able to, also while nothing can be written.
            Ok(()) | Err(AppError::Unavailable(_)) => Ok(shown),
            Err(fault) => Err(fault),
        }
    }

    /// Who saw the case, newest first, for those who see the whole of it.
    pub fn case_sights(&self, viewer: &Viewer, id: &RecordId) -> Result<Vec<SightView>, AppError> {
        let filter = MatterFilter { parties: vec![(Some(OF.into()), id.to_string())], ..MatterFilter::default() };
        self.store().read(|view| {
            if seen_by(viewer, &read_case(view, id)?)?.grade != Grade::Whole {
                return Ok(Vec::new());
            }
            let rows = view.matters(SIGHT, &filter, MatterOrder::Updated, None, SHOWN)?.rows;
            let mut sights = Vec::new();
            for row in rows.into_iter().filter(|row| !row.body.is_null()) {
                let sight: Sight = serde_json::from_value(row.body).map_err(|fault| AppError::Internal(fault.into()))?;
                let name = view.account(&sight.login)?.map(|account| account.name).filter(|name| !name.is_empty()).unwrap_or(sight.login);
                sights.push(SightView { at: sight.at.china_minute(), who: name, role: sight.role, grade: sight.grade });
            }
            Ok(sights)
        })
    }

    fn put_sight(&self, viewer: &Viewer, id: &RecordId, grade: Grade) -> Result<(), AppError> {
        let Some(login) = viewer.login.clone() else { return Ok(()) };
        let key = format!("{id} {login} {} {grade:?}", self.now().china_date());
        let sight = RecordId::derive(SIGHT, &key);
        let case = self.store().read(|view| if view.matter(&sight)?.is_some() { Ok(None) } else { read_case(view, id).map(Some) })?;
        let Some(case) = case.filter(|case| who_is(viewer, case).is_none_or(|who| who.hat != Hat::Seeker)) else { return Ok(()) };
        let role = viewer.role.name();
        self.write(&self.actor(viewer)?, move |tx| {
            // Two looks at once are one.
            if tx.view().matter(&sight)?.is_some() {
                return Ok(());
            }
            let body = Sight { login: login.clone(), role: role.clone(), grade, at: tx.now() };
            let party = |role: &str, who: String| Party { role: role.into(), who };
            let matter = Matter {
                kind: SIGHT.into(),
                id: sight.clone(),
                version: 1,
                act: "look".into(),
                state: "seen".into(),
                region: case.region,
                due: None,
                title: String::new(),
                parties: vec![party(OF, case.id.to_string()), party("who", format!("user:{login}"))],
                body: serde_json::to_value(&body).map_err(|fault| AppError::Internal(fault.into()))?,
                did: serde_json::Value::Null,
            };
            Ok(tx.put_matter(&matter).map(drop)?)
        })
    }
}
