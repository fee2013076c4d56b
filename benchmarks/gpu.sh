#!/usr/bin/env bash
# Everything that a GPU has to say, in at most six minutes: what it is, how near the transformer's blocks come to its matrix
# products, what the first seconds are, recordings on disk to cache against the encoder's own rate with the share of the time that
# the GPU is busy, and what each precision costs and gives. All weights are random, nothing is fetched. Every part has a limit
# of its own, and one that fails does not end the others. Without a GPU all of it runs in a small form, on the CPU with narrow
# networks, which shows that it works and nothing more.
#
#     bash benchmarks/gpu.sh [PYTHON]
set -u
cd "$(dirname "$0")/.."
python=${1:-python}
begun=$SECONDS
most=345

part() { # a title, the seconds that it may take, and a command
    local left=$((most - (SECONDS - begun))) limit=$(($2 * slower / 10)) since=$SECONDS code=0
    ((limit < left)) || limit=$left
    printf '\n=== %s\n' "$1"
    if ((limit < 5)); then echo "left out: no time is left"; return; fi
    timeout -k 5 "$limit" "${@:3}" 2> >(grep -v 'it/s\]' >&2) || code=$?
    case $code in
    0) echo "[took $((SECONDS - since)) s]" ;;
    124 | 137) echo "[ended after $limit s, all that it was given]" ;;
    *) echo "[failed with $code after $((SECONDS - since)) s]" ;;
    esac
}

if gpu=$("$python" -c 'import torch; print(int(torch.cuda.is_available()))') && [ "$gpu" = 1 ]; then
    slower=10
    device=cuda models="AST EAT BEATS HUBERT_BASE" windows=256 rounds=3
    files=12 minutes=20 decoders="1 4 12" fed="1 4 12" fed_for=85 few=
    precise="--windows 128 --batch-size 64 --rounds 5"
    part "device" 10 nvidia-smi
else
    echo "No GPU is found: this is the small form, on the CPU, with narrow networks. Its figures say nothing of a GPU."
    export AUDIOSCAN_BENCHMARK_NARROW=1
    slower=25 # tenths: the time that a part has, on a processor that may have other work
    device=cpu models="AST EAT" windows=1 rounds=1
    files=2 minutes=0.1 decoders="1 2" fed="1" fed_for=45 few="--batch-size 1"
    precise="--windows 1 --batch-size 1 --seconds 2 --rounds 1"
fi
part "versions" 20 "$python" -c 'import torch, torchaudio, av, numpy
print("torch", torch.__version__, "cuda", torch.version.cuda, "torchaudio", torchaudio.__version__, "av", av.__version__, "numpy", numpy.__version__)'

# Goal: at least 80 % of the encoder's own rate.
part "recordings to cache against the encoder by itself, AST" $fed_for "$python" benchmarks/feeding.py --model AST \
    --device "$device" --files "$files" --minutes "$minutes" --decoders $fed
# Goal: at least 60 %.
for model in AST EAT; do
    [[ " $models " == *" $model "* ]] || continue
    part "blocks against matrix products, $model" 35 "$python" benchmarks/encoders.py --device "$device" --model "$model" \
        --windows "$windows" --rounds "$rounds" $few
done
# Goal: at least 8,000 seconds of audio a second.
part "recordings to cache, an encoder that does nothing" 45 "$python" benchmarks/throughput.py --formats wav16 \
    --files "$files" --minutes "$minutes" --decoders $decoders --rounds 1 --reading stretches
part "the first seconds" 40 "$python" benchmarks/first_seconds.py --device "$device" --model AST
for model in $models; do
    part "precisions, $model" 32 "$python" benchmarks/precision.py --device "$device" --model "$model" $precise
done
for model in BEATS HUBERT_BASE; do
    [[ " $models " == *" $model "* ]] || continue
    part "blocks against matrix products, $model" 30 "$python" benchmarks/encoders.py --device "$device" --model "$model" \
        --windows "$windows" --rounds "$rounds" $few
done
printf '\nAll of it took %d s.\n' $((SECONDS - begun))
