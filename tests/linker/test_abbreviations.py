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
    assert LIST.readings("asma") == ("asma",)
    assert LIST.readings("HTA severa") == ("HTA severa", "hipertensión arterial severa")


def test_an_ambiguous_abbreviation_keeps_its_readings_the_most_usual_first() -> None:
    assert LIST.readings("IC aguda") == ("IC aguda", "insuficiencia cardíaca aguda", "índice cardíaco aguda")


def test_a_full_stop_goes_with_the_abbreviation() -> None:
    assert LIST.readings("insuf. renal") == ("insuf. renal", "insuficiencia renal")


def test_only_whole_tokens_are_abbreviations() -> None:
    assert LIST.readings("HTAs e ICC") == ("HTAs e ICC",)


def test_lower_case_is_read_from_three_letters_on() -> None:
    assert LIST.readings("hta") == ("hta", "hipertensión arterial")
    assert LIST.readings("ic") == ("ic",)


def test_several_abbreviations_are_written_out_together() -> None:
    assert LIST.readings("HTA e IC")[1:] == (
        "hipertensión arterial e insuficiencia cardíaca",
        "hipertensión arterial e índice cardíaco",
    )


def test_readings_are_bounded_and_distinct() -> None:
    readings = LIST.readings(" ".join(["IC"] * 12))
    assert len(readings) == MAXIMUM_READINGS
    assert len(set(readings)) == MAXIMUM_READINGS


def test_nothing_between_abbreviations_is_lost() -> None:
    assert LIST.readings("(HTA), MMII-HTA.") == (
        "(HTA), MMII-HTA.",
        "(hipertensión arterial), miembros inferiores-hipertensión arterial",
    )
