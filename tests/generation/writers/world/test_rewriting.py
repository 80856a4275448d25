"""A rewrite stays if a second reading finds what the state says in it, and gives way if not."""

import asyncio

import pytest

from moviellm.generation.briefs import DialogueDraft, EventDraft, KeyframeDraft, LineDraft, SceneDraft
from moviellm.generation.schema import StateChange
from moviellm.generation.writers.world.rewriting import Rewriter
from moviellm.generation.writers.world.saying_same import claims_of
from tests.generation.studio import kit
from tests.generation.studio.independent import Film, disagreement, form_of
from tests.generation.writers.worlds import Direct, WorldBench, founded, movie_of, recipe
from tests.servers.world_answers import world_answers

PLACE = "the old inn"
CAPTION = "Ada gives the gold cup to Ben in the old inn."
READ = {
    "id": "e0", "action": "give", "failed": False, "who": "Ada", "whom": "Ben", "what": "gold cup", "where": "",
    "place": PLACE, "also": [],
}  # fmt: skip
SEEN = {"id": "k0", "people": ["Ada"], "things": ["gold cup"], "place": "", "also": []}
TOLD = (
    StateChange(entity="gold cup", attribute="where", value="at:the deep forest"),
    StateChange(entity="Ben", attribute="knows:gold cup", value="the deep forest"),
)
CLAIM = {"fact": "where", "of": ["gold cup"], "value": "at:the deep forest"}


def rewriter(texts, reading):
    """A rewriter whose model writes and reads so."""

    def answers(name, data, schema, seed):
        if name == "retelling":
            return {"texts": [{"id": key, "text": text} for key, text in texts.items()]}
        return {"events": [], "pictures": [], "lines": [], **reading}

    service = Direct(answers)
    return Rewriter(recipe(), service, founded().world, PLACE, "en", 1), service


def scene(text, caption=CAPTION, **reading):
    """A scene of one event whose caption was rewritten and read so."""
    event = EventDraft(key="e00000", caption=caption, participants=("Ada", "Ben"), action="give", object="gold cup")
    frame = KeyframeDraft(
        caption="Ada holds up the gold cup.", prompt="", shot="close", figures=(), props=(), event_key="e00000"
    )
    asked, _ = rewriter({"e0": text}, {"events": [{**READ, **reading}]})
    return asyncio.run(asked.scene(SceneDraft(events=(event,), keyframes=(frame,))))


def test_a_caption_that_says_the_same_stays():
    draft = scene("In the old inn the gold cup goes from Ada to Ben.")
    assert (draft.events[0].caption, draft.dropped) == ("In the old inn the gold cup goes from Ada to Ben.", ())


