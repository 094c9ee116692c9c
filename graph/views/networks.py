"""Some concepts, or all, as a NetworkX graph: edges lead from child to parent, and along attributes."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from graph.errors import ConceptNotFound
from graph.labels import preferred_term
from graph.model import CURIE, IS_A
from graph.release import OpenRelease
from graph.views.pages import pages


def network(opened: OpenRelease, ids: Iterable[CURIE] | None = None) -> nx.MultiDiGraph[CURIE]:
    """The concepts `ids`, or every active one, with the is-a and attribute relations among them.

    A node has `label` (its preferred term), `semantic_tag` and `active`. An edge has `type` (`rdfs:subClassOf` for
    is-a) and `group`, the role group. Of is-a only what the compiled hierarchy holds is there. All of it is held in
    memory. Raises StoreUnavailable.
    """
    made: nx.MultiDiGraph[CURIE] = nx.MultiDiGraph(release=opened.release.name)
    hierarchy = opened.hierarchy
    wanted = list(dict.fromkeys(hierarchy.ids_of(range(len(hierarchy))) if ids is None else ids))
    among = set(wanted)
    for page in pages(opened, wanted):
        for told in page:
            concept = told.concept
            label = preferred_term(told.terms) or concept.id
            made.add_node(concept.id, label=label, semantic_tag=concept.semantic_tag, active=concept.active)
            for parent in told.parents:
                if parent in among:
                    made.add_edge(concept.id, parent, type=IS_A, group=0)
            for relation in told.relations:
                if relation.target in among:
                    made.add_edge(concept.id, relation.target, type=relation.type, group=relation.group)
    # What is asked for and no concept of the release came in as the end of an edge only.
    made.remove_nodes_from([id for id, about in made.nodes(data=True) if not about])
    return made


def neighbourhood(opened: OpenRelease, id: CURIE, *, up: int = 2, down: int = 1) -> list[CURIE]:
    """The ids within `up` is-a steps above a concept and `down` below it, itself first, then the nearest.

    Raises ConceptNotFound for one that is not active.
    """
    hierarchy = opened.hierarchy
    if id not in hierarchy:
        raise ConceptNotFound([id], opened.release.name, active=True)
    found = {id: None}
    for steps, following in ((up, hierarchy.parents), (down, hierarchy.children)):
        layer: list[CURIE] = [id]
        for _ in range(steps):
            layer = list(dict.fromkeys(near for one in layer for near in following(one)))
            found |= dict.fromkeys(layer)
    return list(found)
