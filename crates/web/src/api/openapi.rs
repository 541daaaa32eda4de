//! The description of the API (OpenAPI 3.1), written from the table of routes.

use super::{ApiRoute, Parameter, shapes};
use serde_json::{Map, Value, json};

pub(crate) fn document(table: &[ApiRoute], public_url: &str) -> Value {
    let paths: Map<String, Value> = table.iter().map(|route| (route.path.to_string(), json!({ "get": operation(route) }))).collect();
    let server = if public_url.is_empty() { "/" } else { public_url };
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Duijie 对接",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "Records, search, matches and policy decisions. Texts come in both languages; `lang` or Accept-Language chooses the language of problems.",
        },
        "servers": [{ "url": server }],
        "paths": paths,
        "components": {
            "schemas": shapes::all(),
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": "duijie_session" } },
        },
        "security": [{}, { "session": [] }],
    })
}

fn operation(route: &ApiRoute) -> Value {
    let mut responses = Map::new();
    let shape = json!({ "$ref": format!("#/components/schemas/{}", route.shape) });
    let media = if route.shape == "JsonSchema" { "application/schema+json" } else { "application/json" };
    responses.insert("200".into(), json!({ "description": route.about, "content": { media: { "schema": shape } } }));
    // Broken text in the query, and an installation that cannot answer now, happen everywhere.
    for status in [400, 500, 503].iter().chain(route.refusals) {
        responses.insert(status.to_string(), problem(*status));
    }
    json!({
        "operationId": route.name,
        "summary": route.about,
        "parameters": route.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "responses": responses,
    })
}

fn problem(status: u16) -> Value {
    let what = match status {
        400 => "A parameter cannot be used.",
        403 => "The caller may not do this.",
        404 => "There is nothing here, or nothing that the caller may see.",
        500 => "Something went wrong inside.",
        _ => "Not available at the moment; try again later.",
    };
    json!({ "description": what, "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } })
}

fn parameter(parameter: &Parameter) -> Value {
    let one = json!({ "type": parameter.ty });
    json!({
        "name": parameter.name,
        "in": if parameter.in_path { "path" } else { "query" },
        "required": parameter.in_path,
        "description": parameter.about,
        "schema": if parameter.many { json!({ "type": "array", "items": one }) } else { one },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_with_its_parameters_and_a_known_shape() {
        let table = super::super::table();
        let document = document(&table, "");
        for route in &table {
            let operation = &document["paths"][route.path]["get"];
            assert_eq!(operation["operationId"], route.name);
            assert!(document["components"]["schemas"][route.shape].is_object(), "{}", route.shape);
            let holes: Vec<&str> = route.path.split('{').skip(1).filter_map(|piece| piece.split('}').next()).collect();
            let in_path: Vec<&str> = route.parameters.iter().filter(|parameter| parameter.in_path).map(|parameter| parameter.name).collect();
            assert_eq!(holes, in_path, "{}", route.path);
        }
    }
}
