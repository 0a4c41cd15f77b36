import GRDB

/// The tables of `run.sqlite` and the steps that lead from each version to the next.
enum Schema {
  /// Marks the file as ours (SQLite `application_id`); the letters "ALOS".
  static let applicationID: Int32 = 0x414c_4f53

  /// The version this program writes (SQLite `user_version`).
  static var current: Int { migrations.count }

  /// Element n brings a database of version n to version n + 1.
  static let migrations: [String] = [
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE candidates (
      id INTEGER PRIMARY KEY NOT NULL,
      generation INTEGER NOT NULL,
      branch TEXT NOT NULL,
      classification TEXT NOT NULL,
      regression TEXT NOT NULL,
      canonical TEXT NOT NULL,
      fingerprint TEXT,
      origin TEXT NOT NULL,
      parents TEXT NOT NULL,
      nodes INTEGER NOT NULL,
      stage TEXT NOT NULL,
      rejection_code TEXT,
      rejection_message TEXT
    );
    CREATE INDEX candidates_by_generation ON candidates (generation);
    CREATE TABLE scores (
      key TEXT PRIMARY KEY NOT NULL,
      purpose TEXT NOT NULL,
      seed TEXT NOT NULL,
      ap REAL, ap50 REAL, ap75 REAL,
      diverged_step INTEGER,
      seconds REAL NOT NULL
    );
    CREATE TABLE generations (
      number INTEGER PRIMARY KEY NOT NULL,
      phase TEXT NOT NULL,
      proposals INTEGER NOT NULL,
      generator TEXT NOT NULL,
      population TEXT NOT NULL
    );
    """,
    // Metrics by name, for trainings that are not scored by average precision.
    "ALTER TABLE scores ADD COLUMN measures TEXT;",
  ]

  /// Creates the tables or brings an older database up to date, in one transaction.
  static func migrate(_ database: Database, from version: Int) throws {
    try database.inTransaction {
      for migration in migrations.dropFirst(version) { try database.execute(sql: migration) }
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
      try database.execute(sql: "PRAGMA user_version = \(current)")
      return .commit
    }
  }
}
