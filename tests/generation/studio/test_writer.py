"""The writer: what a request holds, which grammar remakes what, the same bytes always, and the pinned version."""

import asyncio
import hashlib
import shutil
import time
from importlib.resources import files
from pathlib import Path

import pytest

from moviellm.generation.briefs import (
    ChapterBrief,
    ChapterDraft,
    DialogueBrief,
    DialogueDraft,
    OutlineDraft,
    QuestionsBrief,
    QuestionsDraft,
    SceneBrief,
    SceneDraft,
)
from moviellm.generation.config.recipe import QuestionConfig
from moviellm.generation.diversity import opening_repetition, words_of
from moviellm.generation.protocols import Request
from moviellm.generation.schema import canonical_json
from moviellm.generation.studio.writer import GRAMMAR_FILES, VERSIONS, OfflineWriter
from tests.generation.studio.drafts import Told, told
from tests.generation.studio.kit import THEMES, WRITER, answers, brief, make

STORY = brief()
PINNED = {
    "outline": ("5", "dfac24a1008b598d760c812704544b37ce1fbfea0906583c610b2e575e4f66ea"),
    "chapter": ("2", "30385c95b12c4340adf166fca70192edcffa7b0abfe7f4dd6fb1c65f8e615126"),
    "scene": ("2", "551a0cbe56cac1e7fb57ee6bbf04c85fc07d2efa34bf62f2860febc24616808c"),
    "dialogue": ("2", "84db13dc61f3b5e55813da2696c9a577d33e0792c6173e7edb62b510ad0d9a3b"),
    "questions": ("4", "c6e91da0d1f33f2ca70db2d5c6fcf253561a0f81d1453375fec82ca6f2fff202"),
}
"""Version and sha256 of all answers about two small movies: a change of the second needs a bump of the first."""


def answer(writer: OfflineWriter, request: Request) -> str:
    return canonical_json(asyncio.run(writer.write(request)))


def requests(writer: OfflineWriter) -> dict[str, Request]:
    outline_request = writer.request("outline", STORY, 7)
    outline = OutlineDraft.model_validate_json(answer(writer, outline_request))
    chapter_request = writer.request("chapter", ChapterBrief(story=STORY, outline=outline, chapter_index=0), 8)
    heads = ChapterDraft.model_validate_json(answer(writer, chapter_request))
    head = heads.scenes[1]
    scene = SceneBrief(story=STORY, outline=outline, chapter_index=0, scene_index=1, scene=head, chapter=heads)
    scene_request = writer.request("scene", scene, 9)
    draft = SceneDraft.model_validate_json(answer(writer, scene_request))
    spoken = DialogueBrief(
        story=STORY,
        outline=outline,
        scene=head,
        draft=draft,
        scene_key="m00000-c00-s01",
        seconds_per_keyframe=4.0,
    )
    asked = QuestionsBrief(movie=make(), questions=QuestionConfig(per_movie=20))
    return {
        "outline": outline_request,
        "chapter": chapter_request,
        "scene": scene_request,
        "dialogue": writer.request("dialogue", spoken, 10),
        "questions": writer.request("questions", asked, 11),
    }


def test_every_task_answers_with_its_draft():
    drafts = {
        "outline": OutlineDraft, "chapter": ChapterDraft, "scene": SceneDraft, "dialogue": DialogueDraft,
        "questions": QuestionsDraft,
    }  # fmt: skip
    for task, request in requests(WRITER).items():
        assert drafts[task].model_validate_json(answer(WRITER, request))


def digests() -> dict[str, str]:
    """Task -> sha256 of all its answers about two small movies."""
    found: dict[str, list[str]] = {}
    for theme, seed in ((THEMES[0], 7), (THEMES[2], 8)):
        for task, texts in answers(theme, seed).items():
            found.setdefault(task, []).extend(texts)
    return {task: hashlib.sha256("\n".join(texts).encode()).hexdigest() for task, texts in found.items()}


@pytest.mark.parametrize("task", list(GRAMMAR_FILES))
def test_output_is_pinned_to_the_version(task: str):
    version, expected = PINNED[task]
    assert VERSIONS[task] == version, "record the new version and hash in PINNED"
    assert digests()[task] == expected, f"output of {task} changed: bump VERSION of {task} and record its hash"


def test_a_request_is_the_same_from_another_writer():
    assert {k: r.body() for k, r in requests(OfflineWriter()).items()} == {
        k: r.body() for k, r in requests(WRITER).items()
    }


def test_answers_do_not_depend_on_what_was_asked_before():
    asked = requests(WRITER)
    for task in reversed(list(asked)):
        assert answer(OfflineWriter(), asked[task]) == answer(WRITER, asked[task])


def test_a_full_cache_changes_nothing():
    writer = OfflineWriter()
    first = answer(writer, requests(writer)["scene"])
    for seed in range(20):
        answer(writer, writer.request("outline", brief(seed=seed), seed))
    assert answer(writer, requests(writer)["scene"]) == first


@pytest.fixture
def grammar(tmp_path: Path) -> Path:
    packaged = Path(str(files("moviellm.generation.studio.grammar")))
    for path in packaged.glob("*.yaml"):
        shutil.copy(path, tmp_path / path.name)
    return tmp_path


