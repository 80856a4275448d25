"""What a listener learns from words: for every rule of dialogue.yaml that tells a fact, the facts it tells.

    facts("say.tell.actor", act, speaker, listener, people)     # ('silver key', 'where', 'at:the old inn'), ...

The facts are in the vocabulary of the state (rules.py), as they are said: what a liar says is here too. A rule that is
not listed says nothing about the state, and every alternative of a listed rule says all of its facts.
"""

from collections.abc import Container, Mapping

from moviellm.generation.schema import StateChange
from moviellm.generation.studio.script.staging import subject
from moviellm.generation.studio.world.act import Act, message

Said = tuple[tuple[str, str, str], ...]
BELIEF = ("{topic}", "{where_fact}", "{where_value}")
HEARD = ("{you}", "knows:{topic}", "{target}")
SAYS: Mapping[str, Said] = {
    "say.go.told.actor": (("{me}", "at", "{target}"),),
    "say.enter.called.actor": (("{topic}", "asked:{me}:{place}", "yes"),),
    "say.tell.actor": (BELIEF, HEARD),
    "say.tell.held.actor": (BELIEF, HEARD),
    "say.tell.person.actor": (BELIEF, HEARD),
    "say.lie.actor": (BELIEF, HEARD),
    "say.lie.held.actor": (BELIEF, HEARD),
    "say.lie.person.actor": (BELIEF, HEARD),
    "say.read.message.actor": (BELIEF, ("{me}", "knows:{topic}", "{target}"), ("{thing}", "message", "{message}")),
    "say.write.message.actor": (BELIEF, ("{thing}", "message", "{message}")),
    "say.show.proof.actor": (BELIEF, HEARD, ("{thing}", "message", "{message}")),
    "say.ask.actor": (("{me}", "asked:{you}:{topic}", "yes"),),
    "say.ask.vain.other": (("{me}", "knows:{topic}", "no"),),
    "say.ask.price.actor": (("{me}", "price", "{thing}"),),
    "say.ask.request.actor": (("{me}", "asked:{you}:{thing}", "yes"),),
    "say.promise.actor": (("{me}", "promised:{you}:{thing}", "yes"),),
    "say.refuse.actor": (("{you}", "asked:{me}:{topic}", "no"),),
    "say.call.actor": (("{me}", "asked:{you}:{place}", "yes"),),
    "say.open.vain.actor": (("{thing}", "locked", "yes"),),
    "say.watch.deed.actor": (("{you}", "wronged:{topic}", "yes"),),
    "say.arrest.actor": (("{you}", "wronged:{topic}", "yes"),),
    "say.argue.wronged.actor": (("{you}", "wronged:{me}", "yes"),),
    "say.argue.lied.actor": (("{you}", "lied:{me}:{topic}", "yes"),),
    "say.threaten.thing.actor": (("{thing}", "where", "held:{you}"),),
}


def facts(rule: str, act: Act, speaker: str, listener: str, people: Container[str]) -> tuple[StateChange, ...]:
    """The facts that a rule tells when it is said about an act."""
    topic = subject(act)
    held = act.target in people
    slots = {
        "me": speaker,
        "you": listener,
        "topic": topic,
        "thing": act.thing,
        "target": act.target,
        "place": act.place,
        "where_fact": "at" if topic in people else "where",
        "where_value": act.target if topic in people else f"{'held' if held else 'at'}:{act.target}",
        "message": message(topic, act.target),
    }
    told = (tuple(part.format_map(slots) for part in fact) for fact in SAYS.get(rule, ()))
    return tuple(StateChange(entity=entity, attribute=attribute, value=value) for entity, attribute, value in told)
