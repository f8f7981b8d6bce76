-- How many files a write has changed, so that it is seen where some of it is gone.
ALTER TABLE changes ADD COLUMN together BIGINT;
