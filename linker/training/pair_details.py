"""What a cross-encoder's training shows of pairs beside their strings: glosses of concepts, contexts of mentions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graph.model import CURIE, TermKind
from graph.store import GraphStore
from linker.document_texts import Contexts
from linker.gathered_terms import DISPLAY_LANGUAGES, display_rank
from linker.indexed_text import indexed_text
from linker.mentions import GoldMention
from linker.pair_text import NO_CONTEXT, NO_GLOSS, Context, Gloss, PairForm
from linker.parents import parents_in_order


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of normalised strings; `glosses` and `contexts` have one item a pair."""

    pairs: list[tuple[str, str]]
    glosses: list[Gloss]
    contexts: list[Context]


@dataclass(frozen=True, slots=True)
class PairDetails:
    """Glosses by id, and the contexts of each marked string with the codes it has there; all normalised."""

    glosses: Mapping[CURIE, Gloss] = field(default_factory=dict)
    contexts: Mapping[str, tuple[tuple[tuple[CURIE, ...], Context], ...]] = field(default_factory=dict)

    def gloss(self, ids: Collection[CURIE]) -> Gloss:
        """That of the first of `ids` that has one."""
        found = (self.glosses[id] for id in sorted(ids) if id in self.glosses)
        return next(found, NO_GLOSS)

    def contexts_of(self, string: str, ids: Collection[CURIE]) -> list[Context]:
        """Where `string` is marked in text as one of `ids`."""
        return [context for codes, context in self.contexts.get(string, ()) if not set(codes).isdisjoint(ids)]


def glosses_of(
    stores: Iterable[GraphStore], form: PairForm, normalise: Callable[[str], str]
) -> dict[CURIE, Gloss]:
    """The gloss of each active concept that has a term, and of each code that one concept of a release maps to.

    Written as an index has it: preferred terms in the order of DISPLAY_LANGUAGES, parents as
    `linker.parents.parents_in_order` puts them. Of releases that have an id in common the first counts.
    """
    glosses: dict[CURIE, Gloss] = {}
    of_codes: dict[CURIE, Gloss] = {}
    for store in stores:
        tags = {c.id: c.semantic_tag for c in store.scan_concepts() if c.active}
        shown: dict[CURIE, tuple[int, str]] = {}
        for term in store.scan_terms():
            if term.concept in tags and term.kind is not TermKind.DEFINITION:
                text = indexed_text(term, tags[term.concept])
                rank = display_rank(term, DISPLAY_LANGUAGES)
                if text and (term.concept not in shown or rank < shown[term.concept][0]):
                    shown[term.concept] = (rank, text)
        preferred = {id: normalise(text) for id, (_, text) in shown.items()}
        parents = parents_in_order(tags, store.scan_is_a())
        own = {
            id: Gloss(
                text,
                normalise(tags[id]),
                tuple(preferred[up] for up in parents.get(id, ()) if up in preferred)[: form.parents_shown],
            )
            for id, text in preferred.items()
        }
        mapped: dict[CURIE, set[CURIE]] = defaultdict(set)
        for mapping in store.scan_mappings():
            if mapping.concept in own:
                mapped[mapping.target].add(mapping.concept)
        glosses = own | glosses
        of_codes = {code: own[min(ids)] for code, ids in mapped.items() if len(ids) == 1} | of_codes
    return of_codes | glosses


def contexts_of(
    mentions: Iterable[GoldMention], contexts: Contexts, form: PairForm, normalise: Callable[[str], str]
) -> dict[str, tuple[tuple[tuple[CURIE, ...], Context], ...]]:
    """The contexts of the mentions that have a place in a text, by their normalised strings, each once."""
    found: dict[str, dict[tuple[tuple[CURIE, ...], Context], None]] = defaultdict(dict)
    for mention in mentions:
        if not mention.composite and (context := contexts.of(mention, form.context)):
            near = Context(normalise(context.before), normalise(context.after))
            found[normalise(mention.span)][mention.codes, near] = None
    return {string: tuple(places) for string, places in found.items()}


def detailed(
    pairs: list[tuple[str, str]],
    codes: Sequence[tuple[CURIE, ...]],
    holders: Mapping[str, frozenset[CURIE]],
    details: PairDetails,
) -> Pairs:
    """Pairs of a mention and a candidate as linking would show them, `codes` being what the mention is marked as.

    A string that names one of the codes is shown as that, another as the first concept that it names.
    """
    glosses = [
        details.gloss(holders[term] & set(own) or holders[term])
        for (_, term), own in zip(pairs, codes, strict=True)
    ]
    found = [details.contexts_of(mention, own) for (mention, _), own in zip(pairs, codes, strict=True)]
    return Pairs(pairs, glosses, [contexts[0] if contexts else NO_CONTEXT for contexts in found])
