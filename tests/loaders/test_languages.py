from __future__ import annotations

import pytest

from loaders.languages import is_kept, preference, primary


@pytest.mark.parametrize(
    ("tag", "languages", "kept", "place"),
    [
        ("es", ("es", "en"), True, 0),
        ("en", ("es", "en"), True, 1),
        ("ES-es", ("es", "en"), True, 0),
        ("es-MX", ("es-ES", "es"), True, 1),
        ("es", ("es-ES",), True, 1),
        ("es-419", ("es-4",), True, 1),
        ("fr", ("es", "en"), False, 2),
        ("", ("es",), False, 1),
    ],
)
def test_languages(tag: str, languages: tuple[str, ...], kept: bool, place: int) -> None:
    assert is_kept(tag, languages) is kept
    assert preference(tag, languages) == place


def test_the_language_alone() -> None:
    assert [primary(tag) for tag in ("es", "es-ES", "EN-gb", "zh-Hant-TW")] == ["es", "es", "en", "zh"]
