// Package salon makes the sample salons that the demonstration and the
// end-to-end tests run on: a POS database as a small vendor would have built it,
// with plausible services, products, discounts, packages and staff, and the
// things that its people do there (sell, edit, add, remove).
//
// There are two editions of it. The small one has what the story and the harnesses
// need; the whole one ([POS.CreateWhole], [WholeMapping]) has every kind of the
// catalogue with every field.
//
// It plays the POS: it opens the database with the POS's own settings and knows
// nothing of Plait's tables, triggers or protocol.
package salon
