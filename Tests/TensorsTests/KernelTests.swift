import Foundation
import Tensors
import TestSupport
import Testing

/// Every vectorised operation against the plain reference, for every instruction set that runs here.
@Suite struct KernelTests {
  @Test("many who ask at once are told the same of the kernels")
  func signature() {
    let told = concurrentMap(0..<2000, threads: 8) { _ in Float.kernels.signature }
    #expect(Set(told).count == 1 && told[0].hasPrefix(Float.kernels.name))
  }

  @Test func double() { KernelChecks<Double>().all() }

  /// Float on the instruction set that this process picked.
  @Test func float() { KernelChecks<Float>().all() }

  @Test func largeWeightGradients() { checkLargeWeightGradients() }

  // The kernels are picked once per process, so the other instruction sets run in processes of their own.
  @Test(.enabled(if: Float.kernels.name != "portable", "tested above"))
  func portable() async {
    await #expect(processExitsWith: .success) { runChecks(on: "portable") }
  }
  @Test(
    .enabled(if: Kernels.float32("avx2") != nil && Float.kernels.name != "avx2", "lacking, or tested above"))
  func avx2() async {
    await #expect(processExitsWith: .success) { runChecks(on: "avx2") }
  }
  @Test(
    .enabled(
      if: Kernels.float32("avx512") != nil && Float.kernels.name != "avx512", "lacking, or tested above"))
  func avx512() async {
    await #expect(processExitsWith: .success) { runChecks(on: "avx512") }
  }

  @Test(
    .enabled(if: Kernels.float32("neon") != nil && Float.kernels.name != "neon", "lacking, or tested above"))
  func neon() async {
    await #expect(processExitsWith: .success) { runChecks(on: "neon") }
  }

  @Test func unknownInstructionSet() {
    #expect(Kernels.float32("avx1024") == nil)
    #expect(Kernels.float32("portable") != nil)
  }

  /// A name that can't be had leaves the choice to the processor, and says so.
  @Test func unknownInstructionSetIsNamed() async throws {
    let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
      unsafe unsetenv("MMDICOM_KERNELS")
      let best = ["avx512", "avx2", "neon", "portable"].first { Kernels.float32($0) != nil }
      unsafe setenv("MMDICOM_KERNELS", "avx1024", 1)
      #expect(Float.kernels.name == best)
    }
    #expect(String(decoding: result.standardErrorContent, as: UTF8.self).contains("MMDICOM_KERNELS=avx1024"))
  }
}

private func runChecks(on instructionSet: String) {
  unsafe setenv("MMDICOM_KERNELS", instructionSet, 1)
  #expect(Float.kernels.name == instructionSet)
  KernelChecks<Float>().all()
  checkLargeWeightGradients()
  checkThreads()
  checkEveryKernelOnWorkers()
}

/// Results are the same to the last bit for any number of workers.
private func checkThreads() {
  #expect(pass(workers: 1) == pass(workers: 2))
  #expect(pass(workers: 1) == pass(workers: 3))
  // More than there are blocks: convolutions go stage by stage.
  #expect(pass(workers: 1) == pass(workers: 9))
}

/// Everything that a block of the network computes, on maps of many blocks.
private func pass(workers count: Int) -> [[Float]] {
  var samples = Samples(21)
  let workers = Workers(count: count)
  let size = Size(67, 70)
  let x = FeatureMap<Float>(samples.map(size, 32))
  let filter = ConvolutionFilter<Float>(inputs: 32, outputs: 48)
  filter.refresh(from: MemorySlice(samples.values(48 * 32 * 9)), on: workers)
  let y = FeatureMap<Float>(height: size.height, width: size.width, channels: 48)
  let a = FeatureMap<Float>(height: size.height, width: size.width, channels: 48)
  let statistics = InstanceStatistics<Float>(channels: 48)
  let dropout = Dropout(rate: 0.25, seed: 5)
  x.convolve(filter, bias: MemorySlice(samples.values(48)), into: y, statistics: statistics, on: workers)
  y.normalize(statistics, slope: 0.2, dropout: dropout, into: a, on: workers)
  let pooled = FeatureMap<Float>(height: 33, width: 35, channels: 48)
  let choice = PoolingChoice(height: 33, width: 35, channels: 48)
  a.maxPool(into: pooled, choice: choice, on: workers)
  let doubled = FeatureMap<Float>(height: 66, width: 70, channels: 48)
  pooled.upsample(into: doubled, on: workers)
  let back = FeatureMap<Float>(height: 33, width: 35, channels: 48)
  doubled.upsampleGradient(into: back, on: workers)
  let d = FeatureMap<Float>(height: size.height, width: size.width, channels: 48)
  back.maxPoolGradient(choice: choice, adding: a, into: d, on: workers)
  y.normalizeGradient(statistics, slope: 0.2, dropout: dropout, gradient: d, on: workers)
  let dx = FeatureMap<Float>(height: size.height, width: size.width, channels: 32)
  d.convolveInputGradient(filter, into: dx, on: workers)
  let sum = ConvolutionFilterGradient<Float>(inputs: 32, outputs: 48)
  x.accumulateFilterGradient(d, into: sum, on: workers)
  let dw = MemorySlice<Float>(Array(repeating: 0, count: 48 * 32 * 9))
  sum.finish(into: dw, on: workers)
  let plane = FeatureMap<Float>(samples.map(size, 1))
  let first = FeatureMap<Float>(height: size.height, width: size.width, channels: 16)
  let firstStatistics = InstanceStatistics<Float>(channels: 16)
  plane.convolvePlane(
    weights: MemorySlice(samples.values(144)), bias: nil, into: first, statistics: firstStatistics,
    on: workers)
  first.normalize(firstStatistics, slope: 0.2, dropout: .none, into: first, on: workers)
  let planeGradient = FeatureMap<Float>(height: size.height, width: size.width, channels: 1)
  first.convolvePlaneInputGradient(
    weights: MemorySlice(samples.values(144)), into: planeGradient, on: workers)
  let logits = FeatureMap<Float>(height: size.height, width: size.width, channels: 1)
  first.project(
    weights: MemorySlice(samples.values(16)), bias: MemorySlice([0.5]), into: logits, on: workers)
  return [dw.memory.values, planeGradient.plane(), logits.plane()] + (0..<48).map { y.plane($0) }
    + (0..<48).map { d.plane($0) } + (0..<32).map { dx.plane($0) }
}

