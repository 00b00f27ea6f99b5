internal import Tensors

/// The dropout of each block of one pass over one image: the encoder's blocks first, then the decoder's.
public struct DropoutPlan: Sendable {
  private let seed: UInt32?
  private let rate: Double

  /// - Parameter seed: of the image's pass; the block's number is added.
  public init(rate: Double, seed: UInt32) {
    self.rate = rate
    self.seed = rate > 0 ? seed : nil
  }

  public static let none = DropoutPlan(rate: 0, seed: 0)

  subscript(block: Int) -> Dropout {
    seed.map { Dropout(rate: rate, seed: $0 &+ UInt32(block)) } ?? .none
  }

  var isNone: Bool { seed == nil }
}
