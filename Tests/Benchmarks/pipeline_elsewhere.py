"""The whole way of one file in Python, timed as torch_multimix.py times its parts: DICOM to Secondary Capture and row.

    python pipeline_elsewhere.py PEER MODEL FILE RUNS THREADS

PEER is torch_multimix.py, MODEL a safetensors file, FILE a radiograph. Decodes with pydicom (pylibjpeg-openjpeg), runs
the network in PyTorch, over the whole picture and, where the model has a reader for it, over the lungs; draws the lungs'
outline and the saliency's heat map, and writes what mmdicom writes: the two pictures in JPEG, the lungs' masks and the
findings with highdicom, both pictures side by side as PNG with Pillow, and a row of CSV. Prints the parts' medians and the
peer's line. Exit status 3: a package is missing.
"""
import csv
import importlib.util
import pathlib
import statistics
import sys
import tempfile
import time

SIZE = 256
# Height of the caption, in parts of the width: that of mmdicom's on a picture of 512 pixels.
BAND = 57 / 512


class Model:
    """The peer's network in evaluation mode, the reader of the lungs (or none), and what the model says of itself."""

    def __init__(self, path, model):
        import safetensors
        import safetensors.torch
        spec = importlib.util.spec_from_file_location("peer", path)
        peer = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(peer)
        weights = {name: tensor.float() for name, tensor in safetensors.torch.load_file(model).items()}
        lungs = {name.removeprefix("lungs."): tensor for name, tensor in weights.items() if name.startswith("lungs.")}
        # The second way to draw lungs is left out: it costs next to nothing, and no result shows it.
        whole = {name: tensor for name, tensor in weights.items()
                 if not name.startswith("lungs.") and "conv_last_visible" not in name}
        self.network = self.filled(peer, whole, model)
        # The reader is an encoder; what the network has beside it isn't run.
        self.reader = self.filled(peer, whole | lungs, model) if lungs else None
        with safetensors.safe_open(model, "pt") as file:
            says = file.metadata() or {}
        self.names = says.get("class_names", "normal,pneumonia").split(",")
        self.temperature = float(says.get("temperature", 1))
        self.margin = float(says.get("lungs_margin", 0))
        self.weight = float(says.get("lungs_weight", 1)) if lungs else 0

    @staticmethod
    def filled(peer, weights, model):
        network = peer.MultiMix()
        missing = network.load_state_dict(weights, strict=False)
        if missing.missing_keys or missing.unexpected_keys:
            sys.exit(f"{model}: the weights don't fit the network: {missing}")
        return network.eval()


def decode(path):
    """The data set, and its brightness 0 (black) to 1 (white)."""
    import numpy as np
    import pydicom
    from pydicom.pixels import apply_modality_lut, apply_voi_lut
    data_set = pydicom.dcmread(path)
    values = apply_voi_lut(apply_modality_lut(data_set.pixel_array, data_set), data_set).astype(np.float32)
    values -= values.min()
    values /= max(float(values.max()), 1e-6)
    return data_set, 1 - values if data_set.PhotometricInterpretation == "MONOCHROME1" else values


def stretched(plane, low, high):
    return ((plane - low) / max(high - low, 1e-6)).clamp(0, 1)


