import Glibc

/// Sends rays through a made-up patient: centimeters of soft tissue and of bone behind every pixel, and the
/// lungs' outlines.
struct PhantomProjection: Sendable {
  let anatomy: PhantomAnatomy
  /// Position of the patient on the plate.
  let pose: Pose
  var tissue: PhantomField
  var bone: PhantomField
  /// Air in the lungs, centimeters.
  var air: PhantomField
  /// 1 inside, row by row.
  var rightLung, leftLung: [UInt8]

  /// From pixels to patient centimeters.
  struct Pose: Sendable {
    /// Pixel of the patient's origin.
    var row, column: Double
    /// Turn in the plane of the picture, radians.
    var angle: Double
    var spacing: Double

    func patient(row r: Double, column c: Double) -> (x: Double, y: Double) {
      let dx = (c - column) * spacing
      let dy = (r - row) * spacing
      return (dx * cos(angle) + dy * sin(angle), dy * cos(angle) - dx * sin(angle))
    }

    func pixel(x: Double, y: Double) -> (row: Double, column: Double) {
      let dx = x * cos(angle) - y * sin(angle)
      let dy = x * sin(angle) + y * cos(angle)
      return (row + dy / spacing, column + dx / spacing)
    }
  }

  init(anatomy: PhantomAnatomy, pose: Pose, rows: Int, columns: Int) {
    self.anatomy = anatomy
    self.pose = pose
    let empty = PhantomField(rows: rows, columns: columns, spacing: pose.spacing)
    tissue = empty
    bone = empty
    air = empty
    rightLung = Array(repeating: 0, count: rows * columns)
    leftLung = rightLung
    for r in 0..<rows {
      for c in 0..<columns {
        let (x, y) = pose.patient(row: Double(r), column: Double(c))
        project(x: x, y: y, at: r * columns + c)
      }
    }
    rightLung = PhantomOutline.largestPiece(of: rightLung, columns: columns)
    leftLung = PhantomOutline.largestPiece(of: leftLung, columns: columns)
  }

  private mutating func project(x: Double, y: Double, at index: Int) {
    let scale = anatomy.scale
    var body = trunkDepth(x, y)
    body = max(body, neckDepth(x, y), shoulderDepth(x, y), armDepth(x, y))
    for side in PhantomAnatomy.Side.allCases {
      guard let position = anatomy.lungPosition(side, x: x, y: y) else {
        air.values[index] += Float(0.3 * anatomy.depth * anatomy.recess(side, x: x, y: y))
        continue
      }
      if side == .right { rightLung[index] = 1 } else { leftLung[index] = 1 }
      air.values[index] = Float(0.72 * anatomy.depth * position.air)
    }
    let heart = heartDepth(x, y)
    let vessels = mediastinumDepth(x, y)
    let dense = min(1, max(heart, vessels))
    air.values[index] *= Float(1 - 0.74 * dense)
    if anatomy.hasBreasts { body += breastDepth(x, y) }
    if rightLung[index] + leftLung[index] == 0, y > 0 { body += 1.5 * scale * dense + abdomenDepth(x, y) }
    body -= tracheaDepth(x, y)
    body -= gastricBubbleDepth(x, y)
    tissue.values[index] = Float(max(0, body))
  }

  private func ellipse(_ x: Double, _ y: Double, _ cx: Double, _ cy: Double, _ rx: Double, _ ry: Double)
    -> Double
  {
    let u = (x - cx) / rx
    let v = (y - cy) / ry
    return max(0, 1 - u * u - v * v).squareRoot()
  }

  private func smooth(_ value: Double, _ from: Double, _ to: Double) -> Double {
    let t = min(max((value - from) / (to - from), 0), 1)
    return t * t * (3 - 2 * t)
  }

  private func trunkDepth(_ x: Double, _ y: Double) -> Double {
    let half = anatomy.trunk(y)
    let u = abs(x) / half
    guard u < 1 else { return 0 }
    let height = anatomy.lungHeight[.right, default: 1]
    let top = smooth(y / height, -0.34, 0.12)
    return anatomy.depth * pow(1 - pow(u, 2.6), 0.5) * top
  }

  private func neckDepth(_ x: Double, _ y: Double) -> Double {
    let half = 5.4 * anatomy.scale
    guard abs(x) < half, y < 6 * anatomy.scale else { return 0 }
    let fade = 1 - smooth(y, 1 * anatomy.scale, 6 * anatomy.scale)
    return 11 * anatomy.scale * (1 - x * x / half / half).squareRoot() * fade
  }

  /// The slope from the neck to the shoulders.
  private func shoulderDepth(_ x: Double, _ y: Double) -> Double {
    let scale = anatomy.scale
    let reach = (anatomy.armsRaised ? 17.0 : 20.5) * scale
    guard abs(x) < reach else { return 0 }
    let lift = anatomy.armsRaised ? 0.35 : 1.0
    let line = (-4.6 + lift * 5.4 * pow(abs(x) / reach, 1.6)) * scale
    let under = y - line
    guard under > 0 else { return 0 }
    let end = (1 - pow(abs(x) / reach, 6)).squareRoot()
    let bottom = 1 - smooth(y, 6 * scale, 15 * scale)
    return 12.5 * scale * (1 - exp(-under / (1.6 * scale))) * end * bottom
  }

