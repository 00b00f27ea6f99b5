public import struct Foundation.URL

extension ArchiveSet {
  /// Side of the images by which pictures are compared, in pixels.
  public static let comparedSize = PictureView.pictureSide

  /// Compares what the members' images show, which headers don't tell: an instance that two archives hold with other
  /// pixels or another lung mask is a problem, and a picture that two archives hold as different instances makes its
  /// patients one.
  /// - Parameters:
  ///   - caches: of the members, in their order, of ``comparedSize``.
  ///   - saved: where the outcome for two members is kept; nil keeps nothing.
  ///   - threads: how many threads compare.
  ///   - progress: called on the calling thread with parts done and parts in all, only when comparing.
  public mutating func comparePictures(
    _ caches: [ImageCache], saved: (Member, Member) -> URL? = { _, _ in nil }, threads: Int = 1,
    progress: (Int, Int) -> Void = { _, _ in }
  ) {
    precondition(caches.count == members.count && caches.allSatisfy { $0.size == Self.comparedSize })
    guard members.count > 1 else { return }
    index.add(contradictions(caches))
    let positions = Dictionary(
      uniqueKeysWithValues: index.images.enumerated().map { ($0.element.sopInstanceUID, $0.offset) })
    var pairs: [(Int, Int)] = []
    for second in members.indices {
      for first in 0..<second {
        let place = saved(members[first], members[second])
        for pair in found(first, second, caches, saved: place, threads, progress) {
          guard let a = positions[pair[0]], let b = positions[pair[1]], a != b else { continue }
          pairs.append((a, b))
        }
      }
    }
    index.join(pairs)
  }

  private mutating func found(
    _ first: Int, _ second: Int, _ caches: [ImageCache], saved: URL?, _ threads: Int,
    _ progress: (Int, Int) -> Void
  ) -> [[String]] {
    let key = SavedPairs.key(members[first].index, members[second].index)
    if let saved, let known = SavedPairs(reading: saved, key: key) { return known.pairs }
    func pictures(_ cache: ImageCache) -> [[UInt8]?] {
      (0..<cache.count).map { cache.hasImage($0) ? cache.imageBytes($0) : nil }
    }
    let same = SamePictures(
      first: pictures(caches[first]), second: pictures(caches[second]), threads: threads)
    let pairs = same.pairs(progress: progress).map { a, b in
      [members[first].index.images[a].sopInstanceUID, members[second].index.images[b].sopInstanceUID]
    }
    if let saved {
      do { try SavedPairs(key: key, pairs: pairs).write(to: saved) } catch {
        let message = "what was compared can't be saved here; the next run compares again"
        index.add([ArchiveProblem(.notSaved, path: saved.path, message: message)])
      }
    }
    return pairs
  }

  /// Instances that several archives hold, but not alike.
  private func contradictions(_ caches: [ImageCache]) -> [ArchiveProblem] {
    var problems: [ArchiveProblem] = []
    let kept = Dictionary(uniqueKeysWithValues: zip(index.images.map(\.sopInstanceUID), places))
    for (number, member) in members.enumerated() {
      for (position, image) in member.index.images.enumerated() {
        guard let place = kept[image.sopInstanceUID], place.member != number else { continue }
        let (own, other) = (caches[place.member], caches[number])
        func note(_ what: String) {
          problems.append(
            ArchiveProblem(
              .contradictoryPixels, path: members[place.member].index.images[place.position].path,
              message: "the instance of this UID in \(member.name) has another \(what); it is left out"
            ).inside(members[place.member].name))
        }
        func differ(_ digest: (ImageCache, Int) -> [UInt8]?) -> Bool {
          guard let a = digest(own, place.position), let b = digest(other, position) else { return false }
          return a != b
        }
        if differ({ $0.imageDigest($1) }) { note("picture") }
        if differ({ $0.maskDigest($1) }) { note("lung mask") }
      }
    }
    return problems.countedTogether
  }
}

extension ArchiveIndex {
  /// Makes the patients of each pair of images one; they show the same.
  mutating func join(_ pairs: [(Int, Int)]) {
    var kinship = Kinship()
    for image in images { if let kin = image.kin { kinship.join(image.ownPatientKey, kin) } }
    var found: [ArchiveProblem] = []
    for (a, b) in pairs where images[a].patientKey != images[b].patientKey {
      kinship.join(images[a].ownPatientKey, images[b].ownPatientKey)
      let (one, other) = (images[a], images[b])
      var message =
        "the same picture is in \(other.archive ?? "") under another name; the patients are kept together"
      if let here = one.finding, let there = other.finding, here != there {
        message += ", though labelled \(here.rawValue) here, \(there.rawValue) there"
      }
      found.append(ArchiveProblem(.samePicture, path: one.path, message: message).inside(one.archive ?? ""))
    }
    kinship.apply(to: &images)
    problems += found.countedTogether
    digest = Self.digest(of: images)
  }
}
