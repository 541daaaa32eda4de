"""numpy: chunks of subjects, every distinct condition once per chunk, Kleene logic on pairs of masks."""

import numpy as np

from workload import Timer, load, report

CHUNK = 16384


def condition_key(test):
    return tuple(sorted((name, tuple(value) if isinstance(value, list) else value) for name, value in test.items()))


ORDERS = {">=": np.greater_equal, ">": np.greater, "<=": np.less_equal, "<": np.less}


def evaluate(test, values, known):
    """Where the condition certainly holds, and where it may."""
    if "is" in test:
        has, true = known[test["column"]], values[test["column"]] == test["is"]
    elif "among" in test:
        has = known[test["column"]]
        true = np.isin(values[test["column"]], test["among"])
    elif "column" in test:
        has = known[test["column"]]
        true = ORDERS[test["order"]](values[test["column"]], test["bound"])
    else:
        growth = "now" in test
        above = values[test["now" if growth else "above"]]
        divisor = values[test["before" if growth else "below"]]
        has = known[test["now" if growth else "above"]] & known[test["before" if growth else "below"]] & (divisor > 0)
        # above / divisor >= bound / 10000, without a division.
        left = ((above - divisor) if growth else above).astype(np.float64) * 10000.0
        right = divisor.astype(np.float64) * float(test["bound"])
        true = ORDERS[test["order"]](left, right)
    yes = true & has
    return yes, true | ~has


def amounts(amount, values, known, rows):
    """The least amount of each eligible subject in Fen, rounded to whole yuan, half up."""
    if "fixed" in amount:
        return amount["fixed"] * len(rows)
    if "now" in amount:
        has = known[amount["now"]][rows] & known[amount["before"]][rows]
        base = np.maximum(values[amount["now"]][rows] - values[amount["before"]][rows], 0)
    else:
        has = known[amount["column"]][rows]
        base = values[amount["column"]][rows]
    if "each" in amount:
        fen = np.minimum(base * amount["each"], amount["cap"])
    else:
        # In ten-thousandths of a Fen, then to hundreds of Fen.
        fen = np.minimum(base * amount["share"], amount["cap"] * 10000)
        fen = (fen + 500_000) // 1_000_000 * 100
    return int(fen[has].sum())


def main():
    work = load()
    distinct, measures = {}, []
    for measure in work.measures:
        measures.append([distinct.setdefault(condition_key(test), (len(distinct), test))[0] for test in measure["tests"]])
    tests = [test for _, test in sorted(distinct.values(), key=lambda pair: pair[0])]
    results = [[0, 0, 0, 0] for _ in measures]
    with Timer() as timer:
        for start in range(0, work.subjects, CHUNK):
            values = [column[start:start + CHUNK] for column in work.values]
            known = [column[start:start + CHUNK] for column in work.known]
            count = len(values[0])
            found = [evaluate(test, values, known) for test in tests]
            for measure, places, result in zip(work.measures, measures, results):
                parts = [found[place] for place in places]
                if measure["group"] == "any":
                    (yes_a, open_a), (yes_b, open_b) = parts[-2:]
                    parts[-2:] = [(yes_a | yes_b, open_a | open_b)]
                elif measure["group"] == "none":
                    yes, open_ = parts[-1]
                    parts[-1] = (~open_, ~yes)
                yes, open_ = parts[0][0].copy(), parts[0][1].copy()
                for part_yes, part_open in parts[1:]:
                    yes &= part_yes
                    open_ &= part_open
                eligible = int(np.count_nonzero(yes))
                may = int(np.count_nonzero(open_))
                result[0] += eligible
                result[1] += count - may
                result[2] += may - eligible
                if eligible:
                    result[3] += amounts(measure["amount"], values, known, np.flatnonzero(yes))
    report("numpy", np.__version__, work, len(measures), work.subjects, timer, results)


main()
