//! Every route of the portal in one table.

use crate::fault::Fault;
use crate::pages::{
    account, accounts, answer, books, bulk, case, case_bulk, case_write, cases, decisions, direct, documents, duplicates, edit, export, feed, figures, graph,
    health, home, import, login, login_with, logins, map, matched, matches, measures, missed, network, password, payout_terms, payouts, published, record,
    region, responders, schemes, search, searches, second, settings, simulation, visits, vouchers, webhooks, workspace,
};
use crate::portal::Portal;
use crate::{api, asset, mcp};
use axum::Router;
use axum::routing::{MethodRouter, get, post};
use std::sync::Arc;

/// A path and what answers there.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    /// The methods besides `HEAD`, which goes wherever `GET` goes.
    pub(crate) methods: &'static [&'static str],
    pub(crate) answers: MethodRouter<Arc<Portal>>,
}

/// Path and methods of every route, for tests that must not miss one.
pub fn table() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut table: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
    let pages = pages().into_iter().map(|route| (route.path, route.methods.to_vec()));
    for (path, methods) in pages.chain(api::table().into_iter().map(|route| (route.path, vec![route.method]))) {
        match table.iter_mut().find(|(known, _)| *known == path) {
            Some((_, known)) => known.extend(methods),
            None => table.push((path, methods)),
        }
    }
    table
}

