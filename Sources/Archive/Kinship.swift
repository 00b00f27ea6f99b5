/// Patients who are one person under several names: a union of sets.
struct Kinship {
  private var parent: [String: String] = [:]

  /// The first name of all that are joined with it, in alphabetical order; itself where there is none.
  func first(of name: String) -> String {
    var name = name
    while let next = parent[name] { name = next }
    return name
  }

  mutating func join(_ a: String, _ b: String) {
    let (a, b) = (first(of: a), first(of: b))
    if a != b { parent[max(a, b)] = min(a, b) }
  }

  /// Writes down who is kept together.
  func apply(to images: inout [ArchiveImage]) {
    for index in images.indices {
      let own = images[index].ownPatientKey
      let first = first(of: own)
      if first != own { images[index].kin = first }
    }
  }
}
