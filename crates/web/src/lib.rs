//! The portal: routes, pages, forms and the JSON API. A handler extracts, asks `app` and shows;
//! rules, rights and data live behind `app`. Templates, styles, scripts and words are inside the
//! crate and embedded, so the binary needs no files beside it.

mod address;
mod api;
mod asset;
mod attend;
mod chart;
mod cookie;
mod fault;
mod hex;
mod kind;
mod mcp;
mod once;
mod options;
mod pace;
mod pages;
mod places;
mod portal;
mod posted;
mod program;
mod query;
mod render;
mod routes;
#[cfg(test)]
mod sample;
mod seal;
mod server;
mod stash;
mod throttle;
mod tiles;
mod visit;
mod words;

pub use ipnet::IpNet;
pub use options::Options;
pub use portal::router;
pub use routes::table;
pub use server::serve;
pub use tiles::{NoTileLayer, TileLayer};
