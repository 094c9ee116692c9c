"""The corpora's files are told by their header or shape, and their codes become CURIEs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.errors import MentionFileError
from linker.mention_formats import NO_CODE, codes_of, told
from linker.mentions import GoldMention, read_mentions

DISTEMIST = (
    "filename\tmark\tlabel\toff0\toff1\tspan\tcode\tsemantic_rel\tomim_code\tmesh_code\ticd10_code\thpo_code\n"
    "es-S1-1\tT1\tENFERMEDAD\t10\t14\ttos\t49727002\tEXACT\tNone\tD003371\tR05\tHP:0012735\n"
    "es-S1-1\tT2\tENFERMEDAD\t20\t25\tasma y tos\t195967001+49727002\tCOMPOSITE\tNone\tNone\tNone\tNone\n"
    "es-S1-2\tT1\tENFERMEDAD\t0\t9\tapendagitis\t1.47202310001191E+016\tEXACT\tNone\tNone\tNone\tNone\n"
    "es-S1-2\tT2\tENFERMEDAD\t30\t33\tSPM\tNOMAP\tNOMAP\tNone\tNone\tNone\tNone\n"
)
MEDPROCNER = (
    "filename\tlabel\tstart_span\tend_span\ttext\tcode\tsem_rel\tis_abbrev\tis_composite\tneed_context\n"
    "S1-1\tPROCEDIMIENTO\t5\t8\tTAC\t77477000\tEXACT\tTrue\tFalse\tFalse\n"
    "S1-1\tPROCEDIMIENTO\t9\t15\tdrenar\tNO_CODE\tNO_CODE\tFalse\tFalse\tFalse\n"
)
CODIESP = (
    "S1-1\tPROCEDIMIENTO\tbw03zzz\tRx tórax\t2163 2171\n"
    "S1-1\tDIAGNOSTICO\tq62.11\testenosis pieloureteral\t560 573;540 549\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mentions.tsv"


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def refused(path: Path, text: str) -> str:
    with pytest.raises(MentionFileError) as caught:
        list(read_mentions(written(path, text)))
    return str(caught.value).removeprefix(str(path))


def test_distemist(path: Path) -> None:
    assert told(written(path, DISTEMIST)).name == "DisTEMIST linking"
    plain, composite, rounded, none = read_mentions(path)
    assert plain == GoldMention("tos", ("SNOMEDCT:49727002",), "es-S1-1", 10, 14)
    assert composite.codes == ("SNOMEDCT:195967001+SNOMEDCT:49727002",)
    assert composite.composite
    # A spreadsheet took the code for a number and rounded it: no index has the right one.
    assert rounded.codes == none.codes == (NO_CODE,)
    assert not rounded.coded
    assert plain.coded


def test_distemist_with_its_cross_mapped_codes(path: Path) -> None:
    written(path, DISTEMIST)
    columns = {"mesh_code": "MESH:D003371", "icd10_code": "ICD10:R05", "hpo_code": "HP:0012735"}
    for column, code in columns.items():
        first, second, *_ = read_mentions(path, code_column=column)
        assert first.codes == (code,)
        assert second.codes == (NO_CODE,)


def test_medprocner_and_symptemist(path: Path) -> None:
    for text, name in (
        (MEDPROCNER, "MedProcNER linking"),
        (MEDPROCNER.replace("start_span\tend_span", "span_ini\tspan_end"), "SympTEMIST linking"),
    ):
        assert told(written(path, text)).name == name
        first, second = read_mentions(path)
        assert first == GoldMention("TAC", ("SNOMEDCT:77477000",), "S1-1", 5, 8)
        assert second.codes == (NO_CODE,)


def test_distemist_to_hpo(path: Path) -> None:
    header = "doc\tstart\tend\tspan\thpo\tsource_code\trel\tsplit\n"
    written(path, header + "d\t1\t4\ttos\tHP:1|HP:2\t49727002\tEXACT\ttraining1\n")
    assert list(read_mentions(path)) == [GoldMention("tos", ("HP:1", "HP:2"), "d", 1, 4)]
    assert list(read_mentions(path, code_column="hpo")) == list(read_mentions(path))
    assert next(read_mentions(path, code_column="source_code")).codes == ("SNOMEDCT:49727002",)


def test_cantemist_is_told_from_any_table_by_its_codes(path: Path) -> None:
    header = "doc\tstart\tend\tspan\tcode\n"
    written(path, header + "cc_onco1\t1\t9\tcarcinoma\t8010/31/H\n")
    assert told(path).name == "CANTEMIST"
    assert next(read_mentions(path)).codes == ("ECIEO:8010/31/H",)
    written(path, header + "d\t1\t9\tcarcinoma\tX:8010\n")
    assert told(path).name == "table"


def test_codiesp(path: Path) -> None:
    assert told(written(path, CODIESP)).name == "CodiEsp X"
    procedure, diagnosis = read_mentions(path)
    assert procedure == GoldMention("Rx tórax", ("ICD10PCS:BW03ZZZ",), "S1-1", 2163, 2171)
    # A span in pieces goes from the first to the last.
    assert diagnosis == GoldMention("estenosis pieloureteral", ("ICD10CM:Q62.11",), "S1-1", 540, 573)


def test_a_kind_that_codiesp_has_not_is_named(path: Path) -> None:
    assert refused(path, CODIESP + "S1-1\tOTRO\tx1\tfoo\t1 2\n") == (
        ":3 is of the kind 'OTRO', which is neither DIAGNOSTICO nor PROCEDIMIENTO; correct the row."
    )


@pytest.mark.parametrize(
    "text",
    [
        "filename\tmark\tlabel\toff0\toff1\tspan\nes-S1-1\tT1\tENFERMEDAD\t164\t166\tDM\n",
        "filename\tann_id\tlabel\tstart_span\tend_span\ttext\nes-S1-1\tT1\tSINTOMA\t48\t60\ttos\n",
    ],
)
def test_spans_without_codes_are_refused(text: str, path: Path) -> None:
    assert refused(path, text) == " marks spans and gives them no codes; give the corpus's linking file."


def test_codes_of_documents_are_refused(path: Path) -> None:
    assert refused(path, "S0004-06142005000900016-1\tq62.11\n") == (
        " lists the codes of documents and not of mentions; give CodiEsp's X file."
    )


def test_any_table_may_have_offsets_and_bare_codes(path: Path) -> None:
    written(path, "doc\tspan\tcode\tstart\tend\nd\ttos\t1|X:2\t3\t6\nd\tasma\t4+5\t\tx\n")
    first, second = read_mentions(path, prefix="ICPC")
    assert first == GoldMention("tos", ("ICPC:1", "X:2"), "d", 3, 6)
    assert second == GoldMention("asma", ("ICPC:4+ICPC:5",), "d", None, None)


@pytest.mark.parametrize("code", ["A:1|", "|A:1", "A:1++A:2", "+"])
def test_an_empty_code_is_named(code: str, path: Path) -> None:
    assert refused(path, f"span\tcode\ntos\t{code}\n") == (
        f":2 has an empty code in {code!r}; write codes between `|` and `+`."
    )


def test_a_code_beside_none_counts() -> None:
    assert codes_of("NO_CODE|A:1") == ("A:1",)
    assert codes_of("NO_CODE") == codes_of("None") == codes_of("NOMAP", "X") == (NO_CODE,)
    assert codes_of("1+NO_CODE", "X") == ("X:1+NO_CODE",)


CODE = st.from_regex(r"[A-Z0-9./]{1,8}", fullmatch=True).filter(lambda c: c not in ("NO_CODE", "NOMAP"))


@given(st.lists(st.lists(CODE, min_size=1, max_size=3), min_size=1, max_size=4), st.sampled_from(["", "X"]))
def test_codes_are_what_was_joined(alternatives: list[list[str]], prefix: str) -> None:
    head = f"{prefix}:" if prefix else ""
    expected = ["+".join(head + part for part in parts) for parts in alternatives]
    cell = " | ".join(" + ".join(parts) for parts in alternatives)
    assert codes_of(cell, prefix) == tuple(dict.fromkeys(expected))


#: Of each file of the open data that has coded mentions: its format, its rows, those without a code, composites.
REAL = {
    "distemist/distemist_subtrack2_training1_linking_crossmappings.tsv": ("DisTEMIST linking", 1212, 6, 47),
    "distemist/distemist_subtrack2_training2_linking_crossmappings.tsv": ("DisTEMIST linking", 2729, 11, 108),
    "distemist-hpo/distemist.hpo.tsv": ("DisTEMIST to HPO", 1657, 0, 0),
    "medprocner/medprocner_tsv_train_subtask2.tsv": ("MedProcNER linking", 3635, 41, 90),
    "cantemist/dev-set2.tsv": ("CANTEMIST", 2660, 0, 0),
    "codiesp/devX.tsv": ("CodiEsp X", 4477, 0, 0),
}


@pytest.mark.parametrize("name", REAL)
def test_the_open_corpora_are_read_whole(name: str, data_folder: Path) -> None:
    path = data_folder / name
    mentions = list(read_mentions(path))
    found = (
        told(path).name,
        len(mentions),
        sum(not mention.coded for mention in mentions),
        sum(mention.composite for mention in mentions),
    )
    assert found == REAL[name]
    for mention in mentions:
        assert mention.document
        assert mention.start is not None
        assert mention.end is not None
        assert mention.start < mention.end


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("symptemist/symptemist_tsv_train_subtask1.tsv", "marks spans"),
        ("medprocner/medprocner_tsv_train_subtask1.tsv", "marks spans"),
        ("distemist/distemist_subtrack1_training_mentions.tsv", "marks spans"),
        ("codiesp/devD.tsv", "lists the codes of documents"),
        ("codiesp/trainP.tsv", "lists the codes of documents"),
    ],
)
def test_open_files_without_coded_mentions_are_refused(name: str, reason: str, data_folder: Path) -> None:
    with pytest.raises(MentionFileError, match=reason):
        list(read_mentions(data_folder / name))
