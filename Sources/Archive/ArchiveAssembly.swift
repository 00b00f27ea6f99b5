import FoundationEssentials

/// Joins file records to images with masks and labels; pure, without I/O.
struct ArchiveAssembly {
  private(set) var images: [ArchiveImage] = []
  private(set) var problems: [ArchiveProblem] = []
  private(set) var counts = ArchiveIndex.Counts()
  private(set) var pixelDigest = ""

  private var position: [String: Int] = [:]

  /// Records are sorted by path.
  init(records: [FileRecord]) {
    counts.files = records.count
    for record in records {
      switch record.content {
      case .image(let header): add(record, header)
      case .other(let reason): counts.otherObjects[reason, default: 0] += 1
      case .notDICOM: counts.notDICOM += 1
      case .lungMask, .unreadable: break
      }
    }
    var maskUIDs: Set<String> = []
    for record in records {
      guard case .lungMask(let header) = record.content else { continue }
      guard header.sopInstanceUID.isEmpty || maskUIDs.insert(header.sopInstanceUID).inserted else {
        noteDuplicate(record.path)
        continue
      }
      link(record, header)
    }
    for image in images where image.masks.count > 1 {
      let message = "image has \(image.masks.count) lung segmentations; their union is used"
      problems.append(ArchiveProblem(.severalMasks, path: image.path, message: message))
    }
    counts.radiographs = images.count
    counts.masks = images.reduce(0) { $0 + $1.masks.count }
    pixelDigest = ArchiveIndex.pixelDigest(of: images, records: records)
  }

  private mutating func add(_ record: FileRecord, _ header: FileRecord.ImageHeader) {
    guard !header.sopInstanceUID.isEmpty, header.rows > 0, header.columns > 0 else {
      let message = "radiograph without SOP Instance UID, rows or columns; left out"
      problems.append(ArchiveProblem(.incompleteHeader, path: record.path, message: message))
      return
    }
    guard position[header.sopInstanceUID] == nil else { return noteDuplicate(record.path) }
    position[header.sopInstanceUID] = images.count
    let slash = record.path.firstIndex(of: "/")
    images.append(
      ArchiveImage(
        path: record.path, source: slash.map { String(record.path[..<$0]) } ?? "",
        sopInstanceUID: header.sopInstanceUID, studyInstanceUID: header.studyInstanceUID,
        seriesInstanceUID: header.seriesInstanceUID, patientID: header.patientID,
        rows: header.rows, columns: header.columns, fileSize: record.size, traits: header.traits, masks: []))
  }

  private mutating func noteDuplicate(_ path: String) {
    let message = "another file has the same SOP Instance UID and comes first; left out"
    problems.append(ArchiveProblem(.duplicateInstance, path: path, message: message))
  }

  private mutating func link(_ record: FileRecord, _ header: FileRecord.MaskHeader) {
    let targets = header.references.compactMap { position[$0] }
    guard !targets.isEmpty else {
      let message = "lung segmentation of an image that isn't in the archive; left out"
      problems.append(ArchiveProblem(.maskWithoutImage, path: record.path, message: message))
      return
    }
    for target in targets {
      guard images[target].rows == header.rows, images[target].columns == header.columns else {
        let message =
          "lung segmentation of \(header.rows) x \(header.columns) for an image of "
          + "\(images[target].rows) x \(images[target].columns); left out"
        problems.append(ArchiveProblem(.maskSizeMismatch, path: record.path, message: message))
        continue
      }
      images[target].masks.append(record.path)
    }
  }

  /// Gives images the findings and splits of a labels file.
  mutating func apply(_ file: LabelsFile) {
    problems += file.problems
    var tally = ProblemTally(path: file.path)
    var splits: [String: Set<Split>] = [:]
    var splitLine: [String: Int] = [:]
    for label in file.labels {
      guard let index = position[label.sopInstanceUID] else {
        let message = "label for an image that isn't in the archive; row left out"
        tally.note(.labelWithoutImage, line: label.line, message: message)
        continue
      }
      images[index].finding = label.finding
      images[index].split = label.split
      if let patient = label.patientID, patient != images[index].patientID {
        let message = "PatientID isn't the one in the image; the image's is used"
        tally.note(.patientMismatch, line: label.line, message: message)
      }
      guard let split = label.split else { continue }
      let key = images[index].patientKey
      if splits[key, default: []].insert(split).inserted, splits[key]?.count == 2 {
        splitLine[key] = label.line
      }
    }
    for line in splitLine.values.sorted() {
      let message = "patient has images in more than one split; results on them mean little"
      tally.note(.patientInSeveralSplits, line: line, message: message)
    }
    problems += tally.problems
  }
}
