"""BirdNET V2.4 in LiteRT: 3 s of sound in, the 1024 numbers out from which its last layer scores species.

LiteRT keeps no tensor but the outputs. The file's output is therefore moved one operator back: that takes less than
half the memory of an interpreter that keeps them all, and gives the same numbers.
"""

import os
import re
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from audioscan_birdnet.quiet import without_information
from audioscan_host import CheckpointError

Array = npt.NDArray[np.float32]

PASS = 144_000
"""Samples that the network takes: 3 s at 48 kHz."""

WIDTH = 1024

MOST_THREADS = 4
"""Unless the user says. A guess on the safe side, as a pass takes but 40 ms of one core: no more than two were measured."""


class BirdNET:
    """The network in memory.

    Args:
        path: the TensorFlow Lite file.

    Raises:
        CheckpointError: it is not one, or not of this shape.
    """

    def __init__(self, path: Path) -> None:
        try:
            content = _up_to_the_embedding(path)
            with without_information():
                self._network = Interpreter(model_content=content, num_threads=threads())
                self._network.allocate_tensors()
        except (ValueError, RuntimeError, TypeError, IndexError, struct.error) as error:
            reason = " ".join(str(error).split())[:300]
            raise CheckpointError(f"{path}: not the network of BirdNET V2.4: {reason}") from error
        (source,), (target,) = self._network.get_input_details(), self._network.get_output_details()
        for what, tensor, width in (("takes", source, PASS), ("gives", target, WIDTH)):
            if tensor["shape"].tolist() != [1, width] or tensor["dtype"] is not np.float32:
                found = f"{tensor['dtype'].__name__} of {tuple(tensor['shape'].tolist())}"
                raise CheckpointError(
                    f"{path}: not the network of BirdNET V2.4: it {what} {found}, not float32 of (1, {width})"
                )
        self._source, self._target = source["index"], target["index"]

    def embedding(self, samples: Array) -> Array:
        """One pass.

        Args:
            samples: at most (PASS,) float32 at 48 kHz; zeros follow fewer ones, as BirdNET has it.

        Returns:
            (WIDTH,) float32.
        """
        heard = np.zeros((1, PASS), np.float32)
        heard[0, : len(samples)] = samples
        self._network.set_tensor(self._source, heard)
        self._network.invoke()
        embedding: Array = self._network.get_tensor(self._target)[0]
        return embedding


def threads() -> int:
    """`OMP_NUM_THREADS` where it is set, as for other libraries; else the cores that there are, up to a few."""
    if said := re.match(r"\s*([1-9]\d*)", os.environ.get("OMP_NUM_THREADS", "")):
        return int(said[1])
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_THREADS)


def _up_to_the_embedding(path: Path) -> bytes:
    """The file, with what goes into its last operator as its output."""
    content = bytearray(path.read_bytes())
    graph = schema.Model.GetRootAs(content).Subgraphs(0)
    if graph is None:
        raise ValueError("it holds no graph")
    last_layer = graph.Operators(graph.OperatorsLength() - 1)
    graph.OutputsAsNumpy()[0] = last_layer.Inputs(0)  # a view of `content`
    return bytes(content)
