-- The tables of the embedded store (src/store/sqlite/schema.rs), for several gateways at once.
-- Times are microseconds since 1970, by the clock of this database where gateways compare them.
-- No foreign keys to records: whatever names one is written in the transaction that writes it, and each check would
-- write to the record's row once more.

-- One row per decision record; seq is its place. It is given under the lock on the tenant's chain.
CREATE SEQUENCE records_seq;
CREATE TABLE records (
    seq        BIGINT PRIMARY KEY,
    tenant     TEXT NOT NULL,
    id         TEXT COLLATE "C" NOT NULL UNIQUE,
    message_id TEXT COLLATE "C",
    received   BIGINT NOT NULL,
    sender     TEXT,
    policy     TEXT NOT NULL,
    record     TEXT NOT NULL,   -- the JSON that the hash covers
    previous   BYTEA NOT NULL,  -- hash of the tenant's record before this one
    hash       BYTEA NOT NULL   -- SHA-256(previous || record)
);
CREATE INDEX records_of_tenant ON records (tenant, seq);
CREATE INDEX records_by_message_id ON records (message_id) WHERE message_id IS NOT NULL;

-- Both ends of a tenant's hash chain: what stands before its oldest kept record, and its newest hash. Who adds to the
-- chain locks its row.
CREATE TABLE chains (
    tenant TEXT PRIMARY KEY,
    start  BYTEA NOT NULL,
    head   BYTEA NOT NULL
) WITH (fillfactor = 10);

-- What is sent; gone when no unfinished delivery needs it. A number is never given twice.
CREATE SEQUENCE bodies_id;
CREATE TABLE bodies (
    id      BIGINT PRIMARY KEY,
    tenant  TEXT NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    size    BIGINT NOT NULL,
    inline  BYTEA               -- the bytes; without them, they are in body_parts
);
CREATE INDEX bodies_of_message ON bodies (message);
-- What is encrypted does not get smaller.
ALTER TABLE bodies ALTER COLUMN inline SET STORAGE EXTERNAL;

CREATE TABLE body_parts (
    body  BIGINT NOT NULL,
    place BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (body, place)
);
ALTER TABLE body_parts ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE deliveries (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant       TEXT NOT NULL,
    message      TEXT COLLATE "C" NOT NULL,
    place        BIGINT NOT NULL,
    purpose      TEXT NOT NULL CHECK (purpose IN ('mail', 'notice')),
    inbound      BOOLEAN NOT NULL DEFAULT false,
    sender       TEXT,
    recipient    TEXT NOT NULL,
    domain       TEXT NOT NULL,
    body         BIGINT NOT NULL,
    size         BIGINT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('queued', 'held', 'bouncing', 'delivered', 'bounced')),
    attempts     BIGINT NOT NULL,
    created      BIGINT NOT NULL,
    next_attempt BIGINT NOT NULL,
    lease_until  BIGINT,
    lease_by     BIGINT,        -- the gateway that has it
    last_reply   TEXT NOT NULL,
    dsn       TEXT,          -- what the sender asks of notices (RFC 3461), as JSON; NULL when nothing
    told_late    BOOLEAN NOT NULL DEFAULT false -- whether he was told of a delay
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX deliveries_of_message ON deliveries (message);
CREATE INDEX deliveries_due ON deliveries (next_attempt, id) WHERE state IN ('queued', 'bouncing');
CREATE INDEX deliveries_open ON deliveries (created, id) WHERE state IN ('queued', 'held', 'bouncing');
CREATE INDEX deliveries_open_body ON deliveries (body) WHERE state IN ('queued', 'held', 'bouncing');

-- The register: one row per certificate.
CREATE TABLE certificates (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant       TEXT NOT NULL,
    fingerprint  TEXT COLLATE "C" NOT NULL,  -- SHA-256 of der, in lower-case hexadecimal
    der          BYTEA NOT NULL,
    origin       TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('in-use', 'waiting', 'vouched')),
    first_seen   BIGINT NOT NULL,
    last_seen    BIGINT NOT NULL,
    capabilities BYTEA,
    note         TEXT NOT NULL,
    UNIQUE (tenant, fingerprint)
);

