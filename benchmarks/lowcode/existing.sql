-- What was there before: a table with a text key, one with two keys, and a query that people want to see.
CREATE TABLE "KUNDEN" ("KDNR" VARCHAR(10) PRIMARY KEY, "NAME" VARCHAR(80) NOT NULL, "ORT" VARCHAR(80));
INSERT INTO "KUNDEN" VALUES ('K/1', 'Lantern & Sons', 'Bremen'), ('K/2', 'Bridge Ltd', NULL);
CREATE TABLE "STOCK" (
    "SITE" VARCHAR(10) NOT NULL,
    "ITEM" VARCHAR(10) NOT NULL,
    "PIECES" INTEGER NOT NULL,
    PRIMARY KEY ("SITE", "ITEM")
);
INSERT INTO "STOCK" VALUES ('N', 'A-1', 3), ('S', 'A-1', 5);
CREATE VIEW loads AS
    SELECT warehouse_id AS id, count(*) AS pallets, sum(weight) AS weight FROM pallets GROUP BY warehouse_id;
