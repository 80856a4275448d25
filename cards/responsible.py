"""The responsible-AI part of croissant.json: who made the data and how, what it leans to, what it is for; from facts.

    told = responsible(facts)
    told.fields["rai:dataBiases"]           # sentences with the numbers that were measured

The vocabulary is that of Croissant RAI 1.0. Every number and name is read from the facts; what depends on who made the
data (the offline studio, models, or an import that knows neither) is said only where the makers are so recorded.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moviellm.cards.citation import made_at
from moviellm.cards.licence import OFFLINE, PAINTED_STAGES, SCORING
from moviellm.cards.looking import gate_rows
from moviellm.generation.dataset.facts import DatasetFacts, Source

IMPORTED = "import"
"""Stage of what was made elsewhere."""
UNDETERMINED = "und"
"""Language tag of texts whose language nobody stated."""
NAMED_MAX = 8
"""Values of a distribution that are named; the rest is counted."""


@dataclass(frozen=True)
class Told:
    """What is said of a dataset."""

    description: str
    """What it is."""
    fields: dict[str, Any]
    """Properties of croissant.json, `rai:...`."""


def responsible(facts: DatasetFacts) -> Told:
    """What the facts say about responsible use."""
    makers = [source for source in facts.measures.sources if source.stage != SCORING]
    imported = any(source.stage == IMPORTED for source in makers)
    texts = {source.model_id for source in makers if source.stage not in PAINTED_STAGES}
    pictures = {source.model_id for source in makers if source.stage in PAINTED_STAGES}
    offline = not imported and bool(texts) and (texts | pictures) <= OFFLINE
    missing = _missing(facts)
    fields = {
        "rai:dataCollection": _collection(facts, imported, texts, pictures),
        "rai:dataCollectionType": ["Secondary Data Analysis"] if imported else ["Software Collection"],
        **({"rai:dataCollectionTimeframe": timeframe} if (timeframe := _timeframe(facts)) else {}),
        **({"rai:dataCollectionMissingData": missing} if missing else {}),
        "rai:dataPreprocessingProtocol": _preprocessing(facts),
        "rai:dataAnnotationProtocol": _annotation(facts, imported, offline),
        "rai:machineAnnotationTools": _tools(facts),
        "rai:dataUseCases": _uses(facts, imported),
        "rai:dataLimitations": _limitations(facts, imported, offline),
        "rai:dataBiases": _biases(facts),
        "rai:personalSensitiveInformation": _personal(imported, offline),
        "rai:dataSocialImpact": _impact(imported, offline),
        "rai:dataReleaseMaintenancePlan": _maintenance(facts),
    }
    return Told(_description(facts, imported), fields)


def _description(facts: DatasetFacts, imported: bool) -> str:
    movies = sum(facts.measures.movies.values())
    keyframes = sum(facts.measures.image_sizes.values())
    questions = sum(facts.measures.question_types.values())
    kind = "imported" if imported else "synthetic"
    return (
        f"{_count(movies, f'{kind} movie')} of {_count(round(facts.measures.total_s), 'second')} in all, with "
        f"{_count(keyframes, 'keyframe')}, dialogue and events with times, and {_count(questions, 'question')} with "
        f"evidence."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _collection(facts: DatasetFacts, imported: bool, texts: set[str], pictures: set[str]) -> str:
    if imported:
        return (
            "Files of another make were read and put into the form of this dataset; who wrote, filmed or drew them "
            "is known only as far as the columns say."
        )
    studio = "a program that simulates a story world and writes by a grammar"
    writers = studio if texts <= OFFLINE else _of_models("language models", texts)
    painters = "a program that draws" if pictures <= OFFLINE else _of_models("image models", pictures)
    if not texts and not pictures:
        return "Nothing records who made this data."
    parts = [f"stories, dialogue, questions and answers by {writers}"] * bool(texts)
    parts += [f"pictures by {painters}"] * bool(pictures)
    seed = f"recipe {facts.recipe.name}, seed {facts.run_seed}"
    return f"Made, not collected, from short themes ({seed}): {'; '.join(parts)}. Nobody was filmed or asked."


def _of_models(kind: str, models: set[str]) -> str:
    return f"{kind} ({', '.join(sorted(models - OFFLINE))})" + (" beside a program" if models & OFFLINE else "")


def _timeframe(facts: DatasetFacts) -> list[str]:
    """First and last moment at which a part was made."""
    times = sorted({source.created_at for source in facts.measures.sources if source.created_at})
    return [times[0], times[-1]] if times else []


def _missing(facts: DatasetFacts) -> str:
    measures = facts.measures
    counts = {
        "Parts that failed or were dropped while it was made": sum(facts.failures.values()),
        "Keyframes without a picture": measures.image_sizes.get("none", 0),
        "Movies without a film": measures.without_film,
        "Things asked for that are not in their pictures (not_drawn)": sum(measures.not_drawn.values()),
    }
    said = "".join(f"{what}: {count:,}. " for what, count in counts.items() if count)
    return f"{said}A null value was not made, an empty one was made and is empty." if said else ""


def _preprocessing(facts: DatasetFacts) -> list[str]:
    report = facts.splitting
    left_out = sum(facts.measures.asked.left_out.values())
    told = [
        f"Splits are by movie. Plots whose word shingles have a Jaccard similarity of {report.threshold} or more "
        f"({report.pairs:,} pairs) and counterfactual twins ({report.twins:,}) stay in one split.",
    ]
    if left_out:
        told.append(f"Questions left out of the test split for a flag, or for belonging with one: {left_out:,}.")
    return told


def _annotation(facts: DatasetFacts, imported: bool, offline: bool) -> list[str]:
    if imported:
        return ["Questions, captions and times are those of the imported files; nobody checked them again."]
    told = [
        "Questions, answers, times and boxes are computed from the record of the simulation. No person annotated."
        if offline
        else "A language model wrote the questions, or their words; what it cites was checked by rules, not by people."
    ]
    held = [row for row in gate_rows(facts.measures.gates) if row["count"].questions]
    if held:
        told.append(
            "Every question was put to solvers that lack what it requires; their scores are in the column gates: "
            + "; ".join(
                f"{row['gate']} right on {row['count'].accuracy:.1%} of {row['count'].questions:,} "
                f"(chance {row['count'].chance:.1%})"
                for row in held
            )
            + "."
        )
    limits = facts.recipe.gates
    if limits.models:
        told.append(
            f"Language models ({', '.join(limits.models)}) answered them, too. Flags follow from the recipe's "
            f"thresholds: {limits.blind_max:.2f} blind, {limits.dialogue_max:.2f} with the dialogue, "
            f"{limits.synopsis_max:.2f} with the synopsis, {limits.single_frame_max:.2f} with one keyframe, "
            f"{limits.shuffled_max:.2f} shuffled, {limits.full_min:.2f} with everything."
        )
    return told


def _tools(facts: DatasetFacts) -> list[str]:
    """Who made or measured, each once, with the stages."""
    stages: dict[str, set[str]] = {}
    for source in facts.measures.sources:
        stages.setdefault(_tool(source), set()).add(source.stage)
    return [f"{tool}: {', '.join(sorted(found))}" for tool, found in sorted(stages.items())]


def _tool(source: Source) -> str:
    return f"{source.model_id}@{source.model_revision}" if source.model_revision else source.model_id


def _uses(facts: DatasetFacts, imported: bool) -> list[str]:
    formats = ", ".join(sorted(facts.measures.answer_formats)).replace("_", " ")
    asked = f" with questions ({formats})" if formats else ""
    told = [f"Training and testing of models that understand long video{asked}."]
    if not imported:
        told.append("Controlled comparisons: what a model needs to see, hear or order is known for every question.")
    return [*told, "Not for describing real people, places or films, nor for telling people apart in real pictures."]


def _limitations(facts: DatasetFacts, imported: bool, offline: bool) -> list[str]:
    measures = facts.measures
    stated = sorted(language for language in measures.languages if language != UNDETERMINED)
    told = [f"Language: {', '.join(stated)} only." if stated else "The language is not stated."]
    if not measures.films or not any(moving for moving, _ in measures.films):
        told.append("Pictures are stills: a keyframe stands for the time of its span, and nothing moves.")
    if offline:
        told.append("Pictures are drawn flat and sentences come from a grammar: both are narrower than people's.")
    elif imported:
        told.append("What the imported files did not say is null, and what they say wrongly is kept as it came.")
    else:
        told.append("Pictures may not show what their captions say; answers were not all checked against them.")
    return told


def _biases(facts: DatasetFacts) -> list[str]:
    """What there is more of, in numbers."""
    measures = facts.measures
    positions = Counter({chr(65 + index): count for index, count in measures.answer_positions.items() if index < 26})
    shares: list[tuple[str, Mapping[str, int]]] = [
        ("Movies by genre", measures.genres),
        ("Movies by language", measures.languages),
        ("Movies by look", measures.styles),
        ("Scenes by time of day", measures.times_of_day),
        ("Scenes by weather", measures.weathers),
        ("Keyframes by framing", measures.shots),
        ("Questions by type", measures.question_types),
        ("Right options by position", positions),
    ]
    told = [
        f"{title}: {_shares(counts)}." for title, counts in shares if sum(counts.values()) and set(counts) != {"none"}
    ]
    return told or ["Not measured."]


def _shares(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{name} {count / total:.1%}" for name, count in order[:NAMED_MAX]]
    rest = len(order) - NAMED_MAX
    return ", ".join([*named, f"{rest:,} others"] if rest > 0 else named)


def _personal(imported: bool, offline: bool) -> list[str]:
    if imported:
        return ["Not known: the imported files may show or name real people; nobody checked each of them."]
    if offline:
        return ["None: people, names and places are invented by a program, and nobody is pictured."]
    return ["People are invented and prompts name no real person; a model's output may still resemble one."]


def _impact(imported: bool, offline: bool) -> str:
    if imported:
        return "That of the imported files: their makers' choices come along, and nobody measured them here."
    if offline:
        return (
            "Low risk to persons, for none is in it. A model trained on it alone sees a small invented world, "
            "and must not be taken as able to judge real scenes."
        )
    return (
        "The choices and prejudices of the models that made it come along, in who does what and who looks how; "
        "a model trained on it may repeat them."
    )


def _maintenance(facts: DatasetFacts) -> str:
    made = f", made {made_at(facts)[:10]}" if made_at(facts) else ""
    return (
        f"Version {facts.version}{made}, data model {facts.schema_version}. A version never changes; "
        f"corrections come as a new version, and a change that old readers cannot read raises the data model's first "
        f"number."
    )
