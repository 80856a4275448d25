"""The page of a metric's Space: inputs as JSON go in, scores come out.

    python app.py                # in a folder that `moviellm metrics bundle` wrote, or on the Hub

The metric is the one that example.json beside this file names; `evaluate` has a widget of its own, which does not know
gradio 6. A wrong input is told in words and ends nothing.
"""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CHARACTERS_MAX = 1_000_000


def scores_of(text: str, metric: Any) -> str:
    """Scores of inputs as JSON, or one line that says what is wrong with them."""
    if len(text) > CHARACTERS_MAX:
        return f"{len(text):,} characters; this page takes {CHARACTERS_MAX:,}: load the metric in Python"
    try:
        inputs = json.loads(text)
        if not isinstance(inputs, dict):
            return 'give one JSON object: {"predictions": [...], ...}'
        return json.dumps(metric.compute(**inputs), indent=2, ensure_ascii=False)
    except RecursionError:
        return "nested too deep"
    except (ValueError, TypeError, KeyError, IndexError) as error:
        return f"{error}"


def page(folder: Path) -> Any:
    """The page of the metric in a folder."""
    import evaluate
    import gradio as gr

    example = json.loads((folder / "example.json").read_text(encoding="utf-8"))
    # By file: the folder of a Space is not called as its metric, and `evaluate` would take app.py for it.
    script = str(folder / f"{example['metric']}.py")
    shown = evaluate.load(script, keep_in_memory=True)

    def compute(text: str) -> str:
        # One for every call, in memory: `evaluate` keeps inputs in the object, and a lock on a file after an error.
        return scores_of(text, evaluate.load(script, keep_in_memory=True))

    readme = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)[-1]
    with gr.Blocks(title=example["metric"]) as blocks:
        inputs = gr.Code(json.dumps(example["inputs"], indent=2), language="json", label="Inputs")
        button = gr.Button("Compute", variant="primary")
        scores = gr.Code(language="json", label="Scores")
        gr.Markdown(readme + "\n\n```text\n" + shown.inputs_description.strip() + "\n```")
        button.click(compute, inputs, scores, api_name="compute")
    return blocks


if __name__ == "__main__":
    page(HERE).launch()
