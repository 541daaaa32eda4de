//! The room at its door: bytes in, cells out, and back.

mod annotating;
mod fixture;
mod header;
mod hostile;
mod local_data;
mod reading_csv;
mod reading_xlsx;
mod round_trip;
mod templates;
mod writing;
