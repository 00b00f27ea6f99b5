import Glibc
internal import Tensors

/// The build of one made-up patient, drawn from a seed. Lengths in centimeters; the origin lies on the spine
/// at the height of the lung apices, x towards the patient's left (the right of the picture), y down.
struct PhantomAnatomy: Sendable {
  /// Which lung; `sign` is the side of the picture it lies on.
  enum Side: Double, CaseIterable {
    case right = -1
    case left = 1
    var sign: Double { rawValue }
  }

  /// Distance from the spine to the side wall of a lung at its widest.
  var lungWidth: [Side: Double]
  /// From the apex to the costophrenic angle.
  var lungHeight: [Side: Double]
  /// How far the dome of the diaphragm stands above the costophrenic angle.
  var domeHeight: [Side: Double]
  /// Lung edge beside the spine, as a share of the width.
  var medialEdge: Double
  /// Front to back.
  var depth: Double
  /// Skin, fat and muscle beside the ribs.
  var wall: Double
  /// Share of the widest half that the heart takes: half the cardiothoracic ratio, left of the midline.
  var heartWidth: Double
  var ribSpacing: Double
  /// How far ribs come down on their way round.
  var ribDrop: Double
  var ribRadius: Double
  var hasBreasts: Bool
  var armsRaised: Bool
  var hasGastricBubble: Bool
  /// Side shift of heart and trachea when the patient is turned.
  var turn: Double
  /// Overall size: 1 is a grown-up.
  var scale: Double

  init(random: inout SplitMix64) {
    let isChild = random.chance(0.4)
    scale = isChild ? random.uniform(0.42...0.7) : random.uniform(0.92...1.08)
    let width = random.uniform(12.6...14.2) * scale
    let height = (isChild ? random.uniform(20.5...24) : random.uniform(23...27.5)) * scale
    lungWidth = [.right: width * random.uniform(0.97...1.02), .left: width * random.uniform(0.96...1.02)]
    lungHeight = [.right: height, .left: height * random.uniform(1.0...1.05)]
    let dome = height * random.uniform(0.13...0.2)
    domeHeight = [.right: dome, .left: dome * random.uniform(0.85...1.05)]
    medialEdge = random.uniform(0.14...0.18)
    depth = random.uniform(17...21) * scale
    wall = random.uniform(1.4...2.8) * scale
    heartWidth = isChild ? random.uniform(0.56...0.68) : random.uniform(0.48...0.62)
    ribSpacing = height / random.uniform(9.3...10.2)
    ribDrop = ribSpacing * (isChild ? random.uniform(2.0...2.8) : random.uniform(2.9...3.8))
    ribRadius = random.uniform(0.62...0.75) * scale
    hasBreasts = !isChild && random.chance(0.5)
    armsRaised = isChild ? random.chance(0.7) : random.chance(0.2)
    hasGastricBubble = random.chance(0.7)
    turn = random.uniform(-0.7...0.7) * scale
  }

  /// Side wall of a lung at share `t` of its height (0 apex, 1 angle), as a distance from the spine.
  func lateral(_ side: Side, _ t: Double) -> Double {
    let rise = sin(.pi / 2 * pow(min(max(t, 0), 1), 0.58))
    return lungWidth[side, default: 0] * (0.42 + 0.58 * rise)
  }

  /// Spinal edge of a lung.
  func medial(_ side: Side, _ t: Double) -> Double {
    let open = sin(.pi / 2 * pow(min(max(t, 0) / 0.16, 1), 0.6))
    return lungWidth[side, default: 0] * (0.42 - (0.42 - medialEdge) * open)
  }

  /// Height of the diaphragm under a lung at share `s` from its spinal edge (0) to its side wall (1).
  func dome(_ side: Side, _ s: Double) -> Double {
    let top = side == .right ? 0.42 : 0.46
    let reach = s < top ? 1.25 * top : 1 - top
    // A little short of 1, so that the angle beside the ribs is no sliver thinner than a pixel.
    let share = 0.96 * min(abs(s - top) / reach, 1)
    let rise = pow(1 - pow(share, 2.2), 0.62)
    return lungHeight[side, default: 0] - domeHeight[side, default: 0] * rise
  }

  /// Where a point lies in a lung: shares across and down, and how deep the air is there (0...1); nil
  /// outside.
  func lungPosition(_ side: Side, x: Double, y: Double) -> (s: Double, t: Double, air: Double)? {
    let t = y / lungHeight[side, default: 1]
    guard t > 0, t < 1 else { return nil }
    let inner = medial(side, t)
    let outer = lateral(side, t)
    let s = (x * side.sign - inner) / (outer - inner)
    guard s > 0, s < 1, y < dome(side, (x * side.sign - widestMedial(side)) / widestSpan(side)) else {
      return nil
    }
    // Air ends softly beside the spine, sharply at the ribs.
    let off = abs(2 * s - 1)
    let across = s < 0.5 ? pow(1 - pow(off, 2.2), 0.85) : pow(1 - pow(off, 2.6), 0.55)
    let down = min(1, 0.45 + 2.2 * t)
    return (s, t, across * down)
  }

  /// The thin part of a lung that hangs down behind the diaphragm, 0...1.
  func recess(_ side: Side, x: Double, y: Double) -> Double {
    let height = lungHeight[side, default: 1]
    let s = (x * side.sign - widestMedial(side)) / widestSpan(side)
    guard s > 0, s < 1 else { return 0 }
    let below = (y - dome(side, s)) / (0.16 * height)
    guard below > 0, below < 1, y < 1.06 * height else { return 0 }
    return (1 - below) * (1 - below) * pow(1 - pow(abs(2 * s - 1), 2.6), 0.55)
  }

  private func widestMedial(_ side: Side) -> Double { medial(side, 1) }
  private func widestSpan(_ side: Side) -> Double { lateral(side, 1) - medial(side, 1) }

  /// Half the width of the trunk at height `y`.
  func trunk(_ y: Double) -> Double {
    let height = lungHeight[.right, default: 1]
    let t = y / height
    let chest = max(lungWidth[.right, default: 0], lungWidth[.left, default: 0]) + wall
    let waist = 1 - 0.05 * max(0, t - 0.8)
    let top = sin(.pi / 2 * min(max((t + 0.35) / 0.75, 0), 1))
    return chest * waist * (0.72 + 0.28 * top)
  }
}
