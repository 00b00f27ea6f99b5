"""The trainings of a study, as lists of jobs, in the order in which they are done."""
import zlib

FOLDS = {
    "A": ("hannover", "jsrt"), "B": ("shenzhen", "v7_ieee8023", "ieee8023_more"), "N": ("nih_talo", "nih_more"),
    "adults": ("v7_ieee8023", "ieee8023_more", "hannover", "shenzhen"), "jsrt": ("jsrt",), "none": ()}
# Beside the sources left out a quarter of NIH's patients is, to see what knowing the hospital is worth on patients that aren't known.
FOLDS |= {"A1": FOLDS["A"], "B2": FOLDS["B"]}
QUARTERS = {"A1": 0, "B2": 1}


def quarter(patient):
    return zlib.crc32(patient.encode()) % 4


FINDING_FOLDS, MASK_FOLDS = ("A", "B", "N"), ("adults", "jsrt")
# Measured with, never trained on nor chosen by.
NEVER = ("montgomery",)

# Stages: side in pixels, steps, batch, highest rate.
READER = dict(kind="reader", view="box", how="strong", exponent=0.3, balanced=True, both=False, other=None, soft=0.0, mixup=0.0, dro=False,
              unlabelled=(), inside=0.0, widths=(16, 32, 64, 128, 256), families=False, nih=1.0, stages=((128, 800, 128, 2e-3),), decay=0.99)
READERS = {
    "base": {}, "whole": dict(view="whole"), "usual": dict(how="usual"), "other": dict(other=0.5), "both": dict(both=True),
    "long": dict(stages=((128, 3200, 128, 2e-3),), decay=0.997), "unbalanced": dict(balanced=False), "soft": dict(soft=0.15),
    "dro": dict(dro=True), "mixup": dict(mixup=1.0), "wide": dict(widths=(16, 32, 96, 192, 384)), "lungs-only": dict(view="lungs-only"),
    "tb": dict(other=0.9), "fine": dict(stages=((256, 800, 128, 2e-3),)),
    "pseudo": dict(unlabelled=("shenzhen", "jsrt", "nih_more")), "pseudo-gated": dict(unlabelled=("nih_more",)),
    "inside": dict(view="whole", inside=1.0)}
# At the end, three seeds from the same weights, and the mean of what they come to.
SOUP = {f"seed-{k}": dict(stage=(128, 400, 128, 1e-3), seed=k) for k in (1, 2, 3)}
WHOLE = dict(kind="whole", how="strong", heads="two", partial=0.0, drawn=0.0, both=False, other=None, soft=0.0, families=False, nih=1.0,
             stages=((128, 900, 48, 2e-3),), decay=0.99)
WHOLES = {"two": {}, "partial": dict(partial=0.5), "one": dict(heads="one"), "drawn": dict(partial=0.5, drawn=0.3),
          "usual": dict(how="usual"), "hidden": dict(heads="hidden")}


def survey():
    """Every change alone, each source or group of sources left out, two seeds as far as time goes."""
    for seed in (1, 2):
        wholes = [(fold, name) for name in WHOLES for fold in MASK_FOLDS]
        for name in READERS:
            for fold in FINDING_FOLDS:
                yield dict(READER, recipe=name, fold=fold, seed=seed, **READERS[name])
            if wholes:
                fold, whole = wholes.pop(0)
                yield dict(WHOLE, recipe=whole, fold=fold, seed=seed, **WHOLES[whole])


CHOSEN = dict(families=True, nih=2.0, decay=0.997)


def release():
    """The two trainings whose weights are kept, and the same, shorter, with sources left out."""
    yield dict(WHOLE, **CHOSEN | dict(recipe="release", fold="none", seed=1, partial=0.5, drawn=0.3, keep=True,
                                      stages=((128, 2000, 64, 2e-3), (256, 3500, 32, 1e-3))))
    yield dict(READER, **CHOSEN | dict(recipe="release", fold="none", seed=1, keep=True,
                                       stages=((128, 3000, 128, 2e-3), (256, 5000, 96, 1e-3))))
    short = ((128, 1600, 128, 2e-3), (256, 800, 96, 1e-3))
    for view in ("box", "whole"):
        for fold in FINDING_FOLDS:
            yield dict(READER, **CHOSEN | dict(recipe=f"short-{view}", view=view, fold=fold, seed=1, stages=short))
    for fold in MASK_FOLDS:
        yield dict(WHOLE, **CHOSEN | dict(recipe="short", fold=fold, seed=1, partial=0.5, drawn=0.3, stages=((128, 1200, 64, 2e-3),)))


# What may follow the 128 pixels, each from the same weights: the stage at 256, and what is changed in it.
FINE = {"short": dict(stage=(256, 800, 96, 1e-3)), "flat": dict(stage=(256, 1000, 96, 7e-4), flat=True, decay=0.99, every=100),
        "bootstrap": dict(stage=(256, 1000, 96, 7e-4), flat=True, decay=0.99, every=100, bootstrap=0.6),
        "usual": dict(stage=(256, 1000, 96, 7e-4), flat=True, decay=0.99, every=100, how="usual")}


def fine():
    """How long to train at 256 pixels, and with what against learning by heart: every branch from the same training at 128 pixels."""
    for view in ("box", "whole"):
        for fold in ("A1", "B2", "N"):
            yield dict(READER, **CHOSEN | dict(recipe=f"fine-{view}", view=view, fold=fold, seed=1, stages=((128, 1600, 128, 2e-3),),
                                               branches={k: v for k, v in FINE.items() if k != "usual" or fold != "N"}))


def second():
    """What the survey had no time for: a second seed, pseudo-labels, saliency held within the lungs, means over seeds, wider masks."""
    def readers(seed, *names):
        for name in names:
            for fold in ("A", "B") if name == "pseudo-gated" else ("B", "N") if name == "inside" else FINDING_FOLDS:
                yield dict(READER, recipe=name, fold=fold, seed=seed, **READERS[name])
    yield dict(WHOLE, **CHOSEN | dict(recipe="wide", fold="none", seed=1, partial=0.5, drawn=0.3, widths=(24, 48, 96, 192, 384),
                                      stages=((128, 1200, 64, 2e-3),)))
    yield from readers(1, "inside", "whole", "pseudo", "base", "pseudo-gated")
    for fold in FINDING_FOLDS:
        yield dict(READER, recipe="soup", fold=fold, seed=1, branches=SOUP)
    yield from readers(2, "base", "soft", "pseudo", "other", "usual", "dro", "mixup", "inside", "whole")


def name_of(job):
    """Under which its scores are kept."""
    return f"{job['kind']}/{job['recipe']}/{job['fold']}/{job['seed']}"
