//! The product from outside: its commands on real files, and its pages over HTTP.

mod demo;
mod export;
mod faults;
mod import;
mod kill;
mod matching;
mod money;
mod policy;
mod postgres_engine;
mod product;
mod secrets;
mod serve;
