"""How varied texts are: distinct n-grams, self-BLEU, compression, and openings that come twice.

    distinct_n(captions, 2)             # share of different word pairs, 0 to 1; higher is more varied
    self_bleu(captions, seed=0)         # BLEU-4 of a text against others, 0 to 1; lower is more varied
    compression_ratio(captions)         # bytes by compressed bytes; lower is more varied
    opening_repetition(first_lines)     # share of first lines that another movie has, too

Pure functions on lists of texts; a word is a run of letters, digits, apostrophes or hyphens, in small letters. It
reads no dataset: see the cards.
"""

import math
import random
import re
import zlib
from collections import Counter
from collections.abc import Sequence

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
BLEU_ORDER = 4
SAMPLE = 200
"""Texts whose self-BLEU is averaged, and other texts that each of them is compared with."""


def words_of(text: str) -> list[str]:
    """The words of a text."""
    return WORD.findall(text.lower())


def _ngrams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def distinct_n(texts: Sequence[str], n: int = 2) -> float:
    """Different n-grams over all n-grams of the texts (Li et al. 2016, arXiv 1510.03055); 1.0 where there are none."""
    counts: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        counts.update(_ngrams(words_of(text), n))
    total = sum(counts.values())
    return len(counts) / total if total else 1.0


def self_bleu(texts: Sequence[str], *, seed: int = 0, sample: int = SAMPLE) -> float:
    """Mean BLEU-4 of sampled texts, each against a sample of the others (Zhu et al. 2018, arXiv 1802.01886).

    Texts of fewer than four words are left out; 0.0 where fewer than two remain. Orders without a match count as half
    a match (smoothing by epsilon), so that one missing 4-gram does not make the whole zero.
    """
    split = [words for words in map(words_of, texts) if len(words) >= BLEU_ORDER]
    if len(split) < 2:
        return 0.0
    rng = random.Random(seed)
    chosen = rng.sample(range(len(split)), min(sample, len(split)))
    scores = []
    for index in chosen:
        others = [i for i in rng.sample(range(len(split)), min(sample + 1, len(split))) if i != index][:sample]
        scores.append(_bleu(split[index], [split[i] for i in others]))
    return sum(scores) / len(scores)


def _bleu(words: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """BLEU-4 with clipped counts and the brevity penalty of the closest reference (Papineni et al. 2002)."""
    logs = 0.0
    for n in range(1, BLEU_ORDER + 1):
        most: Counter[tuple[str, ...]] = Counter()
        for reference in references:
            most |= _ngrams(reference, n)
        own = _ngrams(words, n)
        matched = sum(min(count, most[gram]) for gram, count in own.items())
        logs += math.log(max(matched, 0.5) / sum(own.values())) / BLEU_ORDER
    nearest = min((len(reference) for reference in references), key=lambda size: (abs(size - len(words)), size))
    return math.exp(logs + min(0.0, 1.0 - nearest / len(words)))


def compression_ratio(texts: Sequence[str]) -> float:
    """Bytes of all texts, a line each, by their bytes compressed with zlib level 9; 1.0 where there is no text."""
    raw = "\n".join(texts).encode()
    return len(raw) / len(zlib.compress(raw, 9)) if raw else 1.0


def opening_repetition(openings: Sequence[str]) -> float:
    """Share of openings that are the same, but for case and punctuation, as another one."""
    counts = Counter(" ".join(words_of(text)) for text in openings)
    return sum(count for count in counts.values() if count > 1) / len(openings) if openings else 0.0
