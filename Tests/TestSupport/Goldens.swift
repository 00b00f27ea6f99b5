import Foundation
package import MultiMix
package import NeuralNetworks
package import Tensors

/// The values that `Tests/MultiMixTests/Goldens/make_goldens.py` computed with PyTorch in float64.
package enum Goldens {
  package static func read(_ name: String) throws -> Safetensors {
    let folder = TestEnvironment.packageRoot.appending(path: "Tests/MultiMixTests/Goldens")
    return try Safetensors(Data(contentsOf: folder.appending(path: name + ".safetensors")))
  }

  /// The weights that the script computes from the same formula.
  package static func formulaWeights<Element: Scalar>() -> Parameters<Element> {
    let parameters = Parameters<Element>(Architecture().layout)
    for (p, entry) in parameters.layout.entries.enumerated() {
      let fan = entry.shape.dropFirst().reduce(1, *)
      let bound = entry.shape.count > 1 ? (6 / Double(fan)).squareRoot() : 0.1
      let key = lowbias32(UInt32(p) + 1)
      let slice = parameters[entry.name]
      for i in 0..<slice.count {
        let u = Double(lowbias32(UInt32(i) &+ key)) / 4_294_967_296
        slice[i] = Element(Float((2 * u - 1) * bound))
      }
    }
    return parameters
  }

  package static func lowbias32(_ value: UInt32) -> UInt32 {
    var x = value
    x ^= x >> 16
    x &*= 0x7feb_352d
    x ^= x >> 15
    x &*= 0x846c_a68b
    return x ^ x >> 16
  }

  /// The five streams of the step goldens: two images each.
  package static func batch<Element: Scalar>(from name: String = "gradients") throws -> Batch<Element> {
    let file = try read(name)
    let images = (0..<10).map { n in
      file.arrays["input"]!.values[n * 4096..<(n + 1) * 4096].map { Element($0) }
    }
    let masks = (0..<2).map { n in file.arrays["masks"]!.values[n * 4096..<(n + 1) * 4096].map { Element($0) }
    }
    var batch = Batch<Element>(size: 64)
    batch.segmentation = (0..<2).map { (images[$0], masks[$0]) }
    batch.segmentationUnlabelled = [images[2], images[3]]
    batch.classification = (0..<2).map { (images[4 + $0], Int(file.arrays["labels"]!.values[$0])) }
    batch.unlabelled = (0..<2).map { (images[6 + $0], images[8 + $0]) }
    return batch
  }
}

/// ||a - b|| / ||b||.
package func relativeError<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(_ a: [A], _ b: [B]) -> Double {
  precondition(a.count == b.count)
  var difference = 0.0
  var norm = 0.0
  for i in a.indices {
    difference += (Double(a[i]) - Double(b[i])) * (Double(a[i]) - Double(b[i]))
    norm += Double(b[i]) * Double(b[i])
  }
  return (difference / norm).squareRoot()
}

/// The largest |a - b|; infinite where one isn't a number.
package func largestDifference<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(_ a: [A], _ b: [B]) -> Double {
  precondition(a.count == b.count && !a.isEmpty)
  return zip(a, b).reduce(0) { largest, pair in
    let difference = abs(Double(pair.0) - Double(pair.1))
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
