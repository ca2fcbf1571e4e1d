"""The results of checks as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from orchestration.quality.runner import Result
from orchestration.quality.words import (
    found_words,
    is_critical,
    summary_line,
    unusual_lines,
)

if TYPE_CHECKING:
    from orchestration.quality.metrics import Unusual

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem;
  padding: 0 1rem; color: #1d2530; background: #fff; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid #d5dae1; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
.passed { color: #146c43; } .warns { color: #8a5a00; } .blocks { color: #b02a37; }
"""


def quality_page(results: Sequence[Result], unusual: Sequence[Unusual] = ()) -> str:
    """Return the page, what did not pass first."""
    ordered = sorted(results, key=lambda each: (not is_critical(each), each.passed))
    rows = "\n".join(_row(each, unusual) for each in ordered)
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Quality of the data</title><style>{_STYLE}</style></head>
<body>
<h1>Quality of the data</h1>
<p>{escape(summary_line(results))}.</p>
<table>
<thead><tr><th>Result</th><th>Table</th><th>What is expected</th><th>Found</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def _row(result: Result, unusual: Sequence[Unusual]) -> str:
    """Return one check as a row of the table."""
    state = "passed" if result.passed else "blocks" if is_critical(result) else "warns"
    cells = (result.table, result.check.description, found_words(result))
    shown = "".join(f"<td>{escape(cell)}</td>" for cell in cells[:-1])
    found = "<br>".join(escape(line) for line in (cells[-1], *unusual_lines(result, unusual)))
    return f'<tr><td class="{state}">{state}</td>{shown}<td>{found}</td></tr>'
