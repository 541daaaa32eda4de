//! The laws of the store, each run on SQLite and, when `DUIJIE_TEST_POSTGRES` holds the URL of a
//! server, on PostgreSQL.

mod about;
mod backup;
mod check;
mod follow;
mod group;
mod ledger;
mod link;
mod matter;
mod model;
mod open;
mod record;
mod world;

/// Makes two tests of each law: `sqlite::law` and `postgres::law`.
macro_rules! laws {
    ($($law:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $law() {
                super::$law(&crate::world::World::new(crate::world::Engine::Sqlite).unwrap());
            })*
        }
        mod postgres {
            $(#[test]
            fn $law() {
                if let Some(world) = crate::world::World::new(crate::world::Engine::Postgres) {
                    super::$law(&world);
                }
            })*
        }
    };
}
pub(crate) use laws;
