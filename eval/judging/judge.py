"""What `moviellm eval judge` does: answers of a run are read by judges, and what they say becomes numbers.

    judged = judge_run(Path("results/sees"), judges=["openai:gpt-5-mini"], data="demo/MovieLLM-tiny", max_usd=2.0)
    judged[0].folder, judged[0].facts["metric"], judged[0].facts["valid"]

`judge_run` is the door for programs: it prints nothing but progress. What it leaves in RUN/judged/NAME is in
leaving.py; every answer of a judge is kept in RUN/judged/kept (or `cache`) as it comes, and never paid again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moviellm.eval.judging import pairing, pointwise
from moviellm.eval.judging.asking import MAX_TOKENS, Judge, Record, judge_named, open_judge
from moviellm.eval.judging.calibration import read_labels
from moviellm.eval.judging.counting import Frame
from moviellm.eval.judging.estimating import estimate
from moviellm.eval.judging.facts import Captions
from moviellm.eval.judging.leaving import Judged, Work, leave
from moviellm.eval.judging.material import Item, Material, captions_of, paired, read_material, read_results
from moviellm.eval.judging.naming import NO_FACTS, UNPINNED, opponent_of, slug_of
from moviellm.eval.judging.offline import OFFLINE, judged_offline
from moviellm.eval.judging.putting import ask_all
from moviellm.eval.judging.request import JudgeRequest
from moviellm.eval.judging.rubric import Rubric
from moviellm.eval.judging.rubric_choice import Part, parts_of
from moviellm.eval.judging.transcripts import row_of, settled_row
from moviellm.generation.files import file_sha256
from moviellm.generation.llm.money import Budget
from moviellm.generation.runs.lock import lock_run

KEPT: Final = "kept"
"""Folder of RUN/judged in which answers of judges are kept."""
NO_DATA: Final = "none"
"""`--data none`: judges are not told what happens in the movies."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How a run is judged."""

    run: Path
    judges: tuple[str, ...]
    against: Path | None = None
    rubric: str | None = None
    tasks: str | None = None
    data: str | None = None
    revision: str | None = None
    labels: Path | None = None
    max_usd: float | None = None
    base_url: str | None = None
    cache: Path | None = None
    concurrency: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    retry_unscored: bool = False

    @property
    def params(self) -> dict[str, Any]:
        """What decides a verdict beside the question."""
        return {"max_tokens": self.max_tokens or MAX_TOKENS, "temperature": self.temperature}

    @property
    def offline(self) -> tuple[str, ...]:
        """Judges that are rules."""
        return tuple(dict.fromkeys(name for name in self.judges if name in OFFLINE))

    @property
    def panel(self) -> tuple[str, ...]:
        """Judges that are models, in the order of their names: a panel is the same however it is written."""
        return tuple(sorted(name for name in self.judges if name not in OFFLINE))

    @property
    def kept(self) -> Path:
        """Where answers of judges are kept."""
        return self.cache or self.run / "judged" / KEPT


def judge_run(run: Path, *, judges: Sequence[str], **options: Any) -> list[Judged]:
    """Judge a run; `options` are the fields of `Wish`.

    Returns:
        What was left, one judgement each: of the panel by rubric, and of every rule. Valid or not: see `facts`.

    Raises:
        ValueError: the wish cannot be met; nothing was asked.
        StoppedError: nothing can be asked now (money, key, server, another judge than before); what was answered is
            kept, and the same call goes on from there.
    """
    return judged_of(Wish(run=run, judges=tuple(judges), **options))


def judged_of(wish: Wish) -> list[Judged]:
    """As `judge_run`."""
    check(wish)
    material, other = _material(wish)
    labels = _labels(wish, material)
    parts = parts_of(material, wish.rubric, pairwise=other is not None) if wish.panel else []
    _check_labels(wish, parts)
    found = []
    for name in wish.offline:
        rows, frame = judged_offline(name, material)
        found.append(leave(Work(material=material, frame=frame, rows=rows)))
    if wish.panel:
        found += _by_models(wish, material, other, parts, labels)
    return found


