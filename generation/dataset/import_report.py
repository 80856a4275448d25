"""What an import says of itself: where the data came from, what nobody knows, what was changed and left out.

    report = ImportReport(kind="dreamframe", title="MovieLLM story files")
    report.leave_out("questions asked before, word for word")
    report.change("JSON files mended: commas were missing")

Filled by generation/imports/ while movies are read, rendered by cards/imported_card.py. Counts are taken on the first
reading of the movies only: the export reads them twice. It writes nothing.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class SourceFile:
    """One file that was read."""

    name: str
    """Its name, or its path inside what was given; never a path of this machine. Bytes that are no text become `?`."""
    sha256: str
    """Hash of its bytes; empty for archives and films, whose parts have hashes of their own."""
    bytes: int
    """Its size."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name.encode("utf-8", "replace").decode())


@dataclass
class ImportReport:
    """What the card of an import tells beside the facts of every dataset."""

    kind: str
    """The kind, as in `moviellm dataset import KIND`."""
    title: str
    """What files of this kind are called, for people."""
    origin: str = ""
    """One sentence: who publishes such files."""
    files: list[SourceFile] = field(default_factory=list)
    """What was read."""
    unknown: list[str] = field(default_factory=list)
    """Sentences: what the originals do not say, and what stands in its place."""
    changed: Counter[str] = field(default_factory=Counter)
    """How often something was mended or changed, by what."""
    left_out: Counter[str] = field(default_factory=Counter)
    """How often something was left out, by what and why."""
    counting: bool = True
    """Whether counts are taken: false once every movie has been read."""

    def change(self, what: str, times: int = 1) -> None:
        """Count something that was mended or changed."""
        if self.counting and times:
            self.changed[what] += times

    def leave_out(self, what: str, times: int = 1) -> None:
        """Count something that was left out."""
        if self.counting and times:
            self.left_out[what] += times

    def reasons(self) -> str:
        """The commonest reasons why something was left out, for the message when nothing is left."""
        said = [f"{count} {reason}" for reason, count in self.left_out.most_common(5)]
        return f"; left out: {'; '.join(said)}" if said else ""
