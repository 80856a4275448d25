"""Judges of a leaderboard: a scored run is read by those that the worker was given, as long as there is money.

    panel = Judges(("openai:gpt-5.4-mini", "lexical"), data=labels, max_usd=5.0, gates=(Path("gates/mini"),))
    panel.check()                               # wrong options; who is not admitted is told, and left out
    panel.read(run)                             # leaves run/judged/METRIC (eval/judging/judge.py)
    panel.left_out                              # why the models did not judge; None where they did
    panel.spent_usd                             # what all that it has read did cost

The cap is of all that one call of the worker spends. A run that the rest would not pay is not judged in part: it is
given back with `BudgetError`, and waits. What judges have said of it is kept beside it, and is not paid again where
the folder is the same. A judge that is a model needs a gate that admitted it (admission.py): without one it is not
asked, its column is left out with the reason, and the queue goes on. One that turns out to be served as another model
is not asked again.
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from moviellm.eval.leaderboard.admission import Gates, read_gates, refused_after, refused_before
from moviellm.eval.leaderboard.entries import judgement_folders
from moviellm.generation.llm.money import BUDGET_SPENT
from moviellm.generation.output import note
from moviellm.generation.protocols import StoppedError


class BudgetError(StoppedError):
    """Judges may cost no more."""


@dataclass(kw_only=True)
class Judges:
    """Who judges, by which rubric, and for how much."""

    names: tuple[str, ...]
    """As `moviellm eval judge --judge` takes them; several models are a panel."""
    data: Path | None = None
    """Dataset that tells judges what happens in the movies."""
    rubric: str | None = None
    max_usd: float | None = None
    """All that they may cost."""
    gates: tuple[Path, ...] = ()
    """Folders in which judges were admitted."""
    spent_usd: float = field(default=0.0, init=False)
    left_out: str | None = field(default=None, init=False)
    """Why the models among them do not judge."""
    _gates: Gates = field(default_factory=dict, init=False)

    def check(self) -> None:
        """Refuse what cannot judge, and leave out who is not admitted, before anything is claimed.

        Raises:
            ValueError: no such judge, rubric or gate, or options that do not go together.
        """
        from moviellm.eval.judging.judge import Wish, check
        from moviellm.eval.judging.rubric import open_rubric

        wish = Wish(run=Path(), judges=self.names, rubric=self.rubric, max_usd=self.max_usd)
        check(wish)
        if self.gates and not wish.panel:
            raise ValueError("--gate goes with a judge that is a model; lexical and fact-recall need none")
        self._gates = read_gates(self.gates)
        if wish.panel:
            rubric = open_rubric(self.rubric or "correctness")
            self._leave_out(refused_before(wish.panel, rubric, wish.params, self._gates))

    def read(self, run: Path) -> None:
        """Have a run judged by those who may.

        Raises:
            BudgetError: the rest of the money does not do.
            StoppedError: a judge cannot be asked now.
        """
        from moviellm.eval.judging.judge import judge_run
        from moviellm.eval.judging.offline import OFFLINE

        rules = tuple(name for name in self.names if name in OFFLINE)
        data = None if self.data is None else str(self.data)
        if self.left_out is None and rules != self.names:
            left = None if self.max_usd is None else self.max_usd - self.spent_usd
            if left is not None and left <= 0.0:
                raise BudgetError(f"{BUDGET_SPENT}: {self.spent_usd:.4f} of {self.max_usd:g} USD")
            try:
                judge_run(run, judges=self.names, rubric=self.rubric, data=data, max_usd=left)
            except StoppedError as error:
                raise (BudgetError(str(error)) if str(error).startswith(BUDGET_SPENT) else error) from None
            self._settle(run)
        elif rules:
            judge_run(run, judges=rules, data=data)

    def _settle(self, run: Path) -> None:
        """Count what was paid, and remove what was judged by somebody else than was admitted."""
        for folder in judgement_folders(run):
            told = json.loads((folder / "judgement.json").read_bytes())
            self.spent_usd += float(told.get("cost_usd") or 0.0)
            if (reason := refused_after(told, self._gates)) is not None:
                shutil.rmtree(folder)
                self._leave_out(reason)

    def _leave_out(self, reason: str | None) -> None:
        if reason is not None and self.left_out is None:
            self.left_out = reason
            note(f"judged numbers are left out: {reason} (see moviellm eval judge-gate)")
