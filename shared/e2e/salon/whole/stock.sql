-- What head office of a network has beside the small edition's stock: something of
-- every kind.
INSERT INTO category (sort, name) VALUES ('class', 'Workshops'), ('class', 'Wellness');
UPDATE category SET position = id, description = name || ' at its best';
UPDATE staff SET number = 'E' || id, first_name = substr(name, 1, instr(name, ' ') - 1), last_name = 'Long', phone = '555-030' || id, address = '2 Quay', born_on = '1990-01-0' || id, hired_on = '2020-01-0' || id, card_id = 'card-' || id, boss_id = (SELECT min(id) FROM staff);
UPDATE vendor SET contact = 'Ms Long', email = 'orders@vendor.example', website = 'https://vendor.example', address = '1 Quay', account_number = 'A-77', notes = 'Delivers on Mondays';
INSERT INTO resource (name, description, quantity) VALUES ('Wash basin', 'With a chair', 3), ('Hall', 'For ten people', 1);

INSERT INTO add_on (name, description, category_id, business_cost, price, duration, points, points_price, show_online)
    SELECT 'Deep conditioning', 'Ten minutes under steam', id, 2, 9, 10, 9, 90, 1 FROM category WHERE name = 'Hair';
INSERT INTO add_on (name, description, category_id, business_cost, price, duration)
    SELECT 'Hand massage', 'With oil', id, 1, 7, 10 FROM category WHERE name = 'Nails';
UPDATE service SET cleanup_on = cleanup > 0, taxable = 1, points = price, points_price = price * 10, show_starting_price = 1;
UPDATE service SET live_stream = 1 WHERE name = 'Updo';
INSERT INTO service_resource SELECT s.id, r.id FROM service s, resource r WHERE s.name LIKE '%Haircut' AND r.name = 'Wash basin';
INSERT INTO service_add_on SELECT s.id, a.id FROM service s, add_on a WHERE s.name = 'Balayage' AND a.name = 'Deep conditioning';
INSERT INTO service_price (service_id, staff_id, price, duration, points, points_price, active)
    SELECT s.id, p.id, s.price - p.id, s.duration, s.points, s.points_price, p.id < 3 FROM service s, staff p WHERE s.name = 'Women''s Haircut';
INSERT INTO course (name, description, category_id, business_cost, price, duration, cleanup_on, cleanup, workshop, points, points_price, show_online)
    SELECT 'Braiding', 'Three braids in an evening', id, 5, 35, 120, 1, 15, 1, 35, 350, 1 FROM category WHERE name = 'Workshops';
INSERT INTO course_resource SELECT c.id, r.id FROM course c, resource r WHERE r.name = 'Hall';
INSERT INTO course_add_on SELECT c.id, a.id FROM course c, add_on a WHERE a.name = 'Hand massage';
INSERT INTO service_set (name, description, category_id, show_online, cost, cleanup, at_same_time)
    SELECT 'Hands and brows', 'Both at once', id, 1, 40, 10, 1 FROM category WHERE name = 'Nails';
INSERT INTO service_set_service SELECT b.id, s.id, s.id FROM service_set b, service s WHERE s.name IN ('Manicure', 'Brow Shaping');
UPDATE product SET description = 'By ' || brand, order_number = 'N' || id, track_inventory = 1, reorder_level = 3, bought_at = '2026-01-15 00:00:00', taxable = 1, display_location = 'Window', points = 1, points_price = 150;
INSERT INTO product_set (barcode, name, description, business_cost, sell_quantity, stock, price, sell_online, length, width, height, weight, first_item_shipping, additional_item_shipping, shipping_and_handling, flat_rate_shipping)
    VALUES ('4001234590001', 'Travel set', 'Shampoo and brush', 14, 1, 4, 34.9, 1, 30, 20, 8, 0.9, 4.9, 1.5, 2, 1);
INSERT INTO product_set_product SELECT b.id, p.id, 1 FROM product_set b, product p WHERE p.name IN ('Repair Shampoo 250 ml', 'Paddle Brush');
INSERT INTO product_set_photo SELECT id, 1, x'89504e470d0a1a0a00aa' FROM product_set;

INSERT INTO membership (name, description, price, points, points_price, charge_frequency, auto_renew, auto_renew_limit, carry_balance_forward, show_online, on_daily_deals)
    VALUES ('Gold', 'A cut a month and ten percent off', 39, 40, 400, 'monthly', 1, 12, 1, 1, 1);