def planned(wish: Wish) -> dict[str, Any]:
    """What it would cost: `moviellm eval judge --dry-run`. Nothing is asked and nothing written.

    Raises:
        ValueError: the wish cannot be met.
    """
    check(wish)
    material, other = _material(wish)
    _labels(wish, material)
    parts = parts_of(material, wish.rubric, pairwise=other is not None) if wish.panel else []
    _check_labels(wish, parts)
    requests = [request for asked in _asked(material, parts) for request in asked]
    judges = [(name, wish.kept / slug_of(name)) for name in wish.panel]
    plan = estimate(judges, requests, wish.params)
    plan["items"] = sum(len(items) for _, items in parts) or len(material.items)
    plan["rubrics"] = [rubric.id for rubric, _ in parts]
    return plan


def check(wish: Wish) -> None:
    """Refuse what cannot be judged, before anything is read.

    Raises:
        ValueError: no judge, one twice, an even panel, or options that do not go together.
    """
    if not wish.judges:
        raise ValueError("no judge: name one with --judge openai:NAME, PREFIX:NAME[@REVISION], lexical or fact-recall")
    for name in wish.panel:
        judge_named(name)
    if len(set(wish.panel)) < len(wish.panel):
        raise ValueError("--judge names a judge twice; a panel is of different judges")
    if len(wish.panel) > 1 and len(wish.panel) % 2 == 0:
        raise ValueError(f"a panel of {len(wish.panel)} judges can be split; name an odd number, or judge one by one")
    if wish.against is not None and wish.offline:
        raise ValueError(f"--judge {wish.offline[0]} judges single answers; leave out --against")
    if wish.against is not None and wish.against.resolve() == wish.run.resolve():
        raise ValueError(f"--against names the run itself, {wish.run}; name another run on the same questions")
    if not wish.panel:
        mine = {
            "--rubric": wish.rubric,
            "--labels": wish.labels,
            "--max-usd": wish.max_usd,
            "--base-url": wish.base_url,
        }
        wrong = next((name for name, value in mine.items() if value is not None), None)
        if wrong is not None:
            raise ValueError(f"{wrong} goes with a judge that is a model; {wish.offline[0]} is a rule")
    for option, value in (("--max-tokens", wish.max_tokens), ("--concurrency", wish.concurrency)):
        if value is not None and value < 1:
            raise ValueError(f"{option} is {value}; it is 1 at least")
    if wish.max_usd is not None and not 0.0 <= wish.max_usd < float("inf"):
        raise ValueError(f"--max-usd is {wish.max_usd}; it is a number of dollars, 0 at least")


def _material(wish: Wish) -> tuple[Material, Material | None]:
    """The run, and the one that it is compared with, with the answers of both."""
    captions = _captions(wish)
    mine = read_material(wish.run, tasks=wish.tasks, captions=captions)
    if wish.against is None:
        return mine, None
    other = read_material(wish.against, tasks=None, captions=None)
    return paired(mine, other), other


def _captions(wish: Wish) -> Captions | None:
    results = read_results(wish.run)
    if wish.data == NO_DATA:
        return None
    place = wish.data or (results["data"]["dataset"] if results["data"].get("commit") else None)
    if place is None:
        return None
    commit = None if Path(place).is_dir() else results["data"].get("commit")  # of a folder the rows are compared
    return captions_of(place, results, wish.revision or commit)


def _labels(wish: Wish, material: Material) -> dict[str, float]:
    """What people say of answers of this run."""
    if wish.labels is None:
        return {}
    labels = read_labels(wish.labels)
    mine = {item.item_id: labels[item.item_id] for item in material.items if item.item_id in labels}
    if not mine:
        raise ValueError(f"{wish.labels}: none of the {len(labels)} labels is of an open question of {wish.run}")
    return mine


def _check_labels(wish: Wish, parts: Sequence[Part]) -> None:
    wrong = next((rubric.name for rubric, _ in parts if rubric.form == "score"), None)
    if wish.labels is not None and wrong is not None:
        raise ValueError(f"--labels say right or wrong, and the rubric {wrong} gives points; they cannot be compared")


