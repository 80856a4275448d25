"""What `moviellm dataset check` and `dataset upgrade` do: reports are printed or written, older folders written anew.

    check("out", revision=None, report=Path("check.md"), as_json=False)      # exit code 1 when there are errors
    upgrade(Path("old"), Path("new"), version=None, as_json=False)

The memory of the process is capped while it checks, so that a file which unpacks beyond every limit of
checks/parquet.py ends in a finding instead of a machine that swaps. It finds nothing itself: see check.py.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moviellm.generation.dataset.check import check_dataset
from moviellm.generation.dataset.checks.report import Report
from moviellm.generation.dataset.hub_copy import local_copy
from moviellm.generation.files import write_whole
from moviellm.generation.findings import Finding
from moviellm.generation.output import emit
from moviellm.generation.progress import progress

MEMORY_BYTES = 4_000_000_000
"""What a check may take beyond what the process has when it begins."""
FORMATS = (".md", ".html")


def check(source: str, *, revision: str | None, report: Path | None, as_json: bool) -> None:
    """`moviellm dataset check`."""
    if report is not None and report.suffix not in FORMATS:
        raise ValueError(f"--report {report}: a report is written as {' or '.join(FORMATS)}")
    place = local_copy(source, revision)
    if report is not None and report.resolve().is_relative_to(place.folder.resolve()):
        raise ValueError(f"--report {report} lies in the folder that is checked; write it beside it")
    with capped_memory(MEMORY_BYTES):
        found = Report(place.said, _findings(place.folder))
    if report is not None:
        write_whole(report, (found.html() if report.suffix == ".html" else found.markdown()).encode())
    emit(found.facts() | {"report": None if report is None else str(report)}, _shown(found), as_json)
    if found.errors:
        raise SystemExit(1)


def _shown(found: Report) -> str:
    """A table for people at a terminal, plain lines elsewhere."""
    if not sys.stdout.isatty():
        return found.text()
    return found.table(shutil.get_terminal_size((120, 40)).columns)


def upgrade(folder: Path, out: Path, *, version: str | None, as_json: bool) -> None:
    """`moviellm dataset upgrade`."""
    from moviellm.generation.dataset.upgrade import upgrade_dataset

    done = upgrade_dataset(folder, out, version, progress)
    manifest = done.manifest
    lines = [f"{out}: {manifest.name} {manifest.version}, schema {done.from_schema} -> {manifest.schema_version}"]
    lines += [f"  new column  {column}" for column in done.added]
    lines += [f"  left out    {path} (it is about the older files; make it again)" for path in done.left_out]
    facts = {
        "dataset": str(out),
        "version": manifest.version,
        "from_version": done.from_version,
        "schema_version": manifest.schema_version,
        "from_schema_version": done.from_schema,
        "added": list(done.added),
        "left_out": list(done.left_out),
    }
    emit(facts, "\n".join(lines), as_json)


def _findings(folder: Path) -> Iterator[Finding]:
    try:
        yield from check_dataset(folder, progress)
    except MemoryError:
        what = f"reading it takes more than {MEMORY_BYTES // 1_000_000_000} GB of memory; the rest is not checked"
        yield Finding(severity="error", where=str(folder), what=what, do="do not load it", kind="size")


@contextmanager
def capped_memory(beyond_bytes: int) -> Iterator[None]:
    """Let the process take so much more address space and no more, where the system can keep it to that."""
    try:
        import resource

        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # no such limit on Windows, no such file on macOS
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = taken + beyond_bytes
    if soft != resource.RLIM_INFINITY:
        wanted = min(wanted, soft)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
