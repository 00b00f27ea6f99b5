import Glibc
internal import Tensors

extension PhantomProjection {
  /// Lays ribs, clavicles, shoulder blades, upper arms and spine into the bone field.
  mutating func addSkeleton(random: inout SplitMix64) {
    for number in 1...11 {
      for side in PhantomAnatomy.Side.allCases { addRib(number, side, random: &random) }
    }
    for side in PhantomAnatomy.Side.allCases {
      addClavicle(side, random: &random)
      addShoulder(side)
    }
    addSpine()
    // Where a rib turns along the ray its marrow counts, not its rim.
    for i in bone.values.indices { bone.values[i] /= 1 + 0.4 * bone.values[i] / Float(anatomy.scale) }
  }

  /// A tube of bone with a dense rim along a curve: spots laid side by side, each weighted with the length of
  /// the curve in space, so that it's brightest where it runs along the ray.
  private mutating func addTube(
    from start: Double, to end: Double, radius: (Double) -> Double, rim: Double = 0.55,
    density: (Double) -> Double = { _ in 1 }, point: (Double) -> (x: Double, y: Double, z: Double)
  ) {
    let steps = 400
    var last = point(start)
    for step in 1...steps {
      let share = start + (end - start) * Double(step) / Double(steps)
      let here = point(share)
      let dx = here.x - last.x
      let dy = here.y - last.y
      let dz = here.z - last.z
      let length = (dx * dx + dy * dy + dz * dz).squareRoot()
      last = here
      let r = radius(share)
      // Balls laid along a line add up to a tube of full thickness at 4 / pi of their own profile.
      let weight = density(share) * length * 4 / .pi
      let (row, column) = pose.pixel(x: here.x, y: here.y)
      bone.stamp(row: row, column: column, radius: r) { d in
        let solid = (1 - d).squareRoot()
        let hollow = d < 0.62 ? (1 - d / 0.62).squareRoot() : 0
        return weight * (solid - (1 - rim) * 0.79 * hollow)
      }
    }
  }

  private mutating func addRib(_ number: Int, _ side: PhantomAnatomy.Side, random: inout SplitMix64) {
    let height = anatomy.lungHeight[side, default: 1]
    let k = Double(number - 1)
    let start = (k - 0.05) * anatomy.ribSpacing + 0.15 * anatomy.scale + random.normal() * 0.1 * anatomy.scale
    let early = min(1, (k + 1.3) / 4)
    let drop = anatomy.ribDrop * early * (number > 8 ? 0.85 : 1)
    let wallAt = min(max((start + 0.5 * drop) / height, 0.03), 1)
    let reach = anatomy.lateral(side, wallAt) + 0.1 * anatomy.scale
    let thickness = anatomy.ribRadius * (number == 1 ? 1.05 : number > 9 ? 0.85 : 1)
    // Bone ends in front at about 140 degrees; lower ribs end sooner. Then comes cartilage, unseen.
    let end = (number > 9 ? 105.0 : number > 7 ? 125.0 : 138.0) / 180 * .pi
    let depth = anatomy.depth
    let spacing = anatomy.ribSpacing
    addTube(
      from: 0.12, to: end,
      radius: { thickness * ($0 > 2 ? 1.12 : 0.9 + 0.1 * sin($0)) },
      density: { $0 > .pi / 2 ? 0.8 : 1 },
      point: { angle in
        // Ribs leave the spine upwards a little, then come down.
        let hump = -0.2 * spacing * sin(min(angle, 1.05) * 3) * early
        let y = start + drop * (0.3 * (1 - cos(angle)) + 0.4 * angle / .pi) + hump
        let wide = pow(sin(min(angle, .pi / 2)), 0.8)
        let x = angle < .pi / 2 ? reach * wide : reach * sin(angle)
        return (side.sign * x, y, -0.5 * depth * cos(angle))
      })
  }

