"""What a run does before the encoder is at work: seconds of the clock of each step, in their order, in a process of its own."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import machine

STEPS = """
import json, sys, time
begun = last = time.perf_counter()
steps = []
def done(what):
    global last
    now = time.perf_counter()
    steps.append((what, now - last))
    last = now
model, device, checkpoints = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
import audioscan_host.embedding.embedder
done("import of the host")
from audioscan_host import Runtime, Windows, load_registry
registry = load_registry(checkpoints=checkpoints)
chosen = registry.model(model)
family, checkpoint = registry.family(chosen), chosen.checkpoint
done("plugins")
import torch
done("import torch")
import torchaudio
done("import torchaudio")
if model == "AST":
    import transformers
    from transformers import ASTModel
    done("import transformers and its AST")
import audioscan_torch.encoder
done("import of the shared plugin")
if device != "cpu" and torch.cuda.is_available():
    torch.zeros(1, device="cuda").sum().item()
    done("CUDA")
encoder = family.load(checkpoint, Runtime(device))
done("load")
import numpy
rate = checkpoint.sample_rate
length = round(checkpoint.stretch * rate)
block = Windows(numpy.zeros(1, numpy.int64), length, rate)
samples = numpy.random.default_rng(0).standard_normal(length).astype("float32") * 0.1
for number in ("first", "second"):
    inputs = family.preprocess(encoder, samples, block)
    (states,) = family.embed(encoder, inputs[:1], frozenset(chosen.layers)).values()
    states.float().sum().item()
    done(f"{number} stretch")
print(json.dumps(steps))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--model", default="AST")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        places = {"TORCH_HOME": f"{folder}/torch", "HF_HOME": f"{folder}/hf", "HF_HUB_OFFLINE": "1"}
        os.environ.update(places)
        import encoder_weights

        checkpoints = encoder_weights.family_of(arguments.model).lay_weights(Path(folder))
        command = [sys.executable, "-c", STEPS, arguments.model, arguments.device, json.dumps(checkpoints)]
        environment = {**machine.ENVIRONMENT, **places}
        done = subprocess.run(command, check=True, stdout=-1, text=True, env=environment)
    steps = json.loads(done.stdout.splitlines()[-1])
    rows = [
        (what, f"{seconds:6.2f} s") for what, seconds in [*steps, ("all", sum(each for _, each in steps))]
    ]
    machine.report(f"The first seconds of {arguments.model}", rows)


if __name__ == "__main__":
    main()
