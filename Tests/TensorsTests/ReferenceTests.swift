import Tensors
import TestSupport
import Testing

/// The reference itself: convolutions against their definition, written out as six loops, and small cases
/// worked by hand.
@Suite struct ReferenceTests {
  @Test func convolutionFollowsItsDefinition() {
    var samples = Samples(1)
    let (ci, co, h, w) = (3, 4, 5, 6)
    let x = samples.map(Size(h, w), ci)
    let dy = samples.map(Size(h, w), co)
    let weights = samples.values(co * ci * 9)
    let bias = samples.values(co)
    var y = Reference.Map<Double>(height: h, width: w, channels: co)
    var dx = Reference.Map<Double>(height: h, width: w, channels: ci)
    var dw = [Double](repeating: 0, count: weights.count)
    for r in 0..<h {
      for k in 0..<w {
        for o in 0..<co {
          y[r, k, o] += bias[o]
          for i in 0..<ci {
            for a in 0..<3 {
              for b in 0..<3 where (0..<h).contains(r + a - 1) && (0..<w).contains(k + b - 1) {
                let tap = ((o * ci + i) * 3 + a) * 3 + b
                y[r, k, o] += weights[tap] * x[r + a - 1, k + b - 1, i]
                dx[r + a - 1, k + b - 1, i] += weights[tap] * dy[r, k, o]
                dw[tap] += dy[r, k, o] * x[r + a - 1, k + b - 1, i]
              }
            }
          }
        }
      }
    }
    #expect(relativeError(Reference.convolution(x, weights: weights, bias: bias).values, y.values) < 1e-14)
    #expect(
      relativeError(Reference.convolutionInputGradient(dy, weights: weights, inputs: ci).values, dx.values)
        < 1e-14)
    #expect(relativeError(Reference.convolutionWeightGradient(x, dy), dw) < 1e-14)
  }

  @Test func floatAgreesWithDouble() {
    var samples = Samples(2)
    let x = samples.map(Size(9, 7), 32)
    let weights = samples.values(16 * 32 * 9)
    let single = Reference.convolution(
      Reference.Map(height: 9, width: 7, channels: 32, values: x.values.map { Float($0) }),
      weights: weights.map { Float($0) }, bias: Array(repeating: Float(0), count: 16))
    let exact = Reference.convolution(x, weights: weights, bias: Array(repeating: 0, count: 16))
    #expect(relativeError(single.values.map(Double.init), exact.values) < 1e-6)
  }

  @Test func instanceNormOfFourPixels() {
    // Mean 3, deviations -2 -2 0 4, variance 6.
    let y = Reference.Map<Double>(height: 2, width: 2, channels: 1, values: [1, 1, 3, 7])
    let rstd = 1 / 6.00001.squareRoot()
    #expect(Reference.statistics(y).mean == [3])
    #expect(abs(Reference.statistics(y).rstd[0] - rstd) < 1e-15)
    let a = Reference.normalize(y, slope: 0.2, factors: [1, 0, 1, 2])
    #expect(relativeError(a.values, [-0.4 * rstd, 0, 0, 8 * rstd]) < 1e-14)
  }

  @Test func gradientsAreThoseOfTheOperations() {
    // The derivative of <d, f(x)> in a random direction v, by central differences.
    func check(
      _ x: Reference.Map<Double>, _ gradient: (Reference.Map<Double>) -> Reference.Map<Double>,
      _ f: (Reference.Map<Double>) -> Reference.Map<Double>, _ name: String
    ) {
      var samples = Samples(3)
      let y = f(x)
      let d = samples.map(Size(y.height, y.width), y.channels)
      let v = samples.values(x.values.count)
      func along(_ t: Double) -> Double {
        var moved = x
        for i in v.indices { moved.values[i] += t * v[i] }
        return zip(f(moved).values, d.values).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let numeric = (along(1e-6) - along(-1e-6)) / 2e-6
      let analytic = zip(gradient(d).values, v).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(numeric - analytic) < 1e-7 * max(1, abs(analytic)), "\(name): \(numeric), \(analytic)")
    }
    var samples = Samples(4)
    let x = samples.map(Size(6, 5), 3)
    let factors = (0..<x.values.count).map { $0 % 4 == 0 ? 0 : 4 / 3.0 }
    check(
      x, { Reference.normalizeGradient(x, slope: 0.2, factors: factors, $0) },
      { Reference.normalize($0, slope: 0.2, factors: factors) }, "normalize")
    let skip = Reference.Map<Double>(height: 6, width: 5, channels: 3)
    check(
      x, { Reference.maxPoolGradient($0, choice: Reference.maxPool(x).choice, skip: skip) },
      { Reference.maxPool($0).y }, "max-pool")
    check(
      x, { Reference.upsampleGradient($0, height: 6, width: 5) },
      { Reference.upsample($0, height: 13, width: 10) }, "upsample")
    check(
      x, { Reference.projectGradient(x, weights: [1, -2, 3], $0).dx },
      { Reference.project($0, weights: [1, -2, 3], bias: 5) }, "project")
  }

  @Test func interpolationAlignsCorners() {
    let x = Reference.Map<Double>(height: 1, width: 3, channels: 1, values: [0, 4, 6])
    #expect(Reference.upsample(x, height: 2, width: 5).values == [0, 2, 4, 5, 6, 0, 2, 4, 5, 6])
    // Down to fewer pixels, as the bridge does.
    #expect(Reference.upsample(x, height: 1, width: 2).values == [0, 6])
  }

  @Test func firstOfEqualsIsChosen() {
    let x = Reference.Map<Double>(
      height: 3, width: 5, channels: 1, values: [1, 2, 5, 5, 9, 2, 2, 5, 5, 9, 9, 9, 9, 9, 9])
    let (y, choice) = Reference.maxPool(x)
    #expect(y.values == [2, 5] && choice == [1, 0])
  }
}