  private mutating func addClavicle(_ side: PhantomAnatomy.Side, random: inout SplitMix64) {
    let scale = anatomy.scale
    let rise = random.uniform(1.2...3.2) * scale * (anatomy.armsRaised ? 1.6 : 1)
    let length = 15.2 * scale
    let start = 3.0 * scale
    let turn = anatomy.turn
    addTube(
      from: 0, to: 1, radius: { (0.62 + 0.4 * abs($0 - 0.45)) * scale }, rim: 0.6, density: { _ in 0.8 },
      point: { share in
        let x = 1.7 * scale + turn * 0.4 * side.sign + share * length
        let bend = 0.7 * scale * sin(share * 2 * .pi)
        return (side.sign * x, start - rise * pow(share, 0.8) + bend * 0.6, 2 * scale * share)
      })
  }

  private mutating func addShoulder(_ side: PhantomAnatomy.Side) {
    let scale = anatomy.scale
    let x = (anatomy.armsRaised ? 16.0 : 17.6) * scale
    // Head and shaft of the upper arm.
    let (row, column) = pose.pixel(x: side.sign * x, y: 2.6 * scale)
    bone.stamp(row: row, column: column, radius: 2.3 * scale) { 1.4 * scale * (1 - $0).squareRoot() }
    // Where the elbow lies, from the head of the arm.
    let elbow = anatomy.armsRaised ? (x: 14.0, y: -6.0) : (x: 4.0, y: 21.6)
    addTube(
      from: 0, to: 1, radius: { _ in 1.15 * scale }, rim: 0.7, density: { _ in 1.2 },
      point: { share in
        (side.sign * (x + (0.4 + share * elbow.x) * scale), (3.5 + share * elbow.y) * scale, 0)
      })
    // Blade: its inner border runs down beside the lung.
    let inner = (anatomy.armsRaised ? 12.6 : 10.8) * scale
    addTube(
      from: 0, to: 1, radius: { _ in 0.38 * scale }, rim: 0.8, density: { _ in 0.5 },
      point: { share in
        (side.sign * (inner + 2.4 * scale * share * share), (1.2 + 11 * share) * scale, 0)
      })
    addTube(
      from: 0, to: 1, radius: { _ in 0.45 * scale }, rim: 0.8, density: { _ in 0.5 },
      point: { share in
        (side.sign * (inner + (2.4 + 3.4 * (1 - share)) * scale), (12.2 - 8.5 * (1 - share)) * scale, 0)
      })
    let (bladeRow, bladeColumn) = pose.pixel(x: side.sign * (inner + 2.6 * scale), y: 5.5 * scale)
    bone.stamp(
      row: bladeRow, column: bladeColumn, radii: (5.6 * scale, 2.7 * scale),
      angle: .pi / 2 - side.sign * 0.2 + pose.angle
    ) { 0.28 * scale * (1 - $0).squareRoot() }
  }

  private mutating func addSpine() {
    let scale = anatomy.scale
    let pitch = anatomy.ribSpacing
    for number in -4...14 {
      let y = (Double(number) - 0.35) * pitch
      let half = (1.45 + 0.045 * Double(max(number, 0))) * scale
      for line in stride(from: -0.5, through: 0.5, by: 0.02) {
        // End plates are dense, the disc between is not; the body is waisted.
        let plate = abs(line) > 0.40 ? (abs(line) > 0.46 ? 0.15 : 1.25) : 0.85
        let width = half * (0.88 + 0.5 * line * line)
        let (row, column) = pose.pixel(x: 0.1 * anatomy.turn, y: y + line * pitch)
        bone.stamp(
          row: row, column: column, radii: (width, 0.032 * pitch + bone.spacing), angle: pose.angle
        ) { plate * 0.34 * scale * pow(1 - $0, 0.35) }
      }
      for side in PhantomAnatomy.Side.allCases {
        let (row, column) = pose.pixel(x: side.sign * 0.62 * half - 0.5 * anatomy.turn, y: y - 0.12 * pitch)
        bone.stamp(row: row, column: column, radii: (0.34 * scale, 0.55 * scale), angle: pose.angle) {
          0.6 * scale * (1 - $0).squareRoot()
        }
      }
      let (row, column) = pose.pixel(x: -0.6 * anatomy.turn, y: y + 0.35 * pitch)
      bone.stamp(row: row, column: column, radii: (0.3 * scale, 0.7 * scale), angle: pose.angle) {
        0.6 * scale * (1 - $0).squareRoot()
      }
    }
  }
}
