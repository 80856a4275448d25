"""The licence of a dataset, computed from who made it.

    licence_of(facts.measures.sources, facts.recipe).spdx        # 'cc-by-4.0'

    is_unknown(front_matter)                                     # whether a README says no terms: nothing to send out

Made wholly by the offline studio, a dataset is CC BY 4.0. Otherwise it comes under the terms of its writer and its
painter as the recipe states them; what nobody stated is said to be unknown. This reads no terms and gives no advice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.facts import Source

OFFLINE = frozenset({"moviellm/offline-writer", "moviellm/offline-painter"})
PAINTED_STAGES = frozenset({"style", "keyframes"})
SCORING = "gates"
"""Stage whose models put numbers to what others made: nothing of theirs is in the data."""
OFFLINE_LICENCE = "cc-by-4.0"
UNKNOWN = "unknown"
"""The Hub's own word for terms that nobody stated."""

HUB_NAMES = {
    "cc-by-4.0": "Creative Commons Attribution 4.0",
    "cc-by-sa-4.0": "Creative Commons Attribution-ShareAlike 4.0",
    "cc-by-nc-4.0": "Creative Commons Attribution-NonCommercial 4.0",
    "cc-by-nc-sa-4.0": "Creative Commons Attribution-NonCommercial-ShareAlike 4.0",
    "cc-by-nd-4.0": "Creative Commons Attribution-NoDerivatives 4.0",
    "cc-by-nc-nd-4.0": "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0",
    "cc0-1.0": "Creative Commons Zero 1.0",
    "odc-by": "Open Data Commons Attribution",
    "odbl": "Open Data Commons Open Database",
    "pddl": "Open Data Commons Public Domain Dedication",
    "apache-2.0": "Apache 2.0",
    "mit": "MIT",
    "openrail": "OpenRAIL",
}
"""Licences that the Hub knows by id; any other is `license: other` with a name."""
LICENCE_URLS = {
    **{
        name: f"https://creativecommons.org/licenses/{name.removeprefix('cc-').removesuffix('-4.0')}/4.0/"
        for name in HUB_NAMES
        if name.startswith("cc-")
    },
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "odc-by": "https://opendatacommons.org/licenses/by/1-0/",
    "odbl": "https://opendatacommons.org/licenses/odbl/1-0/",
    "pddl": "https://opendatacommons.org/licenses/pddl/1-0/",
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "mit": "https://opensource.org/license/mit",
}
"""Where their texts are; OpenRAIL is a family of texts without one address."""


@dataclass(frozen=True)
class Terms:
    """The terms that one maker's output comes under."""

    part: str
    """`writer` or `painter`."""
    model_id: str
    model_revision: str
    terms: str | None
    """None where nobody stated them."""


@dataclass(frozen=True)
class Licence:
    """What the card says about the licence."""

    spdx: str
    """Id for the Hub: one of `HUB_NAMES`, `other`, or `unknown`."""
    name: str | None
    """Name that goes with `other`."""
    stated: bool
    """Whether the recipe states it; otherwise it follows from the makers."""
    terms: tuple[Terms, ...]
    """Makers other than the offline studio."""

    @property
    def known(self) -> bool:
        """Whether anybody stated terms."""
        return self.spdx != UNKNOWN

    @property
    def title(self) -> str:
        """Name for people."""
        return HUB_NAMES.get(self.spdx) or self.name or UNKNOWN

    @property
    def url(self) -> str | None:
        """Where its text is; None for terms that the Hub does not know by id."""
        return LICENCE_URLS.get(self.spdx)

    def front_matter(self) -> dict[str, str]:
        """Keys of the README's front matter."""
        return {"license": self.spdx} if self.name is None else {"license": self.spdx, "license_name": self.name}


def licence_of(sources: Iterable[Source], recipe: Recipe) -> Licence:
    """The licence that follows from the makers in `sources`, or the one that the recipe states.

    A dataset without any source is of unknown making, and its licence is unknown.
    """
    sources = [source for source in sources if source.stage != SCORING]
    foreign = tuple(sorted({_terms(source, recipe) for source in sources if source.model_id not in OFFLINE}, key=repr))
    if recipe.dataset.licence is not None:
        stated = recipe.dataset.licence.lower()
        if stated == UNKNOWN:
            return Licence(UNKNOWN, None, True, foreign)
        known = stated in HUB_NAMES
        return Licence(stated if known else "other", None if known else recipe.dataset.licence, True, foreign)
    if sources and not foreign:
        return Licence(OFFLINE_LICENCE, None, False, ())
    if not foreign or any(maker.terms is None for maker in foreign):
        return Licence(UNKNOWN, None, False, foreign)
    named = {maker.terms for maker in foreign}
    (only,) = named if len(named) == 1 else (None,)
    if only is not None and only.lower() in HUB_NAMES:
        return Licence(only.lower(), None, False, foreign)
    return Licence("other", only or "terms-of-the-makers", False, foreign)


def _terms(source: Source, recipe: Recipe) -> Terms:
    painted = source.stage in PAINTED_STAGES
    terms = recipe.dataset.painter_terms if painted else recipe.dataset.writer_terms
    return Terms("painter" if painted else "writer", source.model_id, source.model_revision, terms)


def is_unknown(front_matter: Mapping[str, object]) -> bool:
    """Whether the front matter of a README leaves open under which terms it comes.

    It does when it names no licence, `unknown` (alone or among others), or `other` without a name of its own.
    """
    stated = front_matter.get("license")
    named = front_matter.get("license_name")
    licences = [str(one).strip().lower() for one in (stated if isinstance(stated, list) else [stated or UNKNOWN])]
    if "other" in licences and str(named or UNKNOWN).strip().lower() == UNKNOWN:
        return True
    return not licences or UNKNOWN in licences or "" in licences
