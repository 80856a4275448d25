"""Answers trained and given per second: one movie with all its questions, against a row a question.

    python benchmarks/shared_prefix.py                                # 1,331 frames, 144 questions; under 5 minutes
    python benchmarks/shared_prefix.py --frames 200 --rows 6          # smaller
    python benchmarks/shared_prefix.py --device cuda                  # one step of 64K tokens; needs an accelerator

Four ways, the same model, movie and questions, measured in one process on one thread, in processor seconds:
*plain rows* (TRL's trainer, a row a question, all frames through the vision tower each time), *cache* (rows, but the
tower's outputs are kept), *shared prefix* (all questions behind one reading of the movie), and both. Of the slow ways
only some rows are measured, after one to warm up; what they learn and answer is held against the shared way.

The model is random and small, words and pictures mean nothing: what a step costs does not depend on them. Results go
to results/shared_prefix.json and .md; on an accelerator to results/gpu_shared_prefix.json.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from painting import RESULTS, machine

from moviellm.generation.files import write_whole
from moviellm.training.shared.layout import IGNORED, Turn, apart, lay_out

ROOT = Path(__file__).resolve().parent.parent
QUESTION_TOKENS, ANSWER_TOKENS = 20, 12
FRAME, SIDE_PX, VOCABULARY = 3, 64, 512
WAYS = ("plain rows", "cache", "shared prefix", "shared prefix + cache")


def small_model() -> Any:
    """A frozen tower of 2 layers at 64 px, 4 tokens a frame, a decoder of 4 layers and width 128."""
    import torch
    from transformers import CLIPVisionConfig, Qwen3Config

    from moviellm.training.model import MovieLLMConfig, MovieLLMForConditionalGeneration

    tower = CLIPVisionConfig(
        hidden_size=96, intermediate_size=384, num_hidden_layers=3, num_attention_heads=4, image_size=SIDE_PX,
        patch_size=16,
    )  # fmt: skip
    decoder = Qwen3Config(
        vocab_size=VOCABULARY, hidden_size=128, intermediate_size=384, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=2, head_dim=32, max_position_embeddings=65536, bos_token_id=None, eos_token_id=None,
        pad_token_id=0,
    )  # fmt: skip
    torch.manual_seed(0)
    config = MovieLLMConfig(vision_config=tower, text_config=decoder, pool_side=2, frame_token_id=FRAME, time="none")
    model = MovieLLMForConditionalGeneration(config)
    model.model.vision_tower.requires_grad_(False)
    return model


def movie_of(frames: int, questions: int) -> tuple[dict[str, Any], list[Turn]]:
    """Ids and pixels of a movie, and questions of random words."""
    import torch

    draw = torch.Generator().manual_seed(1)

    def words(count: int) -> list[int]:
        return torch.randint(5, VOCABULARY, (count,), generator=draw).tolist()

    turns = []
    for _ in range(questions):
        ids = words(QUESTION_TOKENS + ANSWER_TOKENS)
        turns.append(Turn(ids, [IGNORED] * QUESTION_TOKENS + ids[QUESTION_TOKENS:]))
    pixels = torch.randn(frames, 3, SIDE_PX, SIDE_PX, generator=draw)
    return {"movie_ids": [*words(8), *[FRAME] * (4 * frames), *words(2)], "pixel_values": pixels}, turns


# ------------------------------------------------------------------------------------------------ training


def plain_rows(examples: list[dict[str, Any]]) -> dict[str, Any]:
    """A batch as any trainer makes it: ids, ones, labels, frames."""
    import torch

    (example,) = examples
    ((ids, labels),) = apart(lay_out(example["movie_ids"], example["turns"]))
    frames = {name: value for name, value in example.items() if name not in ("movie_ids", "turns")}
    row = torch.from_numpy(ids)[None]
    return {
        "input_ids": row,
        "attention_mask": torch.ones_like(row),
        "labels": torch.from_numpy(labels)[None],
        **frames,
    }


def trained(model: Any, examples: list[dict[str, Any]], collate: Callable[..., Any], warm: int) -> tuple[float, float]:
    """Processor seconds of a step of TRL's trainer, the median after some to warm up; and the mean loss."""
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    sys.path.insert(0, str(ROOT))
    from tests.training.model.tiny import tokenizer

    times: list[float] = []
    losses: list[float] = []

    class Clock(TrainerCallback):
        def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
            times.append(-time.process_time())

        def on_step_end(self, *args: Any, **kwargs: Any) -> None:
            times[-1] += time.process_time()

        def on_log(self, *args: Any, logs: dict[str, float], **kwargs: Any) -> None:
            losses.extend([logs["loss"]] if "loss" in logs else [])

    with tempfile.TemporaryDirectory() as folder:
        arguments = SFTConfig(
            output_dir=folder, per_device_train_batch_size=1, max_steps=len(examples), learning_rate=0.0,
            report_to="none", use_cpu=True, bf16=False, gradient_checkpointing=False, max_length=None,
            remove_unused_columns=False, dataset_kwargs={"skip_prepare_dataset": True}, save_strategy="no",
            logging_steps=1, train_sampling_strategy="sequential", disable_tqdm=True,
        )  # fmt: skip
        trainer = SFTTrainer(
            model=model,
            args=arguments,
            train_dataset=Dataset.from_dict({"number": list(range(len(examples)))}),
            data_collator=lambda items: collate([examples[item["number"]] for item in items]),
            processing_class=tokenizer(),
            callbacks=[Clock()],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return statistics.median(times[warm:]), statistics.mean(losses[warm:])


def training(model: Any, movie: dict[str, Any], turns: list[Turn], rows: int) -> dict[str, Any]:
    """Answers trained per processor second, by way; and how far the losses are apart."""
    from moviellm.training.shared.collating import SharedMovies
    from moviellm.training.shared.decoders import share_movies

    cached = cached_movie(model, movie)
    rates, losses = {}, {}
    for way, source in zip(WAYS[:2], (movie, cached), strict=True):
        examples = [{**source, "turns": [turn]} for turn in turns[: rows + 1]]
        step_s, losses[way] = trained(model, examples, plain_rows, warm=1)
        rates[way] = 1 / step_s
    share_movies(model)
    for way, source in zip(WAYS[2:], (movie, cached), strict=True):
        examples = [{**source, "turns": turns}] * 2
        step_s, _ = trained(model, examples, SharedMovies(pad_id=0), warm=1)
        rates[way] = len(turns) / step_s
    _, losses["shared"] = trained(model, [{**cached, "turns": turns[1 : rows + 1]}], SharedMovies(pad_id=0), warm=0)
    return {"answers_per_s": rates, "loss_gap": abs(losses["cache"] - losses["shared"])}


def cached_movie(model: Any, movie: dict[str, Any]) -> dict[str, Any]:
    """The movie with the tower's outputs instead of pixels."""
    import torch

    with torch.no_grad():
        features = model.model.frame_features(movie["pixel_values"])
    return {"movie_ids": movie["movie_ids"], "frame_features": features}


# ------------------------------------------------------------------------------------------------ answering


def answering(model: Any, movie: dict[str, Any], turns: list[Turn], rows: int) -> dict[str, Any]:
    """Answers given per processor second, by way; and whether they are the same."""
    import torch

    from moviellm.training.shared.answering import answer_all

    model.eval()
    model.generation_config.eos_token_id = None  # every answer is as long as it may be
    model.model.language_model.set_attn_implementation("sdpa")
    rates: dict[str, float] = {}
    given: dict[str, list[list[int]]] = {}
    questions = [Turn(turn.ids[:QUESTION_TOKENS]) for turn in turns]
    for number, source in enumerate((movie, cached_movie(model, movie))):
        frames = {name: value for name, value in source.items() if name != "movie_ids"}
        times = []
        given[WAYS[number]] = []
        for question in questions[: rows + 1]:
            row = torch.tensor([[*movie["movie_ids"], *question.ids]])
            began_s = time.process_time()
            out = model.generate(
                input_ids=row, attention_mask=torch.ones_like(row), **frames, max_new_tokens=ANSWER_TOKENS,
                do_sample=False,
            )  # fmt: skip
            times.append(time.process_time() - began_s)
            given[WAYS[number]].append(out[0, row.shape[1] :].tolist())
        rates[WAYS[number]] = 1 / statistics.median(times[1:])
        read = {"input_ids": torch.tensor([movie["movie_ids"]]), **frames}
        began_s = time.process_time()
        answers = answer_all(model, read, questions, ANSWER_TOKENS, stop_ids=(), at_once=len(questions))
        rates[WAYS[number + 2]] = len(questions) / (time.process_time() - began_s)
        given[WAYS[number + 2]] = answers[: rows + 1]
    return {
        "answers_per_s": {way: rates[way] for way in WAYS},
        "same_answers": all(answers == given[WAYS[0]] for answers in given.values()),
        "compared": rows + 1,
    }


# ------------------------------------------------------------------------------------------------ accelerator


def long_step(device: str, tokens: int, questions: int, width: int, layers: int) -> dict[str, Any]:
    """One training step on a shared movie of so many tokens in bf16 with checkpointed layers: time, memory, MFU."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from moviellm.training.shared.collating import SharedMovies
    from moviellm.training.shared.decoders import share_movies
    from moviellm.training.shared.plan import plan

    config = LlamaConfig(
        vocab_size=32000, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers,
        num_attention_heads=width // 64, num_key_value_heads=max(width // 256, 1), max_position_embeddings=tokens,
    )  # fmt: skip
    model = LlamaForCausalLM(config).to(device, torch.bfloat16).train()
    share_movies(model)
    model.activation_checkpointing_enable()
    spoken = QUESTION_TOKENS + ANSWER_TOKENS
    turns = [Turn([7] * spoken, [IGNORED] * QUESTION_TOKENS + [7] * ANSWER_TOKENS) for _ in range(questions)]
    batch = SharedMovies(pad_id=0)([{"movie_ids": [5] * (tokens - spoken * questions), "turns": turns}])
    blocks = list(plan(batch["attention_mask"][0, 0].numpy()))
    pairs = sum((b.end - b.start) ** 2 / 2 if b.mask is None else float(b.mask.sum()) for b in blocks)
    batch = {name: value.to(device) for name, value in batch.items()}
    labels = batch.pop("labels")
    learned = torch.nonzero(labels[0] != IGNORED)[:, 0]

    def step() -> None:
        hidden = model.model(**batch, use_cache=False)[0]
        logits = model.lm_head(hidden[0, learned - 1]).float()
        torch.nn.functional.cross_entropy(logits, labels[0, learned]).backward()
        model.zero_grad()

    weights = sum(p.numel() for name, p in model.named_parameters() if "embed" not in name and "lm_head" not in name)
    flops = 6.0 * weights * tokens + 12.0 * pairs * width * layers
    step_s = seconds(step, device)
    rate = matrix_rate(device)
    memory = torch.cuda.max_memory_allocated() / 2**30 if device == "cuda" else None
    return {
        "tokens": tokens, "questions": questions, "weights": weights, "step_s": step_s, "peak_gib": memory,
        "answers_per_s": questions / step_s, "matrix_flops_per_s": rate, "mfu": flops / step_s / rate,
    }  # fmt: skip


def seconds(step: Callable[[], None], device: str) -> float:
    """Median time of a step after two to warm up."""
    import torch

    times = []
    for _ in range(5):
        began_s = time.perf_counter()
        step()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - began_s)
    return statistics.median(times[2:])


def matrix_rate(device: str) -> float:
    """FLOPs a second of a large bf16 product on this device."""
    import torch

    size = 8192 if device == "cuda" else 512
    one = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    return 2 * size**3 / seconds(lambda: torch.matmul(one, one), device)


# ------------------------------------------------------------------------------------------------ page


def page(found: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = [
        "# One movie, all its questions: answers per second",
        "",
        f"Written by `python benchmarks/shared_prefix.py`; one thread of {found['machine']['cpu']}, "
        "processor seconds.",
        f"A movie of {found['frames']:,} frames ({found['movie_tokens']:,} tokens) with {found['questions']} "
        f"questions of {QUESTION_TOKENS} tokens and answers of {ANSWER_TOKENS}; a model of "
        f"{found['weights'] / 1e6:.1f} million weights, its tower frozen.",
        "",
        "| way | answers trained per s | ratio | answers given per s | ratio |",
        "|---|---:|---:|---:|---:|",
    ]
    train, give = found["training"]["answers_per_s"], found["answering"]["answers_per_s"]
    lines += [
        f"| {way} | {train[way]:.3g} | {train[way] / train[WAYS[0]]:.3g} | {give[way]:.3g} "
        f"| {give[way] / give[WAYS[0]]:.3g} |"
        for way in WAYS
    ]
    same = "are the same" if found["answering"]["same_answers"] else "DIFFER"
    gap, compared = found["training"]["loss_gap"], found["answering"]["compared"]
    lines += [
        "",
        f"Plain rows and cache are measured on {found['rows']} rows after one to warm up. Their mean loss and that of "
        f"the same questions shared differ by {gap:.1e}; the {compared} answers compared {same} in all four ways.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and write."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1331)
    parser.add_argument("--questions", type=int, default=144)
    parser.add_argument("--rows", type=int, default=3, help="rows measured of the slow ways")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    if given.device == "cuda":
        found = long_step("cuda", tokens=65_536, questions=144, width=2048, layers=16)
        write_whole(given.results / "gpu_shared_prefix.json", (json.dumps(found, indent=2) + "\n").encode())
        print(json.dumps(found, indent=2))
        return
    torch.set_num_threads(1)
    model = small_model()
    movie, turns = movie_of(given.frames, given.questions)
    found = {
        "frames": given.frames,
        "questions": given.questions,
        "rows": given.rows,
        "movie_tokens": len(movie["movie_ids"]),
        "weights": sum(parameter.numel() for parameter in model.parameters()),
        "machine": machine(),
        "training": training(model, movie, turns, given.rows),
        "answering": answering(model, movie, turns, given.rows),
    }
    write_whole(given.results / "shared_prefix.json", (json.dumps(found, indent=2) + "\n").encode())
    write_whole(given.results / "shared_prefix.md", page(found).encode())
    print(page(found))


if __name__ == "__main__":
    main()
