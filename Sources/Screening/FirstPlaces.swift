import Formulas

/// Where each canonical form of a mode stood first.
///
/// Most formulas are the first of their form, and the hash of the form shows it; the form itself is made only where hashes
/// are equal.
struct FirstPlaces {
  /// The first of a form.
  private struct Entry {
    let mode: Mode
    let hash: UInt64
    /// As it was written.
    let formula: Formula
    /// Made when another formula with the hash comes.
    var form: Formula?
    let place: Int
  }

  private var entries: [Entry] = []
  /// Open addressing: the index of an entry, or −1. A power of two of slots, at most half of them taken.
  private var slots = [Int32](repeating: -1, count: 1 << 12)

  /// Whether a form with this hash came before; where none did, none with the form did.
  func mayKnow(_ hash: UInt64, mode: Mode) -> Bool {
    var slot = slot(of: hash)
    while slots[slot] >= 0 {
      let entry = Int(slots[slot])
      if entries[entry].hash == hash, entries[entry].mode == mode { return true }
      slot = next(slot)
    }
    return false
  }

  /// The place where a formula with the same canonical form was given first; the place given now when there is none.
  /// - Parameters:
  ///   - hash: `Canonicalizer.canonicalHash` of the formula.
  ///   - form: its canonical form if it was made already.
  mutating func first(
    of formula: Formula, hash: UInt64, form: Formula?, mode: Mode, at place: Int, _ canonicalizer: Canonicalizer
  ) -> Int {
    if 2 * entries.count >= slots.count { grow() }
    func canonical(_ formula: Formula) -> Formula { canonicalizer.canonicalForm(ofChecked: formula, in: mode).formula }
    var form = form
    var slot = slot(of: hash)
    while slots[slot] >= 0 {
      let entry = Int(slots[slot])
      if entries[entry].hash == hash, entries[entry].mode == mode {
        let known = entries[entry].form ?? canonical(entries[entry].formula)
        entries[entry].form = known
        let own = form ?? canonical(formula)
        if own == known { return entries[entry].place }
        form = own
      }
      slot = next(slot)
    }
    slots[slot] = Int32(truncatingIfNeeded: entries.count)
    entries.append(Entry(mode: mode, hash: hash, formula: formula, form: form, place: place))
    return place
  }

  private func slot(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 20) & (slots.count - 1) }
  private func next(_ slot: Int) -> Int { (slot + 1) & (slots.count - 1) }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: 4 * slots.count)
    for index in entries.indices {
      var slot = slot(of: entries[index].hash)
      while slots[slot] >= 0 { slot = next(slot) }
      slots[slot] = Int32(truncatingIfNeeded: index)
    }
  }
}
