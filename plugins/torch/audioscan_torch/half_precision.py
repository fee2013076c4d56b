"""What autocast would cast at every call is cast once, to the same numbers."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

CAST_BY_AUTOCAST = (nn.Linear, nn.Conv1d, nn.Conv2d)
"""Layers whose weights autocast rounds to half precision whenever they are called."""


def keep_weights(network: nn.Module, dtype: torch.dtype) -> None:
    """Round the weights of linear layers and convolutions once, and keep them so.

    Under autocast the network gives the same numbers as before, bit for bit: it rounds these weights in the same way
    at every call. All others stay in float32, as does what passes from block to block.

    Weights that two modules share are left alone, and those that are computed at every call.
    """
    modules = list(network.modules())
    uses = Counter(id(each) for module in modules for each in module.parameters(recurse=False))
    for module in modules:
        # A subclass, such as torch's own of a parametrized layer, may do other things with its weights.
        if type(module) not in CAST_BY_AUTOCAST or module._forward_pre_hooks or module._forward_hooks:
            continue
        if all(uses[id(each)] == 1 for each in module.parameters(recurse=False)):
            module.to(dtype)


def cast_input_once(modules: Iterable[nn.Module]) -> None:
    """Let autocast round the input of each module once.

    For modules that give their first argument to several linear layers, and to nothing else: autocast rounds it in each of
    them. The numbers stay the same, bit for bit.
    """
    for module in modules:
        module.register_forward_pre_hook(_cast)


def _cast(_module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    first, *rest = inputs
    kind = first.device.type
    if torch.is_autocast_enabled(kind):
        first = first.to(torch.get_autocast_dtype(kind))
    return (first, *rest)
