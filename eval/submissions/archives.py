"""A zip read as streams, without trust in what it says of itself; a tar is looked through and refused.

    with members_of_zip(file, allowed, limits, problems) as members:
        members["submission.yaml"]()            # its bytes, in pieces

The size of the directory is checked before it is read. A member is opened only under a name that a bundle may have,
plain or deflated, and its bytes are counted while they come: what unfolds to more than it may is ended there.
"""

import copy
import io
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, Final

from moviellm.eval.submissions.index import Limits
from moviellm.eval.submissions.problems import Problems, Refused, placed, plain

PIECE_BYTES: Final = 65_536
END: Final = struct.Struct("<4s4H2LH")
"""The end record of a zip."""
END_MARK: Final = b"PK\x05\x06"
END_64_MARK: Final = b"PK\x06\x07"
COMMENT_MAX: Final = 65_535
ENTRY_BYTES_MAX: Final = 46 + 1_024
"""Of the directory, for one member: the fixed part, a name, and what tools add."""
SMALL_BYTES: Final = 4_096
"""What unfolds to no more is no bomb, whatever the ratio."""
TAR_MARK_AT: Final = 257
PACKED: Final = {b"\x1f\x8b": "gz", b"BZ": "bz2", b"\xfd7": "xz"}
ARCHIVE_NAMES: Final = re.compile(r"\.(zip|tar|t?gz|bz2|xz|zst|7z|rar|jar|whl)\Z", re.IGNORECASE)
DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OSError,
)
"""What Python's reader raises for a broken archive."""
Members = dict[str, Callable[[], Iterator[bytes]]]


def looks_like_zip(file: BinaryIO) -> bool:
    """Whether a file begins or ends as a zip does."""
    start = _start(file, 4)
    return start[:4] in (b"PK\x03\x04", END_MARK) or _end_record(file) is not None


def looks_like_tar(file: BinaryIO) -> bool:
    """Whether a file is a tar, packed or not."""
    start = _start(file, TAR_MARK_AT + 5)
    return start[TAR_MARK_AT:] == b"ustar" or start[:2] in PACKED


def _start(file: BinaryIO, size: int) -> bytes:
    file.seek(0)
    return file.read(size)


def tell_of_tar(file: BinaryIO, limits: Limits, problems: Problems) -> None:
    """Refuse a tar, and say what else is wrong with its members as far as a few of them show it."""
    problems.add("E016", "the bundle", "a tar or a packed file; a bundle is a folder or a zip")
    file.seek(0)
    packed = PACKED.get(file.read(2), "")
    if packed:
        return
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            for number, member in enumerate(tar, 1):
                if number > limits.max_archive_members:
                    problems.add("E018", "the bundle", f"more than {limits.max_archive_members} members")
                    return
                if member.issym() or member.islnk():
                    problems.add("E017", placed(member.name), "a link", file="links")
    except (tarfile.TarError, *DAMAGED):
        return


@contextmanager
def members_of_zip(
    file: BinaryIO, allowed: Mapping[str, str], limits: Limits, problems: Problems
) -> Iterator[Members | None]:
    """The files of a zip that a bundle may hold; what else is there is told. None where it cannot be read."""
    refusal = _directory_fault(file, limits)
    if refusal is not None:
        problems.add(refusal.code, "the zip", refusal.message)
        yield None
        return
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGED as error:
        problems.add("E016", "the zip", f"it cannot be read: {plain(str(error))}")
        yield None
        return
    with archive:
        yield _checked(archive, allowed, limits, problems)


def _directory_fault(file: BinaryIO, limits: Limits) -> Refused | None:
    """What is wrong with the directory, before Python reads all of it into memory."""
    found = _end_record(file)
    if found is None:
        return Refused("E016", "it is no zip, or is cut off")
    size, tail = found
    _, _, _, _, entries, directory_bytes, _, _ = END.unpack(tail[: END.size])
    file.seek(max(0, size - 20))
    if file.read(4) == END_64_MARK:
        return Refused("E018", "a zip of the kind for huge archives")
    if entries > limits.max_archive_members:
        return Refused("E018", f"{entries} members; at most {limits.max_archive_members} are allowed")
    if directory_bytes > limits.max_archive_members * ENTRY_BYTES_MAX:
        return Refused("E018", f"a directory of {directory_bytes} bytes")
    return None


