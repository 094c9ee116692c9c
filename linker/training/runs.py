"""The training commands, from open releases and mention files to a model folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph.store import GraphStore
from linker.document_texts import Contexts, Misplaced
from linker.encoder import BiEncoder, model_settings
from linker.errors import TrainingError
from linker.mentions import GoldMention, is_held_out, split_documents
from linker.normalization import normaliser
from linker.pair_text import PairForm
from linker.training.bi_encoder import BiEncoderRecipe, embed_all, train_bi_encoder
from linker.training.card_rows import cross_encoder_facts, facts, figures
from linker.training.checkpoint import Checkpoint, fingerprint
from linker.training.corpus import TrainingCorpus, build_corpus, holders_of
from linker.training.cross_encoder import (
    CrossEncoderRecipe,
    pair_logits,
    pair_writer,
    train_cross_encoder,
)
from linker.training.dev_set import CANDIDATES, DevSet
from linker.training.model_folder import ModelCard, save_model
from linker.training.negatives import find_wrong_answers
from linker.training.optimization import Course, Progress, Watch
from linker.training.pair_details import PairDetails, contexts_of, detailed, glosses_of
from linker.training.scratch import ScratchSize, write_scratch_model

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer

SCRATCH_NORMALISATION = "fold-1"
SCRATCH_POOLING = "mean"


@dataclass(frozen=True, slots=True)
class Oversight:
    """How a training is watched: readings every `measure_steps`, of which `patience` may be no better than the best.

    A `patience` of 0 never stops early. The state is kept every `save_steps`.
    """

    measure_steps: int = 500
    patience: int = 0
    save_steps: int = 500


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The open stores and annotated mentions of a run, and how they are told in the model card.

    About `dev_share` of the documents are left out of training, as `linker.mentions.split_documents` says;
    `texts` are raw ones, by document; `misplaced` counts the mentions whose context they were to give, and did not.
    """

    stores: Sequence[GraphStore]
    mentions: Sequence[GoldMention]
    described: Sequence[str]
    dev_share: float
    texts: Mapping[str, str] = field(default_factory=dict)
    misplaced: Misplaced = field(default_factory=Misplaced)

    @property
    def contexts(self) -> Contexts:
        """What the texts have around mentions, for a cross-encoder that reads it."""
        return Contexts(self.texts, self.misplaced)

    def corpus(self, normalisation: str) -> TrainingCorpus:
        """Everything but the dev documents, normalised."""
        training, _ = split_documents(self.mentions, self.dev_share)
        return build_corpus(self.stores, training, normaliser(normalisation))

    def training_texts(self, normalisation: str) -> list[str]:
        """The normalised texts of all but the dev documents, each once."""
        normalise = normaliser(normalisation)
        kept = (t for document, t in self.texts.items() if not is_held_out(document, self.dev_share))
        return list(dict.fromkeys(map(normalise, kept)))

    def dev(self) -> list[GoldMention]:
        """The mentions of the dev documents."""
        return split_documents(self.mentions, self.dev_share)[1]

    def dev_set(self, corpus: TrainingCorpus, normalisation: str) -> DevSet:
        """Of these, what training with `corpus` is measured on."""
        return DevSet.of(corpus, self.dev(), normaliser(normalisation))

    def details(self, form: PairForm, normalisation: str) -> tuple[PairDetails, PairDetails]:
        """What pairs of that form show beside their strings, in training and on the dev documents.

        Raises TrainingError where contexts are asked for and no mention has one.
        """
        normalise = normaliser(normalisation)
        glosses = glosses_of(self.stores, form, normalise) if form.glossed else {}
        if not form.context:
            return PairDetails(glosses), PairDetails(glosses)
        training, dev = (
            PairDetails(glosses, contexts_of(mentions, self.contexts, form, normalise))
            for mentions in split_documents(self.mentions, self.dev_share)
        )
        if not training.contexts:
            raise TrainingError(
                f"A context of {form.context} characters was asked for and no mention of the training documents has "
                "one; give their texts, and mentions with documents and offsets."
            )
        return training, dev