def _asked(material: Material, parts: Sequence[Part]) -> list[list[JudgeRequest]]:
    """What judges are asked, by part."""
    revision = str(material.results["data"].get("revision") or "")
    return [
        [
            request
            for item in items
            for request in (pairing if rubric.form == "pairwise" else pointwise).requests_of(item, rubric, revision)
        ]
        for rubric, items in parts
    ]


def _by_models(
    wish: Wish, material: Material, other: Material | None, parts: Sequence[Part], labels: Mapping[str, float]
) -> list[Judged]:
    """What a model says, or a panel."""
    asked = _asked(material, parts)
    flat = [request for part in asked for request in part]
    with opened(wish) as judges, lock_run(wish.kept):
        before = [judge.service.spent.calls for judge in judges]
        records = ask_all(judges, flat, concurrency=wish.concurrency, retry_unscored=wish.retry_unscored)
        calls_now = sum(judge.service.spent.calls for judge in judges) - sum(before)
    versions = _versions(judges)
    found, start = [], 0
    for (rubric, items), requests in zip(parts, asked, strict=True):
        mine = [row[start : start + len(requests)] for row in records]
        start += len(requests)
        rubric_id = rubric.id + (NO_FACTS if rubric.facts and not material.told else "")
        frame = Frame(
            kind="pairwise" if rubric.form == "pairwise" else "pointwise",
            form=rubric.form,
            judges=versions,
            rubric_id=rubric_id,
            against=None if other is None else opponent_of(str(other.results["model"]["id"]), other.answers_sha256),
            tasks=tuple(task for task in material.tasks if any(task in item.tasks for item in items)),
        )
        work = Work(
            material=material,
            frame=frame,
            rows=_rows(items, rubric, mine),
            items=items,
            against=other,
            rubric=rubric,
            judges=[
                {"asked_as": text, "version": version, "pinned": judge.pinned, "params": dict(judge.params)}
                for text, version, judge in zip(wish.panel, versions, judges, strict=True)
            ],
            labels=labels,
            labels_sha256=None if wish.labels is None else file_sha256(wish.labels),
            calls_now=calls_now,
        )
        found.append(leave(work))
    return found


@contextmanager
def opened(wish: Wish) -> Iterator[list[Judge]]:
    """The judges of a wish, with one budget together."""
    judges: list[Judge] = []
    budget = Budget(wish.max_usd, lambda: sum(judge.service.spent.usd for judge in judges))
    locals_ = [name for name in wish.panel if judge_named(name)[0] == "LOCAL"]
    if wish.base_url is not None and len(wish.panel) > 1 and len(locals_) != 1:
        raise ValueError(
            "--base-url in a panel is the server of its judge local:NAME; set PREFIX_BASE_URL of the others"
        )
    for name in wish.panel:
        mine = len(wish.panel) == 1 or name in locals_
        judges.append(
            open_judge(
                name,
                wish.kept / slug_of(name),
                base_url=wish.base_url if mine else None,
                budget=budget,
                max_tokens=wish.max_tokens,
                temperature=wish.temperature,
                concurrency=wish.concurrency,
            )
        )
    yield judges


def _versions(judges: Sequence[Judge]) -> tuple[str, ...]:
    """What judges are called in names of numbers."""
    found = tuple(judge.assumed + ("" if judge.pinned else UNPINNED) for judge in judges)
    if len(set(found)) < len(found):
        raise ValueError(
            f"two judges of the panel are served as the same model, {found[0]}; a panel is of different ones"
        )
    return found


def _rows(items: Sequence[Item], rubric: Rubric, records: Sequence[Sequence[Record]]) -> list[dict[str, Any]]:
    """Lines of transcripts, item by item."""
    by_item: dict[str, list[tuple[int, Record]]] = {}
    for member, mine in enumerate(records):
        for record in mine:
            by_item.setdefault(record.request.item_id, []).append((member, record))
    rows = []
    for item in items:
        if item.item_id in by_item:
            rows += [row_of(item, record, member) for member, record in by_item[item.item_id]]
        elif rubric.form == "pairwise":
            rows.append(settled_row(item, rubric, pairing.settled(pairing.settled_reason(item) or "")))
        else:
            rows.append(settled_row(item, rubric, pointwise.settled(rubric.form)))
    return rows
