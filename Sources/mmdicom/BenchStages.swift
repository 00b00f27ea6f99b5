import Foundation
import MultiMix
import Tensors

/// The network stage by stage, each beside what limits it: matrix products beside multiply-adds in registers alone,
/// transforms and passes beside copying memory. A map that is in a cache moves faster than memory copies, so the share
/// of the latter two may exceed one.
struct BenchStages {
  private let layers: [Benchmark.Layer]
  private let passes: [Benchmark.Pass]
  /// What the products can't exceed.
  private let gflops: Double
  private let bytesPerSecond: Double

  init(_ benchmark: Benchmark, runs: Int) {
    // The portable kernels have OpenBLAS do their products, with the widest vectors that the processor has.
    gflops =
      Float.kernels.name == "portable"
      ? MachinePeak.gflops(threads: benchmark.threads)
      : MachinePeak.registerGFLOPS(threads: benchmark.threads)
    bytesPerSecond = MachinePeak.bytesPerSecond(threads: benchmark.threads)
    layers = benchmark.layers(runs: runs)
    passes = benchmark.passes(runs: runs)
  }

  struct Share {
    let key: String
    let value: Double
    let text: String
  }

  /// The limit of the products, and the shares of the whole forward pass' convolutions and of the passes between them.
  var shares: [Share] {
    let products = layers.reduce(0) { $0 + $1.products }
    let transforms = layers.reduce(0) { $0 + $1.forward - $1.products }
    let pass = passes.reduce(0) { $0 + $1.seconds }
    let limit = Share(
      key: "register_gflops", value: gflops,
      text: String(format: "%.0f GFLOPS (what no product of these kernels can exceed)", gflops))
    return [
      limit,
      share(
        "products", products, floor: layers.reduce(0) { $0 + $1.productGFLOP } / gflops, "the registers'"),
      share(
        "transforms", transforms, floor: layers.reduce(0) { $0 + $1.bytes } / bytesPerSecond, "the memory's"),
      share("passes", pass, floor: passes.reduce(0) { $0 + $1.bytes } / bytesPerSecond, "the memory's"),
    ]
  }

  private func share(_ stage: String, _ seconds: Double, floor: Double, _ whose: String) -> Share {
    Share(
      key: "\(stage)_share", value: floor / seconds,
      text: String(format: "%.2f of \(whose) limit, %.2f ms", floor / seconds, seconds * 1e3))
  }

  /// As Markdown.
  func printTables() {
    Terminal.result(
      String(format: "memory            %.0f GB/s (copying)\n\n", bytesPerSecond / 1e9)
        + "| layer | map | channels | direct GFLOP | forward ms | effective GFLOPS | products ms "
        + "| products' share of the registers' limit | transforms ms | transforms' share of the memory's limit "
        + "| im2col product ms | dx ms | dw ms | limit |\n|" + String(repeating: "---|", count: 14) + "\n")
    for layer in layers {
      let transforms = layer.forward - layer.products
      func shown(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
      let columns = [
        layer.name, "\(layer.size)x\(layer.size)", "\(layer.inputs)-\(layer.outputs)", shown(layer.gflop, 3),
        shown(layer.forward * 1e3, 2), shown(layer.gflop / layer.forward, 0), shown(layer.products * 1e3, 2),
        shown(layer.productGFLOP / gflops / layer.products, 2),
        layer.inputs == 1 ? "-" : shown(transforms * 1e3, 2),
        layer.inputs == 1 ? "-" : shown(layer.bytes / bytesPerSecond / transforms, 2),
        shown(layer.im2colProduct * 1e3, 2), shown(layer.inputGradient * 1e3, 2),
        shown(layer.weightGradient * 1e3, 2), layer.limit(bytesPerSecond: bytesPerSecond),
      ]
      Terminal.result("| " + columns.joined(separator: " | ") + " |\n")
    }
    Terminal.result(
      "\n| pass | map | channels | ms | GB/s | share of the memory's limit |\n|---|---|---|---|---|---|\n")
    for pass in passes {
      Terminal.result(
        "| \(pass.name) | \(pass.size)x\(pass.size) | \(pass.channels) | "
          + String(
            format: "%.3f | %.0f | %.2f |\n", pass.seconds * 1e3, pass.bytes / pass.seconds / 1e9,
            pass.bytes / pass.seconds / bytesPerSecond))
    }
  }
}
