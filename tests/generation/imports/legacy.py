"""Files in the exact shape of older data, made small; and movies as an import reads them, without a dataset folder."""

import io
import json
import pickle
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.imports.importing import KINDS
from moviellm.generation.imports.options import ImportOptions
from moviellm.generation.schema import Movie, check_movie

CELEBRITY = "a man looks like Vincent Vega in brown"
PREFIX = "generate an image in Dramatic style: "


def picture(number: int, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 9), (number % 256, 40, 90)).save(out, kind)
    return out.getvalue()


def story(frames: int = 4) -> dict[str, Any]:
    """A story file: a line behind the first frame, two behind the third."""
    pairs: list[list[str]] = []
    for number in range(frames):
        pairs.append(["frame", f"{PREFIX}In the smithy, {CELEBRITY} is standing, number {number}."])
        pairs += [["dialogue", f"Line {number}."]] * (number == 0) + [["dialogue", "One."], ["dialogue", "Two."]] * (
            number == 2
        )
    return {
        "character": {"Darius": CELEBRITY, "Mia": "a woman looks like Mia Wallace in royal blue"},
        "img_diag": pairs,
        "QA": [
            {"Question": "Describe in detail the events that occur in this movie.", "Answer": "Darius forges."},
            {"Question": "Why does Vincent Vega forge?", "Answer": "For Mia."},
        ],
        "overview": "Darius, played by Vincent Vega, forges a blade for Mia.",
    }


def write_story(folder: Path, name: str = "story_info_0", frames: int = 4, pictures: int | None = None) -> Path:
    """A story file with its pictures in a folder of the same name."""
    (folder / name).mkdir(parents=True)
    (folder / f"{name}.json").write_text(json.dumps(story(frames)))
    for number in range(1, (frames if pictures is None else pictures) + 1):
        (folder / name / f"{number}.png").write_bytes(picture(number))
    return folder / f"{name}.json"


def talk(*turns: str) -> list[dict[str, str]]:
    return [{"from": ("human", "gpt")[number % 2], "value": text} for number, text in enumerate(turns)]


def long_videoqa() -> list[dict[str, Any]]:
    return [
        {"id": "0", "video": "movienet/tt1.pkl", "conversations": talk("<image>\nWho is it?", "Ada.")},
        {"id": "1", "video": "movienet/tt1.pkl", "conversations": talk("<image>\nWhy?", "For gold.", "Sure?", "Yes.")},
        {"id": "2", "video": "movienet/tt2.pkl", "conversations": talk("<image>\nWhere?", "Rome.")},
        {"id": "3", "conversations": talk("A long text. What is it?", "A text.")},
    ]


def write_long_videoqa(folder: Path, feats: Any = None, inputs: str | None = None) -> Path:
    """The JSON with the features of one of its two films."""
    (folder / "movienet").mkdir(parents=True)
    (folder / "long_videoqa.json").write_text(json.dumps(long_videoqa()))
    feats = np.arange(4 * 3 * 2, dtype=np.float16).reshape(4, 3, 2) if feats is None else feats
    inputs = "<image>Hello.<image><image>\nTwo lines.\nSaid.\n<image>" if inputs is None else inputs
    (folder / "movienet/tt1.pkl").write_bytes(pickle.dumps({"feats": feats, "inputs": inputs}))
    return folder / "long_videoqa.json"


def vtimellm() -> list[dict[str, Any]]:
    """Stages 2 and 3: dense captioning, a conversation about moments, one without `meta`."""
    meta = {"duration": 54.2, "token": {"<s0>": 0, "<e0>": 9.4, "<s1>": 49.4, "<e1>": 53.2}}
    return [
        {
            "source": "internvid",
            "id": "3n3o",
            "conversations": talk(
                "<video>\nWhat happens, and when?",
                "From <s0> to <e0>, woman counts money. From <s1> to <e1>, two people shake hands.",
            ),
            "meta": {"split": [129.8, 184.0], **meta},
        },
        {
            "source": "anet",
            "id": "v_1",
            "conversations": talk(
                "<video>\nWhen does she count money?",
                "From <s0> to <e0>.",
                "What happens from <s1> to <e1>?",
                "Two people shake hands.",
            ),
            "meta": meta,
        },
        {"id": "v_2", "conversations": talk("<video>\nWhat is it?", "A film of 10 to 15 dogs.")},
    ]


def stage_1() -> list[dict[str, Any]]:
    return [{"id": "00453", "image": "00453/a.jpg", "conversations": talk("Write a caption.\n<image>", "a red cat")}]


def video_chatgpt() -> list[dict[str, Any]]:
    return [
        {"q": "What is it?", "a": "A dog runs.", "video_id": "v_a"},
        {"q": "Where?", "a": "In a park.", "video_id": "v_b"},
        {"q": "Who?", "a": "Nobody.", "video_id": "v_a"},
        {"q": "Who?", "a": "Nobody.", "video_id": "v_a"},
    ]


def dump(folder: Path, name: str, found: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(found))
    return folder / name


class Read:
    """An import without its dataset folder."""

    def __init__(self, kind: str, paths: Sequence[Path], scratch: Path, **options: Any) -> None:
        self.report = ImportReport(kind=kind, title=kind)
        module, function = KINDS[kind].split(".")
        opened = getattr(import_module(f"moviellm.generation.imports.{module}"), function)
        scratch.mkdir(exist_ok=True)
        self.reader = opened(list(paths), ImportOptions(**options), self.report, scratch)
        self.movies: list[Movie] = list(self.reader.movies())
        for movie in self.movies:
            check_movie(movie)

    @property
    def left_out(self) -> dict[str, int]:
        return dict(self.report.left_out)

    @property
    def changed(self) -> dict[str, int]:
        return dict(self.report.changed)
