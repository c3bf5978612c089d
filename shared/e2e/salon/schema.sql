CREATE TABLE category (
    id   INTEGER PRIMARY KEY,
    sort TEXT NOT NULL CHECK (sort IN ('service', 'product', 'class')),
    name TEXT NOT NULL,
    UNIQUE (sort, name)
);
CREATE TABLE staff (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL,
    email  TEXT UNIQUE,
    phone  TEXT,
    role   TEXT NOT NULL DEFAULT 'stylist',
    active INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE vendor (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE,
    phone TEXT
);
CREATE TABLE service (
    id            INTEGER PRIMARY KEY,
    category_id   INTEGER NOT NULL REFERENCES category (id),
    name          TEXT NOT NULL,
    description   TEXT NOT NULL DEFAULT '',
    duration      INTEGER NOT NULL DEFAULT 30,
    cleanup       INTEGER NOT NULL DEFAULT 0,
    house_call    INTEGER NOT NULL DEFAULT 0,
    show_online   INTEGER NOT NULL DEFAULT 1,
    price         NUMERIC(10, 2) NOT NULL,
    business_cost NUMERIC(10, 2) NOT NULL DEFAULT 0,
    tax_rate      NUMERIC(5, 2) NOT NULL,
    active        INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE product (
    id          INTEGER PRIMARY KEY,
    barcode     TEXT UNIQUE,
    category_id INTEGER REFERENCES category (id),
    vendor_id   INTEGER REFERENCES vendor (id),
    name        TEXT NOT NULL,
    brand       TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    price       NUMERIC(10, 2) NOT NULL,
    cost        NUMERIC(10, 2) NOT NULL DEFAULT 0,
    shelf       TEXT,
    stock       INTEGER NOT NULL DEFAULT 0,
    deleted     INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE discount (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    description  TEXT NOT NULL DEFAULT '',
    percent      NUMERIC(5, 2) NOT NULL,
    starts_at    TEXT,
    min_purchase NUMERIC(10, 2) NOT NULL DEFAULT 0,
    active       INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE discount_staff (
    discount_id INTEGER NOT NULL REFERENCES discount (id) ON DELETE CASCADE,
    staff_id    INTEGER NOT NULL REFERENCES staff (id),
    PRIMARY KEY (discount_id, staff_id)
);
CREATE TABLE package (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    price       NUMERIC(10, 2) NOT NULL,
    tax_rate    NUMERIC(5, 2) NOT NULL,
    active      INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE package_service (
    package_id INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    service_id INTEGER NOT NULL REFERENCES service (id),
    quantity   INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (package_id, service_id)
);
CREATE TABLE client (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL,
    phone TEXT
);
CREATE TABLE ticket (
    id        INTEGER PRIMARY KEY,
    client_id INTEGER REFERENCES client (id),
    staff_id  INTEGER NOT NULL REFERENCES staff (id),
    sold_at   TEXT NOT NULL,
    total     NUMERIC(10, 2) NOT NULL,
    payment   TEXT NOT NULL
);
CREATE TABLE ticket_line (
    ticket_id  INTEGER NOT NULL REFERENCES ticket (id),
    line       INTEGER NOT NULL,
    service_id INTEGER REFERENCES service (id),
    product_id INTEGER REFERENCES product (id),
    quantity   INTEGER NOT NULL,
    price      NUMERIC(10, 2) NOT NULL,
    PRIMARY KEY (ticket_id, line)
);
