"""What each piece of evidence from the concept graph is worth beyond the models' scores, with its interval.

    python -m benchmarks.evidence --data ../shared/data [--bi-encoder FOLDER --cross-encoder FOLDER] [--json DIR]

A ranking of the first 25 candidates is fitted twice, by the same method on the same held-out documents of the
training parts of all sets together, without a piece and with it; the difference in accuracy@1 on a set's gold
documents is what it is worth there. The pieces, of a candidate:

- kin: the same share of its parents, children and siblings among the candidates;
- lineage: of its ancestors and descendants;
- depth: its steps below a root;
- overlap: the share of the term that the mention says, and of the mention that the term says (specificity);
- translation: how likely the words of its terms and the mention's translate into one another, learned from synonyms;
- kin coherence: whether another mention of the document is linked to a parent, child or sibling by itself;
- coherence: whether one is to the candidate; of this it is measured what linking makes of it, with its shipped weight;
- code axes: what the mention's words say of the code's axes, where codes have any; measured in the same way;
- scope: that the caller knows of what kind the mentions are, and asks for concepts of that kind alone; the same;
- abbreviations in the text: the document, which may explain or write out its abbreviations; the same;
- terms written out: that the index has terms with their abbreviations written out; linking with it and without.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from api.indexing import index_release
from api.quiet import quieten_model_libraries
from api.terminal import Tell, progress
from benchmarks.linking_sets import SETS, LinkingSet, Mentions, named_by
from benchmarks.word_overlap import word_overlaps
from graph.hierarchy import Hierarchy
from graph.importing import import_release
from graph.model import CURIE
from graph.release import INDEX_FOLDER, ReleaseHome
from linker.document_texts import read_texts
from linker.evaluation.metrics import DocumentBootstrap, Estimate
from linker.mentions import GoldMention, split_documents
from linker.model import DocumentContext, Linking
from linker.normalization import fold_words
from linker.pipeline import Linker
from linker.retrieved import Retrieved
from linker.scope import Scope
from linker.shipped import SHIPPED
from linker.training.ranking_fit import fit_ranking

DEPTH = 25
DEV_SHARE = 0.125
FILE = "evidence.json"
BASE = ("dense", "lexical", "rerank")
PIECES = {
    "overlap": ("term said", "mention said"),
    "translation": ("mention translated", "term translated"),
    "kin": ("kin",),
    "lineage": ("lineage",),
    "depth": ("depth",),
    "kin coherence": ("kin coherence",),
}
"""The columns of each piece."""
KEPT = ("translation",)
"""Those that the ranking of linking uses; coherence comes after it."""
COHERENCE, AXES, SCOPE = "coherence", "code axes", "scope"
TEXT, TERMS = "abbreviations in the text", "terms written out"
LINKED = (COHERENCE, AXES, SCOPE, TEXT, TERMS)
"""Those that are measured on what linking answers."""
TEXTS = ("codiesp/texts.jsonl.gz", "cantemist/dev-set2.texts.jsonl.gz")
"""The texts of all gold documents."""

Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranked:
    """The candidates of one mention; each of `columns` has shape (k,), as has `gold`."""

    mention: GoldMention
    ids: tuple[str, ...]
    columns: dict[str, Column]
    gold: npt.NDArray[np.bool_]
    decided: bool
    """Whether a term is the mention: the order of the first places is not asked then."""
    linked: tuple[bool, bool, bool, bool, bool]
    """Whether the right one is first before axes are weighed, by itself, with the document's other mentions, with these
    within the scope, and with the document's text."""

    def values(self, names: Sequence[str]) -> Column:
        """Shape (k, len(names))."""
        return np.stack([self.columns[name] for name in names], axis=1)


