"""How training computes: bfloat16 where the processor multiplies it, and attention whose gradient is cheap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel


@contextmanager
def fast() -> Iterator[None]:
    """Forward passes of training, on a CPU.

    Flash attention in bfloat16 takes five to ten times as long backwards as plain attention does, for as few words and
    slices as there are here.
    """
    # Elsewhere bfloat16 is emulated, and slower than float32.
    bf16 = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16), sdpa_kernel(SDPBackend.MATH), _in_bfloat16():
        yield


@contextmanager
def _in_bfloat16() -> Iterator[None]:
    """Without this, plain attention computes in float32 whatever it is given. The switch is not CUDA's alone."""
    before = torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed()
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)
    try:
        yield
    finally:
        torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(before)
