/// Takes items through three stages in order, each stage in a task of its own: while one item is in the last
/// stage, the next is in the second and the one after in the first. With as much to do in every stage as here
/// (decoding, the network, drawing and writing), two cores stay busy without waiting for each other inside a stage.
///
/// What waits between the stages isn't limited: whoever yields `items` limits how many are on their way.
package func assemblyLine<Item: Sendable, Prepared: Sendable, Processed: Sendable>(
  _ items: AsyncStream<Item>, first: @escaping @Sendable (Item) -> Prepared,
  second: @escaping @Sendable (Prepared) -> Processed, last: (Processed) -> Void
) async {
  let (prepared, toSecond) = AsyncStream.makeStream(of: Prepared.self)
  let (processed, toLast) = AsyncStream.makeStream(of: Processed.self)
  await withTaskGroup(of: Void.self) { group in
    group.addTask {
      for await item in items { toSecond.yield(first(item)) }
      toSecond.finish()
    }
    group.addTask {
      for await item in prepared { toLast.yield(second(item)) }
      toLast.finish()
    }
    for await item in processed { last(item) }
  }
}