-- What a certificate is found by: its addresses and domains in one way of writing.
CREATE TABLE certificate_keys (
    tenant      TEXT NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,
    certificate BIGINT NOT NULL REFERENCES certificates (id) ON DELETE CASCADE,
    PRIMARY KEY (tenant, key, certificate)
);
CREATE INDEX certificate_keys_of ON certificate_keys (certificate);

-- Copies that wait for a recipient's certificate; their bodies are sealed to the vault.
CREATE TABLE waiting (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant    TEXT NOT NULL,
    message   TEXT COLLATE "C" NOT NULL,
    place     BIGINT NOT NULL,
    sender    TEXT NOT NULL,
    recipient TEXT NOT NULL,
    key       TEXT COLLATE "C" NOT NULL,    -- the recipient in lower case
    body      BIGINT NOT NULL,
    size      BIGINT NOT NULL,
    since     BIGINT NOT NULL,
    until     BIGINT NOT NULL,
    next_look BIGINT NOT NULL
);
CREATE INDEX waiting_of_message ON waiting (message);
CREATE INDEX waiting_by_key ON waiting (key);
CREATE INDEX waiting_by_look ON waiting (next_look);
CREATE INDEX waiting_by_body ON waiting (body);

-- Gateways that are at work, or were a moment ago. Each holds an advisory lock on (1592811134, id) while its session lives.
CREATE TABLE gateways (
    id      INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name    TEXT NOT NULL,
    program TEXT NOT NULL,      -- its version
    policy  TEXT NOT NULL,      -- the version of the policies that it decides by
    started BIGINT NOT NULL,
    seen    BIGINT NOT NULL
) WITH (fillfactor = 50);

