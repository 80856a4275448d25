"""The page and the films of a run."""

from pathlib import Path

import pytest

from moviellm.generation.views import write_views
from tests.generation.runs.cellkit import build_movies, put_record


@pytest.mark.parametrize("name", ["storyboard.html", "films/m00000.mp4", "films/m00000.srt", "films/m00000.vtt"])
def test_a_folder_in_the_place_of_a_view_is_named_before_anything_is_written(tmp_path: Path, name: str) -> None:
    put_record(tmp_path, movies=1)
    build_movies(tmp_path, [0])
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(ValueError, match=f"{name} is a folder where a file belongs; delete it by hand"):
        write_views(tmp_path, None, films=True)
    assert [path for path in (tmp_path / "films").glob("*") if path.is_file()] == []
