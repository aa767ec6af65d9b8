// Python for what the page shows: whoever runs it has the same draws.

const SETTINGS = ["chains", "warmup", "draws", "seed", "target_accept", "algorithm"];

/** A list of numbers, broken into lines that are not too long. @param {ArrayLike<number | string>} values */
export function listText(values) {
  const lines = [""];
  Array.from(values).forEach((value, k) => {
    const text = `${typeof value === "string" ? `"${value}"` : value}${k + 1 < values.length ? ", " : ""}`;
    if (lines.at(-1).length + text.length > 92) lines.push("");
    lines[lines.length - 1] += text;
  });
  return lines.length === 1 ? `[${lines[0]}]` : `[\n        ${lines.map((line) => line.trimEnd()).join("\n        ")}\n    ]`;
}

/** The arguments of `hmc.sample` after the model. @param {Record<string, unknown>} settings */
export function settingsText(settings) {
  return SETTINGS.filter((name) => name in settings).map((name) => `${name}=${JSON.stringify(settings[name])}`).join(", ");
}

/** Lines with their imports above them. @param {string[]} imports @param {string[]} lines */
export function program(imports, lines) {
  const ofOthers = imports.filter((line) => line.includes("pandas"));
  const own = imports.filter((line) => !line.includes("pandas"));
  return [...ofOthers, ...(ofOthers.length ? [""] : []), ...own, "", ...lines, ""].join("\n");
}
