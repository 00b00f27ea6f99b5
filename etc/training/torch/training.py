"""One training on one device: everything but the loop's launch is recorded once as a CUDA graph and replayed."""
import math
import time

import numpy as np
import torch
from torch.nn import functional as F

import pictures as P


class Flat:
    """A network's parameters, gradients and Adam's moments, each in one buffer, with a moving average of the weights."""

    def __init__(self, network, decay, weight_decay):
        self.parameters = list(network.parameters())
        self.network, self.decay, self.weight_decay = network, decay, weight_decay
        size = sum(p.numel() for p in self.parameters)
        device = self.parameters[0].device
        self.values, self.gradient, self.first, self.second = (torch.zeros(size, device=device) for _ in range(4))
        at = 0
        for p in self.parameters:
            end = at + p.numel()
            self.values[at:end] = p.detach().flatten()
            p.data = self.values[at:end].view_as(p)
            p.grad = self.gradient[at:end].view_as(p)
            at = end
        self.average = self.values.clone()

    def step(self, rate, count):
        """AdamW; `rate` and `count` (from 1) are tensors."""
        self.first.lerp_(self.gradient, 0.1)
        self.second.mul_(0.999).addcmul_(self.gradient, self.gradient, value=0.001)
        first = self.first / (1 - 0.9 ** count)
        second = self.second / (1 - 0.999 ** count)
        self.values.mul_(1 - rate * self.weight_decay).sub_(rate * first / (second.sqrt() + 1e-8))
        self.average.lerp_(self.values, 1 - torch.minimum((1 + count) / (10 + count), torch.full_like(count, self.decay)))
        self.gradient.zero_()

    def take_average(self):
        self.values.copy_(self.average)


def weights_of(network):
    """All in one, as `take` puts them back."""
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def take(network, values):
    """Puts weights, as `loop` keeps them, into the network they are of."""
    at = 0
    for p in network.parameters():
        p.data = values[at:at + p.numel()].view_as(p).clone()
        at += p.numel()


def loop(network, loss, plan, *, steps, batch, rate, decay, weight_decay, seed, graph=True, warmup=0.05, until=None, flat=False, every=0,
         kept=None):
    """Trains `network` by `loss(rows)`, rows [batch] drawn by `plan` (a probability for each picture), with a cosine, or at one rate
    (`flat`) for weights that are to be averaged; stops early at the time `until`. Leaves the moving average of the weights in it, and
    appends it to the list `kept` after `every` so many steps."""
    device = next(network.parameters()).device
    torch.manual_seed(seed)
    buffers = Flat(network, decay, weight_decay)
    table = torch.multinomial(plan, steps * batch, replacement=True).view(steps, batch)
    rates = torch.tensor([rate * min(1, (i + 1) / max(1, warmup * steps))
                          * (1 if flat else 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * i / steps))) for i in range(steps)], device=device)
    place = torch.zeros(1, dtype=torch.long, device=device)
    shown = torch.zeros(1, device=device)

    def once():
        at = place.remainder(steps)
        value = loss(table.index_select(0, at)[0])
        value.backward()
        buffers.step(rates.index_select(0, at), (place + 1).float())
        place.add_(1)
        shown.lerp_(value.detach()[None], 0.05)

    def keep(done):
        if every and done % every == 0:
            kept.append(buffers.average.clone())

    if not (graph and device.type == "cuda"):
        for i in range(steps):
            once()
            keep(i + 1)
    else:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                once()
        torch.cuda.current_stream().wait_stream(stream)
        recorded = torch.cuda.CUDAGraph()
        with torch.cuda.graph(recorded):
            once()
        for i in range(steps - 3):
            recorded.replay()
            keep(i + 4)
            if i % 50 == 0:
                torch.cuda.synchronize()
                if until is not None and time.time() > until:
                    print(f"stopped after {i + 4} of {steps} steps", flush=True)
                    break
        torch.cuda.synchronize()
        del recorded
    last = shown.item()
    buffers.take_average()
    return last


def chances(device):
    def uniform(*shape):
        return torch.rand(*shape, device=device) * 2 - 1

    def normal(*shape):
        return torch.randn(*shape, device=device)
    return uniform, normal