def run_bi_encoder(
    data: TrainingData,
    output: Path,
    recipe: BiEncoderRecipe,
    command: Sequence[str],
    *,
    start_from: str | None,
    size: ScratchSize,
    pooling: str | None = None,
    device: str = "cpu",
    oversight: Oversight = Oversight(),
    progress: Progress,
) -> Course:
    """Train a bi-encoder from `start_from` (an id or folder), or from scratch at `size`, into `output`.

    `pooling` is `cls` or `mean`: by default that of a sentence-transformers folder, `cls` for a plain checkpoint
    and `mean` from scratch. Goes on where the same training was killed. Raises TrainingError, ModelNotFound.
    """
    with tempfile.TemporaryDirectory() as scratch:
        settings: dict[str, Any] = model_settings(start_from) if start_from else {}
        normalisation = str(
            settings.get("normalisation") or ("compose-1" if start_from else SCRATCH_NORMALISATION)
        )
        corpus = data.corpus(normalisation)
        if not start_from:
            write_scratch_model(
                Path(scratch),
                corpus.strings,
                size,
                normalisation,
                recipe.seed,
                texts=data.training_texts(normalisation),
                groups=corpus.groups.values(),
            )
        encoder = BiEncoder.open(
            start_from or scratch,
            max_length=recipe.max_length,
            pooling=pooling or (None if start_from else SCRATCH_POOLING),
            device=device,
        )
        if pooling and encoder.identity.pooling != pooling:
            raise TrainingError(
                f"{start_from} pools by {encoder.identity.pooling!r}, as its modules.json says, and {pooling!r} was "
                "asked; leave the pooling out, or start from a plain checkpoint."
            )
        body: Any = encoder.model[0]
        _check_length(body.auto_model.config, recipe.max_length)
        model = encoder.model
        dev = data.dev_set(corpus, normalisation)
        watch = _watch(
            oversight, len(dev), lambda: dev.reciprocal_rank(lambda s: embed_all(model, s, recipe))
        )
        kept = _checkpoint(output, model, corpus, dev, recipe, oversight)
        course = train_bi_encoder(model, corpus, recipe, progress, watch, kept)
    measured = (
        f"{len(dev):,} mentions of held-out documents, none a training string, "
        f"among {len(dev.strings):,} strings"
    )
    card = ModelCard(
        title="Bi-encoder for Spanish clinical terms",
        purpose="Turns a clinical mention or term into a vector; strings that name one concept lie close.",
        command=command,
        data=data.described,
        facts=facts(corpus, asdict(recipe), {} if start_from else asdict(size), encoder.identity.pooling),
        figures=figures(course, measured),
    )
    save_model(model, output, {"normalisation": normalisation, "max_length": recipe.max_length}, card)
    kept.remove()
    return course


