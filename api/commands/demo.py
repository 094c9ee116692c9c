"""`enlace demo`: the whole way with no data of one's own and no network."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from api.terminal import Tell, out, progress

if TYPE_CHECKING:
    from graph.release import OpenRelease, ReleaseHome
    from linker.model import Linking
    from linker.pipeline import Linker
    from loaders.formats import LoadedSource

RELEASE = "demo"
TOP = 3

#: A discharge note written for this demonstration; what stands in brackets is linked.
NOTE = """\
Mujer de 74 años con [HTA], [diabetes tipo II] y [FA] en tratamiento con [Sintrom]. Consulta por
[disnea a moderados esfuerzos] y aumento de peso desde hace una semana. [Rx tórax]:
[derrame pleural bilateral]. En la analítica destacan [fracaso renal agudo prerrenal] y
[anemia por falta de hierro]. Es dada de alta con el diagnóstico de
[insuficiencia cardiaca descompensada]."""


def mentions_of(note: str) -> list[str]:
    """What stands in brackets in a note, in order."""
    return [piece.partition("]")[0] for piece in note.split("[")[1:]]


def demo() -> None:
    """Import the demonstration terminology, index it with the models that come along, and link a short note."""
    from graph.release import default_home

    home = default_home()
    mentions = mentions_of(NOTE)
    with progress() as tell:
        _import(home, tell)
        linker = _linker(home, tell)
        tell("linking", 0, None)
        linkings = linker.link(mentions, top_k=TOP)
        linker.close()
    with home.open(RELEASE) as opened:
        _show(opened, linkings)
    _show_request(mentions)


def _import(home: ReleaseHome, tell: Tell) -> None:
    from graph.importing import import_release
    from loaders import demo as terminology
    from loaders.formats import load

    with tempfile.TemporaryDirectory(prefix="enlace-demo-") as folder:
        tell("rendering the demonstration terminology as RF2", 0, None)
        package = load(terminology.render(Path(folder)), format="rf2")
        if not _is_there(home, package):
            tell("importing it", 0, None)
            import_release(
                home,
                RELEASE,
                package.records,
                sources=package.sources,
                rejected=package.rejected,
                asked=package.asked,
            )


def _is_there(home: ReleaseHome, package: LoadedSource) -> bool:
    """Whether the release is the one that would be imported, and this version can read it."""
    from graph.errors import ReleaseDamaged

    if RELEASE not in home.names():
        return False
    try:
        with home.open(RELEASE) as opened:
            return opened.release.sources == tuple(package.sources)
    except ReleaseDamaged:
        return False


def _linker(home: ReleaseHome, tell: Tell) -> Linker:
    """The release's linker; indexes first where there is no index, or one of other models than those here."""
    from api.indexing import index_release
    from graph.release import INDEX_FOLDER
    from linker.errors import IndexDamaged, IndexMismatch, IndexNotFound
    from linker.pipeline import Linker
    from linker.shipped import SHIPPED

    folder = home.folder(RELEASE) / INDEX_FOLDER
    try:
        tell("opening the models", 0, None)
        linker = Linker.open(folder)
        if linker.index.manifest.bi_encoder == SHIPPED:
            return linker
        linker.close()
    except (IndexNotFound, IndexMismatch, IndexDamaged):
        pass
    index_release(home, RELEASE, bi_encoder=SHIPPED, cross_encoder=SHIPPED, tell=tell)
    return Linker.open(folder)


def _show(opened: OpenRelease, linkings: Sequence[Linking]) -> None:
    from rich.panel import Panel
    from rich.text import Text

    from api.linking_tables import note_table

    console = out()
    text = Text()
    for place, piece in enumerate(NOTE.split("[")):
        mention, bracket, rest = piece.partition("]")
        text.append(mention, style="bold" if place and bracket else "").append(rest)
    console.print(Panel(text, title="A note", title_align="left", expand=False))
    firsts = [linking.candidates[0].id for linking in linkings if linking.candidates]
    console.print(note_table(linkings, {id: _parents(opened, id) for id in firsts}))


def _parents(opened: OpenRelease, id: str) -> list[str]:
    from graph.labels import preferred_term

    parents = opened.hierarchy.parents(id)
    named = zip(parents, opened.store.terms(parents), strict=True)
    return [preferred_term(terms) or parent for parent, terms in named]


def _show_request(mentions: Sequence[str]) -> None:
    from api.example_request import LINK_QUERY, curl

    console = out()
    console.print("The same over GraphQL, with every candidate's place in the hierarchy in one request:\n")
    print(curl(LINK_QUERY, {"mentions": list(mentions), "top": TOP}))
    console.print(
        f"\nServe it first:  enlace serve --release {RELEASE}   "
        "and open http://127.0.0.1:8000/ in a browser; GraphiQL is at /graphql."
    )
