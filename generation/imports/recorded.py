"""Films of files with records: what the kinds that read lists of conversations have in common.

    class _Films(RecordedFilms):                    # says which film a record is of, and what that film is called
        def key_of(self, record): ...
        def id_of(self, record): ...

Records of one film are brought together, and files beside them are found. What a film says is for the kinds:
vtimellm.py, long_videoqa.py and video_chatgpt.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from pathlib import Path

from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.imports.media import Media
from moviellm.generation.imports.options import ImportOptions
from moviellm.generation.imports.pictures import Gallery
from moviellm.generation.imports.records import Record, folders_of, grouped, read_records
from moviellm.generation.imports.told import Origin


class RecordedFilms(ABC):
    """Films with their records, in order of the first.

    Raises:
        ValueError: a file is no JSON, is too large, or is of another kind.
    """

    def __init__(
        self, kind: str, paths: Sequence[Path], options: ImportOptions, report: ImportReport, scratch: Path
    ) -> None:
        self._kind, self._options, self._report, self._scratch = kind, options, report, scratch
        self._groups = grouped(read_records(paths, kind, report), self.key_of)
        self.source_ids = [self.id_of(group[0]) for group in self._groups]
        self._media = Media(list(options.media), beside=folders_of(paths))
        self.gallery = Gallery(self._media)

    @abstractmethod
    def key_of(self, record: Record) -> Hashable | None:
        """What records of the same film have in common; None leaves the record out, which is counted here."""

    @abstractmethod
    def id_of(self, record: Record) -> str:
        """What the film is called in the file."""

    def origin(self, number: int) -> Origin:
        """The file that a film comes from."""
        file = self._report.files[self._groups[number][0].file]
        return Origin(self._kind, file.name, file.sha256)
