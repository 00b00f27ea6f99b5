import Tensors
import Testing

@Suite struct MemoryTests {
  /// Of less than a huge page, of one exactly, and of some and a part.
  @Test("memory begins with zeros, whoever had it before", arguments: [1, 1000, 524_288, 1_300_003])
  func zeros(count: Int) {
    for _ in 0..<3 {
      let memory = Memory<Float>(count: count)
      #expect(memory.count == count && memory.values.allSatisfy { $0 == 0 })
      memory.fill(1)
      #expect(memory.values.allSatisfy { $0 == 1 })
    }
  }

  @Test func emptyMemory() { #expect(Memory<Float>(count: 0).values.isEmpty) }
}
