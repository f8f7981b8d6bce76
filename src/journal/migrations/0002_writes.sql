-- What was changed together, and how it was word for word, encrypted: so it can be taken back.
ALTER TABLE changes ADD COLUMN number BIGINT;
ALTER TABLE changes ADD COLUMN sealed_before TEXT;
ALTER TABLE changes ADD COLUMN sealed_after TEXT;
CREATE INDEX changes_of_write ON changes (number);
