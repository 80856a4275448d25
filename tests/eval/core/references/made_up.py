"""Captions made up by lot, plain and awkward, the same at every call."""

import random

WORDS = """
a man woman is are riding rides the horse dog's on in beach street, two three well-known isn't walks. 5 blue-eyed while
slowly U.S. 3/4 p.m. at
"""
ODD_WORDS = """
don't can't cannot gonna he'll we're I'd Mr. Mrs. Dr. St. etc. vs. No. a.m. Ph.D. o'clock ma'am y'all 'em '90s 1,000
2.5 9:30 $5 50% #1 £6 €7 ½ 1990s 3rd 4x4 3D t-shirt and/or AT&T CD's UFO's (left) [b] {c} "hi" 'yes' wait... really?!
!! -- - – — ; : , & + = * / café naïve it.The end,and then:now www.foo.com http://a.com/b.html me@a.com #tag @home :)
;-) -5 +3 .5 6ft “curly” it’s ‘so’ rock 'n' roll U.S.-based mother-in-law's 7-year-old (555) 123-4567 <b> &amp; R&D c++
日本 <3
"""
PLAIN, AWKWARD = WORDS.split(), ODD_WORDS.split()


def texts(number: int, seed: int) -> list[str]:
    """Awkward captions; no point or number ends one, because the published tokenizer looks into the next line."""
    lot = random.Random(seed)
    return [" ".join(lot.choice(AWKWARD + PLAIN) for _ in range(lot.randint(1, 12))) + " end." for _ in range(number)]


def corpus(number: int, seed: int) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Candidates and references, some of them equal, some empty."""
    lot = random.Random(seed)

    def caption() -> str:
        return " ".join(lot.choice(PLAIN) for _ in range(lot.randint(1, 12)))

    refs = {f"v{at}": [caption() for _ in range(lot.randint(1, 4))] for at in range(number)}
    cands = {name: texts[0] if lot.random() < 0.4 else caption() for name, texts in refs.items()}
    cands |= {"empty": "", "points": "...", "repeats": "a a a a a a"}
    refs |= {"empty": ["a man"], "points": ["...", "a"], "repeats": ["a man a"]}
    return cands, refs
