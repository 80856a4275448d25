"""Readers of free text fed with what no model should say: no crash, no hang, no nonsense out.

    python benchmarks/fuzz_parsers.py --minutes 10          # writes results/fuzz_parsers.json and .md
    python benchmarks/fuzz_parsers.py --minutes 0.1 --seed 7    # a try-out; prints, writes nothing

Answers as models give them are cut, joined, repeated and strewn with what breaks readers; the same seed makes the same
texts in the same order. Read by the readers of spans, options, events, verdicts, predictions and replay files, and by
the tokenizer. A call fails when it raises anything but what its reader announces, when what it gives back is not what
it promises, or after 5 s of processor time; the text is printed in full. Times are processor time, since the machine
may be shared.
"""

import argparse
import json
import math
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moviellm.eval.core import extract_choice, extract_span, ptb_tokenize
from moviellm.eval.core.answers import answer_part
from moviellm.eval.judging.verdicts import FORMS, read_verdict
from moviellm.eval.running.replay import open_replay
from moviellm.eval.tasks.events import read_events
from moviellm.eval.tasks.items import Data, open_data
from moviellm.eval.tasks.reading import read_text

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "sample" / "MovieLLM-sample"
LIMIT_S = 5.0
LONGEST = 60_000
"""Characters of a text."""
SHOWN = 400
OPTIONS = [
    ["a red car", "a blue car", "the old man", "nobody"],
    ["Yes", "No"],
    ["1", "2", "12"],
    ["", "A", "the", "a a a"],
    ["red", "red car", "red car door"],
]
ANSWERS = r"""
From 12.5s to 18.75s.
between 0:12 and 0:18, or 1:02:03.5 to 1:02:10
00:00:12,500 --> 00:00:18,750
1 minute 12 seconds to 1h 2m 3s
{"start": 12.5, "end": 18.75}
<think>It may be 3 to 9. No.</think><answer>[12.0, 18.0]</answer>
The answer is (B).
**Final answer:** \boxed{\text{C}}
I think A, but it is not A; option D, the blue car.
It is a blue car, not a red car, because the old man has none.
Error code: 429 - {'error': {'message': 'Rate limit reached for A', 'type': 'rate_limit_error'}}
Failed to obtain answer via API.
4.0-8.0 s: Ada waits at the river. 8.0 - 12.0 s: Ben comes.
1. From 0:04 to 0:08, a man isn't riding (fast).
2. [8, 12] he falls; 3) 12 → 16: "Why?"
[{"timestamp": [0, 4], "sentence": "a man runs"}, {"start": 4, "end": "0:09", "caption": "he falls"}]
```json
{"reason": "It says the same.", "correct": true, "score": 4}
```
{"reason": "", "facts_missed_A": 1, "facts_missed_B": 0, "verdict": "B", "strength": 2}
{"reason": "half of it", "score": 3}
Mr. O'Neill can't cannot gonna U.S.-based 3/4 p.m. $5.50 AT&T http://a.com/b?c=d me@a.com :-) <b> &amp; R&D -LRB-
I cannot tell from these frames.
"""
STREWN = [
    *"0123456789:.,-–—→%/\\()[]{}<>\"'`*_#@&=+|~!?;$\n\r\t\0",
    *(
        "<think>",
        "</think>",
        "<answer>",
        "</answer>",
        "```json\n",
        "\n```",
        "\\boxed{",
        "Final answer: ",
        "not ",
        "or ",
    ),
    *(" to ", " and ", " until ", "from ", "A", "B.", "(C)", "null", "NaN", "-Infinity", "1e999", "true", "{", "[["),
    *(
        "\u2028",
        "\u2029",
        "\x85",
        "\x0b",
        "\x1c",
        "\ufeff",
        "\u200b",
        "\u202e",
        "\u00ad",
        "\u0301",
        "\ud800",
        "\U0001f600",
    ),
    *("日本", "ÄÖ", "ſ", "İ", "ß", "½", "²", "٣", "१", "&amp;", "www.", "@a.", "'n'", "n't", "Mr.", "U.S.", "a.b.c."),
    *(
        "9" * 400,
        "1:" * 60,
        "a-" * 60,
        "a." * 60,
        "((((((((",
        "''''''''",
        "[{" * 40,
        '{"a":' * 40,
        " " * 300,
        "-" * 300,
    ),
]
"""What readers have stumbled over somewhere."""


class TooSlowError(Exception):
    """A call took too long."""


