"""imports/media.py: folders and zips are read in place, and hostile ones do no harm."""

import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from moviellm.generation.imports.media import LEADS_OUT, Media


def packed(path: Path, *names: str, data: bytes = b"abc", mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = mode << 16
            archive.writestr(entry, data)
    return path


def test_files_of_folders_and_zips_are_found(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/1.png").write_bytes(b"one")
    media = Media([tmp_path / "a", packed(tmp_path / "a.zip", "c/2.png", "__MACOSX/._2.png")])
    assert media.keys == ["0:/b/1.png", "1:/c/2.png"]
    assert [media.read(place, 10) for key in media.keys if (place := media.find(key))] == [b"one", b"abc"]


def test_files_of_the_same_name_in_two_zips_are_two(tmp_path: Path) -> None:
    media = Media([packed(tmp_path / "a.zip", "1.png", data=b"a"), packed(tmp_path / "b.zip", "1.png", data=b"b")])
    assert [media.read(place, 10) for key in media.keys if (place := media.find(key))] == [b"a", b"b"]
    assert media.find("1.png") == media.find("0:/1.png")


def test_a_file_is_found_by_the_last_part_of_its_name_where_only_one_has_it(tmp_path: Path) -> None:
    media = Media([packed(tmp_path / "a.zip", "x/1.pkl", "x/2.pkl", "y/2.pkl")])
    assert media.find("story_feat/1.pkl") == media.find("x/1.pkl") is not None
    assert media.find("story_feat/2.pkl") is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../../evil.png", "climbs out"),
        ("a/../../evil.png", "climbs out"),
        ("..\\evil.png", "climbs out"),
        ("/etc/passwd", "absolute"),
        ("C:/evil.png", "absolute"),
    ],
)
def test_a_zip_with_names_that_lead_out_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    path = packed(tmp_path / "a.zip", "good.png", name)
    with pytest.raises(ValueError, match=rf"a\.zip is refused: .*{reason}"):
        Media([path])
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.zip"]


def test_a_zip_with_a_link_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", "1.png", data=b"/etc/passwd", mode=stat.S_IFLNK | 0o777)
    with pytest.raises(ValueError, match="is a link"):
        Media([path])


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", "1.png")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="is encrypted"):
        Media([path])


def test_a_bomb_is_refused_unopened(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", "1.png", data=b"\0" * 20_000_000)
    with pytest.raises(ValueError, match="would grow from"):
        Media([path])


def test_a_file_that_announces_less_than_it_holds_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", "1.png", data=b"\0" * 5_000_000)
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(mark) + at, 10)
    path.write_bytes(data)
    media = Media([path])
    place = media.find("1.png")
    assert place is not None and place.bytes == 10
    tracemalloc.start()
    with pytest.raises(ValueError, match="is damaged|has not the 10 bytes"):
        media.read(place, 100)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_file_larger_than_allowed_is_refused(tmp_path: Path) -> None:
    media = Media([packed(tmp_path / "a.zip", "1.png")])
    place = media.find("1.png")
    assert place is not None
    with pytest.raises(ValueError, match="has 3 bytes; allowed are 2"):
        media.read(place, 2)


def test_a_damaged_file_of_a_zip_is_a_value_error(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", "1.png", data=b"abcdefgh" * 50)
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    media = Media([path])
    place = media.find("1.png")
    assert place is not None
    with pytest.raises(ValueError, match="is damaged"):
        media.read(place, 1000)


def test_no_zip_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ValueError, match="no folder and no zip"):
        Media([tmp_path / "a.txt"])


def test_links_that_lead_out_of_a_folder_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.png").symlink_to(tmp_path / "secret")
    (tmp_path / "a/2.png").write_bytes(b"two")
    (tmp_path / "a/3.png").symlink_to("2.png")
    (tmp_path / "a/up").symlink_to(tmp_path)
    media = Media([tmp_path / "a"])
    assert (media.keys, dict(media.left_out)) == (["0:/2.png", "0:/3.png"], {LEADS_OUT: 1})


def test_the_folder_of_a_named_file_is_not_searched_to_its_end(tmp_path: Path) -> None:
    for folder in ("", "a", "a/b", "a/b/c"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "1.png").write_bytes(b"x")
    assert Media([], beside=[tmp_path]).keys == ["0:/1.png", "0:/a/1.png", "0:/a/b/1.png"]


def test_a_file_in_a_zip_is_lent_as_a_file(tmp_path: Path) -> None:
    media = Media([packed(tmp_path / "a.zip", "x/1.npy")])
    place = media.find("1.npy")
    assert place is not None
    with media.as_file(place, tmp_path, 10) as file:
        assert file.read_bytes() == b"abc" and file.suffix == ".npy"
    assert not file.exists()
