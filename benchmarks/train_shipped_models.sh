#!/usr/bin/env bash
# Trains the models that ship with Enlace, from the open data in $DATA (default ../shared/data), into $MODELS (default
# linker/models). The releases and mention files it makes on the way go into $WORK (default work).
set -euo pipefail
data=${DATA:-../shared/data}
work=${WORK:-work}
models=${MODELS:-linker/models}
export ENLACE_HOME=$work/home

python -m benchmarks.corpora --data "$data" --output "$work/corpora"
enlace load "$data/hpo/hp.v2024-04-26.json.gz" --translations "$data/hpo/hp-es.babelon.tsv" --release hpo-2024-04
enlace load "$data/do" --release do-2026-07

notes=(
  --data-note "Human Phenotype Ontology 2024-04-26 and its official Spanish labels: HPO licence (free use with citation and version)"
  --data-note "Disease Ontology 2026-07-31 and its Spanish translations: CC0"
  --data-note "DisTEMIST, MedProcNER, CANTEMIST and CodiEsp mentions, CodiEsp, CANTEMIST and CasiMedicos texts: CC BY 4.0; documents that CodiEsp calls dev and CANTEMIST's second dev part are left out"
)

enlace train bi-encoder --release hpo-2024-04 --release do-2026-07 --mentions "$work/corpora/training.tsv" \
  --texts "$work/corpora/texts.jsonl" --dimensions 256 --vocabulary 12000 --steps 4000 "${notes[@]}" --output "$models/bi-encoder"
enlace train translation --release hpo-2024-04 --release do-2026-07 --mentions "$work/corpora/training.tsv" \
  --bi-encoder "$models/bi-encoder" "${notes[@]}"
enlace train cross-encoder --release hpo-2024-04 --release do-2026-07 --mentions "$work/corpora/training.tsv" \
  --bi-encoder "$models/bi-encoder" --steps 2000 "${notes[@]}" --output "$work/models/cross-encoder"
enlace train cross-encoder --release hpo-2024-04 --release do-2026-07 --mentions "$work/corpora/training.tsv" \
  --bi-encoder "$models/bi-encoder" --from "$work/models/cross-encoder" --steps 3200 --seed 1 "${notes[@]}" \
  --output "$models/cross-encoder"
# Weights are fitted on the documents that training leaves out, linked to HPO by its terms alone, to HPO with mentions, and
# to SNOMED CT codes that mentions name.
enlace load "$data/hpo/hp.v2024-04-26.json.gz" --translations "$data/hpo/hp-es.babelon.tsv" --release hpo-mentions
enlace load "$work/corpora/snomed-gazetteer.tsv" --format gazetteer --prefix SNOMEDCT --release snomed-mentions
both=(--bi-encoder "$models/bi-encoder" --cross-encoder "$models/cross-encoder")
enlace index --release hpo-2024-04 "${both[@]}"
enlace index --release hpo-mentions --mentions "$work/corpora/hpo-known.tsv" "${both[@]}"
enlace index --release snomed-mentions "${both[@]}"
enlace train fusion --release hpo-2024-04 --release hpo-mentions --release snomed-mentions \
  --mentions "$work/corpora/training.tsv" "${both[@]}"
# How the axes of codes weigh: eCIE-O codes that training documents' mentions name.
enlace load "$work/corpora/ecieo-gazetteer.tsv" --format gazetteer --prefix ECIEO --release ecieo-mentions
enlace index --release ecieo-mentions --code-axes '(\d{4})/(\d)(\d)?(/H)?' "${both[@]}"
enlace train axes --release ecieo-mentions --mentions "$work/corpora/training.tsv" "${both[@]}"
enlace train skip-rule --release hpo-2024-04 --mentions "$work/corpora/hpo-training.tsv" "${both[@]}"

echo $((SECONDS / 60)) >"$work/minutes"
echo "Trained in $((SECONDS / 60)) minutes."
