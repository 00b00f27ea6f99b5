internal import GRDB

/// The tables, by version. A migration is never changed once it is released; the next one is added behind it.
enum LedgerSchema {
  /// "MMDL": what `PRAGMA application_id` says of a ledger.
  static let applicationID = 0x4D4D_444C

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("ledger-1") { db in
      try db.execute(sql: instances)
      try db.execute(sql: results)
      try db.execute(sql: trail)
    }
    migrator.registerMigration("ledger-2-arrival") { db in try db.execute(sql: arrival) }
    migrator.registerMigration("ledger-3-identity") { db in try db.execute(sql: identity) }
    migrator.registerMigration("ledger-4-delivery") { db in try db.execute(sql: delivery) }
    migrator.registerMigration("ledger-5-number") { db in try db.execute(sql: number) }
    migrator.registerMigration("ledger-6-acknowledged") { db in try db.execute(sql: acknowledged) }
    migrator.registerMigration("ledger-7-tally") { db in try db.execute(sql: tally) }
    migrator.registerMigration("ledger-8-duty") { db in try db.execute(sql: duty) }
    migrator.registerMigration("ledger-9-host") { db in try db.execute(sql: host) }
    return migrator
  }

  /// Times are milliseconds since 1970, digests 32 bytes, paths bytes. `since`, `until` and `earliest` are a
  /// ``Wait``, there only while something waits. Partial indices keep what is done out of the way of what isn't.
  private static let instances = """
    CREATE TABLE instance (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      content BLOB NOT NULL UNIQUE, pixels BLOB,
      bundle TEXT NOT NULL, study TEXT NOT NULL, series TEXT NOT NULL, sop TEXT NOT NULL,
      sender BLOB NOT NULL, spooled BLOB NOT NULL, home BLOB,
      state TEXT NOT NULL, attempts INTEGER NOT NULL, crashes INTEGER NOT NULL,
      token INTEGER, holder TEXT, since INTEGER, until INTEGER, earliest INTEGER,
      verdict TEXT, conflict INTEGER NOT NULL, reason TEXT NOT NULL,
      replaces INTEGER, rival INTEGER, seen INTEGER NOT NULL,
      admitted_at INTEGER NOT NULL, claimed_at INTEGER, finished_at INTEGER
    ) STRICT;
    CREATE INDEX instance_study ON instance(study) WHERE study <> '';
    CREATE INDEX instance_series ON instance(series) WHERE series <> '';
    CREATE INDEX instance_sop ON instance(sop) WHERE sop <> '';
    CREATE INDEX instance_gathering ON instance(bundle) WHERE state = 'gathering';
    CREATE INDEX instance_behind ON instance(replaces) WHERE state = 'behind';
    CREATE INDEX instance_ready ON instance(id) WHERE state = 'ready';
    CREATE INDEX instance_ready_bundle ON instance(bundle, id) WHERE state = 'ready';
    CREATE INDEX instance_token ON instance(token) WHERE state = 'working';
    CREATE INDEX instance_until ON instance(until) WHERE until IS NOT NULL;
    CREATE INDEX instance_earliest ON instance(earliest) WHERE earliest IS NOT NULL;
    CREATE INDEX instance_spooled ON instance(spooled) WHERE state <> 'filed';
    CREATE INDEX instance_filed ON instance(finished_at) WHERE state = 'filed';
    CREATE INDEX instance_state ON instance(state, verdict);
    CREATE INDEX instance_reason ON instance(reason) WHERE reason <> '';

    CREATE TABLE gathering (
      bundle TEXT PRIMARY KEY, first INTEGER NOT NULL,
      since INTEGER NOT NULL, until INTEGER NOT NULL, earliest INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX gathering_until ON gathering(until);
    CREATE INDEX gathering_earliest ON gathering(earliest);

    CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO counter VALUES ('token', 0), ('audit', 0);
    """

  /// What a reading tells of a file: digests of the network's input and of the weights, whom it waits for, and how other
  /// objects refer to its results.
  private static let identity = """
    ALTER TABLE instance ADD COLUMN tensor BLOB;
    ALTER TABLE instance ADD COLUMN weights BLOB;
    ALTER TABLE instance ADD COLUMN awaits INTEGER;
    UPDATE instance SET awaits = replaces WHERE state = 'behind';
    DROP INDEX instance_behind;
    CREATE INDEX instance_awaits ON instance(awaits) WHERE state = 'behind';
    ALTER TABLE result ADD COLUMN class TEXT NOT NULL DEFAULT '';
    ALTER TABLE result ADD COLUMN study TEXT NOT NULL DEFAULT '';
    ALTER TABLE result ADD COLUMN series TEXT NOT NULL DEFAULT '';
    """

  /// The number of an image in its study, which doesn't change when earlier ones are forgotten.
  private static let number = """
    ALTER TABLE instance ADD COLUMN number INTEGER NOT NULL DEFAULT 1;
    UPDATE instance SET number = 1 + (
      SELECT count(*) FROM instance AS earlier
      WHERE earlier.study = instance.study AND earlier.study <> '' AND earlier.id < instance.id);
    DROP INDEX instance_study;
    CREATE INDEX instance_study ON instance(study, number) WHERE study <> '';
    """

  private static let results = """
    CREATE TABLE result (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      instance INTEGER NOT NULL REFERENCES instance(id),
      kind TEXT NOT NULL, path BLOB NOT NULL, uid TEXT NOT NULL, content BLOB NOT NULL,
      replaces INTEGER, superseded INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX result_instance ON result(instance);
    CREATE UNIQUE INDEX result_uid ON result(uid) WHERE uid <> '';
    CREATE UNIQUE INDEX result_path ON result(path) WHERE superseded = 0;

    CREATE TABLE delivery (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      result INTEGER NOT NULL REFERENCES result(id), destination TEXT NOT NULL,
      state TEXT NOT NULL, attempts INTEGER NOT NULL,
      token INTEGER, holder TEXT, since INTEGER, until INTEGER, earliest INTEGER,
      answer TEXT NOT NULL, created_at INTEGER NOT NULL, sent_at INTEGER,
      UNIQUE (result, destination)
    ) STRICT;
    CREATE INDEX delivery_due ON delivery(destination, id) WHERE state = 'due';
    CREATE INDEX delivery_token ON delivery(token) WHERE state = 'sending';
    CREATE INDEX delivery_until ON delivery(until) WHERE until IS NOT NULL;
    CREATE INDEX delivery_earliest ON delivery(earliest) WHERE earliest IS NOT NULL;
    CREATE INDEX delivery_state ON delivery(state);
    """

  /// By which question a commitment was asked for, and what the daemon looks up when it delivers.
  private static let delivery = """
    ALTER TABLE delivery ADD COLUMN question TEXT NOT NULL DEFAULT '';
    CREATE INDEX delivery_question ON delivery(question) WHERE state = 'stored';
    CREATE INDEX delivery_waits ON delivery(destination, until) WHERE until IS NOT NULL;
    CREATE INDEX delivery_destination ON delivery(destination, state);
    CREATE INDEX result_study ON result(study) WHERE study <> '';
    """

  /// How many deliveries there are by destination and state, so that nobody who looks counts what was sent in years.
  private static let tally = """
    CREATE TABLE tally (
      destination TEXT NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (destination, state)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO tally SELECT destination, state, count(*) FROM delivery GROUP BY destination, state;
    CREATE TRIGGER tally_more AFTER INSERT ON delivery BEGIN
      INSERT INTO tally VALUES (new.destination, new.state, 1)
      ON CONFLICT (destination, state) DO UPDATE SET n = n + 1;
    END;
    CREATE TRIGGER tally_other AFTER UPDATE OF state ON delivery WHEN new.state <> old.state BEGIN
      UPDATE tally SET n = n - 1 WHERE destination = old.destination AND state = old.state;
      INSERT INTO tally VALUES (new.destination, new.state, 1)
      ON CONFLICT (destination, state) DO UPDATE SET n = n + 1;
    END;
    CREATE TRIGGER tally_less AFTER DELETE ON delivery BEGIN
      UPDATE tally SET n = n - 1 WHERE destination = old.destination AND state = old.state;
    END;
    """

  private static let trail = """
    CREATE TABLE report (
      cursor INTEGER PRIMARY KEY AUTOINCREMENT,
      instance INTEGER NOT NULL, image TEXT NOT NULL, verdict TEXT NOT NULL, record BLOB NOT NULL,
      at INTEGER NOT NULL, current INTEGER NOT NULL, displaced_by INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX report_current ON report(image) WHERE current = 1;
    CREATE INDEX report_displaced ON report(displaced_by) WHERE displaced_by IS NOT NULL;
    CREATE INDEX report_instance ON report(instance);

    CREATE TABLE audit (
      number INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, instance INTEGER,
      detail TEXT NOT NULL, hash BLOB NOT NULL
    ) STRICT;
    CREATE INDEX audit_instance ON audit(instance, number) WHERE instance IS NOT NULL;
    CREATE TRIGGER audit_kept BEFORE DELETE ON audit
      BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
    CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit
      BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
    """

  /// The order of coming, by which studies are drawn: rows are written in another.
  private static let arrival = """
    ALTER TABLE instance ADD COLUMN arrival INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE gathering ADD COLUMN arrival INTEGER NOT NULL DEFAULT 0;
    DROP INDEX instance_ready;
    CREATE INDEX instance_ready ON instance(arrival, id) WHERE state = 'ready';
    CREATE INDEX gathering_arrival ON gathering(arrival, until);
    INSERT INTO counter VALUES ('arrival', 0);
    """

  /// What somebody took off the list of what needs somebody, after which attempt: once it
  /// comes to the same anew, it is back.
  private static let acknowledged = """
    CREATE TABLE acknowledged (
      instance INTEGER PRIMARY KEY REFERENCES instance(id) ON DELETE CASCADE,
      claimed_at INTEGER
    ) STRICT;
    """

  /// What one holder does at a time for all.
  private static let duty = """
    CREATE TABLE duty (
      name TEXT PRIMARY KEY, holder TEXT NOT NULL,
      since INTEGER NOT NULL, until INTEGER NOT NULL, earliest INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """

  /// Who shares the ledger: when each was heard of last, and where it delivers, a name a line.
  private static let host = """
    CREATE TABLE host (
      name TEXT PRIMARY KEY, seen INTEGER NOT NULL, destinations TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """
}
