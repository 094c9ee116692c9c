"""Abbreviations: which tokens are written out, and how many readings a mention gets."""

from __future__ import annotations

from linker.abbreviations import MAXIMUM_READINGS, Abbreviations

LIST = Abbreviations.of(
    [
        ("HTA", "hipertensión arterial"),
        ("IC", "insuficiencia cardíaca"),
        ("IC", "índice cardíaco"),
        ("IC", "insuficiencia cardíaca"),
        ("insuf", "insuficiencia"),
        ("mmii", "miembros inferiores"),
        ("MMII", "miembros inferiores"),
    ]
)


def test_a_mention_is_its_own_first_reading() -> None:
    assert LIST.readings("asma").texts == ("asma",)
    assert LIST.readings("HTA severa").texts == ("HTA severa", "hipertensión arterial severa")


def test_an_ambiguous_abbreviation_keeps_its_readings_the_most_usual_first() -> None:
    assert LIST.readings("IC aguda").texts == (
        "IC aguda",
        "insuficiencia cardíaca aguda",
        "índice cardíaco aguda",
    )


def test_a_full_stop_goes_with_the_abbreviation() -> None:
    assert LIST.readings("insuf. renal").texts == ("insuf. renal", "insuficiencia renal")


def test_only_whole_tokens_are_abbreviations() -> None:
    assert LIST.readings("HTAs e ICC").texts == ("HTAs e ICC",)


def test_lower_case_is_read_from_three_letters_on() -> None:
    assert LIST.readings("hta").texts == ("hta", "hipertensión arterial")
    assert LIST.readings("ic").texts == ("ic",)


def test_several_abbreviations_are_written_out_together() -> None:
    assert LIST.readings("HTA e IC").texts[1:] == (
        "hipertensión arterial e insuficiencia cardíaca",
        "hipertensión arterial e índice cardíaco",
    )


def test_readings_are_bounded_and_distinct() -> None:
    readings = LIST.readings(" ".join(["IC"] * 12)).texts
    assert len(readings) == MAXIMUM_READINGS
    assert len(set(readings)) == MAXIMUM_READINGS


def test_nothing_between_abbreviations_is_lost() -> None:
    assert LIST.readings("(HTA), MMII-HTA.").texts == (
        "(HTA), MMII-HTA.",
        "(hipertensión arterial), miembros inferiores-hipertensión arterial",
    )


def test_what_the_document_defines_goes_before_the_list_and_the_mention() -> None:
    found = LIST.readings("IC aguda", {"IC": ("intervalo de confianza",)})
    assert found.texts == ("intervalo de confianza aguda", "IC aguda")
    assert found.defined == ("intervalo de confianza aguda",)
    assert LIST.readings("HTA", {"IC": ("intervalo de confianza",)}) == LIST.readings("HTA")


def test_what_is_defined_and_what_is_listed_are_written_out_together() -> None:
    found = LIST.readings("HTA e IC", {"IC": ("intervalo de confianza",)})
    assert found.texts == (
        "HTA e intervalo de confianza",
        "hipertensión arterial e intervalo de confianza",
        "HTA e IC",
    )
    assert found.defined == found.texts[:2]


def test_the_mention_is_searched_for_beside_any_number_of_definitions() -> None:
    found = LIST.readings("IC", {"IC": tuple(f"cosa {i}" for i in range(20))})
    assert len(found.texts) == MAXIMUM_READINGS
    assert found.texts[-1] == "IC"


def test_a_mention_that_says_both_is_not_written_out() -> None:
    mention = "IC (índice cardíaco) bajo"
    assert LIST.readings(mention, {"IC": ("Indice cardiaco",)}).defined == ()


def test_of_ambiguous_ones_a_text_tells_which_it_writes_out() -> None:
    said = LIST.written_out_in("Con Índice Cardiaco de 2,1. HTA: hipertensión arterial.", ["IC", "HTA"])
    assert said == {"IC": ("índice cardíaco",)}
    assert LIST.written_out_in("Subíndice cardíaco", ["IC"]) == {}


def test_lists_are_joined_the_first_one_first() -> None:
    joined = LIST.and_those_of(
        Abbreviations.of([("IC", "Índice cardiaco"), ("IC", "ileo cecal"), ("X", "y")])
    )
    assert joined.expansions["IC"] == ("insuficiencia cardíaca", "índice cardíaco", "ileo cecal")
    assert joined.expansions["X"] == ("y",)
