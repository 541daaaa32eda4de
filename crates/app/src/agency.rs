//! Agencies: filing, the catalogue that everybody may read, and the rating every two years.

use crate::promise::{Promise, concerning, find, keep, list, load, refused, take};
use crate::{Action, App, AppError, Target, Viewer};
use duijie_payout::{By, Did, Filing, FilingState, RATING_YEARS, Rated, Rating, RatingRule, Scores, ServiceClass, rate};
use duijie_store::MatterFilter;
use duijie_vocab::{Diagnostic, RecordId, RegionCode, Text, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

impl Promise for Filing {
    const KIND: &'static str = "agency_filing";

    fn id(&self) -> &RecordId {
        &self.id
    }

    fn state(&self) -> &str {
        self.state.as_str()
    }

    fn region(&self) -> RegionCode {
        self.region
    }

    fn parties(&self) -> Vec<(&'static str, String)> {
        vec![("agency", self.agency.to_string())]
    }
}

/// A rating of a region's agencies of one class, as it was published.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct RatingKept {
    id: RecordId,
    region: RegionCode,
    /// The last of the two years that were rated.
    year: i16,
    rule: RatingRule,
    rating: Rating,
}

impl Promise for RatingKept {
    const KIND: &'static str = "agency_rating";

    fn id(&self) -> &RecordId {
        &self.id
    }

    fn state(&self) -> &str {
        "published"
    }

    fn region(&self) -> RegionCode {
        self.region
    }

    fn parties(&self) -> Vec<(&'static str, String)> {
        self.rating.rated.iter().map(|rated| ("agency", rated.agency.to_string())).collect()
    }
}

/// An agency in the catalogue.
#[derive(Clone, Debug, Serialize)]
pub struct AgencyView {
    pub id: RecordId,
    pub agency: RecordId,
    pub name: String,
    pub region: RegionCode,
    pub region_name: String,
    pub classes: Vec<Text>,
    pub state: String,
    pub state_name: Text,
    /// Why it was refused or struck off.
    pub reason: Option<String>,
    /// The classes in which it is one of the ten best.
    pub best_in: Vec<Text>,
    /// The steps that the viewer may take now.
    pub acts: Vec<&'static str>,
}

/// A published rating.
#[derive(Clone, Debug, Serialize)]
pub struct RatingView {
    pub region: RegionCode,
    pub region_name: String,
    pub class: Text,
    pub years: String,
    /// Key, name and weight of each indicator, of 10,000.
    pub indicators: Vec<(String, Text, u32)>,
    pub rated: Vec<Rated>,
}

/// What is to be done about a filing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum FilingAct {
    List,
    Refuse { reason: String },
    Strike { reason: String },
}

/// The rule of a rating and the scores, as they come in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatingFile {
    pub region: RegionCode,
    pub year: i16,
    pub rules: Vec<RatingRule>,
    /// Agency (id) → class → indicator → hundredths of points.
    pub scores: BTreeMap<RecordId, BTreeMap<ServiceClass, BTreeMap<String, u32>>>,
}

impl App {
    /// An organization files with a region for some of the eight classes.
    pub fn file_agency(&self, viewer: &Viewer, agency: &RecordId, region: RegionCode, classes: Vec<ServiceClass>) -> Result<AgencyView, AppError> {
        let own = Target { region: Some(region), organization: Some(agency.to_string()) };
        viewer.may(Action::Hold, &own)?;
        let row = self.store().read(|view| Ok::<_, AppError>(view.get(agency)?))?;
        let record = row.map(|row| row.record).filter(|record| record.kind == "organization").ok_or(AppError::NotFound)?;
        let name = crate::record::title(&record);
        let persons = persons_of(&record);
        let step = Filing::file(agency.clone(), name.clone(), region, classes, persons).map_err(refused)?;
        let filed = step.after.clone();
        self.write(&self.actor(viewer)?, move |tx| {
            if find::<Filing>(&mut tx.view(), &step.after.id)?.is_some() {
                return Err(AppError::Conflict(text!("该机构已在本地区备案", "the agency has filed with this region already")));
            }
            take(tx, &step, 0, &name).map(drop)
        })?;
        Ok(shown(viewer, &filed, &[]))
    }

