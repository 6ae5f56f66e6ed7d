// @ts-check
// The page's drawings as data: an icon that had to be fetched would be missing exactly when the connection is.
// Each is one or more paths in a 24 × 24 box; `fill` ones are filled, the others stroked.

/** @typedef {{stroke?: string, fill?: string, width?: number}} Drawing */

/** A filled dot. @param {number} x @param {number} y @param {number} r */
const dot = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;

/** @type {Record<string, Drawing>} */
export const drawings = {
  send: {
    fill: "M4.3 4.2c-.2-.7.5-1.3 1.2-1l14.6 7.6c.9.5.9 1.9 0 2.4L5.5 20.8c-.7.3-1.4-.3-1.2-1L6.2 13l7.3-1-7.3-1-1.9-6.8z",
  },
  clip: {
    stroke:
      "M20 11.3 12.2 19a5 5 0 0 1-7.1-7.1l8.2-8.1a3.4 3.4 0 0 1 4.8 4.8l-8.1 8.1a1.7 1.7 0 0 1-2.4-2.4l7.3-7.3",
    width: 1.8,
  },
  close: { stroke: "M6.5 6.5l11 11m0-11l-11 11" },
  down: { stroke: "M12 5v14m-6-6l6 6 6-6" },
  bot: {
    stroke: "M8 8h8a3.5 3.5 0 0 1 3.5 3.5v4A3.5 3.5 0 0 1 16 19H8a3.5 3.5 0 0 1-3.5-3.5v-4A3.5 3.5 0 0 1 8 8zm4 0V4.5M2.5 13v2m19-2v2M9.5 16h5",
    fill: dot(12, 4, 1.4) + dot(9, 12.5, 1.3) + dot(15, 12.5, 1.3),
    width: 1.7,
  },
  check: { stroke: "M5 12.8l4.6 4.7L19 7.5", width: 2.2 },
  checks: { stroke: "M1.5 12.8l4.6 4.7L15.5 7.5m-3.3 9.3l.7.7L22.5 7.5", width: 2.2 },
  clock: { stroke: dot(12, 12, 8) + "M12 7.5V12l3 2" },
  alert: { stroke: dot(12, 12, 9) + "M12 7.5V13", fill: dot(12, 16.5, 1.3) },
  retry: { stroke: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.3m0-5v5h-5" },
  file: {
    stroke: "M13.5 3H8a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h8a2 2 0 0 0 2-2V7.5zm0 0v4.5H18M9.5 12.5h5m-5 4h5",
    width: 1.7,
  },
};
