"""Two operations of the training pass with backward passes of few calls; they know nothing of models.

    unit(x, eps, torch.bfloat16)                # x over its root mean square, along the last dimension
    gated(x)                                    # SwiGLU of the halves of x

Autograd would keep and walk through every step in between; see compact.py for why calls count.
"""

from typing import Any

import torch
from torch.nn import functional


class _Unit(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, eps: float, dtype: torch.dtype) -> torch.Tensor:
        square = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32).square_()
        scale = square.div_(x.shape[-1]).add_(eps).rsqrt_().to(dtype)
        made = x.to(dtype) * scale
        ctx.save_for_backward(made, scale)
        ctx.dtype = x.dtype
        return made

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        made, scale = ctx.saved_tensors
        along = (grads[0] * made).mean(-1, keepdim=True)
        return torch.addcmul(grads[0], made, along, value=-1).mul_(scale).to(ctx.dtype), None, None


class _Gated(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        gate, value = x.chunk(2, -1)
        opened = functional.silu(gate)
        ctx.save_for_backward(x, opened)
        return opened * value

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> torch.Tensor:
        x, opened = ctx.saved_tensors
        gate, value = x.chunk(2, -1)
        found = torch.empty_like(x)
        of_gate, of_value = found.chunk(2, -1)
        torch.mul(grads[0], opened, out=of_value)
        torch.ops.aten.silu_backward(grads[0] * value, gate, grad_input=of_gate)
        return found


def unit(x: torch.Tensor, eps: float, dtype: torch.dtype) -> torch.Tensor:
    """x with a root mean square of 1 along the last dimension, as `dtype`."""
    made: torch.Tensor = _Unit.apply(x, eps, dtype)
    return made


def gated(x: torch.Tensor) -> torch.Tensor:
    """(..., 2 H) -> (..., H): silu of the first half times the second."""
    made: torch.Tensor = _Gated.apply(x)
    return made
