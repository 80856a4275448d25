"""What a Space holds: all that a metric needs, and nothing of ours that would have to be installed."""

import ast
import sys

import pytest

from moviellm.eval.metrics.bundling import bundle, chosen, names
from moviellm.generation.cli.app import call

FREE = {*sys.stdlib_module_names, "numpy", "evaluate", "datasets"}


def _imports(text: str) -> set[str]:
    """Modules that a text imports at its beginning; with a point before those beside it."""
    found = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." + (node.module or "") if node.level else (node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("name", names())
def test_a_bundle_imports_evaluate_numpy_and_what_lies_beside_it(name: str) -> None:
    files = bundle(name, f"org/{name}")
    for path, text in files.items():
        if path.endswith(".py"):
            beside = {module for module in _imports(text) if module.startswith(".")}
            assert _imports(text) - beside <= FREE, path
            assert {f"{module[1:]}.py" for module in beside} <= set(files), path


@pytest.mark.parametrize("name", names())
def test_the_metric_itself_names_every_module_beside_it(name: str) -> None:
    files = bundle(name, f"org/{name}")
    beside = {path.removesuffix(".py") for path in files if path.endswith(".py")} - {name, "app"}
    assert {module[1:] for module in _imports(files[f"{name}.py"]) if module.startswith(".")} == beside


@pytest.mark.parametrize("name", names())
def test_no_comment_stands_behind_an_import_where_evaluate_would_take_it_for_an_address(name: str) -> None:
    lines = bundle(name, f"org/{name}")[f"{name}.py"].splitlines()
    assert [line for line in lines if line.startswith(("import ", "from ")) and "#" in line] == []


@pytest.mark.parametrize("name", names())
def test_the_texts_of_a_bundle_load_it_by_its_address(name: str) -> None:
    files = bundle(name, f"org/{name}")
    assert f'evaluate.load("org/{name}")' in files["README.md"]
    assert f'evaluate.load("org/{name}")' in files[f"{name}.py"]
    assert not any(f"eval/metrics/{name}" in text for text in files.values())


def test_a_name_that_is_no_metric_is_refused() -> None:
    with pytest.raises(ValueError, match="no metric 'rouge'; there are dense_captioning"):
        chosen(["rouge"])


def test_bundles_are_written_where_one_says(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["metrics", "bundle", str(tmp_path / "out"), "--only", "mc_group"]) == 0
    assert capsys.readouterr().out == f'evaluate.load("{tmp_path}/out/mc_group")\n'
    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out/mc_group").iterdir()}
    assert written == bundle("mc_group", f"{tmp_path}/out/mc_group")
