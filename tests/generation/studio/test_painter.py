"""The offline painter: requests, styles, bytes, worker processes."""

import asyncio
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from moviellm.generation.config.recipe import ImageConfig
from moviellm.generation.paintings import ObjectBrief, StyleBrief
from moviellm.generation.protocols import Request, derive_seed
from moviellm.generation.schema import Style
from moviellm.generation.studio import painter
from tests.generation.studio.painted import brief, composed, figures, paint, request, state, style

# ---------------------------------------------------------------- requests


def test_request_holds_what_decides_the_picture_and_nothing_else():
    assert request().body() == request(prompt="other words", keyframe_id="m00001-c00-s00-k09").body()
    assert request().body() == request(location="Main Street", location_description="long").body()
    for change in (
        {"shot": "close"},
        {"location": "the beach"},
        {"weather": "rain"},
        {"time_of_day": "night"},
        {"props": ()},
        {"location_kind": "harbour"},
        {"scene_key": "1-c00-s01"},
        {"place_key": "1-1"},
        {"action": "give"},
        {"object": "silver key"},
        {"objects": (ObjectBrief(name="blue book", appearance="red book"),)},
        {"states": (state("blue book", "open"),)},
        {"figures": figures("stand", facing=("back",))},
        {"style": style("noir")},
        {"figures": figures("run")},
        {"seed": 6},
        {"width_px": 256},
        {"image": ImageConfig(quality=50)},
    ):
        assert request(**change).body() != request().body(), change


def test_request_names_version_rasteriser_and_art():
    made = request()
    assert made.model_id == "moviellm/offline-painter"
    assert made.model_revision.startswith(f"{painter.VERSION}+thorvg-python-")
    assert len(made.prompt_sha256) == 64


def lock(style_name=None, keyword="gothic", description="", seed=3):
    house = painter.OfflinePainter(ImageConfig(), 1)
    asked = StyleBrief(movie_id="m00001", keyword=keyword, description=description, seed=seed, style=style_name)
    return Style.model_validate(asyncio.run(house.lock_style(house.request("style", asked, seed)))[0])


def test_asked_style_is_locked():
    assert lock("woodcut").style_id == "woodcut"


def test_locked_style_says_what_its_pictures_show():
    assert lock("noir").shows == ("time_of_day", "weather", "feeling")


def test_keyword_chooses_a_style_and_unknown_words_leave_it_to_the_seed():
    assert lock(keyword="watercolour").style_id == "watercolour"
    assert lock(keyword="hardboiled", description="soft pastel light").style_id in ("ink", "noir", "neon", "blueprint")
    chosen = {lock(keyword="zzz", seed=seed).style_id for seed in range(40)}
    assert len(chosen) > 6


def test_unknown_style_names_the_styles():
    with pytest.raises(ValueError, match="no style 'cubist'; .* storybook, ink"):
        lock("cubist")


# ---------------------------------------------------------------- bytes


def test_picture_has_the_asked_size_and_format():
    for width, height in ((512, 288), (300, 300), (640, 200)):
        painting, data = paint(width_px=width, height_px=height, style=style("pixel"))
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.size) == ("JPEG", (width, height))
        assert (painting.width_px, painting.height_px, painting.media_type) == (width, height, "image/jpeg")
    webp = paint(image=ImageConfig(format="webp"))
    assert Image.open(io.BytesIO(webp[1])).format == "WEBP" and webp[0].media_type == "image/webp"


