"""Which keys a recipe of training may have beside ours: the fields of TRL's `SFTConfig`, known without importing it.

    trainer_keys()                  # {"learning_rate", "max_steps", ...}

Importing TRL takes many seconds; somebody who has mistyped a key is answered before. The names are read from the
source of the classes; where that is laid out otherwise than here, TRL is imported and asked. It reads no values.
"""

import ast
import dataclasses
from importlib.util import find_spec
from pathlib import Path

SOURCES = (
    ("trl", "trainer/sft_config.py", "SFTConfig"),
    ("trl", "trainer/base_config.py", "_BaseConfig"),
    ("transformers", "training_args.py", "TrainingArguments"),
)
"""Package, file and class, each the only base of the one before."""


def trainer_keys() -> set[str]:
    """Names of the fields of `SFTConfig` that can be set."""
    found = read_keys()
    if found is None:
        from trl import SFTConfig

        found = {one.name for one in dataclasses.fields(SFTConfig) if one.init}
    return found


def read_keys() -> set[str] | None:
    """The names as the sources say them; None where these are not laid out as expected."""
    names: set[str] = set()
    base = SOURCES[0][2]
    for package, file, name in SOURCES:
        spec = find_spec(package)
        folders = list(spec.submodule_search_locations or ()) if spec is not None else []
        path = Path(folders[0], file) if folders else None
        if path is None or not path.is_file() or base != name:
            return None
        made = next((one for one in ast.parse(path.read_bytes()).body if _is_class(one, name)), None)
        if not isinstance(made, ast.ClassDef):
            return None
        names |= {one.target.id for one in made.body if _is_field(one)}  # type: ignore[attr-defined]
        base = made.bases[0].id if len(made.bases) == 1 and isinstance(made.bases[0], ast.Name) else ""
    return None if base else names


def _is_class(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.ClassDef) and node.name == name


def _is_field(node: ast.stmt) -> bool:
    """Whether a line of a dataclass declares something that can be given to it."""
    if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
        return False
    options = node.value.keywords if isinstance(node.value, ast.Call) else []
    fixed = any(one.arg == "init" and isinstance(one.value, ast.Constant) and not one.value.value for one in options)
    return not fixed and not ast.unparse(node.annotation).startswith("ClassVar")
