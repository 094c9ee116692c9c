"""Which texts are kept by their language, and which of them is preferred.

Languages are asked for as BCP 47 tags in order of preference (`es-ES, es, en`). A text is kept where its
primary language is among them; its region only tells how well it fits. A record's language is the primary
one (`es`), as RF2's language codes are, so that whoever looks for `es` finds `es-ES` too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: The language of a text that says none: ontologies are written in English first.
UNTAGGED = "en"


def primary(tag: str) -> str:
    """The language alone.

    >>> primary("es-ES")
    'es'
    """
    return tag.partition("-")[0].strip().lower()


def is_kept(tag: str, languages: Iterable[str]) -> bool:
    """Whether a text of that language is asked for."""
    return primary(tag) in map(primary, languages)


def preference(tag: str, languages: Sequence[str]) -> int:
    """How well a text's language fits: the place of the first language asked for that is its own or wider.

    >>> preference("es-ES", ["es-MX", "es"]), preference("es", ["es-MX"])
    (1, 1)
    """
    said = tag.lower()
    for place, asked in enumerate(language.lower() for language in languages):
        if said == asked or said.startswith(f"{asked}-"):
            return place
    return len(languages)
