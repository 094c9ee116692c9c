"""Fitting what stands beside trained models: fusion and decision weights, and when re-ranking is left out.

Everything is fitted on the documents that training left out, and written into the models' `enlace.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from linker.candidates import Retriever
from linker.decisions import Decisions
from linker.encoder import BiEncoder, model_settings
from linker.errors import ModelNotFound, TrainingError
from linker.index import open_checked
from linker.mentions import GoldMention
from linker.pair_text import NO_CONTEXT, Context
from linker.pipeline import Linker
from linker.reranker import Reranker
from linker.training.axis_fit import fit_axis_weights
from linker.training.card_rows import facts
from linker.training.coherence_fit import fit_coherence
from linker.training.decision_fit import fit_decisions_of
from linker.training.fusion_fit import FittingSet, fit_order, fit_rerank_weights, fit_retrieval_weights
from linker.training.model_folder import ModelCard, write_settings
from linker.training.runs import SCRATCH_NORMALISATION, TrainingData
from linker.training.skip_fit import SkipRule, choose_skip_margin
from linker.training.translation_fit import LearnedTranslation, TranslationRecipe, learn_translation
from linker.translation import Translation, TranslationTable

CARD = "translation.md"
"""Of a table of translations, in the bi-encoder's folder beside its own card."""


def run_translation(
    data: TrainingData,
    bi_encoder: Path,
    recipe: TranslationRecipe,
    command: Sequence[str],
    tell: Callable[[int], None],
) -> LearnedTranslation:
    """Learn how words translate on all but the dev documents, and put the table and its card into the folder.

    `tell` is told of each round. Raises TrainingError, ModelNotFound.
    """
    if not bi_encoder.is_dir():
        raise ModelNotFound(
            f"{bi_encoder} is no folder; name that of the bi-encoder that the table is to go with."
        )
    settings = model_settings(bi_encoder)
    corpus = data.corpus(str(settings.get("normalisation") or SCRATCH_NORMALISATION))
    learned = learn_translation(corpus, recipe, tell)
    rows = (f"| {place} | {mean:.4f} |" for place, mean in enumerate(learned.likelihoods, 1))
    card = ModelCard(
        title="Translations of words of Spanish clinical terms",
        purpose="Says which words stand where others do in strings that name one concept: IBM Model 1.",
        command=command,
        data=data.described,
        facts={
            **facts(corpus, asdict(recipe), {}, ""),
            "pairs": f"{learned.pairs:,}",
            "words": f"{len(learned.table.vocabulary):,}",
            "probabilities": f"{learned.table.table.nnz:,}",
        },
        figures=[
            "The mean log-likelihood of a word, given a string of the same concept.",
            "",
            "| round | log-likelihood |",
            "| --- | --- |",
            *rows,
            "",
            "Of linking: see `docs/results.md`.",
        ],
    )
    learned.table.save(bi_encoder)
    (bi_encoder / CARD).write_text(card.text(), "utf-8")
    return learned


