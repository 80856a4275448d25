"""Messages of a chat become what is shown, and turns.

    visuals, turns = turns_of([{"role": "user", "content": [{"type": "video", "url": "a.mp4"}, ...]}])

What is shown stands before the first question, wherever it stood; words of the system stand before it too. Messages
of one role in a row are one turn. It reads no film.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def turns_of(messages: Sequence[Mapping[str, Any]]) -> tuple[list[Any], tuple[str, ...]]:
    """What messages show, and what they say by turns: questions and answers, the question last.

    Raises:
        ValueError: they do not end with a question, or hold sound.
    """
    visuals: list[Any] = []
    turns: list[tuple[str, str]] = []
    for message in messages:
        role = "user" if message["role"] == "system" else str(message["role"])
        words = _words(message["content"], visuals)
        if turns and turns[-1][0] == role:
            turns[-1] = (role, "\n".join(filter(None, (turns[-1][1], words))))
        else:
            turns.append((role, words))
    roles = [role for role, _ in turns]
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"] or not turns[-1][1].strip():
        raise ValueError(f"messages of {', '.join(roles) or 'nobody'} are no talk that ends with a question of a user")
    return visuals, tuple(words for _, words in turns)


def _words(content: Any, visuals: list[Any]) -> str:
    if isinstance(content, str):
        return content
    words = []
    for part in content:
        kind = part["type"]
        if kind == "text":
            words.append(str(part["text"]))
        elif kind in {"image", "video"}:
            visuals.append(_shown(part))
        else:
            raise ValueError(f"a message holds {kind}: this model reads text, pictures and films")
    return "".join(words)


def _shown(part: Mapping[str, Any]) -> Any:
    """A picture or a film, with the stretch that is wanted of it."""
    found = part.get("url", part.get(part["type"]))
    stretch = {f"video_{end}": part[f"{end}_time"] for end in ("start", "end") if part.get(f"{end}_time") is not None}
    return {"type": "video", "url": found, **stretch} if part["type"] == "video" else found