FAMILIES = (("nih", "nih"), ("kermany", "children"), ("ieee8023", "ieee8023"))


def family(source, families=FAMILIES):
    """Sources of one hospital or one collection count as one."""
    return next((name for part, name in families if part in source), source)


def drawing_plan(pictures, chosen, exponent, balanced, families=FAMILIES, factors={}):
    """How likely each picture is drawn. `balanced`: both findings alike over all sources, a source in proportion to its images of that
    finding to the exponent, times its family's factor; otherwise sources to the exponent, whatever their findings."""
    weight = np.zeros(len(pictures.index))
    groups = {}
    for i in np.flatnonzero(chosen):
        key = family(pictures.sources[i], families)
        groups.setdefault((pictures.findings[i] if balanced else 0, key), []).append(i)
    for f in {k[0] for k in groups}:
        keys = [k for k in groups if k[0] == f]
        members = [groups[k] for k in keys]
        shares = np.array([len(groups[k]) ** exponent * factors.get(k[1], 1) for k in keys])
        shares = shares / shares.sum() * (0.3 if balanced and f < 0 else 1.0)
        for v, share in zip(members, shares):
            weight[v] = share / len(v)
    return torch.tensor(weight, dtype=torch.float32, device=pictures.device)


def channels_last(x, dtype):
    return x[:, None].to(dtype).contiguous(memory_format=torch.channels_last)


def lungs_in(pictures, rows, grid):
    """The lungs with what heart and diaphragm hide, a little wider, as a view sees them, [N, side, side]."""
    lungs = torch.maximum(pictures.drawn[rows], pictures.masks[rows] * pictures.convention[rows][:, None, None])
    return P.sample(F.max_pool2d(lungs[:, None].float(), 9, 1, 4)[:, 0], grid).clamp(0, 1)


