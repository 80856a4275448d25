"""Which kind of older data a JSON file is, so that a wrong kind is answered with the right one.

    check_kind(found, "vtimellm", "train.json")     # ValueError: ... looks like video-chatgpt ...

It looks at the first records only and reads no file: see records.py.
"""

from typing import Any

from moviellm.generation.imports.story_json import looks_like_story

LOOKED_AT = 2_000
"""Records that are looked at."""


def kinds_of(found: Any) -> list[str]:
    """The kinds that some JSON may be, the likeliest first."""
    if looks_like_story(found):
        return ["dreamframe"]
    records = [one for one in found[:LOOKED_AT] if isinstance(one, dict)] if isinstance(found, list) else []
    talks = [one for one in records if isinstance(one.get("conversations"), list)]
    if any({"q", "a", "video_id"} <= one.keys() for one in records):
        return ["video-chatgpt"]
    if any(isinstance(one.get("meta"), dict) for one in talks):
        return ["vtimellm"]
    if any("video" in one for one in talks):
        films = any("<video>" in str(one["conversations"][:1]) for one in talks)
        return ["video-chatgpt"] if films else ["long-videoqa"]
    if any("<video>" in str(one["conversations"][:1]) for one in talks):
        return ["vtimellm"]
    return ["vtimellm", "long-videoqa"] if any("image" in one for one in talks) else []


def check_kind(found: Any, kind: str, name: str) -> None:
    """Refuse JSON that is of no kind, or plainly of another one.

    Raises:
        ValueError: it looks like another kind; the message says which and what to type.
    """
    looks = kinds_of(found)
    if not looks:
        raise ValueError(f"{name} is no {kind} file, nor of another kind that can be imported")
    if kind not in looks:
        other = looks[0]
        raise ValueError(f"{name} looks like {other}, not {kind}: moviellm dataset import {other} {name} --out FOLDER")
