"""A small YAML text read without trust: no tags, no anchors, no aliases, no types; every scalar is a text.

    found = read_mapping(text, depth_max=6)
    found.value["model"]["revision"]            # Scalar("0123...", plain=True): also where all of it are digits
    found.faults                                # [("E004", "line 3", "the key 'track' comes twice")]

Events are read one by one, so that nothing is built of what is refused, however often an alias would be repeated.
Which fields there are, and which scalar is a number, is said in declaration.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from moviellm.eval.submissions.problems import shown

Found = tuple[str, str, str]
"""Code, where, message."""
NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True)
class Scalar:
    """A text."""

    text: str
    plain: bool
    """Whether it stands without quotes."""

    @property
    def is_null(self) -> bool:
        """Whether YAML calls it null."""
        return self.plain and self.text in NULLS


Node = Any
"""A Scalar, a list of nodes, or a dict from text to node."""


@dataclass
class Read:
    """What was read."""

    value: dict[str, Node] | None = None
    """None where it cannot be read."""
    faults: list[Found] = field(default_factory=list)


class _StopError(Exception):
    """Nothing more is read."""


def read_mapping(text: str, *, depth_max: int) -> Read:
    """The mapping that a text is."""
    import yaml

    read = Read()
    try:
        events = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        builder = _Builder(events, read, depth_max)
        value = builder.document()
    except _StopError:
        return read
    except yaml.reader.ReaderError as error:
        read.faults.append(("E014", "submission.yaml", f"a character that YAML does not take: {error.reason}"))
        return read
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = "submission.yaml" if mark is None else f"submission.yaml:{mark.line + 1}"
        read.faults.append(("E008", line, f"no YAML: {getattr(error, 'problem', None) or type(error).__name__}"))
        return read
    if not isinstance(value, dict):
        read.faults.append(("E008", "submission.yaml", "it is no mapping of fields"))
    else:
        read.value = value
    return read


class _Builder:
    """Events become nodes."""

    def __init__(self, events: Iterator[Any], read: Read, depth_max: int) -> None:
        self._events, self._read, self._depth_max = events, read, depth_max

    def document(self) -> Node:
        """The only document."""
        import yaml

        self._next()  # the stream
        start = self._next()
        if isinstance(start, yaml.StreamEndEvent):
            self._stop("E029", start, "the file is empty")
        if start.version or start.tags:
            self._stop("E023", start, "a directive")
        value = self._node(self._next(), 0)
        self._next()  # the document's end
        if not isinstance(end := self._next(), yaml.StreamEndEvent):
            self._stop("E008", end, "a second document")
        return value

    def _next(self) -> Any:
        return next(self._events)

    def _node(self, event: Any, depth: int) -> Node:
        import yaml

        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._stop("E023", event, "an anchor or an alias")
        if event.tag is not None:
            self._stop("E023", event, f"the tag {shown(event.tag)}")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, event.style is None)
        if depth >= self._depth_max:
            self._stop("E025", event, f"nested more than {self._depth_max} deep")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(depth + 1)
        return self._mapping(depth + 1)

    def _sequence(self, depth: int) -> list[Node]:
        import yaml

        found = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            found.append(self._node(event, depth))
        return found

    def _mapping(self, depth: int) -> dict[str, Node]:
        import yaml

        found: dict[str, Node] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth)
            if not isinstance(key, Scalar):
                self._stop("E008", event, "a key that is no text")
            if key.text in found:
                self._add("E004", event, f"the key {shown(key.text)} comes twice")
            found[key.text] = self._node(self._next(), depth)
        return found

    def _add(self, code: str, event: Any, message: str) -> None:
        self._read.faults.append((code, f"submission.yaml:{event.start_mark.line + 1}", message))

    def _stop(self, code: str, event: Any, message: str) -> None:
        self._add(code, event, message)
        raise _StopError
