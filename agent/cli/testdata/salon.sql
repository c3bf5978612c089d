-- The made-up salon POS that configs/mapping.example.yaml describes.
CREATE TABLE ServiceGroup (GroupId INTEGER PRIMARY KEY, Name TEXT NOT NULL);
CREATE TABLE Service (ServiceId INTEGER PRIMARY KEY, Name TEXT NOT NULL, Description TEXT, GroupId INTEGER REFERENCES ServiceGroup,
  Status TEXT NOT NULL DEFAULT 'A', Price DECIMAL(10,2), Minutes INTEGER, Taxable INTEGER, SortOrder INTEGER NOT NULL, Deleted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE ServicePrice (ServiceId INTEGER NOT NULL REFERENCES Service, StaffId INTEGER NOT NULL REFERENCES Staff, Price DECIMAL(10,2), Minutes INTEGER,
  PRIMARY KEY (ServiceId, StaffId));
CREATE TABLE Supplier (SupplierId INTEGER PRIMARY KEY, Company TEXT NOT NULL, Phone TEXT, Email TEXT);
CREATE TABLE ItemType (TypeId INTEGER PRIMARY KEY, Name TEXT NOT NULL);
CREATE TABLE Item (ItemId INTEGER PRIMARY KEY, Kind TEXT NOT NULL, Barcode TEXT, Title TEXT NOT NULL, TypeId INTEGER REFERENCES ItemType,
  SupplierId INTEGER REFERENCES Supplier, Active INTEGER NOT NULL DEFAULT 1, Price DECIMAL(10,2), Cost DECIMAL(10,2), OnHand DECIMAL(10,2), BoughtAt TEXT);
CREATE TABLE Staff (StaffId INTEGER PRIMARY KEY, ShortName TEXT NOT NULL, FirstName TEXT, LastName TEXT, Active INTEGER NOT NULL DEFAULT 1);
CREATE TABLE Sale (SaleId INTEGER PRIMARY KEY, ReceiptNo TEXT, SoldAt TEXT, StaffId INTEGER, Total DECIMAL(10,2), Voided INTEGER);
CREATE TABLE SaleLine (SaleId INTEGER NOT NULL, Line INTEGER NOT NULL, ServiceId INTEGER, ItemId INTEGER, Quantity DECIMAL(10,2), UnitPrice DECIMAL(10,2),
  Total DECIMAL(10,2), PRIMARY KEY (SaleId, Line));

INSERT INTO ServiceGroup VALUES (1, 'Hair'), (2, 'Nails');
INSERT INTO Staff VALUES (1, 'Ana', 'Ana', 'Lee', 1), (2, 'Bo', 'Bo', 'Kim', 1);
INSERT INTO Service VALUES (1, 'Cut', NULL, 1, 'A', '45.00', 30, 1, 1, 0), (2, 'Colour', NULL, 1, 'A', '120.50', 90, 1, 2, 0),
  (3, 'Manicure', NULL, 2, 'I', '30', 40, 1, 3, 0);
INSERT INTO ServicePrice VALUES (1, 2, '55', 45);
INSERT INTO Supplier VALUES (1, 'Gloss & Co.', NULL, NULL);
INSERT INTO ItemType VALUES (1, 'Shampoo');
INSERT INTO Item VALUES (1, 'R', '4006381333931', 'Shampoo 250 ml', 1, 1, 1, '12.50', '5.1', '8', '2026-01-02T10:00:00');
INSERT INTO Sale VALUES (1, 'R-1', '2026-05-01 10:00:00', 1, '57.50', 0);
INSERT INTO SaleLine VALUES (1, 1, 1, NULL, '1', '45.00', '45.00'), (1, 2, NULL, 1, '1', '12.50', '12.50');
