"""The stock processor of an exported llava_next_video makes our rows. Slow: fetches torchvision, which it needs.

torchvision has no build for torch without CUDA here, so it is put beside torch and told of two operators that it
registers when it is imported; nothing of it that is compiled is used.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from moviellm.training.convert.exporting import export
from tests.training.model.tiny import tiny

pytestmark = pytest.mark.slow

READ = """
import json, sys
import numpy as np
import torch
operators = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    operators.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from transformers import AutoModelForImageTextToText, AutoProcessor
folder, frames = sys.argv[1:]
processor = AutoProcessor.from_pretrained(folder)
video = np.load(frames)
talk = [{"role": "user", "content": [{"type": "video"}, {"type": "text", "text": "who is it ?"}]}]
text = processor.apply_chat_template(talk, add_generation_prompt=True)
batch = processor(text=[text], videos=[video], return_tensors="pt")
model = AutoModelForImageTextToText.from_pretrained(folder)
with torch.no_grad():
    logits = model(**batch).logits[0, -1]
assert not any(name.startswith("moviellm") for name in sys.modules)
print(json.dumps({
    "class": type(processor).__name__,
    "ids": batch["input_ids"][0].tolist(),
    "pixels": batch["pixel_values_videos"][0].flatten().tolist(),
    "logits": logits.tolist(),
}))
"""


@pytest.mark.parametrize("side", [1, 2])
def test_auto_processor_and_auto_model_answer_as_ours(tmp_path: Path, side: int) -> None:
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", tmp_path / "beside"]
    subprocess.run([*install, "torchvision==0.28.0"], check=True)
    model, processor = tiny(compressor="pool", pool_side=side, time="none")
    processor.image_processor.fit = "stretch"
    model.save_pretrained(tmp_path / "ours")
    processor.save_pretrained(tmp_path / "ours")
    export(str(tmp_path / "ours"), "llava_next_video", tmp_path / "out")
    frames = np.random.default_rng(0).integers(0, 255, (3, 16, 16, 3), dtype=np.uint8)
    np.save(tmp_path / "frames.npy", frames)
    command = [sys.executable, "-c", READ, tmp_path / "out", tmp_path / "frames.npy"]
    environment = {"PYTHONPATH": str(tmp_path / "beside"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path, env=environment)
    seen = json.loads(done.stdout.splitlines()[-1])
    film = {"type": "video", "video": {"frames": list(frames)}}
    talk = [{"role": "user", "content": [film, {"type": "text", "text": "who is it ?"}]}]
    settings = {"tokenize": True, "return_dict": True, "add_generation_prompt": True, "return_tensors": "pt"}
    batch = processor.apply_chat_template(talk, **settings)
    with torch.no_grad():
        logits = model(**batch).logits[0, -1]
    assert seen["class"] == "LlavaNextVideoProcessor"
    assert seen["ids"] == batch["input_ids"][0].tolist()
    assert np.allclose(seen["pixels"], batch["pixel_values"].flatten().tolist(), atol=1e-5)
    assert torch.allclose(torch.tensor(seen["logits"])[: len(logits)], logits, atol=1e-4)
