"""The whole way of one file in Python, timed as torch_multimix.py times its parts: DICOM to Secondary Capture and row.

    python pipeline_elsewhere.py PEER MODEL FILE RUNS THREADS

PEER is torch_multimix.py, MODEL a safetensors file, FILE a radiograph. Decodes with pydicom (pylibjpeg-openjpeg), runs
the network in PyTorch, draws the lungs' outline and the saliency's heat map, and writes two colour pictures with
highdicom and a row of CSV. Prints the parts' medians and the peer's line. Exit status 3: a package is missing.
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


def load(path, model):
    """The peer's network in evaluation mode, and the names of its classes."""
    import safetensors
    import safetensors.torch
    spec = importlib.util.spec_from_file_location("peer", path)
    peer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peer)
    network = peer.MultiMix()
    weights = {name: tensor.float() for name, tensor in safetensors.torch.load_file(model).items()}
    missing = network.load_state_dict(weights, strict=False)
    if missing.missing_keys or missing.unexpected_keys:
        sys.exit(f"{model}: the weights don't fit the network: {missing}")
    with safetensors.safe_open(model, "pt") as file:
        names = (file.metadata() or {}).get("class_names", "normal,pneumonia").split(",")
    return network.eval(), names


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


def predict(network, values):
    """Class scores, probability of lung and saliency, the maps at the network's size."""
    import numpy as np
    import torch
    low, high = (float(limit) for limit in np.percentile(values, (0.5, 99.5)))
    x = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], (SIZE, SIZE), mode="bilinear", antialias=True)
    x = ((x - low) / max(high - low, 1e-6)).clamp(0, 1)
    saliency = network.saliency(x)
    with torch.inference_mode():
        features, scores = network.encoder(x)
        lung = torch.sigmoid(network.decoder(x, features, saliency))
    return scores.softmax(1)[0], lung, saliency


def draw(values, lung, saliency, text):
    """Two pictures, rows x columns x 3 with a caption below: the lungs' outline, and the heat map."""
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
    return pictures


def write(data_set, pictures, folder):
    """One Secondary Capture for each picture: highdicom has no multi-frame one in colour."""
    import highdicom
    series = highdicom.UID()
    for number, picture in enumerate(pictures, 1):
        highdicom.sc.SCImage.from_ref_dataset(
            data_set, picture, photometric_interpretation="RGB", bits_allocated=8, coordinate_system="PATIENT",
            series_instance_uid=series, series_number=9001, sop_instance_uid=highdicom.UID(),
            instance_number=number, manufacturer="benchmark", patient_orientation=("L", "F"),
            transfer_syntax_uid="1.2.840.10008.1.2.1",
        ).save_as(folder / f"{data_set.SOPInstanceUID}.{number}.dcm")


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
        network, names = load(peer, model)
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
            probabilities, lung, saliency = predict(network, values)
            marks.append(time.perf_counter())
            finding = names[int(probabilities.argmax())]
            probability = float(probabilities[names.index("pneumonia")])
            text = f"Pneumonia probability {probability:.2f} - finding: {finding}\nResearch use only"
            pictures = draw(values, lung, saliency, text)
            marks.append(time.perf_counter())
            write(data_set, pictures, folder)
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
