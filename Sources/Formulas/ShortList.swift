/// An element that a list can hold an unused place of.
protocol Blank {
  static var blank: Self { get }
}

extension Int: Blank {
  static var blank: Int { 0 }
}

/// An array that needs no allocation up to four elements.
struct ShortList<Element: Blank>: RandomAccessCollection, MutableCollection, RangeReplaceableCollection,
  ExpressibleByArrayLiteral
{
  private var first = Element.blank
  private var second = Element.blank
  private var third = Element.blank
  private var fourth = Element.blank
  private(set) var count = 0
  /// The elements from the fifth on.
  private var rest: [Element]?

  init() {}

  init(_ element: Element) { append(element) }

  init(arrayLiteral elements: Element...) { for element in elements { append(element) } }

  var startIndex: Int { 0 }
  var endIndex: Int { count }

  subscript(place: Int) -> Element {
    get {
      precondition(place >= 0 && place < count, "a place outside the list")
      switch place {
      case 0: return first
      case 1: return second
      case 2: return third
      case 3: return fourth
      default: return rest?[place - 4] ?? .blank
      }
    }
    set {
      precondition(place >= 0 && place < count, "a place outside the list")
      switch place {
      case 0: first = newValue
      case 1: second = newValue
      case 2: third = newValue
      case 3: fourth = newValue
      default: rest?[place - 4] = newValue
      }
    }
  }

  mutating func append(_ element: Element) {
    count += 1
    if count <= 4 {
      self[count - 1] = element
    } else if rest == nil {
      rest = [element]
    } else {
      rest?.append(element)
    }
  }

  mutating func append<S: Sequence<Element>>(contentsOf elements: S) { for element in elements { append(element) } }

  mutating func replaceSubrange<C: Collection<Element>>(_ range: Range<Int>, with elements: C) {
    var replaced = Self()
    for place in 0..<range.lowerBound { replaced.append(self[place]) }
    for element in elements { replaced.append(element) }
    for place in range.upperBound..<count { replaced.append(self[place]) }
    self = replaced
  }

  /// Sorts in place and keeps the order of equals; whether anything moved.
  @discardableResult mutating func sort(by isBefore: (Element, Element) -> Bool) -> Bool {
    guard count > 1 else { return false }
    var hasMoved = false
    for place in 1..<count {
      let element = self[place]
      var gap = place
      while gap > 0, isBefore(element, self[gap - 1]) {
        self[gap] = self[gap - 1]
        gap -= 1
      }
      if gap < place {
        self[gap] = element
        hasMoved = true
      }
    }
    return hasMoved
  }
}

extension ShortList: Sendable where Element: Sendable {}

extension ShortList: Equatable where Element: Equatable {
  static func == (one: Self, other: Self) -> Bool {
    guard one.count == other.count else { return false }
    for place in 0..<one.count where one[place] != other[place] { return false }
    return true
  }
}
