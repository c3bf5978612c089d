-- The whole edition: the back office.
CREATE TABLE access_level (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    active        INTEGER NOT NULL DEFAULT 1,
    log_out_after INTEGER
);
CREATE TABLE access_level_permission (
    access_level_id INTEGER NOT NULL REFERENCES access_level (id) ON DELETE CASCADE,
    permission      TEXT NOT NULL,
    granted         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (access_level_id, permission)
);
CREATE TABLE access_level_ip (
    access_level_id INTEGER NOT NULL REFERENCES access_level (id) ON DELETE CASCADE,
    ip              TEXT NOT NULL,
    PRIMARY KEY (access_level_id, ip)
);
CREATE TABLE access_level_staff (
    access_level_id INTEGER NOT NULL REFERENCES access_level (id) ON DELETE CASCADE,
    staff_id        INTEGER NOT NULL REFERENCES staff (id),
    PRIMARY KEY (access_level_id, staff_id)
);
CREATE TABLE account (
    id       INTEGER PRIMARY KEY,
    number   TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL,
    paid_in  INTEGER NOT NULL DEFAULT 0,
    paid_out INTEGER NOT NULL DEFAULT 0,
    active   INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE form (
    id                   INTEGER PRIMARY KEY,
    name                 TEXT NOT NULL UNIQUE,
    template             TEXT,
    introduction         TEXT,
    active               INTEGER NOT NULL DEFAULT 1,
    mandatory            INTEGER NOT NULL DEFAULT 0,
    mandatory_booking    INTEGER NOT NULL DEFAULT 0,
    always_required      INTEGER NOT NULL DEFAULT 0,
    mandatory_membership INTEGER NOT NULL DEFAULT 0,
    notify               INTEGER NOT NULL DEFAULT 0,
    expires              INTEGER NOT NULL DEFAULT 0,
    expires_after_days   INTEGER,
    login_required       INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE form_question (
    form_id  INTEGER NOT NULL REFERENCES form (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    text     TEXT,
    answer   TEXT,
    required INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (form_id, position)
);
CREATE TABLE purchase_order (
    id         INTEGER PRIMARY KEY,
    number     TEXT NOT NULL UNIQUE,
    vendor_id  INTEGER REFERENCES vendor (id),
    ordered_at TEXT,
    note       TEXT,
    status     TEXT
);
CREATE TABLE purchase_order_line (
    purchase_order_id INTEGER NOT NULL REFERENCES purchase_order (id) ON DELETE CASCADE,
    product_id        INTEGER NOT NULL REFERENCES product (id),
    quantity          NUMERIC(10, 2),
    cost              NUMERIC(10, 2),
    received          NUMERIC(10, 2),
    PRIMARY KEY (purchase_order_id, product_id)
);
CREATE TABLE checkout (
    id                           INTEGER PRIMARY KEY,
    tax_in_online_pricing        INTEGER NOT NULL DEFAULT 0,
    points_per_review            INTEGER,
    require_starting_balance     INTEGER NOT NULL DEFAULT 0,
    deduct_no_shows              INTEGER NOT NULL DEFAULT 0,
    sales_to_employees           INTEGER NOT NULL DEFAULT 0,
    checkout_future_appointments INTEGER NOT NULL DEFAULT 0,
    show_product_cost            INTEGER NOT NULL DEFAULT 0,
    signature_on_screen          INTEGER NOT NULL DEFAULT 0,
    flag_high_amounts            INTEGER NOT NULL DEFAULT 0,
    receipt_footer               TEXT
);
CREATE TABLE checkout_tax (
    checkout_id INTEGER NOT NULL REFERENCES checkout (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    rate        NUMERIC(10, 2),
    PRIMARY KEY (checkout_id, name)
);
CREATE TABLE checkout_fee (
    checkout_id INTEGER NOT NULL REFERENCES checkout (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    amount      NUMERIC(10, 2),
    percent     NUMERIC(10, 2),
    PRIMARY KEY (checkout_id, name)
);
CREATE TABLE checkout_payment (
    checkout_id  INTEGER NOT NULL REFERENCES checkout (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    opens_drawer INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (checkout_id, name)
);
CREATE TABLE payroll (
    id                            INTEGER PRIMARY KEY,
    frequency                     TEXT,
    closing_day                   TEXT,
    ending_day                    TEXT,
    include_tips                  INTEGER NOT NULL DEFAULT 0,
    deduct_service_cost           INTEGER NOT NULL DEFAULT 0,
    deduct_product_cost           INTEGER NOT NULL DEFAULT 0,
    deduct_discounts              INTEGER NOT NULL DEFAULT 0,
    subtract_membership_discounts INTEGER NOT NULL DEFAULT 0,
    hourly_or_commission          INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE payroll_revenue_tier (
    payroll_id   INTEGER NOT NULL REFERENCES payroll (id) ON DELETE CASCADE,
    tier         INTEGER NOT NULL,
    from_amount  NUMERIC(10, 2),
    service_rate NUMERIC(10, 2),
    class_rate   NUMERIC(10, 2),
    product_rate NUMERIC(10, 2),
    PRIMARY KEY (payroll_id, tier)
);
CREATE TABLE payroll_staff_revenue (
    payroll_id INTEGER NOT NULL REFERENCES payroll (id) ON DELETE CASCADE,
    staff_id   INTEGER NOT NULL REFERENCES staff (id),
    rate       NUMERIC(10, 2),
    PRIMARY KEY (payroll_id, staff_id)
);
CREATE TABLE payroll_item_tier (
    payroll_id   INTEGER NOT NULL REFERENCES payroll (id) ON DELETE CASCADE,
    tier         INTEGER NOT NULL,
    from_amount  NUMERIC(10, 2),
    service_rate NUMERIC(10, 2),
    class_rate   NUMERIC(10, 2),
    product_rate NUMERIC(10, 2),
    PRIMARY KEY (payroll_id, tier)
);
CREATE TABLE payroll_staff_item (
    payroll_id INTEGER NOT NULL REFERENCES payroll (id) ON DELETE CASCADE,
    staff_id   INTEGER NOT NULL REFERENCES staff (id),
    rate       NUMERIC(10, 2),
    PRIMARY KEY (payroll_id, staff_id)
);
CREATE TABLE payroll_role (
    payroll_id  INTEGER NOT NULL REFERENCES payroll (id) ON DELETE CASCADE,
    role        TEXT NOT NULL,
    hourly_rate NUMERIC(10, 2),
    PRIMARY KEY (payroll_id, role)
);
CREATE TABLE payroll_staff_hourly (
    payroll_id  INTEGER NOT NULL REFERENCES payroll (id) ON DELETE CASCADE,
    staff_id    INTEGER NOT NULL REFERENCES staff (id),
    role        TEXT,
    hourly_rate NUMERIC(10, 2),
    card_id     TEXT,
    PRIMARY KEY (payroll_id, staff_id)
);
CREATE TABLE web_shop (
    id                             INTEGER PRIMARY KEY,
    active                         INTEGER NOT NULL DEFAULT 1,
    merchant_account               TEXT,
    sell_services                  INTEGER NOT NULL DEFAULT 0,
    services_capture_card          TEXT,
    services_deposit               NUMERIC(10, 2),
    services_cancellation_fee      NUMERIC(10, 2),
    classes_capture_card           TEXT,
    classes_deposit                NUMERIC(10, 2),
    classes_cancellation_fee       NUMERIC(10, 2),
    sell_memberships               INTEGER NOT NULL DEFAULT 0,
    sell_packages                  INTEGER NOT NULL DEFAULT 0,
    sell_gift_cards                INTEGER NOT NULL DEFAULT 0,
    gift_cards_by_service          INTEGER NOT NULL DEFAULT 0,
    gift_cards_expire_days         INTEGER,
    shipping_method                TEXT,
    charge_most_expensive_shipping INTEGER NOT NULL DEFAULT 0,
    refund_policy                  TEXT,
    purchase_confirmation          TEXT,
    appointment_cancellation       TEXT,
    class_cancellation             TEXT
);
CREATE TABLE web_shop_pickup (
    web_shop_id INTEGER NOT NULL REFERENCES web_shop (id) ON DELETE CASCADE,
    weekday     TEXT NOT NULL,
    opens       TEXT,
    closes      TEXT,
    PRIMARY KEY (web_shop_id, weekday)
);
CREATE TABLE sms (
    id          INTEGER PRIMARY KEY,
    enabled     INTEGER NOT NULL DEFAULT 0,
    sender      TEXT,
    signature   TEXT,
    quiet_from  TEXT,
    quiet_until TEXT
);
CREATE TABLE sms_message (
    sms_id       INTEGER NOT NULL REFERENCES sms (id) ON DELETE CASCADE,
    occasion     TEXT NOT NULL,
    text         TEXT,
    enabled      INTEGER NOT NULL DEFAULT 0,
    hours_before INTEGER,
    PRIMARY KEY (sms_id, occasion)
);
CREATE TABLE whatsapp (
    id           INTEGER PRIMARY KEY,
    number       TEXT,
    display_name TEXT,
    account      TEXT,
    greeting     TEXT
);
ALTER TABLE client ADD COLUMN email TEXT;
ALTER TABLE client ADD COLUMN staff_id INTEGER REFERENCES staff (id);
ALTER TABLE client ADD COLUMN consent INTEGER NOT NULL DEFAULT 0;
CREATE TABLE visit (
    id        INTEGER PRIMARY KEY,
    number    TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    closed_at TEXT,
    status    TEXT NOT NULL DEFAULT 'open',
    client_id INTEGER REFERENCES client (id),
    staff_id  INTEGER REFERENCES staff (id)
);
CREATE TABLE clocking (
    id       INTEGER PRIMARY KEY,
    staff_id INTEGER NOT NULL REFERENCES staff (id),
    came     TEXT NOT NULL,
    left     TEXT,
    break    INTEGER NOT NULL DEFAULT 0
);
