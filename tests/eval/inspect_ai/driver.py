"""Runs our Inspect tasks with a made-up model, in the environment that has inspect-ai: DATA ANSWERS.json LOGS.

It imports nothing of the tests. Prints what was asked and what came out, as JSON.
"""

import json
import sys
from pathlib import Path

from inspect_ai import eval as run
from inspect_ai.model import ModelOutput, ModelUsage, get_model


def main(data: str, answers: str, logs: str) -> None:
    """Answer every question as the file says."""
    by_prompt = json.loads(Path(answers).read_text(encoding="utf-8"))
    asked: list[list[str]] = []

    def said(messages, tools, choice, config):  # type: ignore[no-untyped-def]
        asked.append([message.text for message in messages])
        output = ModelOutput.from_content("mockllm", by_prompt[messages[-1].text.split("\n\n")[-1]])
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # else it wants to download
        return output

    found = {}
    for name, shows in (("moviellm_mc", "nothing"), ("moviellm_open", "dialogue")):
        model = get_model("mockllm/model", custom_outputs=said, memoize=False)
        given = {"data": data, "shows": shows}
        (log,) = run(f"moviellm/{name}", task_args=given, model=model, log_dir=logs, display="none")
        assert log.status == "success", log.error
        found[name] = {
            score.name: {name: metric.value for name, metric in score.metrics.items()} for score in log.results.scores
        }
    sys.stdout.write(json.dumps({"found": found, "asked": asked}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
