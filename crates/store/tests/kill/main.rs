//! `kill -9` at any moment: nothing that was acknowledged is lost, nothing is there twice or half.
//!
//! Each test runs itself again as a child that writes from several threads and says on its
//! standard output what was acknowledged; the parent kills it, opens the database and looks. A cut of
//! power takes what only the memory held as well.

mod cut;
mod harness;
mod records;
mod transfers;
