import Foundation
import NeuralNetworks
import Tensors
import Testing

@Suite struct AdamTests {
  static let start = [1.0, -2.0, 0.5, 0.0]
  static let gradients = [
    [0.1, -0.2, 3.0, 0.0], [0.5, 0.1, -1e-3, 1e-6], [-0.3, 4.0, 0.25, -2.0], [0.0, 0.0, 1e-8, 0.7],
    [1.0, -1.0, 1.0, -1.0],
  ]
  /// PyTorch 2, float64: `torch.optim.Adam([p], lr=1e-2)`, p after each of five steps with `p.grad` from above.
  static let pytorch = [
    [0.9900000009999999, -1.9900000005, 0.4900000000333333, 0.0],
    [0.9813895386180784, -1.9873366302718676, 0.4833018995932777, -0.00733762450049168],
    [0.9788942564094955, -1.9936000184611484, 0.4776111358837787, -0.0009494914364637187],
    [0.9768502730666925, -1.9987306049470677, 0.4729496085099721, 0.0020686167163381118],
    [0.9712749992360518, -2.0016154679987936, 0.46748848473119603, 0.006705101572925867],
  ]
  /// The same with `torch.optim.AdamW([p], lr=1e-2, weight_decay=0.3)`.
  static let decayed = [
    [0.9870000009999998, -1.9840000005, 0.4885000000333333, 0.0],
    [0.9754285386150784, -1.9753846302703675, 0.4803363995931777, -0.00733762450049168],
    [0.9700069707906501, -1.9757218645688372, 0.47320462668489915, -0.0009274785629622435],
    [0.9650529665354752, -1.97492528546105, 0.4671234854310379, 0.0020934120255284737],
    [0.9565825338052281, -1.9718853726563925, 0.4602609911959687, 0.006723616646039644],
  ]

  @Test func stepsAgreeWithPyTorch() {
    #expect(largestError(Double.self, Self.pytorch, weightDecay: 0) < 1e-14)
    #expect(largestError(Float.self, Self.pytorch, weightDecay: 0) < 3e-7)
    #expect(largestError(Double.self, Self.decayed, weightDecay: 0.3) < 1e-14)
    #expect(largestError(Float.self, Self.decayed, weightDecay: 0.3) < 3e-7)
  }

  private func largestError<Element: Scalar>(
    _: Element.Type, _ trajectory: [[Double]], weightDecay: Double
  ) -> Double {
    var layout = ParameterLayout()
    layout.add("a", [2, 1])
    layout.add("b", [2])
    let parameters = Parameters<Element>(layout)
    let gradient = Parameters<Element>(layout)
    parameters.memory.values = Self.start.map { Element($0) }
    let adam = Adam<Element>(layout, weightDecay: weightDecay)
    var worst = 0.0
    for (i, (values, expected)) in zip(Self.gradients, trajectory).enumerated() {
      gradient.memory.values = values.map { Element($0) }
      adam.update(parameters, gradient: gradient, learningRate: 1e-2, step: i + 1)
      for (a, b) in zip(parameters.memory.values, expected) { worst = max(worst, abs(Double(a) - b)) }
    }
    return worst
  }
}

@Suite struct WeightAverageTests {
  private func average(_ weights: [[Double]], decay: Double) -> [Double] {
    var layout = ParameterLayout()
    layout.add("a", [2])
    let parameters = Parameters<Double>(layout)
    parameters.memory.values = weights[0]
    let average = WeightAverage(of: parameters, decay: decay)
    for (i, values) in weights.enumerated().dropFirst() {
      parameters.memory.values = values
      average.update(with: parameters, step: i)
    }
    #expect(parameters.memory.values == weights[weights.count - 1])
    return average.parameters.memory.values
  }

  /// From 1: 2/11 of 1 and 9/11 of 12 is 10; then 3/12 of 10 and 9/12 of 2 is 4; then 4/13 of 4 and 9/13 of 17
  /// is 13.
  @Test func warmsUp() {
    let values = average([[1, 0], [12, 0], [2, 0], [17, 13]], decay: 0.999)
    #expect(abs(values[0] - 13) < 1e-14 && abs(values[1] - 9) < 1e-14)
  }

