/// A list in a `ListStore`: where it starts and how long it is, so that a copy or the beginning of it costs nothing.
struct StoredList {
  var start: Int32 = 0
  var count: Int32 = 0

  var isEmpty: Bool { count == 0 }
  /// The places of its elements in the store.
  var places: Range<Int> { Int(start)..<(Int(start) + Int(count)) }

  /// The first elements.
  func prefix(_ length: Int) -> StoredList { StoredList(start: start, count: Int32(truncatingIfNeeded: length)) }

  /// All but the first elements.
  func dropped(_ length: Int) -> StoredList {
    let length = Int32(truncatingIfNeeded: length)
    return StoredList(start: start + length, count: count - length)
  }
}

/// Many short lists, one behind the other; a list stays as it was made.
struct ListStore<Element> {
  private var elements: [Element] = []

  /// The number of elements of all lists.
  var count: Int { elements.count }

  subscript(place: Int) -> Element { elements[place] }

  /// Changes an element of a list that nobody else has seen yet.
  mutating func change(_ place: Int, _ change: (inout Element) -> Void) { change(&elements[place]) }

  func first(of list: StoredList) -> Element? { list.isEmpty ? nil : elements[Int(list.start)] }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func append(_ list: StoredList) {
    for place in list.places { elements.append(elements[place]) }
  }

  /// What was appended from a place on.
  func list(from start: Int) -> StoredList {
    StoredList(start: Int32(truncatingIfNeeded: start), count: Int32(truncatingIfNeeded: elements.count - start))
  }

  mutating func list(_ element: Element) -> StoredList {
    append(element)
    return list(from: elements.count - 1)
  }

  /// The elements of one list and then those of the other.
  mutating func joined(_ one: StoredList, _ other: StoredList) -> StoredList {
    if one.isEmpty { return other }
    if other.isEmpty { return one }
    let start = elements.count
    append(one)
    append(other)
    return list(from: start)
  }

  mutating func swap(_ one: Int, _ other: Int) { elements.swapAt(one, other) }

  /// Forgets all from a place on.
  mutating func cut(to count: Int) {
    if count < elements.count { elements.removeLast(elements.count - count) }
  }

  mutating func removeAll() { elements.removeAll(keepingCapacity: true) }
}
