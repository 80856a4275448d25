"""In which order samples come: a pure function of the seed and the epoch, so that a resumed training goes on exactly.

    order = Mixture(samples, weights={"movies": 1.0}, shares={"clips": 0.2}, seed=7, batch=4)
    order.of_epoch(3)                               # numbers of samples
    for number in order: ...                        # as a sampler of PyTorch; set_epoch says which epoch

Each source deals its samples from shuffled decks, one after the other through the epochs, so that none is shown twice
before all were shown once. A `share` of the epoch is replay. Samples of one kind (pixels, features, text) make a
batch; with `by_length` those of similar length do. Nothing is drawn from PyTorch's random numbers.
"""

import random
from collections.abc import Iterator, Mapping, Sequence

from torch.utils.data import Sampler

from moviellm.generation.protocols import derive_seed
from moviellm.training.data.library import Sample

WINDOW_BATCHES = 50
"""Batches that are sorted by length together: order stays random beyond."""


class Mixture(Sampler[int]):
    """The samples of each epoch, in order."""

    def __init__(
        self,
        samples: Sequence[Sample],
        weights: Mapping[str, float],
        shares: Mapping[str, float],
        *,
        seed: int,
        batch: int = 1,
        by_length: bool = False,
        shuffle: bool = True,
    ) -> None:
        """`weights` and `shares` by the samples' `source`; sources in neither are left out."""
        self._samples = {sample.number: sample for sample in samples}
        self._decks: dict[str, list[int]] = {name: [] for name in (*weights, *shares)}
        for sample in samples:
            if sample.source in self._decks:
                self._decks[sample.source].append(sample.number)
        self._seed, self._batch, self._by_length, self._shuffle = seed, batch, by_length, shuffle
        self._dealt = self._counts(weights, shares)
        self._length: int | None = None
        self._length = len(self.of_epoch(0))
        self.epoch = 0

    def _counts(self, weights: Mapping[str, float], shares: Mapping[str, float]) -> dict[str, int]:
        """Samples of each source in an epoch."""
        counts = {name: max(round(weight * len(self._decks[name])), 1) for name, weight in weights.items()}
        others = sum(counts.values()) / max(1 - sum(shares.values()), 1e-9)
        return counts | {name: max(round(others * share), 1) for name, share in shares.items() if share}

    def __len__(self) -> int:
        return self._length or 0

    def set_epoch(self, epoch: int) -> None:
        """Which epoch comes next."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        return iter(self.of_epoch(self.epoch))

    def of_epoch(self, epoch: int) -> list[int]:
        """Numbers of the samples of an epoch, in order."""
        dealt = [number for name, count in self._dealt.items() for number in self._deal(name, epoch, count)]
        rng = random.Random(derive_seed(self._seed, "order", str(epoch)))
        if self._shuffle:
            rng.shuffle(dealt)
        made = self._batched(dealt, rng)
        if self._length is None or len(made) == self._length:
            return made
        return (made * 2)[: self._length]  # a source of several kinds fills up otherwise in each epoch

    def _deal(self, name: str, epoch: int, count: int) -> list[int]:
        """The next cards of a source's endless row of shuffled decks."""
        deck = self._decks[name]
        if not deck:
            return []
        found: list[int] = []
        at = epoch * count
        while len(found) < count:
            pile, place = divmod(at + len(found), len(deck))
            found += self._pile(name, pile)[place : place + count - len(found)]
        return found

    def _pile(self, name: str, pile: int) -> list[int]:
        cards = list(self._decks[name])
        if self._shuffle:
            random.Random(derive_seed(self._seed, "deck", name, str(pile))).shuffle(cards)
        return cards

    def _batched(self, dealt: list[int], rng: random.Random) -> list[int]:
        """Batches of one kind, whole ones: the last of each kind is filled up with the first samples of its kind."""
        kinds: dict[str, list[int]] = {}
        for number in dealt:
            kinds.setdefault(self._samples[number].kind, []).append(number)
        if self._by_length:
            kinds = {kind: self._sorted(numbers) for kind, numbers in kinds.items()}
        if len(kinds) == 1 and not self._by_length:
            return dealt
        batches = []
        for numbers in kinds.values():
            for at in range(0, len(numbers), self._batch):
                batch = numbers[at : at + self._batch]
                missing = self._batch - len(batch) if len(kinds) > 1 else 0
                batches.append((batch + numbers * self._batch)[: len(batch) + missing])
        last = batches.pop() if len(batches[-1]) < self._batch else None
        if self._shuffle:
            rng.shuffle(batches)
        return [number for batch in [*batches, *([last] if last else [])] for number in batch]

    def _sorted(self, numbers: list[int]) -> list[int]:
        """Samples of similar length beside each other, in windows of some batches."""
        window = self._batch * WINDOW_BATCHES
        found: list[int] = []
        for at in range(0, len(numbers), window):
            found += sorted(numbers[at : at + window], key=lambda number: (-self._samples[number].tokens, number))
        return found