@dataclass
class Reader:
    """Something that reads a text, and what may come of it."""

    name: str
    read: Callable[[str, random.Random], None]
    """Reads, and asserts what it promises."""
    refuses: tuple[type[Exception], ...] = ()
    """What it announces that it raises."""
    calls: int = 0
    refused: int = 0
    total_s: float = 0.0
    slowest_s: float = 0.0
    slowest: str = ""
    failures: list[str] = field(default_factory=list)

    def call(self, text: str, lot: random.Random) -> None:
        """Read one text and note what happened."""
        begin = time.process_time()
        try:
            with at_most(LIMIT_S):
                self.read(text, lot)
        except self.refuses as error:
            self.refused += 1
            if not str(error).strip():
                self.failures.append(f"{type(error).__name__} without a word: {text!r}")
        except Exception as error:  # every other one is what is looked for
            self.failures.append(f"{type(error).__name__}: {error}: {text!r}")
        took = time.process_time() - begin
        self.calls, self.total_s = self.calls + 1, self.total_s + took
        if took > self.slowest_s:
            self.slowest_s, self.slowest = took, text


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooSlowError after some processor time; the patterns of `re` look up from time to time, too."""

    def ring(*_: Any) -> None:
        raise TooSlowError(f"more than {seconds} s of processor time")

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


# ------------------------------------------------------------------------------------------------ readers


def readers(data: Data, place: Path) -> list[Reader]:
    """All readers."""
    questions = [*{question.answer_format: question for question in data.questions.values()}.values()]

    def span(text: str, lot: random.Random) -> None:
        found = extract_span(text)
        assert found is None or (len(found) == 2 and all(math.isfinite(time_s) for time_s in found)), found

    def choice(text: str, lot: random.Random) -> None:
        options = lot.choice(OPTIONS)
        found = extract_choice(text, options)
        assert found is None or 0 <= found < len(options), found

    def answer(text: str, lot: random.Random) -> None:
        assert answer_part(text) in text

    def tokens(text: str, lot: random.Random) -> None:
        found = ptb_tokenize(["a man", text, "a dog"])
        assert (found[0], found[2], len(found)) == ("a man", "a dog", 3), found
        assert len(found[1].splitlines()) <= 1, found

    def events(text: str, lot: random.Random) -> None:
        found = read_events(text)
        assert found.dropped >= 0
        assert all(math.isfinite(one.start_s) and one.start_s < one.end_s for one in found.events), found
        assert found.events == sorted(found.events)

    def verdict(text: str, lot: random.Random) -> None:
        form = lot.choice(list(FORMS))
        assert isinstance(read_verdict(form, text), FORMS[form])

    def prediction(text: str, lot: random.Random) -> None:
        found = read_text(lot.choice(questions), text, lot.choice(["seconds", "index"]))
        assert len(found.prediction) == 1
        json.dumps(found.prediction, allow_nan=False).encode()

    def replay(text: str, lot: random.Random) -> None:
        path = place / lot.choice(["answers.json", "answers.jsonl"])
        line = text
        if lot.random() < 0.7:
            line = json.dumps({"id": lot.choice(list(data.questions)), lot.choice(["answer", "choice", "span"]): text})
        path.write_bytes((line + "\n").encode("utf-8", "surrogatepass"))
        open_replay(path, data)

    return [
        Reader("extract_span", span),
        Reader("extract_choice", choice),
        Reader("answer_part", answer),
        Reader("ptb_tokenize", tokens),
        Reader("read_events", events),
        Reader("read_verdict", verdict, (ValueError,)),
        Reader("read_text", prediction),
        Reader("open_replay", replay, (ValueError,)),
    ]


# ------------------------------------------------------------------------------------------------ texts


def seeds(data: Data) -> list[str]:
    """Answers as they are given."""
    said = [question.answer for question in data.questions.values()]
    blocks = [*ANSWERS.strip().split("\n"), ANSWERS.strip()]
    lines = [json.dumps({"id": name, "answer": question.answer}) for name, question in data.questions.items()]
    return [text for text in dict.fromkeys([*blocks, *said, *lines[:20]]) if text]


def mutated(texts: list[str], lot: random.Random) -> str:
    """One of the answers, no longer as it was given."""
    text = lot.choice(texts)
    for _ in range(lot.choice([0, 1, 1, 2, 3, 5, 9])):
        text = lot.choice(CHANGES)(text, texts, lot)[:LONGEST]
    return text


def _cut(text: str, texts: list[str], lot: random.Random) -> str:
    start, end = _piece(text, lot)
    return text[:start] + text[end:]


def _strew(text: str, texts: list[str], lot: random.Random) -> str:
    at = lot.randint(0, len(text))
    return text[:at] + "".join(lot.choice(STREWN) for _ in range(lot.randint(1, 3))) + text[at:]


def _join(text: str, texts: list[str], lot: random.Random) -> str:
    other = lot.choice(texts)
    return text[: lot.randint(0, len(text))] + lot.choice(["", " ", "\n"]) + other[lot.randint(0, len(other)) :]


def _repeat(text: str, texts: list[str], lot: random.Random) -> str:
    start, end = _piece(text, lot)
    times = lot.choice([2, 3, 10, 50] * 5 + [1000, 20_000])
    return text[:start] + (text[start:end] * times)[:LONGEST] + text[end:]


def _flood(text: str, texts: list[str], lot: random.Random) -> str:
    return text + (lot.choice(STREWN) + lot.choice(STREWN)) * lot.choice([5, 50, 500])


def _swap(text: str, texts: list[str], lot: random.Random) -> str:
    letters = list(text)
    for _ in range(min(len(letters), lot.randint(1, 6))):
        letters[lot.randrange(len(letters))] = chr(lot.choice([lot.randrange(128), lot.randrange(0x3000)]))
    return "".join(letters)


def _case(text: str, texts: list[str], lot: random.Random) -> str:
    return lot.choice([str.upper, str.lower, str.title, str.swapcase])(text)


def _piece(text: str, lot: random.Random) -> tuple[int, int]:
    start = lot.randint(0, len(text))
    return start, min(len(text), start + lot.choice([1, 2, 5, 20, 200]))


CHANGES: list[Callable[[str, list[str], random.Random], str]] = [_cut, _strew, _join, _repeat, _flood, _swap, _case]


# ------------------------------------------------------------------------------------------------ running


def fuzz(minutes: float, seed: int, rounds: int | None = None) -> list[Reader]:
    """Read texts for some minutes, or so many of them."""
    lot = random.Random(seed)
    data = open_data(str(SAMPLE), split="test")
    texts = seeds(data)
    end, done = time.monotonic() + 60 * minutes, 0
    with tempfile.TemporaryDirectory() as place:
        found = readers(data, Path(place))
        while time.monotonic() < end and (rounds is None or done < rounds):
            text = mutated(texts, lot)
            for reader in found:
                reader.call(text, lot)
            done += 1
    return found


def rows(found: list[Reader]) -> list[dict[str, Any]]:
    """The outcome of every reader."""
    return [
        {
            "reader": reader.name,
            "calls": reader.calls,
            "refused": reader.refused,
            "failures": len(reader.failures),
            "mean_ms": round(1000 * reader.total_s / max(1, reader.calls), 3),
            "slowest_ms": round(1000 * reader.slowest_s, 1),
            "slowest_characters": len(reader.slowest),
            "slowest_begins": reader.slowest[:60],
        }
        for reader in found
    ]


def markdown(facts: dict[str, Any]) -> str:
    """The outcome as a page."""
    where = facts["machine"]
    lines = [
        "# Readers of free text, fuzzed",
        "",
        f"Written by `python benchmarks/fuzz_parsers.py --minutes {facts['minutes']:g} --seed {facts['seed']}` on "
        f"{where['date']}; the numbers are in `fuzz_parsers.json`.",
        "",
        f"Machine: {where['cpu']}, {where['cores']} cores, shared with other work, load {where['load_before']} before "
        f"the start; Python {where['python']}. Times are processor time, of texts of up to {LONGEST:,} characters; a "
        f"call is stopped after {LIMIT_S:g} s. A refusal is an error that the reader announces.",
        "",
        "| reader | calls | refused | failures | mean ms | slowest ms | its characters |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| `{row['reader']}` | {row['calls']:,} | {row['refused']:,} | {row['failures']} | {row['mean_ms']} "
        f"| {row['slowest_ms']:,} | {row['slowest_characters']:,} |"
        for row in facts["readers"]
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fuzz, say what was found, and end with 1 where a call failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    from painting import RESULTS, machine

    from moviellm.generation.files import write_whole

    facts: dict[str, Any] = {"minutes": options.minutes, "seed": options.seed, "machine": machine()}
    found = fuzz(options.minutes, options.seed)
    facts["readers"] = rows(found)
    print(markdown(facts))
    failures = [f"{reader.name}: {text[:SHOWN]}" for reader in found for text in reader.failures]
    print("\n".join(failures[:50]).encode("utf-8", "backslashreplace").decode(), file=sys.stderr)
    if options.minutes >= 10 and not failures:
        write_whole(RESULTS / "fuzz_parsers.json", (json.dumps(facts, indent=1) + "\n").encode())
        write_whole(RESULTS / "fuzz_parsers.md", markdown(facts).encode())
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
