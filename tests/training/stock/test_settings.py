"""Settings of frames are read where checkpoints of several ages have them."""

import json
from typing import Any

from moviellm.training.stock.settings import rules_of


def files(**settings: Any) -> dict[str, str]:
    """Files of a checkpoint; the name says which, without its ending."""
    return {f"{name}.json": json.dumps(value) for name, value in settings.items()}


def test_the_newest_place_wins() -> None:
    found = files(
        processor_config={"video_processor": {"size": {"height": 1, "width": 1}}},
        video_preprocessor_config={"size": {"height": 2, "width": 2}},
        preprocessor_config={"size": {"height": 3, "width": 3}},
    )
    sizes = []
    for name in list(found):
        sizes.append(rules_of("internvl", found).size["height"])
        del found[name]
    assert sizes == [1, 2, 3]


def test_numbers_of_pixels_of_older_files_are_bounds_of_the_size() -> None:
    rules = rules_of("qwen2_5_vl", files(preprocessor_config={"min_pixels": 3136, "max_pixels": 12_845_056}))
    assert rules.size == {"shortest_edge": 3136, "longest_edge": 12_845_056}


def test_smolvlm_sizes_films_otherwise_than_pictures() -> None:
    sampling = {"video_sampling": {"fps": 1, "max_frames": 64, "video_size": {"longest_edge": 512}}}
    said = {"size": {"longest_edge": 2048}, "max_image_size": {"longest_edge": 512}, **sampling}
    rules = rules_of("smolvlm", files(preprocessor_config=said))
    assert (rules.size, rules.square_px) == ({"longest_edge": 512}, 512)


def test_bare_numbers_are_sizes() -> None:
    rules = rules_of("llava_next_video", files(preprocessor_config={"size": 336, "crop_size": 336}))
    assert (rules.size, rules.crop) == ({"shortest_edge": 336}, (336, 336))


def test_what_is_turned_off_is_off() -> None:
    off = {"do_normalize": False, "do_rescale": False, "do_resize": False, "do_center_crop": False}
    rules = rules_of("llava_next_video", files(preprocessor_config=off))
    assert (rules.mean, rules.std, rules.scale, rules.resized, rules.crop) == (None, None, None, False, None)
