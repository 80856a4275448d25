"""Results kept by identity."""

from moviellm.generation.writers.kept import KEPT_MAX, kept


def test_the_same_object_is_computed_from_once():
    seen = []

    @kept
    def length(items, number):
        seen.append(number)
        return len(items) + number

    items = [1, 2]
    assert [length(items, 1), length(items, 1), length(items, 2)] == [3, 3, 4]
    assert seen == [1, 2]


def test_an_equal_object_is_another_one():
    seen = []

    @kept
    def first(items):
        seen.append(items)
        return items[0]

    assert [first([1]), first([1])] == [1, 1]
    assert len(seen) == 2


def test_no_object_takes_the_place_of_one_that_is_gone():
    @kept
    def said(items):
        return items[0]

    assert [said([number]) for number in range(3 * KEPT_MAX)] == list(range(3 * KEPT_MAX))