def run_fusion(
    data: TrainingData, index_folders: Sequence[Path], bi_encoder: Path, cross_encoder: Path
) -> dict[str, Any]:
    """Fit the fusion and decision weights on the dev documents and write them into both models' `enlace.json`.

    Each index answers the mentions whose codes it holds. No index may hold mentions of dev documents: they would
    flatter the lexical score.
    """
    encoder = BiEncoder.open(bi_encoder)
    indexes = [open_checked(folder, encoder) for folder in index_folders]
    sets = [
        FittingSet.of(folder, index, data.dev()) for folder, index in zip(index_folders, indexes, strict=True)
    ]
    fitted_on = sum(len(one.mentions) for one in sets)
    if not fitted_on:
        raise TrainingError(
            "There is no mention of a held-out document with a code of the releases to fit on; give mentions with "
            "documents, or a larger dev share."
        )
    retrieval = fit_retrieval_weights(sets, encoder)
    table = TranslationTable.read(bi_encoder)
    order = fit_order(sets, encoder, retrieval, Translation(table)) if table else None
    reranker = Reranker.open(cross_encoder)
    for index in indexes:
        index.check_form(reranker.form)
    if reach := reranker.form.context:
        sets = [_with_contexts(one, data, reach) for one in sets]
    reranking = fit_rerank_weights(sets, encoder, reranker, retrieval, order)
    reranker.weights, reranker.skip_margin = reranking, None
    asked = [(Linker(one.retriever(encoder, retrieval, order), reranker), one) for one in sets]
    decisions = Decisions(
        fit_decisions_of([(linker.without_reranker(), one) for linker, one in asked]),
        fit_decisions_of(asked),
    )
    deciding = [(Linker(linker.retriever, reranker, decisions), one) for linker, one in asked]
    decisions = Decisions(
        replace(
            decisions.retrieved,
            coherence=fit_coherence([(linker.without_reranker(), one) for linker, one in deciding]),
        ),
        replace(decisions.reranked, coherence=fit_coherence(deciding)),
    )
    for index in indexes:
        index.close()
    ordering = {"order_weights": asdict(order.weights)} if order else {}
    fitted = {
        bi_encoder: {
            "retrieval_weights": asdict(retrieval),
            **ordering,
            "decision_weights": asdict(decisions.retrieved),
        },
        cross_encoder: {"rerank_weights": asdict(reranking), "decision_weights": asdict(decisions.reranked)},
    }
    for folder, settings in fitted.items():
        write_settings(folder, {**model_settings(folder), **settings})
    return {
        "retrieval": asdict(retrieval),
        **ordering,
        "reranking": asdict(reranking),
        "decisions": asdict(decisions),
        "mentions": fitted_on,
    }


def _with_contexts(one: FittingSet, data: TrainingData, reach: int) -> FittingSet:
    """The set with so many characters of text on each side of its mentions."""
    return replace(one, contexts=_contexts(one.mentions, data, reach))


def _contexts(mentions: Sequence[GoldMention], data: TrainingData, reach: int) -> list[Context]:
    """So many characters of text on each side of the mentions."""
    return [data.contexts.of(mention, reach) or NO_CONTEXT for mention in mentions]


def run_axes(
    data: TrainingData, index_folders: Sequence[Path], bi_encoder: Path, cross_encoder: Path
) -> dict[str, Any]:
    """Fit the weights of codes' axes on the dev documents and write them into both models' `enlace.json`.

    The other weights stay as they are. No index may hold mentions of dev documents. Raises TrainingError.
    """
    encoder, reranker = BiEncoder.open(bi_encoder), Reranker.open(cross_encoder)
    asked = []
    for folder in index_folders:
        index = open_checked(folder, encoder)
        one = FittingSet.of(folder, index, data.dev())
        if reach := reranker.form.context:
            one = _with_contexts(one, data, reach)
        retriever = Retriever.of_model(folder, index, encoder, bi_encoder)
        asked.append((Linker(retriever, reranker), one))
    fitted = {
        bi_encoder: fit_axis_weights([(linker.without_reranker(), one) for linker, one in asked]),
        cross_encoder: fit_axis_weights(asked),
    }
    for linker, _ in asked:
        linker.close()
    for folder, weights in fitted.items():
        write_settings(folder, {**model_settings(folder), "axis_weights": asdict(weights)})
    return {
        "retrieved": asdict(fitted[bi_encoder]),
        "reranked": asdict(fitted[cross_encoder]),
        "mentions": sum(len(one.mentions) for _, one in asked),
    }


def run_skip_rule(
    data: TrainingData, index_folder: Path, bi_encoder: Path, cross_encoder: Path, most_changed: float
) -> SkipRule:
    """Choose the skip rule on the dev documents and write it into the cross-encoder's `enlace.json`.

    The index holds what mentions will be linked to. Raises TrainingError.
    """
    encoder = BiEncoder.open(bi_encoder)
    index = open_checked(index_folder, encoder)
    reranker = Reranker.open(cross_encoder)
    reranker.skip_margin = None
    linker = Linker(Retriever.of_model(index_folder, index, encoder, bi_encoder), reranker)
    mentions = [m for m in data.dev() if not m.composite]
    reach = reranker.form.context
    contexts = _contexts(mentions, data, reach) if reach else None
    rule = choose_skip_margin(linker, mentions, most_changed, contexts)
    linker.close()
    settings = {name: value for name, value in model_settings(cross_encoder).items() if name != "skip_margin"}
    write_settings(
        cross_encoder, settings if rule.margin is None else {**settings, "skip_margin": rule.margin}
    )
    return rule
