"""What conformance adds up to."""

from collections import Counter


def pytest_terminal_summary(terminalreporter):
    """Cases that the operators pass, by suite and operator, and those that do not fit, with the reason."""
    passed, excluded = Counter(), Counter()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "conformance":
                suite, operator, cases = value
                passed[suite, operator] += cases
            elif name == "excluded":
                excluded[tuple(value)] += 1
    if not passed:
        return
    terminalreporter.section("conformance")
    for suite in sorted({suite for suite, _ in passed}):
        rows = {operator: n for (s, operator), n in sorted(passed.items()) if s == suite}
        terminalreporter.write_line(f"{suite}: {sum(rows.values())} cases pass")
        terminalreporter.write_line("    " + ", ".join(f"{operator} {n}" for operator, n in rows.items()))
    terminalreporter.write_line(f"Excluded: {sum(excluded.values())} cases")
    for (suite, reason), n in sorted(excluded.items()):
        terminalreporter.write_line(f"    {n:3d} {suite}: {reason}")
