"""Feature pickles of older code, read without running anything that they say.

    features = read_pickle(Path("story_0.pkl"))        # {"feats": array of float16 [T, 257, 1408], "inputs": "..."}

A pickle is a program. Python's own machine calls what the file names, and even with a list of allowed names it would
hand hostile arguments to NumPy's C code (`dtype.__setstate__`, `_reconstruct`). So nothing is called here: the
opcodes are read with `pickletools.genops`, which only parses, and a small machine of our own knows what each means for
None, booleans, numbers, text, bytes, lists, tuples, dicts, NumPy arrays and NumPy numbers. A name such as
`numpy._core.multiarray._reconstruct` is a word to it, never a function; an array is `np.frombuffer` over bytes whose
length was checked. Every other name and every other opcode is refused by name.

Protocols 0 to 5, NumPy 1 and 2, bytes as Python 2 and 3 write them. Arrays of booleans, integers, floats and complex
numbers; they share the bytes that were read and cannot be written to.
"""

import io
import math
import os
import pickletools
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

FILE_BYTES_MAX = 8 * 1024**3
"""Size of a file that is read; an hour of film at one frame a second has 2.6 GB of features."""
LINE_BYTES_MAX = 1024**3
"""Size of a value that protocol 0 writes on one line."""
STEPS_MAX = 5_000_000
"""Opcodes of a file: features have some dozens."""
KINDS = "biufc"
"""Kinds of NumPy types that are read: bool, int, unsigned, float, complex."""
ITEM_BYTES_MAX = 32

_RECONSTRUCT = frozenset({"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"})
_SCALAR = frozenset({"numpy.core.multiarray scalar", "numpy._core.multiarray scalar"})
_FROM_BUFFER = frozenset({"numpy.core.numeric _frombuffer", "numpy._core.numeric _frombuffer"})
_NDARRAY, _DTYPE, _ENCODE = "numpy ndarray", "numpy dtype", "_codecs encode"
_NO_BYTES = frozenset({"__builtin__ bytes", "builtins bytes"})
"""How protocols below 3 write empty bytes."""
_NAMES = frozenset({_NDARRAY, _DTYPE, _ENCODE}) | _NO_BYTES | _RECONSTRUCT | _SCALAR | _FROM_BUFFER

_CONSTANTS: dict[str, object] = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
}
_LITERALS = frozenset({
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "UNICODE",
    "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "STRING",
    "BINSTRING", "SHORT_BINSTRING",
})  # fmt: skip
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_IGNORED = frozenset({"PROTO", "FRAME"})


class ForeignNameError(ValueError):
    """The file names something that is no array: it would run code, or is of another program. Nothing was run."""


class _Mark:
    """The mark of the stack."""


class _Name(str):
    """A module and a name, as text. It is never looked up."""


class _Type:
    """A NumPy type on its way: made by `numpy.dtype(...)`, its byte order set by the state that follows."""

    def __init__(self, code: str) -> None:
        self.dtype = _dtype(code)


class _Array:
    """An array that waits for its state, and the places of the memo that wait with it."""

    def __init__(self) -> None:
        self.places: list[int] = []


class _Arguments(tuple[Any, ...]):
    """A tuple that holds something that is no value: arguments or a state, never a part of the result."""


_NO_VALUES = (_Mark, _Name, _Type, _Array, _Arguments)


def read_pickle(path: Path, bytes_max: int = FILE_BYTES_MAX) -> Any:
    """What a file holds: None, bool, int, float, str, bytes, list, tuple, dict, arrays and NumPy numbers.

    Raises:
        ValueError: it is too large, damaged, or says something that is not in that list; the message names what.
    """
    size = path.stat().st_size
    if size > bytes_max:
        raise ValueError(f"{path.name} has {size} bytes; allowed are {bytes_max}")
    with open(path, "rb") as file:
        try:
            return _run(_steps(cast(BinaryIO, _Bounded(file, size))), size)
        except ValueError as error:
            kind = ForeignNameError if isinstance(error, ForeignNameError) else ValueError
            raise kind(f"{path.name} is no pickle of plain values and arrays: {error}") from None


def loads(data: bytes) -> Any:
    """The same for bytes in memory."""
    return _run(_steps(cast(BinaryIO, _Bounded(io.BytesIO(data), len(data)))), len(data))


class _Bounded:
    """A file that never asks for more than it has: a declared length of 2^60 costs nothing."""

    def __init__(self, file: Any, size: int) -> None:
        self._file, self._size = file, size

    def read(self, count: int) -> bytes:
        left = self._size - self._file.tell()
        if count > left:
            raise ValueError(f"{count} bytes are announced and {left} are left")
        return cast(bytes, self._file.read(count))

    def readline(self) -> bytes:
        return cast(bytes, self._file.readline(LINE_BYTES_MAX))

    def tell(self) -> int:
        return cast(int, self._file.tell())


