import Glibc
internal import Tensors

extension PhantomProjection {
  /// Fills the lungs with vessels that branch from the hila, and with the fine texture between.
  mutating func addVessels(random: inout SplitMix64) {
    var vessels = PhantomField(rows: air.rows, columns: air.columns, spacing: air.spacing)
    for side in PhantomAnatomy.Side.allCases {
      let width = anatomy.lungWidth[side, default: 0]
      let height = anatomy.lungHeight[side, default: 0]
      let hilum = (x: side.sign * 0.27 * width, y: (side == .left ? 0.41 : 0.45) * height)
      for branch in 0..<11 {
        let angle = -1.35 + 2.75 * Double(branch) / 10 + random.normal() * 0.1
        let root = (
          x: hilum.x + random.normal() * 0.5 * anatomy.scale,
          y: hilum.y + (Double(branch) / 10 - 0.5) * 4.4 * anatomy.scale
        )
        grow(
          &vessels, side, from: root, angle: angle, radius: random.uniform(0.26...0.44) * anatomy.scale,
          length: 0.42 * height * random.uniform(0.7...1.1), order: 0, random: &random)
      }
      let (row, column) = pose.pixel(x: hilum.x, y: hilum.y)
      vessels.stamp(
        row: row, column: column, radii: (1.3 * anatomy.scale, 2.6 * anatomy.scale), angle: pose.angle
      ) { 1.3 * anatomy.scale * pow(1 - $0, 1.5) }
    }
    let texture = PhantomField.noise(like: air, scale: 0.22 * anatomy.scale, random: &random)
    let patches = PhantomField.noise(like: air, scale: 1.4 * anatomy.scale, random: &random)
    for i in air.values.indices where air.values[i] > 0 {
      let grain = 1 + 0.022 * texture.values[i] + 0.03 * patches.values[i]
      air.values[i] = max(0, air.values[i] * grain - 2.4 * vessels.values[i])
    }
  }

  /// One vessel, angle 0 sideways and positive down, and its branches.
  private func grow(
    _ field: inout PhantomField, _ side: PhantomAnatomy.Side, from start: (x: Double, y: Double),
    angle: Double, radius: Double, length: Double, order: Int, random: inout SplitMix64
  ) {
    let step = 0.4 * field.spacing
    guard length > 3 * step else { return }
    var angle = angle
    var point = start
    var walked = 0.0
    var nextBranch = random.uniform(0.15...0.35) * length
    while walked < length {
      angle += random.normal() * 0.14 * (step / anatomy.scale).squareRoot()
      point.x += side.sign * cos(angle) * step
      point.y += sin(angle) * step
      walked += step
      guard anatomy.lungPosition(side, x: point.x, y: point.y) != nil || walked < 2 * anatomy.scale else {
        return
      }
      let r = radius * (1 - 0.62 * min(1, walked / length))
      let (row, column) = pose.pixel(x: point.x, y: point.y)
      let width = max(r, 1.2 * field.spacing)
      let weight = 1.27 * r * r / (width * width) * step
      field.stamp(row: row, column: column, radius: width) { weight * (1 - $0).squareRoot() }
      guard order < 3, walked > nextBranch else { continue }
      nextBranch += random.uniform(0.16...0.3) * length
      let turn = random.uniform(0.35...0.8) * (random.chance(0.5) ? 1 : -1)
      grow(
        &field, side, from: point, angle: angle + turn, radius: r * random.uniform(0.55...0.75),
        length: (length - walked) * random.uniform(0.5...0.85), order: order + 1, random: &random)
    }
  }

  /// Fills part of a lung with a cloudy consolidation, as pneumonia does.
  mutating func addOpacity(random: inout SplitMix64) {
    let side: PhantomAnatomy.Side = random.chance(0.55) ? .right : .left
    let width = anatomy.lungWidth[side, default: 0]
    let height = anatomy.lungHeight[side, default: 0]
    let center = (
      x: side.sign * width * random.uniform(0.42...0.72), y: height * random.uniform(0.48...0.72)
    )
    var cloud = PhantomField(rows: air.rows, columns: air.columns, spacing: air.spacing)
    for _ in 0..<26 {
      let x = center.x + random.normal() * 0.16 * width
      let y = center.y + random.normal() * 0.1 * height
      let (row, column) = pose.pixel(x: x, y: y)
      let radius = random.uniform(1.4...3.4) * anatomy.scale
      cloud.stamp(row: row, column: column, radius: radius) { 0.34 * (1 - $0) * (1 - $0) }
    }
    let ragged = PhantomField.noise(like: air, scale: 0.5 * anatomy.scale, random: &random)
    let density = Float(random.uniform(0.62...0.85))
    for i in air.values.indices where air.values[i] > 0 && cloud.values[i] > 0 {
      let filled = 1 - exp(-1.5 * max(0, cloud.values[i] * (1 + 0.4 * ragged.values[i])))
      air.values[i] *= 1 - density * filled
    }
  }
}
