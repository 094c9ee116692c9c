"""The page of a note: what it shows, and that no text can make it anything else."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

from annotated_documents import NOTE, ORIGIN, annotation, candidate, documents, note
from hypothesis import given, settings

from linker.annotation.formats.html import page
from linker.annotation.model import AnnotatedDocument, Assertion, Document, Source, Span, Trigger
from linker.annotation.writing import render

_VOID = {"meta"}


class _Page(HTMLParser):
    """A page's elements and texts; it insists on elements that are closed in their order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str]]] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.note: list[tuple[str, frozenset[str]]] = []
        self.style = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = tag, {name: value or "" for name, value in attrs}
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] == "style":
            self.style += data
        classes = [attributes.get("class") for _, attributes in self.open]
        if "note" in classes:
            within = self.open[classes.index("note") + 1 :]
            titles = frozenset(attributes["title"] for _, attributes in within)
            self.note.append((data, titles))

    def attributes(self, tag: str, name: str) -> list[str]:
        return [
            attributes[name] for element, attributes in self.elements if element == tag and name in attributes
        ]


def _shown(text: str) -> str:
    """The text as a page has it: controls are pictures."""
    return "".join(
        one
        if one in "\t\n\r" or (ord(one) >= 32 and not 127 <= ord(one) < 160)
        else chr(0x2400 + ord(one))
        if ord(one) < 32
        else "\u2421"
        if ord(one) == 127
        else "\ufffd"
        for one in text
    )


def test_each_mention_is_marked_where_it_is() -> None:
    read = _Page(page(note(), ORIGIN))
    marked: dict[str, str] = {}
    for text, titles in read.note:
        for title in titles:
            marked[title] = marked.get(title, "") + text
    assert marked == {
        "disorder · HP:0003002 Cáncer de mama · family (Madre)": "cáncer de mama",
        "morphology · ECIEO:8000/3 Neoplasia maligna": "cáncer",
        "disorder · SNOMEDCT:22298006 infarto de miocardio · historical (2010)": "Infarto de miocardio",
        "symptom · HP:0100749 Dolor torácico": "Dolor torácico e\nintenso",
        "symptom · HP:0012531 Dolor": "Dolorintenso",
        "symptom · HP:0001945 Fiebre · negated (No)": "fiebre",
        "disorder · UMLS:C0002965 Angina inestable · uncertain (Posible)": "angina inestable",
        "symptom · no concept · hypothetical (si disnea)": "disnea",
        "procedure · SNOMEDCT:77477000 tomografía computarizada": "TAC abdominal",
        "family": "Madre",
        "historical": "2010",
        "negated": "No ",
        "uncertain": "Posible",
        "hypothetical": "si disnea",
    }


def test_the_table_leads_to_the_mentions_and_back() -> None:
    read = _Page(page(note(), ORIGIN))
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    addresses = read.attributes("a", "href")
    assert {address[1:] for address in addresses if address.startswith("#")} <= set(ids)
    assert "http://snomed.info/id/22298006" in addresses
    assert all(address.startswith(("#", "http://", "https://")) for address in addresses)


def test_a_page_asks_for_nothing_and_its_policy_allows_its_own_style_alone() -> None:
    read = _Page(page(note(), ORIGIN))
    assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _ in read.elements}
    assert not re.search(r"url\(|@import", read.style)
    digest = base64.b64encode(hashlib.sha256(read.style.encode()).digest()).decode()
    [policy] = [a["content"] for _, a in read.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not [a for _, a in read.elements if "style" in a]


@settings(max_examples=50, deadline=None)
@given(documents())
def test_any_text_with_any_spans_is_shown_whole(document: AnnotatedDocument) -> None:
    read = _Page(page(document, ORIGIN))
    assert "".join(text for text, _ in read.note) == _shown(document.document.text)
    marks = read.attributes("mark", "data-n")
    assert len(set(marks)) == len(document.annotations)


def test_hostile_words_stay_words() -> None:
    evil = '</div><script>alert(1)</script><img src=x onerror="alert(1)">\u202e{{ 7*7 }} --><!--\x00'
    at = Span(0, len(evil), '"><b onclick=alert(1)>', Source.GIVEN)
    hostile = annotation(
        evil,
        at,
        candidate('HP:1"><i>', evil),
        candidate("HP:2", evil),
        triggers=(Trigger(Assertion.NEGATED, 0, len(evil)),),
        section=evil,
    )
    plain = annotation("texto", Span(0, 5, "t", Source.GIVEN), candidate("HP:1", "t"), candidate("HP:2", "t"))
    read = _Page(page(AnnotatedDocument(Document(evil, evil), (hostile,)), ORIGIN))
    usual = _Page(page(AnnotatedDocument(Document("a", "texto"), (plain,)), ORIGIN))
    assert {tag for tag, _ in read.elements} <= {tag for tag, _ in usual.elements} | {"u", "span"}
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert "".join(text for text, _ in read.note) == evil.replace("\x00", "\u2400")


def test_a_folder_has_an_index_that_leads_to_each_page(tmp_path: Path) -> None:
    hostile = AnnotatedDocument(Document("<b>/../x", "texto"), ())
    index = AnnotatedDocument(Document("index", NOTE), note().annotations)
    render("html", [note(), hostile, index], tmp_path / "html", ORIGIN)
    read = _Page((tmp_path / "html" / "index.html").read_text("utf-8"))
    assert read.attributes("a", "href") == ["nota-1.html", "%253Cb%253E%252F..%252Fx.html", "index-2.html"]
    names = {path.name for path in (tmp_path / "html").iterdir()}
    assert names == {"index.html", "index-2.html", "nota-1.html", "%3Cb%3E%2F..%2Fx.html"}
