"""What a stage works with: the recipe, a writer, a painter and the cells of one shard.

    draft = await bench.write("plot", VERSION, "m00000/outline", "outline", brief, seed, OutlineDraft, check)

A stage asks here and gets a checked record back; whether it was made now or long ago, by which writer and at what
concurrency, it cannot tell. What fails raises `CellFailedError` with the reason, which costs that movie and no other.

It knows nothing of stories: see plot.py, style.py, keyframes.py, dialogue.py, qa.py, and make.py, which runs them.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from pydantic import JsonValue, ValidationError

from moviellm.generation.cells import Cell, Make, Result, Shard
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.ladder import Exchanges
from moviellm.generation.protocols import Blobs, Painter, Request, Writer, WriterTask
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.schema import Provenance, Record, Stage, canonical_json

T = TypeVar("T")
DraftT = TypeVar("DraftT", bound=Record)


class CellFailedError(ValueError):
    """A cell that could not be made; the movie it belongs to is left out, with this reason."""


class NotMadeError(CellFailedError):
    """A cell that is not there, and that nobody may make: the dry run."""


@dataclass(kw_only=True)
class Workbench:
    """The tools for one movie. `cells` collects every cell asked for, `provenance` the first request of each stage."""

    recipe: Recipe
    writer: Writer
    painter: Painter
    shard: Shard
    limit: asyncio.Semaphore
    record: RunRecord
    service: Exchanges | None = None
    """The model server, for those who ask one themselves; None where the recipe needs none."""
    make_missing: bool = True
    """False only looks: a cell that is not there raises `NotMadeError` (the dry run)."""
    advance: Callable[[int], None] = lambda count: None
    """Called with 1 for every cell that is there."""
    cells: list[Cell] = field(default_factory=list)
    provenance: dict[Stage, Provenance] = field(default_factory=dict)

    def fresh(self) -> "Workbench":
        """The same tools for another movie."""
        return replace(self, cells=[], provenance={})

    async def write(
        self,
        stage: Stage,
        version: int,
        cell_id: str,
        task: WriterTask,
        brief: Record,
        seed: int,
        draft_type: type[DraftT],
        check: Callable[[DraftT], None] | None = None,
    ) -> DraftT:
        """One text cell: the writer's checked draft."""
        request = self.writer.request(task, brief, seed)
        made: list[DraftT] = []
        accepted: list[Mapping[str, JsonValue]] = []

        def accept(output: Mapping[str, JsonValue]) -> None:
            draft = read_draft(draft_type, output)
            if check is not None:
                check(draft)
            made[:], accepted[:] = [draft], [output]

        async def make() -> tuple[dict[str, JsonValue], None]:
            output = await self.writer.write(request, accept)
            if not accepted or accepted[0] is not output:  # else the writer has asked already
                accept(output)
            return output, None

        result = await self.ask(stage, version, cell_id, request, make)
        return made[0] if made else read_draft(draft_type, result.output or {})

    async def ask(self, stage: Stage, version: int, cell_id: str, request: Request, make: Make) -> Result:
        """One cell of any kind: the result kept under its key, or a new one."""
        cell = Cell(cell_id=cell_id, stage=stage, stage_version=version, request=request)
        self.cells.append(cell.without_inputs())
        if stage not in self.provenance:
            self.provenance[stage] = self._provenance(stage, request)
        if not self.make_missing and not self.shard.cached(cell):
            raise NotMadeError(f"{cell_id} is not made yet")
        result = await self.shard.cell(cell, make, self.limit)
        if result.error is not None:
            raise CellFailedError(f"{cell_id}: {result.error}")
        self.advance(1)
        return result

    def blobs(self, *hashes: str | None) -> Blobs:
        """The bytes that a request names by hash: pictures and learned styles of this shard."""
        return {sha256: self.shard.image(sha256) for sha256 in dict.fromkeys(hashes) if sha256 is not None}

    def _provenance(self, stage: Stage, request: Request) -> Provenance:
        return Provenance(
            stage=stage,
            model_id=request.model_id,
            model_revision=request.model_revision,
            prompt_id=request.prompt_id,
            prompt_sha256=request.prompt_sha256,
            params=canonical_json(dict(request.params)),
            seed=request.seed,
            created_at=self.record.created_at,
            code_version=self.record.code_version,
            code_revision=self.record.code_revision,
        )


def read_draft(draft_type: type[DraftT], output: Mapping[str, JsonValue]) -> DraftT:
    """Parse an answer; what is wrong with it is said on one line."""
    try:
        return draft_type.model_validate(output)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or draft_type.__name__
        raise ValueError(f"the answer is no {draft_type.__name__}: {place}: {first['msg']}") from None


async def gather(jobs: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run the parts of a movie together and wait for all of them; then raise the first failure, if there was one.

    The others are not cancelled: what they make is kept, and the next run does not pay for it again.
    """
    done = await asyncio.gather(*jobs, return_exceptions=True)
    for item in done:
        if isinstance(item, BaseException):
            raise item
    return cast("list[T]", done)
