"""How fast the core's arithmetic is: captions, spans, dense captions, intervals, ratings; beside pycocoevalcap.

    python benchmarks/eval_core.py                       # 3 minutes; writes results/eval_core.json and .md
    python benchmarks/eval_core.py --rounds 1 --alone    # a try-out without pycocoevalcap; prints, writes nothing

Processor seconds of one process and its children, the best of the rounds, since the machine may be shared. The
promises: 2,000 captions with 10 references each in seconds, 100,000 spans in under one. Captions are made up by lot of
a vocabulary with the frequencies of words in a language. pycocoevalcap 1.2, the program that those scores come from,
is installed into an environment of its own for the occasion, and asked for the same scores of the same captions from
raw text; its tokens come from Java.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from painting import RESULTS, machine

from moviellm.eval.core import (
    bleu,
    bradley_terry,
    cider_d,
    cluster_bootstrap,
    dense_caption_scores,
    extract_span,
    grounding_scores,
    ptb_tokenize,
    rouge_l,
)
from moviellm.generation.files import write_whole

ITEMS, REFERENCES, SPANS = 2_000, 10, 100_000
WORDS = 3_000
PUBLISHED = """
import json, sys, time
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer
import contextlib, resource

def spent():
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, (resource.RUSAGE_SELF, -1)))

asked, best, scores = json.load(open(sys.argv[1])), {}, {}
for _ in range(int(sys.argv[2])):
    with contextlib.redirect_stdout(sys.stderr):
        raw = []
        for side in (asked["refs"], asked["cands"]):
            raw.append({name: [{"caption": text} for text in texts] for name, texts in side.items()})
        begin = spent()
        refs, cands = (PTBTokenizer().tokenize(side) for side in raw)
        took = {"tokens": spent() - begin}
        for name, scorer in (("cider_d", Cider()), ("rouge_l", Rouge()), ("bleu", Bleu(4))):
            begin = spent()
            scores[name] = scorer.compute_score(refs, cands)[0]
            took[name] = spent() - begin
    best = {name: min(value, best.get(name, value)) for name, value in took.items()}