def ranked(
    linker: Linker,
    hierarchy: Hierarchy,
    mentions: Mentions,
    within: Collection[CURIE] | None,
    texts: Mapping[str, str],
) -> list[Ranked]:
    """The candidates of mentions with all pieces of evidence; mentions whose code the index lacks are left out.

    `within` are the concepts of the scope; None is none. `texts` are those of documents.
    """
    index = linker.index
    known = set(index.concept_ids())
    mentions = [m for m in mentions if not m.composite and known & set(m.codes)]
    spans = list(dict.fromkeys(m.span.strip() for m in mentions))
    retrieved = dict(zip(spans, linker.retriever.retrieve(spans, DEPTH), strict=True))
    ids = {span: tuple(index.concept_id(c) for c in one.concepts) for span, one in retrieved.items()}
    columns = dict(zip(spans, _own_columns(linker, list(retrieved.values())), strict=True))
    share = {span: _share(retrieved[span]) for span in spans}
    kin = _Kin(hierarchy)
    for span in spans:
        columns[span] |= _graph_columns(ids[span], share[span], kin)
    documents = [DocumentContext(mention.document) for mention in mentions]
    asked = [mention.span.strip() for mention in mentions]
    alone = linker.link(asked, documents=documents, top_k=1, together=False)
    together = linker.link(asked, documents=documents, top_k=1)
    scope = None if within is None else Scope.of(index, ids=within)
    scoped = linker.link(asked, documents=documents, top_k=1, scope=scope)
    read = [DocumentContext(mention.document, texts.get(mention.document, "")) for mention in mentions]
    told = linker.link(asked, documents=read, top_k=1)
    before = linker.ranked(asked, documents=documents)
    chosen = {(m.document, m.span.strip()): one.decision.id for m, one in zip(mentions, alone, strict=True)}
    by_document: dict[str, set[str]] = defaultdict(set)
    for mention in mentions:
        by_document[mention.document].add(mention.span.strip())
    found = []
    for place, mention in enumerate(mentions):
        span = asked[place]
        meant = {
            id
            for other in by_document[mention.document]
            if fold_words(other) != fold_words(span) and (id := chosen[mention.document, other])
        }
        coherence = {"kin coherence": np.array([float(not meant.isdisjoint(kin.of(id))) for id in ids[span]])}
        gold = np.array([id in mention.codes for id in ids[span]])
        decided = bool(retrieved[span].exact[0] > 0)
        without = index.concept_ids_of(before[place].retrieved.concepts[before[place].order[:1]])
        linked = (
            not set(without).isdisjoint(mention.codes),
            _first_right(alone[place], mention),
            _first_right(together[place], mention),
            _first_right(scoped[place], mention),
            _first_right(told[place], mention),
        )
        found.append(Ranked(mention, ids[span], columns[span] | coherence, gold, decided, linked))
    return found


def _first_right(linking: Linking, mention: GoldMention) -> bool:
    return bool(linking.candidates) and linking.candidates[0].id in mention.codes


def _own_columns(linker: Linker, retrieved: Sequence[Retrieved]) -> list[dict[str, Column]]:
    pairs = [
        (reading, linker.index.text(row))
        for one in retrieved
        for reading, row in zip(one.readings, one.rows, strict=True)
    ]
    assert linker.reranker
    logits = linker.reranker.logits(pairs).astype(np.float64)
    overlaps = word_overlaps(pairs).astype(np.float64)
    columns = []
    end = 0
    for one in retrieved:
        own = slice(end, end := end + len(one))
        columns.append(
            {
                "dense": one.dense.astype(np.float64),
                "lexical": one.lexical.astype(np.float64),
                "rerank": logits[own],
                "term said": overlaps[own, 0],
                "mention said": overlaps[own, 1],
                "mention translated": one.translated[:, 0].astype(np.float64),
                "term translated": one.translated[:, 1].astype(np.float64),
            }
        )
    return columns


def _share(one: Retrieved) -> Column:
    """How likely each candidate is before the graph is asked."""
    score = np.where(one.exact > 0, 0.0, np.log(np.clip(one.score.astype(np.float64), 1e-6, 1)))
    weights: Column = np.exp(score - score.max())
    shares: Column = weights / weights.sum()
    return shares


