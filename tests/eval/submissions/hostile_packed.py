"""Bundles that nobody should send, packed: archives, folders and Parquet. See hostile.py; CASES has them all.

case = CASES["zip-bomb"]
"""

import io
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.eval.submissions.hostile import CASES, case, single, zipped
from tests.eval.submissions.kit import Files, files, write_folder, write_zip

__all__ = ["CASES"]


# ---------------------------------------------------------------------------------------------- archives


def info(name: str, mode: int = 0) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    made.create_system = 3
    return made


zipped("zip-parent", "E016", ("../evil.txt", b"a"))
zipped("zip-parent-inside", "E016", ("predictions/../../evil.txt", b"a"))
zipped("zip-absolute", "E016", ("/etc/cron.d/evil", b"a"))
zipped("zip-drive", "E016", ("C:\\evil.txt", b"a"))
zipped("zip-backslash", "E016", ("predictions\\qa_mc.jsonl", b"a"))
zipped("zip-pickle", "E016", ("predictions/qa_mc.pkl", b"\x80\x04."))
zipped("zip-another-task", "E016", ("predictions/qa_fun.jsonl", b"{}\n"))
zipped("zip-in-a-zip", "E016", ("more.zip", b"PK\x05\x06" + b"\0" * 18))
zipped("zip-code", "E016", ("setup.py", b"import os\n"))
zipped("zip-symlink", "E017", (info("predictions/link.jsonl", 0o120777), b"/etc/passwd"))
zipped("zip-device", "E016", (info("predictions/null", 0o020666), b""))
zipped("zip-twice", "E006", ("submission.yaml", b"a: 1\n"))
zipped("zip-twice-but-for-capitals", "E006", ("Submission.YAML", b"a: 1\n"))
zipped("zip-two-forms-of-a-task", "E006", ("predictions/qa_mc.parquet", b"PAR1"))
zipped("zip-many-members", "E018", *((f"predictions/{number}.jsonl", b"") for number in range(65)))
zipped("zip-bomb", "E007 E018", qa_open=b"0" * 900_000)
zipped("zip-bomb-of-another-name", "E018", ("bomb.txt", b"0" * 20_000_000))


def symlink_for_a_file(place: Path) -> Path:
    content = files()
    del content["predictions/qa_mc.jsonl"]
    link = (info("predictions/qa_mc.jsonl", 0o120777), b"/etc/passwd")
    return write_zip(place / "bundle.zip", [*content.items(), link])


def folder_around(place: Path) -> Path:
    return write_zip(place / "bundle.zip", [(f"mine/{name}", data) for name, data in files().items()])


def cut_off(place: Path) -> Path:
    path = write_zip(place / "bundle.zip", files().items())
    path.write_bytes(path.read_bytes()[:-40])
    return path


def changed(place: Path, old: bytes, new: bytes, *, packed: bool = False) -> Path:
    """A zip of which some bytes are others, of the same length."""
    path = write_zip(place / "bundle.zip", files().items(), packed=packed)
    data = path.read_bytes()
    assert old in data and len(old) == len(new)
    path.write_bytes(data.replace(old, new))
    return path


def lies_of_its_size(place: Path) -> Path:
    """A member that says that it is small and unfolds to much."""
    bomb = b"0" * 600_000
    path = write_zip(place / "bundle.zip", files(qa_open=bomb).items())
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<L", len(bomb)), struct.pack("<L", 3_000)))
    return path


def encrypted(place: Path) -> Path:
    path = write_zip(place / "bundle.zip", files().items())
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(bytes(data))
    return path


def many_entries(place: Path) -> Path:
    """A directory of which the end record says that it has one entry."""
    content = [*files().items(), *((f"predictions/{number:05d}", b"") for number in range(2_000))]
    path = write_zip(place / "bundle.zip", content, packed=False)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x05\x06")
    data[at + 8 : at + 12] = struct.pack("<HH", 1, 1)
    path.write_bytes(bytes(data))
    return path


def tar(place: Path, ending: str = "tar", link: bool = False) -> Path:
    path = place / f"bundle.{ending}"
    with tarfile.open(path, "w:gz" if ending == "tar.gz" else "w") as archive:
        for name, data in files().items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        if link:
            member = tarfile.TarInfo("predictions/link")
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
    return path


def nul_in_a_name(place: Path) -> Path:
    path = write_zip(place / "bundle.zip", [*files().items(), ("submission.yaml_.exe", b"a")])
    path.write_bytes(path.read_bytes().replace(b"submission.yaml_.exe", b"submission.yaml\0.exe"))
    return path


