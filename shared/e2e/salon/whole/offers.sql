-- The whole edition: what is sold in advance, and what it costs less.
CREATE TABLE membership (
    id                        INTEGER PRIMARY KEY,
    name                      TEXT NOT NULL UNIQUE,
    description               TEXT,
    active                    INTEGER NOT NULL DEFAULT 1,
    price                     NUMERIC(10, 2),
    taxable                   INTEGER NOT NULL DEFAULT 0,
    tax_rate                  NUMERIC(5, 2) NOT NULL DEFAULT 19,
    points                    INTEGER,
    points_price              INTEGER,
    charge_frequency          TEXT,
    auto_renew                INTEGER NOT NULL DEFAULT 0,
    auto_renew_limit          INTEGER,
    carry_balance_forward     INTEGER NOT NULL DEFAULT 0,
    discount_initial_payments INTEGER NOT NULL DEFAULT 0,
    show_online               INTEGER NOT NULL DEFAULT 0,
    show_price_online         INTEGER NOT NULL DEFAULT 0,
    on_daily_deals            INTEGER NOT NULL DEFAULT 0,
    on_other_discounts        INTEGER NOT NULL DEFAULT 0,
    shared_with_family        INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE membership_service (
    membership_id    INTEGER NOT NULL REFERENCES membership (id) ON DELETE CASCADE,
    service_id       INTEGER NOT NULL REFERENCES service (id),
    quantity         INTEGER,
    discount_percent NUMERIC(10, 2),
    PRIMARY KEY (membership_id, service_id)
);
CREATE TABLE membership_course (
    membership_id    INTEGER NOT NULL REFERENCES membership (id) ON DELETE CASCADE,
    course_id        INTEGER NOT NULL REFERENCES course (id),
    quantity         INTEGER,
    discount_percent NUMERIC(10, 2),
    PRIMARY KEY (membership_id, course_id)
);
CREATE TABLE membership_add_on (
    membership_id    INTEGER NOT NULL REFERENCES membership (id) ON DELETE CASCADE,
    add_on_id        INTEGER NOT NULL REFERENCES add_on (id),
    quantity         INTEGER,
    discount_percent NUMERIC(10, 2),
    PRIMARY KEY (membership_id, add_on_id)
);
CREATE TABLE membership_product (
    membership_id    INTEGER NOT NULL REFERENCES membership (id) ON DELETE CASCADE,
    product_id       INTEGER NOT NULL REFERENCES product (id),
    discount_percent NUMERIC(10, 2),
    PRIMARY KEY (membership_id, product_id)
);
ALTER TABLE package ADD COLUMN taxable INTEGER NOT NULL DEFAULT 0;
ALTER TABLE package ADD COLUMN points INTEGER;
ALTER TABLE package ADD COLUMN points_price INTEGER;
ALTER TABLE package ADD COLUMN auto_renew INTEGER NOT NULL DEFAULT 0;
ALTER TABLE package ADD COLUMN auto_renew_limit INTEGER;
ALTER TABLE package ADD COLUMN carry_balance_forward INTEGER NOT NULL DEFAULT 0;
ALTER TABLE package ADD COLUMN discount_initial_payments INTEGER NOT NULL DEFAULT 0;
ALTER TABLE package ADD COLUMN show_online INTEGER NOT NULL DEFAULT 0;
ALTER TABLE package ADD COLUMN shared_with_family INTEGER NOT NULL DEFAULT 0;
CREATE TABLE package_course (
    package_id INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    course_id  INTEGER NOT NULL REFERENCES course (id),
    quantity   INTEGER,
    PRIMARY KEY (package_id, course_id)
);
CREATE TABLE package_add_on (
    package_id INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    add_on_id  INTEGER NOT NULL REFERENCES add_on (id),
    quantity   INTEGER,
    PRIMARY KEY (package_id, add_on_id)
);
CREATE TABLE series (
    id                 INTEGER PRIMARY KEY,
    name               TEXT NOT NULL UNIQUE,
    description        TEXT,
    active             INTEGER NOT NULL DEFAULT 1,
    price              NUMERIC(10, 2),
    expires_after_days INTEGER,
    taxable            INTEGER NOT NULL DEFAULT 0,
    tax_rate           NUMERIC(5, 2) NOT NULL DEFAULT 19
);
CREATE TABLE series_service (
    series_id  INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    service_id INTEGER NOT NULL REFERENCES service (id),
    visits     INTEGER,
    PRIMARY KEY (series_id, service_id)
);
CREATE TABLE combo (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    description TEXT,
    active      INTEGER NOT NULL DEFAULT 1,
    price       NUMERIC(10, 2),
    taxable     INTEGER NOT NULL DEFAULT 0,
    tax_rate    NUMERIC(5, 2) NOT NULL DEFAULT 19
);
CREATE TABLE combo_service (
    combo_id   INTEGER NOT NULL REFERENCES combo (id) ON DELETE CASCADE,
    service_id INTEGER NOT NULL REFERENCES service (id),
    quantity   INTEGER,
    price      NUMERIC(10, 2),
    PRIMARY KEY (combo_id, service_id)
);
CREATE TABLE combo_product (
    combo_id   INTEGER NOT NULL REFERENCES combo (id) ON DELETE CASCADE,
    product_id INTEGER NOT NULL REFERENCES product (id),
    quantity   NUMERIC(10, 2),
    price      NUMERIC(10, 2),
    PRIMARY KEY (combo_id, product_id)
);
ALTER TABLE discount ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;
ALTER TABLE discount ADD COLUMN expires_at TEXT;
ALTER TABLE discount ADD COLUMN has_promotion_code INTEGER NOT NULL DEFAULT 0;
ALTER TABLE discount ADD COLUMN code TEXT;
ALTER TABLE discount ADD COLUMN limit_uses INTEGER NOT NULL DEFAULT 0;
ALTER TABLE discount ADD COLUMN max_uses INTEGER;
ALTER TABLE discount ADD COLUMN one_per_person INTEGER NOT NULL DEFAULT 0;
ALTER TABLE discount ADD COLUMN needs_access_level INTEGER NOT NULL DEFAULT 0;
ALTER TABLE discount ADD COLUMN access_level_id INTEGER REFERENCES access_level (id);
ALTER TABLE discount ADD COLUMN redeemable_by TEXT;
ALTER TABLE discount ADD COLUMN applied_to TEXT;
ALTER TABLE discount ADD COLUMN discount_type TEXT;
CREATE TABLE discount_service (
    discount_id INTEGER NOT NULL REFERENCES discount (id) ON DELETE CASCADE,
    service_id  INTEGER NOT NULL REFERENCES service (id),
    PRIMARY KEY (discount_id, service_id)
);
CREATE TABLE discount_course (
    discount_id INTEGER NOT NULL REFERENCES discount (id) ON DELETE CASCADE,
    course_id   INTEGER NOT NULL REFERENCES course (id),
    PRIMARY KEY (discount_id, course_id)
);
CREATE TABLE discount_add_on (
    discount_id INTEGER NOT NULL REFERENCES discount (id) ON DELETE CASCADE,
    add_on_id   INTEGER NOT NULL REFERENCES add_on (id),
    PRIMARY KEY (discount_id, add_on_id)
);
CREATE TABLE discount_product (
    discount_id INTEGER NOT NULL REFERENCES discount (id) ON DELETE CASCADE,
    product_id  INTEGER NOT NULL REFERENCES product (id),
    PRIMARY KEY (discount_id, product_id)
);
CREATE TABLE happy_hour (
    id              INTEGER PRIMARY KEY,
    name            TEXT NOT NULL UNIQUE,
    description     TEXT,
    active          INTEGER NOT NULL DEFAULT 1,
    discount_id     INTEGER REFERENCES discount (id),
    from_time       TEXT,
    until_time      TEXT,
    priority        INTEGER,
    show_on_ticket  INTEGER NOT NULL DEFAULT 0,
    show_on_receipt INTEGER NOT NULL DEFAULT 0,
    display_text    TEXT
);
CREATE TABLE happy_hour_day (
    happy_hour_id INTEGER NOT NULL REFERENCES happy_hour (id) ON DELETE CASCADE,
    weekday       TEXT NOT NULL,
    PRIMARY KEY (happy_hour_id, weekday)
);
CREATE TABLE voucher (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    code        TEXT,
    description TEXT,
    active      INTEGER NOT NULL DEFAULT 1,
    amount      NUMERIC(10, 2),
    starts_at   TEXT,
    ends_at     TEXT
);
CREATE TABLE voucher_service (
    voucher_id INTEGER NOT NULL REFERENCES voucher (id) ON DELETE CASCADE,
    service_id INTEGER NOT NULL REFERENCES service (id),
    PRIMARY KEY (voucher_id, service_id)
);
CREATE TABLE service_credit (
    id         INTEGER PRIMARY KEY,
    service_id INTEGER NOT NULL UNIQUE REFERENCES service (id),
    credits    NUMERIC(10, 2)
);
CREATE TABLE gift_card_image (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    image    BLOB NOT NULL,
    position INTEGER,
    status   TEXT NOT NULL DEFAULT 'shown' CHECK (status IN ('shown', 'hidden'))
);
