/// The environment variables of this program: `MMDICOM_` and a name in capitals.
public enum EnvironmentVariables {
  /// Those that are no keys of the configuration: which kernels compute; a fault for tests; what tests and scripts
  /// take for Python and for the shared data.
  private static let others = ["KERNELS", "WORKER_FAULT", "PYTHON", "SHARED"]

  static let prefix = "MMDICOM_"

  /// The variable that overrides a key.
  static func name(ofKey key: String) -> String { prefix + key.uppercased() }

  /// A variable that this program doesn't know is a mistyped one: it would be ignored without a word.
  public static func requireKnown(_ environment: [String: String]) throws(ConfigurationFailure) {
    let known = DaemonConfiguration.keys.map(name) + others.map { prefix + $0 }
    let unknown = environment.keys.filter { $0.hasPrefix(prefix) && !known.contains($0) }.sorted()
    guard let first = unknown.first else { return }
    throw ConfigurationFailure(
      "environment: unknown variable \(first)"
        + (SimilarName.of(first, among: known).map { "; did you mean \($0)?" } ?? "; unset it"))
  }
}

/// What somebody may have meant who mistyped a name.
enum SimilarName {
  /// The nearest of `names`, if at most a third of the letters differ.
  static func of(_ name: String, among names: [String]) -> String? {
    let nearest = names.map { (name: $0, distance: distance(name, $0)) }.min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= max(1, name.count / 3) else { return nil }
    return nearest.name
  }

  /// How many letters must be added, taken away or changed (Levenshtein).
  static func distance(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first), Array(second))
    var row = Array(0...second.count)
    for i in first.indices {
      var diagonal = row[0]
      row[0] = i + 1
      for j in second.indices {
        let change = diagonal + (first[i] == second[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[second.count]
  }
}
