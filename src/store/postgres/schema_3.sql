-- What a sender asks of TLS on the way (RFC 8689); NULL when nothing.
ALTER TABLE deliveries ADD COLUMN tls TEXT;
ALTER TABLE waiting ADD COLUMN tls TEXT;

-- A gateway that does not know of it would send such mail as if nothing had been asked. Those that do say so at the
-- beginning of each session; from others, such copies are kept: they get no lease, and end no wait.
CREATE FUNCTION keep_from_older() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END $$;
CREATE TRIGGER keep_from_older BEFORE UPDATE OF lease_until ON deliveries FOR EACH ROW
    WHEN (NEW.tls IS NOT NULL AND NEW.lease_until IS NOT NULL
          AND current_setting('sealgate.tls_wishes', true) IS DISTINCT FROM 'known')
    EXECUTE FUNCTION keep_from_older();
CREATE TRIGGER keep_from_older BEFORE DELETE ON waiting FOR EACH ROW
    WHEN (OLD.tls IS NOT NULL AND current_setting('sealgate.tls_wishes', true) IS DISTINCT FROM 'known')
    EXECUTE FUNCTION keep_from_older();

-- The same as the function without `wishes`, which older gateways call: one entry for each body.
CREATE FUNCTION enqueue(
    theirs BIGINT, given BIGINT[], tenants TEXT[], messages TEXT[], purposes TEXT[], inbounds BOOLEAN[], senders TEXT[],
    created_at BIGINT[], due BIGINT[], sizes BIGINT[], inlines BYTEA[],
    of_body BIGINT[], places BIGINT[], recipients TEXT[], domains TEXT[], asked TEXT[], wishes TEXT[]
) RETURNS BIGINT[] LANGUAGE plpgsql AS $$
DECLARE
    numbers BIGINT[] := enqueue(theirs, given, tenants, messages, purposes, inbounds, senders, created_at, due, sizes,
                                inlines, of_body, places, recipients, domains, asked);
BEGIN
    UPDATE deliveries SET tls = one.wish
    FROM unnest(numbers, wishes) AS one (number, wish)
    WHERE one.wish IS NOT NULL AND deliveries.body = one.number
      AND deliveries.state IN ('queued', 'held', 'bouncing');
    RETURN numbers;
END $$;
