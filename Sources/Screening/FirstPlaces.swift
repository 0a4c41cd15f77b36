import Formulas

/// Where each formula of a mode stood first.
struct FirstPlaces {
  private struct Entry {
    let mode: Mode
    let hash: UInt64
    let formula: Formula
    let place: Int
  }

  private var entries: [Entry] = []
  /// Open addressing: the index of an entry, or −1. A power of two of slots, at most half of them taken.
  private var slots = [Int32](repeating: -1, count: 1 << 12)

  /// The place where the formula was given first; the place given now when it is new.
  mutating func first(of formula: Formula, mode: Mode, at place: Int) -> Int {
    if 2 * entries.count >= slots.count { grow() }
    let hash = formula.structuralHash
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash >> 20) & mask
    while slots[slot] >= 0 {
      let entry = entries[Int(slots[slot])]
      if entry.hash == hash, entry.mode == mode, entry.formula == formula { return entry.place }
      slot = (slot + 1) & mask
    }
    slots[slot] = Int32(truncatingIfNeeded: entries.count)
    entries.append(Entry(mode: mode, hash: hash, formula: formula, place: place))
    return place
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: 4 * slots.count)
    let mask = slots.count - 1
    for (index, entry) in entries.enumerated() {
      var slot = Int(truncatingIfNeeded: entry.hash >> 20) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(truncatingIfNeeded: index)
    }
  }
}
