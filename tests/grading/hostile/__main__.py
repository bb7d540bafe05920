"""Grade the hostile corpus and print what became of it, beside what stock nbgrader does with the same files.

python -m tests.grading.hostile                   all cases; exit status 1 if one does not survive
python -m tests.grading.hostile --only 'rpc/*'    these cases
python -m tests.grading.hostile --stock           try those again under stock nbgrader, and keep what it did
python -m tests.grading.hostile --page FILE       also write the table as a page of the book
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.grading.hostile import corpus, run, stock, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.grading.hostile", description=__doc__)
    parser.add_argument("--only", default="*/*", help="GROUP/NAME, with * for anything")
    parser.add_argument("--stock", action="store_true", help="try stock nbgrader (an hour for all)")
    parser.add_argument("--again", action="store_true", help="also where it was tried before")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    cases = corpus.load(options.only)
    if options.stock:
        found = stock.read()
        due = [case for case in cases if options.again or case.name not in found]
        for name, words in stock.measure(due, options.workers):
            print(f"{name}: {'; '.join(words) or 'survives'}", flush=True)
            found = stock.read() | {name: words}
            stock.write(found)
        return 0
    with tempfile.TemporaryDirectory(prefix="hostile") as folder:
        report = run.course(Path(folder), cases, corpus.representatives(cases))
    print(table.as_text(report, cases, stock.read()))
    if options.page:
        options.page.write_text(table.as_page(report, cases, stock.read()), encoding="utf-8")
    return int(bool(report.world or report.honest_faults) or any(report.cases.values()))


if __name__ == "__main__":
    sys.exit(main())