@pytest.mark.parametrize("name", sorted({name for names in GRAMMAR_FILES.values() for name in names}))
def test_a_grammar_edit_changes_the_requests_that_read_it_and_no_other(grammar: Path, name: str):
    path = grammar / name
    path.write_text(path.read_text(encoding="utf-8") + "\nspare_rule: [nothing]\n", encoding="utf-8")
    before, after = requests(WRITER), requests(OfflineWriter(grammar))
    changed = {task for task in before if before[task].body() != after[task].body()}
    assert changed == {task for task, names in GRAMMAR_FILES.items() if name in names}


def test_new_captions_do_not_change_the_dialogue_request(grammar: Path):
    path = grammar / "captions.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("{actor} smiles", "{actor} grins"), encoding="utf-8")
    assert requests(WRITER)["dialogue"].body() == requests(OfflineWriter(grammar))["dialogue"].body()


def test_a_missing_grammar_file_is_named(tmp_path: Path):
    with pytest.raises(ValueError, match=r"captions\.yaml"):
        OfflineWriter(tmp_path)


def test_a_broken_grammar_file_is_named(grammar: Path):
    (grammar / "outline.yaml").write_text("- just\n- a list\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"outline\.yaml"):
        OfflineWriter(grammar)


def test_foreign_scenes_are_refused_with_a_reason():
    request = requests(WRITER)["dialogue"]
    foreign = {**request.inputs, "events": ["e99999"]}
    with pytest.raises(ValueError, match="same writer"):
        asyncio.run(WRITER.write(Request(**{**request.__dict__, "inputs": foreign})))


def test_the_questions_request_has_no_pictures_in_it():
    text = canonical_json(requests(WRITER)["questions"].body())
    assert "image" not in text and 'prompt"' not in text and "provenance" not in text


def test_a_movie_of_1331_keyframes_is_written_in_seconds():
    start = time.perf_counter()
    movie = make("a storm cuts off the mountain inn", 11, 11, 11, 4, 64)
    assert sum(1 for _ in movie.keyframes()) == 1331
    assert len(movie.qa_pairs or ()) == 64
    assert time.perf_counter() - start < 30


def test_a_language_without_a_grammar_is_refused_with_a_reason():
    with pytest.raises(ValueError, match=r"captions\.xx\.yaml"):
        WRITER.request("scene", SceneBrief.model_validate(scene_brief(language="xx")), 1)


def scene_brief(**story: str) -> dict[str, object]:
    movie = told(0)
    return {
        "story": {**movie.story.model_dump(), **story},
        "outline": movie.outline.model_dump(),
        "chapter_index": 0,
        "scene_index": 0,
        "scene": movie.scenes[0][0].model_dump(),
        "chapter": {"scenes": [movie.scenes[0][0].model_dump()]},
    }


def test_another_language_reads_its_own_files(grammar: Path):
    """A language is a set of files: here Spanish under another tag."""
    for path in list(grammar.glob("*.es.yaml")):
        shutil.copy(path, grammar / path.name.replace(".es.", ".xx."))
    request = OfflineWriter(grammar).request("scene", SceneBrief.model_validate(scene_brief(language="xx")), 1)
    own = ["tongue.xx", "events.xx", "captions.xx", "world.xx"]
    assert sorted(request.prompt_id.split("+")) == sorted([*own, "world", "premises", "prompts"])


def test_the_level_is_in_the_request():
    rich, plain = (
        WRITER.request("scene", SceneBrief.model_validate(scene_brief(level=level)), 1) for level in ("rich", "plain")
    )
    assert rich.body() != plain.body()


PAIRS = [(told(seed, (2, 3, 5)), told(seed, (2, 3, 5), twin=True)) for seed in range(6)]


def together(one: Told, two: Told) -> int:
    """Scenes before two movies part."""
    same = [a == b for a, b in zip(one.scenes, two.scenes, strict=True)]
    return same.index(False)


def test_twins_are_told_alike_until_they_part():
    for one, two in PAIRS:
        assert together(one, two) >= 1
        shared = one.scenes[: together(one, two)]
        assert canonical_json([draft.model_dump() for _, draft, _ in shared]) == canonical_json(
            [draft.model_dump() for _, draft, _ in two.scenes[: len(shared)]]
        )


def test_twins_share_all_but_what_happens():
    for one, two in PAIRS:
        for name in ("title", "genre", "logline", "style", "characters", "locations", "objects"):
            assert getattr(one.outline, name) == getattr(two.outline, name)
        assert one.outline.synopsis != two.outline.synopsis


def test_a_twin_says_what_is_different():
    for one, two in PAIRS:
        assert one.outline.twin_difference is None
        assert two.outline.twin_difference and "in the other film" in two.outline.twin_difference


def test_titles_are_hardly_ever_the_same():
    titles = [told(seed, (1, 1, 4)).outline.title for seed in range(200)]
    assert len(set(titles)) >= 198


def test_movies_do_not_open_with_the_same_caption():
    assert opening_repetition([told(seed, (1, 1, 4)).scenes[0][1].keyframes[0].caption for seed in range(200)]) < 0.02


def test_the_cloze_level_has_at_most_170_words():
    used: set[str] = set()
    for seed in range(200):
        movie = told(seed, (1, 2, 5), "cloze")
        for head, draft, spoken in movie.scenes:
            texts = [head.summary, *(e.caption for e in draft.events), *(k.caption for k in draft.keyframes)]
            for text in [*texts, *(line.text for line in spoken.lines), *(c.summary for c in movie.outline.chapters)]:
                assert text == text.lower() and not set(text) & set(".,;:!?"), text
                used.update(words_of(text))
    assert len(used) <= 170, sorted(used)
