// Figures as pages write them, from those of the API.

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** A span of time with its two largest units. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NOTHING;
  let rest = Math.round(seconds);
  const first = UNITS.findIndex(([size]) => rest >= size);
  if (first < 0) return "0 s";
  const parts = UNITS.slice(first, first + 2).map(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return count > 0 ? `${count} ${unit}` : "";
  });
  return parts.filter(Boolean).join(" ");
}

/** A number with as many decimals as are worth reading. */
export function number(value) {
  const size = Math.abs(value);
  const decimals = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const text = value.toFixed(decimals);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : count(Number(text));
}

/** A count with its thousands apart from five digits on. */
export function count(value) {
  return value < 10_000 ? String(value) : String(value).replace(/\B(?=(\d{3})+$)/g, " ");
}

export const percent = (share) => `${number(share * 100)} %`;

export const NOTHING = "–";
