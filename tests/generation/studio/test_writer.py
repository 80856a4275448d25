"""The writer: what a request holds, which grammar remakes what, the same bytes always, and the pinned version."""

import asyncio
import hashlib
import shutil
import time
from importlib.resources import files
from pathlib import Path

import pytest

from moviellm.generation.protocols import (
    ChapterBrief,
    ChapterDraft,
    DialogueBrief,
    DialogueDraft,
    OutlineDraft,
    QuestionsBrief,
    QuestionsDraft,
    Request,
    SceneBrief,
    SceneDraft,
)
from moviellm.generation.schema import canonical_json
from moviellm.generation.studio.writer import GRAMMAR_FILES, VERSIONS, OfflineWriter
from tests.generation.studio.kit import THEMES, WRITER, answers, brief, make

STORY = brief()
PINNED = {
    "outline": ("2", "500651db871af9fd2470f9d5c60fab508972740ac4cf714d06caa8de4e1f4584"),
    "chapter": ("1", "14c923e52d26f993b0d1dc7475da4f32b3533a36bc549f6b2c192fc38bba83b3"),
    "scene": ("1", "e7271f205f0ae08599af426d9f3bdb3a1b398a26465579d752602dbf325a1426"),
    "dialogue": ("1", "b7ef41a09f32fe13b1c1b79d13c552911c4c6afc8894bd53b2579a464e7afe91"),
    "questions": ("2", "69b6ce196309a72700f7ef6703adec7c590ef53dd4767d0db940d959295479cc"),
}
"""Version and sha256 of all answers about two small movies: a change of the second needs a bump of the first."""


def answer(writer: OfflineWriter, request: Request) -> str:
    return canonical_json(asyncio.run(writer.write(request)))


def requests(writer: OfflineWriter) -> dict[str, Request]:
    outline_request = writer.request("outline", STORY, 7)
    outline = OutlineDraft.model_validate_json(answer(writer, outline_request))
    chapter_request = writer.request("chapter", ChapterBrief(story=STORY, outline=outline, chapter_index=0), 8)
    head = ChapterDraft.model_validate_json(answer(writer, chapter_request)).scenes[1]
    scene = SceneBrief(story=STORY, outline=outline, chapter_index=0, scene_index=1, scene=head)
    scene_request = writer.request("scene", scene, 9)
    draft = SceneDraft.model_validate_json(answer(writer, scene_request))
    spoken = DialogueBrief(
        story=STORY,
        characters=outline.characters,
        scene=head,
        draft=draft,
        scene_key="m00000-c00-s01",
        seconds_per_keyframe=4.0,
    )
    return {
        "outline": outline_request,
        "chapter": chapter_request,
        "scene": scene_request,
        "dialogue": writer.request("dialogue", spoken, 10),
        "questions": writer.request("questions", QuestionsBrief(movie=make(), questions=20), 11),
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