def run_cross_encoder(
    data: TrainingData,
    bi_encoder: str,
    output: Path,
    recipe: CrossEncoderRecipe,
    command: Sequence[str],
    *,
    start_from: str | None,
    device: str = "cpu",
    oversight: Oversight = Oversight(),
    progress: Progress,
    stage: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Course:
    """Train a cross-encoder from `start_from`, by default the bi-encoder's own weights, into `output`.

    Goes on where the same training was killed. `stage` is told (stage, done, total) of what comes before the steps.
    Raises TrainingError, ModelNotFound.
    """
    import torch
    from sentence_transformers import CrossEncoder

    encoder = BiEncoder.open(bi_encoder, device=device)
    settings = model_settings(start_from or bi_encoder)
    normalisation = str(settings.get("normalisation") or "compose-1")
    details, dev_details = data.details(recipe.form, normalisation)
    corpus = data.corpus(normalisation)
    strings, done = corpus.strings, 0

    def tell_encoded(more: int) -> None:
        nonlocal done
        done += more
        stage("encoding strings", done, len(strings))

    vectors = encoder.encode(strings, tell_encoded)
    wrong = find_wrong_answers(
        corpus,
        vectors,
        recipe.depth,
        recipe.kind,
        lambda done, total: stage("finding wrong answers", done, total),
    )
    # The head is new: seeded, so that the same seed gives the same model. The body is kept in half precision,
    # in which AdamW's steps would round to nothing.
    torch.manual_seed(recipe.seed)
    model = CrossEncoder(
        start_from or bi_encoder,
        num_labels=1,
        max_length=recipe.max_length,
        device=device,
        model_kwargs={"dtype": torch.float32},
    )
    _check_length(model.config, recipe.max_length)
    dev = data.dev_set(corpus, normalisation)
    listed = dev.pairs(encoder.encode)
    shown = detailed(listed.pairs, listed.codes, holders_of(corpus.names), dev_details)
    written = pair_writer(model, recipe).write(shown.pairs, shown.glosses, shown.contexts)
    watch = _watch(
        oversight, len(listed), lambda: listed.reciprocal_rank(pair_logits(model, written, recipe))
    )
    kept = _checkpoint(output, model, corpus, dev, recipe, oversight, (details, dev_details))
    course = train_cross_encoder(model, corpus, wrong, recipe, progress, watch, kept, details)
    measured = (
        f"{len(listed):,} mentions of held-out documents, none a training string, whose {CANDIDATES} candidates by "
        "the bi-encoder are right and wrong ones"
    )
    card = ModelCard(
        title="Cross-encoder for Spanish clinical mentions",
        purpose="Reads a mention and a term together and scores whether they name one concept.",
        command=command,
        data=data.described,
        facts=facts(corpus, {**asdict(recipe), "form": recipe.form}, cross_encoder_facts(wrong, details), ""),
        figures=figures(course, measured),
    )
    settings = {"normalisation": normalisation, "max_length": recipe.max_length, **recipe.form.settings()}
    save_model(model, output, settings, card)
    kept.remove()
    return course


def use_threads(threads: int) -> None:
    """Train with that many threads; 0 leaves it to the libraries, which take one a core."""
    if threads:
        import torch

        torch.set_num_threads(threads)


def _watch(oversight: Oversight, mentions: int, measure: Callable[[], float]) -> Watch:
    """Raises TrainingError where training is to stop early and nothing says when."""
    if oversight.patience and not mentions:
        raise TrainingError(
            "Stopping early needs mentions of held-out documents whose strings are not trained on, and there are none; "
            "give mentions with documents, a larger dev share, or no patience."
        )
    return Watch(oversight.measure_steps, oversight.patience, measure if mentions else None)


def _checkpoint(
    output: Path,
    model: SentenceTransformer | CrossEncoder,
    corpus: TrainingCorpus,
    dev: DevSet,
    recipe: BiEncoderRecipe | CrossEncoderRecipe,
    oversight: Oversight,
    shown: tuple[PairDetails, ...] = (),
) -> Checkpoint:
    options = {**asdict(recipe), "measure_steps": oversight.measure_steps, "patience": oversight.patience}
    # A single run and the plain form add nothing, so that trainings begun before there were others can be gone on with.
    if isinstance(recipe, BiEncoderRecipe):
        if recipe.runs == 1:
            del options["runs"]
    else:
        del options["form"]
        if not recipe.form.plain:
            options["pairs"] = [recipe.form.settings(), *([d.glosses, d.contexts] for d in shown)]
    mentions = tuple(zip(dev.mentions, dev.codes, strict=True))
    return Checkpoint(output, fingerprint(model, corpus, mentions, options), oversight.save_steps)


def check_device(name: str) -> str:
    """The device's name. Raises TrainingError where this machine has none of that name."""
    import torch

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError):
        raise TrainingError(
            f"This machine has no device {name!r}; name cpu, or cuda where there is a GPU."
        ) from None
    return name


def _check_length(config: Any, wanted: int) -> None:
    """Raises TrainingError where the model has fewer positions than `wanted` tokens need.

    RoBERTa and XLM-R number positions from after the padding token's id.
    """
    roberta = config.model_type in ("roberta", "xlm-roberta")
    positions = config.max_position_embeddings - (config.pad_token_id + 1 if roberta else 0)
    if wanted > positions:
        raise TrainingError(
            f"The model reads at most {positions} tokens and {wanted} were asked; ask for a smaller maximum length."
        )
