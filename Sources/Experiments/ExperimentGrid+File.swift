internal import Archive
public import Foundation
internal import MultiMix
internal import Training

/// Why a grid file can't be used: one line.
public struct ExperimentGridError: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

extension ExperimentGrid {
  /// - Parameter file: the grid file's bytes. What it leaves out takes the defaults of `train`; a key that
  ///   doesn't exist is an error, not something to be passed over.
  public init(_ file: Data) throws(ExperimentGridError) {
    do {
      let fields = try JSONSerialization.jsonObject(with: file) as? [String: Any] ?? [:]
      let training = fields["training"] as? [String: Any] ?? [:]
      self = try JSONDecoder().decode(ExperimentGrid.self, from: file)
      self.training = try Self.training(training)
      for (place, variant) in (fields["variants"] as? [[String: Any]] ?? []).enumerated() {
        guard let changes = variant["training"] as? [String: Any] else {
          throw ExperimentGridError("variant \(variants[place].name): training is missing, or not an object")
        }
        variants[place].training = try Self.training(changes, from: self.training)
      }
    } catch let error as ExperimentGridError {
      throw error
    } catch let error as DecodingError {
      throw ExperimentGridError(Self.words(error))
    } catch let error as TrainingError {
      throw ExperimentGridError("training: \(error)")
    } catch {
      throw ExperimentGridError("not JSON")
    }
    if let problem { throw ExperimentGridError(problem) }
  }

  /// What a cell says of itself.
  private static let ofTheCell = [
    "name", "system", "seed", "sources", "leftOut", "labelledClassification", "labelledSegmentation",
    "initialModel",
  ]

  private static func training(
    _ fields: [String: Any], from standard: TrainingConfiguration? = nil
  ) throws -> TrainingConfiguration {
    if let key = ofTheCell.first(where: { fields[$0] != nil }) {
      throw ExperimentGridError("training: \(key) is not for all trainings alike")
    }
    var training = try (standard ?? TrainingConfiguration()).changed(
      byJSON: JSONSerialization.data(withJSONObject: fields))
    if standard == nil, fields["validateEvery"] == nil { training.validateEvery = max(1, training.steps) }
    return training
  }

  /// Where in the file, and what.
  private static func words(_ error: DecodingError) -> String {
    func place(_ path: [any CodingKey]) -> String {
      path.map { key in key.intValue.map { "\($0 + 1)" } ?? key.stringValue }.joined(separator: " ")
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context.codingPath + [key])) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      return "\(place(context.codingPath)): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }

  /// What is wrong with it, in a line; nil when it can be used.
  public var problem: String? {
    problemOfLists ?? problemOfNames ?? problemOfSizes
      ?? cells.lazy.compactMap { cell in cell.configuration(self).problem.map { "\(cell.name): \($0)" } }
      .first ?? problemOfCells
  }

  private var problemOfCells: String? {
    let cells = cells
    let names = Dictionary(grouping: cells, by: \.name)
    if let name = names.first(where: { $0.value.count > 1 })?.key {
      return "two trainings are called \(name): give a variant another name"
    }
    // The same training twice would pass for a finding.
    let trainings = cells.map { cell in
      var configuration = cell.configuration(self)
      configuration.name = ""
      return configuration
    }
    for (cell, training) in zip(cells, trainings) {
      guard let variant = cell.arm.variant else { continue }
      if zip(cells, trainings).contains(where: { $0.arm.variant != variant && $1 == training }) {
        return "variant \(variant) changes nothing in \(cell.system.rawValue)"
      }
    }
    return nil
  }

  private var problemOfLists: String? {
    let out = leaveOut.flatMap(\.sources)
    let lists: [(String, Int, Int)] = [
      ("systems", systems.count, Set(systems).count), ("labels", labels.count, Set(labels).count),
      ("seeds", seeds.count, Set(seeds).count), ("tests", tests.count, Set(tests.map(\.name)).count),
      ("variants", variants.count, Set(variants.map(\.name)).count),
      ("compare", compare.count, Set(compare).count),
      ("leaveOut", out.count, Set(out).count),
    ]
    for (name, count, different) in lists {
      if count == 0 && !["variants", "compare", "leaveOut"].contains(name) { return "\(name): none given" }
      if different < count { return "\(name): one is given twice" }
    }
    if trainSources?.isEmpty ?? false { return "trainSources: none given; leave it out for all" }
    if leaveOut.contains(where: \.sources.isEmpty) { return "leaveOut: one without sources" }
    if tests.contains(where: { $0.sources?.isEmpty ?? false }) { return "tests: one without sources" }
    if let fold = leaveOut.first(where: { fold in trainSources?.allSatisfy(fold.sources.contains) ?? false })
    {
      return "leaveOut \(fold.name): nothing is left to train on"
    }
    return nil
  }

