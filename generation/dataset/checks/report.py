"""Findings as a report that a person can read: grouped by kind, counted, with the first places and what to do.

    report = Report("out", findings)                # an iterable; a million findings keep a few kilobytes
    report.errors, report.warnings
    report.text()  report.table(120)  report.markdown()  report.html()

Findings that differ in names and numbers only are one line. Names may come from hostile folders: what a terminal, a
Markdown renderer or a browser would obey is spelt out.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from moviellm.generation.findings import Finding

PLACES = 3
"""Places named for each line."""
KEPT = 1000
"""Findings kept word by word, for --json."""
_VARIES = re.compile(r"'[^']*'|\"[^\"]*\"|\b[0-9a-f]{64}\b|\bm\d{5,}[\w-]*|\d+(?:\.\d+)*")


@dataclass
class Line:
    """Findings of one sort."""

    first: Finding
    count: int = 0
    places: list[str] = field(default_factory=list)


class Report:
    """What a check found, counted while it is found."""

    def __init__(self, checked: str, findings: Iterable[Finding]) -> None:
        self.checked = checked
        self.errors = self.warnings = 0
        self.kept: list[Finding] = []
        self._lines: dict[tuple[str, str, str], Line] = {}
        for finding in findings:
            self._add(finding)

    def _add(self, finding: Finding) -> None:
        if finding.severity == "error":
            self.errors += 1
        else:
            self.warnings += 1
        if len(self.kept) < KEPT:
            self.kept.append(finding)
        sort = (finding.kind, finding.severity, _VARIES.sub("*", finding.what))
        line = self._lines.setdefault(sort, Line(finding))
        line.count += 1
        if len(line.places) < PLACES:
            line.places.append(finding.where)

    @property
    def lines(self) -> list[Line]:
        """Errors before warnings, kinds in order."""
        return sorted(self._lines.values(), key=lambda line: (line.first.severity, line.first.kind))

    @property
    def summary(self) -> str:
        """The last line of every report."""
        return f"{self.checked}: {self.errors} errors, {self.warnings} warnings"

    def facts(self) -> dict[str, object]:
        """The report as JSON: counts, and the first `KEPT` findings."""
        rows = [
            {"severity": one.severity, "kind": one.kind, "where": one.where, "what": one.what, "do": one.do}
            for one in self.kept
        ]
        return {"checked": self.checked, "errors": self.errors, "warnings": self.warnings, "findings": rows}

    def text(self) -> str:
        """A block of lines for each sort, for a terminal."""
        said: list[str] = []
        for line in self.lines:
            times = f" ({line.count} times)" if line.count > 1 else ""
            said.append(f"{line.first.severity}: {line.first.kind or 'other'}: {line.first.what}{times}")
            said.append(f"  where  {_places(line)}")
            said.append(f"  do     {line.first.do}")
        return "\n".join(plain(one) for one in [*said, self.summary])

    def table(self, width: int) -> str:
        """The same as a table with colours, so many characters wide."""
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        if not self._lines:
            return plain(self.summary)
        table = Table("", "Kind", "Times", "What", "Where first", "What to do", show_lines=True)
        for line in self.lines:
            first = line.first
            style = "red" if first.severity == "error" else "yellow"
            cells = [first.kind or "other", str(line.count), first.what, _places(line), first.do]
            table.add_row(Text(first.severity, style=style), *(Text(plain(cell)) for cell in cells))
        console = Console(width=width, force_terminal=True)
        with console.capture() as captured:
            console.print(table)
        return captured.get() + plain(self.summary)

    def markdown(self) -> str:
        """A Markdown page with one table."""
        rows = [
            f"| {line.first.severity} | {_cell(line.first.kind)} | {line.count} | {_cell(line.first.what)} "
            f"| {_cell(_places(line))} | {_cell(line.first.do)} |"
            for line in self.lines
        ]
        head = ["| | Kind | Times | What | Where first | What to do |", "| --- | --- | ---: | --- | --- | --- |"]
        table = "\n".join([*head, *rows]) if rows else "Nothing is wrong."
        return f"# Check of {_cell(self.checked)}\n\n{self.errors} errors, {self.warnings} warnings.\n\n{table}\n"

    def html(self) -> str:
        """The same as a page of its own, without scripts."""
        cells = [
            (line.first.severity, line.first.kind, str(line.count), line.first.what, _places(line), line.first.do)
            for line in self.lines
        ]
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(plain(cell))}</td>" for cell in row) + "</tr>\n" for row in cells
        )
        names = "".join(f"<th>{name}</th>" for name in ("", "Kind", "Times", "What", "Where first", "What to do"))
        table = f"<table><tr>{names}</tr>\n{rows}</table>" if rows else "<p>Nothing is wrong.</p>"
        title = html.escape(plain(self.checked))
        counts = f"<p>{self.errors} errors, {self.warnings} warnings.</p>"
        head = f'<meta charset="utf-8"><title>Check of {title}</title>\n<style>{_STYLE}</style>'
        return f'<!doctype html><html lang="en">{head}\n<h1>Check of {title}</h1>\n{counts}\n{table}\n</html>\n'


_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.35rem .6rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}"
)


def plain(text: str) -> str:
    """A text with what a terminal would obey spelt out, on one line."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _places(line: Line) -> str:
    more = f" and {line.count - len(line.places)} more" if line.count > len(line.places) else ""
    return ", ".join(line.places) + more


def _cell(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|#!~&])", r"\\\1", plain(text)).replace("@", "&#64;")