class _Kin:
    """The parents, children and siblings of concepts; none where the release has no hierarchy for them."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        self._hierarchy = hierarchy
        self._of: dict[str, frozenset[str]] = {}

    def of(self, id: str) -> frozenset[str]:
        if id not in self._of:
            near = (self._hierarchy.parents, self._hierarchy.children, self._hierarchy.siblings)
            self._of[id] = frozenset(
                other for ask in near for other in (ask(id) if id in self._hierarchy else ())
            )
        return self._of[id]

    def depth(self, id: str) -> int:
        return self._hierarchy.depth(id) if id in self._hierarchy else 0

    def in_line(self, first: str, second: str) -> bool:
        hierarchy = self._hierarchy
        if first not in hierarchy or second not in hierarchy:
            return False
        return hierarchy.subsumes(first, second) or hierarchy.subsumes(second, first)


def _graph_columns(ids: Sequence[str], share: Column, kin: _Kin) -> dict[str, Column]:
    def given(near: Callable[[str, str], bool]) -> Column:
        return np.array(
            [sum(share[j] for j, other in enumerate(ids) if other != id and near(id, other)) for id in ids]
        )

    return {
        "kin": given(lambda id, other: other in kin.of(id)),
        "lineage": given(kin.in_line),
        "depth": np.array([float(kin.depth(id)) for id in ids]),
    }


def first_right(candidates: Sequence[Ranked], names: Sequence[str], weights: Column) -> Column:
    """Whether the first candidate is right, shape (n,)."""
    right = []
    for one in candidates:
        score = one.values(names) @ weights
        right.append(bool(one.gold[0] if one.decided else one.gold[np.argmax(score)]))
    return np.array(right, dtype=np.float64)


def fitted(candidates: Sequence[Ranked], names: Sequence[str]) -> Column:
    """The weights of the columns, on the mentions that no term decides and whose concept is there."""
    lists = [(one.values(names), one.gold) for one in candidates if not one.decided and one.gold.any()]
    return fit_ranking(lists)


@dataclass(frozen=True, slots=True)
class Worth:
    """What one piece adds to accuracy@1 on one set: `beyond` the models, and `last`, beyond all that is kept.

    None is for what is not measured: of axes, where codes have none; of a scope, where all are of one kind.
    """

    set: str
    piece: str
    beyond: Estimate | None
    last: Estimate | None


Found = dict[str, tuple[Estimate, list[Worth]]]


def worth(
    one: LinkingSet, fit: Sequence[Ranked], gold: Sequence[Ranked], short: Sequence[Ranked]
) -> tuple[Estimate, list[Worth]]:
    """Accuracy@1 with all that is kept, and what each piece adds; `short` is `gold` where no term is written out."""
    name = one.name
    bootstrap = DocumentBootstrap([one.mention.document for one in gold])

    def right(pieces: Sequence[str]) -> Column:
        names = [*BASE, *(column for piece in pieces for column in PIECES[piece])]
        return first_right(gold, names, fitted(fit, names))

    base, kept = right(()), right(KEPT)
    rows = []
    for piece in PIECES:
        others = [other for other in KEPT if other != piece]
        beyond = bootstrap.estimate(right((piece,)) - base)
        last = bootstrap.estimate(right((*others, piece)) - (right(others) if piece in KEPT else kept))
        rows.append(Worth(name, piece, beyond, last))
    before, alone, together, scoped, told = np.array([one.linked for one in gold], dtype=np.float64).T
    rows.append(Worth(name, COHERENCE, None, bootstrap.estimate(together - alone)))
    rows.append(Worth(name, AXES, None, bootstrap.estimate(alone - before) if one.code_axes else None))
    rows.append(Worth(name, SCOPE, None, bootstrap.estimate(scoped - together) if one.scope else None))
    rows.append(Worth(name, TEXT, None, bootstrap.estimate(told - together)))
    unwritten = np.array([one.linked[2] for one in short], dtype=np.float64)
    rows.append(Worth(name, TERMS, None, bootstrap.estimate(together - unwritten)))
    return bootstrap.estimate(kept), rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    sets = [one for one in SETS if not one.lenders]
    parser.add_argument("--set", action="append", choices=[one.name for one in sets], help="by default all")
    parser.add_argument("--bi-encoder", default=SHIPPED)
    parser.add_argument("--cross-encoder", default=SHIPPED)
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args(arguments)
    quieten_model_libraries()
    chosen = [one for one in sets if not options.set or one.name in options.set]
    models = options.bi_encoder, options.cross_encoder
    texts = read_texts(options.data / name for name in TEXTS)
    with tempfile.TemporaryDirectory() as folder, progress() as tell:
        home = ReleaseHome(Path(folder))
        fits: dict[tuple[str, bool], list[Ranked]] = {}
        golds: dict[str, list[Ranked]] = {}
        shorts: dict[str, list[Ranked]] = {}
        for one in chosen:
            training = one.training(options.data)
            kept, held_out = split_documents(training, DEV_SHARE)
            if (one.release, one.indexed) not in fits:
                fits[one.release, one.indexed] = candidates_of(
                    home, options.data, one, kept, held_out, models, texts, tell
                )
            golds[one.name], shorts[one.name] = (
                candidates_of(
                    home,
                    options.data,
                    one,
                    training,
                    one.gold(options.data),
                    models,
                    texts,
                    tell,
                    write_out=write_out,
                )
                for write_out in (True, False)
            )
    pooled = [each for fit in fits.values() for each in fit]
    found = {one.name: worth(one, pooled, golds[one.name], shorts[one.name]) for one in chosen}
    _print(found)
    if options.json:
        (options.json / FILE).write_text(f"{_json(found)}\n", "utf-8")


def candidates_of(
    home: ReleaseHome,
    data: Path,
    one: LinkingSet,
    known: Mentions,
    asked: Mentions,
    models: tuple[str, str],
    texts: Mapping[str, str],
    tell: Tell,
    *,
    write_out: bool = True,
) -> list[Ranked]:
    """The candidates of `asked` in an index that knows the mentions `known` and, but for these, what the set's has."""
    tell(f"importing {one.release}", 0, None)
    records = named_by(known) if one.release == "snomed-mentions" else one.records(data)
    import_release(home, one.release, records, sources=())
    bi_encoder, cross_encoder = models
    mentions = [(m.span, code) for m in known for code in m.codes] if one.indexed else []
    index_release(
        home,
        one.release,
        bi_encoder=bi_encoder,
        cross_encoder=cross_encoder,
        mentions=mentions,
        code_axes=one.code_axes,
        write_out=write_out,
        tell=tell,
    )
    with home.open(one.release) as opened:
        linker = Linker.open(home.folder(one.release) / INDEX_FOLDER)
        scope = one.scope(data) if one.scope else None
        within = None if scope is None else {code for mention in scope for code in mention.codes}
        found = ranked(linker, opened.hierarchy, asked, within, texts)
        linker.close()
    return found