def text_named_zip(place: Path) -> Path:
    (place / "bundle.zip").write_bytes(b"no archive at all\n")
    return place / "bundle.zip"


case("zip-symlink-for-a-file", "E007 E017", symlink_for_a_file)
case("zip-folder-around", "E007 E008 E016", folder_around)
case("zip-cut-off", "E016", cut_off)
case("zip-wrong-checksum", "E007 E016", lambda place: changed(place, b"a brass key", b"a wrong key"))
case("zip-lies-of-its-size", "E007 E018", lies_of_its_size)
case("zip-encrypted", "E007 E016", encrypted)
case("zip-hidden-members", "E018", many_entries)
case("zip-nul-in-a-name", "E016", nul_in_a_name)
case("zip-that-is-none", "E016", text_named_zip)
case("tar", "E016", tar)
case("tar-packed", "E016", lambda place: tar(place, "tar.gz"))
case("tar-symlink", "E016 E017", lambda place: tar(place, link=True))


# ---------------------------------------------------------------------------------------------- folders


def folder_with(name: str, put: Callable[[Path], None], without: str | None = None) -> Callable[[Path], Path]:
    def make(place: Path) -> Path:
        content: Files = files()
        if without is not None:
            del content[without]
        bundle = write_folder(place / "bundle", content)
        put(bundle / name)
        return bundle

    return make


def link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


MC = "predictions/qa_mc.jsonl"
case("folder-without-a-declaration", "E008", folder_with("x", lambda path: None, "submission.yaml"))
case("folder-without-a-task", "E007", folder_with("x", lambda path: None, MC))
case("folder-symlink", "E007 E017", folder_with(MC, link_to("/etc/passwd"), MC))
case("folder-endless-device", "E007 E017", folder_with(MC, link_to("/dev/zero"), MC))
case("folder-pipe", "E007 E016", folder_with(MC, lambda path: os.mkfifo(path), MC))
case("folder-for-a-file", "E007 E016", folder_with(MC, lambda path: path.mkdir(), MC))
case("folder-more-files", "E016", folder_with("results.json", lambda path: path.write_bytes(b"{}") and None))

# ---------------------------------------------------------------------------------------------- Parquet


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


SPANS = pa.list_(pa.float64())
single("parquet-no-parquet", "E002 E007", "qa_mc", b"PAR1 but no more", "parquet")
single("parquet-cut-off", "E002 E007", "qa_mc", parquet({"id": ["m1", "m2"], "choice": ["A", "B"]})[:-20], "parquet")
single("parquet-empty", "E007 E029", "qa_mc", b"", "parquet")
single(
    "parquet-no-rows",
    "E007 E029",
    "qa_mc",
    parquet({"id": pa.array([], pa.string()), "choice": pa.array([], pa.string())}),
    "parquet",
)
single(
    "parquet-nan",
    "E003",
    "grounding",
    parquet({"id": ["g1", "g2"], "span": pa.array([[float("nan")] * 2, [1, 2]], SPANS)}),
    "parquet",
)
single(
    "parquet-null-in-a-span",
    "E008",
    "grounding",
    parquet({"id": ["g1", "g2"], "span": pa.array([[None, 2], [1, 2]], SPANS)}),
    "parquet",
)
single("parquet-binary-ids", "E007 E008", "qa_mc", parquet({"id": [b"m1", b"m2"], "choice": ["A", "B"]}), "parquet")
single(
    "parquet-unknown-column",
    "E007 E009",
    "qa_mc",
    parquet({"id": ["m1", "m2"], "choice": ["A", "B"], "x": [1, 2]}),
    "parquet",
)
single("parquet-no-column", "E008", "qa_mc", parquet({"id": ["m1", "m2"]}), "parquet")
single("parquet-duplicate-id", "E006 E007", "qa_mc", parquet({"id": ["m1", "m1"], "choice": ["A", "B"]}), "parquet")
single(
    "parquet-many-rows", "E007 E015", "qa_mc", parquet({"id": ["m1"] * 100_000, "choice": ["A"] * 100_000}), "parquet"
)
single(
    "parquet-bomb",
    "E007 E018",
    "qa_open",
    parquet(
        {"id": ["q1"], "answer": ["a" * 5_000_000]}, compression="zstd", use_dictionary=False, write_statistics=False
    ),
    "parquet",
)
single(
    "parquet-not-utf8",
    "E001 E007",
    "qa_open",
    parquet({"id": ["q1"], "answer": ["abcdefgh"]}, compression="none", use_dictionary=False).replace(
        b"abcdefgh", b"abcd\xff\xfegh"
    ),
    "parquet",
)
