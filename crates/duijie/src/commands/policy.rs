//! `duijie policy`

mod author;
mod decide;
mod measure;
mod simulate;
mod source;

use crate::Outcome;
use crate::arguments::{Policy, PolicyCommand};
use crate::world::World;

pub(crate) fn run(world: &World, command: &Policy) -> Outcome {
    match &command.command {
        PolicyCommand::List { measures, format } => author::list(world, measures, *format),
        PolicyCommand::Show { measure, measures, on, style, format } => author::show(world, measure, measures, on.as_deref(), *style, *format),
        PolicyCommand::Check { paths, format } => author::check(world, paths, *format),
        PolicyCommand::Fmt { paths, style, check } => author::format(world, paths, *style, *check),
        PolicyCommand::Test { paths, format, output } => author::test(world, paths, *format, output.as_deref()),
        PolicyCommand::Examples { folder } => author::examples(world, folder),
        PolicyCommand::Schema { of } => author::schema(*of),
        PolicyCommand::Decide { organization, from, format } => decide::decide(world, organization, from, *format),
        PolicyCommand::Explain { organization, measure, from, format } => decide::explain(world, organization, measure, from, *format),
        PolicyCommand::Batch { from, format } => decide::batch(world, from, *format),
        PolicyCommand::Simulate { change, measure, figures, from, format, output } => {
            simulate::simulate(world, &simulate::Asked { change: change.as_deref(), measure: measure.as_deref(), figures }, from, *format, output.as_deref())
        }
        PolicyCommand::Bench { from, format } => measure::bench(world, from, *format),
    }
}
