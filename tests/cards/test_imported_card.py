"""cards/imported_card.py: the card of an import says where it came from and what nobody knows, and nothing by hand."""

from pathlib import Path

import yaml

from moviellm.cards.imported_card import FILES_SHOWN, renderer
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.import_report import ImportReport, SourceFile
from moviellm.generation.export import build_dataset
from moviellm.generation.imports.movies import ImportedMovies
from moviellm.generation.imports.told import Asked, Frame, Origin, Told, one_part
from moviellm.generation.schema import TemporalSpan

NASTY = "a <b>|`title`|</b> *x*"


def card(tmp_path: Path, report: ImportReport, language: str = "und", licence: str | None = None) -> tuple[dict, str]:
    def tell(number: int) -> Told:
        whole = TemporalSpan(start_s=0.0, end_s=3.0)
        questions = (Asked(f"{NASTY}?", NASTY),)
        return Told(
            source_id="a", title=NASTY, chapters=one_part([Frame(whole)]), questions=questions, language=language
        )

    reader = ImportedMovies(report, ["m00000"], lambda number: Origin("test", "a.json", "0" * 64), tell)
    recipe = Recipe.model_validate({"dataset": {"name": "old", "licence": licence}})
    build_dataset(reader, tmp_path / "out", recipe, run_seed=0, render_readme=renderer(report))
    _, front, body = (tmp_path / "out/README.md").read_text().split("---\n", 2)
    return yaml.safe_load(front), body


def report(**given) -> ImportReport:
    return ImportReport(kind="test", title="files of a test", **given)


def test_texts_and_names_of_files_cannot_become_markup(tmp_path: Path) -> None:
    _, body = card(tmp_path, report(files=[SourceFile(NASTY, "ab" * 32, 7)], origin=NASTY))
    before = body.split("## Columns")[0]
    assert "<b>" not in before and r"\*x\*" in before
    row = next(line for line in before.splitlines() if line.startswith("| a &lt;b"))
    assert row.replace(r"\|", "").count("|") == 4


def test_what_was_changed_and_left_out_is_counted(tmp_path: Path) -> None:
    found = report(unknown=["Times: none."])
    found.change("commas", 3)
    found.leave_out("pictures that are missing", 1200)
    _, body = card(tmp_path, found)
    assert "| commas | 3 |" in body and "| pictures that are missing | 1,200 |" in body and "- Times: none." in body


def test_nothing_changed_is_said_so(tmp_path: Path) -> None:
    assert card(tmp_path, report())[1].count("\nNothing.\n") == 2


def test_many_files_are_counted_not_listed(tmp_path: Path) -> None:
    files = [SourceFile(f"{number}.json", "", 10) for number in range(FILES_SHOWN + 5)]
    _, body = card(tmp_path, report(files=files))
    assert "| and 5 more | 50 | |" in body and f"| {FILES_SHOWN}.json |" not in body


def test_an_unknown_language_is_not_stated(tmp_path: Path) -> None:
    assert "language" not in card(tmp_path, report())[0]


def test_a_known_language_is(tmp_path: Path) -> None:
    assert card(tmp_path, report(), language="zh-Hans")[0]["language"] == ["zh-Hans"]


def test_the_configs_are_in_the_front_matter(tmp_path: Path) -> None:
    front, _ = card(tmp_path, report())
    assert [config["config_name"] for config in front["configs"]] == ["movies", "keyframes", "qa"]


def test_a_stated_licence_is_said_to_be_stated(tmp_path: Path) -> None:
    front, body = card(tmp_path, report(), licence="mit")
    assert front["license"] == "mit" and "**MIT** (`mit`), as whoever imported this states." in body


def test_counts_are_taken_on_the_first_reading_only(tmp_path: Path) -> None:
    found = report()
    card(tmp_path, found)
    found.change("late")
    found.leave_out("late")
    assert not found.changed and not found.left_out
