import type { Option } from "../ui/field";
import { countryName, currencyName, voucherType } from "../ui/words";

// ISO 3166. Browsers know the countries' names, but not which there are.
const COUNTRIES =
  "AD AE AF AG AI AL AM AO AR AS AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ " +
  "CA CD CF CG CH CI CL CM CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FO " +
  "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IQ IR IS " +
  "IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG " +
  "MH MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NZ OM PA PE PF PG PH " +
  "PK PL PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SX SY SZ " +
  "TC TD TG TH TJ TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WS XK YE YT ZA ZM ZW";
const TYPES = ["CODE", "CODE_WITH_PIN", "URL", "URL_WITH_PIN"];

export const countries: readonly Option[] = named(COUNTRIES.split(" "), countryName);
export const currencies: readonly Option[] = named(
  Intl.supportedValuesOf("currency"),
  (code) => `${code} · ${currencyName(code)}`,
);
export const voucherTypes: readonly Option[] = TYPES.map((value) => ({
  value,
  label: voucherType(value),
}));

function named(codes: readonly string[], name: (code: string) => string): Option[] {
  return codes
    .map((value) => ({ value, label: name(value) }))
    .sort((a, b) => a.label.localeCompare(b.label));
}
