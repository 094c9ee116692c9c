"""What a sentence says of a mention, and by which words."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from context_sentences import context_of, told
from hypothesis import given
from hypothesis import strategies as st

from linker.annotation.context import RULES_FILE, WORDS_FILE, ContextRules
from linker.annotation.model import Assertion, Source, Span
from linker.errors import ContextRulesError


@pytest.fixture(scope="module")
def rules() -> ContextRules:
    return ContextRules.open()


@pytest.mark.parametrize(
    ("sentence", "by"),
    [
        ("Niega [fiebre].", "Niega"),
        ("Niega fiebre, tos y [disnea].", "Niega"),
        ("Sin tos, [fiebre] ni disnea.", "Sin"),
        ("Disnea sin tos, [hemoptisis] o síndrome general asociado.", "sin"),
        ("Sin trazas hemáticas, posos o [restos biliosos].", "Sin"),
        ("Buen estado, estando ausentes la [fiebre] y la tos.", "estando ausentes"),
        ("Una vez descartada la [infección], se drena.", "Una vez descartada la"),
        ("No se palpan [adenopatías].", "No se palpan"),
        ("No se le han objetivado [lesiones cutáneas].", "No se le han objetivado"),
        ("El paciente no presentaba fiebre ni [vómitos].", "ni"),
        ("Abdomen sin [masas].", "sin"),
        ("Ausencia de [edemas].", "Ausencia"),
        ("La ecografía descartó [trombosis venosa].", "descartó"),
        ("Se descartaron [metástasis].", "Se descartaron"),
        ("La [meningitis] fue descartada.", "fue descartada"),
        ("Serología de [VIH] negativa.", "negativa"),
        ("[Fiebre] (-), tos (+).", "(-)"),
        ("No [soplos].", "No"),
        ("Tampoco refería [cefalea].", "Tampoco refería"),
        ("NO SE OBSERVA [NEUMOTÓRAX]", "NO SE OBSERVA"),
    ],
)
def test_what_is_not_there_is_negated(rules: ContextRules, sentence: str, by: str) -> None:
    assert told(rules, sentence) == {"negated": by}


@pytest.mark.parametrize(
    "sentence",
    [
        "Presenta [fiebre] sin tos.",
        "No tos, pero [disnea] de esfuerzo.",
        "Sin fiebre, aunque con [cefalea].",
        "No masas; [dolor] a la palpación.",
        "Sin alergias conocidas, [hipertensión arterial].",
        "Fue operado sin complicaciones. [Fiebre] al tercer día.",
        "Diarrea sin sangre, [malestar] y pérdida de peso.",
        "Diarrea sin sangre, malestar y [pérdida de peso].",
        "Consciente, sin focalidad neurológica, [eupneico], abdomen blando.",
        "Tonos rítmicos sin soplos, [abdomen doloroso], sin defensa ni masas.",
        "Sin infección ni dehiscencia, cubrió el trazo de [fractura].",
        "Vómitos sin fiebre de un día, que se complica con [diplopia].",
        "No se observan masas, la [vejiga] está llena.",
        "No alérgico, [exfumador].",
        "Una vez descartada la infección, [marsupialización] del linfocele.",
        "Completó estudio de [fiebre] sin foco.",
        "Se descarta infección, ya que la [leucocitosis] es previsible.",
        "[Cistoscopia] normal y tinción Ziehl negativa.",
        "No fiebre ni tos, refiere [astenia].",
        "La [fiebre] no mejoró con paracetamol.",
        "[Dolor] sin respuesta a analgésicos.",
        "Se aísla un bacilo gram negativo, [sepsis].",
        "Tumor (sin invasión vascular) con [necrosis].",
        "Intervalo libre de enfermedad de un año, [recaída].",
        "Sin lesiones, y presencia de [quistes].",
        "Sin antecedentes de interés que acude por [fiebre].",
        "Se confirmó el diagnóstico de sospecha de [asma].",
    ],
)
def test_a_negation_does_not_reach_beyond_its_clause(rules: ContextRules, sentence: str) -> None:
    assert told(rules, sentence) == {}


@pytest.mark.parametrize(
    ("sentence", "by"),
    [
        ("Ingresa con sospecha de [apendicitis].", "sospecha de"),
        ("Imagen compatible con [neumonía].", "compatible con"),
        ("Lesión sugestiva de [melanoma].", "sugestiva de"),
        ("Probable [infección urinaria].", "Probable"),
        ("Fiebre, probable [neumonía].", "probable"),
        ("Tos y posible [neumonía].", "posible"),
        ("[Infección urinaria] probable.", "probable"),
        ("[posible neumonía]", "posible"),
        ("No se puede descartar [isquemia].", "No se puede descartar"),
        ("No se descarta [recidiva].", "No se descarta"),
        ("TC para descartar [embolia].", "para descartar"),
        ("¿[Neumonía]?", "¿"),
        ("Podría tratarse de un [linfoma].", "Podría tratarse"),
    ],
)
def test_what_is_thought_is_uncertain(rules: ContextRules, sentence: str, by: str) -> None:
    assert told(rules, sentence) == {"uncertain": by}


@pytest.mark.parametrize(
    ("sentence", "by"),
    [
        ("Antecedentes personales de [asma].", "Antecedentes personales de"),
        ("Mujer con historia previa de [depresión].", "con historia previa de"),
        ("Intervenido de [apendicitis].", "Intervenido de"),
        ("[Infarto] hace 3 años.", "hace 3 años"),
        ("Había sufrido un [ictus].", "Había sufrido"),
        ("[Biopsia renal] (en 1995).", "en 1995"),
        ("[Hepatitis] en la infancia.", "en la infancia"),
        ("Como antecedentes de interés destaca [HTA].", "Como antecedentes de interés destaca"),
        (
            "Entre sus antecedentes destaca haber pasado un [catarro].",
            "Entre sus antecedentes destaca haber pasado",
        ),
    ],
)
def test_what_was_before_is_historical(rules: ContextRules, sentence: str, by: str) -> None:
    assert told(rules, sentence) == {"historical": by}


@pytest.mark.parametrize(
    "sentence",
    [
        "[Dolor] desde hace 3 años.",
        "Historia de dos meses de [dolor lumbar].",
        "Acude con historia de 3 meses de [dolor ocular].",
        "En la historia clínica de la paciente consta [fiebre].",
        "Con antecedentes de gota, fue ingresado por [anemia].",
        "Resección de la [lesión], localizando previamente el nervio.",
        "A la palpación había [crepitación].",
        "Se asocia a [gota] y probable artritis.",
        "Insuficiencia renal con necesidad de [hemodiálisis].",
        "Con antecedentes de asma, acude por [disnea].",
    ],
)
def test_what_goes_on_is_not_historical(rules: ContextRules, sentence: str) -> None:
    assert told(rules, sentence) == {}


@pytest.mark.parametrize(
    ("sentence", "by"),
    [
        ("Padre con [diabetes].", "Padre"),
        ("Su madre falleció de [cáncer de mama].", "Su madre"),
        ("[Cáncer de colon] en su hermano.", "en su hermano"),
        ("Antecedentes familiares de [glaucoma].", "Antecedentes familiares de"),
    ],
)
def test_what_relatives_have_is_of_the_family(rules: ContextRules, sentence: str, by: str) -> None:
    assert told(rules, sentence) == {"family": by}


@pytest.mark.parametrize(
    "sentence",
    [
        "La madre refiere [fiebre].",
        "Acude acompañado de su madre por [tos].",
        "Padre con diabetes; el paciente tiene [asma].",
        "Padre con diabetes, el paciente tiene [asma].",
        "Acude a urgencias con su madre por [fiebre].",
    ],
)
def test_what_relatives_tell_is_of_the_patient(rules: ContextRules, sentence: str) -> None:
    assert told(rules, sentence) == {}


@pytest.mark.parametrize(
    ("sentence", "by"),
    [
        ("Acudir a urgencias si presenta [fiebre].", "si presenta"),
        ("Acudir si presenta [fiebre].", "Acudir si presenta"),
        ("Heparina para prevenir [trombosis].", "para prevenir"),
        ("Alto riesgo de [hemorragia].", "Alto riesgo de"),
        ("En caso de [dolor], paracetamol.", "En caso de"),
        ("Profilaxis de [endocarditis].", "Profilaxis de"),
    ],
)
def test_what_may_come_is_hypothetical(rules: ContextRules, sentence: str, by: str) -> None:
    assert told(rules, sentence) == {"hypothetical": by}


def test_a_mention_may_have_several_properties(rules: ContextRules) -> None:
    assert told(rules, "Sin antecedentes familiares de [cáncer].") == {
        "negated": "Sin antecedentes familiares de",
        "family": "Sin antecedentes familiares de",
    }
    assert told(rules, "Niega antecedentes de [asma].") == {
        "negated": "Niega antecedentes de",
        "historical": "Niega antecedentes de",
    }


def test_a_procedure_with_a_negative_result_was_done(rules: ContextRules) -> None:
    assert told(rules, "[Serología] negativa.", "procedure") == {}
    assert told(rules, "No se realizó [biopsia].", "procedure") == {"negated": "No se realizó"}


def test_a_heading_says_what_stands_under_it(rules: ContextRules) -> None:
    note = "Antecedentes familiares:\n- Padre con gota\n- [Glaucoma]\nExploración física:\nPulmones limpios."
    assert told(rules, note) == {"family": "Antecedentes familiares"}
    assert context_of(rules, note).section == "Antecedentes familiares"


def test_accents_of_their_own_and_capitals_make_no_difference(rules: ContextRules) -> None:
    sentence = unicodedata.normalize("NFD", "LA ECOGRAFÍA DESCARTÓ [TROMBOSIS].")
    assert unicodedata.normalize("NFC", told(rules, sentence)["negated"]) == "DESCARTÓ"


def test_triggers_stand_where_they_say_whatever_comes_before(rules: ContextRules) -> None:
    text = "😀\tİstanbul ½ cm\r\nNiega fiebre."
    start = text.index("fiebre")
    (context,) = rules.contexts(text, [Span(start, start + 6, "", Source.GIVEN)])
    (trigger,) = context.triggers
    assert (trigger.assertion, text[trigger.start : trigger.end]) == (Assertion.NEGATED, "Niega")


@given(st.text(), st.data())
def test_any_text_has_contexts_whose_triggers_stand_in_it(
    rules: ContextRules, text: str, data: st.DataObject
) -> None:
    ends = st.integers(0, len(text))
    places = data.draw(st.lists(st.tuples(ends, ends).map(sorted), max_size=3))
    found = rules.contexts(text, [Span(start, end, "", Source.GIVEN) for start, end in places])
    assert len(found) == len(places)
    for one in found:
        assert all(0 <= trigger.start < trigger.end <= len(text) for trigger in one.triggers)


def test_an_accent_without_a_letter_is_no_word(rules: ContextRules) -> None:
    assert told(rules, "Niega \u0301 [fiebre].") == {"negated": "Niega"}


def test_a_text_without_sentences_has_no_context(rules: ContextRules) -> None:
    assert rules.contexts("", []) == []
    assert rules.contexts("   ", [Span(1, 2, "", Source.GIVEN)])[0].triggers == ()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("forward\tnegated\t-\t-\tno @nobody", "there is no class @nobody"),
        ("forward\tnegated\t-\t-\tno vi[xyz]", r"there are no endings \[xyz\]"),
        ("sideways\tnegated\t-\t-\tno", "sideways"),
        ("forward\tnegated\tmany\t-\tno", "many"),
        ("backward\tnegated\t4,o\t-\tno", "'4,o' is no scope of a backward phrase"),
        ("forward\tnegated\tno", "has 3 columns and not 5"),
    ],
)
def test_a_rule_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, line: str, why: str) -> None:
    file = tmp_path / "rules.tsv"
    file.write_text(f"# A comment.\nkind\tassertion\tscope\ttypes\tphrase\n{line}\n", "utf-8")
    with pytest.raises(ContextRulesError, match=rf"rules\.tsv:3.*{why}.*correct the line\."):
        ContextRules.open(file)


def test_other_rules_can_be_given(tmp_path: Path) -> None:
    file = tmp_path / "rules.tsv"
    file.write_text("kind\tassertion\tscope\ttypes\tphrase\nforward\tfamily\t2\t-\tvecin[o]\n", "utf-8")
    rules = ContextRules.open(file, WORDS_FILE)
    assert told(rules, "Vecina con [gripe].") == {"family": "Vecina"}
    assert told(rules, "Vecina con mucha, mucha [gripe].") == {}
    assert RULES_FILE.is_file()
