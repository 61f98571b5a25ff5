"""Where a head begins: as the shipped one, which knows what counts in any catalog, or anew."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from chatrec.evaluate.leaks import Fingerprints, find_leak
from chatrec.evaluate.logs import DialogLine
from chatrec.score.head import SHIPPED, Head, HeadConfig, load_head
from chatrec.train.config import Shape
from chatrec.train.fit import standardised
from chatrec.train.pools import Pools


def saw(lines: Sequence[DialogLine]) -> bool:
    """Whether the shipped head learned from these dialogs: on them it is no better start, only a better informed one."""
    return find_leak(lines, Fingerprints.load(SHIPPED)).refused


def has_shape(shape: Shape) -> bool:
    """Whether the shipped head has this shape, so that its weights fit; dropout has none."""
    config = load_head(SHIPPED)[1]
    return (shape.hidden, shape.layers, shape.members) == (config.hidden, config.layers, config.members)


def from_shipped(config: HeadConfig, pools: Pools) -> Head:
    """The shipped head with more features, to which it gives no weight yet.

    Args:
        config: of the same shape, with all features of the shipped head and more.
        pools: tell the mean and scale of those that are new.
    """
    shipped, known = load_head(SHIPPED)
    head, width = standardised(Head(config), pools), len(config.features)
    places = torch.tensor([config.features.index(name) for name in known.features])
    inputs = torch.cat([places, width + places])  # values, then the marks that they are known
    with torch.no_grad():
        head.mean[places], head.scale[places] = shipped.mean, shipped.scale
        for member, old in zip(head.members, shipped.members, strict=True):
            for name, value in member.named_parameters():
                learned = old.get_parameter(name)
                if value.shape == learned.shape:
                    value.copy_(learned)
                else:
                    value.zero_().index_copy_(1, inputs, learned)
    return head