def _steps(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Opcode names and arguments. `genops` parses; whatever it stumbles over is a ValueError here."""
    count = 0
    steps = pickletools.genops(file)
    while True:
        try:
            opcode, argument, _ = next(steps)
        except StopIteration:
            return
        except (ValueError, KeyError, OverflowError, UnicodeError, MemoryError, IndexError) as error:
            raise ValueError(f"it is damaged ({error})") from None
        count += 1
        if count > STEPS_MAX:
            raise ValueError(f"it has more than {STEPS_MAX} steps")
        yield opcode.name, argument


def _run(steps: Iterator[tuple[str, Any]], size: int) -> Any:
    machine = _Machine(size)
    for name, argument in steps:
        try:
            done = machine.step(name, argument)
        except (IndexError, TypeError, KeyError, AttributeError, OverflowError, MemoryError) as error:
            raise ValueError(f"it is damaged at {name} ({type(error).__name__})") from None
        if done:
            return machine.result()
    raise ValueError("it ends without an end mark")


class _Machine:
    """The stack and the memo. Its values are Python's own, or `_Name`, `_Type`, `_Array` and `_Mark` of here."""

    def __init__(self, size: int) -> None:
        self._unmade = size
        """Bytes that may still be made of text: a file says each of them once."""
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> bool:
        """One opcode; whether it was the last."""
        if name in _LITERALS:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            self._name(argument)
        elif name in ("REDUCE", "BUILD"):
            self._make() if name == "REDUCE" else self._build()
        elif name == "MARK":
            self._stack.append(_Mark())
        elif name in ("POP", "POP_MARK", "DUP"):
            self._shuffle(name)
        elif "PUT" in name or "GET" in name or name == "MEMOIZE":
            self._remember(name, argument)
        elif name != "STOP" and name not in _IGNORED:
            self._collect(name)
        return name == "STOP"

    def result(self) -> Any:
        """The one value that is left."""
        value = self._pop()
        if self._stack:
            raise ValueError("it leaves several values behind")
        return _value(value)

    def _pop(self) -> Any:
        if not self._stack or isinstance(self._stack[-1], _Mark):
            raise ValueError("it takes a value that is not there")
        return self._stack.pop()

    def _since_mark(self) -> list[Any]:
        for place in range(len(self._stack) - 1, -1, -1):
            if isinstance(self._stack[place], _Mark):
                items = self._stack[place + 1 :]
                del self._stack[place:]
                return items
        raise ValueError("it has no mark where one must be")

    def _shuffle(self, name: str) -> None:
        if name == "POP_MARK":
            self._since_mark()
        elif name == "DUP":
            self._stack.append(self._stack[-1])
        else:
            self._stack.pop()

    def _remember(self, name: str, argument: Any) -> None:
        if "GET" in name:
            self._stack.append(self._memo[int(argument)])
        else:
            place = len(self._memo) if name == "MEMOIZE" else int(argument)
            self._memo[place] = value = self._stack[-1]
            if isinstance(value, _Array):
                value.places.append(place)

    def _name(self, argument: Any) -> None:
        if argument is None:
            last, module = self._pop(), self._pop()
            argument = f"{_of_type(module, str)} {_of_type(last, str)}"
        if argument not in _NAMES:
            raise ForeignNameError(
                f"it names {str(argument)[:100]!r}, which is not read; only NumPy arrays and plain values"
            )
        self._stack.append(_Name(argument))

    def _collect(self, name: str) -> None:
        if name in ("EMPTY_LIST", "EMPTY_DICT"):
            self._stack.append([] if name == "EMPTY_LIST" else {})
        elif name in _TUPLES:
            items = [self._pop() for _ in range(_TUPLES[name])]
            self._stack.append(_tuple(items[::-1]))
        elif name in ("TUPLE", "LIST"):
            items = self._since_mark()
            self._stack.append(_tuple(items) if name == "TUPLE" else [_value(item) for item in items])
        elif name == "DICT":
            self._stack.append(_filled({}, self._since_mark()))
        elif name in ("APPEND", "APPENDS"):
            items = [self._pop()] if name == "APPEND" else self._since_mark()
            _of_type(self._stack[-1], list).extend(map(_value, items))
        elif name in ("SETITEM", "SETITEMS"):
            value = [self._pop(), self._pop()][::-1] if name == "SETITEM" else self._since_mark()
            _filled(_of_type(self._stack[-1], dict), value)
        else:
            raise ValueError(f"it uses {name}, which plain values and arrays do not need")

    def _make(self) -> None:
        """What REDUCE would have called, done by hand for the few names there are."""
        arguments, name = self._pop(), self._pop()
        if not isinstance(name, _Name) or not isinstance(arguments, tuple):
            raise ValueError("it calls something that is no name")
        if name in _RECONSTRUCT and arguments[:1] == (_NDARRAY,):
            self._stack.append(_Array())
        elif name == _DTYPE and isinstance(arguments[0], str):
            self._stack.append(_Type(arguments[0]))
        elif name == _ENCODE and len(arguments) == 2 and arguments[1] in ("latin1", "latin-1"):
            self._unmade -= len(arguments[0])
            if self._unmade < 0:
                raise ValueError("it makes more bytes of its text than the file has")
            self._stack.append(_bytes(arguments[0]))
        elif name in _NO_BYTES and not arguments:
            self._stack.append(b"")
        elif name in _SCALAR:
            kind, data = arguments
            self._stack.append(_array(_of_type(kind, _Type).dtype, (), data, fortran=False)[()])
        elif name in _FROM_BUFFER:
            data, kind, shape, order = arguments
            self._stack.append(_array(_of_type(kind, _Type).dtype, shape, data, fortran=order == "F"))
        else:
            raise ValueError(f"it calls {str(name)!r} in a way that arrays do not need")

    def _build(self) -> None:
        """The state of an array or of a type."""
        state, target = self._pop(), self._stack[-1]
        if isinstance(target, _Array):
            *_, shape, kind, fortran, data = state
            self._stack[-1] = _array(_of_type(kind, _Type).dtype, shape, data, fortran=bool(fortran))
            self._memo.update((place, self._stack[-1]) for place in target.places if self._memo[place] is target)
        elif isinstance(target, _Type):
            target.dtype = target.dtype.newbyteorder(_byte_order(state))
        else:
            raise ValueError(f"it gives a state to a {type(target).__name__}")


def _of_type(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise ValueError(f"a {kind.__name__.strip('_')} is needed, and a {type(value).__name__.strip('_')} came")
    return value


def _filled(mapping: dict[Hashable, Any], items: list[Any]) -> dict[Hashable, Any]:
    for place in range(0, len(items), 2):
        if isinstance(items[place], _Name) or not isinstance(items[place], (str, int, float, bytes, type(None))):
            raise ValueError(f"a key of a dict is a {type(items[place]).__name__}")
        mapping[items[place]] = _value(items[place + 1])
    return mapping


def _tuple(items: list[Any]) -> tuple[Any, ...]:
    return _Arguments(items) if any(isinstance(item, _NO_VALUES) for item in items) else tuple(items)


def _value(item: Any) -> Any:
    if isinstance(item, _NO_VALUES):
        raise ValueError("it keeps something half-made, which plain values and arrays do not need")
    return item


def _byte_order(state: Any) -> Any:
    if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "|", "="):
        raise ValueError("a NumPy type has no byte order")
    if any(part is not None for part in state[2:5]):
        raise ValueError("a NumPy type has fields, which are not read")
    return state[1]


def _dtype(code: str) -> "np.dtype[Any]":
    if len(code) > 4 or code.lstrip("<>=|")[:1] not in KINDS + "?":
        raise ValueError(f"arrays of NumPy type {code[:20]!r} are not read")
    try:
        kind = np.dtype(code)
    except TypeError:
        raise ValueError(f"there is no NumPy type {code!r}") from None
    if kind.kind not in KINDS or kind.itemsize > ITEM_BYTES_MAX:
        raise ValueError(f"arrays of NumPy type {code!r} are not read")
    return kind


def _bytes(data: Any) -> bytes | bytearray:
    """Bytes, which Python 2 and protocols below 3 write as text."""
    if isinstance(data, str):
        try:
            return data.encode("latin-1")
        except UnicodeEncodeError:
            raise ValueError("text stands where bytes must be") from None
    return data if type(data) is bytearray else cast(bytes, _of_type(data, bytes))


def _array(kind: "np.dtype[Any]", shape: Any, data: Any, *, fortran: bool) -> "np.ndarray[Any, Any]":
    sizes = (shape,) if isinstance(shape, int) else _of_type(shape, tuple)
    if len(sizes) > 32 or any(type(size) is not int or not 0 <= size < 2**48 for size in sizes):
        raise ValueError(f"an array has the shape {str(sizes)[:60]}")
    contents = _bytes(data)
    if math.prod(sizes) * kind.itemsize != len(contents):
        raise ValueError(f"an array of shape {sizes} and type {kind.str} has {len(contents)} bytes")
    values = np.frombuffer(contents, dtype=kind) if contents else np.empty(0, kind)
    values.flags.writeable = False
    return values.reshape(sizes, order="F" if fortran else "C")


def is_pickle_name(path: str) -> bool:
    """Whether a path is that of a feature pickle."""
    return os.path.splitext(path)[1].lower() in (".pkl", ".pickle")