INSERT INTO membership_service SELECT m.id, s.id, 1, 100 FROM membership m, service s WHERE s.name = 'Women''s Haircut';
INSERT INTO membership_course SELECT m.id, c.id, 2, 10 FROM membership m, course c;
INSERT INTO membership_add_on SELECT m.id, a.id, 4, 10 FROM membership m, add_on a;
INSERT INTO membership_product SELECT m.id, p.id, 10 FROM membership m, product p WHERE p.brand = 'Noma';
UPDATE package SET points = 10, points_price = 1500, auto_renew_limit = 2, show_online = 1, shared_with_family = 1;
INSERT INTO package_course SELECT p.id, c.id, 1 FROM package p, course c WHERE p.name = 'Bridal';
INSERT INTO package_add_on SELECT p.id, a.id, 1 FROM package p, add_on a WHERE p.name = 'Bridal' AND a.name = 'Hand massage';
INSERT INTO series (name, description, price, expires_after_days) VALUES ('Ten blow-dries', 'Pay nine', 198, 365);
INSERT INTO series_service SELECT x.id, s.id, 10 FROM series x, service s WHERE s.name = 'Blow-dry';
INSERT INTO combo (name, description, price) VALUES ('Cut and care', 'With the shampoo for it', 49);
INSERT INTO combo_service SELECT c.id, s.id, 1, 36 FROM combo c, service s WHERE s.name = 'Women''s Haircut';
INSERT INTO combo_product SELECT c.id, p.id, 1, 13 FROM combo c, product p WHERE p.name = 'Repair Shampoo 250 ml';
UPDATE discount SET expires = 1, expires_at = '2026-06-01 00:00:00', has_promotion_code = 1, code = 'SPRING', limit_uses = 1, max_uses = 100, one_per_person = 1, redeemable_by = 'everyone', applied_to = 'ticket', discount_type = 'percent'
    WHERE name = 'Spring 20';
INSERT INTO discount_service SELECT d.id, s.id FROM discount d, service s WHERE d.name = 'Spring 20' AND s.name IN ('Balayage', 'Root Touch-up');
INSERT INTO discount_course SELECT d.id, c.id FROM discount d, course c WHERE d.name = 'Spring 20';
INSERT INTO discount_add_on SELECT d.id, a.id FROM discount d, add_on a WHERE d.name = 'Spring 20' AND a.name = 'Deep conditioning';
INSERT INTO discount_product SELECT d.id, p.id FROM discount d, product p WHERE d.name = 'Student' AND p.brand = 'Noma';
INSERT INTO happy_hour (name, description, discount_id, from_time, until_time, priority, show_on_ticket, display_text)
    SELECT 'Quiet afternoon', 'Monday to Wednesday', id, '13:00', '16:00', 1, 1, '20% until four' FROM discount WHERE name = 'Spring 20';
INSERT INTO happy_hour_day SELECT h.id, d.column1 FROM happy_hour h, (VALUES ('monday'), ('tuesday'), ('wednesday')) d;
INSERT INTO voucher (name, code, description, amount, starts_at, ends_at, active) VALUES
    ('Welcome', 'WELCOME', 'For new clients', 10, '2026-01-01T00:00:00', '2026-12-31T23:59:59', 1),
    ('Opening day', 'OPEN', 'Long gone', 20, '2020-01-01T00:00:00', '2020-01-02T00:00:00', 0);
INSERT INTO voucher_service SELECT v.id, s.id FROM voucher v, service s WHERE v.name = 'Welcome' AND s.name = 'Manicure';
INSERT INTO service_credit (service_id, credits) SELECT id, duration / 15.0 FROM service WHERE name IN ('Updo', 'Manicure');
INSERT INTO gift_card_image (name, image, position, status) VALUES ('Birthday', x'89504e470d0a1a0a0001', 1, 'shown'), ('Christmas', x'89504e470d0a1a0a0002', 2, 'hidden');

INSERT INTO access_level (name, log_out_after) VALUES ('Reception', 10), ('Manager', 30);
INSERT INTO access_level_permission SELECT l.id, p.column1, l.name = 'Manager' FROM access_level l, (VALUES ('refund'), ('reports')) p;
INSERT INTO access_level_ip SELECT id, '203.0.113.7' FROM access_level;
INSERT INTO access_level_staff SELECT l.id, s.id FROM access_level l, staff s WHERE l.name = 'Manager' AND s.role = 'manager';
UPDATE discount SET needs_access_level = 1, access_level_id = (SELECT id FROM access_level WHERE name = 'Manager') WHERE name = 'Birthday';
INSERT INTO account (number, name, paid_in, paid_out) VALUES ('4700', 'Petty cash', 0, 1), ('4810', 'Change from the bank', 1, 0);
INSERT INTO form (name, template, introduction, mandatory, expires, expires_after_days, notify) VALUES
    ('Colour consent', 'form', 'Please answer before a colour treatment.', 1, 1, 365, 1), ('After treatment', 'SOAP note', NULL, 0, 0, NULL, 0);
