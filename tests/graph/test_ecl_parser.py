"""The text of expressions: both syntaxes, what is refused and where, and that printing says the same again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.ecl.parser import MAX_DEPTH, MAX_LENGTH, parse
from graph.ecl.printer import text_of
from graph.ecl.syntax import (
    AnyConcept,
    Attribute,
    Cardinality,
    Comparison,
    Compound,
    ConceptFilters,
    Connective,
    Constraint,
    DescriptionFilters,
    Expression,
    Filtered,
    ModuleFilter,
    Position,
    Reference,
    Refined,
    Related,
    Search,
    SearchKind,
    StatusFilter,
    TermFilter,
    Texts,
)
from graph.errors import EclError, EclNotSupported, EclSyntaxError

FINDING, SITE, HEART = (Reference(f"SNOMEDCT:{id}") for id in ("404684003", "363698007", "80891009"))


def refined(attribute: Attribute) -> Expression:
    return Refined(AnyConcept(), attribute)


def attribute_of(text: str) -> Attribute:
    expression = parse(f"* : {text}")
    assert isinstance(expression, Refined)
    assert isinstance(expression.refinement, Attribute)
    return expression.refinement


# What is said --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("404684003", "SNOMEDCT:404684003"),
        ("HP:0001658", "HP:0001658"),
        ("HP#0001658", "HP:0001658"),
        ("SNOMEDCT:404684003", "SNOMEDCT:404684003"),
        ("ICD10:I21.9", "ICD10:I21.9"),
        ("ICDO:8000/3", "ICDO:8000/3"),
        ("ICDO:8000/3/* a comment */", "ICDO:8000/3"),
        ("rdfs:subClassOf", "rdfs:subClassOf"),
        ("X_y-2.z:a_b", "X_y-2.z:a_b"),
        ("  404684003\t\r\n", "SNOMEDCT:404684003"),
    ],
)
def test_ids_are_sctids_curies_or_of_another_scheme(text: str, id: str) -> None:
    assert parse(text) == Reference(id)


def test_a_term_in_pipes_is_kept_and_places_are_known() -> None:
    expression = parse("<<\n 404684003 | hallazgo   clínico |")
    assert expression == Related(Constraint.DESCENDANT_OR_SELF_OF, Reference(FINDING.id, "hallazgo clínico"))
    assert isinstance(expression, Related)
    assert expression.at == Position(1, 1)
    assert expression.operand.at == Position(2, 2)


@pytest.mark.parametrize(
    ("brief", "long"),
    [
        ("< 404684003", "descendantOf 404684003"),
        ("<< 404684003", "DESCENDANTORSELFOF 404684003"),
        ("<! 404684003", "childof 404684003"),
        ("<<! 404684003", "childOrSelfOf 404684003"),
        ("> 404684003", "ancestorOf 404684003"),
        (">> 404684003", "ancestorOrSelfOf 404684003"),
        (">! 404684003", "parentOf 404684003"),
        (">>! 404684003", "parentOrSelfOf 404684003"),
        ("^ 404684003", "memberOf 404684003"),
        ("*", "any"),
        ("404684003 , 80891009", "404684003 and 80891009"),
        ("404684003 OR 80891009", "404684003or 80891009"),
        ("404684003 MINUS 80891009", "404684003 minus 80891009"),
        ("* : R 363698007 = *", "any : reverseOf 363698007 = any"),
        ("* : [0..*] 363698007 != *", "* : [ 0 to many ] 363698007 not = *"),
        ("* : 363698007 != *", "* : 363698007 <> any"),
        ("*:363698007=*", "any:363698007=*"),
        ("* {{ D type = (syn fsn def) }}", "* {{ type = (synonym fullySpecifiedName definition) }}"),
        ("* {{ dialect = en-gb (prefer) }}", "* {{d DIALECT = EN-GB (preferred)}}"),
        ("* {{ dialect = en-gb (accept) }}", "* {{ D dialect = en-gb (900000000000549004) }}"),
        ("* {{ dialect = (es (prefer) en-gb (prefer)) }}", "* {{ dialect = (es en-gb) (prefer) }}"),
        ("* {{ dialect = es }}", "* {{ dialect = es (prefer accept) }}"),
        ("* {{ C active = true }}", "* {{cactive=1}}"),
        ("* {{ + HISTORY-MIN }}", "* {{+history_min}}"),
        ('* {{ term = "a b" }}', '* {{ term = match : "a b" }}'),
        ("404684003", "/* one */ 404684003 /* two ** three */"),
        ("< 404684003", "<404684003"),
        ("(404684003)", "((404684003))"),
    ],
)
def test_both_syntaxes_say_the_same(brief: str, long: str) -> None:
    assert parse(brief) == parse(long)
    assert parse(text_of(parse(long))) == parse(brief)


@pytest.mark.parametrize("sign", [constraint.value for constraint in Constraint])
def test_every_operator_takes_ids_brackets_and_members(sign: str) -> None:
    for operand in ("404684003", "(404684003 OR HP:1)", "^ 404684003", "^R 404684003", "*"):
        expression = parse(f"{sign}{operand}")
        assert isinstance(expression, Related)
        assert expression.constraint == sign
        assert expression.operand == parse(operand)


def test_values_may_be_concrete() -> None:
    assert attribute_of("363698007 >= #-0.50").value == Decimal("-0.5")
    assert attribute_of("363698007 = #+5").value == Decimal(5)
    assert attribute_of("363698007 = TRUE").value is True
    assert attribute_of(r'363698007 != "a \"b\" \\ c"').value == Texts(('a "b" \\ c',))
    assert attribute_of('363698007 = ("HP#1" "two words")').value == Texts(("HP#1", "two words"))


def test_comparisons_and_cardinalities() -> None:
    for comparison in Comparison:
        assert attribute_of(f"363698007 {comparison.value} #5").comparison is comparison
    assert attribute_of("[2..3] 363698007 = *").cardinality == Cardinality(2, 3)
    assert attribute_of("[0..*] R 363698007 = *").cardinality == Cardinality(0, None)
    assert attribute_of("R363698007 = *").reverse
    assert attribute_of("RO:0002211 = *").name == Reference("RO:0002211")


def test_brackets_decide_what_belongs_together() -> None:
    inner = Compound(Connective.OR, (SITE, HEART))
    assert parse("404684003 AND (363698007 OR 80891009)") == Compound(Connective.AND, (FINDING, inner))
    attribute = Attribute(inner, Comparison.EQUAL, AnyConcept())
    assert parse("* : (363698007 OR 80891009) = *") == refined(attribute)
    assert parse("* : ((363698007 OR 80891009) = *)") == refined(attribute)


def test_a_dot_is_within_an_id_unless_an_id_follows() -> None:
    assert parse("ICD10:I21.9") == Reference("ICD10:I21.9")
    assert parse("HP:1.RO:2") == parse("HP:1 . RO:2")
    assert parse("404684003.363698007") == parse("404684003 . 363698007")


def test_filters_are_read_in_blocks() -> None:
    text = (
        '404684003 {{ C definitionStatus != defined, moduleId = (HP:1 HP:2) }} {{ term != wild:"a\\*\\"*" }}'
    )
    concept, description = Filtered, Filtered
    expression = parse(text)
    assert isinstance(expression, concept)
    first, second = expression.blocks
    assert isinstance(first, ConceptFilters)
    assert first.filters[0] == StatusFilter((True,), negated=True)
    assert isinstance(first.filters[1], ModuleFilter)
    wild = TermFilter((Search('a\\*"*', SearchKind.WILD),), negated=True)
    assert second == DescriptionFilters((wild,))
    assert isinstance(expression, description)
    assert parse(text_of(expression)) == expression


# What is not well-formed ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "expected an expression like << 404684003, and there is the end"),
        ("  \n ", 2, 2, "there is the end"),
        ("<<", 1, 3, "there is the end"),
        ("404684003 80891009", 1, 11, "AND, MINUS, OR or the end, and there is '80891009'"),
        ("404684003 )", 1, 11, "expected the end, and there is ')'"),
        ("404684003\nAND", 2, 4, "expected an expression"),
        ("(404684003", 1, 11, "expected ')', and there is the end"),
        ("12345", 1, 1, "'12345', and an SCTID has 6 to 18 digits"),
        ("1234567890123456789", 1, 1, "an SCTID has 6 to 18 digits"),
        ("0123456", 1, 1, "'0123456'"),
        ("HP:", 1, 1, "'HP:'"),
        ("404684003 |", 1, 11, "this pipe is never closed"),
        ("404684003 | |", 1, 1, "the pipes after 404684003 hold no term"),
        ("/* 404684003", 1, 1, "this comment is never closed"),
        ('* {{ term = "a }}', 1, 13, "this quote (or one with a lone backslash"),
        ('* {{ term = "a\\b" }}', 1, 13, "this quote (or one with a lone backslash"),
        ('* {{ term = " " }}', 1, 13, "the search text is empty"),
        ("HP:1 AND HP:2 OR HP:3", 1, 15, "AND and OR are mixed; put brackets around"),
        ("HP:1 , HP:2 OR HP:3", 1, 13, "AND and OR are mixed"),
        ("HP:1 OR HP:2 MINUS HP:3", 1, 14, "OR and MINUS are mixed"),
        ("HP:1 MINUS HP:2 MINUS HP:3", 1, 17, "a second MINUS needs brackets"),
        ("* : HP:1 = HP:2, HP:3 = HP:4 OR HP:5 = HP:6", 1, 30, "AND and OR are mixed"),
        ("* : { HP:1 = HP:2 OR HP:3 = HP:4, HP:5 = HP:6 }", 1, 33, "OR and AND are mixed"),
        ("* : HP:1 = * MINUS HP:2 = *", 1, 14, "MINUS joins expressions, not refinements"),
        ("* : HP:1 = HP:2 : HP:3 = HP:4", 1, 17, "':'"),
        ("* . HP:1 : HP:2 = *", 1, 10, "':'"),
        ("* : HP:1", 1, 9, "a comparison like ="),
        ("* : HP:1 < HP:2", 1, 10, "< compares numbers, which are written like #5"),
        ('* : HP:1 >= "5"', 1, 10, ">= compares numbers"),
        ("* : [3..1] HP:1 = *", 1, 6, "at least 3 and at most 1 cannot both be"),
        ("* : [1] HP:1 = *", 1, 6, "a cardinality like 1..*"),
        ("* : { { HP:1 = * } }", 1, 7, "'{'"),
        ("* : {} ", 1, 6, "'}'"),
        ("* : HP:1 = #05", 1, 12, "expected a value like << 404684003, #5"),
        ("* {{ }}", 1, 6, "a filter like term"),
        ("* {{ C term = 1 }}", 1, 8, "term is no concept filter; those are definitionStatus, "),
        ("* {{ definitionStatus = primitive }}", 1, 6, "definitionStatus is no description filter"),
        ("* {{ C colour = blue }}", 1, 8, "colour is no concept filter"),
        ("* {{ C active = maybe }}", 1, 8, "active is compared with true, false, 1, 0 or *"),
        ("* {{ C active > 1 }}", 1, 8, "active is compared by = or !=, not by >"),
        (
            "* {{ C definitionStatus = vague }}",
            1,
            27,
            "expected one of primitive, defined, and there is 'vague'",
        ),
        ("* {{ C definitionStatus = HP:1 }}", 1, 8, "definitionStatus is compared with one of"),
        ('* {{ C effectiveTime = "20240230" }}', 1, 24, "expected a day in quotes"),
        ('* {{ C effectiveTime > "" }}', 1, 24, "a blank time is only equal or not equal"),
        ("* {{ C effectiveTime = 20240131 }}", 1, 8, "effectiveTime is compared with a day in quotes"),
        ("* {{ C moduleId = HP:1 (prefer) }}", 1, 8, "moduleId takes no acceptability"),
        ("* {{ language = spa }}", 1, 17, "'spa' is no language of two letters"),
        ("* {{ language = HP:1 }}", 1, 6, "language is compared with a language of two letters"),
        ("* {{ type = word }}", 1, 13, "expected one of syn, "),
        ("* {{ dialect = es (good) }}", 1, 20, "'good' is no acceptability; write prefer or accept"),
        ("* {{ term = 5 }}", 1, 13, "a value"),
        ("* {{ term = es }}", 1, 6, "term is compared with a text in quotes"),
        ("* {{ + HISTORY }} {{ C active = 1 }}", 1, 24, "nothing follows a history supplement"),
        ("* {{ + HISTORY-MIN (HP:1) }}", 1, 8, "HISTORY-MIN takes no association refsets"),
        ("* {{ + HISTORY-ALL }}", 1, 15, "expected '(' or '}}', and there is '-'"),
        (
            "^ HP:1 {{ C active = 1 }} {{ M active = 1 }}",
            1,
            32,
            "a member filter stands before other filters",
        ),
        ("é", 1, 1, "'é'"),
        ('* {{ term = "a\udcff" }}', 1, 15, "there is half a character"),
        ("404684003\u00a0", 1, 10, "the end"),
    ],
)
def test_what_is_not_well_formed_is_told_in_one_sentence(
    text: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(EclSyntaxError) as told:
        parse(text)
    assert words in str(told.value)
    assert (told.value.line, told.value.column) == (line, column)
    assert str(told.value).startswith(f"Line {line}, column {column} of the expression: ")
    assert str(told.value).endswith(".")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("^ [targetComponentId] HP:1", 1, "member-of with chosen columns"),
        ("memberOf [*] HP:1", 1, "member-of with chosen columns"),
        ("* : { R HP:1 = * }", 9, "a reverse attribute in a group"),
        ("* : { HP:1 = * , (HP:2 = * OR R HP:3 = *) }", 33, "a reverse attribute in a group"),
        ("* : R HP:1 = #5", 7, "a reverse attribute with a concrete value"),
        ('* : HP:1 = wild:"a*"', 12, "wild: for the concrete text of an attribute"),
        ('* : HP:1 = (match:"a" "b")', 13, "match: for the concrete text of an attribute"),
        ("* {{ id = 123456 }}", 6, "the identifier of descriptions"),
        ("* {{ D moduleId = HP:1 }}", 8, "the module of descriptions"),
        ('* {{ effectiveTime > "20240131" }}', 6, "the effective time of descriptions"),
        ("* {{ D active = false }}", 8, "a filter for inactive descriptions"),
        ("* {{ D active != 1 }}", 8, "a filter for inactive descriptions"),
        ("* {{ D active = * }}", 8, "a filter for inactive descriptions"),
        ("* {{ dialect = tlh }}", 16, "the dialect 'tlh' is not supported; give its language refset"),
        ("^ HP:1 {{ M active = 0 }}", 13, "a filter for inactive refset rows"),
        ('^ HP:1 {{ M mapTarget = "I21" }}', 13, "a member filter on mapTarget"),
        ('^ HP:1 {{ M effectiveTime > "20240131" }}', 13, "a member filter on effectiveTime"),
        ("HP:1 {{ M active = 1 }}", 11, "a member filter without member-of"),
        ("(^ HP:1) {{ M active = 1 }}", 15, "a member filter without member-of"),
        ('"HP#0001658"', 1, "an identifier of another scheme in quotes"),
    ],
)
def test_what_is_not_supported_is_refused_by_name_and_place(text: str, column: int, words: str) -> None:
    with pytest.raises(EclNotSupported) as told:
        parse(text)
    assert words in str(told.value)
    assert (told.value.line, told.value.column) == (1, column)
    assert "not supported" in str(told.value)


def test_depth_and_length_are_bounded() -> None:
    deepest = "(" * MAX_DEPTH + "HP:1" + ")" * MAX_DEPTH
    assert parse(deepest) == Reference("HP:1")
    with pytest.raises(EclSyntaxError, match=f"more than {MAX_DEPTH} brackets are open"):
        parse(f"({deepest})")
    # Brackets in texts, terms and comments do not count.
    assert parse("HP:1 |" + "(" * 99 + '| {{ term = "' + "(" * 99 + 'a" }} /* ' + "(" * 99 + " */")
    with pytest.raises(EclSyntaxError, match="at most 200,000 are read"):
        parse("HP:1 OR " * (MAX_LENGTH // 8) + "HP:1")
    many = " OR ".join(f"HP:{number}" for number in range(5000))
    assert len(text_of(parse(many))) == len(many)


# Properties ----------------------------------------------------------------------------------------------

TOKENS = [
    *(
        "<",
        "<<!",
        "!!>",
        "^",
        "^R",
        "*",
        "any",
        "(",
        ")",
        "{",
        "}",
        "{{",
        "}}",
        "[",
        "]",
        "[1..3]",
        ",",
        ".",
        ":",
    ),
    *(
        "=",
        "!=",
        "<=",
        "<>",
        "not",
        "AND",
        "or",
        "MINUS",
        "R",
        "D",
        "C",
        "M",
        "+",
        "HISTORY",
        "-MIN",
        "#5",
        "#",
    ),
    *(
        "404684003",
        "HP:1",
        "HP#1",
        "x",
        "1",
        '"a"',
        '"',
        "|a|",
        "|",
        "/*",
        "*/",
        "true",
        "term",
        "wild:",
        "match:",
    ),
    *(
        "language",
        "typeId",
        "dialect",
        "active",
        "moduleId",
        "effectiveTime",
        "es",
        "en-gb",
        "prefer",
        "\n",
        "ñ",
    ),
]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(TOKENS), max_size=12).map(" ".join) | st.text(max_size=20))
def test_any_text_is_read_or_told_to_be_wrong(text: str) -> None:
    read, told = outcome(text)
    if told is None:
        assert read is not None
        assert parse(text_of(read)) == read
    else:
        assert str(told).endswith(".")
        assert min(told.line, told.column) >= 1


def outcome(text: str) -> tuple[Expression | None, EclError | None]:
    try:
        return parse(text), None
    except EclError as error:
        return None, error


PLAIN = st.characters(codec="utf-8", exclude_categories=["Cs"])


@settings(deadline=None, max_examples=150)
@given(
    st.text(PLAIN, min_size=1),
    st.text(PLAIN, min_size=1).filter(str.strip),
    st.text(PLAIN.filter(lambda c: c not in "|"), min_size=1).map(lambda t: " ".join(t.split())).filter(bool),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
)
@example('"\\', "\\*", "a", Decimal("1E+3"))
def test_printing_says_the_same_again(text: str, search: str, term: str, number: Decimal) -> None:
    wild = search.replace("\\", "\\\\").replace("*", "\\*") + "*"
    for expression in (
        refined(Attribute(Reference("HP:1", term), Comparison.EQUAL, Texts((text, "b")))),
        refined(Attribute(SITE, Comparison.LESS, number)),
        Filtered(FINDING, (DescriptionFilters((TermFilter((Search(search),)),)),)),
        Filtered(FINDING, (DescriptionFilters((TermFilter((Search(wild, SearchKind.WILD),)),)),)),
    ):
        assert parse(text_of(expression)) == expression


def test_printing_takes_only_parts_of_expressions() -> None:
    with pytest.raises(TypeError, match="int is no part"):
        text_of(5)