  private var problemOfNames: String? {
    // They become those of files.
    for name in [name] + tests.map(\.name) + variants.map(\.name)
    where name.isEmpty || !name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) {
      return "name \"\(name)\": letters, digits and - only"
    }
    if Split(rawValue: split) == nil { return "split \"\(split)\": train, val or test" }
    for test in tests {
      let split = split(of: test)
      if split == "all", !test.isLeftOut {
        let trained = trainSources.map { (test.sources ?? $0).filter($0.contains) }
        guard trained?.isEmpty ?? false else {
          return "test \(test.name): split all is for sources that aren't trained on"
        }
      } else if split != "all", Split(rawValue: split) == nil {
        return "test \(test.name): split \"\(split)\": train, val, test or all"
      }
    }
    for pair in compare
    where pair.first == pair.second || ![pair.first, pair.second].allSatisfy(systems.contains) {
      return "compare: two of the systems, or pairs of them"
    }
    return nil
  }

  private var problemOfSizes: String? {
    for amount in labels.flatMap({ [$0.classification, $0.segmentation] }) {
      if case .count(let count) = amount, count < 1 {
        return "labels: \(count); a number from 1 on, or \"all\""
      }
    }
    if size < 32 || size > 256 || 256 % size != 0 { return "size \(size): 32, 64, 128 or 256" }
    if let stage = training.stages.first(where: { $0.size > size }) {
      return "a stage of \(stage.size) pixels is larger than size \(size)"
    }
    if let variant = variants.first(where: { $0.training.stages != training.stages }) {
      return "variant \(variant.name): the stages are the same for all trainings"
    }
    if !(1...256).contains(threads) { return "threads \(threads): from 1 to 256" }
    return nil
  }
}

extension ExperimentGrid: Decodable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case name, note, systems, labels, seeds, size, training, variants, threads, trainSources, split, tests,
      leaveOut, compare
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// All but the training, of which a file has a part only.
  public init(from decoder: any Decoder) throws {
    try Self.refuseKeys(of: decoder, but: CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func optional<Value: Decodable>(_ key: CodingKeys) throws -> Value? {
      try container.decodeIfPresent(Value.self, forKey: key)
    }
    name = try optional(.name) ?? "experiment"
    note = try optional(.note)
    systems = try container.decode([String].self, forKey: .systems).map(Self.system)
    labels = try container.decode([Labels].self, forKey: .labels)
    seeds = try container.decode([Int].self, forKey: .seeds).map { seed in
      guard let seed = UInt64(exactly: seed) else { throw ExperimentGridError("seeds: \(seed); from 0 on") }
      return seed
    }
    size = try optional(.size) ?? 256
    training = TrainingConfiguration()
    variants = try optional(.variants) ?? []
    threads = try optional(.threads) ?? 1
    trainSources = try optional(.trainSources)
    split = try optional(.split) ?? Split.val.rawValue
    leaveOut = try optional(.leaveOut) ?? []
    guard leaveOut.isEmpty || !container.contains(.tests) else {
      throw ExperimentGridError("tests: those of leaveOut are what is left out")
    }
    tests =
      try leaveOut.isEmpty ? optional(.tests) ?? [Test(name: "all", sources: nil)] : leaveOut.map(\.test)
    compare = try container.contains(.compare) ? Self.pairs(container, .compare) : []
  }

  /// A misspelt key would otherwise count as left out.
  fileprivate static func refuseKeys(of decoder: any Decoder, but known: [String]) throws {
    let keys = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
    if let key = keys.sorted().first(where: { !known.contains($0) }) {
      throw ExperimentGridError("unknown key \"\(key)\"; there are \(known.joined(separator: ", "))")
    }
  }

  /// `["umtl-s", "multimix"]`, or a list of such pairs.
  private static func pairs(_ container: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys) throws
    -> [Pair]
  {
    let lists =
      if let one = try? container.decode([String].self, forKey: key) { [one] } else {
        try container.decode([[String]].self, forKey: key)
      }
    return try lists.map { names in
      guard names.count == 2 else {
        throw ExperimentGridError("compare: two of the systems, or pairs of them")
      }
      return try Pair(system(names[0]), system(names[1]))
    }
  }

  private static func system(_ name: String) throws(ExperimentGridError) -> System {
    guard let system = System(rawValue: name) else {
      let known = System.allCases.map(\.rawValue).joined(separator: ", ")
      throw ExperimentGridError("unknown system \"\(name)\"; there are \(known)")
    }
    return system
  }
}

extension ExperimentGrid.Test: Decodable {
  // Not private: the compiler writes `encode` beside the type, in another file.
  enum CodingKeys: String, CodingKey, CaseIterable { case name, sources, split, findingSources, maskSources }

  public init(from decoder: any Decoder) throws {
    try ExperimentGrid.refuseKeys(of: decoder, but: CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    sources = try container.decodeIfPresent([String].self, forKey: .sources)
    split = try container.decodeIfPresent(String.self, forKey: .split)
    findingSources = try container.decodeIfPresent([String].self, forKey: .findingSources)
    maskSources = try container.decodeIfPresent([String].self, forKey: .maskSources)
  }
}

extension ExperimentGrid.Fold: Decodable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case name, sources }

  /// `{"name": "nih", "sources": ["nih_talo", "nih_more"]}`, or the name of a single source.
  public init(from decoder: any Decoder) throws {
    if let source = try? decoder.singleValueContainer().decode(String.self) {
      self.init(name: source.replacing(/[^A-Za-z0-9]+/, with: "-"), sources: [source])
      return
    }
    try ExperimentGrid.refuseKeys(of: decoder, but: CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      name: container.decode(String.self, forKey: .name),
      sources: container.decode([String].self, forKey: .sources))
  }
}

extension ExperimentGrid.Variant: Decodable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case name, title, training }

  /// All but the training, of which a file has a part only.
  public init(from decoder: any Decoder) throws {
    try ExperimentGrid.refuseKeys(of: decoder, but: CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    title = try container.decodeIfPresent(String.self, forKey: .title) ?? name
    training = TrainingConfiguration()
  }
}
