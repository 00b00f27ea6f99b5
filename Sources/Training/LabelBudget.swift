package import Archive
internal import Tensors

/// Which images keep their labels when there is a budget.
package enum LabelBudget {
  /// Draws patient after patient, in an order that the seed decides, each with all labelled images, until
  /// `count` images are reached (the last patient may keep only some). With `balancingClasses` the next
  /// patient comes from the class that has fewer images so far; a patient with both findings stands with the
  /// pneumonias. A larger budget of the same seed contains the smaller one.
  /// - Parameters:
  ///   - positions: of the labelled images in the index.
  ///   - count: nil keeps all.
  /// - Returns: the chosen positions, in order.
  package static func draw(
    _ positions: [Int], count: Int?, index: ArchiveIndex, seed: UInt64, balancingClasses: Bool
  ) -> [Int] {
    guard let count, count < positions.count else { return positions }
    var generator = SplitMix64(seed, 0x6275_6467_6574)
    func group(_ position: Int) -> Int {
      balancingClasses ? index.images[position].finding?.classIndex ?? 0 : 0
    }
    let patients = Dictionary(grouping: positions) { index.images[$0].patientKey }
    var queues: [[[Int]]] = [[], []]
    for (_, images) in patients.sorted(by: { $0.key < $1.key }) {
      queues[images.map(group).max() ?? 0].append(images)
    }
    for q in queues.indices { generator.shuffle(&queues[q]) }
    var chosen: [Int] = []
    var sizes = [0, 0]
    while chosen.count < count,
      let q = queues.indices.filter({ !queues[$0].isEmpty }).min(by: { sizes[$0] < sizes[$1] })
    {
      let images = queues[q].removeLast().prefix(count - chosen.count)
      for image in images { sizes[group(image)] += 1 }
      chosen += images
    }
    return chosen.sorted()
  }
}
