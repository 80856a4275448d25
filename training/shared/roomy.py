"""A key-value cache with room behind the movie: a step writes its keys there and copies nothing of the movie's.

    cache = roomy_cache()
    model(**movie, past_key_values=cache, use_cache=True)

The library's own dynamic cache joins old and new keys at every step, which for a long movie moves as many bytes as the
attention reads, twice. Every layer keeps all tokens, those with a sliding window too: the window is in the mask.
"""

from typing import Any

from transformers.cache_utils import Cache, DynamicLayer

ROOM = 1024
"""Tokens of room at least, when there is none left."""


class RoomyLayer(DynamicLayer):
    """Keys and values as views of larger tensors; (1, heads, tokens, width)."""

    keys: Any
    values: Any

    def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Write the new states behind the old ones; returns all of them."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.whole: tuple[Any, Any] | None = None
        used = self.get_seq_length()
        need = used + key_states.shape[-2]
        if self.whole is None or self.whole[0].shape[-2] < need:
            self.whole = (_grown(self.keys, key_states, used, need), _grown(self.values, value_states, used, need))
        keys, values = self.whole
        keys[..., used:need, :] = key_states
        values[..., used:need, :] = value_states
        self.keys, self.values = keys[..., :need, :], values[..., :need, :]
        return self.keys, self.values


def roomy_cache() -> Cache:
    """An empty cache whose layers have room."""
    return Cache(layer_class_to_replicate=RoomyLayer)


def _grown(old: Any, new: Any, used: int, need: int) -> Any:
    larger = new.new_empty((*new.shape[:-2], need + max(ROOM, need // 8), new.shape[-1]))
    if used:
        larger[..., :used, :] = old
    return larger
