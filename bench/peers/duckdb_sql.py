"""DuckDB: one table, SQL's own three-valued logic, aggregates with filters for many measures at once."""

import sys

import duckdb
import numpy as np

from workload import Timer, load, report

BATCH = 50


def column(at):
    return f"c{at}"


def condition(test):
    if "is" in test:
        return f"({column(test['column'])} = {test['is']})"
    if "among" in test:
        return f"({column(test['column'])} IN ({', '.join(map(str, test['among']))}))"
    if "column" in test:
        return f"({column(test['column'])} {test['order']} {test['bound']})"
    growth = "now" in test
    above, below = column(test["now" if growth else "above"]), column(test["before" if growth else "below"])
    above = f"({above} - {below})" if growth else above
    return f"(CASE WHEN {below} > 0 THEN {above} * 10000.0::DOUBLE {test['order']} {below} * {test['bound']}::DOUBLE END)"


def holds(measure):
    tests = [condition(test) for test in measure["tests"]]
    if measure["group"] == "any":
        tests[-2:] = [f"({tests[-2]} OR {tests[-1]})"]
    elif measure["group"] == "none":
        tests[-1] = f"(NOT {tests[-1]})"
    return " AND ".join(tests)


def amount(amount):
    if "fixed" in amount:
        return str(amount["fixed"])
    if "now" in amount:
        base = f"CASE WHEN {column(amount['now'])} IS NOT NULL AND {column(amount['before'])} IS NOT NULL THEN greatest({column(amount['now'])} - {column(amount['before'])}, 0) END"
    else:
        base = column(amount["column"])
    known = f"({base}) IS NOT NULL"
    if "each" in amount:
        return f"CASE WHEN {known} THEN least(({base}) * {amount['each']}, {amount['cap']}) END"
    return f"CASE WHEN {known} THEN (least(({base}) * {amount['share']}, {amount['cap'] * 10000}) + 500000) // 1000000 * 100 END"


def main():
    work = load()
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else len(work.measures)
    chosen = work.measures[:limit]
    connection = duckdb.connect()
    arrays = {column(at): np.ma.masked_array(values, mask=~known) for at, (values, known) in enumerate(zip(work.values, work.known))}
    connection.register("given", arrays)
    connection.execute("CREATE TABLE facts AS SELECT * FROM given")
    results = []
    with Timer() as timer:
        for start in range(0, len(chosen), BATCH):
            measures = chosen[start:start + BATCH]
            verdicts = ", ".join(f"{holds(measure)} AS v{at}" for at, measure in enumerate(measures))
            sums = ", ".join(
                f"count(*) FILTER (WHERE v{at}), count(*) FILTER (WHERE NOT v{at}), sum({amount(measure['amount'])}) FILTER (WHERE v{at})"
                for at, measure in enumerate(measures)
            )
            found = connection.execute(f"SELECT {sums} FROM (SELECT *, {verdicts} FROM facts)").fetchone()
            for at in range(len(measures)):
                yes, no, paid = found[3 * at:3 * at + 3]
                results.append([yes, no, work.subjects - yes - no, paid or 0])
    report("duckdb", duckdb.__version__, work, len(results), work.subjects, timer, results)


main()
