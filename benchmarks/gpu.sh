#!/usr/bin/env bash
# Everything that a GPU has to say, in at most six minutes: what it is, precisions, batch sizes, stretches, and recordings on
# disk to cache with the share of the time that it is busy. All weights are random, nothing is fetched. Without a GPU it runs
# in a small form, which shows that it works and nothing more.
#
#     bash benchmarks/gpu.sh [PYTHON]
set -u
cd "$(dirname "$0")/.."
python=${1:-python}
begun=$SECONDS
most=350

part() { # a title, the seconds that it may take, and a command
    local left=$((most - (SECONDS - begun))) limit=$2
    ((limit < left)) || limit=$left
    printf '\n=== %s\n' "$1"
    if ((limit < 5)); then echo "left out: no time is left"; return; fi
    timeout "$limit" "${@:3}" || echo "ended with $? (124: after $limit s, which is all that it was given)"
}

if gpu=$("$python" -c 'import torch; print(int(torch.cuda.is_available()))') && [ "$gpu" = 1 ]; then
    some=2
    device=cuda windows=512 seconds=256 rounds=3 files=16 minutes=30 decoders="1 4 8"
    precisions="fp32 bf16 fp16" batches="16 64 256" models="AST EAT BEATS HUBERT_BASE"
    part "device" 20 nvidia-smi
else
    echo "No GPU is found: this is the small form, on the CPU. Its figures say nothing of a GPU."
    some=1
    device=cpu windows=2 seconds=16 rounds=1 files=2 minutes=0.5 decoders="1 2"
    precisions="fp32" batches="1 2" models="AST"
fi
part "versions" 30 "$python" -c 'import torch, torchaudio, av, numpy
print("torch", torch.__version__, "cuda", torch.version.cuda, "torchaudio", torchaudio.__version__, "av", av.__version__, "numpy", numpy.__version__)'

part "recordings to cache, an encoder that does nothing" 60 "$python" benchmarks/throughput.py --formats wav16 aac48 \
    --files "$files" --minutes "$minutes" --decoders $decoders --rounds 1
for model in ${models%% *} HUBERT_BASE; do
    [[ " $models " == *" $model "* ]] || continue
    for reading in stretches windows; do
        part "recordings to cache, $model by $reading" 40 "$python" benchmarks/throughput.py --formats wav16 --model "$model" \
            --reading "$reading" --device "$device" --files "$some" --minutes "$minutes" --decoders ${decoders##* } --rounds 1
    done
done
if [ -e benchmarks/stretches.py ]; then
    for model in $models; do
        part "stretches against windows, $model" 30 "$python" benchmarks/stretches.py --device "$device" --model "$model" \
            --seconds "$seconds" --rounds 1
    done
fi
for precision in $precisions; do
    part "precision $precision" 30 "$python" benchmarks/encoders.py --device "$device" --precision "$precision" \
        --model ${models%% *} --windows "$windows" --rounds "$rounds"
done
for batch in $batches; do
    part "batches of $batch" 25 "$python" benchmarks/encoders.py --device "$device" --batch-size "$batch" \
        --model ${models%% *} --windows "$windows" --rounds 1
done
printf '\nAll of it took %d s.\n' $((SECONDS - begun))
