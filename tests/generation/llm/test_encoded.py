"""Texts that are made once say what encoding anew would say."""

import json

from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.llm.encoded import Encoded, EncodedList, spliced, written
from moviellm.generation.schema import canonical_json

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(), PLAIN, max_size=4)


@given(OBJECTS, OBJECTS, st.lists(PLAIN, max_size=3))
def test_a_spliced_text_is_the_canonical_text(outer, inner, items):
    encoded = {**outer, "in": {"deeper": {"it": Encoded(inner)}, "list": EncodedList(items)}, "it": Encoded(inner)}
    plain = {**outer, "in": {"deeper": {"it": inner}, "list": items}, "it": inner}
    assert spliced(encoded) == canonical_json(plain)


@given(OBJECTS, OBJECTS)
def test_a_written_text_says_the_same_with_the_keys_in_their_own_order(outer, inner):
    text = written({**outer, "it": Encoded(inner)})
    assert json.loads(text) == {**outer, "it": inner}
    assert list(json.loads(text)["it"]) == list(inner)


def test_an_answers_schema_reaches_the_server_in_the_order_of_its_fields():
    schema = Encoded({"properties": {"thought": {}, "answer": {}}})
    assert written({"schema": schema}) == '{"schema":{"properties":{"thought":{},"answer":{}}}}'
