import DICOM

/// How a picture is to be turned, from what Patient Orientation says and what the picture shows.
///
/// The tag is believed unless the picture contradicts it beyond doubt; then of the readings that agree with the
/// picture the first counts: the picture as stored, the tag with its values in the wrong order, the plate turned
/// by half or a quarter. Whether a picture is mirrored only the tag can say: a heart on the right may be one.
struct Righting: Sendable {
  let turning: Turning
  let notes: [QualityNote]
  /// Patient Orientation afterwards: nil where nothing was turned, empty where only the picture says how, so that
  /// left and right aren't certain.
  let patientOrientation: [String]?

  /// - Parameter picture: as stored; nil where it is too small to judge.
  init(stated: StatedOrientation?, picture: Thumbnail?) {
    let asked = stated?.turning ?? .none
    // A device's default says nothing that could stand in the wrong order.
    let swapped = asked == .none ? nil : stated?.swapped?.turning
    let readings =
      [asked, .none] + [swapped].compactMap { $0 }
      + [.half, .clockwise, .counterclockwise].map { asked.then($0) }
    let chosen = picture.flatMap { Self.contradicted(asked, by: $0, readings: readings) }
    turning = chosen ?? asked
    if chosen != nil {
      notes = [.orientationContradictsTag(stated: stated?.description ?? "absent")]
    } else if asked != .none, let stated {
      notes = [.righted(stated: stated.description)]
    } else {
      notes = []
    }
    switch chosen {
    case nil: patientOrientation = asked == .none ? nil : ["L", "F"]
    case .some(let chosen): patientOrientation = chosen == swapped ? ["L", "F"] : []
    }
  }

  /// The reading that the picture prefers to the one asked for; nil where it doesn't contradict that.
  private static func contradicted(
    _ asked: Turning, by picture: Thumbnail, readings: [Turning]
  ) -> Turning? {
    let turned = readings.map { picture.turned(by: $0) }
    let evidence = turned.map { Uprightness(of: $0).evidence }
    guard let best = evidence.max(), best - evidence[0] > Uprightness.doubt,
      // Readings that differ only in left and right get the same evidence but for rounding.
      let index = evidence.firstIndex(where: { best - $0 < 0.01 }), Polarity(of: turned[index]).isDecided
    else { return nil }
    return readings[index]
  }
}
