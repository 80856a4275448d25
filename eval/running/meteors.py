"""METEOR of dense captions, for a run and its controls at once: `--meteor`. One program for all of them.

    rows, reason = with_meteor({"none": rows, "oracle": others})

Where Java or METEOR's jar is absent, or the program fails or takes too long, no row has the score, and the reason is
said; another program's number never stands in its place. Against several lists of right events, pairs with all of them
count, as for CIDEr. See eval/core/java_meteor.py for how it is started and ended.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from moviellm.eval.core.dense import dense_meteors
from moviellm.eval.running.results import Row
from moviellm.generation.schema import canonical_json

DENSE: Final = "dense_captioning"
LIMIT_S: Final = 300.0
PER_EVENT_S: Final = 0.1
"""Time that the program may take besides, for each event that is compared."""


def with_meteor(runs: Mapping[str, Mapping[str, Row]]) -> tuple[dict[str, dict[str, Row]], str | None]:
    """The rows with METEOR, and None; or as they were, and why there is none."""
    dense = [row for rows in runs.values() for row in rows.values() if row.question.answer_format == DENSE]
    told = {_key(row): (row.reading.prediction["events"], _golds(row)) for row in dense}
    limit_s = LIMIT_S + PER_EVENT_S * sum(len(events) + len(golds) for events, golds in told.values())
    found, reason = dense_meteors(
        {key: events for key, (events, _) in told.items()},
        {key: golds for key, (_, golds) in told.items()},
        time_limit_s=limit_s,
    )
    if found is None:
        return {control: dict(rows) for control, rows in runs.items()}, reason
    scored = {
        control: {
            item: replace(row, scores={**row.scores, "meteor": found[_key(row)]})
            if row.question.answer_format == DENSE
            else row
            for item, row in rows.items()
        }
        for control, rows in runs.items()
    }
    return scored, None


def _golds(row: Row) -> list[dict[str, Any]]:
    return [event.row() for told in (row.question.events, *row.question.others) for event in told]


def _key(row: Row) -> str:
    """The same for the same events: they are measured once."""
    return canonical_json([row.reading.prediction["events"], _golds(row)])
