"""What submission.yaml says of the model and of how it was run: every field held against its kind.

    declared = read_declaration(pieces, index, problems)
    declared["model"]["id"], declared["inputs"]["frames"]           # numbers are numbers now; None where it has errors

Every scalar is a text until its field says otherwise, so that a commit of digits stays a commit and `1.0` a version.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from moviellm.eval.submissions.index import Index
from moviellm.eval.submissions.names import display_name_fault, is_commit, model_id_fault
from moviellm.eval.submissions.problems import Problems, Refused, shown
from moviellm.eval.submissions.strict_json import is_long
from moviellm.eval.submissions.strict_yaml import Node, Scalar, read_mapping
from moviellm.eval.submissions.texts import text_faults

SCHEMA_VERSION: Final = "1.0"
BYTES_MAX: Final = 65_536
"""Of submission.yaml, or the limit of a file where that is lower."""
KEY_CHARS_MAX: Final = 200
"""Of a name in `generation`."""
TRACKS: Final = ("open-weights", "api", "system")
SUBTITLES: Final = ("none", "provided", "asr")
TRUTHS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
WHERE: Final = "submission.yaml"
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.?(?:inf|infinity|nan)", re.IGNORECASE)
_BOM: Final = b"\xef\xbb\xbf"
Reader = Callable[["_Fields", str, Node], Any]


def read_declaration(pieces: Iterable[bytes], index: Index, problems: Problems) -> dict[str, Any] | None:
    """The fields of a submission.yaml; None where it has errors, or is too long in its one form."""
    before = problems.errors
    text = _text(pieces, index, problems)
    if text is None:
        return None
    read = read_mapping(text, depth_max=index.limits.max_json_depth)
    for code, where, message in read.faults:
        problems.add(code, where, message, file=WHERE)
    if read.value is None:
        return None
    found = _Fields(index, problems).mapping("", read.value, _TOP, ())
    if problems.errors == before and (size := len(form_of(found))) > _most(index):
        problems.add("E015", WHERE, f"as it is kept, a value a line, it has {size} bytes; at most {_most(index)}")
    return found if problems.errors == before else None


def form_of(declared: Mapping[str, Any]) -> bytes:
    """The one form: JSON, which is YAML too, with every text in quotes, so that none is taken for something else."""
    return (json.dumps(declared, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _most(index: Index) -> int:
    return min(BYTES_MAX, index.limits.max_file_bytes)


def _text(pieces: Iterable[bytes], index: Index, problems: Problems) -> str | None:
    most = _most(index)
    try:
        data = b"".join(pieces)
        if len(data) > most:
            raise Refused("E015", f"more than {most} bytes")
        if data.startswith(_BOM):
            problems.add("W103", WHERE, "a byte order mark at the beginning")
            data = data[len(_BOM) :]
        if not data.strip():
            raise Refused("E029", "the file is empty")
        return data.decode("utf-8")
    except Refused as refused:
        problems.add(refused.code, WHERE, refused.message)
    except UnicodeDecodeError as error:
        problems.add("E001", WHERE, f"byte {error.start + 1} is not valid UTF-8")
    return None


class _Fields:
    """Fields held against their kinds."""

    def __init__(self, index: Index, problems: Problems) -> None:
        self.index, self._problems = index, problems

    def bad(self, code: str, name: str, message: str) -> None:
        self._problems.add(code, f"{WHERE}: {name}", message, file=WHERE)

    def mapping(self, name: str, node: Node, kinds: Mapping[str, Reader], missable: Iterable[str]) -> dict[str, Any]:
        if not isinstance(node, dict):
            self.bad("E008", name, "it is a mapping of fields")
            return {}
        inside = f"{name}." if name else ""
        for key in node:
            if key not in kinds:
                self.bad("E009", f"{inside}{shown(key)}", f"no field; there are {', '.join(kinds)}")
        found: dict[str, Any] = {}
        for key, reader in kinds.items():
            if key not in node:
                if key not in missable:
                    self.bad("E008", f"{inside}{key}", "it is missing")
            elif key in missable and isinstance(node[key], Scalar) and node[key].is_null:
                found[key] = None
            else:
                found[key] = reader(self, f"{inside}{key}", node[key])
        return found

    def scalar(self, name: str, node: Node) -> str | None:
        """A text as it stands."""
        if not isinstance(node, Scalar):
            self.bad("E008", name, "it is a text, not a list or a mapping")
            return None
        return node.text

    def text(self, name: str, node: Node) -> str | None:
        """A text that says something."""
        text = self.scalar(name, node)
        if text is not None:
            most = self.index.limits.max_answer_chars
            for code, message in text_faults(text, most=most, required=True, answer=False):
                self.bad(code, name, message)
        return text

    def model_id(self, name: str, node: Node) -> str | None:
        text = self.scalar(name, node)
        if text is not None and (fault := model_id_fault(text)):
            self.bad("E022", name, fault)
        return text

    def commit(self, name: str, node: Node) -> str | None:
        text = self.scalar(name, node)
        if text is not None and not is_commit(text):
            self.bad("E028", name, f"{shown(text)} is no commit of 40 hex digits")
        return text

    def one_of(self, name: str, node: Node, allowed: Iterable[str]) -> str | None:
        text = self.scalar(name, node)
        if text is not None and text not in allowed:
            self.bad("E008", name, f"{shown(text)}; it is {', '.join(allowed)}")
        return text

    def number(self, name: str, node: Node) -> float | None:
        found: float | None = self._number(name, node, _NUMBER, float)
        return found

    def integer(self, name: str, node: Node) -> int | None:
        found: int | None = self._number(name, node, _INTEGER, int)
        return found

    def _number(self, name: str, node: Node, form: re.Pattern[str], kind: Callable[[str], Any]) -> Any:
        text = self.scalar(name, node)
        if text is None:
            return None
        if _NOT_FINITE.fullmatch(text):
            self.bad("E003", name, f"{shown(text)} is no finite number")
        elif not _NUMBER.fullmatch(text):
            self.bad("E008", name, f"{shown(text)} is no number")
        elif is_long(text):
            self.bad("E026", name, f"the number {shown(text)} is too long")
        elif not math.isfinite(float(text)):
            self.bad("E003", name, f"{shown(text)} is too large to be a finite number")
        elif not form.fullmatch(text) or float(text) < 0:
            self.bad("E008", name, f"{shown(text)}; it is a {'whole ' if kind is int else ''}number from 0")
        else:
            return kind(text)
        return None

    def truth(self, name: str, node: Node) -> bool | None:
        text = self.scalar(name, node)
        if text is not None and text not in TRUTHS:
            self.bad("E008", name, f"{shown(text)}; it is true or false")
        return TRUTHS.get(text or "")

    def _key(self, name: str, key: str) -> None:
        for code, message in text_faults(key, most=KEY_CHARS_MAX, required=True, answer=False):
            self.bad(code, f"{name}.{shown(key)}", message)

    def anything(self, name: str, node: Node) -> Any:
        """What is written down of the generation: texts, lists and mappings of them."""
        if isinstance(node, dict):
            for key in node:
                self._key(name, key)
            return {key: self.anything(f"{name}.{shown(key)}", value) for key, value in node.items()}
        if isinstance(node, list):
            return [self.anything(name, value) for value in node]
        if node.is_null:
            return None
        text = node.text
        if node.plain and _NUMBER.fullmatch(text) and is_long(text):
            self.bad("E026", name, f"the number {shown(text)} is too long")
        elif node.plain and (_NUMBER.fullmatch(text) and not math.isfinite(float(text)) or _yaml_not_finite(text)):
            self.bad("E003", name, f"{shown(text)} is no finite number")
        for code, message in text_faults(text, most=self.index.limits.max_answer_chars, answer=False):
            self.bad(code, name, message)
        return text


def _yaml_not_finite(text: str) -> bool:
    """Whether YAML means infinity or no number, which begin with a dot there."""
    return text.lstrip("+-").startswith(".") and _NOT_FINITE.fullmatch(text) is not None


def _version(fields: _Fields, name: str, node: Node) -> str | None:
    text = fields.scalar(name, node)
    if text is not None and text != SCHEMA_VERSION:
        fields.bad("E019", name, f'{shown(text)}; it is "{SCHEMA_VERSION}"')
    return text


def _benchmark(fields: _Fields, name: str, node: Node) -> str | None:
    text = fields.scalar(name, node)
    if text is not None and text != fields.index.benchmark:
        code = "E008" if model_id_fault(text) else "E028"
        fields.bad(code, name, f"{shown(text)}; the index is of {fields.index.benchmark}")
    return text


def _benchmark_revision(fields: _Fields, name: str, node: Node) -> str | None:
    text = fields.scalar(name, node)
    if text is not None and text != fields.index.revision:
        fields.bad("E028", name, f"{shown(text)}; the index is of {fields.index.revision}")
    return text


def _display_name(fields: _Fields, name: str, node: Node) -> str | None:
    text = fields.scalar(name, node)
    if text is not None and (fault := display_name_fault(text)):
        fields.bad("E020", name, fault)
    return text


def _generation(fields: _Fields, name: str, node: Node) -> Any:
    if not isinstance(node, dict):
        fields.bad("E008", name, "it is a mapping of fields")
        return {}
    return fields.anything(name, node)


def _training_data(fields: _Fields, name: str, node: Node) -> list[str | None]:
    if not isinstance(node, list):
        fields.bad("E008", name, "it is a list of texts")
        return []
    return [fields.text(name, one) for one in node]


_MODEL: Final[Mapping[str, Reader]] = {
    "id": _Fields.model_id,
    "revision": _Fields.commit,
    "parameters_b": _Fields.number,
    "base_model": _Fields.model_id,
}
_INPUTS: Final[Mapping[str, Reader]] = {
    "frames": _Fields.integer,
    "fps": _Fields.number,
    "max_pixels": _Fields.integer,
    "subtitles": lambda fields, name, node: fields.one_of(name, node, SUBTITLES),
    "audio": _Fields.truth,
}
_TOP: Final[Mapping[str, Reader]] = {
    "schema_version": _version,
    "benchmark": _benchmark,
    "benchmark_revision": _benchmark_revision,
    "model": lambda fields, name, node: fields.mapping(name, node, _MODEL, ("parameters_b", "base_model")),
    "display_name": _display_name,
    "inputs": lambda fields, name, node: fields.mapping(name, node, _INPUTS, ("frames", "fps", "max_pixels")),
    "generation": _generation,
    "track": lambda fields, name, node: fields.one_of(name, node, TRACKS),
    "training_data": _training_data,
    "seen_test_inputs": _Fields.truth,
}