/// The pages; the routes of the API stand in [`api::table`].
pub(crate) fn pages() -> Vec<Route> {
    let reads = |path, answers| Route { path, methods: &["GET"], answers };
    let writes = |path, answers| Route { path, methods: &["POST"], answers };
    let both = |path, answers| Route { path, methods: &["GET", "POST"], answers };
    vec![
        reads("/", get(home::show)),
        reads("/search", get(search::everywhere)),
        reads("/measures", get(measures::list)),
        reads("/measures/{id}", get(measures::show)),
        both("/measures/{id}/fit", get(measures::ask_fit).post(measures::answer_fit)),
        reads("/measures/{id}/simulation", get(simulation::show)),
        reads("/measures/{id}/simulation.xlsx", get(simulation::workbook)),
        both("/import", get(import::ask).post(import::preview)),
        both("/import/{token}", get(import::show).post(import::write)),
        reads("/import/{token}/annotated", get(import::annotated)),
        reads("/export/{file}", get(export::export)),
        reads("/template/{file}", get(export::template)),
        both("/duplicates", get(duplicates::list).post(duplicates::merge)),
        reads("/health", get(health::show)),
        both("/login", get(login::ask).post(login::login)),
        writes("/login/code", post(login::code)),
        reads("/login/with/{provider}", get(login_with::leave)),
        reads("/login/with/{provider}/back", get(login_with::back)),
        both("/password", get(password::ask).post(password::send)),
        both("/password/{token}", get(password::form).post(password::set)),
        both("/account", get(account::show).post(account::change)),
        both("/account/second", get(second::offer).post(second::confirm)),
        both("/accounts", get(accounts::list).post(accounts::create)),
        both("/accounts/{login}", get(accounts::show).post(accounts::change)),
        reads("/feed", get(feed::show)),
        reads("/figures", get(figures::show)),
        reads("/figures/{file}", get(figures::picture)),
        reads("/map", get(map::show)),
        reads("/network", get(network::show)),
        reads("/region/{code}", get(region::show)),
        both("/settings", get(settings::show).post(settings::change)),
        reads("/workspace", get(workspace::show)),
        reads("/{kind}/{id}/graph", get(graph::show)),
        reads("/api", get(api::page)),
        writes("/mcp", post(mcp::answer)),
        reads("/matches", get(matched::show)),
        reads("/logins", get(logins::show)),
        both("/payouts", get(payouts::list).post(payouts::act)),
        both("/payouts/run", get(payouts::run).post(payouts::run_act)),
        reads("/payouts/files/{file}", get(payouts::file)),
        writes("/payouts/return", post(payouts::answer)),
        both("/vouchers", get(vouchers::list).post(vouchers::act)),
        both("/orders", get(vouchers::orders).post(vouchers::order_act)),
        reads("/orders/{id}/documents/{digest}", get(vouchers::file)),
        reads("/schemes", get(schemes::list)),
        reads("/schemes/{id}", get(schemes::show)),
        both("/schemes/{id}/write", get(schemes::draft).post(schemes::change)),
        both("/payouts/terms", get(payout_terms::show).post(payout_terms::change)),
        both("/clearing", get(vouchers::clearing).post(vouchers::clearing_act)),
        reads("/payouts/missed", get(missed::show)),
        both("/books", get(books::show).post(books::reconcile)),
        reads("/published", get(published::lists)),
        both("/agencies", get(published::agencies).post(published::file_agency)),
        both("/searches", get(searches::list).post(searches::change)),
        both("/webhooks", get(webhooks::show).post(webhooks::change)),
        writes("/logout", post(login::logout)),
        reads("/assets/{digest}/{name}", get(asset::show)),
        reads("/cases", get(cases::desk)),
        writes("/cases/bulk", post(case_bulk::act)),
        reads("/cases/board", get(cases::board)),
        both("/cases/assignment", get(cases::assignment).post(cases::assign)),
        reads("/cases/figures", get(cases::process)),
        both("/inbox", get(cases::inbox).post(cases::read_inbox)),
        both("/case/new", get(case_write::blank).post(case_write::create)),
        writes("/case/judge", post(case_write::judge)),
        reads("/case/{id}", get(case::show)),
        writes("/case/{id}/act", post(case::act)),
        both("/case/{id}/write", get(case_write::filled).post(case_write::change)),
        both("/case/{id}/introduce", get(case::candidates).post(case::introduce)),
        writes("/case/{id}/link", post(case::link)),
        writes("/case/{id}/documents", post(documents::attach)),
        reads("/case/{id}/documents/{digest}", get(documents::show)),
        reads("/case/{id}/case.docx", get(documents::docx)),
        reads("/case/{id}/print", get(case::print)),
        reads("/responders", get(responders::show)),
        both("/visits", get(visits::list).post(visits::record)),
        both("/visit/{id}", get(visits::show).post(visits::keep)),
        both("/submit", get(direct::blank).post(direct::send)),
        both("/follow/{token}", get(direct::follow).post(direct::act)),
        both("/answer/{token}", get(answer::show).post(answer::answer)),
        reads("/{kind}", get(search::of_kind)),
        both("/{kind}/bulk", get(bulk::choose).post(bulk::change)),
        both("/{kind}/new", get(edit::blank).post(edit::create)),
        reads("/{kind}/{id}", get(record::show)),
        both("/{kind}/{id}/edit", get(edit::filled).post(edit::change)),
        reads("/{kind}/{id}/matches", get(matches::show)),
        both("/{kind}/{id}/decisions", get(decisions::show).post(decisions::answer)),
    ]
}

pub(crate) fn all() -> Router<Arc<Portal>> {
    let pages = pages().into_iter().map(|route| (route.path, route.answers));
    let api = api::table().into_iter().map(|route| (route.path, route.answers));
    let router = pages.chain(api).fold(Router::new(), |router, (path, answers)| router.route(path, answers));
    router.fallback(async || Fault::not_found()).method_not_allowed_fallback(async || Fault::method_not_allowed())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first part of a page's path must never be a kind's name, or the kind's list is hidden.
    #[test]
    fn no_page_hides_the_list_of_a_kind() {
        for route in pages() {
            let first = route.path.split('/').nth(1).unwrap_or_default();
            assert!(duijie_record::schema(first).is_none(), "{}", route.path);
        }
    }

    #[test]
    fn no_route_stands_twice_and_none_collide() {
        let table: Vec<String> = pages().iter().map(|route| format!("{} {}", route.methods.join("+"), route.path)).collect();
        assert!(table.iter().all(|line| table.iter().filter(|other| *other == line).count() == 1), "{table:?}");
        // Building the router fails if two of the paths collide.
        drop(all());
    }
}
