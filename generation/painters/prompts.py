"""What a text-to-image model is asked: a brief becomes phrases, the most important first.

    keyframe_phrases(brief, "ink on wet paper", {})
    # ['ink on wet paper', 'medium shot of a tall person with red hair and a teal coat, reaching out, surprised', ...]

The writer's own sentence is the core, with people's fixed phrases in the place of their names (as in MovieLLM, arXiv
2403.01422, section 3.3, but without celebrities). What the structured fields say and the sentence does not is added
behind it: staging, objects, place, light. So a writer who says everything in the prompt is not repeated, and one who
says little is completed. How much of it a model reads is not known here: see texts.py.

Pure functions of the brief. Changing what they say changes every request, and so every picture.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final

from moviellm.generation.paintings import FigureBrief, KeyframeBrief, PortraitBrief
from moviellm.generation.schema import Emotion, Pose, Shot, TimeOfDay, Weather, canonical_json

PROMPT_ID: Final = "painters/prompts"
SHOTS: Final[dict[Shot, str]] = {
    "wide": "wide shot",
    "medium": "medium shot",
    "close": "close-up",
    "two_shot": "two shot",
    "over_shoulder": "over-the-shoulder shot",
    "insert": "close-up of an object",
}
POSES: Final[dict[Pose, str]] = {
    "stand": "standing",
    "walk": "walking",
    "run": "running",
    "sit": "sitting",
    "read": "reading",
    "grieve": "head bowed in grief",
    "reach": "reaching out",
    "reach_up": "reaching up",
    "point": "pointing",
    "give": "handing something over",
    "talk": "talking",
    "think": "thinking",
    "carry": "carrying something",
    "hold_up": "holding something up",
    "kneel": "kneeling",
    "crouch": "crouching",
    "wave": "waving",
    "weep": "weeping",
    "hug": "hugging",
    "write": "writing",
    "phone": "on the telephone",
    "eat": "eating",
    "sleep": "asleep",
    "dig": "digging",
    "mend": "mending something",
    "hurt": "hurt",
    "caught": "caught in the act",
}
EMOTIONS: Final[dict[Emotion, str]] = {
    "calm": "calm face",
    "happy": "happy face",
    "sad": "sad face",
    "angry": "angry face",
    "afraid": "frightened face",
    "surprised": "surprised face",
    "worried": "worried face",
    "tender": "tender face",
}
TIMES: Final[dict[TimeOfDay, str]] = {"dawn": "at dawn", "day": "by day", "dusk": "at dusk", "night": "at night"}
WEATHERS: Final[dict[Weather, str]] = {
    "clear": "clear sky",
    "cloudy": "cloudy sky",
    "rain": "rain",
    "snow": "snow",
    "fog": "fog",
    "storm": "storm",
}
LIGHT_WORDS: Final[dict[TimeOfDay, str]] = {
    "dawn": r"\b(dawn|sunrise|morning)\b",
    "day": r"\b(day|daylight|noon|afternoon|sunlit|sunny)\b",
    "dusk": r"\b(dusk|sunset|evening|twilight)\b",
    "night": r"\b(night|moonlight|moonlit|midnight)\b",
}
"""A prompt that has one of these says the time of day already."""
WEATHER_WORDS: Final[dict[Weather, str]] = {
    "clear": r"\b(clear|sunny|blue sky)\b",
    "cloudy": r"\b(cloud\w*|overcast|grey sky)\b",
    "rain": r"\b(rain\w*|drizzle|downpour)\b",
    "snow": r"\b(snow\w*)\b",
    "fog": r"\b(fog\w*|mist\w*)\b",
    "storm": r"\b(storm\w*|thunder\w*|lightning)\b",
}
PORTRAIT: Final = "portrait of {appearance}, head and shoulders, facing the viewer, plain background, even light"
STYLE_PICTURE: Final = "a quiet street with a house, a tree and a bench, nobody in sight"
"""What the one style picture shows, where a style is locked by reference: nobody of the movie."""


def prompts_sha256() -> str:
    """Hash of the wordings of this page; with the phrases themselves it says where a prompt came from."""
    words = [SHOTS, POSES, EMOTIONS, TIMES, WEATHERS, LIGHT_WORDS, WEATHER_WORDS, PORTRAIT, STYLE_PICTURE]
    return hashlib.sha256(canonical_json(words).encode()).hexdigest()


def style_phrase(keyword: str, description: str) -> str:
    """A style in words; empty where nothing is said about it."""
    if not keyword or _says(description, keyword):
        return description
    return f"{keyword} style, {description}" if description else f"{keyword} style"


def portrait_phrases(brief: PortraitBrief, style: str) -> list[str]:
    """One person alone, as every picture of them shows them."""
    return [PORTRAIT.format(appearance=brief.appearance), style]


def style_picture_phrases(style: str) -> list[str]:
    """The picture that stands for a style."""
    return [style, STYLE_PICTURE]


def keyframe_phrases(brief: KeyframeBrief, style: str, images: Mapping[str, int]) -> list[str]:
    """A keyframe in phrases, the most important first.

    Args:
        style: How the style is asked for: its phrases, its token, or `in the style of image 1`.
        images: For each character id the number of the reference image that shows them, where there is one.
    """
    core = [part for part in _parts(_named(brief.prompt, brief.figures)) if part != brief.style.description]
    phrases = core or [SHOTS[brief.shot]]
    if not any(_says(part, SHOTS[brief.shot]) for part in phrases):
        phrases[0] = f"{SHOTS[brief.shot]} of {phrases[0]}"
    for add in (_people, _things, _place, _light):
        phrases += [part for part in add(brief, phrases) if part not in phrases]
    return _numbered([style, *phrases], brief.figures, images)


def _named(prompt: str, figures: Sequence[FigureBrief]) -> str:
    """The prompt with looks in the place of names. Longer names first: `Ann Lee` is not an `Ann` with a `Lee`."""
    for one in sorted(figures, key=lambda one: -len(one.name)):
        said = one.appearance.lower() in prompt.lower()

        def looks(match: re.Match[str], one: FigureBrief = one) -> str:
            nonlocal said
            said, again = True, said
            return _again(one.appearance) if again else one.appearance

        prompt = re.sub(rf"(?<!\w){re.escape(one.name)}(?!\w)", looks, prompt)
    return prompt


def _again(appearance: str) -> str:
    """How a person who was described is called from then on: `a tall man with a hat` is `the tall man`."""
    head = re.split(r",| with | in | wearing ", appearance)[0]
    return f"the {re.sub(r'^(an?|the) ', '', head)}"


def _parts(text: str) -> list[str]:
    """The text at its semicolons and full stops: a part is the least that is left out whole."""
    parts = re.split(r";|(?<=[^\W\d])[.!?]+(?=\s|$)", " ".join(text.split()))
    return [part.strip(" ,") for part in parts if part.strip(" ,")]


def _says(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words.lower())}(?!\w)", text.lower()) is not None


def _said(phrases: Sequence[str], words: str) -> bool:
    return any(_says(phrase, words) for phrase in phrases)


def _people(brief: KeyframeBrief, phrases: Sequence[str]) -> list[str]:
    """Staging of people whose looks are not in the prompt."""
    added = []
    for one in brief.figures:
        if not _said(phrases, one.appearance):
            staged = [one.appearance, POSES[one.figure.pose], EMOTIONS[one.figure.emotion]]
            if one.figure.holding:
                staged.append(f"with {_looks(brief, one.figure.holding)} in hand")
            added.append(", ".join(staged))
    return added


def _things(brief: KeyframeBrief, phrases: Sequence[str]) -> list[str]:
    """Objects that are in the picture and not in the prompt, and states of objects."""
    held = [one.figure.holding for one in brief.figures]
    names = dict.fromkeys(filter(None, [*held, brief.object, *brief.props]))
    added = [_looks(brief, name) for name in names if not _said([*phrases], _bare(_looks(brief, name)))]
    added = [look for look in added if not _said(_people(brief, phrases), _bare(look))]
    states = [f"{_looks(brief, item.object)}, {item.state}" for item in brief.states]
    return added + [state for state in states if state not in added]


def _looks(brief: KeyframeBrief, name: str) -> str:
    looks = next((item.appearance for item in brief.objects if item.name == name), name)
    if re.match(r"(a|an|the|some|two|three|his|her|their)\b", looks):
        return looks
    return f"{'an' if looks[:1].lower() in set('aeiou') else 'a'} {looks}"


def _bare(looks: str) -> str:
    return re.sub(r"^(an?|the|some) ", "", looks)


def _place(brief: KeyframeBrief, phrases: Sequence[str]) -> list[str]:
    """The place, unless its name or its sort is in the prompt."""
    named = _said(phrases, re.sub(r"^(the|an?) ", "", brief.location, flags=re.IGNORECASE))
    if named or (brief.location_kind is not None and _said(phrases, brief.location_kind)):
        return []
    what = brief.location_kind or brief.location
    return [f"{what}, {brief.location_description}" if brief.location_description else what]


def _light(brief: KeyframeBrief, phrases: Sequence[str]) -> list[str]:
    """Time and weather, unless the prompt says them; no weather indoors."""
    text = "; ".join(phrases).lower()
    light = [] if re.search(LIGHT_WORDS[brief.time_of_day], text) else [TIMES[brief.time_of_day]]
    if not brief.indoor and not re.search(WEATHER_WORDS[brief.weather], text):
        light.append(WEATHERS[brief.weather])
    return [", ".join(light)] if light else []


def _numbered(phrases: list[str], figures: Sequence[FigureBrief], images: Mapping[str, int]) -> list[str]:
    """Behind a person's looks, the first time, which reference image shows them."""
    for one in figures:
        number = images.get(one.figure.character_id)
        at = next((at for at, phrase in enumerate(phrases) if one.appearance.lower() in phrase.lower()), None)
        if number is not None and at is not None:
            start = phrases[at].lower().index(one.appearance.lower()) + len(one.appearance)
            phrases[at] = f"{phrases[at][:start]} (the person of image {number}){phrases[at][start:]}"
    return phrases
