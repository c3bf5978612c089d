-- What the whole edition of the POS has beside the small one: the menu.
ALTER TABLE category ADD COLUMN description TEXT;
ALTER TABLE category ADD COLUMN position INTEGER;
ALTER TABLE category ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
CREATE TABLE resource (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    description TEXT,
    quantity    INTEGER,
    active      INTEGER NOT NULL DEFAULT 1
);
ALTER TABLE vendor ADD COLUMN contact TEXT;
ALTER TABLE vendor ADD COLUMN email TEXT;
ALTER TABLE vendor ADD COLUMN website TEXT;
ALTER TABLE vendor ADD COLUMN address TEXT;
ALTER TABLE vendor ADD COLUMN account_number TEXT;
ALTER TABLE vendor ADD COLUMN notes TEXT;
ALTER TABLE vendor ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
ALTER TABLE staff ADD COLUMN number TEXT;
ALTER TABLE staff ADD COLUMN first_name TEXT;
ALTER TABLE staff ADD COLUMN last_name TEXT;
ALTER TABLE staff ADD COLUMN address TEXT;
ALTER TABLE staff ADD COLUMN born_on TEXT;
ALTER TABLE staff ADD COLUMN hired_on TEXT;
ALTER TABLE staff ADD COLUMN boss_id INTEGER REFERENCES staff (id);
ALTER TABLE staff ADD COLUMN card_id TEXT;
CREATE TABLE add_on (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    description   TEXT,
    category_id   INTEGER REFERENCES category (id),
    active        INTEGER NOT NULL DEFAULT 1,
    business_cost NUMERIC(10, 2),
    taxable       INTEGER NOT NULL DEFAULT 0,
    tax_rate      NUMERIC(5, 2) NOT NULL DEFAULT 19,
    show_online   INTEGER NOT NULL DEFAULT 0,
    add_on_only   INTEGER NOT NULL DEFAULT 0,
    price         NUMERIC(10, 2),
    duration      INTEGER,
    points        INTEGER,
    points_price  INTEGER
);
ALTER TABLE service ADD COLUMN taxable INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN live_stream INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN cleanup_on INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN show_starting_price INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN service_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE service ADD COLUMN points INTEGER;
ALTER TABLE service ADD COLUMN points_price INTEGER;
CREATE TABLE service_resource (
    service_id  INTEGER NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    resource_id INTEGER NOT NULL REFERENCES resource (id),
    PRIMARY KEY (service_id, resource_id)
);
CREATE TABLE service_add_on (
    service_id INTEGER NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    add_on_id  INTEGER NOT NULL REFERENCES add_on (id),
    PRIMARY KEY (service_id, add_on_id)
);
CREATE TABLE service_price (
    service_id   INTEGER NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    staff_id     INTEGER NOT NULL REFERENCES staff (id),
    price        NUMERIC(10, 2),
    duration     INTEGER,
    points       INTEGER,
    points_price INTEGER,
    active       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (service_id, staff_id)
);
CREATE TABLE course (
    id                  INTEGER PRIMARY KEY,
    name                TEXT NOT NULL,
    description         TEXT,
    category_id         INTEGER REFERENCES category (id),
    active              INTEGER NOT NULL DEFAULT 1,
    business_cost       NUMERIC(10, 2),
    taxable             INTEGER NOT NULL DEFAULT 0,
    tax_rate            NUMERIC(5, 2) NOT NULL DEFAULT 19,
    show_online         INTEGER NOT NULL DEFAULT 0,
    show_starting_price INTEGER NOT NULL DEFAULT 0,
    cleanup_on          INTEGER NOT NULL DEFAULT 0,
    cleanup             INTEGER,
    workshop            INTEGER NOT NULL DEFAULT 0,
    price               NUMERIC(10, 2),
    duration            INTEGER,
    points              INTEGER,
    points_price        INTEGER
);
CREATE TABLE course_resource (
    course_id   INTEGER NOT NULL REFERENCES course (id) ON DELETE CASCADE,
    resource_id INTEGER NOT NULL REFERENCES resource (id),
    PRIMARY KEY (course_id, resource_id)
);
CREATE TABLE course_add_on (
    course_id INTEGER NOT NULL REFERENCES course (id) ON DELETE CASCADE,
    add_on_id INTEGER NOT NULL REFERENCES add_on (id),
    PRIMARY KEY (course_id, add_on_id)
);
CREATE TABLE service_set (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    description  TEXT,
    category_id  INTEGER REFERENCES category (id),
    show_online  INTEGER NOT NULL DEFAULT 0,
    bundle_only  INTEGER NOT NULL DEFAULT 0,
    active       INTEGER NOT NULL DEFAULT 1,
    cost         NUMERIC(10, 2),
    cleanup      INTEGER,
    at_same_time INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE service_set_service (
    service_set_id INTEGER NOT NULL REFERENCES service_set (id) ON DELETE CASCADE,
    service_id     INTEGER NOT NULL REFERENCES service (id),
    position       INTEGER,
    PRIMARY KEY (service_set_id, service_id)
);
ALTER TABLE product ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
ALTER TABLE product ADD COLUMN order_number TEXT;
ALTER TABLE product ADD COLUMN drop_ship INTEGER NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN track_inventory INTEGER NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN reorder_level NUMERIC(10, 2);
ALTER TABLE product ADD COLUMN bought_at TEXT;
ALTER TABLE product ADD COLUMN taxable INTEGER NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN tax_rate NUMERIC(5, 2) NOT NULL DEFAULT 19;
ALTER TABLE product ADD COLUMN display_location TEXT;
ALTER TABLE product ADD COLUMN points INTEGER;
ALTER TABLE product ADD COLUMN points_price INTEGER;
CREATE TABLE product_set (
    id                       INTEGER PRIMARY KEY,
    barcode                  TEXT,
    name                     TEXT NOT NULL,
    description              TEXT,
    active                   INTEGER NOT NULL DEFAULT 1,
    business_cost            NUMERIC(10, 2),
    sell_quantity            NUMERIC(10, 2),
    stock                    NUMERIC(10, 2),
    price                    NUMERIC(10, 2),
    sell_online              INTEGER NOT NULL DEFAULT 0,
    length                   NUMERIC(10, 2),
    width                    NUMERIC(10, 2),
    height                   NUMERIC(10, 2),
    weight                   NUMERIC(10, 2),
    free_ground_shipping     INTEGER NOT NULL DEFAULT 0,
    flat_rate_shipping       INTEGER NOT NULL DEFAULT 0,
    shipping_and_handling    NUMERIC(10, 2),
    first_item_shipping      NUMERIC(10, 2),
    additional_item_shipping NUMERIC(10, 2)
);
CREATE TABLE product_set_product (
    product_set_id INTEGER NOT NULL REFERENCES product_set (id) ON DELETE CASCADE,
    product_id     INTEGER NOT NULL REFERENCES product (id),
    quantity       NUMERIC(10, 2),
    PRIMARY KEY (product_set_id, product_id)
);
CREATE TABLE product_set_photo (
    product_set_id INTEGER NOT NULL REFERENCES product_set (id) ON DELETE CASCADE,
    position       INTEGER NOT NULL,
    image          BLOB,
    PRIMARY KEY (product_set_id, position)
);
