"""The base of every part of a recipe, and the kinds of values that many parts use.

Read by recipe.py, which says what a recipe is, and by models.py. It reads no file.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
"""A part of a whole, 0 to 1."""


class Section(BaseModel):
    """Base of every part of a recipe: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
