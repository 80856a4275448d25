"""`moviellm make --on ray`: hand the shards of a run to a cluster, see them made, and count what came of it.

    with connected(on) as ray:
        report = Driver(ray, run, record).make(retry_failed=False)

A shard is a task that takes one CPU; as many are under way as the cluster has CPUs, also when nodes come and go, and
as many wait at Ray: a node begins its next one at once, and an autoscaler sees what it is asked for. A task whose node
dies is handed out again and goes on from the journal. The driver holds the run's lock and nothing
else: when it dies, or the head node with it, the same command goes on, on any cluster or on one machine.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moviellm.generation.cluster.asking import limits_of
from moviellm.generation.cluster.connecting import Needs, check_gpus, check_nodes, told_when_gone
from moviellm.generation.cluster.desk import Desk, Told, nodes_of
from moviellm.generation.cluster.limits import spread
from moviellm.generation.cluster.nodes import environment_here
from moviellm.generation.cluster.shards import Order, Outcome, make_one
from moviellm.generation.files import DiskError
from moviellm.generation.llm.exchanges import Spent
from moviellm.generation.llm.money import spent_text
from moviellm.generation.make import MakeReport, cells_of_run, drop_surplus, shard_count
from moviellm.generation.output import note
from moviellm.generation.progress import progress
from moviellm.generation.runs.address import bucket_of
from moviellm.generation.runs.lock import holder_of
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.runs.settled import Settled, ShardReport
from moviellm.generation.studios import asks_server

LOST_MAX = 20
"""Times that the process of one shard may be lost before the run gives up: each makes some of it, or none can."""
LOOK_S = 0.5
"""Between two looks at what is finished."""
VIEW_S = 1.0
"""Between two looks at what is under way."""
NO_BATCH = "--batch waits for hours and needs no cluster; leave out --on, or --batch"


def refuse(record: RunRecord) -> None:
    """What no cluster does.

    Raises:
        ValueError: the recipe asks in batches.
    """
    if record.recipe.engine.batch:
        raise ValueError(NO_BATCH)


def needed(record: RunRecord, *packages: str) -> Needs:
    """What nodes need for a recipe, and for `packages`."""
    modules = [make_one.__module__, "pandas"]  # pyarrow imports it when it writes its first table
    if not asks_server(record.recipe):
        return Needs(packages=packages, modules=modules)
    return Needs(packages=[*packages, "openai", "aiohttp"], modules=[*modules, "moviellm.generation.writers.llm"])


@dataclass
class _Seen:
    """What the view shows."""

    told: dict[int, Told] = field(default_factory=dict)
    committed: int = 0
    shards: int = 0
    working: set[int] = field(default_factory=set)
    lost: int = 0

    def cells(self) -> int:
        """Cells that are there."""
        return sum(told.cells for told in self.told.values())

    def text(self) -> str:
        """Cost, failures, shards, and shards per node."""
        spent = Spent()
        for told in self.told.values():
            spent.add(told.spent)
        failed = sum(told.failed for told in self.told.values())
        parts = [spent_text(spent)] if spent.calls else []
        parts += [f"{failed} movies failed"] if failed else []
        parts += [f"{self.lost} times a process was lost"] if self.lost else []
        at_work = spread(nodes_of(self.told, self.working))
        parts.append(f"shards {self.committed}/{self.shards}" + (f" ({at_work})" if at_work else ""))
        return ", ".join(parts)


class Driver:
    """Makes one run on one cluster."""

    def __init__(self, ray: Any, run: Path, record: RunRecord) -> None:
        """Raises ValueError for what the cluster has not. The caller holds `lock_run(run)`."""
        refuse(record)
        self._ray, self._run, self._record = ray, run if bucket_of(run) else run.absolute(), record
        self._shards = shard_count(record)
        painters, learns = check_gpus(ray, record.recipe)
        self._environment = environment_here()
        self.nodes = self._check_nodes()
        # Restarted for ever, and calls with it: a desk that dies is a pause.
        lasting = {"max_restarts": -1, "max_task_retries": -1, "num_cpus": 0}
        self._desk = self._start_desk({**lasting, "max_concurrency": 10_000})
        self._painters: list[Any] = []
        self._learner: Any = None
        if painters:
            self._start_painters(painters, learns, lasting)
        self._task = ray.remote(make_one).options(num_cpus=1, max_retries=0)
        self._seen = _Seen(shards=self._shards)
        self._settled: Settled | None = None

    # ------------------------------------------------------------ what a run in a bucket does otherwise: buckets.py

    def _check_nodes(self) -> list[dict[str, Any]]:
        """Facts of every node, when all can make this run; raises ValueError where one cannot."""
        return check_nodes(self._ray, self._run, needs=needed(self._record))

    def _start_desk(self, options: dict[str, Any]) -> Any:
        """The actor that keeps the limits."""
        return self._ray.remote(Desk).options(**options).remote(str(self._run), limits_of(self._record.recipe))

    def _holders(self) -> dict[int, str]:
        """Who makes which shard now."""
        holders = {index: holder_of(self._run, index) for index in range(self._shards)}
        return {index: holder for index, holder in holders.items() if holder is not None}

    def _finished(self) -> dict[int, ShardReport]:
        """Shards that need no look, and what is reported of them."""
        self._settled = settled = Settled.open(self._run, self._record)
        if settled is None:
            return {}
        return {index: kept for index in range(self._shards) if (kept := settled.shard(index)) is not None}

    def _settle(self, outcome: Outcome) -> None:
        """Keep that a shard needs no look."""
        if self._settled is not None and not outcome.report.stopped:
            with suppress(OSError):  # a network folder that does not show us the commit yet: it is looked at again
                self._settled.add(outcome.index, outcome.report.settled())

    def _drop_surplus(self) -> None:
        """Remove shards that the recipe no longer reaches."""
        drop_surplus(self._run, self._record)

    # ------------------------------------------------------------

    def _start_painters(self, count: int, learns: bool, lasting: dict[str, Any]) -> None:
        from moviellm.generation.cluster.painting import PaintingActor, learn_style

        recipe, gpus = self._record.recipe, self._record.recipe.engine.gpus
        actor = self._ray.remote(PaintingActor).options(**lasting, num_gpus=gpus, max_concurrency=1000)
        self._painters = [actor.remote(recipe, str(self._run), self._environment) for _ in range(count)]
        if learns:
            self._learner = self._ray.remote(learn_style).options(num_cpus=0, num_gpus=gpus, max_retries=-1)

    def make(self, *, retry_failed: bool) -> MakeReport:
        """Make what is missing of the run.

        Raises:
            ValueError: the run cannot go on; what was finished is kept.
            ClusterGoneError: the cluster does not answer any more.
        """
        start = time.monotonic()
        total = sum(cells_of_run(self._record.recipe).values())
        with told_when_gone(self._ray), progress("making", total, "cells", self._seen.text) as advance:
            outcomes = self._hand_out(retry_failed, advance)
        report = _summed(outcomes)
        if not report.stopped:
            self._drop_surplus()
        report.seconds = time.monotonic() - start
        return report

    def _hand_out(self, retry_failed: bool, advance: Callable[[int], None]) -> list[Outcome]:
        """Keep every CPU of the cluster busy with a shard until none is left, or the run has stopped."""
        ray, under_way = self._ray, dict[Any, int]()
        outcomes = {
            index: _left_alone(index, kept)
            for index, kept in self._finished().items()
            if not (retry_failed and kept.failed)
        }
        waiting = [index for index in range(self._shards) if index not in outcomes]
        self._seen.committed = len(outcomes)
        advance(sum(kept.report.reused.total() for kept in outcomes.values()))
        lost: Counter[int] = Counter()
        shown = next_view = 0.0
        stopped = False
        others = self._of_others()
        try:
            while waiting or under_way:
                room = 0 if stopped else 2 * self._cpus() - len(under_way)
                for index in waiting[: max(0, room)]:
                    under_way[self._start(index, retry_failed)] = index
                del waiting[: max(0, room)]
                if stopped and not under_way:
                    break
                done, _ = ray.wait([*under_way], num_returns=1, timeout=LOOK_S) if under_way else ([], [])
                if not under_way:
                    time.sleep(LOOK_S)
                for ref in done:
                    index = under_way.pop(ref)
                    outcome = self._outcome(ref, index, lost)
                    if outcome is None or outcome.held is not None:
                        waiting.append(index)
                        continue
                    outcomes[index] = outcome
                    self._settle(outcome)
                    stopped = stopped or bool(outcome.report.stopped)
                    self._seen.committed += not outcome.report.stopped
                if time.monotonic() >= next_view:
                    self._seen.working = set(under_way.values())
                    shown = self._look(advance, shown)
                    others = self._release(others)
                    next_view = time.monotonic() + VIEW_S
        except KeyboardInterrupt:
            for ref in under_way:
                ray.cancel(ref)
            raise
        return [outcomes[index] for index in sorted(outcomes)]

    def _start(self, index: int, retry_failed: bool) -> Any:
        order = Order(
            run=str(self._run),
            record=self._record,
            index=index,
            retry_failed=retry_failed,
            environment=self._environment,
        )
        return self._task.remote(order, self._desk, self._painters, self._learner)

    def _cpus(self) -> int:
        return int(self._ray.cluster_resources().get("CPU", 0))

    def _outcome(self, ref: Any, index: int, lost: Counter[int]) -> Outcome | None:
        """What a task came to; None where its process was lost.

        Raises:
            ValueError: the run cannot go on.
        """
        errors = self._ray.exceptions
        try:
            outcome: Outcome = self._ray.get(ref)
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError, errors.ObjectLostError) as e:
            lost[index] += 1
            self._seen.lost += 1
            if lost[index] > LOST_MAX:
                raise ValueError(
                    f"shard {index} lost its process {LOST_MAX} times ({' '.join(str(e).split())[:200]}); "
                    "perhaps the memory of a node does not hold it"
                ) from None
            self._desk.forget.remote(index)
            return None
        except errors.TaskUnschedulableError:
            return None
        if outcome.error is not None:
            raise DiskError(outcome.error) if outcome.disk else ValueError(outcome.error)
        return outcome

    def _look(self, advance: Callable[[int], None], shown: float) -> float:
        """Show what is under way. A desk that is being started again is not waited for."""
        view = self._desk.view.remote()
        done, _ = self._ray.wait([view], timeout=LOOK_S)
        if done:
            try:
                self._seen.told = self._ray.get(view)
            except self._ray.exceptions.RayActorError:
                return shown
        cells = self._seen.cells()
        advance(max(0, cells - int(shown)))
        return max(shown, float(cells))

    def _of_others(self) -> set[int]:
        """Shards with somebody of an earlier cluster at work; what is held for the others is given back."""
        held = self._holders()
        if limits_of(self._record.recipe).max_usd is not None:
            self._ray.get([self._desk.forget.remote(index) for index in range(self._shards) if index not in held])
        for index in sorted(held):
            note(f"shard {index} is still being made by {held[index]}; it is waited for")
        return set(held)

    def _release(self, others: set[int]) -> set[int]:
        left = others - set(self._holders()) if others else others
        for index in left:
            self._desk.forget.remote(index)
        return others - left


def _left_alone(index: int, kept: ShardReport) -> Outcome:
    report = MakeReport()
    report.take(kept)
    return Outcome(index=index, report=report)


def _summed(outcomes: list[Outcome]) -> MakeReport:
    """The reports of all shards as one, in the order of their movies."""
    report = MakeReport()
    for outcome in outcomes:
        one = outcome.report
        report.movies += one.movies
        report.keyframes += one.keyframes
        report.made += one.made
        report.reused += one.reused
        report.failed |= one.failed
        report.stopped |= one.stopped
        report.findings += one.findings
        report.not_drawn += one.not_drawn
    return report
