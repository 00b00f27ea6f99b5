"""Instance norm and leaky ReLU of channels-last maps in two passes over memory each way (Triton); PyTorch's own where that isn't
to be had. Sums are float32 whatever the maps are."""
import os

import torch
from torch.nn import functional as F

EPS, SLOPE = 1e-5, 0.2
try:
    import triton
    import triton.language as tl
except ImportError:
    triton = None

ENABLED = triton is not None and os.environ.get("FUSED_NORM", "1") == "1"
CELLS = 8192

if triton is not None:
    @triton.jit
    def _sums(x, dy, sums, stats, pixels, C: tl.constexpr, P: tl.constexpr, ROWS: tl.constexpr, BACK: tl.constexpr, EPS: tl.constexpr,
              SLOPE: tl.constexpr):
        """Forward: sums of x and x^2 by image and channel. Backward: of g and g * xhat, g = dy times the slope."""
        n, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
        c = tl.arange(0, P)
        rows = part * ROWS + tl.arange(0, ROWS)
        inside = (rows < pixels)[:, None] & (c < C)[None, :]
        at = n * pixels * C + rows[:, None] * C + c[None, :]
        v = tl.load(x + at, mask=inside, other=0).to(tl.float32)
        if BACK:
            one = tl.load(stats + n * 2 * C + c, mask=c < C, other=0)
            two = tl.load(stats + n * 2 * C + C + c, mask=c < C, other=0)
            mean = one / pixels
            xhat = (v - mean[None, :]) * tl.rsqrt(two / pixels - mean * mean + EPS)[None, :]
            g = tl.load(dy + at, mask=inside, other=0).to(tl.float32)
            g = tl.where(xhat > 0, g, g * SLOPE)
            a, b = tl.sum(g, 0), tl.sum(g * xhat, 0)
        else:
            a, b = tl.sum(v, 0), tl.sum(v * v, 0)
        tl.atomic_add(sums + n * 2 * C + c, a, mask=c < C)
        tl.atomic_add(sums + n * 2 * C + C + c, b, mask=c < C)

    @triton.jit
    def _apply(x, dy, out, stats, sums, pixels, C: tl.constexpr, P: tl.constexpr, ROWS: tl.constexpr, BACK: tl.constexpr, EPS: tl.constexpr,
               SLOPE: tl.constexpr):
        n, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
        c = tl.arange(0, P)
        rows = part * ROWS + tl.arange(0, ROWS)
        inside = (rows < pixels)[:, None] & (c < C)[None, :]
        at = n * pixels * C + rows[:, None] * C + c[None, :]
        v = tl.load(x + at, mask=inside, other=0).to(tl.float32)
        mean = tl.load(stats + n * 2 * C + c, mask=c < C, other=0) / pixels
        scale = tl.rsqrt(tl.load(stats + n * 2 * C + C + c, mask=c < C, other=0) / pixels - mean * mean + EPS)
        xhat = (v - mean[None, :]) * scale[None, :]
        if BACK:
            g = tl.load(dy + at, mask=inside, other=0).to(tl.float32)
            g = tl.where(xhat > 0, g, g * SLOPE)
            a = tl.load(sums + n * 2 * C + c, mask=c < C, other=0) / pixels
            b = tl.load(sums + n * 2 * C + C + c, mask=c < C, other=0) / pixels
            r = (g - a[None, :] - xhat * b[None, :]) * scale[None, :]
        else:
            r = tl.where(xhat > 0, xhat, xhat * SLOPE)
        tl.store(out + at, r.to(out.dtype.element_ty), mask=inside)


class _NormLeaky(torch.autograd.Function):
    @staticmethod
    def run(x, dy, stats):
        n, c, h, w = x.shape
        padded = triton.next_power_of_2(c)
        rows = CELLS // padded
        grid = (n, triton.cdiv(h * w, rows))
        out = torch.empty_like(x)
        sums = torch.zeros(n, 2, c, device=x.device, dtype=torch.float32)
        back = dy is not None
        other, known = (dy, stats) if back else (x, sums)
        _sums[grid](x, other, sums, known, h * w, c, padded, rows, back, EPS, SLOPE)
        _apply[grid](x, other, out, known, sums, h * w, c, padded, rows, back, EPS, SLOPE)
        return out, sums

    @staticmethod
    def forward(ctx, x):
        x = x.contiguous(memory_format=torch.channels_last)
        out, stats = _NormLeaky.run(x, None, None)
        ctx.save_for_backward(x, stats)
        return out

    @staticmethod
    def backward(ctx, dy):
        x, stats = ctx.saved_tensors
        return _NormLeaky.run(x, dy.contiguous(memory_format=torch.channels_last), stats)[0]


def plain(x):
    return F.leaky_relu(F.instance_norm(x, eps=EPS), SLOPE)


def norm_leaky(x):
    return _NormLeaky.apply(x) if ENABLED and x.is_cuda else plain(x)


def check(device="cuda"):
    """Largest relative 2-norm of the difference from PyTorch in float64, output and gradient."""
    worst = 0.0
    for c, side in ((16, 64), (24, 40), (256, 8)):
        x = torch.randn(3, c, side, side, device=device) * 2 + 0.5
        dy = torch.randn_like(x)
        results = []
        for f, t in ((plain, torch.float64), (_NormLeaky.apply, torch.float32)):
            a = x.to(t).contiguous(memory_format=torch.channels_last).requires_grad_(True)
            y = f(a)
            y.backward(dy.to(t))
            results.append((y.double(), a.grad.double()))
        for r, o in zip(*results):
            worst = max(worst, ((r - o).norm() / r.norm()).item())
    return worst
