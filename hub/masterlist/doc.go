// Package masterlist reads and writes the sheets of a master list: the list of
// one kind that a network keeps at the hub, beside its stores, and syncs from (S1:
// the Item Master, "all items that are in the retail master list").
//
// A sheet is CSV or JSON. In CSV the first row names the columns:
//
//	key            the item's own number in the list; without this column the
//	               kind's identity code, else its name, is the key
//	name           a field, by its name or its title
//	vendor         a reference, by the name of the item in the list
//	sizes[L].price a column of an element of rows; sizes[L] with "yes" is the element alone
//
// An empty cell says nothing of the field, "null" says that it has no value. JSON
// is a list of objects with the same names, and rows as objects of objects.
//
// A sheet is taken whole or not at all: [Read] checks row by row and names line
// and column of everything that is wrong. What [Write] writes, Read reads back to
// the same items; a cell that a spreadsheet would take for a formula is written
// with an apostrophe before it, which Read takes away again.
//
// The package opens no file and no database: it turns bytes into items and back.
package masterlist
