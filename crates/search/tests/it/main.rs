//! The index at its door.

mod index;
mod kill;
mod records;
