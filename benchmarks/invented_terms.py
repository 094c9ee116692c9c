"""Invented clinical terms, as many as are asked for, in Spanish and English.

A number names a concept; its terms are put together from word parts, in several styles that stand for a
preferred term and its synonyms. Different numbers below `DISTINCT` have different terms in every style.
Nothing is taken from a terminology.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_ROOTS = (
    "acrid", "baltor", "cardel", "corvim", "dactel", "dermal", "entril", "esplam", "fibrel", "fosil", "gastrim",
    "glandor", "hemiral", "hepadel", "istmol", "jugal", "lactim", "laringel", "lumbrel", "medulim", "melat",
    "miorel", "nasdor", "nefral", "neuvel", "oculim", "ostal", "otirel", "palmor", "pancrel", "pelvim", "pleural",
    "prostil", "pulmel", "quistor", "radim", "renavel", "retim", "rotul", "sacrel", "seborim", "sinovel",
    "tarsim", "tendol", "timorel", "tirovel", "toracim", "traquel", "umbel", "uretim", "uterel", "vagorim",
    "valvel", "vasorim", "ventrel", "vesicor", "vitrel", "xeral", "yeyum", "zigor", "album", "brontel", "cistel",
    "duodel",
)  # fmt: skip
_ENDINGS = (
    ("itis", "itis"), ("osis", "osis"), ("oma", "oma"), ("patía", "pathy"), ("algia", "algia"), ("emia", "emia"),
    ("uria", "uria"), ("plejía", "plegia"), ("ragia", "rrhage"), ("rea", "rrhoea"), ("ectasia", "ectasia"),
    ("esclerosis", "sclerosis"), ("malacia", "malacia"), ("megalia", "megaly"), ("penia", "penia"),
    ("ptosis", "ptosis"), ("tomía", "tomy"), ("grafía", "graphy"), ("lisis", "lysis"), ("plasia", "plasia"),
    ("trofia", "trophy"), ("tonía", "tonia"), ("genia", "geny"), ("fagia", "phagia"),
)  # fmt: skip
_QUALITIES = (
    ("aguda", "acute"), ("crónica", "chronic"), ("recurrente", "recurrent"), ("congénita", "congenital"),
    ("adquirida", "acquired"), ("leve", "mild"), ("moderada", "moderate"), ("grave", "severe"),
    ("difusa", "diffuse"), ("focal", "focal"), ("bilateral", "bilateral"), ("izquierda", "left"),
    ("derecha", "right"), ("traumática", "traumatic"), ("infecciosa", "infectious"), ("idiopática", "idiopathic"),
    ("benigna", "benign"), ("maligna", "malignant"), ("secundaria", "secondary"), ("primaria", "primary"),
    ("progresiva", "progressive"), ("transitoria", "transient"), ("del niño", "of childhood"),
    ("de la vejez", "of old age"), ("obstructiva", "obstructive"), ("inflamatoria", "inflammatory"),
    ("isquémica", "ischaemic"), ("hemorrágica", "haemorrhagic"), ("tóxica", "toxic"), ("alérgica", "allergic"),
    ("autoinmune", "autoimmune"), ("nutricional", "nutritional"),
)  # fmt: skip
_SITES = (
    ("cuello", "neck"), ("codo", "elbow"), ("muñeca", "wrist"), ("mano", "hand"), ("hombro", "shoulder"),
    ("rodilla", "knee"), ("tobillo", "ankle"), ("pie", "foot"), ("cadera", "hip"), ("columna", "spine"),
    ("riñón", "kidney"), ("uréter", "ureter"), ("vejiga", "bladder"), ("hígado", "liver"), ("bazo", "spleen"),
    ("estómago", "stomach"), ("colon", "colon"), ("recto", "rectum"), ("esófago", "oesophagus"), ("boca", "mouth"),
    ("lengua", "tongue"), ("nariz", "nose"), ("oído", "ear"), ("ojo", "eye"), ("párpado", "eyelid"),
    ("córnea", "cornea"), ("retina", "retina"), ("cerebro", "brain"), ("médula", "spinal cord"), ("nervio", "nerve"),
    ("corazón", "heart"), ("válvula", "valve"), ("arteria", "artery"), ("vena", "vein"), ("pulmón", "lung"),
    ("bronquio", "bronchus"), ("tráquea", "trachea"), ("laringe", "larynx"), ("pleura", "pleura"), ("mama", "breast"),
    ("útero", "uterus"), ("ovario", "ovary"), ("próstata", "prostate"), ("testículo", "testis"), ("piel", "skin"),
    ("uña", "nail"), ("hueso", "bone"), ("músculo", "muscle"), ("tendón", "tendon"), ("ligamento", "ligament"),
    ("tiroides", "thyroid"), ("hipófisis", "pituitary"), ("timo", "thymus"), ("ganglio", "lymph node"),
    ("sangre", "blood"), ("mandíbula", "jaw"), ("diente", "tooth"), ("encía", "gum"), ("costilla", "rib"),
    ("pelvis", "pelvis"), ("sacro", "sacrum"), ("diafragma", "diaphragm"), ("peritoneo", "peritoneum"),
    ("páncreas", "pancreas"),
)  # fmt: skip
_GRADES = 48

#: How many concepts can be told apart by their terms.
DISTINCT = len(_ROOTS) * len(_ENDINGS) * len(_QUALITIES) * len(_SITES) * _GRADES
#: Numbers beside each other get words far from each other: n * _SCATTER mod DISTINCT takes every value once.
_SCATTER = 48_271
assert math.gcd(DISTINCT, _SCATTER) == 1

#: How many ways there are to name a concept in a language. Style 0 is the preferred term, 1 the same with
#: a semantic tag, 3 has quotation marks and 4 a single one, as the name of a measure in inches has.
STYLES = 6

#: The semantic tags of style 1.
TAGS = (("trastorno", "disorder"), ("hallazgo", "finding"), ("procedimiento", "procedure"))

_SPANISH, _ENGLISH = 0, 1


def terms(numbers: NDArray[np.integer], style: int, language: str) -> pa.Array:
    """The term of each number in a style below `STYLES`, in `es` or `en`; as long as `numbers`."""
    at = _ENGLISH if language == "en" else _SPANISH
    scattered = np.asarray(numbers, np.int64) * _SCATTER % DISTINCT
    scattered, root = np.divmod(scattered, len(_ROOTS))
    scattered, ending = np.divmod(scattered, len(_ENDINGS))
    scattered, quality = np.divmod(scattered, len(_QUALITIES))
    grade, site = np.divmod(scattered, len(_SITES))
    disorder = joined([_chosen(_ROOTS, root), _chosen([e[at] for e in _ENDINGS], ending)], "")
    quality_word = _chosen([q[at] for q in _QUALITIES], quality)
    site_word = _chosen([s[at] for s in _SITES], site)
    number = pc.cast(pa.array(grade + 1), pa.string())
    type_ = pa.scalar("type" if at else "tipo")
    if style in (0, 1):
        whole = _phrase(at, disorder, quality_word, site_word, type_, number)
        tag = _chosen([f"({t[at]})" for t in TAGS], root % len(TAGS))
        return joined([whole, tag], " ") if style else whole
    if style == 2:
        comma = pa.scalar(",")
        return joined([joined([site_word, comma], ""), disorder, quality_word, type_, number], " ")
    if style == 3:
        quoted = joined([pa.scalar('"'), quality_word, pa.scalar('"')], "")
        return _phrase(at, disorder, quoted, site_word, type_, number)
    if style == 4:
        inches = joined([number, pa.scalar('"')], "")
        return joined([disorder, quality_word, pa.scalar("of" if at else "de"), site_word, inches], " ")
    return pc.utf8_upper(_phrase(at, disorder, quality_word, site_word, type_, number))


def _phrase(
    at: int, disorder: pa.Array, quality: pa.Array, site: pa.Array, type_: pa.Scalar, number: pa.Array
) -> pa.Array:
    if at == _ENGLISH:
        return joined([quality, disorder, pa.scalar("of the"), site, type_, number], " ")
    return joined([disorder, quality, pa.scalar("de"), site, type_, number], " ")


def _chosen(words: Sequence[str], at: NDArray[np.int64]) -> pa.Array:
    return pa.array(words).take(pa.array(at))


def joined(parts: Sequence[pa.Array | pa.Scalar], separator: str) -> pa.Array:
    """The parts of each row, one after another with `separator` between; a scalar is the same in every row."""
    return pc.binary_join_element_wise(*parts, separator)
