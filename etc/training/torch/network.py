"""MultiMix in PyTorch, as the Swift program has it: names and shapes of the parameters are those of its safetensors files.

Beside the published network: other widths, and a second 1x1 layer of the decoder for lung fields as they are seen (without what
heart and diaphragm hide), `decoder.conv_last_visible`.
"""
import torch
from torch import nn
from torch.nn import functional as F

from fused_norm import norm_leaky

PAPER_WIDTHS = (16, 32, 64, 128, 256)


class Block(nn.Sequential):
    """Two times convolution, instance norm, leaky ReLU; then dropout. The indices 0 and 3 give the published names."""

    def __init__(self, inputs, outputs, dropout):
        super().__init__()
        self.add_module("0", nn.Conv2d(inputs, outputs, 3, padding=1))
        self.add_module("3", nn.Conv2d(outputs, outputs, 3, padding=1))
        self.dropout = dropout
        for layer in self.children():
            nn.init.kaiming_normal_(layer.weight, a=0.2)
            nn.init.zeros_(layer.bias)

    def forward(self, x, training):
        for layer in self.children():
            # The norm takes away the bias.
            x = norm_leaky(F.conv2d(x, layer.weight.to(x.dtype), padding=1))
        return F.dropout(x, self.dropout) if training and self.dropout > 0 else x


class Encoder(nn.Module):
    def __init__(self, widths=PAPER_WIDTHS, dropout=0.25):
        super().__init__()
        self.levels = len(widths)
        for i, width in enumerate(widths):
            deep = i >= self.levels - 2
            block = Block(widths[i - 1] if i else 1, width, dropout if deep else 0)
            setattr(self, f"dconv_down{i + 1}", block)
        self.fc = nn.Linear(widths[-1], 2)

    def forward(self, x, training=False):
        """[N, 1, S, S] -> the features of every block, class scores [N, 2] in the weights' own precision."""
        features = []
        for i in range(self.levels):
            x = getattr(self, f"dconv_down{i + 1}")(x, training)
            features.append(x)
            x = F.max_pool2d(x, 2)
        pooled = x.to(self.fc.weight.dtype).mean((2, 3))
        return features, self.fc(F.dropout(pooled, 0.25) if training else pooled)


def doubling(size, like):
    """The matrix [2 size, size] of a bilinear doubling whose corners are aligned."""
    at = torch.arange(2 * size, device=like.device, dtype=torch.float32) * ((size - 1) / (2 * size - 1))
    return (1 - (at[:, None] - torch.arange(size, device=like.device)).abs()).clamp(min=0).to(like.dtype)


def doubled(x):
    """`interpolate` as two matrix products: its gradient needs no atomic additions, which are slow in bfloat16."""
    n, c, h, w = x.shape
    y = x.permute(0, 2, 3, 1).reshape(n, h, w * c)
    y = torch.matmul(doubling(h, x), y).view(n * 2 * h, w, c)
    y = torch.matmul(doubling(w, x), y).view(n, 2 * h, 2 * w, c)
    return y.permute(0, 3, 1, 2)


class MaskDecoder(nn.Module):
    def __init__(self, widths=PAPER_WIDTHS, dropout=0.25, visible=False):
        super().__init__()
        self.levels = len(widths)
        for i in reversed(range(self.levels - 1)):
            bridge = 2 if i == self.levels - 2 else 0
            block = Block(widths[i + 1] + widths[i] + bridge, widths[i], dropout if bridge else 0)
            setattr(self, f"dconv_up{i + 1}", block)
        self.conv_last = nn.Conv2d(widths[0], 1, 1)
        self.conv_last_visible = nn.Conv2d(widths[0], 1, 1) if visible else None

    def forward(self, image, features, saliency, training=False):
        """-> logits of lung [N, 1 or 2, S, S] in float32: with what heart and diaphragm hide, and as it is seen."""
        up = doubled if training else lambda t: F.interpolate(t, scale_factor=2, mode="bilinear", align_corners=True)
        share = 0.5 ** (self.levels - 2)
        bridge = F.interpolate(
            torch.cat([image, saliency], 1), scale_factor=share, mode="bilinear", align_corners=True)
        y = features[-1]
        for i in reversed(range(self.levels - 1)):
            below = [up(y), features[i]] + ([bridge.to(y.dtype)] if i == self.levels - 2 else [])
            y = torch.cat(below, 1).contiguous(memory_format=torch.channels_last)
            y = getattr(self, f"dconv_up{i + 1}")(y, training)
        heads = [self.conv_last] + ([self.conv_last_visible] if self.conv_last_visible is not None else [])
        weight = torch.cat([h.weight for h in heads]).to(y.dtype)
        return F.conv2d(y, weight, torch.cat([h.bias for h in heads]).to(y.dtype)).float()


class MultiMix(nn.Module):
    def __init__(self, widths=PAPER_WIDTHS, dropout=0.25, visible=False):
        super().__init__()
        self.encoder = Encoder(widths, dropout)
        self.decoder = MaskDecoder(widths, dropout, visible)

    def saliency(self, image):
        """|gradient of the larger class score by the image|, of the encoder without dropout; a constant for what follows."""
        image = image.detach().requires_grad_(True)
        with torch.enable_grad():
            scores = self.encoder(image)[1]
            gradient, = torch.autograd.grad(scores.max(1).values.sum(), image)
        return gradient.abs().detach()

    def forward(self, image, training=False):
        """-> class scores [N, 2], mask logits [N, heads, S, S]."""
        saliency = self.saliency(image)
        features, scores = self.encoder(image, training)
        return scores, self.decoder(image, features, saliency, training)


def state(tensors, prefix=""):
    """Of a file's tensors those that begin with `prefix`, without it, in float32."""
    return {k[len(prefix):]: v.float() for k, v in tensors.items() if k.startswith(prefix)}
