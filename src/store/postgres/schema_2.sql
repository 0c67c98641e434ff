-- What the sender asks of notices (RFC 3461), as JSON, NULL when nothing; and whether he was told of a delay. A gateway that
-- does not know these columns asks nothing and tells of a delay once more.
ALTER TABLE deliveries ADD COLUMN wishes TEXT;
ALTER TABLE deliveries ADD COLUMN told_late BOOLEAN NOT NULL DEFAULT false;
