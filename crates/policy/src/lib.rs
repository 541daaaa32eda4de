//! The policy language: measures as text that officials read aloud, decided exactly and with reasons.
//!
//! [`Vocabulary::parse`] reads the facts, [`Book::compile`] checks the measures against it, and
//! [`Book::decide`] decides one measure for one subject. Everything is values in, values out: no
//! clock, no files, no randomness. Numbers are exact fractions, money is Fen, logic has four
//! outcomes (yes, no, unknown, error), and what is not known is never taken to be zero.

mod amounts;
mod asked;
mod batch;
mod benefit_kind;
mod bits;
mod book;
mod boundary;
mod cases;
mod cells;
mod choose;
mod coder;
mod compiler;
mod cuts;
mod decide;
mod decision;
mod dossier;
mod evaluate;
mod examples;
mod explain;
mod fact_table;
mod facts;
mod format;
mod formula;
mod fraction;
mod hashing;
mod inputs;
mod keys;
mod lanes;
mod lexer;
mod lint;
mod literals;
mod lower;
mod measure;
mod missing;
mod mutate;
mod parser;
mod period;
mod plan;
mod population;
mod print;
mod question;
mod quick;
mod range;
mod render;
mod schema;
mod shipped;
mod shown;
mod sieve;
mod simulate;
mod source;
mod subjects;
mod suggest;
mod syntax;
mod thresholds;
mod together;
mod truth;
mod unit;
mod value;
mod vocabulary;
mod yaml;

pub use batch::{Batch, Tally};
pub use benefit_kind::BenefitKind;
pub use book::{Book, Measure};
pub use boundary::{BoundaryCase, Side, boundary_cases};
pub use choose::{Because, Chosen, Combination, LeftOut, Reduced, best_combination};
pub use decision::{Amount, ConditionKind, ConditionResult, Decision, Distance, FactUsed, Missing, Outcome, Trace};
pub use dossier::Dossier;
pub use examples::{ExampleCase, ExampleOutcome, example_case, example_faults, missing_examples, test_examples};
pub use explain::{Explained, Explanation, Judged};
pub use fact_table::{FactTable, FactTables, read_fact_table};
pub use facts::{FactFault, FactSource, FactValue, Facts, KnownFact, RegionFacts, SourceKind};
pub use format::format_measure;
pub use fraction::{Fraction, FractionFault, RoundingMode};
pub use inputs::Input;
pub use lexer::RuleFault;
pub use lint::lint;
pub use literals::{Literal, figure_value, literals, with_figures};
pub use measure::{
    Basis, Benefit, Budget, Certainty, Condition, Delivery, Example, MeasureSource, MeasureVersion, ParameterRow, ParameterSource, PoolOrder, Rounding, Rule,
    SharedCap, Test, Window, parse_measure,
};
pub use missing::MissingFact;
pub use mutate::unnoticed_changes;
pub use parser::parse_rule;
pub use period::{Cycle, Period, PeriodFault};
pub use population::{Column, Population};
pub use print::{Style, print_rule};
pub use question::{Question, next_questions};
pub use render::{Document, Line, Section, render, render_in};
pub use schema::{facts_schema, measure_schema};
pub use shipped::SHIPPED;
pub use simulate::{Change, Paid, Simulation, Totals, simulate};
pub use syntax::{Band, BandTest, Binary, EndOwner, Expr, ExprKind, Function, RegionWord};
pub use thresholds::ThresholdStep;
pub use together::paid_together;
pub use truth::Truth;
pub use unit::{Currency, Dimension};
pub use vocabulary::{Confidentiality, FactDef, FactKind, FactScope, Vocabulary};
