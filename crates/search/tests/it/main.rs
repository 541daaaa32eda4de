//! The index at its door.

mod embedding;
mod index;
mod kill;
mod meaning;
mod records;
mod words;
