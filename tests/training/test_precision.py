"""Training's arithmetic gives what full precision gives, and leaves no switch behind."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from policy.config import PolicyConfig
from policy.grounding import SentenceReader
from policy.layers import Attention
from training.precision import fast


def _gradient(attention: Attention, x: Tensor, context: Tensor) -> Tensor:
    attention.zero_grad()
    attention(x, attention.remember(context)).square().sum().backward()
    assert attention.memory.weight.grad is not None
    return attention.memory.weight.grad.clone()


def test_attention_and_its_gradient_are_those_of_full_precision_but_for_rounding() -> None:
    torch.manual_seed(0)
    attention, x, context = Attention(160, 4), torch.randn(8, 20, 160), torch.randn(8, 200, 160)
    exact = _gradient(attention, x, context)
    with fast():
        rounded = _gradient(attention, x, context)
    assert (rounded - exact).norm() < 0.03 * exact.norm()


def test_words_that_are_not_there_are_not_read() -> None:
    torch.manual_seed(0)
    reader = SentenceReader(PolicyConfig()).eval()
    features, mask = torch.randn(2, 9, PolicyConfig().sentence_size), torch.ones(2, 9, dtype=torch.bool)
    mask[:, 5:] = False
    other = features.clone()
    other[:, 5:] = torch.randn_like(other[:, 5:])
    with fast():
        assert torch.equal(reader(features, mask)[1], reader(other, mask)[1])


def test_what_is_switched_for_training_is_switched_back_also_when_it_fails() -> None:
    before = torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed()
    with pytest.raises(ValueError, match="stop"), fast():
        raise ValueError("stop")
    assert torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed() == before
    assert not torch.is_autocast_enabled("cpu")
    assert torch.backends.cuda.flash_sdp_enabled()