    /// Accepts, refuses or strikes off a filing.
    pub fn filing_step(&self, viewer: &Viewer, id: &RecordId, act: &FilingAct) -> Result<AgencyView, AppError> {
        let stored = self.store().read(|view| load::<Filing>(view, id))?;
        viewer.may(Action::Pay, &Target { region: Some(stored.value.region), organization: None })?;
        let (viewer_in, id, act) = (viewer.clone(), id.clone(), act.clone());
        let after = self.write(&self.actor(viewer)?, move |tx| {
            let stored = load::<Filing>(&mut tx.view(), &id)?;
            let by: By = crate::promise::by(tx, &viewer_in);
            let step = match &act {
                FilingAct::List => stored.value.list(&by),
                FilingAct::Refuse { reason } => stored.value.refuse(reason),
                FilingAct::Strike { reason } => stored.value.strike(reason),
            };
            let step = step.map_err(refused)?;
            take(tx, &step, stored.version, &stored.title)?;
            Ok(step.after)
        })?;
        Ok(shown(viewer, &after, &[]))
    }

    /// One filing, for its agency and the office.
    pub fn filing(&self, viewer: &Viewer, id: &RecordId) -> Result<AgencyView, AppError> {
        let filing = self.store().read(|view| load::<Filing>(view, id))?.value;
        let target = Target { region: Some(filing.region), organization: Some(filing.agency.to_string()) };
        viewer.may(Action::Hold, &target).map_err(|_| AppError::NotFound)?;
        Ok(shown(viewer, &filing, &[]))
    }

    /// Filings that wait for the viewer's office, or the filings of the viewer's own organization.
    pub fn filings(&self, viewer: &Viewer) -> Result<Vec<AgencyView>, AppError> {
        let office = viewer.may(Action::Pay, &Target { region: Some(viewer.region), organization: None }).is_ok();
        let filter = match (&viewer.organization, office) {
            (_, true) => MatterFilter { states: vec!["filed".to_string()], regions: vec![viewer.region], ..MatterFilter::default() },
            (Some(own), false) => concerning("agency", own),
            (None, false) => return Ok(Vec::new()),
        };
        let filings = self.store().read(|view| list::<Filing>(view, &filter))?;
        Ok(filings.iter().map(|stored| shown(viewer, &stored.value, &[])).collect())
    }

    /// The listed agencies with the classes in which they are among the ten best, by region and name.
    pub fn agencies(&self, viewer: &Viewer) -> Result<Vec<AgencyView>, AppError> {
        let (filings, ratings) = self.store().read(|view| {
            let listed = MatterFilter { states: vec!["listed".to_string()], ..MatterFilter::default() };
            Ok::<_, AppError>((list::<Filing>(view, &listed)?, list::<RatingKept>(view, &MatterFilter::default())?))
        })?;
        let latest = latest(ratings.into_iter().map(|stored| stored.value).collect());
        let mut views: Vec<AgencyView> = filings.iter().map(|stored| shown(viewer, &stored.value, &latest)).collect();
        views.sort_by(|a, b| (a.region, &a.name).cmp(&(b.region, &b.name)));
        Ok(views)
    }

    /// Reads the rules and scores of a rating from YAML.
    pub fn read_rating(&self, file: &str, yaml: &str) -> Result<RatingFile, AppError> {
        serde_saphyr::from_str(yaml).map_err(|why| {
            let message = text!("评价文件无法读取：{why}", "the rating does not read: {why}");
            AppError::Invalid(vec![Diagnostic::error("rating.file", message).at(duijie_vocab::Place::file(file))])
        })
    }

    /// Rates the listed agencies of a region, class by class, and publishes the ratings.
    pub fn rate_agencies(&self, viewer: &Viewer, file: &RatingFile) -> Result<Vec<RatingView>, AppError> {
        viewer.may(Action::Pay, &Target { region: Some(file.region), organization: None })?;
        let (filings, before) = self.store().read(|view| {
            let filter = MatterFilter { states: vec!["listed".to_string()], regions: vec![file.region], ..MatterFilter::default() };
            Ok::<_, AppError>((list::<Filing>(view, &filter)?, list::<RatingKept>(view, &MatterFilter::default())?))
        })?;
        let mut kept = Vec::new();
        for rule in &file.rules {
            let too_early = before.iter().map(|stored| &stored.value).find(|earlier| {
                let same = earlier.region == file.region && earlier.rating.class == rule.class;
                same && (earlier.year - file.year).abs() < RATING_YEARS
            });
            if let Some(earlier) = too_early {
                let (year, next) = (earlier.year, earlier.year + RATING_YEARS);
                let message = text!("{year} 年已评价，下次评价为 {next} 年", "it was rated for {year}; the next rating is for {next}");
                return Err(AppError::Invalid(vec![Diagnostic::error("rating.years", message)]));
            }
            let offering = filings.iter().map(|stored| &stored.value).filter(|filing| filing.classes.contains(&rule.class));
            let sheets: Vec<Scores> = offering.map(|filing| scores(filing, file, rule.class)).collect();
            let rating = rate(rule, &sheets).map_err(refused)?;
            let id = RecordId::derive("rat", &format!("{}|{}|{}", file.region, rule.class.as_str(), file.year));
            kept.push(RatingKept { id, region: file.region, year: file.year, rule: rule.clone(), rating });
        }
        let views = kept.iter().map(rating_view).collect();
        self.write(&self.actor(viewer)?, move |tx| {
            for rating in &kept {
                let words = text!("发布评价结果", "rating published");
                let title = format!("{} {} {}", rating.region.name(), rating.rating.class.name().zh, rating.year);
                keep(tx, rating, 0, &title, &Did { act: "publish".into(), words, details: BTreeMap::new() }, &[])?;
            }
            Ok(())
        })?;
        Ok(views)
    }

