package salon

import "fmt"

// Stock puts head office's catalogue into a POS: what the network offers.
func (p *POS) Stock() error {
	list := []stmt{
		{"INSERT INTO category (sort, name) VALUES ('service', 'Hair'), ('service', 'Nails'), ('service', 'Skin'), ('product', 'Shampoo'), ('product', 'Styling'), ('product', 'Tools')", nil},
		{"INSERT INTO vendor (name, phone) VALUES ('Bright & Co', '555-0200'), ('Comb House', '555-0201')", nil},
	}
	for _, s := range services {
		list = append(list, stmt{`INSERT INTO service (category_id, name, description, duration, cleanup, price, business_cost, tax_rate)
			SELECT id, ?, ?, ?, ?, ?, ?, 19 FROM category WHERE sort = 'service' AND name = ?`,
			[]any{s.name, s.about, s.minutes, s.cleanup, s.price, s.cost, s.category}})
	}
	for i, x := range products {
		list = append(list, stmt{`INSERT INTO product (barcode, category_id, vendor_id, name, brand, price, cost, shelf, stock)
			SELECT ?, c.id, v.id, ?, ?, ?, ?, 'A1', 10 FROM category c, vendor v WHERE c.sort = 'product' AND c.name = ? AND v.name = ?`,
			[]any{fmt.Sprintf("40012345%04d", i), x.name, x.brand, x.price, x.cost, x.category, x.vendor}})
	}
	list = append(list,
		stmt{`INSERT INTO discount (name, description, percent, starts_at, min_purchase) VALUES
			('Student', 'With a card', 10, NULL, 0), ('Spring 20', 'All services', 20, '2026-03-01 09:00:00', 30), ('Birthday', 'In the month', 15, NULL, 0)`, nil},
		stmt{"INSERT INTO discount_staff (discount_id, staff_id) SELECT d.id, s.id FROM discount d, staff s WHERE d.name = 'Spring 20' AND s.role = 'manager'", nil},
		stmt{"INSERT INTO package (name, description, price, tax_rate) VALUES ('Bridal', 'Hair and nails for the day', '180.00', 19), ('Five cuts', 'Pay four', '140.00', 19)", nil},
		stmt{"INSERT INTO package_service (package_id, service_id, quantity) SELECT p.id, s.id, 1 FROM package p, service s WHERE p.name = 'Bridal' AND s.name IN ('Updo', 'Manicure')", nil},
		stmt{"INSERT INTO package_service (package_id, service_id, quantity) SELECT p.id, s.id, 5 FROM package p, service s WHERE p.name = 'Five cuts' AND s.name = 'Women''s Haircut'", nil},
	)
	return p.run(list...)
}

var services = []struct {
	category, name, about string
	minutes, cleanup      int
	price, cost           string
}{
	{"Hair", "Women's Haircut", "Wash, cut and finish", 45, 15, "38.00", "6.50"},
	{"Hair", "Men's Haircut", "Cut and finish", 30, 10, "25.00", "4.00"},
	{"Hair", "Children's Haircut", "Up to twelve years", 25, 10, "18.00", "3.00"},
	{"Hair", "Balayage", "Freehand highlights", 150, 20, "145.00", "32.00"},
	{"Hair", "Root Touch-up", "Up to four weeks of growth", 75, 15, "62.00", "14.00"},
	{"Hair", "Updo", "For weddings and evenings", 60, 10, "70.00", "8.00"},
	{"Hair", "Blow-dry", "Wash and style", 30, 5, "22.00", "3.50"},
	{"Nails", "Manicure", "File, cuticles, polish", 40, 10, "29.00", "4.00"},
	{"Nails", "Gel Manicure", "Lasts three weeks", 55, 10, "42.00", "7.00"},
	{"Nails", "Pedicure", "With foot bath", 50, 15, "39.00", "5.50"},
	{"Skin", "Classic Facial", "Cleanse, peel, mask", 60, 15, "58.00", "11.00"},
	{"Skin", "Brow Shaping", "Thread or wax", 20, 5, "15.00", "1.50"},
}

var products = []struct{ category, name, brand, vendor, price, cost string }{
	{"Shampoo", "Repair Shampoo 250 ml", "Aqualis", "Bright & Co", "14.90", "6.10"},
	{"Shampoo", "Volume Shampoo 250 ml", "Aqualis", "Bright & Co", "13.90", "5.80"},
	{"Shampoo", "Colour Shampoo 300 ml", "Noma", "Bright & Co", "16.50", "7.25"},
	{"Styling", "Sea Salt Spray", "Noma", "Bright & Co", "18.00", "8.00"},
	{"Styling", "Matt Clay", "Noma", "Comb House", "19.50", "8.40"},
	{"Styling", "Hairspray 400 ml", "Aqualis", "Bright & Co", "12.00", "4.90"},
	{"Tools", "Paddle Brush", "Comb House", "Comb House", "24.00", "11.00"},
	{"Tools", "Carbon Comb", "Comb House", "Comb House", "6.50", "2.10"},
}