print(json.dumps({"seconds": best, "scores": scores}))
"""


def spent_s() -> float:
    """Processor seconds of this process and of those that it waited for."""
    sides = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, sides))


def best_s(work: Callable[[], Any], rounds: int) -> float:
    """The fewest processor seconds of some rounds."""
    found = []
    for _ in range(rounds):
        begin = spent_s()
        work()
        found.append(spent_s() - begin)
    return min(found)


def forget() -> None:
    """What the captioning scores keep of captions they have seen."""
    from moviellm.eval.core import captions

    captions._grams.cache_clear()


# ------------------------------------------------------------------------------------------------ what is scored


def corpus(lot: np.random.Generator) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Candidates and references."""
    syllables = [first + second for first in "bcdfghjklmnprst" for second in "aeiou"]
    vocabulary = [syllables[at % 75] + syllables[at // 75] for at in range(WORDS)]
    weights = 1 / np.arange(1, WORDS + 1)

    def caption() -> str:
        words = lot.choice(vocabulary, lot.integers(6, 15), p=weights / weights.sum())
        return " ".join(words).capitalize() + "."

    refs = {f"v{at}": [caption() for _ in range(REFERENCES)] for at in range(ITEMS)}
    # Half of what a reference says and half of something else.
    cands = {name: f"{texts[0][: len(texts[0]) // 2]} {caption()}" for name, texts in refs.items()}
    return cands, refs


def spans(lot: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    """Predicted and true spans."""
    times = np.sort(lot.random((2 * SPANS, 2)) * 600, axis=1).tolist()
    return ({f"q{at}": tuple(span) for at, span in enumerate(side)} for side in (times[:SPANS], times[SPANS:]))  # type: ignore[return-value]


def films(lot: random.Random, captions: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Events of 500 films, predicted and true."""

    def events() -> list[dict[str, Any]]:
        starts = [lot.uniform(0, 110) for _ in range(lot.randint(2, 8))]
        return [{"span": [start, start + lot.uniform(5, 30)], "caption": lot.choice(captions)} for start in starts]

    return tuple({f"f{at}": events() for at in range(500)} for _ in range(2))  # type: ignore[return-value]


# ------------------------------------------------------------------------------------------------ measuring


def measure(rounds: int) -> tuple[dict[str, float], dict[str, Any], dict[str, Any]]:
    """Seconds of ours, the captions asked, and their scores."""
    lot = np.random.default_rng(0)
    cands, refs = corpus(lot)
    preds, golds = spans(lot)
    flat = [text for name in cands for text in (cands[name], *refs[name])]
    told, true = films(random.Random(0), flat)
    said = [f"It happens from {at % 60}.5 s to {at % 60 + 9}.25 s." for at in range(10_000)]
    marks = lot.integers(0, 2, 4_000).tolist()
    movies = [at // 20 for at in range(4_000)]
    games = [
        (f"m{a}", f"m{(a + b) % 20}", "ab"[won]) for a, b, won in lot.integers([0, 1, 0], [20, 20, 2], (20_000, 3))
    ]
    scores: dict[str, Any] = {}

    def captions(name: str, score: Callable[..., Any]) -> float:
        def work() -> None:
            forget()
            scores[name] = score(cands, refs)["score"]

        return best_s(work, rounds)

    seconds = {
        "tokens": best_s(lambda: ptb_tokenize(flat), rounds),
        "cider_d": captions("cider_d", cider_d),
        "rouge_l": captions("rouge_l", rouge_l),
        "bleu": captions("bleu", bleu),
        "grounding": best_s(lambda: grounding_scores(preds, golds), rounds),
        "dense": best_s(lambda: (forget(), dense_caption_scores(told, true, with_meteor=False)), rounds),
        "spans": best_s(lambda: [extract_span(text) for text in said], rounds),
        "bootstrap": best_s(lambda: cluster_bootstrap(marks, movies), rounds),
        "bradley_terry": best_s(lambda: bradley_terry(games, "m0"), rounds),
    }
    return seconds, {"cands": {name: [text] for name, text in cands.items()}, "refs": refs}, scores


def published(asked: dict[str, Any], rounds: int) -> dict[str, Any] | None:
    """Seconds and scores of pycocoevalcap; None where it cannot be installed or there is no Java."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "asked.json").write_text(json.dumps(asked))
        python = folder / "venv/bin/python"
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        pip = [python, "-m", "pip", "install", "-q", "pycocoevalcap==1.2"]
        if subprocess.run(pip, capture_output=True).returncode:
            return None
        command = [python, "-c", PUBLISHED, folder / "asked.json", str(rounds)]
        done = subprocess.run(command, capture_output=True, text=True)
        return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


# ------------------------------------------------------------------------------------------------ writing it down

WHAT = {
    "tokens": "22,000 captions as tokens",
    "cider_d": "CIDEr-D, 2,000 captions with 10 references",
    "rouge_l": "ROUGE-L, the same",
    "bleu": "BLEU-1 to 4, the same",
    "grounding": "100,000 grounding pairs",
    "dense": "dense captions of 500 films",
    "spans": "10,000 spans read from texts",
    "bootstrap": "interval of 4,000 marks of 200 movies",
    "bradley_terry": "ratings of 20 models, 20,000 games",
}
WITH_TOKENS = ("cider_d", "rouge_l", "bleu")
"""What of ours includes reading the captions as tokens."""


def markdown(facts: dict[str, Any]) -> str:
    """The results as a page."""
    where, ours, theirs = facts["machine"], facts["seconds"], facts["published"]
    lines = [
        "# The core's arithmetic: how fast",
        "",
        f"Written by `python benchmarks/eval_core.py` on {where['date']}; the numbers are in `eval_core.json`.",
        "",
        f"Machine: {where['cpu']}, {where['cores']} cores, shared with other work, load {where['load_before']} before "
        f"the start; Python {where['python']}, numpy {where['packages']['numpy']}. Processor seconds of one process "
        f"and its children, the best of {facts['rounds']} rounds.",
        "",
        "| what | seconds | pycocoevalcap 1.2 | theirs over ours |",
        "|---|---:|---:|---:|",
    ]
    for name, what in WHAT.items():
        other = None
        if theirs and name in theirs["seconds"]:
            other = theirs["seconds"][name] + (theirs["seconds"]["tokens"] if name in WITH_TOKENS else 0.0)
        compared = "| | |" if other is None else f"| {other:.2f} | {other / ours[name]:.1f} |"
        lines.append(f"| {what} | {ours[name]:.2f} {compared}")
    if theirs:
        apart = facts["largest_difference"]
        lines += [
            "",
            f"Each caption score begins with raw text on both sides. Largest difference of a score: {apart:.1e}.",
        ]
    kept = ours["grounding"] < 1.0 and max(ours[name] for name in WITH_TOKENS) < 10.0
    promise = "Promised: captions in seconds (each score in under 10), grounding pairs in under one."
    lines += ["", f"{promise} {'Kept' if kept else 'Missed'}."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write it down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="without pycocoevalcap")
    options = parser.parse_args()
    facts: dict[str, Any] = {"machine": machine(), "rounds": options.rounds}
    begin = time.monotonic()
    facts["seconds"], asked, scores = measure(options.rounds)
    theirs = None if options.alone else published(asked, options.rounds)
    facts["published"] = theirs
    if theirs:
        pairs = [(scores[name], theirs["scores"][name]) for name in WITH_TOKENS]
        facts["largest_difference"] = max(float(np.abs(np.subtract(one, other)).max()) for one, other in pairs)
    print(markdown(facts), f"{time.monotonic() - begin:.0f} s in all", sep="\n")
    if options.rounds >= 3 and theirs:
        write_whole(RESULTS / "eval_core.json", (json.dumps(facts, indent=1) + "\n").encode())
        write_whole(RESULTS / "eval_core.md", markdown(facts).encode())


if __name__ == "__main__":
    main()
