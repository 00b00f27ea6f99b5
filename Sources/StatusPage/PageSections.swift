/// The parts of the page that change while it is looked at.
struct PageSections: Sendable {
  static let names = ["summary", "plots", "studies", "attention", "deliveries"]

  /// By the name of each, in order.
  var html: [(id: String, html: String)] = []

  /// What changed since, as server-sent events: the section's name, and its content line by line.
  func changes(since last: PageSections) -> String {
    var text = ""
    for (id, html) in html where html != last.html.first(where: { $0.id == id })?.html {
      text += "event: \(id)\n"
      for line in html.split(whereSeparator: \.isNewline) { text += "data: \(line)\n" }
      text += "\n"
    }
    return text
  }
}