    /// The latest published rating of each region and class.
    pub fn ratings(&self) -> Result<Vec<RatingView>, AppError> {
        let all = self.store().read(|view| list::<RatingKept>(view, &MatterFilter::default()))?;
        Ok(latest(all.into_iter().map(|stored| stored.value).collect()).iter().map(rating_view).collect())
    }
}

/// Of each region and class the last rating.
fn latest(ratings: Vec<RatingKept>) -> Vec<RatingKept> {
    let mut last: BTreeMap<(RegionCode, ServiceClass), RatingKept> = BTreeMap::new();
    for rating in ratings {
        let key = (rating.region, rating.rating.class);
        if last.get(&key).is_none_or(|other| other.year < rating.year) {
            last.insert(key, rating);
        }
    }
    last.into_values().collect()
}

fn scores(filing: &Filing, file: &RatingFile, class: ServiceClass) -> Scores {
    let given = file.scores.get(&filing.agency).and_then(|classes| classes.get(&class));
    Scores { agency: filing.agency.clone(), name: filing.name.clone(), scores: given.cloned().unwrap_or_default() }
}

fn rating_view(kept: &RatingKept) -> RatingView {
    RatingView {
        region: kept.region,
        region_name: kept.region.path(),
        class: kept.rating.class.name(),
        years: format!("{}–{}", kept.year + 1 - RATING_YEARS, kept.year),
        indicators: kept.rule.indicators.iter().map(|indicator| (indicator.key.clone(), indicator.name.clone(), indicator.weight)).collect(),
        rated: kept.rating.rated.iter().filter(|rated| rated.best).cloned().collect(),
    }
}

fn shown(viewer: &Viewer, filing: &Filing, ratings: &[RatingKept]) -> AgencyView {
    let acts: &[&'static str] = match &filing.state {
        FilingState::Filed => &["list", "refuse"],
        FilingState::Listed { .. } => &["strike"],
        FilingState::Refused { .. } | FilingState::Struck { .. } => &[],
    };
    let pays = viewer.may(Action::Pay, &Target { region: Some(filing.region), organization: None }).is_ok();
    let best = ratings.iter().filter(|kept| kept.rating.rated.iter().any(|rated| rated.best && rated.agency == filing.agency));
    AgencyView {
        id: filing.id.clone(),
        agency: filing.agency.clone(),
        name: filing.name.clone(),
        region: filing.region,
        region_name: filing.region.path(),
        classes: filing.classes.iter().map(|class| class.name()).collect(),
        state: filing.state.as_str().to_string(),
        state_name: FilingState::name(filing.state.as_str()).unwrap_or_default(),
        reason: match &filing.state {
            FilingState::Refused { reason } | FilingState::Struck { reason } => Some(reason.clone()),
            FilingState::Filed | FilingState::Listed { .. } => None,
        },
        acts: if pays { acts.to_vec() } else { Vec::new() },
        best_in: best.map(|kept| kept.rating.class.name()).collect(),
    }
}

/// Who acts for an organization, as its record says: a name alone is shared by many, name and
/// telephone number together by nobody else.
pub(crate) fn persons_of(record: &duijie_record::Record) -> Vec<String> {
    let (name, phone) = (record.text("contact").trim(), record.text("phone").trim());
    if name.is_empty() || phone.is_empty() { Vec::new() } else { vec![format!("{name} {phone}")] }
}
