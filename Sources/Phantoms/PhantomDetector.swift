import Glibc
internal import Tensors

/// Turns a projection into the picture a digital detector and its processing would give.
struct PhantomDetector: Sendable {
  /// Photons in a pixel of unattenuated beam, in thousands: the fewer, the more noise.
  var exposure: Double
  /// Share of scattered radiation.
  var scatter: Double
  /// Steepness of the display curve.
  var contrast: Double
  /// Added to the display curve's middle: brighter below 0, darker above.
  var darkening: Double

  init(random: inout SplitMix64) {
    exposure = random.uniform(10...30)
    scatter = random.uniform(0.1...0.28)
    contrast = random.uniform(3.6...5)
    darkening = random.uniform(-0.05...0.07)
  }

  /// 0 black ... 1 white.
  func expose(_ projection: PhantomProjection, random: inout SplitMix64) -> PhantomField {
    var beam = projection.tissue
    let tissue = projection.tissue
    let bone = projection.bone
    for i in beam.values.indices {
      // Effective attenuation per centimeter, soft tissue and what bone adds to it.
      let path = 0.115 * max(0, tissue.values[i] - projection.air.values[i]) + 0.31 * bone.values[i]
      beam.values[i] = exp(-path)
    }
    beam = beam.blurred(sigma: 0.022)
    let haze = beam.blurred(sigma: 3 * projection.anatomy.scale)
    var picture = beam
    for i in beam.values.indices {
      var signal = Double(beam.values[i]) * (1 - scatter) + Double(haze.values[i]) * scatter * 0.5
      let photons = max(signal, 1e-4) * exposure * 1000
      signal += signal * random.normal() / photons.squareRoot() * 2
      picture.values[i] = Float(-log(max(signal, 1e-4)))
    }
    return display(picture, of: projection)
  }

  /// Range compression, edge enhancement and the display curve.
  private func display(_ density: PhantomField, of projection: PhantomProjection) -> PhantomField {
    let scale = projection.anatomy.scale
    let broad = density.blurred(sigma: 2.2 * scale)
    let sharp = density.blurred(sigma: 0.11 * scale)
    var picture = density
    // Lungs and trunk decide the range, not the air around.
    let lungs = density.values.indices.filter { projection.air.values[$0] > 0 }.map { density.values[$0] }
      .sorted()
    let trunk = density.values.filter { $0 > 0.6 }.sorted()
    guard lungs.count > 20, trunk.count > 20 else { return picture }
    let dark = Double(lungs[lungs.count / 10])
    let high = Double(trunk[trunk.count * 97 / 100])
    let low = dark - 0.22 * (high - dark)
    for i in picture.values.indices {
      let raw = density.values[i]
      let enhanced = raw - 0.22 * (broad.values[i] - Float((low + high) / 2)) + 0.4 * (raw - sharp.values[i])
      let share = (Double(enhanced) - low) / (high - low)
      let curve = 1 / (1 + exp(-contrast * (share - 0.5 - darkening)))
      let air = min(max((Double(raw) - 0.05) / 0.5, 0), 1)
      picture.values[i] = Float(curve * air)
    }
    return picture
  }
}
