"""What the head's hidden layers may learn beside the ranking: what an item is rated, and whether a mention was liked.

Both are linear maps of each member's last hidden layer that exist during training only; what is stored and served is the ranking
alone. An instance counts where its data tell the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import ConfigDict, Field
from torch import Tensor, nn

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
"""How configurations are read: no unknown names, no values of another type."""
Weight = Annotated[float, Field(ge=0)]


@dataclass(frozen=True)
class LossWeights:
    """Of the other losses, beside the listwise one, which counts 1."""

    pointwise: Weight = 0.1
    """Binary cross-entropy of gold, summed over the candidates; it keeps logits comparable between queries."""
    rating: Weight = 0.0
    """Squared error of standardised ratings, hours or plays, as the mean over the candidates that the person rated."""
    sentiment: Weight = 0.0
    """Binary cross-entropy of liked against disliked, as the mean over the candidates of which the dialog tells."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


class Tasks(nn.Module):
    """The two maps of one member.

    Args:
        width: of its last hidden layer.
        weights: of the losses.
    """

    def __init__(self, width: int, weights: LossWeights) -> None:
        super().__init__()
        self._weights = weights
        self.maps = nn.Linear(width, 2)

    def forward(self, hidden: Tensor, rating: Tensor, liked: Tensor) -> Tensor:
        """Weighted losses [n] of instances.

        Args:
            hidden: [n, candidates, width].
            rating, liked: targets [n, candidates], NaN where unknown.
        """
        rated, pleased = self.maps(hidden).unbind(dim=-1)
        square = (rated - rating.nan_to_num()).square()
        binary = nn.functional.binary_cross_entropy_with_logits(pleased, liked.nan_to_num(), reduction="none")
        return self._weights.rating * _mean_of_known(square, rating) + self._weights.sentiment * _mean_of_known(binary, liked)


def _mean_of_known(losses: Tensor, targets: Tensor) -> Tensor:
    known = ~torch.isnan(targets)
    return (losses * known).sum(dim=-1) / known.sum(dim=-1).clamp(min=1)
