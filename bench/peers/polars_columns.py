"""polars: columns with nulls, whose comparisons and logic are Kleene's, in lazy queries of many measures."""

import operator

import polars as pl

from workload import Timer, load, report

BATCH = 100
ORDERS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


def column(at):
    return pl.col(f"c{at}")


def condition(test):
    if "is" in test:
        return column(test["column"]) == test["is"]
    if "among" in test:
        return column(test["column"]).is_in(test["among"])
    order, bound = ORDERS[test["order"]], test["bound"]
    if "column" in test:
        return order(column(test["column"]), bound)
    growth = "now" in test
    above, below = column(test["now" if growth else "above"]), column(test["before" if growth else "below"])
    divisor = pl.when(below > 0).then(below)
    return order(((above - divisor) if growth else above) * 10000.0, divisor * float(bound))


def holds(measure):
    tests = [condition(test) for test in measure["tests"]]
    if measure["group"] == "any":
        tests[-2:] = [tests[-2] | tests[-1]]
    elif measure["group"] == "none":
        tests[-1] = ~tests[-1]
    return pl.all_horizontal(tests)


def amount(amount):
    """The least amount in Fen; nothing is sure while a fact is missing."""
    if "fixed" in amount:
        return pl.lit(amount["fixed"], dtype=pl.Int64)
    base = (column(amount["now"]) - column(amount["before"])).clip(lower_bound=0) if "now" in amount else column(amount["column"])
    if "each" in amount:
        return pl.min_horizontal(base * amount["each"], pl.lit(amount["cap"], dtype=pl.Int64))
    fen = pl.min_horizontal(base * amount["share"], pl.lit(amount["cap"] * 10000, dtype=pl.Int64))
    # min_horizontal leaves nulls out, so what is missing is taken out again.
    return pl.when(base.is_not_null()).then((fen + 500_000) // 1_000_000 * 100)


def main():
    work = load()
    frame = pl.DataFrame({f"c{at}": pl.Series(values) for at, values in enumerate(work.values)})
    frame = frame.with_columns([
        pl.when(pl.Series(known)).then(column(at)).alias(f"c{at}") for at, known in enumerate(work.known)
    ]).rechunk()
    results = []
    with Timer() as timer:
        for start in range(0, len(work.measures), BATCH):
            measures = work.measures[start:start + BATCH]
            wanted = []
            for at, measure in enumerate(measures):
                verdict = holds(measure)
                paid = amount(measure["amount"])
                if "each" in measure["amount"]:
                    paid = pl.when(column(measure["amount"]["column"]).is_not_null()).then(paid)
                wanted += [
                    verdict.sum().alias(f"y{at}"),
                    verdict.null_count().alias(f"u{at}"),
                    pl.when(verdict).then(paid).sum().alias(f"a{at}"),
                ]
            found = frame.lazy().select(wanted).collect().row(0, named=True)
            for at in range(len(measures)):
                yes, unknown = found[f"y{at}"], found[f"u{at}"]
                results.append([yes, work.subjects - yes - unknown, unknown, found[f"a{at}"] or 0])
    report("polars", pl.__version__, work, len(results), work.subjects, timer, results)


main()