def _print(found: Found) -> None:
    table = Table(
        title="What evidence adds to accuracy@1: beyond the models' scores / beyond what else is kept"
    )
    for heading in ("piece", *found):
        table.add_column(heading)
    table.add_row("accuracy@1 with what is kept", *(str(kept) for kept, _ in found.values()))
    for place, piece in enumerate((*PIECES, *LINKED)):
        rows = [rows[place] for _, rows in found.values()]
        table.add_row(
            f"{piece}, kept" if piece in (*KEPT, *LINKED) else piece,
            *(f"{signed(row.beyond)} / {signed(row.last)}" for row in rows),
        )
    Console(width=200, highlight=False, markup=False).print(table)


def signed(estimate: Estimate | None) -> str:
    """A difference with its interval, in words of a table."""
    if estimate is None:
        return "–"
    return f"{estimate.value:+.3f} [{estimate.low:+.3f}, {estimate.high:+.3f}]"


def _json(found: Found) -> str:
    def numbers(estimate: Estimate | None) -> list[float] | None:
        if estimate is None:
            return None
        return [round(number, 4) for number in (estimate.value, estimate.low, estimate.high)]

    sets = {
        name: {
            "kept": numbers(kept),
            "pieces": {row.piece: {"beyond": numbers(row.beyond), "last": numbers(row.last)} for row in rows},
        }
        for name, (kept, rows) in found.items()
    }
    return json.dumps({"kept": [*KEPT, *LINKED], "sets": sets}, indent=1, ensure_ascii=False)


if __name__ == "__main__":
    main()
