"""Encoder + decoder of MultiMix (no saliency pass) in another inference engine, timed as torch_multimix.py does.

    python forward_elsewhere.py {openvino|onnxruntime} PEER BATCH SIZE RUNS THREADS

PEER is torch_multimix.py; the network comes from it, with its random weights (time doesn't depend on them). Prints the
peer's line; refuses to time an engine whose outputs differ from PyTorch's. Exit status 3: a package is missing.
"""
import importlib.util
import pathlib
import sys
import tempfile
import time


def openvino_runner(network, x, saliency, threads):
    import openvino as ov
    core = ov.Core()
    model = ov.convert_model(network, example_input=(x, saliency))
    model.reshape({model.inputs[0]: list(x.shape), model.inputs[1]: list(saliency.shape)})
    compiled = core.compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    inputs = [x.numpy(), saliency.numpy()]

    def run():
        request.infer(inputs)
        return [request.get_output_tensor(i).data for i in (0, 1)]
    return run


def onnxruntime_runner(network, x, saliency, threads):
    import onnxruntime as ort
    import torch
    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "multimix.onnx")
        torch.onnx.export(network, (x, saliency), path, input_names=["x", "saliency"],
                          output_names=["mask_logits", "class_logits"], external_data=False)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    inputs = {"x": x.numpy(), "saliency": saliency.numpy()}
    return lambda: session.run(None, inputs)


def main():
    engine, peer_path = sys.argv[1], sys.argv[2]
    batch, size, runs, threads = map(int, sys.argv[3:7])
    try:
        import torch
        spec = importlib.util.spec_from_file_location("peer", peer_path)
        peer = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(peer)

        class Forward(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.net = peer.MultiMix()

            def forward(self, x, saliency):
                features, scores = self.net.encoder(x)
                return self.net.decoder(x, features, saliency), scores

        torch.manual_seed(0)
        torch.set_num_threads(threads)
        network = Forward().eval()
        x, saliency = torch.rand(batch, 1, size, size), torch.rand(batch, 1, size, size)
        make = {"openvino": openvino_runner, "onnxruntime": onnxruntime_runner}[engine]
        with torch.no_grad():
            expected = network(x, saliency)
            run = make(network, x, saliency, threads)
    except ImportError as error:
        print(f"{engine}: {error}", file=sys.stderr)
        sys.exit(3)

    for ours, theirs in zip(run(), expected):
        difference = float((torch.as_tensor(ours) - theirs).abs().max())
        if difference > 1e-2:
            sys.exit(f"{engine}: outputs differ from PyTorch's by {difference:.1e}; not timed")
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    times.sort()
    print(f"{engine} batch {batch} size {size} threads {threads}: "
          f"min {times[0]:.4f} s, median {times[len(times) // 2]:.4f} s")


if __name__ == "__main__":
    main()