  private func armDepth(_ x: Double, _ y: Double) -> Double {
    let scale = anatomy.scale
    guard !anatomy.armsRaised else {
      // Upper arms go up and out.
      let along = abs(x) - 13.5 * scale
      let center = (1.5 - 0.55 * max(along, 0) / scale) * scale
      let off = (y - center) / (3.6 * scale)
      guard along > 0, abs(off) < 1 else { return 0 }
      return 8 * scale * (1 - off * off).squareRoot() * smooth(along, 0, 3 * scale)
    }
    let center = (18.2 + 0.16 * max(y, 0) / scale) * scale
    let off = (abs(x) - center) / (3.7 * scale)
    guard abs(off) < 1, y > 0 else { return 0 }
    return 8.5 * scale * (1 - off * off).squareRoot() * smooth(y, 0, 5 * scale)
  }

  /// How much of the chest's depth the heart fills, 0...1.
  func heartDepth(_ x: Double, _ y: Double) -> Double {
    let width = anatomy.lungWidth[.left, default: 0]
    let height = anatomy.lungHeight[.left, default: 0]
    let shift = x - anatomy.turn
    let reach = width * anatomy.heartWidth
    // Left ventricle: an oval leaning out to the left; right atrium: a smaller one to the right.
    let dx = shift - 0.40 * reach
    let dy = y - 0.68 * height
    let along = dx * 0.77 + dy * 0.64
    let across = dy * 0.77 - dx * 0.64
    let ventricle = ellipse(along, across, 0, 0, 0.86 * reach, 0.62 * reach)
    let atrium = ellipse(shift, y, -0.07 * width, 0.66 * height, 0.26 * width, 0.17 * height)
    let trunk = ellipse(shift, y, 0.12 * width, 0.44 * height, 0.17 * width, 0.13 * height)
    return max(ventricle, 0.9 * atrium, 0.75 * trunk)
  }

  /// Great vessels and what else lies between the lungs.
  private func mediastinumDepth(_ x: Double, _ y: Double) -> Double {
    let width = anatomy.lungWidth[.left, default: 0]
    let height = anatomy.lungHeight[.left, default: 0]
    let shift = x - 0.6 * anatomy.turn
    let half = width * (0.19 + 0.05 * smooth(y / height, 0.1, 0.4))
    let column = y > -0.1 * height ? max(0, 1 - pow(abs(shift) / half, 4)).squareRoot() : 0
    let knob = ellipse(shift, y, 0.15 * width, 0.27 * height, 0.13 * width, 0.065 * height)
    let cava = ellipse(shift, y, -0.15 * width, 0.28 * height, 0.08 * width, 0.2 * height)
    return max(0.55 * column, 0.85 * knob, 0.5 * cava)
  }

  private func tracheaDepth(_ x: Double, _ y: Double) -> Double {
    let scale = anatomy.scale
    let height = anatomy.lungHeight[.left, default: 0]
    let carina = 0.31 * height
    let shift = x - 0.5 * anatomy.turn
    if y < carina {
      let off = shift / (0.95 * scale)
      return abs(off) < 1 ? 1.5 * scale * (1 - off * off).squareRoot() : 0
    }
    // Main bronchi.
    let below = y - carina
    guard below < 0.11 * height else { return 0 }
    let fade = 1 - below / (0.11 * height)
    let right = (shift + 0.55 * below) / (0.8 * scale)
    let left = (shift - 0.95 * below) / (0.8 * scale)
    let depths = [right, left].map { abs($0) < 1 ? (1 - $0 * $0).squareRoot() : 0 }
    return 1.2 * scale * fade * max(depths[0], depths[1])
  }

  private func breastDepth(_ x: Double, _ y: Double) -> Double {
    let width = anatomy.lungWidth[.left, default: 0]
    let height = anatomy.lungHeight[.left, default: 0]
    let u = (abs(x) - 0.62 * width) / (0.46 * width)
    let v = (y - 0.62 * height) / (0.27 * height)
    // Full below, running out above.
    let drop = v > 0 ? v * v : 0.55 * v * v
    return 3.2 * anatomy.scale * pow(max(0, 1 - u * u - drop), 0.7)
  }

  private func abdomenDepth(_ x: Double, _ y: Double) -> Double {
    let height = anatomy.lungHeight[.right, default: 1]
    let liver = ellipse(
      x, y, -0.45 * anatomy.lungWidth[.right, default: 0], 1.12 * height,
      0.95 * anatomy.lungWidth[.right, default: 0], 0.3 * height)
    return smooth(y / height, 0.7, 1.1) * 1.5 * anatomy.scale + 1.6 * anatomy.scale * liver
  }

  private func gastricBubbleDepth(_ x: Double, _ y: Double) -> Double {
    guard anatomy.hasGastricBubble else { return 0 }
    let width = anatomy.lungWidth[.left, default: 0]
    let top = anatomy.dome(.left, 0.45)
    let bubble = ellipse(x, y, 0.52 * width, top + 3.1 * anatomy.scale, 0.27 * width, 2.2 * anatomy.scale)
    return 6 * anatomy.scale * bubble
  }
}
