"""Which rubric judges what of a run: the one that is named, or what fits the data.

    parts = parts_of(material, rubric=None, pairwise=False)       # ((Rubric, items), ...)

Questions of our datasets: `correctness`, of pairs `better`. MSVD-QA, MSRVTT-QA and ActivityNet-QA: `legacy/video-qa`.
VCGBench, or `--rubric vcgbench`: five aspects, each a judgement of its own over the questions that it is about;
consistency takes both wordings of a question together. It asks nobody.
"""

from collections.abc import Callable, Sequence
from typing import Final

from moviellm.eval.judging.material import Item, Material, wordings
from moviellm.eval.judging.rubric import Rubric, open_rubric

VCGBENCH: Final = "vcgbench"
GENERIC: Final = ("legacy/vcg-correctness", "legacy/vcg-detail", "legacy/vcg-context")
ASPECTS: Final[dict[str, tuple[str, ...]]] = {
    "generic": GENERIC,
    "temporal": ("legacy/vcg-temporal",),
    "consistency": ("legacy/vcg-consistency",),
}
"""Rubrics by type of question."""
SHORT: Final = frozenset({"msvd-qa", "msrvtt-qa", "activitynet-qa", "zero-shot-qa"})
"""Published annotations with answers of a word or two."""
Part = tuple[Rubric, tuple[Item, ...]]


def parts_of(material: Material, rubric: str | None, *, pairwise: bool) -> list[Part]:
    """Rubrics with the items that each judges.

    Raises:
        ValueError: there is no such rubric, it does not judge this, or nothing is left for it.
    """
    dataset = material.results["data"].get("dataset")
    if rubric == VCGBENCH or (rubric is None and dataset == VCGBENCH and not pairwise):
        if pairwise:
            raise ValueError("--rubric vcgbench scores single answers; leave out --against")
        return _aspects(material)
    if rubric is None:
        rubric = "better" if pairwise else "legacy/video-qa" if dataset in SHORT else "correctness"
    found = open_rubric(rubric)
    if pairwise and found.form != "pairwise":
        raise ValueError(f"--rubric {rubric} judges single answers; with --against take better or narrative")
    if not pairwise and found.form == "pairwise":
        raise ValueError(f"--rubric {rubric} compares two runs; name the other one with --against")
    items = tuple(wordings(material.items)) if found.questions == 2 else material.items
    if not items:
        raise ValueError(
            f"--rubric {rubric} takes groups of two wordings of a question, and {material.folder} has none"
        )
    return [(found, items)]


def _aspects(material: Material) -> list[Part]:
    parts: list[Part] = []
    for kind, names in ASPECTS.items():
        mine = [item for item in material.items if item.about.question_type == kind]
        group: Callable[[Sequence[Item]], list[Item]] = wordings if kind == "consistency" else list
        items = tuple(group(mine))
        parts += [(open_rubric(name), items) for name in names if items]
    if not parts:
        raise ValueError(
            f"--rubric vcgbench: {material.folder} has no question of VCGBench (types {', '.join(ASPECTS)})"
        )
    return parts