@Suite struct WorkersTests {
  @Test func threadsChangeNoBit() { checkThreads() }

  @Test func threadsChangeNoBitOfAnyKernel() { checkEveryKernelOnWorkers() }

  @Test func startsAsManyAsAsked() {
    #expect(Workers(count: 3).count == 3)
    #expect(Workers(count: 0).count == 1)
  }
}

@Suite struct DropoutTests {
  /// Dropped elements of a large map: 25 % within four standard deviations, and different for each seed.
  @Test func rateIsKept() {
    let size = Size(64, 64)
    var samples = Samples(22)
    let (map, statistics) = KernelChecks<Float>().identity(samples.map(size, 16))
    var masks: [[Bool]] = []
    for seed in [UInt32(0), 1, 2, .max] {
      let a = FeatureMap<Float>(height: 64, width: 64, channels: 16)
      map.normalize(
        statistics, slope: 0.2, dropout: Dropout(rate: 0.25, seed: seed), into: a, on: Workers(count: 1))
      let dropped = a.reference(16).values.map { $0 == 0 }
      let n = Double(dropped.count)
      let rate = Double(dropped.count { $0 }) / n
      #expect(abs(rate - 0.25) < 4 * (0.25 * 0.75 / n).squareRoot(), "seed \(seed): \(rate)")
      masks.append(dropped)
    }
    for i in masks.indices {
      for j in 0..<i {
        // Independent masks differ in 2 * 0.25 * 0.75 of their elements.
        let differing = Double(zip(masks[i], masks[j]).count { $0 != $1 }) / Double(masks[i].count)
        #expect(abs(differing - 0.375) < 0.02)
      }
    }
  }

  @Test func otherRatesScale() {
    var samples = Samples(23)
    let (map, statistics) = KernelChecks<Double>().identity(samples.map(Size(32, 32), 16))
    let plain = FeatureMap<Double>(height: 32, width: 32, channels: 16)
    let dropped = FeatureMap<Double>(height: 32, width: 32, channels: 16)
    map.normalize(statistics, slope: 0.2, dropout: .none, into: plain, on: Workers(count: 1))
    map.normalize(
      statistics, slope: 0.2, dropout: Dropout(rate: 0.5, seed: 3), into: dropped, on: Workers(count: 1))
    let pairs = zip(plain.reference(16).values, dropped.reference(16).values)
    #expect(pairs.allSatisfy { $1 == 0 || abs($1 - 2 * $0) < 1e-15 })
    let kept = Double(pairs.count { $1 != 0 }) / Double(32 * 32 * 16)
    #expect(abs(kept - 0.5) < 0.02)
  }
}

@Suite struct PlaneTests {
  @Test func channelMeansAndTheirGradient() {
    var samples = Samples(24)
    let x = samples.map(Size(5, 7), 32)
    let map = FeatureMap<Float>(x)
    for (c, mean) in map.channelMeans().enumerated() {
      let expected = stride(from: c, to: x.values.count, by: 32).reduce(0) { $0 + x.values[$1] } / 35
      #expect(abs(Double(mean) - expected) < 1e-7)
    }
    map.fill(eachPixel: (0..<32).map(Float.init))
    #expect((0..<32).allSatisfy { c in map.plane(c).allSatisfy { $0 == Float(c) } })
  }

  /// The bridge: image and saliency at an eighth, into two channels of a wider map.
  @Test func resampleIntoOneChannel() {
    var samples = Samples(25)
    let x = samples.map(Size(48, 32), 1)
    let joined = FeatureMap<Double>(height: 6, width: 4, channels: 18)
    joined.resample(FeatureMap(x), intoChannel: 17)
    #expect(relativeError(joined.plane(17), Reference.upsample(x, height: 6, width: 4).values) < 1e-14)
    #expect(joined.isZero(from: 18) && joined.plane(16).allSatisfy { $0 == 0 })
  }

  @Test func magnitude() {
    let map = FeatureMap<Float>(height: 1, width: 3, channels: 1)
    map.setPlane(0, [-1, 0, 2])
    map.formMagnitude()
    #expect(map.plane() == [1, 0, 2])
  }
}