def predict(model, values):
    """Class probabilities, probability of lung and saliency, the maps at the network's size."""
    import numpy as np
    import torch

    def resized(plane, size):
        return torch.nn.functional.interpolate(plane, size, mode="bilinear", antialias=True)
    low, high = (float(limit) for limit in np.percentile(values, (0.5, 99.5)))
    picture = torch.from_numpy(values)[None, None]
    x = stretched(resized(picture, (SIZE, SIZE)), low, high)
    saliency = model.network.saliency(x)
    with torch.inference_mode():
        features, scores = model.network.encoder(x)
        lung = torch.sigmoid(model.network.decoder(x, features, saliency))
    inside = (lung[0, 0] >= 0.5).nonzero()
    if model.reader and len(inside):
        # The lungs with a margin, cut from a square of twice the detail.
        (top, left), (bottom, right) = inside.min(0).values.tolist(), (inside.max(0).values + 1).tolist()
        height, width = model.margin * (bottom - top), model.margin * (right - left)
        top, bottom, left, right = (
            round(2 * min(max(edge, 0), SIZE))
            for edge in (top - height, bottom + height, left - width, right + width))
        part = resized(resized(picture, (2 * SIZE, 2 * SIZE))[:, :, top:bottom, left:right], (SIZE, SIZE))
        part = stretched(part, *(float(limit) for limit in np.percentile(part.numpy(), (0.5, 99.5))))
        close = model.reader.saliency(part)
        with torch.inference_mode():
            _, own = model.reader.encoder(part)
        scores = model.weight * own + (1 - model.weight) * scores
        saliency = torch.zeros_like(saliency)
        box = [edge // 2 for edge in (top, bottom, left, right)]
        saliency[:, :, box[0]:box[1], box[2]:box[3]] = resized(close, (box[1] - box[0], box[3] - box[2]))
    return (scores / model.temperature).softmax(1)[0], lung, saliency


def draw(values, lung, saliency, text):
    """Two pictures, rows x columns x 3 with a caption below: the lungs' outline, and the heat map; and the lungs' mask."""
    import numpy as np
    import torch
    from PIL import Image, ImageDraw
    rows, columns = values.shape

    def enlarged(plane):
        return torch.nn.functional.interpolate(plane, (rows, columns), mode="bilinear")[0, 0].numpy()

    inside = enlarged(lung) >= 0.5
    edge = np.zeros_like(inside)
    edge[:-1] |= inside[:-1] != inside[1:]
    edge[:, :-1] |= inside[:, :-1] != inside[:, 1:]
    smooth = torch.nn.functional.avg_pool2d(saliency, 11, 1, 5)
    strength = enlarged(smooth / smooth.max().clamp_min(1e-12))[..., None]
    grey = np.repeat(values[..., None], 3, 2)
    outline = grey.copy()
    outline[edge] = (0.1, 0.9, 1)
    opacity = 0.58 * strength
    heat = grey * (1 - opacity) + np.float32((1, 0.45, 0.1)) * opacity
    pictures = []
    for picture in (outline, heat):
        canvas = Image.new("RGB", (columns, rows + round(BAND * columns)), (15, 18, 20))
        canvas.paste(Image.fromarray((picture * 255 + 0.5).clip(0, 255).astype(np.uint8)))
        ImageDraw.Draw(canvas).multiline_text((8, rows + 4), text, (232, 235, 237))
        pictures.append(np.asarray(canvas))
    return pictures, inside


def write(data_set, pictures, inside, probability, folder):
    """Two Secondary Captures, as highdicom has no multi-frame one in colour; a Segmentation; a report; a preview."""
    import highdicom
    import numpy as np
    from highdicom.sr import (
        CodedConcept, ComprehensiveSR, DeviceObserverIdentifyingAttributes, Measurement, MeasurementReport,
        MeasurementsAndQualitativeEvaluations, ObservationContext, ObserverContext, SourceImageForMeasurementGroup,
        TrackingIdentifier)
    from PIL import Image
    from pydicom.sr.codedict import codes
    uid = data_set.SOPInstanceUID
    series = highdicom.UID()
    for number, picture in enumerate(pictures, 1):
        highdicom.sc.SCImage.from_ref_dataset(
            data_set, picture, photometric_interpretation="YBR_FULL_422", bits_allocated=8, coordinate_system="PATIENT",
            series_instance_uid=series, series_number=9001, sop_instance_uid=highdicom.UID(),
            instance_number=number, manufacturer="benchmark", patient_orientation=("L", "F"),
            transfer_syntax_uid="1.2.840.10008.1.2.4.50",
        ).save_as(folder / f"{uid}.{number}.dcm")
    middle = inside.shape[1] // 2
    sides = np.zeros((*inside.shape, 2), bool)
    sides[:, :middle, 0], sides[:, middle:, 1] = inside[:, :middle], inside[:, middle:]
    device = dict(manufacturer="benchmark", manufacturer_model_name="benchmark", software_versions="1",
                  device_serial_number="1")
    segmentation = highdicom.seg.Segmentation(
        [data_set], sides[None], "BINARY",
        [highdicom.seg.SegmentDescription(
            number, name, codes.SCT.AnatomicalStructure, codes.SCT.Lung, "AUTOMATIC",
            algorithm_identification=highdicom.AlgorithmIdentificationSequence("benchmark", codes.DCM.ArtificialIntelligence,
                                                                               "1"))
         for number, name in ((1, "Right lung"), (2, "Left lung"))],
        series_instance_uid=highdicom.UID(), series_number=9002, sop_instance_uid=highdicom.UID(), instance_number=1,
        omit_empty_frames=False, **device)
    segmentation.save_as(folder / f"{uid}.segmentation.dcm")
    report = MeasurementReport(
        ObservationContext(observer_device_context=ObserverContext(
            codes.DCM.Device, DeviceObserverIdentifyingAttributes(uid=highdicom.UID()))),
        procedure_reported=CodedConcept("36643-5", "LN", "XR Chest 2 Views"), title=codes.DCM.ImagingMeasurementReport,
        imaging_measurements=[MeasurementsAndQualitativeEvaluations(
            TrackingIdentifier(highdicom.UID(), "pneumonia"),
            measurements=[Measurement(
                CodedConcept("probability", "99BENCHMARK", "Probability of pneumonia"), probability, codes.UCUM.NoUnits)],
            source_images=[SourceImageForMeasurementGroup.from_source_image(data_set)])])
    ComprehensiveSR(
        [data_set], report[0], series_instance_uid=highdicom.UID(), series_number=9003,
        sop_instance_uid=highdicom.UID(), instance_number=1, manufacturer="benchmark",
    ).save_as(folder / f"{uid}.report.dcm")
    Image.fromarray(np.concatenate(pictures, 1)).save(folder / f"{uid}.png", compress_level=1)


def main():
    peer, model, path = sys.argv[1:4]
    runs, threads = map(int, sys.argv[4:6])
    try:
        import highdicom  # noqa: F401
        import openjpeg  # noqa: F401
        import pydicom  # noqa: F401
        import torch
        from PIL import Image  # noqa: F401
        torch.set_num_threads(threads)
        model = Model(peer, model)
    except ImportError as error:
        print(f"pipeline: {error}", file=sys.stderr)
        sys.exit(3)

    parts = {"decode": [], "inference": [], "overlay": [], "write": []}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for _ in range(runs + 1):
            marks = [time.perf_counter()]
            data_set, values = decode(path)
            marks.append(time.perf_counter())
            probabilities, lung, saliency = predict(model, values)
            marks.append(time.perf_counter())
            finding = model.names[int(probabilities.argmax())]
            probability = float(probabilities[model.names.index("pneumonia")])
            text = f"Pneumonia probability {probability:.2f} - finding: {finding}\nResearch use only"
            pictures, inside = draw(values, lung, saliency, text)
            marks.append(time.perf_counter())
            write(data_set, pictures, inside, probability, folder)
            with open(folder / "report.csv", "a", newline="") as file:
                csv.writer(file).writerow([
                    data_set.StudyInstanceUID, data_set.SeriesInstanceUID, data_set.SOPInstanceUID, finding,
                    f"{probability:.4f}", f"{float((lung >= 0.5).float().mean()):.4f}"])
            marks.append(time.perf_counter())
            for part, begin, end in zip(parts.values(), marks, marks[1:]):
                part.append(end - begin)
    # The first run warms up.
    times = sorted(sum(run) for run in list(zip(*parts.values()))[1:])
    detail = ", ".join(f"{name} {statistics.median(part[1:]):.4f} s" for name, part in parts.items())
    print(f"of which {detail}; pneumonia {probability:.4f}")
    print(f"pipeline batch 1 size {SIZE} threads {threads}: "
          f"min {times[0]:.4f} s, median {times[len(times) // 2]:.4f} s")


if __name__ == "__main__":
    main()