CHANGED = {
    "another action": {"action": "steal"},
    "failed": {"failed": True},
    "another actor": {"who": "Ben", "whom": "Ada"},
    "another thing": {"what": "silver key"},
    "another place": {"place": "the deep forest"},
    "nobody to give to": {"whom": ""},
    "a tool that it had not": {"where": "red lantern"},
    "more than that": {"also": ["Ben smiles"]},
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_caption_that_changes_a_fact_gives_way_to_the_grammars_own(name):
    draft = scene("In the old inn the gold cup goes from Ada to Ben.", **CHANGED[name])
    assert draft.events[0].caption == CAPTION
    assert len(draft.dropped) == 1


def test_a_caption_that_names_somebody_else_is_dropped_whatever_was_read():
    draft = scene("In the old inn the gold cup goes from Ada to Ben, and Cora sees it.")
    assert (draft.events[0].caption, "it names Cora" in draft.dropped[0]) == (CAPTION, True)


def test_what_the_grammar_does_not_say_a_rewrite_need_not_say():
    draft = scene("The gold cup goes from Ada to Ben.", caption="Ada gives the gold cup to Ben.", place="")
    assert draft.events[0].caption == "The gold cup goes from Ada to Ben."


def test_a_caption_that_nobody_could_read_is_dropped():
    asked, _ = rewriter({"e0": "Cups wander."}, {})
    event = EventDraft(key="e0", caption=CAPTION, participants=("Ada", "Ben"), action="give", object="gold cup")
    draft = asyncio.run(asked.scene(SceneDraft(events=(event,), keyframes=())))
    assert draft.events[0].caption == CAPTION
    assert "nobody could read it" in draft.dropped[0]


@pytest.mark.parametrize(
    ("reading", "kept"), [({}, True), ({"people": ["Ada", "Ben"]}, False), ({"things": []}, False)]
)
def test_a_caption_of_a_picture_names_whom_and_what_it_named(reading, kept):
    frame = KeyframeDraft(
        caption="Ada holds up the gold cup.", prompt="", shot="close", figures=(), props=(), event_key=None
    )
    asked, _ = rewriter({"k0": "The gold cup shines; Ada is proud."}, {"pictures": [{**SEEN, **reading}]})
    draft = asyncio.run(asked.scene(SceneDraft(events=(), keyframes=(frame,))))
    assert (draft.keyframes[0].caption != frame.caption) == kept


def line(text, claims, said="The gold cup is in the deep forest.", seconds=6.0):
    """A line of one scene that was rewritten and read so."""
    own = LineDraft(speaker="Ada", text=said, emotion="calm", keyframe_index=0, says=TOLD)
    asked, _ = rewriter({"l0": text}, {"lines": [{"id": "l0", "claims": claims}]})
    return asyncio.run(asked.lines(DialogueDraft(lines=(own,)), seconds))


def test_a_line_that_tells_the_same_facts_stays_with_what_it_says():
    draft = line("Look in the deep forest for the gold cup.", [CLAIM])
    assert draft.lines[0].text == "Look in the deep forest for the gold cup."
    assert draft.lines[0].says == TOLD


@pytest.mark.parametrize(
    "claims", [[], [{**CLAIM, "value": "at:the old inn"}], [CLAIM, {"fact": "wounded", "of": ["Ben"], "value": "yes"}]]
)
def test_a_line_that_tells_less_or_more_or_else_is_dropped(claims):
    draft = line("Look in the deep forest for the gold cup.", claims)
    assert draft.lines[0].text == "The gold cup is in the deep forest."
    assert len(draft.dropped) == 1


def test_a_line_that_there_is_no_time_for_is_dropped():
    draft = line("Look in the deep forest for the gold cup.", [CLAIM], seconds=2.0)
    assert "no time" in draft.dropped[0]


def test_that_a_listener_knows_is_no_claim_of_a_line():
    assert list(claims_of(TOLD)) == [("where", "gold cup", "at:the deep forest")]


def test_without_a_usable_answer_nothing_is_rewritten():
    service = Direct(lambda name, data, schema, seed: {"no": "texts"})
    asked = Rewriter(recipe(), service, founded().world, PLACE, "en", 1)
    event = EventDraft(key="e0", caption=CAPTION, participants=("Ada", "Ben"), action="give", object="gold cup")
    draft = asyncio.run(asked.scene(SceneDraft(events=(event,), keyframes=())))
    assert draft.events[0].caption == CAPTION
    assert draft.dropped[0].startswith("nothing was rewritten")


def test_the_reader_is_not_told_what_a_text_should_say():
    asked, service = rewriter({"e0": "The gold cup goes from Ada to Ben."}, {"events": [READ]})
    event = EventDraft(key="e0", caption=CAPTION, participants=("Ada", "Ben"), action="give", object="gold cup")
    asyncio.run(asked.scene(SceneDraft(events=(event,), keyframes=())))
    told = service.asked[1].messages[-1]["content"].rpartition("```json")[2]
    assert ('"kind":"event"' in told, '"says"' in told) == (True, False)


@pytest.mark.parametrize("seed", range(2))
def test_a_movie_with_rewrites_keeps_every_answer(seed):
    bench = WorldBench(recipe(llm={"model": "double", "rewrite": True}), world_answers(0.2, changed=0.5))
    movie = movie_of(bench, seed)
    film = Film(movie)
    assert [why for q in movie.qa_pairs if form_of(q) and (why := disagreement(film, q))] == []
    assert any(event.caption.startswith(("As it happens", "Look", "So it is", "And now")) for event in movie.events)
    drafts = [*bench.drafts["scene"], *bench.drafts["dialogue"]]
    assert any(draft.dropped for draft in drafts)
    texts = [event.caption for event in movie.events] + [
        line.text for s in movie.scenes() for line in s.dialogue or ()
    ]
    assert not any("Or does it?" in text or "!?" in text for text in texts)


def test_rewriting_is_part_of_the_request():
    draft = {"chapters": 1, "scenes": 1, "keyframes": 2}
    plain = WorldBench(recipe(story=draft))
    movie_of(plain, 1)
    assert plain.service.calls["retelling"] == 0
    rewriting = WorldBench(recipe(story=draft, llm={"model": "double", "rewrite": True}))
    movie_of(rewriting, 1)
    assert rewriting.service.calls["retelling"] == rewriting.service.calls["reading"] > 0


def test_a_theme_stays_out_of_the_prompts_of_rewriting():
    bench = WorldBench(recipe(llm={"model": "double", "rewrite": True}))
    movie_of(bench, 2, kit.THEMES[1])
    asked = [ask for ask in bench.service.asked if ask.schema_name in ("retelling", "reading")]
    assert asked
    assert all(kit.THEMES[1] not in str(message["content"]) for ask in asked for message in ask.messages)
