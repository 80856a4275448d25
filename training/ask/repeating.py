"""An answer that goes round in circles, shown once: a model that has not learned enough repeats itself to the end.

    shortened("A" + ".0-16" * 60)       # 'A.0-16.0-16.0-16 ... (the model repeats itself)'
    turns_round("A" + ".0-16" * 60)     # 16: where it has said enough, for whoever writes along

Only what people read is shortened, never what is kept or measured.
"""

import re
from typing import Final

UNIT_MAX: Final = 120
"""Longest piece, in characters, whose repetition is seen."""
TIMES_MIN, LENGTH_MIN = 4, 40
"""How often, and in how many characters, a piece follows itself before it counts: `ha ha ha ha` does not."""
SHOWN: Final = 3
"""How often it is shown."""
TOLD: Final = " ... (the model repeats itself)"
ROUND: Final = re.compile(rf"(.{{1,{UNIT_MAX}}}?)\1{{{TIMES_MIN - 1},}}", re.DOTALL)


def turns_round(text: str) -> int | None:
    """Where an answer has said a piece often enough; None where it does not repeat itself."""
    for found in ROUND.finditer(text):
        if found.end() - found.start() >= LENGTH_MIN:
            return found.start() + SHOWN * len(found[1])
    return None


def shortened(text: str) -> str:
    """The answer up to where it repeats itself."""
    end = turns_round(text)
    return text if end is None else text[:end].rstrip() + TOLD