  /// Beyond the warm-up the decay holds: 1/4 is reached at step 2.
  @Test func decays() {
    let values = average([[8, 8], [8, 8], [8, 8], [0, 16], [0, 0]], decay: 0.25)
    #expect(values == [0.5, 3.5])
  }

  @Test func withoutDecayFollows() {
    #expect(average([[1, 2], [3, 4], [5, 6]], decay: 0) == [5, 6])
  }
}

@Suite struct ScheduleTests {
  @Test func constant() {
    #expect(Schedule.constant.rate(3e-4, step: 0, of: 10) == 3e-4)
    #expect(Schedule.constant.rate(3e-4, step: 9, of: 10) == 3e-4)
  }

  /// The paper's: 1e-4, a tenth of it every 8 epochs.
  @Test(arguments: [(0, 1e-4), (7, 1e-4), (8, 1e-5), (15, 1e-5), (16, 1e-6), (99, 1e-16)])
  func stepDecay(step: Int, rate: Double) {
    let schedule = Schedule.stepDecay(factor: 0.1, every: 8)
    #expect(abs(schedule.rate(1e-4, step: step, of: 100) - rate) < 1e-12 * rate)
  }

  @Test(arguments: [(0, 0.2), (1, 0.4), (4, 1), (5, 1), (55, 0.5), (105, 0), (200, 0)])
  func cosineWithWarmUp(step: Int, rate: Double) {
    #expect(abs(Schedule.cosine(warmup: 5).rate(1, step: step, of: 105) - rate) < 1e-15)
  }

  @Test func cosineOnlyFalls() {
    let rates = (0...50).map { Schedule.cosine(warmup: 0).rate(1, step: $0, of: 50) }
    #expect(rates[0] == 1 && zip(rates, rates.dropFirst()).allSatisfy { $0 > $1 })
  }

  @Test(arguments: [Schedule.constant, .cosine(warmup: 3), .stepDecay(factor: 0.5, every: 2)])
  func survivesJSON(schedule: Schedule) throws {
    #expect(try JSONDecoder().decode(Schedule.self, from: JSONEncoder().encode(schedule)) == schedule)
  }
}

@Suite struct ParameterTests {
  private var layout: ParameterLayout {
    var layout = ParameterLayout()
    layout.add("conv.weight", [4, 3, 3, 3])
    layout.add("conv.bias", [4])
    layout.add("fc.weight", [2, 64])
    layout.add("fc.bias", [2])
    return layout
  }

  @Test func liesOneAfterAnother() {
    #expect(layout.entries.map(\.range) == [0..<108, 108..<112, 112..<240, 240..<242])
    #expect(layout.count == 242 && layout.entry("fc.bias")?.shape == [2] && layout.entry("fc") == nil)
    let parameters = Parameters<Float>(layout)
    parameters["fc.bias"][1] = 7
    #expect(parameters.memory.values[241] == 7 && parameters.values("fc.bias") == [0, 7])
  }

  /// PyTorch's default: uniform within 1 / sqrt(fan-in), the bias by its weight's fan-in.
  @Test func initialisesWithinItsBounds() {
    var generator = SplitMix64(1)
    let parameters = Parameters<Double>(layout)
    parameters.initialize(using: &generator)
    for (name, fan) in [("conv.weight", 27.0), ("conv.bias", 27), ("fc.weight", 64), ("fc.bias", 64)] {
      let bound = 1 / fan.squareRoot()
      #expect(parameters.values(name).allSatisfy { abs($0) <= bound && $0 != 0 }, "\(name)")
    }
    let weights =
      parameters.values("fc.weight") + parameters.values("conv.weight").map { $0 * 27.0.squareRoot() / 8 }
    let variance = weights.reduce(0) { $0 + $1 * $1 } / Double(weights.count)
    // Uniform within +-1/8: 1/192.
    #expect(abs(variance * 192 - 1) < 0.25)
    var again = SplitMix64(1)
    let other = Parameters<Double>(layout)
    other.initialize(using: &again)
    #expect(other.memory.values == parameters.memory.values)
  }
}
