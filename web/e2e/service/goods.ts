/** Goods that every sandbox sells, the same at each start, with a face value of each. */

export interface Goods {
  provider: "enkash" | "starship" | "xoxoday" | "woohoo";
  sku: string;
  name: string;
  faceValue: string;
}

export const KITES: Goods = {
  provider: "enkash",
  sku: "PC1018XCB",
  name: "Driftwell Kites",
  faceValue: "100.00",
};
export const WORKSHOP: Goods = {
  provider: "starship",
  sku: "3017",
  name: "Gingham Workshop Gift Card",
  faceValue: "20.00",
};
export const THREADS: Goods = {
  provider: "xoxoday",
  sku: "2270",
  name: "Bluekite Threads Gift Card",
  faceValue: "100.00",
};
export const LOOMS: Goods = {
  provider: "woohoo",
  sku: "EGVXAKAR009",
  name: "Bramblecot Looms Gift Card",
  faceValue: "250.00",
};
/** With codes and PINs, sold in rupees by Starship. */
export const JOURNEYS: Goods = {
  provider: "starship",
  sku: "3022",
  name: "Amberleaf Journeys Gift Card",
  faceValue: "100.00",
};
/** Opened by a link and a PIN. */
export const COURSES: Goods = {
  provider: "starship",
  sku: "3008",
  name: "Bramblecot Courses Gift Card",
  faceValue: "100.00",
};
/** Sold for any amount in a range. */
export const WELLNESS: Goods = {
  provider: "starship",
  sku: "3075",
  name: "Copperfern Wellness Gift Card",
  faceValue: "50.00",
};

export const FOUR = [KITES, WORKSHOP, THREADS, LOOMS];
