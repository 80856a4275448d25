"""Answers of models that write about films of others and test the questions, for the double.

    answers = FilmAnswers(known=("The Key",))       # a film that it knows by name, and answers from its title
    answers = FilmAnswers(cites="nothing")          # or `invented`: ids that are not there; `once`: until told

    python -m tests.servers.openai_double --port 8000 --answers film

It asks one plain question a slot about the shots and lines that it is shown, remembers what is right, and is right
about what it is shown whole; blind it takes the first option. Same data, same answer.
"""

from collections.abc import Sequence
from typing import Any

from tests.servers.gate_answers import GateAnswers

SEEING = {"gate_full", "gate_evidence"}
"""Who has what the question asks for."""
OPENERS = {
    "plot": 'Tell the event of the time of "{what}"',
    "cause": 'Why does it come to "{what}"',
    "character": 'Who is it that is there at "{what}"',
    "visual": 'Where is "{what}" seen',
    "state": 'Name the place of "{what}"',
    "dialogue": 'Give the words that follow "{what}"',
    "overview": 'Describe the story from "{what}" on to the end',
    "count": 'How many of these are there in a row: "{what}"',
    "order": 'Put in order what follows "{what}"',
    "moment": 'When does this happen: "{what}"',
    "unanswerable": 'What does the tax collector Zebulon think of "{what}"',
}


class FilmAnswers:
    """See the module."""

    def __init__(self, known: Sequence[str] = (), cites: str = "what is there", **leaks: float) -> None:
        """`leaks`: how often a gate that should not know is right all the same, by its name."""
        self.known_titles = set(known)
        self.cites = cites
        self.gates = GateAnswers(leaks={**dict.fromkeys(BLIND, 0.0), "gate_full": 1.0, "gate_evidence": 1.0, **leaks})
        self.spans: dict[str, tuple[float, float]] = {}
        """Moments by question."""
        self.starts: dict[str, float] = {}
        """When a happening is shown, by its words."""
        self._again: set[str] = set()

    def __call__(self, name: str, data: dict[str, Any], schema: dict[str, Any], seed: int) -> Any:
        if name == "film_captions":
            return {
                "captions": [f"Somebody stands before the wall in picture {i + 1}." for i in range(data["pictures"])]
            }
        if name == "questions":
            return self._asked(data, seed)
        if name in ("gate_full", "gate_evidence", "gate_title_only"):
            knows = name in SEEING or data.get("title") in self.known_titles
            found = self._solved(data) if knows else None
            return found or self.gates("gate_full" if knows else "gate_blind", data, schema, seed)
        return self.gates(name, data, schema, seed)

    def _solved(self, data: dict[str, Any]) -> dict[str, Any] | None:
        """Answers that follow from what was shown: moments and orders."""
        question = data["question"]
        if data["answer_format"] == "temporal_grounding" and question in self.spans:
            start_s, end_s = self.spans[question]
            return {"rationale": "It is seen there.", "start_s": start_s, "end_s": end_s}
        for letter, option in data.get("options", {}).items():
            parts = option.split(", then ")
            starts = [self.starts.get(part, -1.0) for part in parts]
            if len(parts) > 2 and min(starts) >= 0.0 and starts == sorted(starts):
                return {"rationale": "One after the other.", "option": letter}
        return None

    def _asked(self, data: dict[str, Any], seed: int) -> dict[str, Any]:
        scenes = data["part"]["scenes"]
        shots = [shot for scene in scenes for shot in scene["shots"]]
        lines = [line for scene in scenes for line in scene["lines"]]
        part = data["film"]["asked"][0]
        made = [self._one(slot, shots[part:] or shots, lines) for slot in data["slots"]]
        skipped = [
            {"slot": slot["slot"], "reason": "nothing"}
            for slot, one in zip(data["slots"], made, strict=True)
            if one is None
        ]
        found = [one for one in made if one is not None]
        first = str(seed) not in self._again
        self._again.add(str(seed))
        if self.cites == "nothing":
            found = [one | {"keyframes": [], "lines": [], "items": []} for one in found]
        elif self.cites == "invented" or (self.cites == "once" and first):
            found = [one | {"keyframes": ["c99s99k99"]} for one in found]
        return {"questions": found, "skipped": skipped}

    def _one(self, slot: dict[str, Any], shots: list[Any], lines: list[Any]) -> dict[str, Any] | None:
        number, kind = slot["slot"], slot["type"]
        shot = shots[number * 7 % len(shots)]
        near = [line for line in lines if line[0].partition("d")[0] == shot[0].partition("k")[0]]  # of its scene
        said = next((line for line in near if shot[1] <= line[1] < shot[2]), near[0] if near else None)
        what = f"{said[3] if said else 'the silence'} at {shot[1]:g} s".replace('"', "")
        made: dict[str, Any] = {"slot": number, "question": OPENERS[kind].format(what=what) + "?", "answer": ""}
        made |= {"distractors": [], "keyframes": [shot[0]], "lines": [said[0]] if said else [], "items": []}
        if kind in ("order", "count"):
            few = shots[number % 3 :][:3] if slot["level"] != "keyframe" else shots[:1]
            few = (
                [one for one in few if one[0][:6] == few[0][0][:6]] if slot["level"] in ("scene", "keyframe") else few
            )
            items = [{"text": f"part {number} of it at {one[1]:g}", "keyframe": one[0]} for one in few]
            self.starts |= {item["text"]: one[1] for item, one in zip(items, few, strict=True)}
            return None if len(items) < 3 else made | {"keyframes": [], "lines": [], "items": items}
        if kind == "moment":
            self.spans[made["question"]] = (shot[1], shot[2])
            return made | {"lines": []}
        if kind == "unanswerable":
            return made | {"keyframes": [], "lines": []}
        right = f"The talk is of {said[3].split()[0] if said else 'silence'} ({number})"
        if slot["format"] == "multiple_choice":
            made["distractors"] = [f"The talk is of the {word} ({number})" for word in ("harvest", "rain", "train")]
        self.gates.known[made["question"]] = right
        return made | {"answer": right}


BLIND = (
    "gate_blind",
    "gate_dialogue_only",
    "gate_synopsis_only",
    "gate_single_frame",
    "gate_shuffled",
    "gate_title_only",
)
_ALL: list[FilmAnswers] = []


def answers(name: str, data: dict[str, Any], schema: dict[str, Any], seed: int) -> Any:
    """For the command line: a model that writes about any film and knows none by name."""
    if not _ALL:
        _ALL.append(FilmAnswers())
    return _ALL[0](name, data, schema, seed)
