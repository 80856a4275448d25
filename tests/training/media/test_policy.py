"""Which frames of a film are taken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.training.media.policy import FramePolicy, choose, moments, relative

POLICIES = st.builds(
    lambda n, fps, cap, start_s, length_s: FramePolicy(
        n, None if n else fps, cap, start_s, None if length_s is None else start_s + length_s
    ),
    st.none() | st.integers(1, 50),
    st.none() | st.floats(0.05, 10),
    st.none() | st.integers(1, 30),
    st.floats(0, 20),
    st.none() | st.floats(0.1, 50),
)


def test_a_number_of_frames_is_spread_over_the_film() -> None:
    assert moments(FramePolicy(n=4), 8.0) == [1.0, 3.0, 5.0, 7.0]


def test_a_rate_begins_at_the_start_and_ends_before_the_end() -> None:
    assert moments(FramePolicy(fps=0.5), 6.0) == [0.0, 2.0, 4.0]


def test_a_file_is_seen_once_a_second_and_a_list_whole() -> None:
    assert moments(FramePolicy(), 3.0) == [0.0, 1.0, 2.0]
    assert choose(FramePolicy(), [0.0, 0.1, 9.0], 10.0) == [0, 1, 2]


def test_a_film_of_one_picture_gives_one() -> None:
    assert moments(FramePolicy(n=8), 0.04, pictures=1) == [0.02]
    assert choose(FramePolicy(n=8), [0.0], 1.0) == [0]


def test_keyframes_are_chosen_by_what_is_on_screen() -> None:
    assert choose(FramePolicy(fps=0.5), [0.0, 3.0, 7.0], 10.0) == [0, 1, 2]
    assert choose(FramePolicy(start_s=4.0, end_s=7.5), [0.0, 3.0, 7.0], 10.0) == [1, 2]


def test_times_of_a_stretch_count_from_its_start() -> None:
    assert relative(FramePolicy(start_s=4.0), [3.0, 7.0]) == [0.0, 3.0]


@settings(max_examples=60)
@given(POLICIES, st.floats(25, 100))
def test_moments_rise_inside_the_stretch_and_keep_the_cap(policy: FramePolicy, duration_s: float) -> None:
    found = moments(policy, duration_s)
    assert found == sorted(set(found)) and policy.start_s <= found[0]
    assert found[-1] < policy.end_of(duration_s) and len(found) <= (policy.cap or len(found))


@settings(max_examples=60)
@given(POLICIES, st.lists(st.floats(0, 24), min_size=1, max_size=60).map(sorted))
def test_choices_rise_and_keep_the_cap(policy: FramePolicy, times_s: list[float]) -> None:
    found = choose(policy, times_s, 25.0)
    assert found and found == sorted(set(found)) and found[-1] < len(times_s)
    assert len(found) <= min(policy.cap or 99, policy.n or 99)


def test_the_key_is_of_what_is_chosen() -> None:
    assert FramePolicy(n=8).key == FramePolicy(8).key != FramePolicy(n=9).key


def test_a_bound_on_pixels_is_in_the_key_and_without_one_the_key_is_that_of_older_records() -> None:
    assert len({FramePolicy(n=8).key, FramePolicy(n=8, pixels=99).key, FramePolicy(n=8, pixels=98).key}) == 3
    assert FramePolicy(n=8).key == "117cfd04793928c1"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"n": 4, "fps": 1.0}, "give one"),
        ({"n": 0}, "at least 1 frame"),
        ({"cap": 0}, "at least 1 frame"),
        ({"pixels": 0}, "at least 1 pixel"),
        ({"fps": 0.0}, "more than 0"),
        ({"start_s": -1.0}, "begin at 0 s"),
        ({"start_s": 5.0, "end_s": 5.0}, "is empty"),
    ],
)
def test_a_policy_that_chooses_nothing_is_refused(fields: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        FramePolicy(**fields)  # type: ignore[arg-type]


def test_a_stretch_behind_the_end_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"a.mp4 is 4.0 s long and ends before"):
        moments(FramePolicy(start_s=9.0), 4.0, name="a.mp4")