def reader_input(pictures, rows, side, dtype, view, how=None, chance=None, with_lungs=False):
    """The box of the lungs (or the whole picture) as the reader sees it, [N, 1, side, side]; varied where `how` says so. `with_lungs`: and
    where the lungs are in it, [N, side, side]."""
    boxes = pictures.boxes[rows] if view != "whole" else pictures.all_of_it.expand(len(rows), 4)
    grid = P.moved_grid(boxes, 256, how, chance[0]) if how else P.nominal_grid(boxes, 256)
    x = P.sample(pictures.images[rows], grid) / 255
    if view != "whole":
        limits = pictures.limits[rows][:, :, None, None]
        x = ((x - limits[:, 0]) / (limits[:, 1] - limits[:, 0]).clamp(min=1e-3)).clamp(0, 1)
    if view == "lungs-only":
        inside = lungs_in(pictures, rows, grid)
        x = x * inside + 0.3 * (1 - inside)
    if side < 256:
        x = F.avg_pool2d(x[:, None], 256 // side)[:, 0]
    if how:
        x = P.exposed(x, how, *chance)
    x = channels_last(x, dtype)
    return (x, F.avg_pool2d(lungs_in(pictures, rows, grid)[:, None], 256 // side)[:, 0]) if with_lungs else x


def train_reader(encoder, pictures, targets, weights, plan, *, side, view, how, steps, batch, rate=2e-3, decay=0.995, weight_decay=0.02,
                 seed=1, dtype=torch.bfloat16, mixup=0.0, groups=None, bootstrap=0.0, unlabelled=None, inside=0.0, graph=True, until=None, **course):
    """Findings alone. `targets`, `weights` [N]: the wanted probability of pneumonia, and what it counts.
    `groups` [N]: for group DRO, numbers from 0; None without. `bootstrap`: how much of the target is what the network itself has said of the
    picture so far, a moving mean over its views, against labels learned by heart. `unlabelled` [N]: the number of the source of a picture
    that has no finding, -1 for others; its target is what the network has said of it, aligned so that its source has both findings alike,
    where that is surer than 0.85. `inside`: weight of the saliency's share outside the lungs. `course`: as `loop` has it."""
    chance = chances(pictures.device)
    share = None
    said = targets.clone()
    if unlabelled is not None:
        said[unlabelled >= 0] = 0.5
        means = torch.full((int(unlabelled.max()) + 1,), 0.5, device=pictures.device)
    if groups is not None:
        share = torch.full((int(groups.max()) + 1,), 1.0 / (int(groups.max()) + 1), device=pictures.device)

    def loss(rows):
        x = reader_input(pictures, rows, side, dtype, view, how, chance, with_lungs=inside > 0)
        if inside > 0:
            x, lungs = x
            x = x.requires_grad_(True)
        wanted, counts = targets[rows], weights[rows]
        if mixup > 0:
            part = (chance[0](len(rows)) * mixup).clamp(min=0) * 0.5
            x = torch.lerp(x, x.roll(1, 0), part[:, None, None, None].to(x.dtype))
            wanted = torch.lerp(wanted, wanted.roll(1, 0), part)
        scores = encoder(x, True)[1]
        margin = scores[:, 1] - scores[:, 0]
        if bootstrap > 0 or unlabelled is not None:
            said.index_copy_(0, rows, torch.lerp(said[rows], torch.sigmoid(margin.detach().float()), 0.2))
        if bootstrap > 0:
            wanted = torch.lerp(wanted, said[rows], bootstrap)
        if unlabelled is not None:
            none, source = (unlabelled[rows] >= 0).float(), unlabelled[rows].clamp(min=0)
            number = torch.zeros_like(means).index_add_(0, source, none)
            mean = torch.zeros_like(means).index_add_(0, source, none * said[rows]) / number.clamp(min=1)
            means.lerp_(torch.where(number > 0, mean, means), 0.05)
            yes, no = said[rows] / means[source], (1 - said[rows]) / (1 - means[source])
            aligned = yes / (yes + no)
            sure = none * ((aligned - 0.5).abs() > 0.35)
            wanted, counts = torch.where(none > 0, aligned.round(), wanted), counts + sure
        each = F.binary_cross_entropy_with_logits(margin, wanted, reduction="none") * counts
        if inside > 0:
            saliency = torch.autograd.grad(margin.sum(), x, create_graph=True)[0].abs()[:, 0].float()
            outside = (saliency * (1 - lungs)).sum((1, 2)) / saliency.sum((1, 2)).clamp(min=1e-9)
            return each.sum() / counts.sum().clamp(min=1) + inside * outside.mean()
        if share is None:
            return each.sum() / counts.sum().clamp(min=1)
        g = groups[rows]
        sums = torch.zeros_like(share).index_add_(0, g, each.detach())
        number = torch.zeros_like(share).index_add_(0, g, counts)
        share.mul_(torch.exp(0.02 * sums / number.clamp(min=1)))
        share.div_(share.sum())
        # Images of a group weigh as it does, whatever its part of the batch.
        own = (share / number.clamp(min=1))[g]
        return (each * own).sum() / own.sum().clamp(min=1e-6)
    return loop(encoder, loss, plan, steps=steps, batch=batch, rate=rate, decay=decay, weight_decay=weight_decay, seed=seed, graph=graph,
                until=until, **course)


def read_all(encoder, pictures, *, side, view, dtype=torch.bfloat16, batch=256, rows=None):
    """The score of pneumonia less that of normal, for every picture, or for `rows`."""
    out = []
    rows = torch.arange(len(pictures.index), device=pictures.device) if rows is None else torch.as_tensor(rows, device=pictures.device)
    with torch.no_grad():
        for rows in rows.split(batch):
            scores = encoder(reader_input(pictures, rows, side, dtype, view))[1]
            out.append((scores[:, 1] - scores[:, 0]).cpu())
    return torch.cat(out).numpy()


def saliency_inside(encoder, pictures, rows, *, side, view, dtype=torch.bfloat16, batch=64):
    """Of pictures `rows` the share of the saliency that lies within the lungs, and the share of the view that they are: [n, 2]."""
    shares = []
    for part in torch.as_tensor(rows, device=pictures.device).split(batch):
        x, lungs = reader_input(pictures, part, side, dtype, view, with_lungs=True)
        x = x.requires_grad_(True)
        saliency, = torch.autograd.grad(encoder(x)[1].max(1).values.sum(), x)
        saliency = saliency.abs()[:, 0].float()
        shares.append(torch.stack([(saliency * lungs).sum((1, 2)) / saliency.sum((1, 2)), lungs.mean((1, 2))], 1).cpu())
    return torch.cat(shares).numpy()


def mask_loss(logits, wanted, counts):
    """Cross-entropy and Dice (smooth 1, per image) where `counts` [N, S, S] is 1."""
    cross = (F.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * counts).mean((1, 2))
    p = torch.sigmoid(logits) * counts
    t = wanted * counts
    dice = 1 - (2 * (p * t).sum((1, 2)) + 1) / (p.sum((1, 2)) + t.sum((1, 2)) + 1)
    return cross, dice


def train_whole(network, pictures, targets, weights, masks_used, plan, *, side, how, steps, batch, heads="two", partial=0.0, drawn=0.0,
                rate=2e-3, decay=0.995, weight_decay=0.01, seed=1, dtype=torch.bfloat16, graph=True, until=None, **course):
    """Masks and findings of the whole picture at a time. `masks_used` [N]: whether a person's mask is learned from.
    `heads`: "two" (one for each convention), "one" (both conventions mixed). `partial`: weight of what one convention says of the other
    (lung seen is lung; outside the whole lung none is seen). `drawn`: weight of masks that a model drew, where no person did."""
    chance = chances(pictures.device)
    convention = pictures.convention

    def loss(rows):
        whole = pictures.all_of_it.expand(len(rows), 4)
        grid = P.moved_grid(whole, 256, how, chance[0])
        x = P.sample(pictures.images[rows], grid) / 255
        person = P.sample(pictures.masks[rows], grid)
        model = P.sample(pictures.drawn[rows], grid) if drawn > 0 else None
        if side < 256:
            def half(t):
                return F.avg_pool2d(t[:, None], 256 // side)[:, 0]
            x, person = half(x), half(person)
            model = half(model) if model is not None else None
        x = channels_last(P.exposed(x, how, *chance), dtype)
        scores, logits = network(x, True)
        each = F.binary_cross_entropy_with_logits(scores[:, 1] - scores[:, 0], targets[rows], reduction="none")
        counts = weights[rows]
        total = (each * counts).sum() / counts.sum().clamp(min=1)
        used = masks_used[rows]
        kinds = convention[rows].float()
        everywhere = torch.ones_like(person)
        own = [kinds * used, (1 - kinds) * used] if heads == "two" else [used]
        for h, mine in enumerate(own):
            cross, dice = mask_loss(logits[:, h], person, everywhere)
            total = total + ((cross + 2 * dice) * mine).sum() / used.sum().clamp(min=1)
        if partial > 0 and heads == "two":
            seen, hidden = (1 - kinds) * used, kinds * used
            inside = (F.binary_cross_entropy_with_logits(logits[:, 0], everywhere, reduction="none") * person).mean((1, 2))
            outside = (F.binary_cross_entropy_with_logits(logits[:, 1], 1 - everywhere, reduction="none") * (1 - person)).mean((1, 2))
            total = total + partial * ((inside * seen).sum() + (outside * hidden).sum()) / used.sum().clamp(min=1)
        if drawn > 0:
            cross, dice = mask_loss(logits[:, 0], model, everywhere)
            without = (1 - kinds * used) * (model.sum((1, 2)) > 0)
            total = total + drawn * ((cross + 2 * dice) * without).sum() / without.sum().clamp(min=1)
        return total
    return loop(network, loss, plan, steps=steps, batch=batch, rate=rate, decay=decay, weight_decay=weight_decay, seed=seed, graph=graph,
                until=until, **course)


def dice_of(network, pictures, rows, *, side, dtype=torch.bfloat16, batch=64):
    """Of pictures `rows` the Dice of every head with the mask that a person drew, [n, heads], at `side` pixels."""
    dices = []
    for part in torch.as_tensor(rows, device=pictures.device).split(batch):
        with torch.no_grad():
            lung = (network(reader_input(pictures, part, side, dtype, "whole"))[1] > 0).float()
        person = pictures.masks[part].float()
        if side < 256:
            person = (F.avg_pool2d(person[:, None], 256 // side)[:, 0] >= 0.5).float()
        common = (lung * person[:, None]).sum((2, 3))
        dices.append((2 * common / (lung.sum((2, 3)) + person.sum((1, 2))[:, None]).clamp(min=1)).cpu())
    return torch.cat(dices).numpy()
