"""Questions of the double: one for every slot of a part, citing what the part shows.

    value = questions(data)         # fits writers/answers.QuestionsAnswer

Their words are plain and their evidence exists; they are not good questions. See story_answers.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

OPENERS = {
    "English": {
        "plot": 'Name the thing that comes to pass here: "{what}"',
        "cause": "Why does it come to this: {what}",
        "character": "Who is it that is seen here: {what}",
        "visual": "Where is this seen: {what}",
        "state": 'Name the place of this: "{what}"',
        "dialogue": 'Give the name of the speaker of this: "{what}"',
        "overview": 'Describe the story of the part with "{what}"',
        "count": "How many of the people are seen in turn from here on: {what}",
        "order": 'Order the events after this: "{what}"',
        "moment": "When does this happen: {what}",
        "unanswerable": "What does the tax collector Zebulon think of this: {what}",
        "describe": 'Describe the events with their times, beginning with "{what}"',
        "tells": "The story tells that {what}",
    },
    "Spanish": {
        "plot": "Di lo que ocurre en este momento de la película: «{what}»",
        "cause": "¿Por qué se llega a esto en la película: {what}",
        "character": "¿Quién es la persona que se ve en esto: {what}",
        "visual": "¿Dónde se ve esto en la película: {what}",
        "state": "Di el lugar de la película en que esto es así: «{what}»",
        "dialogue": "Di el nombre de la persona que dice esto en la película: «{what}»",
        "overview": "Describe la historia de la parte de la película con {what}",
        "count": "¿Cuántos de los personajes se ven en la película desde esto: {what}",
        "order": "Ordena lo que ocurre en la película después de esto: {what}",
        "moment": "¿Cuándo ocurre esto en la película: {what}",
        "unanswerable": "¿Qué es lo que el recaudador Zebulón piensa de esto: {what}",
        "describe": "Describe lo que ocurre con sus tiempos, desde esto: «{what}»",
        "tells": "La historia dice que en la película {what}",
    },
}


def questions(data: Mapping[str, Any]) -> dict[str, Any]:
    """One question a slot; slots without material are skipped."""
    scenes = data["part"]["scenes"]
    frames = [(name, text, scene) for scene in scenes for name, text in scene["keyframes"]]
    lines = [(name, speaker, text) for scene in scenes for name, speaker, text in scene.get("lines", ())]
    answer: dict[str, Any] = {"questions": [], "skipped": []}
    for slot in data["slots"]:
        made = _one(slot, data["movie"], frames, lines)
        if made is None:
            answer["skipped"].append({"slot": slot["slot"], "reason": "there is nothing to ask"})
        else:
            answer["questions"].append({"slot": slot["slot"]} | made)
    return answer


def _one(
    slot: Mapping[str, Any], movie: Mapping[str, Any], frames: Sequence[Any], lines: Sequence[Any]
) -> dict[str, Any] | None:
    words, kind = OPENERS[movie["language"]], slot["type"]
    at = slot["slot"] * 7 % len(frames)
    name, text, scene = frames[at]
    what = f"{text.rstrip('.')} ({scene['time']}, {slot['slot']})?"
    made: dict[str, Any] = {"question": words[kind].format(what=what), "answer": "", "distractors": []}
    made |= {"keyframes": [name], "lines": [], "items": []}
    few = frames[at : at + 3] if len(frames) - at >= 3 else frames[-3:]
    few = [frame for frame in few if frame[2] is few[0][2]] if slot["level"] in ("scene", "keyframe") else few
    few = [frames[at]] * len(few) if slot["level"] == "keyframe" else few
    items = [{"text": f"{i + 1}: {item[1].rstrip('.')}", "keyframe": item[0]} for i, item in enumerate(few)]
    if slot["format"] == "dense_captioning":
        return made | {"question": words["describe"].format(what=what), "keyframes": [], "items": items}
    if kind == "unanswerable":
        return made | {"keyframes": []}
    if kind in ("count", "order"):
        return None if kind == "order" and len(items) < 3 else made | {"keyframes": [], "items": items}
    if kind == "moment":
        return made
    if kind == "dialogue":
        said = [line for line in lines if line[1] != "narrator"]
        if not said:
            return None
        line, speaker, spoken = said[slot["slot"] % len(said)]
        made |= {"question": words[kind].format(what=f"{spoken} ({slot['slot']})"), "keyframes": [], "lines": [line]}
        return made | _choice(slot, speaker, [p["name"] for p in movie["people"]], words)
    if kind == "character":
        seen = [p["name"] for p in movie["people"] if p["name"] in text] or [movie["people"][0]["name"]]
        return made | _choice(slot, seen[0], [p["name"] for p in movie["people"]], words)
    return made | _choice(slot, scene["place"], movie["places"], words)


def _choice(slot: Mapping[str, Any], right: str, pool: Sequence[str], words: Mapping[str, str]) -> dict[str, Any]:
    """An answer, and wrong options of its kind where the slot wants them."""
    if slot["format"] != "multiple_choice":
        return {"answer": words["tells"].format(what=right) + "."}
    wrong = [name for name in pool if name != right]
    near = sorted(wrong, key=lambda name: abs(len(name) - len(right)))[:3]
    while len(near) < 3:
        near.append(f"{right[:-1]}{'aeiou'[len(near)]}n")
    return {"answer": right, "distractors": near}
