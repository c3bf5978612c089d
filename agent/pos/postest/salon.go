package postest

import (
	"plait/shared/catalog"
	"plait/shared/item"
)

// Catalog is the suite's catalogue: a field of every type, a rows field keyed by
// a reference, two kinds that share a table, a kind that only goes up.
func Catalog() *catalog.Catalog {
	f := func(name, typ string) catalog.Field {
		return catalog.Field{Name: name, Type: typ, Policy: item.Locked}
	}
	ref := func(name, kind string) catalog.Field {
		return catalog.Field{Name: name, Type: "reference", Ref: kind, Policy: item.Locked}
	}
	vendors := catalog.Field{Name: "vendors", Type: "rows", Key: "reference", Ref: "vendor", Policy: item.Locked, Columns: []catalog.Field{f("cost", "decimal")}}
	return &catalog.Catalog{Kinds: []catalog.Kind{
		{Name: "category", Direction: catalog.Sync, Match: catalog.Match{Name: "name"}, Fields: []catalog.Field{f("name", "text")}},
		{Name: "product", Direction: catalog.Sync, Active: "active", Match: catalog.Match{Name: "name", Code: []string{"barcode"}, Category: "category"}, Fields: []catalog.Field{
			f("name", "text"), f("price", "decimal"), f("stock", "integer"), f("active", "bool"), f("since", "time"), f("image", "bytes"),
			ref("category", "category"), f("barcode", "text"), vendors,
		}},
		{Name: "sale", Direction: catalog.UploadOnly, Fields: []catalog.Field{f("total", "decimal"), f("at", "time"), f("note", "text")}},
		{Name: "service", Direction: catalog.Sync, Match: catalog.Match{Name: "name"}, Fields: []catalog.Field{f("name", "text"), f("price", "decimal")}},
		{Name: "vendor", Direction: catalog.Sync, Match: catalog.Match{Name: "name"}, Fields: []catalog.Field{f("name", "text")}},
	}}
}

// SQLiteMapping maps the suite's catalogue to SQLSchema.
const SQLiteMapping = `
pos: {engine: sqlite, path: pos.db, busy_timeout: 5000}
kinds:
  category: {table: Category, key: Id, fields: {name: Name}}
  vendor: {table: Vendor, key: Code, new_key: uuid, fields: {name: Name}}
  product:
    table: Item
    key: Id
    filter: {Type: P}
    soft_delete: {column: Deleted, deleted: 1, live: 0}
    fields:
      name: Name
      price: Price
      stock: Stock
      active: {column: Active, "true": Y, "false": N}
      since: Since
      image: Image
      barcode: Barcode
      category: {column: CategoryId, ref: category}
      vendors: {table: ItemVendor, parent: ItemId, key: VendorCode, columns: {cost: Cost}}
    defaults: {Tax: 1, Active: Y}
  service: {table: Item, key: Id, filter: {Type: S}, fields: {name: Name, price: Price}, defaults: {Tax: 1}}
  sale: {table: Sale, key: [Till, No], upload_only: true, fields: {total: Total, at: At, note: Note}}
`

// SQLSchema is the suite's POS in plain SQL.
const SQLSchema = `
CREATE TABLE Category (Id INTEGER PRIMARY KEY, Name VARCHAR(40) NOT NULL);
CREATE TABLE Vendor (Code VARCHAR(40) PRIMARY KEY NOT NULL, Name TEXT);
CREATE TABLE Item (Id INTEGER PRIMARY KEY, Type CHAR(1) NOT NULL DEFAULT 'P', Name VARCHAR(60) NOT NULL, Price NUMERIC(10,2) CHECK (Price >= 0),
	Stock INT, Active CHAR(1), Since DATETIME, Image BLOB, Barcode VARCHAR(40) UNIQUE, CategoryId INT REFERENCES Category(Id),
	Tax INT NOT NULL DEFAULT 1, Deleted INT NOT NULL DEFAULT 0);
CREATE TABLE ItemVendor (ItemId INT REFERENCES Item(Id) ON DELETE CASCADE ON UPDATE CASCADE, VendorCode VARCHAR(40) REFERENCES Vendor(Code),
	Cost NUMERIC(10,2), PRIMARY KEY (ItemId, VendorCode));
CREATE TABLE Sale (Till VARCHAR(40) NOT NULL, No INT NOT NULL, Total NUMERIC(10,2), At DATETIME, Note TEXT, PRIMARY KEY (Till, No));
`
