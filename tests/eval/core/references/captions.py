"""Scores of the published programs, for comparison: run in an environment that holds `pycocoevalcap==1.2`, with Java.

    python captions.py < captions.json > scores.json

Reads {"cands": {id: text}, "refs": {id: [text]}, "texts": [text]}; writes the tokens of `texts` and the four scores.
"""

import contextlib
import io
import json
import sys

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

asked = json.load(sys.stdin)
with contextlib.redirect_stdout(io.StringIO()):
    tokens = PTBTokenizer().tokenize({at: [{"caption": text}] for at, text in enumerate(asked["texts"])})
    cands = PTBTokenizer().tokenize({name: [{"caption": text}] for name, text in asked["cands"].items()})
    refs = PTBTokenizer().tokenize({name: [{"caption": t} for t in texts] for name, texts in asked["refs"].items()})
    found = {"texts": [tokens[at][0] for at in range(len(asked["texts"]))]}
    for name, scorer in (("cider_d", Cider()), ("rouge_l", Rouge()), ("meteor", Meteor())):
        score, items = scorer.compute_score(refs, cands)
        found[name] = {"score": float(score), "per_item": [float(item) for item in items]}
    score, items = Bleu(4).compute_score(refs, cands, verbose=0)
    found["bleu"] = {"score": score, "per_item": [list(item) for item in zip(*items, strict=True)]}
json.dump(found, sys.stdout, indent=1)
