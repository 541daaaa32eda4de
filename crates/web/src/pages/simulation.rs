//! Trying a change of a measure on everybody: its figures as a form, and what another figure would do.

use super::decisions::period;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::query::Pairs;
use crate::render::download;
use crate::visit::Visit;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use duijie_app::{Action, AppError, ClassView, FigureView, MeasureLine, SimulationView, StepView, Target, TotalsView, simulation_workbook};
use duijie_vocab::Diagnostic;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Serialize)]
pub(crate) struct SimulationPage {
    measure: MeasureLine,
    figures: Vec<FigureView>,
    /// The year asked about; empty for the latest.
    period: String,
    /// Nothing before a figure was changed, or where the change is no rule.
    found: Option<SimulationView>,
    charts: Vec<Chart>,
    steps: Vec<StepBar>,
    faults: Vec<Diagnostic>,
    /// The same question as a workbook.
    workbook: String,
    /// Changes beyond those that the page lists.
    more: usize,
}

/// The classes of one kind with the lengths of their bars, in hundredths of the longest.
#[derive(Serialize)]
pub(crate) struct Chart {
    class: ClassView,
    bars: Vec<Bars>,
}

#[derive(Serialize)]
pub(crate) struct Bars {
    before: u64,
    after: u64,
}

#[derive(Serialize)]
pub(crate) struct StepBar {
    step: StepView,
    width: u64,
}

/// Changes that the page lists; the workbook has all.
const LISTED: usize = 50;
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

impl SimulationPage {
    pub(crate) fn of(
        measure: MeasureLine,
        figures: Vec<FigureView>,
        query: &Pairs,
        mut found: Option<SimulationView>,
        faults: Vec<Diagnostic>,
    ) -> SimulationPage {
        let more = found.as_ref().map_or(0, |found| found.changes.len().saturating_sub(LISTED));
        if let Some(found) = &mut found {
            found.changes.truncate(LISTED);
        }
        SimulationPage {
            period: query.filled("period").map(str::to_string).or_else(|| found.as_ref().map(|found| found.period.clone())).unwrap_or_default(),
            charts: found.iter().flat_map(|found| &found.classes).map(chart).collect(),
            steps: found.as_ref().map_or_else(Vec::new, |found| step_bars(&found.steps)),
            workbook: query.behind(&format!("/measures/{}/simulation.xlsx", crate::query::encode(&measure.id))),
            measure,
            figures,
            found,
            faults,
            more,
        }
    }
}

fn chart(class: &ClassView) -> Chart {
    let longest = class.rows.iter().map(|row| row.totals.eligible_before.max(row.totals.eligible_after)).max().unwrap_or(0).max(1);
    let bars = |totals: &TotalsView| Bars { before: totals.eligible_before * 100 / longest, after: totals.eligible_after * 100 / longest };
    Chart { bars: class.rows.iter().map(|row| bars(&row.totals)).collect(), class: class.clone() }
}

fn step_bars(steps: &[StepView]) -> Vec<StepBar> {
    let longest = steps.iter().map(|step| step.eligible).max().unwrap_or(0).max(1);
    steps.iter().map(|step| StepBar { width: step.eligible * 100 / longest, step: step.clone() }).collect()
}

pub(crate) async fn show(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let (asked, year) = asked(&visit.query)?;
    let viewer = visit.viewer.clone();
    let (measure, figures, outcome) = portal
        .ask(move |app| {
            let measure = app.measure(&id)?.line;
            let mut figures = app.measure_figures(&id, &asked)?;
            // A form sends every figure; those left as they are were not asked about.
            let changed: BTreeMap<usize, String> =
                asked.into_iter().filter(|(at, value)| figures.iter().any(|figure| figure.at == *at && figure.written != *value)).collect();
            figures.iter_mut().filter(|figure| !changed.contains_key(&figure.at)).for_each(|figure| figure.asked = String::new());
            if changed.is_empty() {
                viewer.may(Action::Decide, &Target { region: Some(viewer.region), organization: None })?;
                return Ok((measure, figures, Ok(None)));
            }
            match app.simulate_figures(&viewer, &id, &changed, year.as_deref()) {
                Ok(found) => Ok((measure, figures, Ok(Some(found)))),
                Err(AppError::Invalid(faults)) => Ok((measure, figures, Err(faults))),
                Err(other) => Err(other),
            }
        })
        .await?;
    let (found, faults) = outcome.map_or_else(|faults| (None, faults), |found| (found, Vec::new()));
    let wrong = !faults.is_empty();
    let mut response = portal.pages.show(&portal, &visit, "simulation.html", SimulationPage::of(measure, figures, &visit.query, found, faults))?;
    if wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn workbook(State(portal): State<Arc<Portal>>, Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Result<Response, Fault> {
    let (asked, year) = asked(&visit.query)?;
    let (viewer, lang) = (visit.viewer.clone(), visit.lang);
    let name = id.clone();
    let bytes = portal
        .ask(move |app| {
            let found = app.simulate_figures(&viewer, &id, &asked, year.as_deref())?;
            simulation_workbook(&[found], lang, app.made_at())
        })
        .await?;
    Ok(download(&format!("{name}.xlsx"), XLSX, Body::from(bytes)))
}

/// The figures asked about, `n3=4%` for the fourth, and the year.
pub(crate) fn asked(query: &Pairs) -> Result<(BTreeMap<usize, String>, Option<String>), Fault> {
    let figure = |(name, value): &(String, String)| {
        let at: usize = name.strip_prefix('n')?.parse().ok()?;
        let value = value.trim();
        (!value.is_empty() && value.chars().count() <= 40).then(|| (at, value.to_string()))
    };
    Ok((query.0.iter().filter_map(figure).collect(), period(query.filled("period"))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_the_address() {
        let query = Pairs::parse("n3=4%25&n0=&nx=1&period=2021".as_bytes()).unwrap();
        let (asked, year) = asked(&query).ok().unwrap();
        assert_eq!(asked, BTreeMap::from([(3, "4%".to_string())]));
        assert_eq!(year.as_deref(), Some("2021"));
    }
}
