"""Times as steps and as embeddings."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from moviellm.training.model.steps import step_of
from moviellm.training.model.timing import TimeTable, ordinal_rows, start_in_order
from moviellm.training.rows.times import index_of
from tests.training.model.tiny import tiny

torch.set_num_threads(1)


@given(st.floats(0, 5000), st.floats(0.1, 5000))
def test_a_step_of_a_hundred_is_the_index_in_training_rows(time_s: float, duration_s: float) -> None:
    assert step_of(min(time_s, duration_s), duration_s, 100) == index_of(min(time_s, duration_s), duration_s)


def test_neighbouring_steps_start_more_alike_than_distant_ones() -> None:
    torch.manual_seed(0)
    rows = torch.nn.functional.normalize(ordinal_rows(100, 64, 0.02), dim=1)
    alike = rows @ rows.T
    assert alike.diagonal(1).min() > 0.8
    assert alike.diagonal(1).mean() > alike.diagonal(5).mean() > alike.diagonal(40).mean()
    assert alike.fill_diagonal_(0).max() < 0.999, "no two steps are the same"


def test_rows_start_with_the_deviation_of_the_other_weights() -> None:
    torch.manual_seed(0)
    assert abs(ordinal_rows(100, 256, 0.02).std().item() - 0.02) < 0.002


def test_the_table_of_a_new_model_starts_in_order() -> None:
    model, _ = tiny(compressor="cls", time="additive", time_steps=40)
    rows = torch.nn.functional.normalize(model.model.time_table.weight, dim=1)
    assert isinstance(model.model.time_table, TimeTable)
    assert (rows @ rows.T).diagonal(1).min() > 0.7


def test_tokens_of_the_language_model_can_start_in_order() -> None:
    table = torch.nn.Embedding(50, 32)
    before = table.weight.detach().clone()
    start_in_order(table.weight, range(10, 20))
    changed = (table.weight != before).any(1)
    assert changed.tolist() == [10 <= number < 20 for number in range(50)]
