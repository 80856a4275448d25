"""A run in a bucket on a cluster: no folder is shared, each node works in one of its own.

    report = BucketDriver(ray, place, record).make(retry_failed=False)

As driving.py, with three differences. A shard's maker holds a lease in the bucket, not a lock. The desk's ledger lies
on the node of the driver, where the desk is started again when it dies; a node that is lost takes both. And what a
lost maker was seen to pay, but had not sent yet, stays counted against `--max-usd`: it was paid.
"""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from moviellm.generation.buckets.costs import paid_in_bucket, spent_of_shard
from moviellm.generation.buckets.leases import RUN, Watch
from moviellm.generation.buckets.places import Place
from moviellm.generation.buckets.store import PATIENCE_S, Store
from moviellm.generation.cluster.asking import limits_of
from moviellm.generation.cluster.connecting import check_nodes
from moviellm.generation.cluster.desk import Desk
from moviellm.generation.cluster.driving import Driver, needed
from moviellm.generation.cluster.limits import Limits
from moviellm.generation.cluster.nodes import node_name
from moviellm.generation.llm.admission import MINUTE_S, Asked
from moviellm.generation.make import MakeReport, shard_count
from moviellm.generation.output import note
from moviellm.generation.runs.address import SCHEMES, BucketUrl
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.runs.settled import ShardReport

LOOK_S = 2.0
"""Between two looks whether makers of a lost cluster are gone."""


class BucketDesk(Desk):
    """The desk of a run in a bucket."""

    def __init__(
        self, url: BucketUrl, driver: str, limits: Limits, environment: Mapping[str, str], *, pause: bool
    ) -> None:
        """
        Args:
            driver: a name that no other driver has: a desk that is started again finds the ledger of the one before.
            pause: a driver was lost, and calls of the last minute are not known.
        """
        os.environ.update(environment)
        # Started again in the middle of a run: nobody waits at a keyboard, so a store that rests is waited for.
        self._store = Store.open(url, to_make=False, patience_s=PATIENCE_S)
        ledger = Path(tempfile.gettempdir()) / f"moviellm-desk-{driver}"
        begins = not ledger.is_dir()
        ledger.mkdir(exist_ok=True)
        super().__init__(str(ledger), limits)
        self._lost_usd = self._money.recorded.get(None, 0.0)
        if begins and pause and limits.paced:
            self._paused_until = time.time() + MINUTE_S

    async def end(self) -> None:
        """The run is made: nobody asks any more, and no other desk follows."""
        shutil.rmtree(self._run, ignore_errors=True)

    def _recorded(self) -> dict[int | None, float]:
        return {shard: paid.spent.usd for shard, paid in paid_in_bucket(self._store).items()}

    def _asked(self, since: float, *, a_desk_was: bool) -> list[Asked]:
        paid = {} if a_desk_was else paid_in_bucket(self._store, since)
        return [one for shard in paid.values() for one in shard.lately]

    async def forget(self, shard: int) -> None:
        """Nobody makes this shard now, or somebody begins again."""
        gone, told = self._calls_of(shard), self._money.recorded.get(shard, 0.0)
        if self._limits.max_usd is not None:
            there = (await asyncio.to_thread(spent_of_shard, self._store, shard)).usd
            if self._money.recorded.get(shard, 0.0) == told:  # else the next maker is at work, and has asked itself
                self._lost_usd += max(0.0, told - there)
                self._money.recorded |= {shard: there, None: self._lost_usd}
                self._keep_told(shard, there)
                self._keep_told(None, self._lost_usd)
        self._let_go(gone)

    async def free(self, shard: int, name: str, recorded_usd: float) -> None:
        """As the desk of a folder; what a maker has paid and not sent yet is known to the next desk too."""
        self._keep_told(shard, recorded_usd)
        await super().free(shard, name, recorded_usd)

    def _keep_told(self, shard: int | None, usd: float) -> None:
        self._write({"kind": "told", "name": f"shard {shard}", "shard": shard, "usd": usd})


def _seen_from_here(url: BucketUrl, environment: Mapping[str, str]) -> tuple[str, str | None]:
    """A node's name, and why it cannot use the bucket; runs there."""
    os.environ.update(environment)
    try:
        Store.open(url, to_make=False).names("probe")
    except ValueError as error:
        return node_name(), str(error)
    return node_name(), None


class BucketDriver(Driver):
    """Makes one run in a bucket on one cluster."""

    def __init__(self, ray: Any, place: Place, record: RunRecord) -> None:
        """Raises ValueError for what the cluster has not. The caller holds the run's lease."""
        self._place, self._watch = place, Watch(place.store)
        if record.recipe.engine.max_usd is not None:
            self._wait_for_others()
        super().__init__(ray, Path(str(place.url)), record)

    def _wait_for_others(self) -> None:
        """What makers of a lost cluster still pay is known when they are gone: `--max-usd` waits for that."""
        said = False
        while others := self._holders():
            if not said:
                note(f"{len(others)} shards are still being made by {', '.join(sorted(set(others.values()))[:4])}")
                said = True
            time.sleep(LOOK_S)

    def make(self, *, retry_failed: bool) -> MakeReport:
        """As `Driver.make`; the desk's ledger goes when the run is made."""
        report = super().make(retry_failed=retry_failed)
        self._ray.wait([self._desk.end.remote()], timeout=LOOK_S)
        return report

    def _check_nodes(self) -> list[dict[str, Any]]:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        url = self._place.url
        facts = check_nodes(self._ray, None, needs=needed(self._record, SCHEMES[url.scheme]))
        ask = self._ray.remote(num_cpus=0, max_retries=0)(_seen_from_here)
        nodes = [node["NodeID"] for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) > 0]
        on = [NodeAffinitySchedulingStrategy(node, soft=False) for node in nodes]
        asked = [ask.options(scheduling_strategy=one).remote(url, self._environment) for one in on]
        for node, why in self._ray.get(asked):
            if why is not None:
                raise ValueError(f"node {node} cannot use the bucket: {why}")
        return facts

    def _start_desk(self, options: dict[str, Any]) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        lease = self._place.lease
        assert lease is not None, "who drives holds the run"
        here = self._ray.get_runtime_context().get_node_id()
        desk = self._ray.remote(BucketDesk).options(
            **options, scheduling_strategy=NodeAffinitySchedulingStrategy(here, soft=False)
        )
        limits = limits_of(self._record.recipe)
        return desk.remote(self._place.url, lease.label, limits, self._environment, pause=lease.after_dead)

    def _look(self, advance: Callable[[int], None], shown: float) -> float:
        lease = self._place.lease
        if lease is not None and lease.lost is not None:  # another driver's desk would let as much again begin
            lease.check()
        return super()._look(advance, shown)

    def _holders(self) -> dict[int, str]:
        return {int(of): who for of, who in self._watch.holders().items() if of != RUN}

    def _finished(self) -> dict[int, ShardReport]:
        return self._place.settled(self._record)  # written by who made them: `_settle` has nothing to do

    def _drop_surplus(self) -> None:
        self._place.drop_surplus(shard_count(self._record))
