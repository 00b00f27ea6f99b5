/// Makes one index of those of several archives; pure, without I/O.
struct ArchiveJoin {
  private(set) var index: ArchiveIndex
  private(set) var places: [ArchiveSet.Place] = []

  private let members: [ArchiveSet.Member]
  private var images: [ArchiveImage] = []
  private var kinship = Kinship()
  private var problems: [ArchiveProblem] = []

  init(_ members: [ArchiveSet.Member]) {
    self.members = members
    index = members[0].index
    for member in members { problems += member.index.problems.map { $0.inside(member.name) } }
    let sources = SourceNames(members)
    var copies: [String: [ArchiveSet.Place]] = [:]
    for (number, member) in members.enumerated() {
      for (position, image) in member.index.images.enumerated() {
        copies[image.sopInstanceUID, default: []].append(.init(member: number, position: position))
      }
    }
    var joined: [(image: ArchiveImage, place: ArchiveSet.Place)] = []
    // Sorted, so that of alike problems the same one is the first on every machine.
    for (_, places) in copies.sorted(by: { $0.key < $1.key }) {
      // A copy with a mask is worth more.
      let ordered = places.sorted { isMasked($0) && !isMasked($1) }
      var image = merged(ordered)
      image.archive = members[ordered[0].member].name
      image.source = sources.name(of: image.folder, in: ordered[0].member)
      joined.append((image, ordered[0]))
    }
    joined.sort { ($0.image.source, $0.image.path) < ($1.image.source, $1.image.path) }
    images = joined.map(\.image)
    places = joined.map(\.place)
    kinship.apply(to: &images)
    index = ArchiveIndex(
      joining: members.map(\.index), images: images, problems: problems.countedTogether)
  }

  private func image(at place: ArchiveSet.Place) -> ArchiveImage {
    members[place.member].index.images[place.position]
  }

  private func isMasked(_ place: ArchiveSet.Place) -> Bool { !image(at: place).masks.isEmpty }

  /// What several archives say of one instance; the first has its file.
  private mutating func merged(_ places: [ArchiveSet.Place]) -> ArchiveImage {
    var merged = image(at: places[0])
    for place in places.dropFirst() {
      let other = image(at: place)
      let name = members[place.member].name
      func note(_ kind: ArchiveProblem.Kind, _ message: String) {
        problems.append(
          ArchiveProblem(kind, path: merged.path, message: message).inside(members[places[0].member].name))
      }
      note(.instanceInSeveralArchives, "the same instance lies in \(name) as well; it counts once")
      if merged.ownPatientKey != other.ownPatientKey {
        note(.contradictoryPatient, "has another Patient ID in \(name); both count as one patient")
        kinship.join(merged.ownPatientKey, other.ownPatientKey)
      }
      if let split = other.split {
        if let own = merged.split, own != split {
          note(.heldOutElsewhere, "\(own.rawValue) here, \(split.rawValue) in \(name); held out")
        }
        merged.split = ArchiveIndex.heldOutMost([merged.split, split].compactMap(\.self))
      }
    }
    let findings = Set(places.compactMap { image(at: $0).finding })
    merged.finding = findings.count == 1 ? findings.first : nil
    if findings.count > 1 {
      let said = places.compactMap { place in
        image(at: place).finding.map { "\($0.rawValue) in \(members[place.member].name)" }
      }
      problems.append(
        ArchiveProblem(
          .contradictoryFinding, path: merged.path,
          message: "labelled \(said.joined(separator: ", ")); counts as unlabelled"
        ).inside(members[places[0].member].name))
    }
    return merged
  }
}

/// What the sources of several archives are called: their folder where no other archive has one of that name.
private struct SourceNames {
  private let plain: [[String: String]]
  private let whole: [[String: String]]
  private let uses: [String: Int]

  init(_ members: [ArchiveSet.Member]) {
    let folders = members.map { Set($0.index.images.map(\.folder)) }
    plain = zip(members, folders).map { member, folders in
      Dictionary(uniqueKeysWithValues: folders.map { ($0, $0.isEmpty ? member.name : $0) })
    }
    whole = zip(members, folders).map { member, folders in
      Dictionary(uniqueKeysWithValues: folders.map { ($0, "\(member.name)/\($0.isEmpty ? "." : $0)") })
    }
    uses = (plain + whole).flatMap(\.values).reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }

  func name(of folder: String, in member: Int) -> String {
    guard let name = plain[member][folder], uses[name] == 1 else { return whole[member][folder] ?? folder }
    return name
  }
}

extension ArchiveProblem {
  /// As one of several archives' problems.
  func inside(_ archive: String) -> ArchiveProblem {
    guard !path.hasPrefix("/") else { return self }
    return ArchiveProblem(
      kind, path: path.isEmpty ? archive : "\(archive)/\(path)", line: line, count: count, message: message)
  }
}

extension [ArchiveProblem] {
  /// Those between archives that say the same of other images, counted as one.
  var countedTogether: [ArchiveProblem] {
    let single: Set<ArchiveProblem.Kind> = [
      .instanceInSeveralArchives, .contradictoryFinding, .contradictoryPatient, .contradictoryPixels,
      .samePicture, .heldOutElsewhere,
    ]
    var result: [ArchiveProblem] = []
    var places: [String: Int] = [:]
    for problem in self {
      guard single.contains(problem.kind) else {
        result.append(problem)
        continue
      }
      let key = "\(problem.kind.rawValue) \(problem.message)"
      if let place = places[key] {
        let first = result[place]
        result[place] = ArchiveProblem(
          first.kind, path: first.path, line: first.line, count: first.count + problem.count,
          message: first.message)
      } else {
        places[key] = result.count
        result.append(problem)
      }
    }
    return result
  }
}
