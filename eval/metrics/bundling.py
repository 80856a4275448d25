"""A metric with all that it needs: what a Space holds, loadable where only `evaluate` and numpy are installed.

    bundle("mc_group", "moviellm/mc_group")        # {"mc_group.py": ..., "groups.py": ..., "README.md": ...}

In the checkout a metric imports `moviellm.eval.core`. In a bundle the modules of the core that it needs, directly or
by each other, lie beside it. `evaluate` copies what the metric itself imports as `from .module import ...` at the
beginning of a line and looks no further, so the bundled metric names them all. It sends nothing.
"""

import ast
import re
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
CORE: Final = HERE.parent / "core"
FROM_CORE: Final = "moviellm.eval.core."
REQUIREMENTS: Final = "evaluate>=0.4.6\nnumpy>=2\n"


def names() -> list[str]:
    """The metrics there are."""
    return sorted(path.stem for path in HERE.glob("*/*.py") if path.stem == path.parent.name)


def chosen(only: list[str]) -> list[str]:
    """The metrics that are meant; all when none is named.

    Raises:
        ValueError: one is none.
    """
    unknown = [name for name in only if name not in names()]
    if unknown:
        raise ValueError(f"no metric {unknown[0]!r}; there are {', '.join(names())}")
    return [name for name in names() if not only or name in only]


def bundle(name: str, address: str) -> dict[str, str]:
    """The files of a metric, by their names.

    Args:
        address: What `evaluate.load` will be given for it, as the examples in its texts say.
    """
    script = _read(HERE / name / f"{name}.py")
    needed = _needed(script)
    files = {f"{module}.py": _beside(_read(CORE / f"{module}.py")) for module in needed}
    files[f"{name}.py"] = _naming(_beside(script), needed)
    files["README.md"] = _read(HERE / name / "README.md")
    files["example.json"] = _read(HERE / name / "example.json")
    files["app.py"] = _read(HERE / "app.py")
    files["requirements.txt"] = REQUIREMENTS
    return {path: text.replace(f"eval/metrics/{name}", address) for path, text in sorted(files.items())}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _needed(script: str) -> list[str]:
    """The modules of the core that a text imports, and those that they import."""
    found: set[str] = set()
    waiting = _imported(script)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += _imported(_read(CORE / f"{module}.py"))
    return sorted(found)


def _imported(text: str) -> list[str]:
    modules = [node.module or "" for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    return [module.removeprefix(FROM_CORE) for module in modules if module.startswith(FROM_CORE)]


def _beside(text: str) -> str:
    """The text, with modules of the core as modules beside it."""
    return re.sub(rf"^( *from ){re.escape(FROM_CORE)}", r"\1.", text, flags=re.MULTILINE)


def _naming(script: str, needed: list[str]) -> str:
    """The metric, importing what it needs through others too: no comment may stand there, it would be an address."""
    tree = ast.parse(script)
    mine = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level == 1]
    more = [module for module in needed if module not in {node.module for node in mine}]
    at = max(node.end_lineno or 0 for node in mine)
    lines = script.splitlines(keepends=True)
    return "".join([*lines[:at], *(f"from .{module} import __name__ as _{module}\n" for module in more), *lines[at:]])