def _end_record(file: BinaryIO) -> tuple[int, bytes] | None:
    """Where the end record lies, as Python's reader looks for it, and its bytes."""
    size = _size(file)
    begin = max(0, size - COMMENT_MAX - END.size)
    file.seek(begin)
    tail = file.read(COMMENT_MAX + END.size)
    at = tail.rfind(END_MARK)
    return None if at < 0 or len(tail) - at < END.size else (begin + at, tail[at:])


def _size(file: BinaryIO) -> int:
    return file.seek(0, io.SEEK_END)


def _checked(
    archive: zipfile.ZipFile, allowed: Mapping[str, str], limits: Limits, problems: Problems
) -> Members | None:
    infos = archive.infolist()
    if len(infos) > limits.max_archive_members:
        problems.add("E018", "the zip", f"{len(infos)} members; at most {limits.max_archive_members} are allowed")
        return None
    members: Members = {}
    lower: set[str] = set()
    for info in infos:
        name = info.orig_filename
        if name.lower() in lower:
            problems.add("E006", placed(name), "a second file of this name, or but for capitals", file="files")
            continue
        lower.add(name.lower())
        fault = _member_fault(info, allowed)
        if info.file_size > _most(info, limits):
            problems.add("E018", placed(name), f"{info.compress_size} bytes unfold to {info.file_size}", file="files")
        elif fault is not None:
            problems.add(fault.code, placed(name), fault.message, file="files")
        elif not info.is_dir():
            members[name] = _opener(archive, info, limits)
    return members


def _member_fault(info: zipfile.ZipInfo, allowed: Mapping[str, str]) -> Refused | None:
    name, mode = info.orig_filename, info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return Refused("E017", "a link; a bundle holds the file itself")
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or "\\" in name or "\0" in name or ".." in parts or re.match("[A-Za-z]:", name):
        return Refused("E016", "a path that leads out of the bundle")
    if info.is_dir():
        return None if name == "predictions/" else Refused("E016", "no folder of a bundle")
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return Refused("E016", "no plain file")
    if ARCHIVE_NAMES.search(name):
        return Refused("E016", "an archive in the archive")
    if name not in allowed:
        inner = next((known for known in allowed if name.endswith(f"/{known}")), None)
        return Refused("E016", f"no file of a bundle{f'; put {inner} at the top of the zip' if inner else ''}")
    if info.flag_bits & 0x1:
        return Refused("E016", "encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return Refused("E016", "packed otherwise than by deflate")
    return None


def _most(info: zipfile.ZipInfo, limits: Limits) -> int:
    """Bytes to which a member may unfold."""
    return max(SMALL_BYTES, int(limits.max_archive_ratio * info.compress_size))


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> Callable[[], Iterator[bytes]]:
    """The bytes of a member, counted as they come, whatever it says of its size."""
    most = min(limits.max_file_bytes, _most(info, limits))
    unbelieved = copy.copy(info)
    unbelieved.file_size = most + PIECE_BYTES

    def pieces() -> Iterator[bytes]:
        size = 0
        if info.file_size > limits.max_file_bytes:
            raise Refused("E015", f"more than {limits.max_file_bytes} bytes")
        try:
            with archive.open(unbelieved) as file:
                while piece := file.read(PIECE_BYTES):
                    size += len(piece)
                    if size > info.file_size or size > most:
                        raise Refused("E018", f"it unfolds to more than the {info.file_size} bytes that it says")
                    yield piece
        except DAMAGED as error:
            raise Refused("E016", f"the member cannot be read: {plain(str(error))}") from None

    return pieces
