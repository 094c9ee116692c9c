#!/usr/bin/env bash
# Trains the recogniser that ships with Enlace, from the open data in $DATA (default ../shared/data), into
# linker/models/recognizer. Its teachers go into $WORK (default work).
set -euo pipefail
data=${DATA:-../shared/data}
work=${WORK:-work}

cases=(
  --mentions "disorder=$data/distemist/distemist_subtrack1_training_mentions.tsv"
  --mentions "symptom=$data/symptemist/symptemist_tsv_train_subtask1.tsv"
  --mentions "procedure=$data/medprocner/medprocner_tsv_train_subtask1.tsv"
  --texts "$data/distemist/texts.jsonl.gz"
  --searched "disorder=$data/distemist/texts.jsonl.gz"
  --searched "symptom=$data/distemist/texts.jsonl.gz"
  --searched "procedure=$data/distemist/texts.jsonl.gz"
  --hold-out "$data/codiesp/devD.tsv" --hold-out "$data/codiesp/devX.tsv" --hold-out "$data/codiesp/devP.tsv"
)
oncology() {
  printf '%s\n' --mentions "morphology=$data/cantemist/$1.tsv" --texts "$data/cantemist/$1.texts.jsonl.gz" \
    --searched "morphology=$data/cantemist/$1.texts.jsonl.gz"
}
mapfile -t first < <(oncology train-set)
mapfile -t second < <(oncology dev-set1)
network=(--from shipped --network bilstm --float32 --learning-rate 2e-3 --dropout 0.4 --threads "${THREADS:-1}")

for seed in 0 1; do
  enlace train recognizer "${cases[@]}" "${network[@]}" --seed "$seed" --epochs 12 --window 80 --batch-tokens 800 \
    --token-dropout 0.06 --dev-share 0.08 --output "$work/teacher-$seed"
done
enlace train recognizer "${first[@]}" "${second[@]}" "${network[@]}" --epochs 4 --window 100 --batch-tokens 1600 \
  --token-dropout 0.06 --dev-share 0.05 --output "$work/teacher-morphology"

# A first recogniser learns from its teachers, and is better than they are; so it teaches the one that ships.
taught=("${cases[@]}" "${first[@]}" "${network[@]}" --hidden 256 --window 80 --batch-tokens 1200 --token-dropout 0.08
  --unlabelled "$data/text/codiesp-background.jsonl.gz" --unlabelled "$data/cantemist/dev-set1.texts.jsonl.gz" --sure 0.7)
enlace train recognizer "${taught[@]}" --epochs 9 --dev-share 0.08 \
  --teacher "$work/teacher-0" --teacher "$work/teacher-1" --teacher "$work/teacher-morphology" --output "$work/recognizer"
enlace train recognizer "${taught[@]}" --epochs 8 --average 0.3 --dev-share 0.04 \
  --teacher "$work/recognizer" --teacher "$work/teacher-morphology" \
  --data-note "DisTEMIST, SympTEMIST, MedProcNER, CANTEMIST and CodiEsp: CC BY 4.0; documents that CodiEsp calls dev and CANTEMIST's second dev part are left out" \
  --output linker/models/recognizer
