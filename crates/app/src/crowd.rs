//! Everybody a measure may reach, as columns, with the classes by which officials look at them:
//! region, size, industry.

use crate::facts::of_regions;
use crate::firms::Wanted;
use crate::policy_subjects::Subjects;
use crate::{App, AppError, Viewer};
use duijie_policy::{FactValue, Facts, Period, Population, RegionFacts, Vocabulary};
use duijie_vocab::{Date, Fen, RegionCode, RegionLevel, Text, text};
use std::sync::{Arc, PoisonError};

/// Subjects with what they are called and how they are classed.
#[derive(Default)]
pub(crate) struct Crowd {
    pub(crate) ids: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) population: Population,
    pub(crate) regions: RegionFacts,
    pub(crate) classes: Vec<Classes>,
}

/// One subject's class of each kind.
#[derive(Clone)]
pub(crate) struct Classes {
    pub(crate) region: Text,
    pub(crate) size: Text,
    pub(crate) industry: Text,
}

/// The last crowd that was gathered, for whom and as of which entry.
pub(crate) struct GatheredCrowd {
    head: i64,
    region: RegionCode,
    year: i16,
    crowd: Arc<Crowd>,
}

impl App {
    /// The enterprises in the viewer's region with their facts, titles as held at the end of `year`.
    pub(crate) fn crowd(&self, viewer: &Viewer, year: i16) -> Result<Arc<Crowd>, AppError> {
        let head = self.store().read(|view| view.head())?.seq;
        let mut gathered = self.crowd.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = gathered.as_ref().filter(|last| (last.head, last.region, last.year) == (head, viewer.region, year)) {
            return Ok(Arc::clone(&last.crowd));
        }
        let crowd = Arc::new(self.gather(viewer.region, year)?);
        *gathered = Some(GatheredCrowd { head, region: viewer.region, year, crowd: Arc::clone(&crowd) });
        Ok(crowd)
    }

    fn gather(&self, region: RegionCode, year: i16) -> Result<Crowd, AppError> {
        let policies = self.policies();
        let regions = self.store().read(|view| of_regions(view, policies.book.vocabulary()))?;
        let mut crowd = Crowd { regions, ..Crowd::default() };
        let mut rows = Vec::new();
        let wanted = Wanted { policies: &policies, on: crate::decisions::last_day(year), keys: None };
        self.each_window_of_firms(region, |firms| {
            let facts = self.facts_of_firms(&firms, &wanted)?;
            crowd.ids.extend(firms.iter().map(|firm| firm.id.to_string()));
            crowd.names.extend(firms.iter().map(|firm| firm.text("name").to_string()));
            crowd.classes.extend(facts.iter().map(|facts| Classes::of(facts, year)));
            rows.extend(facts);
            Ok(())
        })?;
        crowd.population = Population::from_facts(&rows);
        Ok(crowd)
    }
}

impl Crowd {
    /// The subjects of a file.
    pub(crate) fn of(subjects: Subjects, vocabulary: &Vocabulary, on: Date) -> Crowd {
        let classes = (0..subjects.ids.len()).map(|at| Classes::of(&subjects.population.facts(vocabulary, at, &[]), on.year())).collect();
        Crowd { names: subjects.ids.clone(), ids: subjects.ids, population: subjects.population, regions: subjects.regions, classes }
    }
}

impl Classes {
    fn of(facts: &Facts, year: i16) -> Classes {
        Classes { region: county(facts.region()), size: size(facts, year), industry: industry(facts) }
    }
}

fn county(region: RegionCode) -> Text {
    if region.level() == RegionLevel::Nation { text!("未注明", "not said") } else { Text::new(region.path(), region.path()) }
}

fn industry(facts: &Facts) -> Text {
    let Some(FactValue::Text(code)) = facts.get("industry", Period::Instant).map(|known| &known.value) else { return text!("未注明", "not said") };
    // The first letter of a class of GB/T 4754 is its section.
    let section = duijie_vocab::industry(code.get(..1).unwrap_or("")).filter(|_| code.is_ascii());
    section.map_or_else(|| Text::new(code, code), |section| Text::new(section.name, section.name))
}

/// Large to micro by the industrial line of 统计上大中小微型企业划分办法 (2017): staff and revenue both.
fn size(facts: &Facts, year: i16) -> Text {
    let staff = match facts.get("staff", Period::Year(year)).map(|known| &known.value) {
        Some(FactValue::Count(staff)) => *staff,
        _ => return text!("未知", "not known"),
    };
    let revenue = match facts.get("revenue", Period::Year(year)).map(|known| &known.value) {
        Some(FactValue::Money(revenue)) => *revenue,
        _ => return text!("未知", "not known"),
    };
    let at_least = |people: i64, wan: i64| staff >= people && revenue >= Fen(wan * 1_000_000);
    if at_least(1_000, 40_000) {
        text!("大型", "large")
    } else if at_least(300, 2_000) {
        text!("中型", "medium")
    } else if at_least(20, 300) {
        text!("小型", "small")
    } else {
        text!("微型", "micro")
    }
}
