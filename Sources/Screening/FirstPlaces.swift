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
  /// Open addressing: the upper half of a hash above the index of its entry plus 1, or 0. A power of two of slots, at most half
  /// of them taken.
  private var slots = [UInt64](repeating: 0, count: 1 << 12)

  /// The place where the formula was given first; the place given now when it is new.
  mutating func first(of formula: Formula, mode: Mode, at place: Int) -> Int {
    if 2 * entries.count >= slots.count { grow() }
    let hash = formula.structuralHash
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      if (slots[slot] ^ hash) >> 32 == 0 {
        let index = Int(slots[slot] & 0xffff_ffff) - 1
        if entries[index].mode == mode, entries[index].formula == formula { return entries[index].place }
      }
      slot = (slot + 1) & mask
    }
    entries.append(Entry(mode: mode, hash: hash, formula: formula, place: place))
    slots[slot] = Self.slot(hash, entries.count)
    return place
  }

  private mutating func grow() {
    slots = [UInt64](repeating: 0, count: 4 * slots.count)
    let mask = slots.count - 1
    for index in entries.indices {
      let hash = entries[index].hash
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = Self.slot(hash, index + 1)
    }
  }

  private static func slot(_ hash: UInt64, _ entry: Int) -> UInt64 {
    hash & 0xffff_ffff_0000_0000 | UInt64(truncatingIfNeeded: entry) & 0xffff_ffff
  }
}
