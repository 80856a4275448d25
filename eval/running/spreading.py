"""`moviellm eval run --on ray`: movies are handed to askers on the nodes of a cluster, and what was said comes back.

    answers = ask_on(ray, wish, model, showing, kept, settings, controls, wanted)       # as ask_all gives them

An asker is an actor: one GPU each where a checkpoint is asked and the cluster has GPUs, else one CPU. It keeps its
model warm and asks one part after the other (asker.py). When its node dies, the part goes to another, which finds what
was kept; nodes that come are taken. Limits of an endpoint are kept by the desk of the cluster. Nothing that matters
lives in Ray: when the driver dies, or the head, the same command goes on, on any cluster or on one machine.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from moviellm.eval.running.asker import Asker, Order, Outcome, Part, parts_of
from moviellm.eval.running.asking import Settings
from moviellm.eval.running.endpoint import recipe_for
from moviellm.eval.running.films import Control, Showing
from moviellm.eval.running.protocol import Model, Said
from moviellm.eval.tasks.items import Data, Question
from moviellm.generation.cluster.asking import limits_of
from moviellm.generation.cluster.connecting import Needs, check_nodes, told_when_gone
from moviellm.generation.cluster.desk import Desk
from moviellm.generation.cluster.limits import spread
from moviellm.generation.cluster.nodes import environment_here
from moviellm.generation.files import DiskError, disk_errors
from moviellm.generation.output import note
from moviellm.generation.progress import progress
from moviellm.generation.protocols import StoppedError
from moviellm.generation.runs.lock import holder_of

PACKAGES: Final[Mapping[str, tuple[str, ...]]] = {"checkpoint": ("torch", "transformers"), "openai": ("openai",)}
"""What decides answers beside moviellm, by kind of model."""
LOST_MAX = 20
"""Times that the process of one part may be lost before the run gives up."""
LOOK_S = 0.5
"""Between two looks at what is finished."""
SERVED: Final = "openai"


def ask_on(
    ray: Any,
    wish: Any,
    model: Model,
    showing: Showing,
    kept: Path,
    settings: Settings,
    controls: Sequence[Control],
    wanted: Iterable[Question],
) -> dict[Control, dict[str, Said]]:
    """What a model says to questions under each control, by id, asked on a cluster.

    Raises:
        ValueError: the cluster cannot do it; nothing was asked.
        StoppedError: nothing can be asked now; what was answered is kept.
        ClusterGoneError: the cluster does not answer any more.
    """
    gpus = gpus_for(ray.nodes(), model.kind, wish.device)
    with disk_errors(kept):
        kept.mkdir(parents=True, exist_ok=True)
    data, inputs = for_nodes(showing.data)
    told, more = wish_for_nodes(wish, model)
    needs = Needs(packages=PACKAGES.get(model.kind, ()), modules=[Asker.__module__])
    check_nodes(ray, kept, inputs=[*inputs, *more], needs=needs)
    order = Order(
        wish=told,
        showing=replace(showing, data=data),
        kept=kept.absolute(),
        settings=settings,
        controls=controls,
        revision=model.revision,
        served=model.kind == SERVED,
        environment=environment_here(),
    )
    parts = parts_of(wanted)
    with told_when_gone(ray):
        return _Spreading(ray, order, gpus).go(parts)


def gpus_for(nodes: Sequence[Mapping[str, Any]], kind: str, device: str | None) -> float:
    """How many GPUs an asker takes: one for a checkpoint where there are any.

    Raises:
        ValueError: GPUs are asked for and the cluster has none.
    """
    if kind != "checkpoint" or device == "cpu":
        return 0.0
    there = sum(node["Resources"].get("GPU", 0.0) for node in nodes if node["Alive"])
    if there < 1.0 and device is not None and device.startswith("cuda"):
        raise ValueError(f"--device {device}: the cluster has no GPU; add nodes with GPUs, or leave it out")
    return 1.0 if there >= 1.0 else 0.0


def for_nodes(data: Data) -> tuple[Data, list[Path]]:
    """The questions as every node can read their movies, and the files that it must see."""
    if data.videos is not None:
        videos = {name: path.absolute() for name, path in data.videos.items()}
        return replace(data, videos=videos), sorted({path.parent for path in videos.values()})
    folder = Path(data.place).expanduser()
    if data.commit is None and folder.is_dir():
        return replace(data, place=str(folder.absolute())), [folder.absolute()]
    return data, []


def wish_for_nodes(wish: Any, model: Model) -> tuple[Any, list[Path]]:
    """The wish as every node can open its model, and the files that it must see."""
    if model.kind != "checkpoint":
        return wish, []
    folder = Path(wish.model).expanduser()
    device = "cuda" if wish.device is not None and wish.device.startswith("cuda") else wish.device  # Ray says which
    if folder.is_dir():
        return replace(wish, model=str(folder.absolute()), device=device), [folder.absolute()]
    return replace(wish, model_revision=model.revision, device=device), []


@dataclass
class _Seen:
    """What the view shows."""

    parts: int
    done: int = 0
    lost: int = 0
    nodes: Counter[str] = field(default_factory=Counter)
    """Askers at work, by node."""
    usd: dict[int, float] = field(default_factory=dict)
    """By part."""

    def text(self) -> str:
        """Cost, parts, and who is at work."""
        usd = sum(self.usd.values())
        said = [f"{usd:.4f} USD"] if usd else []
        said += [f"{self.lost} times a process was lost"] if self.lost else []
        at_work = spread(self.nodes)
        return ", ".join([*said, f"parts {self.done}/{self.parts}" + (f" ({at_work})" if at_work else "")])


class _Spreading:
    """One run of questions over one cluster."""

    def __init__(self, ray: Any, order: Order, gpus: float) -> None:
        self._ray, self._order, self._gpus = ray, order, gpus
        self._desk = self._start_desk() if order.served else None
        self._order_ref = ray.put(order)
        self._actor = ray.remote(Asker).options(num_cpus=1, num_gpus=gpus, max_restarts=0, max_task_retries=0)
        self._starting: dict[Any, Any] = {}
        """What an actor that begins will say -> it."""
        self._idle: list[Any] = []
        self._busy: dict[Any, tuple[Any, Part]] = {}
        self._nodes: dict[Any, str] = {}
        """Where each actor is."""
        self._lost: Counter[int] = Counter()

    def _start_desk(self) -> Any:
        wish, kept = self._order.wish, self._order.kept
        limits = limits_of(recipe_for(wish.model.partition(":")[2], wish.engine))
        # Restarted for ever, and calls with it: a desk that dies is a pause.
        lasting = {"max_restarts": -1, "max_task_retries": -1, "num_cpus": 0, "max_concurrency": 10_000}
        return self._ray.remote(Desk).options(**lasting).remote(str(kept), limits)

    def go(self, parts: Sequence[Part]) -> dict[Control, dict[str, Said]]:
        """Ask all parts."""
        waiting, controls = deque(parts), self._order.controls
        answers: dict[Control, dict[str, Said]] = {control: {} for control in controls}
        seen, stopped = _Seen(len(parts)), None
        self._free(parts)
        count = sum(len(part.items) for part in parts) * len(controls)
        with progress("answering", count, "questions", seen.text) as advance:
            while (waiting and stopped is None) or self._busy:
                if stopped is None:
                    self._hand_out(waiting)
                for part, outcome in self._finished(seen):
                    if outcome is None or outcome.held is not None:
                        waiting.append(part)
                    elif outcome.stopped is not None:
                        stopped = stopped or outcome.stopped
                    else:
                        self._take(outcome, part, answers, seen, advance)
                seen.nodes = Counter(self._nodes.get(actor, "?") for actor, _ in self._busy.values())
        if stopped is not None:
            raise StoppedError(stopped)
        return answers

    def _take(
        self,
        outcome: Outcome,
        part: Part,
        answers: dict[Control, dict[str, Said]],
        seen: _Seen,
        advance: Callable[[int], None],
    ) -> None:
        for control, said in outcome.answers.items():
            answers[control] |= said
        seen.done += 1
        seen.usd[part.number] = float(outcome.cost.get("usd", 0.0))
        advance(len(part.items) * len(answers))

    def _free(self, parts: Sequence[Part]) -> None:
        """Give back what is held for parts of an earlier cluster, but of those with somebody still at work."""
        held = {part.number: holder_of(self._order.kept, part.number) for part in parts}
        for number, holder in sorted(held.items()):
            if holder is not None:
                note(f"part {number} is still being asked by {holder}; it is waited for")
        if self._desk is not None and self._order.wish.max_usd is not None:
            self._ray.get([self._desk.forget.remote(number) for number, holder in held.items() if holder is None])

    def _hand_out(self, waiting: deque[Part]) -> None:
        """Give every idle asker a part, and start askers while parts wait and the cluster has room."""
        while waiting and self._idle:
            actor, part = self._idle.pop(), waiting.popleft()
            self._busy[actor.ask.remote(part)] = (actor, part)
        there = len(self._starting) + len(self._busy) + len(self._idle)
        for _ in range(min(self._room() - there, len(waiting) - len(self._starting))):
            actor = self._actor.remote(self._order_ref, self._desk)
            self._starting[actor.node.remote()] = actor

    def _room(self) -> int:
        """How many askers the cluster holds now."""
        name, each = ("GPU", self._gpus) if self._gpus else ("CPU", 1.0)
        return sum(int(node["Resources"].get(name, 0.0) / each + 1e-9) for node in self._ray.nodes() if node["Alive"])

    def _finished(self, seen: _Seen) -> list[tuple[Part, Outcome | None]]:
        """Parts that came to an end; None where the process was lost."""
        refs = [*self._busy, *self._starting]
        if not refs:
            time.sleep(LOOK_S)
            return []
        done, _ = self._ray.wait(refs, num_returns=1, timeout=LOOK_S)
        found: list[tuple[Part, Outcome | None]] = []
        for ref in done:
            if ref in self._starting:
                self._begun(ref, seen)
            else:
                actor, part = self._busy.pop(ref)
                outcome = self._outcome(ref, part, seen)
                if outcome is not None:
                    self._idle.append(actor)
                found.append((part, outcome))
        return found

    def _begun(self, ref: Any, seen: _Seen) -> None:
        actor = self._starting.pop(ref)
        try:
            self._nodes[actor] = self._ray.get(ref)
        except self._ray.exceptions.RayActorError as error:
            self._count_lost(-1, error, seen)
        else:
            self._idle.append(actor)

    def _outcome(self, ref: Any, part: Part, seen: _Seen) -> Outcome | None:
        """What became of a part; None where its process was lost.

        Raises:
            ValueError: the run cannot go on.
        """
        errors = self._ray.exceptions
        try:
            outcome: Outcome = self._ray.get(ref)
        except (errors.RayActorError, errors.WorkerCrashedError, errors.OutOfMemoryError, errors.ObjectLostError) as e:
            self._count_lost(part.number, e, seen)
            if self._desk is not None:
                self._desk.forget.remote(part.number)
            return None
        if outcome.error is not None:
            raise DiskError(outcome.error) if outcome.disk else ValueError(outcome.error)
        return outcome

    def _count_lost(self, number: int, error: Exception, seen: _Seen) -> None:
        self._lost[number] += 1
        seen.lost += 1
        if self._lost[number] > LOST_MAX:
            what = "a process that asks" if number < 0 else f"part {number}"
            raise ValueError(
                f"{what} was lost {LOST_MAX} times ({' '.join(str(error).split())[:200]}); perhaps the memory of a "
                "node does not hold the model"
            ) from None