def test_same_request_gives_same_bytes_in_another_process_and_whatever_was_painted_before():
    bodies = [request(shot=shot, style=style(name)).body() for shot, name in (("wide", "ink"), ("close", "neon"))]
    here = [hashlib.sha256(painter.paint_request(body)[1]).hexdigest() for body in bodies]
    code = (
        "import hashlib,json,sys\nfrom moviellm.generation.studio.painter import paint_request\n"
        "for body in reversed(json.load(sys.stdin)): print(hashlib.sha256(paint_request(body)[1]).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(bodies),
        env={**os.environ, "PYTHONHASHSEED": "4242", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.split()[::-1] == here


def test_place_key_fixes_the_backdrop_and_the_seed_moves_people():
    def svg(seed, key):
        frame = composed(seed, place_key=key)
        return painter.backdrop_pixels(frame.backdrop, 64, 36).tobytes(), frame.front.svg(frame.view)

    seeds = [1, next(k for k in range(2, 50) if derive_seed(k, "take") % 2 == derive_seed(1, "take") % 2)]
    assert svg(seeds[0], "a")[0] == svg(seeds[1], "a")[0] != svg(seeds[0], "b")[0]
    assert svg(seeds[0], "a")[1] != svg(seeds[1], "a")[1]


def test_two_pictures_of_a_scene_are_no_copies():
    for shot in ("wide", "medium", "two_shot", "over_shoulder", "close"):
        assert len({paint(seed=seed, shot=shot)[1] for seed in range(6)}) == 6


GOLDEN = {
    "2": ("157dc1b0a4a8", "c3a37fa9450d", "6b10ee9bd0c1", "70b11e349c34", "d7b3ca34fe92"),
}
GOLDEN_CASES = (
    {"shot": "wide", "weather": "rain", "time_of_day": "night"},
    {"shot": "medium", "location": "the study", "indoor": True, "style": style("papercut")},
    {"shot": "close", "figures": figures("weep", emotion="sad"), "style": style("blueprint")},
    {"shot": "insert", "location": "the beach", "style": style("noir")},
    {"shot": "over_shoulder", "location": "the market", "weather": "snow", "style": style("ink")},
)


def test_drawing_is_that_of_its_version():
    made = []
    for case in GOLDEN_CASES:
        frame = composed(**case)
        text = repr(frame.backdrop) + frame.front.svg(frame.view)
        made.append(hashlib.sha256(text.encode()).hexdigest()[:12])
    assert tuple(made) == GOLDEN[painter.VERSION], (
        f"the drawing changed: bump painter.VERSION (cells painted before are then painted again) and pin {made}"
    )


# ---------------------------------------------------------------- processes


def test_pool_paints_what_the_function_paints():
    async def both() -> tuple[bytes, bytes]:
        house = painter.OfflinePainter(ImageConfig(), 1)
        made: Request = house.request("keyframe", brief(width_px=128, height_px=72), 5)
        try:
            return (await house.paint(made))[1], painter.paint_request(made.body())[1]
        finally:
            await house.close()

    pooled, direct = asyncio.run(both())
    assert pooled == direct


def test_pictures_asked_together_are_painted_each_by_itself():
    asked = [request(seed=seed, width_px=64, height_px=36, place_key=f"1-{seed // 4}") for seed in range(9)]
    wrong = Request(**{**vars(asked[0]), "inputs": {**asked[0].inputs, "style": "cubist"}})

    async def together():
        house = painter.OfflinePainter(ImageConfig(), 2)
        try:
            return await asyncio.gather(*map(house.paint, [*asked, wrong]), return_exceptions=True)
        finally:
            await house.close()

    *painted, refused = asyncio.run(together())
    assert [image for _, image in painted] == [painter.paint_request(one.body())[1] for one in asked]
    assert isinstance(refused, ValueError) and "cubist" in str(refused)


class SlowHouse(painter.OfflinePainter):
    """A painter whose workers note what they get and take their time."""

    def __init__(self) -> None:
        super().__init__(ImageConfig(), 1)
        self.batches: list[list[str]] = []

    def _in_a_worker(self, bodies):
        self.batches.append([body["inputs"]["place_key"] for body in bodies])

        async def work():
            await asyncio.sleep(0.01)
            return [({}, b"") for _ in bodies]

        return asyncio.ensure_future(work())


def test_what_is_asked_for_while_the_workers_are_busy_goes_out_by_places():
    asked = [request(seed=seed, place_key=f"1-{seed % 2}") for seed in range(12)]

    async def all_of_them():
        house = SlowHouse()
        await asyncio.gather(*map(house.paint, asked))
        return house.batches

    batches = asyncio.run(all_of_them())
    assert [sorted(set(batch)) for batch in batches] == [["1-0"], ["1-1"]]


def test_what_waits_is_cancelled_when_the_painter_closes():
    asked = [request(seed=seed, place_key=f"1-{seed}") for seed in range(5)]

    async def closed_early():
        house = SlowHouse()
        waiting = asyncio.gather(*map(house.paint, asked), return_exceptions=True)
        await asyncio.sleep(0.005)
        await house.close()
        return await waiting, house.batches

    answers, batches = asyncio.run(closed_early())
    assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [False] * 2 + [True] * 3
    assert len(batches) == 2


PARENT = """
import asyncio, sys, time
sys.path[:0] = {path!r}
from tests.generation.studio.painted import brief
from moviellm.generation.config.recipe import ImageConfig
from moviellm.generation.studio.painter import OfflinePainter

async def main():
    house = OfflinePainter(ImageConfig(), 1)
    await house.paint(house.request("keyframe", brief(width_px=64, height_px=36), 1))
    print(*(p.pid for p in house._pool._processes.values()), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads /proc")
def test_killed_parent_leaves_no_worker(tmp_path):
    script = tmp_path / "parent.py"
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    script.write_text(PARENT.format(path=[root, os.path.join(root, ".typing")]))
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        workers = [int(word) for word in parent.stdout.readline().split()]
        assert workers and all(_alive(pid) for pid in workers)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(_alive(pid) for pid in workers):
        time.sleep(0.05)
    assert not any(_alive(pid) for pid in workers)


def test_seed_of_a_person_is_constant_in_a_scene():
    body = request().body()
    first, second = (painter.shot_from(body["inputs"], seed).roles[0].seed for seed in (1, 2))
    assert first == second == derive_seed(derive_seed(0, "scene", "1-c00-s00"), "p00")