-- What all gateways must have alike, like the key of the vault.
CREATE TABLE agreements (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE FUNCTION microseconds() RETURNS BIGINT LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
$$;

-- What to add to a time by a gateway's clock, which shows `theirs` now, to have it by the clock of this database. What is
-- less than a quarter of a second may be the network, and counts as nothing.
CREATE FUNCTION clock_shift(theirs BIGINT) RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    apart BIGINT := microseconds() - theirs;
BEGIN
    RETURN CASE WHEN abs(apart) < 250000 THEN 0 ELSE apart END;
END $$;

-- Writes bodies and the deliveries that send them; answers the bodies' numbers. A body whose number is given has been
-- written already. Entry n of the first arrays is one body; deliveries name it by its place there, from 1.
CREATE FUNCTION enqueue(
    theirs BIGINT, given BIGINT[], tenants TEXT[], messages TEXT[], purposes TEXT[], inbounds BOOLEAN[], senders TEXT[],
    created_at BIGINT[], due BIGINT[], sizes BIGINT[], inlines BYTEA[],
    of_body BIGINT[], places BIGINT[], recipients TEXT[], domains TEXT[], asked TEXT[]
) RETURNS BIGINT[] LANGUAGE plpgsql AS $$
DECLARE
    shift BIGINT := clock_shift(theirs);
    numbers BIGINT[] := ARRAY(
        SELECT coalesce(one.number, nextval('bodies_id')) FROM unnest(given) WITH ORDINALITY AS one (number, n) ORDER BY n);
BEGIN
    INSERT INTO bodies (id, tenant, message, size, inline)
    SELECT numbers[one.n], one.tenant, one.message, one.size, one.inline
    FROM unnest(given, tenants, messages, sizes, inlines) WITH ORDINALITY
        AS one (given, tenant, message, size, inline, n)
    WHERE one.given IS NULL;
    INSERT INTO deliveries (tenant, message, place, purpose, inbound, sender, recipient, domain, body, size, state,
                            attempts, created, next_attempt, last_reply, dsn)
    SELECT body.tenant, body.message, copy.place, body.purpose, body.inbound, body.sender, copy.recipient, copy.domain,
           numbers[body.n], body.size, 'queued', 0, body.created_at, body.due + shift, '', copy.asked
    FROM unnest(of_body, places, recipients, domains, asked) WITH ORDINALITY
        AS copy (n, place, recipient, domain, asked, rank)
    JOIN unnest(tenants, messages, purposes, inbounds, senders, created_at, due, sizes) WITH ORDINALITY
        AS body (tenant, message, purpose, inbound, sender, created_at, due, size, n) ON body.n = copy.n
    ORDER BY copy.rank;
    RETURN numbers;
END $$;

-- Puts records at the end of their tenant's chain. The lock on the chain is held until the end of the transaction, so this
-- comes last in it.
CREATE FUNCTION append_records(
    of_tenant TEXT, ids TEXT[], message_ids TEXT[], received_at BIGINT[], senders TEXT[], policies TEXT[], texts TEXT[]
) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    last BYTEA;
    link BYTEA;
BEGIN
    SELECT head INTO last FROM chains WHERE tenant = of_tenant FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO chains (tenant, start, head)
        VALUES (of_tenant, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'))
        ON CONFLICT DO NOTHING;
        SELECT head INTO STRICT last FROM chains WHERE tenant = of_tenant FOR UPDATE;
    END IF;
    FOR n IN 1 .. coalesce(array_length(ids, 1), 0) LOOP
        link := sha256(last || convert_to(texts[n], 'UTF8'));
        INSERT INTO records (seq, tenant, id, message_id, received, sender, policy, record, previous, hash)
        VALUES (nextval('records_seq'), of_tenant, ids[n], message_ids[n], received_at[n], senders[n], policies[n],
                texts[n], last, link);
        last := link;
    END LOOP;
    UPDATE chains SET head = last WHERE tenant = of_tenant;
END $$;

-- Records outcomes and lets bodies go that no unfinished delivery needs. A state that is null is a deferral: it leaves the
-- state alone, for what an administrator ordered meanwhile stands, and it counts only from the gateway that has the
-- lease. An end counts from whoever brings it.
CREATE FUNCTION settle(
    theirs BIGINT, me BIGINT, ids BIGINT[], states TEXT[], attempts_at BIGINT[], replies TEXT[], late BOOLEAN[],
    finished BIGINT[]
) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    shift BIGINT := clock_shift(theirs);
BEGIN
    -- Two gateways that finish the last two copies of a body would each see the other's copy as unfinished.
    PERFORM 1 FROM bodies WHERE bodies.id = ANY (finished) ORDER BY bodies.id FOR UPDATE;
    UPDATE deliveries SET
        next_attempt = CASE WHEN deliveries.state = 'bouncing' OR outcome.next_attempt IS NULL
                            THEN deliveries.next_attempt ELSE outcome.next_attempt + shift END,
        state = coalesce(outcome.state, deliveries.state),
        last_reply = outcome.reply, told_late = deliveries.told_late OR outcome.late,
        attempts = deliveries.attempts + 1, lease_until = NULL, lease_by = NULL
    FROM (SELECT DISTINCT ON (one.id) one.* FROM unnest(ids, states, attempts_at, replies, late)
              AS one (id, state, next_attempt, reply, late)
          ORDER BY one.id, one.state IS NULL) AS outcome
    WHERE deliveries.id = outcome.id AND deliveries.state IN ('queued', 'held', 'bouncing')
      AND (outcome.state IS NOT NULL OR deliveries.lease_by IS NULL OR deliveries.lease_by = me);
    WITH gone AS (
        DELETE FROM bodies WHERE bodies.id = ANY (finished) AND NOT EXISTS (
            SELECT 1 FROM deliveries WHERE deliveries.body = bodies.id
                AND deliveries.state IN ('queued', 'held', 'bouncing'))
        RETURNING bodies.id, bodies.inline IS NULL AS in_parts)
    DELETE FROM body_parts USING gone WHERE gone.in_parts AND body_parts.body = gone.id;
END $$;