INSERT INTO form_question SELECT id, 1, 'Any allergies?', 'text', 1 FROM form;
INSERT INTO purchase_order (number, vendor_id, ordered_at, note, status) SELECT 'PO-1', id, '2026-02-02 08:00:00', 'For spring', 'sent' FROM vendor WHERE name = 'Bright & Co';
INSERT INTO purchase_order_line SELECT o.id, p.id, 12, p.cost, 6 FROM purchase_order o, product p WHERE p.brand = 'Aqualis';
INSERT INTO checkout (tax_in_online_pricing, points_per_review, require_starting_balance, deduct_no_shows, sales_to_employees, checkout_future_appointments, show_product_cost, signature_on_screen, flag_high_amounts, receipt_footer)
    VALUES (1, 20, 1, 1, 0, 1, 0, 1, 1, 'Thank you, see you soon');
INSERT INTO checkout_tax SELECT id, 'VAT', 19 FROM checkout;
INSERT INTO checkout_fee SELECT c.id, f.column1, f.column2, f.column3 FROM checkout c, (VALUES ('No-show', 15, NULL), ('Card', NULL, 1.5)) f;
INSERT INTO checkout_payment SELECT id, 'Gift card', 0 FROM checkout;
INSERT INTO payroll (frequency, closing_day, ending_day, include_tips, deduct_discounts) VALUES ('monthly', 'friday', 'sunday', 1, 1);
INSERT INTO payroll_revenue_tier SELECT p.id, t.column1, t.column2, 30 + t.column1, 30, 10 FROM payroll p, (VALUES (1, 0), (2, 5000)) t;
INSERT INTO payroll_item_tier SELECT p.id, t.column1, t.column2, 20, 20, 5 FROM payroll p, (VALUES (1, 0), (2, 50)) t;
INSERT INTO payroll_role SELECT p.id, r.column1, r.column2 FROM payroll p, (VALUES ('Stylist', 18), ('Assistant', 14)) r;
INSERT INTO payroll_staff_revenue SELECT p.id, s.id, 40 FROM payroll p, staff s WHERE s.role = 'manager';
INSERT INTO payroll_staff_item SELECT p.id, s.id, 25 FROM payroll p, staff s WHERE s.role = 'manager';
INSERT INTO payroll_staff_hourly SELECT p.id, s.id, 'Stylist', 19, 'card-' || s.id FROM payroll p, staff s WHERE s.role = 'stylist';
INSERT INTO web_shop (merchant_account, sell_services, services_capture_card, services_deposit, services_cancellation_fee, classes_capture_card, classes_deposit, classes_cancellation_fee, sell_memberships, sell_packages, sell_gift_cards, gift_cards_expire_days, shipping_method, charge_most_expensive_shipping, refund_policy, purchase_confirmation, appointment_cancellation, class_cancellation)
    VALUES ('m-4711', 1, 'always', 10, 20, 'on request', 5, 15, 1, 1, 1, 1095, 'parcel', 1, 'Within 14 days', 'It is on its way', 'A day before', 'Two days before');
INSERT INTO web_shop_pickup SELECT w.id, d.column1, '09:00', '18:00' FROM web_shop w, (VALUES ('friday'), ('saturday')) d;
INSERT INTO sms (enabled, sender, signature, quiet_from, quiet_until) VALUES (1, '+49 30 5550100', 'Your salon', '21:00', '08:00');
INSERT INTO sms_message SELECT s.id, m.column1, m.column2, 1, m.column3 FROM sms s, (VALUES ('reminder', 'See you tomorrow', 24), ('birthday', 'Happy birthday', NULL)) m;
INSERT INTO whatsapp (number, display_name, account, greeting) VALUES ('+49 30 5550199', 'The salons', 'acc-1', 'How can we help?');
INSERT INTO visit (number, opened_at, closed_at, status, client_id, staff_id) SELECT 'V1', '2026-03-02 09:00:00', '2026-03-02 10:00:00', 'closed', 2, min(id) FROM staff;
INSERT INTO clocking (staff_id, came, left, break) SELECT id, '2026-03-02 08:45:00', '2026-03-02 17:00:00', 30 FROM staff;
